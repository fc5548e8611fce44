"""What only a real connection can do: answers that are cut, reset, stalled, or drip."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from exporter.clock import SystemClock
from exporter.confluence import scopes
from exporter.confluence.transport import Access, Limits, Transport, open_transport
from exporter.confluence.whole import Expected
from exporter.errors import TransientError, UsageError
from tests.confluence.conftest import OpenTransport
from tests.confluence.wire_server import (
    Script,
    cut_chunks,
    drip,
    drip_head,
    reset,
    say,
    say_until_closed,
    stall,
    wire_server,
)
from tests.fake_clock import FakeClock

FAST = Limits(connect=2, first_byte=0.2, floor_bytes=16, floor_window=0.2)
FILE = b"0123456789" * 10


class ImpatientClock(SystemClock):
    """The system's, but nobody waits: these limits are about the network's own time."""

    async def sleep(self, seconds: float) -> None:
        del seconds


async def _ask(transport: Transport, origin: str) -> Any:
    return await transport.json(Access(URL(origin), "Basic canary"), "/x", read=lambda document: document)


@pytest.mark.fault(39, 42)
@pytest.mark.parametrize(
    "broken",
    [
        say(b'{"a": 1}', length=9),
        say(b"", length=100),
        cut_chunks(b'{"a": '),
        cut_chunks(b'{"a": 1}'),
        say_until_closed(b'{"a": '),
        reset,
        stall,
        drip(b'{"a": 1234567890}', every=0.15),
        drip_head(every=0.2),
    ],
    ids=[
        "one byte short",
        "no body",
        "cut chunk",
        "no last chunk",
        "closed",
        "reset",
        "stalled",
        "dripping",
        "dripping head",
    ],
)
async def test_a_broken_answer_is_asked_for_again(opening: OpenTransport, broken: Script) -> None:
    async with (
        wire_server(broken, say(b'{"ok": 1}')) as server,
        opening(clock=ImpatientClock(), limits=FAST) as transport,
    ):
        assert await _ask(transport, server.origin) == {"ok": 1}
        assert len(server.heads) == 2


@pytest.mark.fault(38, 42)
@pytest.mark.parametrize("length", [100, None], ids=["cut", "whole"])
async def test_what_a_refusal_tells_holds_whatever_becomes_of_its_body(
    opening: OpenTransport, length: int | None
) -> None:
    clock = FakeClock()
    refusal = say(b"{}", "Retry-After: 8", status="429 Too Many Requests", length=length)
    async with wire_server(refusal, say(b'{"ok": 1}')) as server, opening(clock=clock) as transport:
        assert await _ask(transport, server.origin) == {"ok": 1}
        assert transport.throttled == 1
        assert 8.0 in clock.slept


async def test_no_request_is_made_behind_the_governors_back(opening: OpenTransport) -> None:
    async with wire_server(reset) as server, opening(clock=ImpatientClock(), limits=FAST) as transport:
        with pytest.raises(TransientError):
            await _ask(transport, server.origin)
        assert len(server.heads) == transport.requests == 5


async def test_an_answer_above_the_floor_may_take_its_time(opening: OpenTransport) -> None:
    limits = Limits(connect=2, first_byte=1, floor_bytes=4, floor_window=0.4)
    body = b'{"a": "' + b"x" * 30 + b'"}'
    async with (
        wire_server(drip(body, every=0.02)) as server,
        opening(clock=ImpatientClock(), limits=limits) as transport,
    ):
        assert await _ask(transport, server.origin) == {"a": "x" * 30}
        assert transport.requests == 1


@pytest.mark.fault(42)
@pytest.mark.parametrize(
    "broken", [say(FILE, length=200), cut_chunks(FILE), say_until_closed(FILE), stall, reset]
)
async def test_a_broken_file_is_never_taken_for_a_whole_one(opening: OpenTransport, broken: Script) -> None:
    whole: list[bytes] = []

    async def receive(chunks: AsyncIterator[bytes]) -> None:
        whole.append(b"".join([chunk async for chunk in chunks]))

    async with (
        wire_server(broken) as server,
        opening(clock=ImpatientClock(), limits=FAST) as transport,
    ):
        with pytest.raises(TransientError):
            await transport.download(
                Access(URL(server.origin), None), "/x", [], endpoint=scopes.DOWNLOAD,
                expected=Expected(200, False), receive=receive,
            )  # fmt: skip
        assert transport.requests == 5
    assert whole == []


async def test_a_reader_that_takes_its_time_is_not_the_networks_fault(opening: OpenTransport) -> None:
    clock = FakeClock()

    async def receive(chunks: AsyncIterator[bytes]) -> int:
        size = 0
        async for chunk in chunks:
            size += len(chunk)
            clock.time += 3600
        return size

    async with (
        wire_server(drip(FILE, every=0)) as server,
        opening(clock=clock, limits=FAST) as transport,
    ):
        size = await transport.download(
            Access(URL(server.origin), None), "/x", [], endpoint=scopes.DOWNLOAD,
            expected=Expected(len(FILE), False), receive=receive,
        )  # fmt: skip
    assert size == len(FILE)


@pytest.mark.fault(22)
async def test_what_goes_over_the_wire_holds_no_cookie_and_credentials_only_at_the_api(
    opening: OpenTransport, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password canary3\n")
    monkeypatch.setenv("NETRC", str(netrc))
    async with wire_server(say(FILE, "Set-Cookie: media=canary2; Path=/")) as media:
        redirect = say(
            b"", f"Location: {media.origin}/f?token=t", "Set-Cookie: api=canary1", status="302 Found"
        )
        async with wire_server(redirect) as api, opening(clock=ImpatientClock(), limits=FAST) as transport:
            for _ in range(2):
                assert await transport.download(
                    Access(URL(api.origin), "Basic canary"), "/x", [], endpoint=scopes.DOWNLOAD,
                    expected=Expected(len(FILE), False), receive=_collect,
                ) == FILE  # fmt: skip
    assert all("Authorization: Basic canary\r\n" in head for head in api.heads)
    assert not [head for head in media.heads if "canary" in head or "uthorization" in head]
    assert not [head for head in api.heads + media.heads if "ookie" in head]
    assert all("User-Agent: confluence-export/" in head for head in api.heads + media.heads)
    assert media.heads[0].startswith("GET /f?token=t HTTP/1.1")


async def _collect(chunks: AsyncIterator[bytes]) -> bytes:
    return b"".join([chunk async for chunk in chunks])


@pytest.mark.fault(39)
async def test_a_host_that_is_not_there_is_tried_five_times(opening: OpenTransport) -> None:
    async with wire_server(reset) as server:
        gone = server.origin
    async with opening(clock=ImpatientClock(), limits=FAST) as transport:
        with pytest.raises(TransientError, match=r"127\.0\.0\.1 can't be reached"):
            await _ask(transport, gone)
        assert transport.requests == 5


async def test_a_ca_file_that_cannot_be_read_is_named() -> None:
    with pytest.raises(UsageError, match=r"absent\.pem"):
        async with open_transport(
            media_hosts=(), workers=1, clock=SystemClock(), max_wait=1, give_up_after=1,
            ca_file=Path("absent.pem"),
        ):  # fmt: skip
            pass


async def test_a_host_that_stalls_takes_no_connection_from_another(clock: FakeClock) -> None:
    """Else a request would wait for one, and leave when its governor no longer allows it."""
    opened = open_transport(media_hosts=(), workers=2, clock=clock, max_wait=60, give_up_after=300)
    scripts = say(b"1"), stall
    async with wire_server(*scripts) as one, wire_server(*scripts) as other, opened as transport:
        for server in (one, other):
            await _ask(transport, server.origin)
        asking = [asyncio.create_task(_ask(transport, each.origin)) for each in (one, one, other, other)]
        async with asyncio.timeout(2):
            while [len(one.heads), len(other.heads)] != [3, 3]:  # noqa: ASYNC110 — the servers tell nobody
                await asyncio.sleep(0.01)
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
