"""An event loop on which neither waiting nor working takes time: what is left is who waits for whom.

Client and server in one loop, on real sockets, see latencies and pauses pass as on a machine without limits.
So a figure in seconds is the same on every machine, however busy it is.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from datetime import UTC, datetime, timedelta
from selectors import SelectorKey
from typing import Any, TypeVar

T = TypeVar("T")

QUIET = 0.002  # real seconds without anything, after which nothing more will come but by waiting
EPOCH = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)


class _Selector(selectors.DefaultSelector):
    """Where the loop would sleep until its next timer, time jumps there; as long as no thread is at work."""

    def __init__(self) -> None:
        super().__init__()
        self.time = 0.0
        self.in_threads = 0

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        while not (found := super().select(QUIET)) and self.in_threads:
            pass
        if not found:
            self.time += timeout
        return found


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._clock = _Selector()
        super().__init__(self._clock)

    def time(self) -> float:
        return self._clock.time

    def run_in_executor(  # type: ignore[override]
        self, executor: Executor | None, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        future = super().run_in_executor(executor, func, *args)
        self._clock.in_threads += 1
        future.add_done_callback(self._back)
        return future

    def _back(self, _: object) -> None:
        self._clock.in_threads -= 1


class VirtualClock:
    """The time of the loop, as the exporter takes it."""

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self.monotonic())

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def run(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work())
