"""The bounded worker pool: a fixed number of workers over one stream of jobs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from exporter.errors import rank

Job = Callable[[], Awaitable["Iterable[Job]"]]

MOST_WAITING = 1000  # transfers; with more of them nothing new is begun


@dataclass(frozen=True, slots=True)
class Transfer:
    """A job that lasts as long as a file is large. These have workers of their own, so that neither
    they keep the other jobs waiting nor the others them."""

    job: Job

    async def __call__(self) -> Iterable[Job]:
        return await self.job()


async def run_jobs(jobs: Iterable[Job], *, workers: int) -> None:
    """Run jobs, and the jobs they return, at most `workers` at a time, and as many transfers.

    What a job returns comes before anything new is taken from `jobs`, so what waits stays small
    however long `jobs` is. The first job that raises stops the others; the worst error of all is
    raised. A cancellation comes before any error, which is then its cause.
    """
    pool = _Pool(iter(jobs))
    # No task group: where a cancellation meets an error, it drops one of the two.
    tasks = [
        asyncio.create_task(pool.work(take)) for take in (pool.job, pool.transfer) for _ in range(workers)
    ]
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
        self._transfers: list[Job] = []
        self._running = 0
        self._is_empty = False
        self._changed = asyncio.Event()

    def job(self) -> Job | None:
        if self._waiting:
            return self._waiting.pop()
        if len(self._transfers) > MOST_WAITING:
            return None
        job = next(self._jobs, None)
        self._is_empty = job is None
        return job

    def transfer(self) -> Job | None:
        return self._transfers.pop() if self._transfers else None

    async def work(self, take: Callable[[], Job | None]) -> None:
        while True:
            job = take()
            if job is not None:
                await self._run(job)
            elif self._is_empty and not (self._running or self._waiting or self._transfers):
                self._changed.set()
                return
            else:  # whoever still runs may leave more to do
                self._changed.clear()
                await self._changed.wait()

    async def _run(self, job: Job) -> None:
        self._running += 1
        try:
            for left in await job():
                (self._transfers if isinstance(left, Transfer) else self._waiting).append(left)
        finally:
            self._running -= 1
            self._changed.set()
