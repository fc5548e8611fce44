"""The bounded worker pool: a fixed number of workers over one stream of jobs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
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


def followed(job: Job, then: Callable[[], None]) -> Job:
    """The same job; `then` is called when it is done, and all that it led to."""
    left = 1

    def counted(job: Job) -> Job:
        async def run() -> Iterable[Job]:
            nonlocal left
            more = [*await job()]
            left += len(more) - 1
            if not left:
                then()
            return [counted(each) for each in more]

        return Transfer(run) if isinstance(job, Transfer) else run

    return counted(job)


async def run_jobs(jobs: Iterable[Job], *, workers: int) -> None:
    """Run jobs, and the jobs they return, at most `workers` at a time, and as many transfers.

    What a job returns comes before anything new is taken from `jobs`, so what waits stays small
    however long `jobs` is. The first job that raises stops the others; the worst error of all is
    raised. A cancellation comes before any error, which is then its cause.
    """
    pool = _Pool(iter(jobs), workers)
    # No task group: where a cancellation meets an error, it drops one of the two.
    stopped = await _wait(pool.start())
    pool.stop()
    while pool.tasks:
        stopped = await _wait(asyncio.wait(pool.tasks)) or stopped
    error = min(pool.errors, key=rank, default=None)
    if stopped is not None:
        raise stopped from error
    if error is not None:
        raise error


async def _wait(until: Awaitable[object]) -> asyncio.CancelledError | None:
    """Returns what cancelled the waiting, if anything did."""
    try:
        await until
    except asyncio.CancelledError as exc:
        return exc
    return None


class _Pool:
    """A worker comes for a job and stays while there are more, so none waits idle to be woken."""

    def __init__(self, jobs: Iterator[Job], workers: int) -> None:
        self._jobs = jobs
        self._waiting: list[Job] = []
        self._transfers: list[Job] = []
        self._free = {self._job: workers, self._transfer: workers}
        self._is_over = asyncio.Event()
        self.tasks: set[asyncio.Task[None]] = set()
        self.errors: list[BaseException] = []

    async def start(self) -> None:
        """Returns when nothing is left to do, or at the first error."""

        async def begin() -> Iterable[Job]:
            return ()

        self._employ(begin, self._job)
        await self._is_over.wait()

    def stop(self) -> None:
        self._is_over.set()
        for task in self.tasks:
            task.cancel()

    def _employ(self, job: Job, take: Callable[[], Job | None]) -> None:
        self._free[take] -= 1
        task = asyncio.create_task(self._work(job, take))
        self.tasks.add(task)
        task.add_done_callback(self._ended)

    async def _work(self, job: Job | None, take: Callable[[], Job | None]) -> None:
        while job is not None:
            for left in await job():
                (self._transfers if isinstance(left, Transfer) else self._waiting).append(left)
            if self._is_over.is_set():
                return
            job = take()
            self._employ_more()
        self._free[take] += 1

    def _employ_more(self) -> None:
        for take in (self._job, self._transfer):
            while self._free[take] and (job := take()) is not None:
                self._employ(job, take)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        try:
            error = task.exception()
        except asyncio.CancelledError as exc:
            error = exc.__cause__  # what went wrong while it was being stopped
        if error is not None:
            self.errors.append(error)
        if self.errors or not self.tasks:
            self._is_over.set()

    def _job(self) -> Job | None:
        if len(self._transfers) > MOST_WAITING:
            return None
        return self._waiting.pop() if self._waiting else next(self._jobs, None)

    def _transfer(self) -> Job | None:
        return self._transfers.pop() if self._transfers else None
