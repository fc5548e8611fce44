"""The emulator: a small Confluence Cloud on four ports of this machine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import accumulate
from time import monotonic
from types import TracebackType
from typing import Self

from aiohttp import web

from exporter.emulator.access import Token
from exporter.emulator.api import Api
from exporter.emulator.faults import Fault, hitting
from exporter.emulator.gateway import Gateway
from exporter.emulator.limits import Limiter, rate_headers
from exporter.emulator.media import Media
from exporter.emulator.oauth import OAuth
from exporter.emulator.recorded import API, Origin, Recorded
from exporter.emulator.reply import Reply
from exporter.emulator.sending import Wire, packed
from exporter.emulator.site import Site
from exporter.emulator.spoil import instead, spoil
from exporter.emulator.switches import Switches
from exporter.emulator.world import World

HOST = "127.0.0.1"
COOKIE = "atlassian.xsrf.token=canary-api; Path=/"

OnAnswer = Callable[[str, str, int, object], None]
"""Gets template path, method, status and JSON of each answer, before any fault spoils it."""


class Requests(list[Recorded]):
    """All requests in the order of their arrival."""

    def of(self, origin: Origin, path: str = "") -> list[Recorded]:
        """Those of one origin whose path holds ``path``."""
        return [each for each in self if each.origin == origin and path in each.path]

    def most_at_once(self, origin: Origin) -> int:
        """How many answered requests of the origin were in flight at the same time, at most."""
        done = [each for each in self if each.origin == origin and each.until]
        steps = sorted([*((each.at, 1) for each in done), *((each.until, -1) for each in done)])
        return max(accumulate((step for _, step in steps), initial=0))


class Emulator:
    """Serves ``world`` while its ``async with`` block runs.

    ``tokens``, ``switches``, ``faults`` and the world may be changed at any time. An
    exception in the emulator itself or in ``on_answer`` answers 599, and is raised when
    the block ends. ``before_answer`` is called with each request before it is looked at:
    a test edits the world there, to have it change at that very moment. ``clock`` counts
    for limits and for what ends: signed URLs, access tokens.
    """

    def __init__(
        self,
        world: World,
        tokens: Iterable[Token] = (),
        *,
        switches: Switches | None = None,
        faults: Iterable[Fault] = (),
        on_answer: OnAnswer | None = None,
        before_answer: Callable[[Recorded], None] | None = None,
        ports: tuple[int, int, int, int] = (0, 0, 0, 0),
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.world = world
        self.tokens = list(tokens)
        self.switches = switches or Switches()
        self.faults = list(faults)
        self.on_answer = on_answer
        self.before_answer = before_answer
        self.requests = Requests()
        self.problems: list[Exception] = []
        self.urls: dict[Origin, str] = {}
        self._ports = ports
        self._clock = clock
        self._runners: list[web.AppRunner] = []

    @property
    def site_url(self) -> str:
        return self.urls["site"]

    @property
    def gateway_url(self) -> str:
        return self.urls["gateway"]

    @property
    def media_host(self) -> str:
        return self.urls["media"].removeprefix("http://")

    def environment(self, token: Token) -> dict[str, str]:
        """What the command line needs to run against this emulator with this token."""
        oauth = {"CONFLUENCE_AUTH_URL": self.urls["auth"], "CONFLUENCE_AUTH_CLIENT_ID": token.client_id}
        return {
            "CONFLUENCE_SITE": self.site_url,
            "CONFLUENCE_EMAIL": token.email,
            "CONFLUENCE_API_TOKEN": token.secret,
            "CONFLUENCE_GATEWAY_URL": self.gateway_url,
            "CONFLUENCE_MEDIA_HOSTS": self.media_host,
            **(oauth if token.kind == "oauth" else {}),
        }

    async def __aenter__(self) -> Self:
        self._wire = Wire(asyncio.Event())
        self._limiter = Limiter(self.switches, clock=self._clock)
        self._media = Media(self.switches, clock=self._clock)
        self._oauth = OAuth(self.switches, clock=self._clock)
        origins: tuple[Origin, ...] = ("site", "gateway", "media", "auth")
        try:
            for origin, port in zip(origins, self._ports, strict=True):
                self.urls[origin] = f"http://{HOST}:{await self._open(origin, port)}"
        except BaseException:
            await self._close()
            raise
        self._media.url = self.urls["media"]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()
        if self.problems and error is None:
            raise ExceptionGroup("the emulator failed", self.problems)

    async def _open(self, origin: Origin, port: int) -> int:
        async def handle(request: web.Request) -> web.StreamResponse:
            return await self._handle(origin, request)

        server = web.Application(client_max_size=1 << 26)
        server.router.add_route("*", "/{path:.*}", handle)
        runner = web.AppRunner(server, access_log=None, handler_cancellation=True, shutdown_timeout=1.0)
        self._runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, HOST, port).start()
        return int(runner.addresses[0][1])

    async def _close(self) -> None:
        self._wire.closing.set()
        await asyncio.gather(*(runner.cleanup() for runner in self._runners))
        self._runners.clear()

    async def _handle(self, origin: Origin, request: web.Request) -> web.StreamResponse:
        asked = Recorded(
            origin, request.method, request.path, request.query, request.headers, request.raw_path
        )
        self.requests.append(asked)
        asked.body = await request.read()
        faults = hitting(self.faults, asked)
        self._limiter.in_flight += origin in API
        try:
            self._limiter.switches = self.switches
            refusal = self._limiter.refusal() if origin in API else None
            await self._wire.pause(self.switches.latency)
            for fault in faults:
                if fault.kind == "delay":
                    await self._wire.pause(fault.seconds)
            reply = refusal or self._reply(asked, faults)
            badly = [fault for fault in faults if fault.is_badly]
            asked.status = 0 if any(fault.kind == "reset" for fault in badly) else reply.status
            return await self._wire.send(request, reply, badly)
        finally:
            self._limiter.in_flight -= origin in API
            asked.until = monotonic()

    def _reply(self, asked: Recorded, faults: list[Fault]) -> Reply:
        try:
            if self.before_answer is not None:
                self.before_answer(asked)
            reply = self._faulty(asked, faults) or self._right(asked)
            for fault in faults:
                if fault.is_wrong:
                    spoil(fault, asked, reply)
        except Exception as error:
            self.problems.append(error)
            return Reply(599, {"message": "the emulator failed"})
        if asked.origin in API:
            if self.switches.compress and "gzip" in asked.headers.get("Accept-Encoding", ""):
                reply = packed(reply)
            now = datetime.now(UTC) + timedelta(seconds=self.switches.clock_ahead)
            told = {"Set-Cookie": COOKIE, "Date": format_datetime(now, usegmt=True)}
            reply.headers = {**told, **rate_headers(), **reply.headers}
        return reply

    def _faulty(self, asked: Recorded, faults: list[Fault]) -> Reply | None:
        replies = (instead(fault, asked, self.urls[asked.origin]) for fault in faults if fault.is_instead)
        return next((reply for reply in replies if reply is not None), None)

    def _right(self, asked: Recorded) -> Reply:
        self._media.switches = self.switches
        if asked.origin == "media":
            return self._media.answer(asked)
        if asked.origin == "auth":
            self._oauth.switches = self.switches
            return self._oauth.answer(asked, self.tokens)
        api = Api(self.world, self.switches, self.site_url, self._media.sign, self.on_answer)
        if asked.origin == "site":
            return Site(api, self.tokens).answer(asked)
        return Gateway(api, self.tokens, self._oauth).answer(asked)
