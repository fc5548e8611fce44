"""How fast we may ask one host: one pace for all workers, and when to give up on it."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType

from exporter.clock import Clock
from exporter.confluence.pace import Pace, Place
from exporter.confluence.scopes import Endpoint
from exporter.errors import Unavailable

ALONE = 1e-3  # the chance that refusals fall on one endpoint, below which it is no chance
SLOW = 2.0  # times its endpoint's mean: an answer that speaks against more requests at once
SMOOTHING = 8  # answers that a mean follows
LEFT = 0.2  # of `X-RateLimit-Limit`, below which nothing grows; the API calls it near the limit


class Gate:
    """One pace, and those who wait for it in the order they came."""

    def __init__(self, clock: Clock, *, most: int) -> None:
        self._clock = clock
        self.pace = Pace(most=most, now=clock.monotonic())
        self._turn = asyncio.Lock()
        self._room = asyncio.Event()

    async def pause_over(self) -> None:
        """Wait as long as time decides, be there room or not."""
        while wait := self.pace.wait(self._clock.monotonic()):
            await self._clock.sleep(wait)

    def is_clear(self) -> bool:
        return self.pace.has_room() and not self.pace.wait(self._clock.monotonic())

    async def clear(self) -> None:
        """Wait until one more may be asked. Whoever asks must do so before it awaits anything else."""
        async with self._turn:
            while not self.is_clear():
                if wait := self.pace.wait(self._clock.monotonic()):
                    await self._clock.sleep(wait)
                else:
                    self._room.clear()
                    await self._room.wait()

    def changed(self) -> None:
        """There may be room now."""
        self._room.set()


@dataclass(slots=True)
class Asked(AbstractContextManager[None]):
    """One request under way, whose places are left with the context."""

    at: float
    endpoint: Endpoint | None
    share: float  # of its endpoint, among those under way
    places: list[tuple[Gate, Place]]
    governor: Governor

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.governor.leave(self)


class Governor:
    """The pace towards one host. All workers share it, `most` requests are under way at once, and nobody asks
    while it pauses. An endpoint whose limit is its own, as refusals show in time, gets a pace of its own
    within that of the host.

    `max_wait` bounds the seconds the host may tell us to wait without granting anything in between,
    `give_up_after` those in which nothing succeeded; beyond either, `Unavailable` ends the run.
    """

    def __init__(self, host: str, *, clock: Clock, most: int, max_wait: float, give_up_after: float) -> None:
        self._host = host
        self._clock = clock
        self._most = most
        self._max_wait = max_wait
        self._give_up_after = give_up_after
        self._gate = Gate(clock, most=most)
        self._own: dict[Endpoint, Gate] = {}
        self._under_way: Counter[Endpoint | None] = Counter()
        self._suspected: Endpoint | None = None
        self._chance = 1.0
        self._latency: dict[Endpoint | None, float] = {}
        self._told_until = 0.0
        self._told = 0.0
        self._failing_since: float | None = None
        self._succeeded_at = 0.0
        self.throttled = 0

    async def ready(self, endpoint: Endpoint | None = None) -> None:
        """Wait until asking is allowed."""
        for gate in self._gates(endpoint):
            await gate.clear()

    async def pause_over(self, endpoint: Endpoint) -> None:
        """Wait until no pause is in the way of asking, though others may be."""
        for gate in self._gates(endpoint):
            await gate.pause_over()

    def enter(self, endpoint: Endpoint | None = None) -> Asked | None:
        """Take a place: ask at once, in the context of what is returned. None where it isn't allowed after
        all: one gate may have closed while another was waited for."""
        gates = self._gates(endpoint)
        if not all(gate.is_clear() for gate in gates):
            return None
        now = self._clock.monotonic()
        self._under_way[endpoint] += 1
        share = self._under_way[endpoint] / self._under_way.total()
        return Asked(now, endpoint, share, [(gate, gate.pace.enter(now)) for gate in gates], self)

    def leave(self, asked: Asked) -> None:
        self._under_way[asked.endpoint] -= 1
        for gate, place in asked.places:
            gate.pace.leave(place)
            gate.changed()

    def granted(self, asked: Asked, headers: Mapping[str, str]) -> None:
        """The host began to answer, be it with a 404."""
        now = self._clock.monotonic()
        may_grow = self._is_quick(asked, now) and not _near_limit(headers)
        for gate, place in asked.places:
            gate.pace.granted(place, now, may_grow=may_grow)
            gate.changed()

    def succeeded(self) -> None:
        """The host answered properly, to the end."""
        self._failing_since = None
        self._succeeded_at = self._clock.monotonic()
        self._told = 0.0

    def failed(self, asked: Asked) -> None:
        """Something transient went wrong. Raises `Unavailable` when it has done so for too long."""
        if self._failing_since is None:
            self._failing_since = max(asked.at, self._succeeded_at)
        failing_for = self._clock.monotonic() - self._failing_since
        if failing_for >= self._give_up_after:
            raise Unavailable(
                f"no request to {self._host} succeeded for {failing_for:.0f} s (--give-up-after "
                f"{self._give_up_after:.0f}); the next run continues where this one stopped"
            )

    def refused(self, asked: Asked, told: float | None) -> bool:
        """A 429, or a 503 that names a time: fewer from now on, and nobody before the seconds it names.

        Returns whether others are granted at the same time, so that it was only one too many. Raises
        `Unavailable` when the seconds are too many, or when nothing else comes for too long.
        """
        self.throttled += 1
        now = self._clock.monotonic()
        gate, place = self._limiting(asked)
        pause = gate.pace.refused(place, now)
        if told is None:
            self.failed(asked)
        else:
            pause = told
            self._told_to_wait(told, now)
        gate.pace.hold(now + pause, now)
        return gate.pace.is_granting(now)

    def _told_to_wait(self, seconds: float, now: float) -> None:
        longer = max(0.0, now + seconds - max(self._told_until, now))
        self._told += longer
        if seconds > self._max_wait or self._told > self._max_wait:
            raise Unavailable(
                f"{self._host} asks to wait {max(seconds, self._told):.0f} s, longer than --max-wait "
                f"{self._max_wait:.0f}; the next run continues where this one stopped"
            )
        self._told_until = max(self._told_until, now + seconds)
        if self._failing_since is not None:  # waiting as told is no failure
            self._failing_since += longer

    def _gates(self, endpoint: Endpoint | None) -> list[Gate]:
        own = self._own.get(endpoint) if endpoint else None
        return [self._gate] if own is None else [own, self._gate]

    def _limiting(self, asked: Asked) -> tuple[Gate, Place]:
        """Whose limit that was: the endpoint's, if refusals fall on it alone that might fall on any, else
        the host's. The API counts bursts by tenant and endpoint, but a gateway may count all alike."""
        gate, place = asked.places[0]
        if len(asked.places) > 1:
            return gate, place
        if asked.endpoint is not self._suspected:
            self._suspected, self._chance = asked.endpoint, 1.0
        if gate.pace.is_first(place):  # refusals of one round have one cause: they count once
            self._chance *= asked.share
        if asked.endpoint and asked.endpoint not in self._own and self._chance < ALONE:
            self._own[asked.endpoint] = Gate(self._clock, most=self._most)
            self._gate.pace.forgive()
            self._chance = 1.0
        return gate, place

    def _is_quick(self, asked: Asked, now: float) -> bool:
        latency = now - asked.at
        mean = self._latency.setdefault(asked.endpoint, latency)
        self._latency[asked.endpoint] += (latency - mean) / SMOOTHING
        return latency <= SLOW * mean


def _near_limit(headers: Mapping[str, str]) -> bool:
    """What the headers say of this second; absent or odd ones say nothing."""
    if headers.get("X-RateLimit-NearLimit", "").lower() == "true":
        return True
    limit, left = headers.get("X-RateLimit-Limit", ""), headers.get("X-RateLimit-Remaining", "")
    numbers = all(re.fullmatch(r"[0-9]{1,9}", each) for each in (limit, left))
    return numbers and int(left) < LEFT * int(limit)
