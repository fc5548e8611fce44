from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from exporter.confluence import scopes
from exporter.confluence.governor import Asked, Governor
from exporter.confluence.scopes import Endpoint
from exporter.errors import Unavailable
from tests.fake_clock import FakeClock

SEARCH, PAGES = scopes.SEARCH, scopes.PAGES


async def enter(governor: Governor, endpoint: Endpoint | None = None) -> Asked:
    while True:
        await governor.ready(endpoint)
        if asked := governor.enter(endpoint):
            return asked


def _governor(
    clock: FakeClock, *, most: int = 8, max_wait: float = 3600, give_up_after: float = 300
) -> Governor:
    return Governor("host:443", clock=clock, most=most, max_wait=max_wait, give_up_after=give_up_after)


async def _ask(governor: Governor, told: float | None = None, endpoint: Endpoint | None = None) -> float:
    """One request that is refused; returns when it was asked."""
    with (asked := await enter(governor, endpoint)):
        governor.refused(asked, told)
    return asked.at


async def _granted(governor: Governor, endpoint: Endpoint | None = None) -> float:
    with (asked := await enter(governor, endpoint)):
        governor.granted(asked, {})
        governor.succeeded()
    return asked.at


async def _asking(governor: Governor, number: int) -> list[Asked]:
    return [await asyncio.wait_for(enter(governor), 1) for _ in range(number)]


async def _grown(governor: Governor) -> Governor:
    """So many at once were granted."""
    for number in (1, 5, 9):
        for asked in await _asking(governor, number):
            with asked:
                governor.granted(asked, {})
    return governor


async def test_nobody_waits_for_nothing(clock: FakeClock) -> None:
    assert await _granted(_governor(clock)) == clock.time
    assert clock.slept == []


@pytest.mark.fault(38)
async def test_all_workers_wait_until_the_time_that_was_told(clock: FakeClock) -> None:
    governor = _governor(clock)
    opens = await _ask(governor, 60) + 60
    moments = await asyncio.gather(*(_granted(governor) for _ in range(8)))
    assert min(moments) >= opens


async def test_a_worker_that_waits_already_waits_on_when_the_time_is_put_off(clock: FakeClock) -> None:
    governor = await _grown(_governor(clock, most=32))
    first, second = await _asking(governor, 2)
    governor.refused(first, 10)
    waiting = asyncio.create_task(_granted(governor))
    await asyncio.sleep(0)
    governor.refused(second, 60)
    assert await waiting >= 1060


async def test_a_shorter_wait_does_not_cut_a_longer_one(clock: FakeClock) -> None:
    governor = await _grown(_governor(clock, most=32))
    first, second = await _asking(governor, 2)
    governor.refused(first, 60)
    governor.refused(second, 5)
    assert await _granted(governor) >= 1060


async def test_a_pause_without_a_time_is_long_where_nothing_was_granted_since_the_last(
    clock: FakeClock,
) -> None:
    governor = _governor(clock, give_up_after=1000)
    moments = [await _ask(governor) for _ in range(7)]
    gaps = [later - earlier for earlier, later in pairwise(moments)]
    assert gaps == [1, 5, 10, 20, 30, 30]


@pytest.mark.fault(38)
async def test_the_refusals_of_one_round_count_once(clock: FakeClock) -> None:
    governor = await _grown(_governor(clock, most=32))
    under_way = await _asking(governor, 4)
    clock.time += 1
    for asked in under_way:
        with asked:
            governor.refused(asked, None)
    assert await _granted(governor) == 1002
    assert governor.throttled == 4


async def test_a_success_makes_the_next_pause_a_short_one(clock: FakeClock) -> None:
    governor = _governor(clock)
    for _ in range(3):
        await _ask(governor)
    await _granted(governor)
    refused_at = await _ask(governor)
    assert await _granted(governor) == refused_at + 1


@pytest.mark.parametrize("seconds", [3600.5, 1e9, float("inf")])
async def test_a_wait_longer_than_the_longest_ends_the_run(clock: FakeClock, seconds: float) -> None:
    with pytest.raises(Unavailable, match=r"host:443 asks to wait .* --max-wait 3600"):
        await _ask(_governor(clock), seconds)


async def test_the_longest_wait_is_still_waited(clock: FakeClock) -> None:
    await _ask(_governor(clock), 3600)


async def test_waits_add_up_while_nothing_is_granted(clock: FakeClock) -> None:
    governor = _governor(clock)
    for _ in range(3):
        await _ask(governor, 1200)
    with pytest.raises(Unavailable):
        await _ask(governor, 1200)


async def test_waits_do_not_add_up_over_successes(clock: FakeClock) -> None:
    governor = _governor(clock)
    for _ in range(10):
        await _ask(governor, 1200)
        await _granted(governor)


async def test_one_wait_told_to_many_workers_counts_once(clock: FakeClock) -> None:
    governor = await _grown(_governor(clock, most=32))
    for asked in await _asking(governor, 4):
        governor.refused(asked, 1000)


async def test_it_gives_up_when_nothing_succeeded_for_too_long(clock: FakeClock) -> None:
    governor = _governor(clock)
    (asked,) = await _asking(governor, 1)
    governor.failed(asked)
    clock.time += 299
    governor.failed(asked)
    clock.time += 1
    with pytest.raises(Unavailable, match="for 300 s"):
        governor.failed(asked)


async def test_a_success_starts_the_patience_again(clock: FakeClock) -> None:
    governor = await _grown(_governor(clock, most=32))
    (asked,) = await _asking(governor, 1)
    governor.failed(asked)
    clock.time += 299
    await _granted(governor)
    clock.time += 100
    (asked,) = await _asking(governor, 1)
    governor.failed(asked)


