"""A clock that a test moves: sleeping takes no time, and whoever has to wake first wakes first."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from datetime import UTC, datetime, timedelta

EPOCH = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)


class FakeClock:
    def __init__(self) -> None:
        self.time = 1000.0
        self.slept: list[float] = []
        self._wakings: list[tuple[float, int]] = []
        self._number = itertools.count()

    def monotonic(self) -> float:
        return self.time

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self.time - 1000.0)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        waking = (self.time + seconds, next(self._number))
        heapq.heappush(self._wakings, waking)
        try:
            await asyncio.sleep(0)
            while self._wakings[0] != waking:  # noqa: ASYNC110 — a turn of the loop, no time
                await asyncio.sleep(0)
            self.time = max(self.time, waking[0])
        finally:
            self._wakings.remove(waking)
            heapq.heapify(self._wakings)


class IdleClock(FakeClock):
    """Moves on only when nobody has anything left to do: so work between two waits takes no time.

    For what happens in the loop alone: of threads and sockets it knows nothing.
    """

    def __init__(self) -> None:
        super().__init__()
        self._alarms: list[tuple[float, int, asyncio.Future[None]]] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        loop = asyncio.get_running_loop()
        alarm = loop.create_future()
        if not self._alarms:
            loop.call_soon(self._turn, loop)
        heapq.heappush(self._alarms, (self.time + seconds, next(self._number), alarm))
        await alarm

    def _turn(self, loop: asyncio.AbstractEventLoop) -> None:
        if not loop._ready:  # type: ignore[attr-defined]
            at, _, alarm = heapq.heappop(self._alarms)
            self.time = max(self.time, at)
            if not alarm.done():
                alarm.set_result(None)
        if self._alarms:
            loop.call_soon(self._turn, loop)
