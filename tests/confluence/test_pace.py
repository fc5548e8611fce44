"""The transport against the emulator's limits, on a clock of its own: how much is asked, and when."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest
from yarl import URL

from exporter.confluence import scopes
from exporter.confluence.pace import Pace
from exporter.confluence.transport import Access, Limits, Transport
from exporter.emulator.limits import Limiter
from exporter.emulator.switches import Switches
from tests.confluence.scripted import BASE
from tests.fake_clock import IdleClock

REQUESTS = 1600
WORKERS = 32
LATENCY = 0.1
JOBS = 40  # some more than workers, as in a run


@pytest.fixture
def clock() -> IdleClock:
    return IdleClock()


@dataclass
class Answer:
    """What of a response the transport looks at; it is its own content."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    url: URL
    content_type: str = "application/json"

    @property
    def content(self) -> Answer:
        return self

    async def readany(self) -> bytes:
        body, self.body = self.body, b""
        return body

    def release(self) -> None:
        pass


@dataclass
class Server:
    """Answers as the limiter says, after `LATENCY`, and keeps what it was asked when."""

    clock: IdleClock
    switches: Switches
    outage: float = 0.0  # seconds from the start, in which nothing is granted
    asked: list[float] = field(default_factory=list)
    told: list[tuple[float, float]] = field(default_factory=list)  # from the answer until when nobody may ask
    refused: int = 0

    def __post_init__(self) -> None:
        self.limiter = Limiter(self.switches, clock=self.clock.monotonic)
        self.began = self.clock.time

    async def request(self, _: str, url: URL, **__: Any) -> Answer:
        """In a session's place: the wire would take most of the time, and none of it is of interest."""
        self.asked.append(self.clock.time)
        self.limiter.in_flight += 1
        refusal = self.limiter.refusal()
        out = self.clock.time < self.began + self.outage
        await self.clock.sleep(LATENCY)
        self.limiter.in_flight -= 1
        if refusal is None and not out:
            return Answer(200, json.dumps(url.path).encode(), {}, url)
        self.refused += 1
        headers = refusal.headers if refusal else {}
        if "Retry-After" in headers:
            self.told.append((self.clock.time, self.clock.time + float(headers["Retry-After"])))
        return Answer(429, b"{}", headers, url)

    def transport(self) -> Transport:
        session: Any = self
        return Transport(
            session,
            session,
            media_hosts=(),
            workers=WORKERS,
            limits=Limits(),
            clock=self.clock,
            max_wait=3600,
            give_up_after=300,
        )

    @property
    def held(self) -> float:
        """Seconds in which nobody was allowed to ask."""
        total, until = 0.0, 0.0
        for begin, end in sorted(self.told):
            total += max(0.0, end - max(begin, until))
            until = max(until, end)
        return total

    def too_early(self) -> list[float]:
        return [at for at in self.asked for begin, end in self.told if begin < at < end]


async def _run(transport: Transport, number: int) -> list[str]:
    """So many documents, each asked for by whoever is free."""
    paths = iter([f"/wiki/api/v2/pages/{each}" for each in range(number)])
    got: list[str] = []

    async def work() -> None:
        access = Access(BASE)
        got.extend([await transport.json(access, path, endpoint=scopes.PAGE, read=str) for path in paths])

    await asyncio.gather(*(work() for _ in range(JOBS)))
    return got


async def _serve(clock: IdleClock, number: int, *, outage: float = 0.0, **switches: Any) -> Server:
    """All documents, from a server that limits as the switches say; nothing may be lost or come twice."""
    server = Server(clock, Switches(**switches), outage)
    transport = server.transport()
    got = await _run(transport, number)
    assert transport.throttled == server.refused
    assert len(got) == len(set(got)) == number
    return server


async def test_without_limits_all_workers_are_at_work(clock: IdleClock) -> None:
    server = await _serve(clock, REQUESTS)
    assert len(server.asked) == REQUESTS
    assert clock.time - server.began <= 1.15 * REQUESTS * LATENCY / WORKERS


@pytest.mark.fault(38)
@pytest.mark.parametrize(
    ("switches", "a_second"),
    [
        ({"parallel_limit": 20}, 20 / LATENCY),
        ({"parallel_limit": 20, "retry_after": "1"}, 20 / LATENCY),
        ({"parallel_limit": 20, "retry_after": "1800"}, 20 / LATENCY),
        ({"parallel_limit": 1}, 1 / LATENCY),
        ({"parallel_limit": 3, "retry_after": "60"}, 3 / LATENCY),
        ({"rate_limit": 20}, 20),
        ({"rate_limit": 50}, 50),
        ({"rate_limit": 50, "retry_after": "1"}, 50),
        ({"rate_limit": 50, "parallel_limit": 20, "retry_after": "1"}, 50),
    ],
    ids=str,
)
async def test_limits_are_found_with_few_refusals_and_then_used(
    clock: IdleClock, switches: dict[str, Any], a_second: float
) -> None:
    server = await _serve(clock, REQUESTS, **switches)
    assert server.refused > 0
    assert len(server.asked) <= 1.05 * REQUESTS
    assert server.too_early() == []
    allowed = a_second * (clock.time - server.began - server.held)
    assert 0.9 * allowed <= REQUESTS


@pytest.mark.fault(38)
async def test_an_outage_of_429_without_a_time_is_asked_about_rarely(clock: IdleClock) -> None:
    server = await _serve(clock, 400, outage=50)
    in_it = [at for at in server.asked if at < server.began + 50]
    assert len(in_it) <= 12
    assert all(later - earlier >= 0.9 or later == earlier for earlier, later in pairwise(in_it))


async def test_a_limit_that_is_lifted_is_found_to_be_gone(clock: IdleClock) -> None:
    server = Server(clock, Switches(rate_limit=20))
    transport = server.transport()
    await _run(transport, 300)
    server.switches.rate_limit = None
    await _run(transport, 2500)
    began = clock.time
    await _run(transport, 300)
    assert 300 / (clock.time - began) > 60, "three times what it was"


def test_a_scout_that_is_refused_takes_no_rate_back() -> None:
    pace = Pace(most=WORKERS, now=0.0)
    asked = pace.enter(0.0)
    pace.hold(pace.refused(asked, 0.0), 0.0)
    pace.leave(asked)
    asked = pace.enter(100.0)
    spacing = pace.wait(100.0)
    assert 0 < spacing < 0.1, "the rate has grown back, from one a second"
    pace.granted(asked, 100.0, may_grow=True)
    scout = pace.enter(100.1)
    assert scout.is_scout
    pace.hold(100.1 + pace.refused(scout, 100.1), 100.1)
    pace.leave(scout)
    pace.enter(100.2)
    assert pace.wait(100.2) <= spacing
