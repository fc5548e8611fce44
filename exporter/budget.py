"""How long a run may take: one budget of time for all its spaces."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from exporter.clock import Clock
from exporter.errors import Exit, TimeUp

LOOK_EVERY = 1.0  # seconds; the clock may not be the system's


class Budget:
    """The clock of a run that must end in time: no wait lasts longer than what is left, and the one
    that would raises `TimeUp`."""

    def __init__(self, clock: Clock, seconds: float | None) -> None:
        self._clock = clock
        self._seconds = math.inf if seconds is None else seconds
        self._until = clock.monotonic() + self._seconds

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def now(self) -> datetime:
        return self._clock.now()

    async def sleep(self, seconds: float) -> None:
        await self._clock.sleep(min(seconds, max(0.0, self._left())))
        self.check()

    def check(self) -> None:
        """Raises `TimeUp` when the time is over: nothing new may be begun."""
        if self._left() <= 0:
            raise self.time_up()

    def time_up(self) -> TimeUp:
        return TimeUp(
            f"stopped after {self._seconds:.0f} s (--max-duration); what was saved is kept, "
            "the next run continues"
        )

    async def cancel_in_time(self, task: asyncio.Task[object]) -> None:
        """Cancel what is under way when the time is over, with the exit code as message."""
        while (left := self._left()) > 0:  # noqa: ASYNC110 — time sets no event
            await asyncio.sleep(min(left, LOOK_EVERY))
        if not task.cancelling():  # a signal came before
            task.cancel(Exit.TIME_UP)

    def _left(self) -> float:
        return self._until - self._clock.monotonic()


@asynccontextmanager
async def limited(clock: Clock, seconds: float | None) -> AsyncIterator[Budget]:
    """Whatever runs in the context is cancelled when its time is over."""
    budget = Budget(clock, seconds)
    task = asyncio.current_task()
    if seconds is None or task is None:
        yield budget
        return
    watch = asyncio.create_task(budget.cancel_in_time(task))
    try:
        yield budget
    finally:
        watch.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait([watch])
