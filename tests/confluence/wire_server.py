"""A server that says byte for byte what a test wants: cut bodies, resets, one byte a second."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

Script = Callable[[asyncio.StreamWriter], Awaitable[None]]


class WireServer:
    """Each request is answered by the next script, the last one again and again, and kept in `heads`."""

    def __init__(self, scripts: Sequence[Script]) -> None:
        self._scripts = list(scripts)
        self._under_way: set[asyncio.Task[None]] = set()
        self.heads: list[str] = []
        self.origin = ""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._under_way.add(task)
        try:
            while head := await self._head(reader):
                self.heads.append(head)
                script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
                await script(writer)
                if writer.is_closing():
                    return
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()
            self._under_way.discard(task)

    async def _head(self, reader: asyncio.StreamReader) -> str:
        try:
            return (await reader.readuntil(b"\r\n\r\n")).decode()
        except asyncio.IncompleteReadError:
            return ""

    async def stop(self) -> None:
        for task in list(self._under_way):
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)


@asynccontextmanager
async def wire_server(*scripts: Script) -> AsyncIterator[WireServer]:
    serving = WireServer(scripts)
    server = await asyncio.start_server(serving.answer, "127.0.0.1", 0)
    serving.origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield serving
    finally:
        server.close()
        await serving.stop()
        await server.wait_closed()


def say(
    body: bytes,
    *headers: str,
    status: str = "200 OK",
    length: int | None = None,
    content_type: str = "application/json",
) -> Script:
    """An answer; with a `length` that is not the body's the connection ends after the body."""

    async def script(writer: asyncio.StreamWriter) -> None:
        head = [
            f"HTTP/1.1 {status}",
            f"Content-Type: {content_type}",
            f"Content-Length: {length or len(body)}",
        ]
        writer.write("\r\n".join([*head, *headers, "", ""]).encode() + body)
        await writer.drain()
        if length not in (None, len(body)):
            writer.close()

    return script


def say_until_closed(body: bytes) -> Script:
    """An answer whose end is the end of the connection."""

    async def script(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n" + body)
        await writer.drain()
        writer.close()

    return script


def cut_chunks(body: bytes) -> Script:
    """A chunked answer whose last chunk never comes."""

    async def script(writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        writer.write(f"{len(body):x}\r\n".encode() + body + b"\r\n")
        await writer.drain()
        writer.close()

    return script


def drip(body: bytes, *, every: float) -> Script:
    """One byte at a time."""

    async def script(writer: asyncio.StreamWriter) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode())
        for byte in body:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(every)

    return script


async def reset(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def stall(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


def drip_head(*, every: float) -> Script:
    """Headers without end, a line at a time."""

    async def script(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        for number in range(100):
            writer.write(f"X-{number}: more\r\n".encode())
            await writer.drain()
            await asyncio.sleep(every)

    return script
