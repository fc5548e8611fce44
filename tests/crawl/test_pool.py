from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterable, Iterator
from itertools import permutations

import pytest

from exporter.crawl.pool import MOST_WAITING, Job, Transfer, followed, run_jobs
from exporter.errors import AuthError, Exit, LocalError, Unavailable
from exporter.mirror.uninterrupted import see_through


@pytest.fixture(autouse=True)
def _no_endless_spin() -> Iterator[None]:
    """A pool that spins without waiting would never let the loop's own time limits come to pass."""

    def too_long(*_: object) -> None:
        raise TimeoutError("the pool spins")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.setitimer(signal.ITIMER_REAL, 20)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


async def _none() -> Iterable[Job]:
    return ()


async def test_no_jobs_are_done_at_once() -> None:
    await asyncio.wait_for(run_jobs([], workers=3), 5)


async def test_every_job_runs_once_and_never_more_at_a_time_than_workers() -> None:
    running, most, done = 0, 0, 0

    async def job() -> Iterable[Job]:
        nonlocal running, most, done
        running += 1
        most = max(most, running)
        for _ in range(3):
            await asyncio.sleep(0)
        running -= 1
        done += 1
        return ()

    await run_jobs([job] * 50, workers=4)
    assert (done, most) == (50, 4)


async def test_what_a_job_leaves_comes_before_anything_new() -> None:
    order: list[str] = []
    taken = 0

    def named(name: str, *children: Job) -> Job:
        async def job() -> Iterable[Job]:
            order.append(name)
            return children

        return job

    def jobs() -> Iterator[Job]:
        nonlocal taken
        for number in range(3):
            taken += 1
            yield named(f"{number}", named(f"{number}a", named(f"{number}aa")), named(f"{number}b"))

    await run_jobs(jobs(), workers=1)
    assert [name[0] for name in order] == list("000011112222")
    assert taken == 3


async def test_jobs_are_taken_only_when_a_worker_is_free() -> None:
    release = asyncio.Event()
    taken = 0

    async def job() -> Iterable[Job]:
        await release.wait()
        return ()

    def jobs() -> Iterator[Job]:
        nonlocal taken
        for _ in range(100):
            taken += 1
            yield job

    running = asyncio.create_task(run_jobs(jobs(), workers=3))
    for _ in range(10):
        await asyncio.sleep(0)
    assert taken == 3
    release.set()
    await running
    assert taken == 100


async def test_idle_workers_take_what_the_last_job_leaves() -> None:
    together = asyncio.Barrier(3)

    async def child() -> Iterable[Job]:
        await together.wait()
        return ()

    async def parent() -> Iterable[Job]:
        await asyncio.sleep(0)
        return [child, child, child]

    await asyncio.wait_for(run_jobs([parent], workers=3), 5)


async def test_idle_workers_sleep_while_another_works() -> None:
    loop = asyncio.get_running_loop()
    release = asyncio.Event()
    turns = 0

    async def slow() -> Iterable[Job]:
        await release.wait()
        return ()

    running = asyncio.create_task(run_jobs([slow, _none, _none], workers=8))
    for _ in range(10):
        await asyncio.sleep(0)
    ready: int = len(loop._ready)  # type: ignore[attr-defined]
    for _ in range(10):
        await asyncio.sleep(0)
        turns += len(loop._ready)  # type: ignore[attr-defined]
    assert (ready, turns) == (0, 0), "somebody spins"
    release.set()
    await asyncio.wait_for(running, 5)


@pytest.mark.parametrize("error", [AuthError("no"), LocalError("full"), KeyError("bug")])
async def test_the_first_error_stops_the_others_and_comes_out_bare(error: Exception) -> None:
    started, finished = 0, 0

    async def fails() -> Iterable[Job]:
        await asyncio.sleep(0)
        raise error

    async def hangs() -> Iterable[Job]:
        nonlocal started, finished
        started += 1
        await asyncio.Event().wait()
        finished += 1
        return ()

    with pytest.raises(type(error)) as caught:
        await asyncio.wait_for(run_jobs([hangs, hangs, fails, *[hangs] * 10], workers=3), 5)
    assert caught.value is error
    assert (started, finished) == (2, 0)


