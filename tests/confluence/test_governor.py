from __future__ import annotations

import asyncio

import pytest

from exporter.confluence.governor import Governor
from exporter.errors import Unavailable
from tests.fake_clock import FakeClock


def _governor(clock: FakeClock, *, max_wait: float = 3600, give_up_after: float = 300) -> Governor:
    return Governor("host:443", clock=clock, max_wait=max_wait, give_up_after=give_up_after)


async def test_nobody_waits_for_nothing(clock: FakeClock) -> None:
    assert await _governor(clock).ready() == clock.time
    assert clock.slept == []


@pytest.mark.fault(38)
async def test_all_workers_wait_until_the_time_that_was_told(clock: FakeClock) -> None:
    governor = _governor(clock)
    governor.told_to_wait(60)
    opens = clock.time + 60
    moments = await asyncio.gather(*(governor.ready() for _ in range(8)))
    assert min(moments) >= opens


async def test_a_worker_that_waits_already_waits_on_when_the_time_is_put_off(clock: FakeClock) -> None:
    governor = _governor(clock)
    governor.told_to_wait(10)
    waiting = asyncio.create_task(governor.ready())
    await asyncio.sleep(0)
    governor.told_to_wait(60)
    assert await waiting >= 1060


async def test_a_shorter_wait_does_not_cut_a_longer_one(clock: FakeClock) -> None:
    governor = _governor(clock)
    governor.told_to_wait(60)
    governor.told_to_wait(5)
    assert await governor.ready() >= 1060


async def test_a_pause_without_a_time_grows_with_each_round(clock: FakeClock) -> None:
    governor = _governor(clock)
    pauses = []
    for _ in range(5):
        asked_at = await governor.ready()
        governor.throttle(asked_at)
        began = clock.time
        await governor.ready()
        pauses.append(clock.time - began)
    assert pauses == [5, 10, 20, 30, 30]


@pytest.mark.fault(38)
async def test_the_refusals_of_one_round_count_once(clock: FakeClock) -> None:
    governor = _governor(clock)
    asked = [await governor.ready() for _ in range(8)]
    clock.time += 1
    for asked_at in asked:
        governor.throttle(asked_at)
    assert await governor.ready() == 1006
    assert governor.throttled == 8


async def test_a_success_makes_the_next_pause_a_short_one(clock: FakeClock) -> None:
    governor = _governor(clock)
    for _ in range(3):
        governor.throttle(await governor.ready())
    await governor.ready()
    governor.succeeded()
    governor.throttle(clock.time)
    began = clock.time
    await governor.ready()
    assert clock.time - began == 5


@pytest.mark.parametrize("seconds", [3600.5, 1e9, float("inf")])
def test_a_wait_longer_than_the_longest_ends_the_run(clock: FakeClock, seconds: float) -> None:
    with pytest.raises(Unavailable, match=r"host:443 asks to wait .* --max-wait 3600"):
        _governor(clock).told_to_wait(seconds)


def test_the_longest_wait_is_still_waited(clock: FakeClock) -> None:
    _governor(clock).told_to_wait(3600)


async def test_waits_add_up_while_nothing_is_granted(clock: FakeClock) -> None:
    governor = _governor(clock)
    for _ in range(3):
        governor.told_to_wait(1200)
        await governor.ready()
    with pytest.raises(Unavailable):
        governor.told_to_wait(1200)


async def test_waits_do_not_add_up_over_successes(clock: FakeClock) -> None:
    governor = _governor(clock)
    for _ in range(10):
        governor.told_to_wait(1200)
        await governor.ready()
        governor.succeeded()


def test_one_wait_told_to_many_workers_counts_once(clock: FakeClock) -> None:
    governor = _governor(clock)
    for _ in range(8):
        governor.told_to_wait(1000)


def test_it_gives_up_when_nothing_succeeded_for_too_long(clock: FakeClock) -> None:
    governor = _governor(clock)
    governor.failed(clock.time)
    clock.time += 299
    governor.failed(clock.time)
    clock.time += 1
    with pytest.raises(Unavailable, match="for 300 s"):
        governor.failed(clock.time)


def test_a_success_starts_the_patience_again(clock: FakeClock) -> None:
    governor = _governor(clock)
    governor.failed(clock.time)
    clock.time += 299
    governor.succeeded()
    clock.time += 100
    governor.failed(clock.time)


async def test_waiting_as_told_is_no_failure(clock: FakeClock) -> None:
    governor = _governor(clock)
    governor.failed(clock.time)
    governor.told_to_wait(1000)
    await governor.ready()
    governor.failed(clock.time)


def test_throttling_without_a_time_counts_as_failing(clock: FakeClock) -> None:
    governor = _governor(clock)
    governor.throttle(clock.time)
    clock.time += 300
    with pytest.raises(Unavailable):
        governor.throttle(clock.time)


def test_a_long_transfer_that_breaks_does_not_hide_what_succeeded_meanwhile(clock: FakeClock) -> None:
    governor = _governor(clock)
    began = clock.time
    clock.time += 299
    governor.succeeded()  # another worker's
    clock.time += 2
    governor.failed(began)