async def test_waiting_as_told_is_no_failure(clock: FakeClock) -> None:
    governor = await _grown(_governor(clock, most=32))
    (asked,) = await _asking(governor, 1)
    governor.failed(asked)
    await _ask(governor, 1000)
    (asked,) = await _asking(governor, 1)
    governor.failed(asked)


async def test_throttling_without_a_time_counts_as_failing(clock: FakeClock) -> None:
    governor = _governor(clock)
    await _ask(governor)
    clock.time += 300
    with pytest.raises(Unavailable):
        await _ask(governor)


async def test_a_long_transfer_that_breaks_does_not_hide_what_succeeded_meanwhile(clock: FakeClock) -> None:
    governor = await _grown(_governor(clock, most=32))
    (began,) = await _asking(governor, 1)
    clock.time += 299
    await _granted(governor)  # another worker's
    clock.time += 2
    governor.failed(began)


async def test_more_at_once_are_tried_only_as_those_before_are_granted(clock: FakeClock) -> None:
    governor = _governor(clock, most=6)
    under_way = await _asking(governor, 1)
    second = asyncio.create_task(enter(governor))
    await asyncio.sleep(0)
    assert not second.done()
    governor.granted(under_way[0], {})
    under_way += [await second, *await _asking(governor, 3)]
    assert len(under_way) == 5
    for asked in under_way:
        governor.granted(asked, {})
    await _asking(governor, 1)
    seventh = asyncio.create_task(enter(governor))
    await asyncio.sleep(0.01)
    assert not seventh.done(), "more than `most`"
    seventh.cancel()


@pytest.mark.parametrize(
    "headers",
    [
        {"X-RateLimit-NearLimit": "true"},
        {"X-RateLimit-Limit": "350", "X-RateLimit-Remaining": "69"},
    ],
)
async def test_near_the_limit_no_more_are_tried_at_once(clock: FakeClock, headers: dict[str, str]) -> None:
    governor = _governor(clock)
    (asked,) = await _asking(governor, 1)
    governor.granted(asked, headers)
    second = asyncio.create_task(enter(governor))
    await asyncio.sleep(0.01)
    assert not second.done()
    second.cancel()


@pytest.mark.parametrize(
    "headers",
    [
        {"X-RateLimit-Limit": "350", "X-RateLimit-Remaining": "70"},
        {"X-RateLimit-Limit": "9" * 5000, "X-RateLimit-Remaining": "0"},
        {"X-RateLimit-Limit": "٣", "X-RateLimit-Remaining": "-1"},
        {"X-RateLimit-Remaining": "0"},
    ],
)
async def test_headers_that_say_nothing_of_the_sort_stop_nobody(
    clock: FakeClock, headers: dict[str, str]
) -> None:
    governor = _governor(clock)
    (asked,) = await _asking(governor, 1)
    governor.granted(asked, headers)
    await _asking(governor, 4)


async def test_slower_answers_speak_against_more_at_once(clock: FakeClock) -> None:
    governor = _governor(clock)
    for _ in range(8):
        (asked,) = await _asking(governor, 1)
        clock.time += 0.1
        with asked:
            governor.granted(asked, {"X-RateLimit-NearLimit": "true"})  # so that nothing grows yet
    (asked,) = await _asking(governor, 1)
    clock.time += 0.5
    governor.granted(asked, {})
    second = asyncio.create_task(enter(governor))
    await asyncio.sleep(0.01)
    assert not second.done()
    second.cancel()


async def _together(governor: Governor, refused: Endpoint, others: Endpoint) -> None:
    """Four requests under way at once, of which one is refused."""
    under_way = [
        await asyncio.wait_for(enter(governor, each), 1) for each in (others, others, others, refused)
    ]
    for asked in under_way:
        with asked:
            if asked.endpoint is refused:
                governor.refused(asked, 10)
            else:
                governor.granted(asked, {})
                governor.succeeded()


async def test_an_endpoint_that_alone_is_refused_is_paced_alone(clock: FakeClock) -> None:
    governor = await _grown(_governor(clock, most=32))
    for _ in range(6):
        await _together(governor, SEARCH, PAGES)
    now = clock.time
    assert await _granted(governor, PAGES) < now + 10, "pages wait for the search"
    assert await _granted(governor, SEARCH) >= now + 10


async def test_refusals_that_fall_on_all_alike_hold_all(clock: FakeClock) -> None:
    governor = await _grown(_governor(clock, most=32))
    for number in range(6):
        await _together(governor, *((SEARCH, PAGES), (PAGES, SEARCH))[number % 2])
    now = clock.time
    assert await _granted(governor, SEARCH) >= now + 10
    assert clock.time >= now + 10


async def test_where_nothing_else_is_asked_refusals_prove_nothing_of_the_endpoint(clock: FakeClock) -> None:
    governor = _governor(clock, give_up_after=10_000)
    for _ in range(40):
        await _ask(governor, 10, SEARCH)
        await _granted(governor, SEARCH)
    refused_at = await _ask(governor, 10, SEARCH)
    assert await _granted(governor, PAGES) >= refused_at + 10


async def test_who_is_cancelled_while_waiting_blocks_nobody(clock: FakeClock) -> None:
    governor = _governor(clock, most=1)
    (under_way,) = await _asking(governor, 1)
    waiting = [asyncio.create_task(_granted(governor)) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    waiting[1].cancel()
    governor.leave(under_way)
    assert await asyncio.wait_for(waiting[2], 1) == clock.time
