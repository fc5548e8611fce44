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
