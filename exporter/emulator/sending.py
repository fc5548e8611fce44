"""Puts a Reply on the wire, well or badly."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import struct
from collections.abc import Iterator, Sequence
from dataclasses import replace

from aiohttp import web

from exporter.emulator.faults import Fault
from exporter.emulator.reply import Reply

CHUNK = 1 << 16


class Wire:
    """Sends replies until ``closing`` is set; whatever waits then gives up at once."""

    def __init__(self, closing: asyncio.Event) -> None:
        self.closing = closing

    async def pause(self, seconds: float | None) -> None:
        """Wait so long; None waits until the emulator closes."""
        if seconds != 0:
            try:
                await asyncio.wait_for(self.closing.wait(), seconds)
            except TimeoutError:
                return

    async def send(self, request: web.Request, reply: Reply, faults: Sequence[Fault]) -> web.StreamResponse:
        fault = next((each for each in faults if each.kind != "delay"), None)
        if fault is None and reply.binary is None:
            return web.Response(status=reply.status, body=body_of(reply), headers=_headers(reply))
        if fault is not None and fault.kind == "reset":
            _reset(request)
            return web.Response()
        response = web.StreamResponse(status=reply.status, headers=_headers(reply))
        size = reply.binary.size if reply.binary else len(body_of(reply))
        if fault is not None and fault.kind == "chunked_cut":
            response.enable_chunked_encoding()
        else:
            response.content_length = size
        await response.prepare(request)
        await self._send_body(request, response, _chunks(reply), size, fault)
        return response

    async def _send_body(
        self,
        request: web.Request,
        response: web.StreamResponse,
        chunks: Iterator[bytes],
        size: int,
        fault: Fault | None,
    ) -> None:
        if fault is None:
            for chunk in chunks:
                await response.write(chunk)
        elif fault.kind == "slow":
            await self._dribble(response, chunks, fault)
        else:
            await _write_first(response, chunks, size // 2 if fault.amount is None else fault.amount)
            if fault.kind == "stall":
                await self.pause(fault.seconds)
            elif fault.kind == "reset_body":
                await asyncio.sleep(0.02)  # else the reset overtakes what was sent
                _reset(request)
            if request.transport is not None:
                request.transport.close()

    async def _dribble(self, response: web.StreamResponse, chunks: Iterator[bytes], fault: Fault) -> None:
        step = fault.amount or 1
        for chunk in chunks:
            for start in range(0, len(chunk), step):
                await response.write(chunk[start : start + step])
                await self.pause(0.05 if fault.seconds is None else fault.seconds)
                if self.closing.is_set():
                    return


def body_of(reply: Reply) -> bytes:
    if reply.data is not None:
        return reply.data
    return json.dumps(reply.json, ensure_ascii=False, separators=(",", ":")).encode()


def packed(reply: Reply) -> Reply:
    """The same JSON, compressed as the real API does it."""
    if reply.json is None:
        return reply
    headers = {**reply.headers, "Content-Encoding": "gzip"}
    return replace(reply, data=gzip.compress(body_of(reply), 1), headers=headers)


def _headers(reply: Reply) -> dict[str, str]:
    return {"Content-Type": reply.media_type, **reply.headers}


def _chunks(reply: Reply) -> Iterator[bytes]:
    for chunk in reply.binary.chunks() if reply.binary else (body_of(reply),):
        for start in range(0, len(chunk), CHUNK):
            yield chunk[start : start + CHUNK]


async def _write_first(response: web.StreamResponse, chunks: Iterator[bytes], amount: int) -> None:
    for chunk in chunks:
        if amount <= 0:
            break
        await response.write(chunk[:amount])
        amount -= len(chunk)


def _reset(request: web.Request) -> None:
    """Close so that the other side gets a TCP RST."""
    if request.transport is None:
        return
    connection = request.transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.transport.abort()
