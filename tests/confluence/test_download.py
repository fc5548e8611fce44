"""Files: redirects by hand, to listed hosts, without credentials; whole, or an error."""

from __future__ import annotations

import asyncio
import errno
import gzip
import os
import re
import socket
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aioresponses import CallbackResult, aioresponses
from yarl import URL

from exporter.confluence import scopes
from exporter.confluence.transport import Access, Limits, Transport
from exporter.confluence.whole import Expected
from exporter.errors import (
    AuthError,
    LocalError,
    NotFound,
    Refused,
    RemoteError,
    ScopeMissing,
    TransientError,
    Unavailable,
)
from tests.confluence.conftest import OpenTransport
from tests.confluence.wire_server import say, wire_server
from tests.fake_clock import FakeClock

API = Access(URL("https://api.atlassian.com/ex/confluence/cloud-1"), "Basic canary")
PATH = "/wiki/rest/api/content/7/child/attachment/att9/download"
FIRST = f"{API.base}{PATH}"
SIGNED = "https://api.media.atlassian.com/file/1/binary?token=canary.sig%2Fx&name=a%20b.png"
FILE = b"0123456789"


class Receiver:
    """Takes a file; remembers every attempt."""

    def __init__(self) -> None:
        self.attempts: list[bytes] = []

    async def __call__(self, chunks: AsyncIterator[bytes]) -> bytes:
        self.attempts.append(b"")
        async for chunk in chunks:
            self.attempts[-1] += chunk
        return self.attempts[-1]


async def _download(
    transport: Transport, *, size: int | None = 10, may_be_html: bool = False, receive: Receiver | None = None
) -> bytes:
    return await transport.download(
        API, PATH, [], endpoint=scopes.DOWNLOAD, expected=Expected(size, may_be_html),
        receive=receive or Receiver(),
    )  # fmt: skip


def _redirect(
    responses: aioresponses, location: str = SIGNED, *, status: int = 302, repeat: Any = True
) -> None:
    responses.get(FIRST, status=status, headers={"Location": location}, repeat=repeat)


@pytest.mark.fault(20, 22)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_file_comes_over_a_redirect_without_credentials(
    transport: Transport, responses: aioresponses, status: int
) -> None:
    seen: list[Any] = []

    def media(url: URL, **options: Any) -> CallbackResult:
        seen.append(options)
        return CallbackResult(body=FILE, content_type="image/png", reason="OK")

    _redirect(responses, status=status)
    responses.get(SIGNED, callback=media)
    assert await _download(transport) == FILE
    (options,) = seen
    assert options["allow_redirects"] is False
    assert not {"authorization", "cookie"} & {name.lower() for name in options["headers"]}
    assert options["headers"]["Accept-Encoding"] == "identity"
    assert "canary" not in str(options)
    ((_, first),) = next(iter(responses.requests.values()))
    assert first["headers"]["Authorization"] == "Basic canary"


async def test_a_signed_url_is_asked_for_byte_for_byte(transport: Transport, responses: aioresponses) -> None:
    signed = "https://api.media.atlassian.com/a%2Fb?token=x%2By+z%20%7E&name=%C3%BC%27"
    asked: list[str] = []

    class Spy:
        def __init__(self, session: Any) -> None:
            self.session = session

        async def request(self, method: str, url: URL, **options: Any) -> Any:
            asked.append(str(url))
            return await self.session.request(method, url, **options)

    transport._media = Spy(transport._media)  # type: ignore[assignment]
    _redirect(responses, signed)
    responses.get(re.compile(r"https://api\.media.*"), body=FILE)
    await _download(transport)
    assert asked == [signed]


async def test_a_file_may_come_at_once(transport: Transport, responses: aioresponses) -> None:
    responses.get(FIRST, body=FILE)
    assert await _download(transport) == FILE


