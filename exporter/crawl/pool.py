"""The bounded worker pool: a fixed number of workers over one stream of jobs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator

Job = Callable[[], Awaitable["Iterable[Job]"]]


async def run_jobs(jobs: Iterable[Job], *, workers: int) -> None:
    """Run jobs, and the jobs they return, at most `workers` at a time.

    What a job returns comes before anything new is taken from `jobs`, so what waits stays small
    however long `jobs` is. The first job that raises stops the others; its error is raised.
    """
    pool = _Pool(iter(jobs))
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(pool.work())
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None  # callers should see the error, not a group


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