async def test_of_several_errors_the_worst_comes_out() -> None:
    together = asyncio.Barrier(3)

    def failing(error: Exception) -> Job:
        async def job() -> Iterable[Job]:
            await together.wait()
            raise error

        return job

    errors = [Unavailable("busy"), LocalError("full"), AuthError("no")]
    for order in permutations(errors):
        with pytest.raises(AuthError):
            await run_jobs([failing(each) for each in order], workers=3)


@pytest.mark.fault(66)
async def test_a_cancellation_comes_before_an_error_and_has_it_as_cause() -> None:
    """Its message is the exit code, and the error may be of the disk."""
    error = LocalError("full")

    async def fails_when_stopped() -> Iterable[Job]:
        try:
            await asyncio.Event().wait()
        finally:
            raise error
        return ()

    async def saves() -> Iterable[Job]:
        async def save() -> None:
            await asyncio.sleep(0.01)
            raise error

        await see_through(save())
        return ()

    for job in (fails_when_stopped, saves):
        running = asyncio.create_task(run_jobs([job] * 3, workers=3))
        await asyncio.sleep(0.001)
        running.cancel(Exit.TERMINATED)
        with pytest.raises(asyncio.CancelledError) as stopped:
            await running
        assert stopped.value.args == (Exit.TERMINATED,)
        assert stopped.value.__cause__ is error


async def test_an_error_of_a_left_job_comes_out_too() -> None:
    async def fails() -> Iterable[Job]:
        raise AuthError("no")

    async def parent() -> Iterable[Job]:
        return [fails]

    with pytest.raises(AuthError):
        await run_jobs([parent], workers=2)


async def test_cancellation_reaches_the_jobs() -> None:
    cancelled = 0

    async def hangs() -> Iterable[Job]:
        nonlocal cancelled
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled += 1
            raise
        return ()

    running = asyncio.create_task(run_jobs([hangs] * 9, workers=3))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert cancelled == 3


async def test_once_stopped_a_job_that_ends_well_brings_in_no_others() -> None:
    begun = 0
    ending = asyncio.Event()

    async def ends_all_the_same() -> Iterable[Job]:
        nonlocal begun
        begun += 1
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await ending.wait()
        return [ends_all_the_same] * 9

    running = asyncio.create_task(run_jobs([ends_all_the_same] * 9, workers=2))
    await asyncio.sleep(0.001)
    running.cancel()
    await asyncio.sleep(0.001)
    ending.set()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(running, 5)
    assert begun == 2


async def test_where_many_transfers_wait_nothing_else_is_begun() -> None:
    begun, done, widest = 0, 0, 0

    async def file() -> Iterable[Job]:
        nonlocal done
        await asyncio.sleep(0)
        done += 1
        return ()

    async def page() -> Iterable[Job]:
        nonlocal begun, widest
        begun += 5
        widest = max(widest, begun - done)
        return [Transfer(file)] * 5

    async def batch() -> Iterable[Job]:
        return [page] * 250

    await run_jobs([batch] * 10, workers=10)
    assert done == begun == 12_500
    assert widest <= MOST_WAITING + 2 * 5 * 10


@pytest.mark.parametrize("fails", [False, True])
async def test_who_follows_a_job_is_told_when_all_that_it_led_to_is_done(fails: bool) -> None:
    order: list[str] = []

    def named(name: str, *children: Job) -> Job:
        async def job() -> Iterable[Job]:
            order.append(name)
            if fails and name == "ba":
                raise AuthError("no")
            return children

        return job

    job = named("", named("a"), named("b", named("ba"), Transfer(named("bb"))))
    try:
        await run_jobs([followed(job, lambda: order.append("done"))], workers=1)
    except AuthError:
        assert "done" not in order
    else:
        assert (sorted(order[:-1]), order[-1]) == (["", "a", "b", "ba", "bb"], "done")


async def test_what_is_followed_is_a_transfer_still() -> None:
    led: list[Job] = []

    async def transfer() -> Iterable[Job]:
        return ()

    async def parent() -> Iterable[Job]:
        return [Transfer(transfer), transfer]

    led += await followed(parent, lambda: None)()
    assert [isinstance(each, Transfer) for each in led] == [True, False]
