"""JSON: what is asked again and what is not, and that nobody asks earlier than told."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from aioresponses import CallbackResult, aioresponses
from yarl import URL

from exporter.confluence import scopes
from exporter.confluence.transport import Access, Transport
from exporter.errors import (
    AuthError,
    ExportError,
    Forbidden,
    NotFound,
    Refused,
    RemoteError,
    ScopeMissing,
    TransientError,
    Unavailable,
)
from tests.confluence.conftest import OpenTransport
from tests.fake_clock import EPOCH, FakeClock

GATEWAY = Access(URL("https://api.atlassian.com/ex/confluence/cloud-1"), "Basic canary")
PATH = "/wiki/api/v2/pages"
ADDRESS = "https://api.atlassian.com/ex/confluence/cloud-1/wiki/api/v2/pages"


def _same(document: Any) -> Any:
    return document


async def _ask(transport: Transport, **options: Any) -> Any:
    return await transport.json(GATEWAY, PATH, endpoint=scopes.PAGES, read=_same, **options)


async def test_a_document_is_asked_for_below_the_gateway_with_its_query(
    transport: Transport, responses: aioresponses
) -> None:
    query = [("id", "1,2"), ("status", "current"), ("status", "archived"), ("cursor", "a+b/c==")]
    asked: list[URL] = []

    def answer(url: URL, **options: Any) -> CallbackResult:
        asked.append(url)
        assert options["headers"]["Authorization"] == "Basic canary"
        assert options["allow_redirects"] is False
        return CallbackResult(payload={"results": []}, reason="OK")

    responses.get(re.compile(r".*"), callback=answer)
    assert await _ask(transport, query=query) == {"results": []}
    assert str(asked[0].with_query(None)) == ADDRESS
    assert sorted(asked[0].query.items()) == sorted(query)


@pytest.mark.fault(39)
@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
async def test_a_server_in_trouble_is_asked_again(
    transport: Transport, responses: aioresponses, clock: FakeClock, status: int
) -> None:
    responses.get(ADDRESS, status=status, repeat=4)
    responses.get(ADDRESS, payload={"ok": 1})
    assert await _ask(transport) == {"ok": 1}
    assert transport.requests == 5
    assert len(clock.slept) == 4
    assert max(clock.slept) <= 4


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
async def test_after_five_tries_it_is_an_error(
    transport: Transport, responses: aioresponses, status: int
) -> None:
    responses.get(ADDRESS, status=status, repeat=True)
    with pytest.raises(TransientError, match=rf"^GET {PATH}: answered {status}$"):
        await _ask(transport)
    assert transport.requests == 5


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, RemoteError),
        (401, AuthError),
        (403, Forbidden),
        (404, NotFound),
        (405, RemoteError),
        (410, NotFound),
        (204, RemoteError),
        (304, RemoteError),
        (501, RemoteError),
    ],
)
async def test_a_refusal_is_not_asked_again(
    transport: Transport, responses: aioresponses, status: int, kind: type[ExportError]
) -> None:
    responses.get(ADDRESS, status=status, repeat=True)
    with pytest.raises(kind) as caught:
        await _ask(transport)
    assert transport.requests == 1
    assert not isinstance(caught.value, TransientError)


async def test_a_missing_scope_is_not_asked_again(transport: Transport, responses: aioresponses) -> None:
    responses.get(ADDRESS, status=401, payload={"code": 401, "message": "Unauthorized; scope does not match"})
    with pytest.raises(ScopeMissing, match="read:page:confluence"):
        await _ask(transport)
    assert transport.requests == 1


@pytest.mark.fault(39)
@pytest.mark.parametrize(
    "error",
    [
        aiohttp.ClientConnectionError("refused"),
        aiohttp.ServerDisconnectedError(),
        aiohttp.ClientPayloadError("cut"),
        aiohttp.ClientOSError(104, "Connection reset by peer"),
        TimeoutError(),
        aiohttp.ServerTimeoutError(),
        aiohttp.ConnectionTimeoutError(),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_a_connection_that_fails_is_tried_again(
    transport: Transport, responses: aioresponses, error: Exception
) -> None:
    responses.get(ADDRESS, exception=error, repeat=4)
    responses.get(ADDRESS, payload=1)
    assert await _ask(transport) == 1


@pytest.mark.fault(40, 41)
@pytest.mark.parametrize(
    "body", [b"<html>Log in</html>", b"", b'{"a": [1,', b"\xff", b"NaN", b"[" * 100_000], ids=range(6)
)
async def test_a_200_that_is_no_json_is_asked_again(
    transport: Transport, responses: aioresponses, body: bytes
) -> None:
    responses.get(ADDRESS, body=body, repeat=4)
    responses.get(ADDRESS, payload=1)
    assert await _ask(transport) == 1
    assert transport.requests == 5


async def test_a_200_of_the_wrong_shape_is_asked_again(transport: Transport, responses: aioresponses) -> None:
    responses.get(ADDRESS, payload={"wrong": 1}, repeat=2)
    responses.get(ADDRESS, payload={"right": 1})

    def read(document: Any) -> int:
        if "right" not in document:
            raise TransientError("answered JSON of another shape")
        return 1

    assert await transport.json(GATEWAY, PATH, read=read) == 1
    assert transport.requests == 3


async def test_a_bug_is_not_asked_again(transport: Transport, responses: aioresponses) -> None:
    responses.get(ADDRESS, payload=1, repeat=True)

    def read(document: Any) -> int:
        raise KeyError("bug")

    with pytest.raises(KeyError):
        await transport.json(GATEWAY, PATH, read=read)
    assert transport.requests == 1


async def test_fewer_tries_can_be_asked_for(transport: Transport, responses: aioresponses) -> None:
    responses.get(ADDRESS, status=500, repeat=True)
    with pytest.raises(TransientError):
        await _ask(transport, tries=2)
    assert transport.requests == 2


@pytest.mark.fault(20)
@pytest.mark.parametrize("location", ["https://acme.atlassian.net/login", "/wiki/login", "//evil.example/x"])
async def test_a_document_is_never_fetched_over_a_redirect(
    transport: Transport, responses: aioresponses, location: str
) -> None:
    responses.get(ADDRESS, status=302, headers={"Location": location})
    with pytest.raises(Refused, match="redirect"):
        await _ask(transport)
    assert transport.requests == 1


async def test_a_big_document_arrives_whole(transport: Transport, responses: aioresponses) -> None:
    document = {"body": "x" * 3_000_000}
    responses.get(ADDRESS, payload=document)
    assert await _ask(transport) == document
    assert transport.received == len(json.dumps(document))


@pytest.mark.fault(45, 46)
async def test_a_document_without_end_is_refused(
    transport: Transport, responses: aioresponses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exporter.confluence.transport.MAX_DOCUMENT", 1 << 20)
    responses.get(ADDRESS, payload={"body": "x" * 2_000_000}, repeat=True)
    with pytest.raises(Refused, match="more than 1 MiB"):
        await _ask(transport)
    assert transport.requests == 1


def _http(seconds: float) -> str:
    return (EPOCH + timedelta(seconds=seconds)).strftime("%a, %d %b %Y %H:%M:%S GMT")


@pytest.mark.fault(37)
@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "90"}, 90),
        ({"Retry-After": _http(90)}, 90),
        ({"Retry-After": _http(3690), "Date": _http(3600)}, 90),
        ({"Retry-After": "3600"}, 3600),
    ],
)
async def test_nobody_asks_earlier_than_told(
    transport: Transport, responses: aioresponses, clock: FakeClock, status: int, headers: Any, seconds: float
) -> None:
    asked: list[float] = []

    def answer(url: URL, **options: Any) -> CallbackResult:
        asked.append(clock.time)
        if len(asked) == 1:
            return CallbackResult(status=status, headers=headers, reason="Slow down")
        return CallbackResult(body="1", reason="OK")

    responses.get(ADDRESS, callback=answer, repeat=True)
    await asyncio.gather(*(_ask(transport) for _ in range(4)))
    first, *others = asked
    in_flight = [moment for moment in others if moment == first]
    assert len(in_flight) <= 3
    assert all(moment >= first + seconds for moment in others if moment != first)
    assert others[-1] >= first + seconds
    assert transport.throttled == 1


async def test_waiting_as_told_uses_up_no_tries(
    transport: Transport, responses: aioresponses, clock: FakeClock
) -> None:
    responses.get(ADDRESS, status=429, headers={"Retry-After": "60"}, repeat=20)
    responses.get(ADDRESS, payload=1)
    assert await _ask(transport) == 1
    assert clock.time >= 1000 + 20 * 60


@pytest.mark.fault(37)
@pytest.mark.parametrize("value", ["3601", "9" * 20])
async def test_a_wait_that_is_too_long_ends_the_run(
    transport: Transport, responses: aioresponses, clock: FakeClock, value: str
) -> None:
    responses.get(ADDRESS, status=429, headers={"Retry-After": value}, repeat=True)
    with pytest.raises(Unavailable, match="--max-wait"):
        await _ask(transport)
    assert transport.requests == 1
    assert clock.slept == []


@pytest.mark.fault(37, 38)
@pytest.mark.parametrize("value", [None, "", "-5", "1e9", "nan", "inf", "٣"])
async def test_a_429_that_names_no_time_pauses_from_five_seconds_up(
    transport: Transport, responses: aioresponses, clock: FakeClock, value: str | None
) -> None:
    headers = {} if value is None else {"Retry-After": value}
    responses.get(ADDRESS, status=429, headers=headers, repeat=4)
    responses.get(ADDRESS, payload=1)
    assert await _ask(transport) == 1
    waits = [wait for wait in clock.slept if wait >= 5]
    assert all(low <= wait <= 1.3 * low for low, wait in zip([5, 10, 20, 30], waits, strict=True))


async def test_five_429s_that_name_no_time_are_enough(transport: Transport, responses: aioresponses) -> None:
    responses.get(ADDRESS, status=429, repeat=True)
    with pytest.raises(TransientError, match="slow down"):
        await _ask(transport)
    assert transport.requests == 5


@pytest.mark.fault(39)
async def test_the_run_ends_when_nothing_succeeds_for_too_long(
    transport: Transport, responses: aioresponses, clock: FakeClock
) -> None:
    def answer(url: URL, **options: Any) -> CallbackResult:
        clock.time += 100
        return CallbackResult(status=500, reason="Broken")

    responses.get(ADDRESS, callback=answer, repeat=True)
    with pytest.raises(Unavailable, match="--give-up-after 300"):
        await _ask(transport)
    assert transport.requests == 3


async def test_a_404_shows_that_the_host_answers(
    transport: Transport, responses: aioresponses, clock: FakeClock
) -> None:
    responses.get(ADDRESS, status=500)
    responses.get(ADDRESS, status=404)
    responses.get(ADDRESS, status=500)
    responses.get(ADDRESS, payload=1)
    with pytest.raises(NotFound):
        await _ask(transport)
    clock.time += 300
    assert await _ask(transport) == 1


class _NeverWaking(FakeClock):
    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.Event().wait()


@pytest.mark.fault(66)
@pytest.mark.parametrize("when", ["while it asks", "while it backs off", "while it waits as told"])
async def test_cancellation_passes_through_the_retries(
    opening: OpenTransport, responses: aioresponses, when: str
) -> None:
    asked = asyncio.Event()

    async def answer(url: URL, **options: Any) -> CallbackResult:
        asked.set()
        if when == "while it asks":
            await asyncio.Event().wait()
        told = {"Retry-After": "60"} if when == "while it waits as told" else {}
        return CallbackResult(status=503, headers=told, reason="Broken")

    responses.get(ADDRESS, callback=answer, repeat=True)
    clock = _NeverWaking()
    async with opening(clock=clock) as transport:
        task = asyncio.create_task(_ask(transport))
        await asked.wait()
        for _ in range(30):
            await asyncio.sleep(0)
        assert len(clock.slept) == (when != "while it asks")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 5)
        assert transport.requests == 1


@pytest.mark.fault(27)
async def test_a_certificate_that_is_not_trusted_ends_the_run(
    transport: Transport, responses: aioresponses
) -> None:
    key: Any = aiohttp.client_reqrep.ConnectionKey("api.atlassian.com", 443, True, True, None, None, None)
    error = aiohttp.ClientConnectorCertificateError(key, Exception("self-signed"))
    responses.get(ADDRESS, exception=error, repeat=True)
    with pytest.raises(Unavailable, match="CONFLUENCE_CA_FILE"):
        await _ask(transport)
    assert transport.requests == 1


@pytest.mark.fault(28)
async def test_errors_never_tell_the_credentials(transport: Transport, responses: aioresponses) -> None:
    responses.get(ADDRESS, exception=aiohttp.ClientConnectionError("Basic canary"), repeat=True)
    with pytest.raises(TransientError) as caught:
        await _ask(transport)
    assert "canary" not in str(caught.value)
    assert "canary" not in repr(GATEWAY)
