"""The bounded worker pool: a fixed number of workers over one stream of jobs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence

from exporter.errors import rank

Job = Callable[[], Awaitable["Iterable[Job]"]]


async def run_jobs(jobs: Iterable[Job], *, workers: int) -> None:
    """Run jobs, and the jobs they return, at most `workers` at a time.

    What a job returns comes before anything new is taken from `jobs`, so what waits stays small
    however long `jobs` is. The first job that raises stops the others; the worst error of all is
    raised. A cancellation comes before any error, which is then its cause.
    """
    pool = _Pool(iter(jobs))
    # No task group: where a cancellation meets an error, it drops one of the two.
    tasks = [asyncio.create_task(pool.work()) for _ in range(workers)]
    stopped = await _wait(tasks, asyncio.FIRST_EXCEPTION)
    for task in tasks:
        task.cancel()
    while not all(task.done() for task in tasks):
        stopped = await _wait(tasks, asyncio.ALL_COMPLETED) or stopped
    error = min(filter(None, map(_error, tasks)), key=rank, default=None)
    if stopped is not None:
        raise stopped from error
    if error is not None:
        raise error


async def _wait(tasks: Sequence[asyncio.Task[None]], until: str) -> asyncio.CancelledError | None:
    """Returns what cancelled the waiting, if anything did."""
    try:
        await asyncio.wait(tasks, return_when=until)
    except asyncio.CancelledError as exc:
        return exc
    return None


def _error(task: asyncio.Task[None]) -> BaseException | None:
    """What a task failed with; of a cancelled one, what went wrong while it was being stopped."""
    try:
        return task.exception()
    except asyncio.CancelledError as exc:
        return exc.__cause__


class _Pool:
    def __init__(self, jobs: Iterator[Job]) -> None:
        self._jobs = jobs
        self._waiting: list[Job] = []
        self._running = 0
        self._changed = asyncio.Event()

    async def work(self) -> None:
        while True:
            job = self._waiting.pop() if self._waiting else next(self._jobs, None)
            if job is None and not self._running:
                return
            if job is None:  # whoever still runs may leave more to do
                self._changed.clear()
                await self._changed.wait()
                continue
            self._running += 1
            try:
                self._waiting.extend(await job())
            finally:
                self._running -= 1
                self._changed.set()
