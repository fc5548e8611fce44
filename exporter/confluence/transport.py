"""One request, made to work or explained: sessions, time limits, retries, redirects by hand."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type
from yarl import URL

from exporter.clock import Clock
from exporter.confluence import answers
from exporter.confluence.failure import failure
from exporter.confluence.governor import Governor
from exporter.confluence.retry import MediaRefused, Patience, Throttled, WrongFile, told_to_wait
from exporter.confluence.scopes import Endpoint
from exporter.confluence.whole import Expected, check_coding, check_type, whole
from exporter.errors import (
    AuthError,
    NotFound,
    Refused,
    RemoteError,
    ScopeMissing,
    TransientError,
    Unavailable,
    UsageError,
)
from exporter.hosts import may_download_from

log = logging.getLogger(__name__)

T = TypeVar("T")
Query = Sequence[tuple[str, str]]
# Takes a file's bytes; called again, from the first byte, whenever a transfer breaks.
Receive = Callable[[AsyncIterator[bytes]], Awaitable[T]]

MAX_HOPS = 5
LONG = 60.0  # seconds that a signed URL waited: refused after that, it need say nothing of the file
MAX_DOCUMENT = 64 << 20  # bytes of JSON in one answer
USER_AGENT = f"confluence-export/{version('confluence-export')}"
REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True, slots=True)
class Limits:
    """Time limits in seconds: to connect, to the first byte, and `floor_bytes` in any `floor_window`."""

    connect: float = 10.0
    first_byte: float = 30.0
    floor_bytes: int = 1024
    floor_window: float = 20.0
    tries: int = 5


@dataclass(frozen=True, slots=True)
class Access:
    """Where to ask, and as whom. `base` ends before `/wiki`; `authorization` is the header, or gives it."""

    base: URL
    authorization: str | Callable[[], Awaitable[str]] | None = field(default=None, repr=False)

    async def header(self) -> str | None:
        given = self.authorization
        return given if given is None or isinstance(given, str) else await given()


class Transport:
    """Requests over two sessions; neither has credentials of its own, keeps cookies or follows redirects.

    Every method raises what `errors.py` names: `RemoteError` for this request, `AuthError` and
    `Unavailable` for the run. Retrying happens here and nowhere else.
    """

    def __init__(
        self,
        api: aiohttp.ClientSession,
        media: aiohttp.ClientSession,
        *,
        media_hosts: Iterable[str],
        workers: int,
        limits: Limits,
        clock: Clock,
        max_wait: float,
        give_up_after: float,
    ) -> None:
        self._api, self._media = api, media
        self._workers = workers
        self._media_hosts = tuple(media_hosts)
        self._limits, self._clock = limits, clock
        self._max_wait, self._give_up_after = max_wait, give_up_after
        self._governors: dict[str, Governor] = {}
        self._delivering: set[Governor] = set()  # those of media hosts
        self.requests = 0
        self.received = 0  # bytes
        self._told: tuple[str, datetime] | None = None

    @property
    def throttled(self) -> int:
        """How often a host asked us to slow down."""
        return sum(governor.throttled for governor in self._governors.values())

    @property
    def drift(self) -> timedelta | None:
        """How far this machine's clock is ahead of the API's, by the last answer with a date in it."""
        if self._told is None:
            return None
        try:
            return self._told[1] - parsedate_to_datetime(self._told[0])
        except (ValueError, TypeError):
            return None

    async def json(
        self,
        access: Access,
        path: str,
        query: Query = (),
        *,
        endpoint: Endpoint | None = None,
        read: Callable[[Any], T],
        tries: int | None = None,
        send: Mapping[str, Any] | None = None,
    ) -> T:
        """GET a JSON document and `read` it, which raises `TransientError` if it is something else.

        With `send`, that is POSTed as JSON: for an endpoint that only reads, so repeating it does no harm.
        """
        url = _url(access, path, query)

        async def once() -> T:
            async with self._exchange(self._api, url, endpoint, access, send) as response:
                if response.status != 200:
                    raise Refused(f"answered {response.status}, a redirect, where none is due")
                body = await self._body(response)
                return read(answers.parse(body, response.content_type))

        return await self._persist(once, f"{_method(send)} {path}", tries or self._limits.tries)

    async def download(
        self,
        access: Access,
        path: str,
        query: Query,
        *,
        endpoint: Endpoint,
        expected: Expected,
        receive: Receive[T],
    ) -> T:
        """Stream a file into `receive` and return what that returns.

        The iterator raises `TransientError` at its end when the length was wrong, so `receive`
        never completes on a file that is not whole.
        """

        async def once() -> T:
            async with (
                self._followed(access, path, query, endpoint, expected) as response,
                aclosing(self._whole(response, expected)) as chunks,
            ):
                return await receive(chunks)

        try:
            return await self._persist(once, f"GET {path}", self._limits.tries)
        except MediaRefused as exc:
            what = (
                "Confluence lists this file, but has lost its content" if exc.lost else "refused, repeatedly"
            )
            raise NotFound(f"{exc}: {what}") from None

    async def _persist(self, once: Callable[[], Awaitable[T]], request: str, tries: int) -> T:
        """`request` is what log and errors call it."""
        patience = Patience(tries, self._max_wait)
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(TransientError),  # a positive list: cancellation must pass
            stop=patience.is_over,
            wait=patience.wait,
            sleep=self._clock.sleep,
            before_sleep=lambda state: log.info("%s: %s; trying again", request, _reason(state)),
            reraise=True,
        )
        try:
            return await retrying(once)
        except RemoteError as exc:
            if not isinstance(exc, ScopeMissing):  # that one names its endpoint
                exc.args = (f"{request}: {exc}",)
            raise

    @asynccontextmanager
    async def _followed(
        self, access: Access, path: str, query: Query, endpoint: Endpoint, expected: Expected
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer at the end of a download's redirects; only the first hop carries credentials.

        A signed URL may end while its host lets nobody ask, so in a pause none is asked for.
        """
        for governor in [*self._delivering]:  # more may come while this waits
            await governor.pause_over(endpoint)
        async with self._exchange(self._api, _url(access, path, query), endpoint, access) as response:
            if response.status == 200:
                yield response
                return
            target = self._next_hop(response)
        for _ in range(MAX_HOPS):
            self._delivering.add(self._governor(target))
            async with self._exchange(self._media, target, endpoint, None) as response:
                if response.status == 200:
                    check_coding(response.headers, expected, host=str(target.host))
                    yield response
                    return
                target = self._next_hop(response)
        raise Refused(f"more than {MAX_HOPS} redirects")

    def _next_hop(self, response: aiohttp.ClientResponse) -> URL:
        location = response.headers.get("Location", "")
        try:
            # Encoded: requoting would change what the signature in the URL was made over.
            target = response.url.join(URL(location, encoded=True))
            allowed = location and "\\" not in location and may_download_from(target, self._media_hosts)
        except ValueError:
            raise Refused("redirects to something that is no URL") from None
        if not allowed:
            raise Refused(
                f"redirects to {target.scheme}://{target.host}:{target.port}, which is not among the "
                "media hosts; if it should be, add it to CONFLUENCE_MEDIA_HOSTS"
            )
        return target

    @asynccontextmanager
    async def _exchange(
        self,
        session: aiohttp.ClientSession,
        url: URL,
        endpoint: Endpoint | None,
        access: Access | None,
        send: Mapping[str, Any] | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """One request and its answer: 200 or a redirect; everything else is raised."""
        governor = self._governor(url)
        came = self._clock.monotonic()
        asked = None
        while asked is None:
            await governor.ready(endpoint)
            authorization = await access.header() if access else None  # later: in a long wait one may end
            asked = governor.enter(endpoint)
        with asked:
            try:
                response = await self._send(session, url, authorization, send)
                try:
                    if response.status not in answers.TROUBLED:
                        governor.granted(asked, response.headers)
                    if response.status != 200:
                        await self._refuse(response, endpoint, is_media=session is self._media)
                    yield response
                finally:
                    response.release()
            except Throttled as exc:
                exc.is_one_too_many = governor.refused(asked, exc.told)
                raise
            except (MediaRefused, WrongFile) as exc:  # the host is well, if the file is not
                governor.succeeded()
                if isinstance(exc, MediaRefused):
                    exc.is_late = not exc.lost and asked.at - came > LONG
                raise
            except TransientError:
                governor.failed(asked)
                raise
            except (RemoteError, AuthError):  # a proper answer, if not the one hoped for
                governor.succeeded()
                raise
            else:
                governor.succeeded()

    async def _send(
        self,
        session: aiohttp.ClientSession,
        url: URL,
        authorization: str | None,
        send: Mapping[str, Any] | None,
    ) -> aiohttp.ClientResponse:
        method, headers = _method(send), {}
        if authorization:
            headers["Authorization"] = authorization
        if session is self._media:
            headers["Accept-Encoding"] = "identity"  # the length is compared
        self.requests += 1
        try:
            async with asyncio.timeout(self._limits.connect + self._limits.first_byte):
                response = await session.request(
                    method, url, headers=headers, json=send, allow_redirects=False
                )
            log.debug("%s %s %s: %s", method, url.host, url.raw_path, response.status)
            if session is self._api and (date := response.headers.get("Date")):
                self._told = date, self._clock.now()
            return response
        except aiohttp.ClientConnectorCertificateError as exc:
            raise Unavailable(
                f"the TLS certificate of {url.host} is not trusted; name a private CA by CONFLUENCE_CA_FILE"
            ) from exc
        except (aiohttp.ClientError, OSError) as exc:  # a time-out is one, too
            raise failure(exc, str(url.host)) from exc

    async def _refuse(
        self, response: aiohttp.ClientResponse, endpoint: Endpoint | None, *, is_media: bool
    ) -> None:
        """Raise what a status other than 200 stands for; a redirect passes."""
        status, headers = response.status, response.headers
        told = None
        if status in answers.TROUBLED:
            told = told_to_wait(status, headers, now=self._clock.now())
        if status == 429 or told is not None:  # its body may take its time, or never come
            raise Throttled(f"{response.url.host} asks to slow down ({status})", told)
        body = await self._body(response)
        if status in REDIRECTS:
            return
        if is_media and status in (401, 403, 404):
            raise MediaRefused(f"{response.url.host} answered {status}", lost=status == 404)
        if is_media:
            error = TransientError if status in answers.TRANSIENT else Refused
            raise error(f"{response.url.host} answered {status}")
        raise answers.error_of(status, headers, body, endpoint)

    async def _body(self, response: aiohttp.ClientResponse) -> bytes:
        """The whole body, decompressed; a bomb or a stream without end is cut off."""
        body = bytearray()
        async for chunk in self._chunks(response):
            body += chunk
            if len(body) > MAX_DOCUMENT:
                response.close()
                raise Refused(f"answered more than {MAX_DOCUMENT >> 20} MiB")
        return bytes(body)

    async def _chunks(self, response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
        """The body as it comes. Slower than the floor counts as cut; the time the reader takes doesn't."""
        limits = self._limits
        got, waited = 0, 0.0
        while True:
            began = self._clock.monotonic()
            try:
                async with asyncio.timeout(limits.floor_window - waited):
                    chunk = await response.content.readany()
            except (aiohttp.ClientError, OSError) as exc:
                response.close()
                raise failure(exc, str(response.url.host), "cut the answer short") from exc
            if not chunk:
                return
            self.received += len(chunk)
            got += len(chunk)
            waited += self._clock.monotonic() - began
            if got >= limits.floor_bytes:
                got, waited = 0, 0.0
            yield chunk

    async def _whole(
        self, response: aiohttp.ClientResponse, expected: Expected
    ) -> AsyncGenerator[bytes, None]:
        host = str(response.url.host)
        try:
            check_type(response.content_type, expected, host=host)
            async for chunk in whole(self._chunks(response), expected, host=host):
                yield chunk
        except WrongFile:
            response.close()  # what is left of it isn't waited for
            raise

    def _governor(self, url: URL) -> Governor:
        host = f"{url.host}:{url.port}"
        if host not in self._governors:
            self._governors[host] = Governor(
                host,
                clock=self._clock,
                most=self._workers,
                max_wait=self._max_wait,
                give_up_after=self._give_up_after,
            )
        return self._governors[host]


@asynccontextmanager
async def open_transport(
    *,
    media_hosts: Iterable[str],
    workers: int,
    clock: Clock,
    max_wait: float,
    give_up_after: float,
    proxy: str | None = None,
    ca_file: Path | None = None,
    limits: Limits | None = None,
) -> AsyncIterator[Transport]:
    """Both sessions, open as long as the context. `workers`: requests under way at once, to each host."""
    limits = limits or Limits()
    tls = _tls(ca_file)
    async with (
        _session(workers, limits, proxy, tls) as api,
        _session(workers, limits, proxy, tls, decompressing=False) as media,
    ):
        yield Transport(
            api,
            media,
            media_hosts=media_hosts,
            workers=workers,
            limits=limits,
            clock=clock,
            max_wait=max_wait,
            give_up_after=give_up_after,
        )


def _tls(ca_file: Path | None) -> ssl.SSLContext | bool:
    """True: as the system trusts, in the context that aiohttp has read in already."""
    if ca_file is None:
        return True
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as exc:
        raise UsageError(f"cannot read the CA file {ca_file}: {exc.strerror or exc}") from exc


def _session(
    workers: int,
    limits: Limits,
    proxy: str | None,
    tls: ssl.SSLContext | bool,
    *,
    decompressing: bool = True,
) -> aiohttp.ClientSession:
    session = aiohttp.ClientSession(
        # As many to a host as its governor lets through: a request that queued for a connection could leave
        # before a time that the server named meanwhile.
        connector=aiohttp.TCPConnector(limit=0, limit_per_host=workers, ssl=tls),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": USER_AGENT, "Accept": "*/*"},
        timeout=aiohttp.ClientTimeout(connect=limits.connect, sock_read=limits.first_byte),
        trust_env=False,  # a proxy or netrc in cron's environment must not route or sign our requests
        proxy=proxy,
        auto_decompress=decompressing,
    )
    # aiohttp would repeat a reset GET by itself, past governor and count; there is no public switch.
    session._retry_connection = False
    return session


def _url(access: Access, path: str, query: Query) -> URL:
    return (access.base / path.lstrip("/")).with_query(list(query))


def _method(send: Mapping[str, Any] | None) -> str:
    return "GET" if send is None else "POST"


def _reason(state: RetryCallState) -> str:
    return str(state.outcome.exception()) if state.outcome else ""