@pytest.mark.fault(20, 21)
@pytest.mark.parametrize(
    "location",
    [
        "https://evil.example/file",
        "https://sub.api.media.atlassian.com.evil.example/file",
        "https://atlassian.net/file",
        "https://evilatlassian.net/file",
        "https://acme.atlassian.net:8443/file",
        "https://api.media.atlassian.com:444/file",
        "http://api.media.atlassian.com/file",
        "http://acme.atlassian.net/file",
        "ftp://api.media.atlassian.com/file",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "data:,x",
        "//evil.example/file",
        "///evil.example/file",
        "\\\\api.media.atlassian.com/file",
        "/\\evil.example/file",
        "https:\\\\api.media.atlassian.com/file",
        "https://evil.example\\.atlassian.net/file",
        "https://api.media.atlassian.com/\\evil.example/file",
        "https://user@api.media.atlassian.com/file",
        "https://user:pw@api.media.atlassian.com/file",
        "https://api.media.atlassian.com@evil.example/file",
        "https://api.media.atlassian.com./file",
        "https://[::1]/file",
        "https://[::1",
        "https://api.media.atlassian.com:99999/file",
        "https://xn--80ak6aa92e.com/file",
        "https://xn--atlassian-x.com/file",
        "https://аtlassian.net/file",
        "http://10.0.0.1/file",
        "http://169.254.169.254/latest/meta-data/",
        "http://localhost/file",
        "https://media.example/file",
        "https://",
    ],
)
async def test_a_redirect_elsewhere_is_refused_at_once(
    transport: Transport, responses: aioresponses, location: str
) -> None:
    _redirect(responses, location)
    responses.get(re.compile(r".*"), body=FILE, repeat=True)
    with pytest.raises(Refused, match="redirects to") as caught:
        await _download(transport)
    assert transport.requests == 1
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize(
    "location",
    [
        "https://API.Media.Atlassian.Com/file",
        "HTTPS://api.media.atlassian.com/file",
        "//api.media.atlassian.com/file",
        "https://api.media.atlassian.com:443/file",
        "https://cdn.acme.atlassian.net/file",
        "https://media.example:8443/file",
        "http://127.0.0.1:9000/file",
    ],
)
async def test_a_redirect_to_a_media_host_is_followed(
    transport: Transport, responses: aioresponses, location: str
) -> None:
    _redirect(responses, location)
    responses.get(re.compile(r".*/file$"), body=FILE)
    assert await _download(transport) == FILE


async def test_without_a_location_nothing_is_followed(transport: Transport, responses: aioresponses) -> None:
    responses.get(FIRST, status=302, repeat=True)
    with pytest.raises(RemoteError):
        await _download(transport)


@pytest.mark.fault(20)
@pytest.mark.parametrize(("hops", "arrives"), [(1, True), (5, True), (6, False)])
async def test_five_redirects_are_followed_and_no_sixth(
    transport: Transport, responses: aioresponses, hops: int, arrives: bool
) -> None:
    _redirect(responses, "https://api.media.atlassian.com/1")
    for hop in range(1, hops):
        responses.get(
            f"https://api.media.atlassian.com/{hop}",
            status=302,
            headers={"Location": f"/{hop + 1}"},
            repeat=True,
        )
    responses.get(f"https://api.media.atlassian.com/{hops}", body=FILE, repeat=True)
    if arrives:
        assert await _download(transport) == FILE
    else:
        with pytest.raises(Refused, match="more than 5 redirects"):
            await _download(transport)
    assert transport.requests == min(hops + 1, 6)


@pytest.mark.fault(20)
async def test_a_later_hop_may_not_leave_the_media_hosts(
    transport: Transport, responses: aioresponses
) -> None:
    _redirect(responses)
    responses.get(SIGNED, status=302, headers={"Location": "https://evil.example/"})
    with pytest.raises(Refused, match=r"evil\.example"):
        await _download(transport)


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_a_signed_url_that_is_refused_is_replaced_once(
    transport: Transport, responses: aioresponses, status: int
) -> None:
    _redirect(responses, repeat=1)
    _redirect(responses, "https://api.media.atlassian.com/fresh")
    responses.get(SIGNED, status=status)
    responses.get("https://api.media.atlassian.com/fresh", body=FILE)
    assert await _download(transport) == FILE
    assert transport.requests == 4


@pytest.mark.parametrize(
    ("status", "said"),
    [(401, "refused, repeatedly"), (403, "refused, repeatedly"), (404, "has lost its content")],
)
async def test_a_file_that_is_refused_twice_is_a_failed_one_and_no_dead_token(
    transport: Transport, responses: aioresponses, status: int, said: str
) -> None:
    _redirect(responses)
    responses.get(SIGNED, status=status, repeat=True)
    with pytest.raises(NotFound, match=said) as caught:
        await _download(transport)
    assert transport.requests == 4
    assert str(caught.value).count("GET ") == 1
    assert "canary" not in str(caught.value)


async def test_a_dead_token_at_the_first_hop_is_one(transport: Transport, responses: aioresponses) -> None:
    responses.get(FIRST, status=401, body=b"")
    with pytest.raises(AuthError):
        await _download(transport)


async def test_a_missing_scope_at_the_first_hop_is_one(transport: Transport, responses: aioresponses) -> None:
    responses.get(FIRST, status=401, payload={"message": "Unauthorized; scope does not match"})
    with pytest.raises(ScopeMissing, match="readonly:content"):
        await _download(transport)


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
async def test_a_media_host_in_trouble_starts_again_at_the_first_hop(
    transport: Transport, responses: aioresponses, status: int
) -> None:
    _redirect(responses)
    responses.get(SIGNED, status=status, repeat=True)
    with pytest.raises(TransientError, match=f"api.media.atlassian.com answered {status}"):
        await _download(transport)
    assert transport.requests == 10


@pytest.mark.parametrize("status", [400, 410, 416])
async def test_a_media_host_that_refuses_is_not_asked_again(
    transport: Transport, responses: aioresponses, status: int
) -> None:
    _redirect(responses)
    responses.get(SIGNED, status=status, repeat=True)
    with pytest.raises(Refused):
        await _download(transport)
    assert transport.requests == 2


async def test_the_pause_of_a_media_host_is_kept(
    transport: Transport, responses: aioresponses, clock: FakeClock
) -> None:
    asked: list[float] = []

    def media(url: URL, **options: Any) -> CallbackResult:
        asked.append(clock.time)
        if len(asked) == 1:
            return CallbackResult(status=429, headers={"Retry-After": "120"}, reason="Slow down")
        return CallbackResult(body=FILE, reason="OK")

    _redirect(responses)
    responses.get(SIGNED, callback=media, repeat=True)
    assert await _download(transport) == FILE
    assert asked[1] >= asked[0] + 120


class HeldClock(FakeClock):
    """Says that somebody sleeps, and wakes nobody before the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.asleep, self.may_wake = asyncio.Event(), asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        if seconds > 0:
            self.asleep.set()
            await self.may_wake.wait()
        await super().sleep(seconds)


@pytest.mark.fault(38)
async def test_another_media_host_may_be_met_while_one_pauses(
    opening: OpenTransport, responses: aioresponses
) -> None:
    clock = HeldClock()
    other = "https://media.example:8443/file"
    targets = [other, SIGNED, SIGNED]

    async def redirect(url: URL, **options: Any) -> CallbackResult:
        target = targets.pop(0)
        if target == other:
            await clock.asleep.wait()
        return CallbackResult(status=302, headers={"Location": target}, reason="Found")

    responses.get(FIRST, callback=redirect, repeat=True)
    responses.get(SIGNED, status=429, headers={"Retry-After": "120"})
    responses.get(SIGNED, body=FILE)
    responses.get(other, body=FILE)
    responses.get(f"{API.base}/any", payload={})
    async with opening(clock=clock) as transport:
        await transport.json(API, "/any", read=lambda document: document)  # so that two may ask at once

        async def meet_the_other() -> bytes:
            file = await _download(transport)
            clock.may_wake.set()
            return file

        assert [*await asyncio.gather(meet_the_other(), _download(transport))] == [FILE, FILE]


@pytest.mark.parametrize(("status", "asked"), [(403, 6), (404, 2)])
async def test_a_signed_url_that_has_to_wait_each_time_is_not_replaced_for_ever(
    transport: Transport, responses: aioresponses, status: int, asked: int
) -> None:
    """A file that is lost is so however long was waited."""

    def redirect(url: URL, **options: Any) -> CallbackResult:
        for governor in transport._delivering:  # it refuses somebody else meanwhile
            place = governor.enter(scopes.DOWNLOAD)
            assert place is not None
            with place:
                governor.refused(place, 120)
        return CallbackResult(status=302, headers={"Location": SIGNED}, reason="Found")

    responses.get(FIRST, callback=redirect, repeat=True)
    responses.get(SIGNED, status=status, repeat=True)
    with pytest.raises(NotFound):
        await _download(transport)
    assert transport.requests == 2 * asked


@pytest.mark.fault(42, 43)
@pytest.mark.parametrize(
    "body", [FILE[:9], FILE + b"x", b"", FILE * 100], ids=["short", "long", "empty", "longer"]
)
async def test_a_wrong_length_is_asked_for_five_times_and_never_received(
    transport: Transport, responses: aioresponses, body: bytes
) -> None:
    _redirect(responses)
    responses.get(SIGNED, body=body, repeat=True)
    whole: list[bytes] = []

    async def receive(chunks: AsyncIterator[bytes]) -> None:
        whole.append(b"".join([chunk async for chunk in chunks]))

    with pytest.raises(TransientError, match="bytes, not the 10"):
        await transport.download(
            API, PATH, [], endpoint=scopes.DOWNLOAD, expected=Expected(10, False), receive=receive
        )
    assert whole == []
    assert transport.requests == 10


async def test_an_empty_file_is_a_file(transport: Transport, responses: aioresponses) -> None:
    responses.get(FIRST, body=b"")
    assert await _download(transport, size=0) == b""


async def test_where_no_length_is_told_what_comes_is_the_file(
    transport: Transport, responses: aioresponses
) -> None:
    responses.get(FIRST, body=FILE)
    assert await _download(transport, size=None) == FILE


async def test_a_file_arrives_whole_at_the_second_try(transport: Transport, responses: aioresponses) -> None:
    _redirect(responses)
    responses.get(SIGNED, body=FILE[:4])
    responses.get(SIGNED, exception=aiohttp.ServerDisconnectedError())
    responses.get(SIGNED, body=FILE)
    receiver = Receiver()
    assert await _download(transport, receive=receiver) == FILE
    assert receiver.attempts == [FILE[:4], FILE]
    assert transport.requests == 6


@pytest.mark.fault(40)
async def test_a_login_page_is_no_file(transport: Transport, responses: aioresponses) -> None:
    _redirect(responses)
    responses.get(SIGNED, body=FILE, content_type="text/html; charset=utf-8", repeat=True)
    receiver = Receiver()
    with pytest.raises(TransientError, match="HTML instead of the file"):
        await _download(transport, receive=receiver)
    assert set(receiver.attempts) == {b""}


async def test_an_html_file_is_one(transport: Transport, responses: aioresponses) -> None:
    responses.get(FIRST, body=FILE, content_type="text/html")
    assert await _download(transport, may_be_html=True) == FILE


async def test_a_disk_that_is_full_is_not_asked_again(transport: Transport, responses: aioresponses) -> None:
    responses.get(FIRST, body=FILE, repeat=True)

    async def receive(chunks: AsyncIterator[bytes]) -> None:
        raise Unavailable("stands for any error that is not the network's")

    with pytest.raises(Unavailable):
        await transport.download(
            API, PATH, [], endpoint=scopes.DOWNLOAD, expected=Expected(10, False), receive=receive
        )
    assert transport.requests == 1


@pytest.mark.fault(40)
@pytest.mark.parametrize(
    "page", [b"<!DOCTYPE html><p>Log in", b"\xef\xbb\xbf \n<HTML>" + b" " * 2000, b"<html>"]
)
async def test_a_login_page_that_does_not_say_so_is_no_file(
    transport: Transport, responses: aioresponses, page: bytes
) -> None:
    responses.get(FIRST, body=page, content_type="image/png", repeat=True)
    receiver = Receiver()
    with pytest.raises(TransientError, match="HTML instead of the file"):
        await _download(transport, size=None, receive=receiver)
    assert set(receiver.attempts) == {b""}


@pytest.mark.fault(40)
async def test_what_begins_like_html_is_the_file_where_its_length_or_type_says_so(
    transport: Transport, responses: aioresponses
) -> None:
    page = b"<html>" + b"x" * 994
    responses.get(FIRST, body=page, content_type="text/plain", repeat=True)
    assert await _download(transport, size=1000) == page
    assert await _download(transport, size=None, may_be_html=True) == page


async def test_a_short_file_of_unknown_length_is_received_whole(
    transport: Transport, responses: aioresponses
) -> None:
    for body in (b"", b"<", b"x" * 511, b"x" * 5000):
        responses.get(FIRST, body=body, content_type="image/png")
        assert await _download(transport, size=None) == body


PACKED = gzip.compress(FILE)


@pytest.mark.fault(45)
@pytest.mark.parametrize(("size", "arrives"), [(len(PACKED), True), (len(FILE), False), (None, False)])
async def test_a_file_is_never_decompressed(opening: OpenTransport, size: int | None, arrives: bool) -> None:
    """Of the length that was told it is the file as it came; if none was told, nobody can know."""
    file = say(PACKED, "Content-Encoding: gzip", content_type="image/svg+xml")
    async with wire_server(file) as server, opening(limits=Limits(tries=1)) as transport:
        hop = say(b"", f"Location: {server.origin}/file", status="302 Found")
        server._scripts.insert(0, hop)
        receiver = Receiver()
        work = transport.download(
            Access(URL(server.origin)), PATH, [], endpoint=scopes.DOWNLOAD,
            expected=Expected(size, may_be_html=False), receive=receiver,
        )  # fmt: skip
        if arrives:
            assert await work == PACKED
        else:
            with pytest.raises(TransientError, match=r"bytes, not the 10|nobody asked for"):
                await work
            assert FILE not in receiver.attempts


@pytest.mark.fault(70)
@pytest.mark.parametrize("error", [errno.EMFILE, errno.ENFILE, errno.ENOMEM])
async def test_a_machine_out_of_descriptors_is_not_the_networks_fault(
    opening: OpenTransport, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(error, os.strerror(error))

    async with wire_server(say(b"{}")) as server, opening() as transport:
        monkeypatch.setattr(socket, "socket", refused)
        with pytest.raises(LocalError, match=f"{os.strerror(error)}.*ulimit"):
            await transport.json(Access(URL(server.origin)), "/x", read=lambda document: document)
        assert transport.requests == 1
        for host in ("http://localhost:1", "http://nowhere.invalid"):
            with pytest.raises(LocalError):
                await transport.json(Access(URL(host)), "/x", read=lambda document: document)
        monkeypatch.undo()
        assert await transport.json(Access(URL(server.origin)), "/x", read=lambda document: document) == {}
