from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tenacity import AsyncRetrying, Future, RetryCallState

from exporter.confluence.retry import MediaRefused, Patience, Throttled, retry_after, told_to_wait
from exporter.errors import TransientError

CUT = TransientError("cut")


def _state(error: Exception, attempt: int = 1) -> RetryCallState:
    state = RetryCallState(AsyncRetrying(), None, (), {})
    state.outcome = Future.construct(attempt, error, True)
    state.attempt_number = attempt
    return state


def _tries(patience: Patience, *errors: Exception) -> int:
    """After how many of these errors it is over; 0 if never."""
    for number, error in enumerate(errors, start=1):
        if patience.is_over(_state(error)):
            return number
    return 0


@pytest.mark.parametrize("tries", [1, 2, 5])
def test_a_request_has_so_many_tries(tries: int) -> None:
    assert _tries(Patience(tries, 3600), *[CUT] * 10) == tries


def test_waits_that_were_asked_for_are_no_tries() -> None:
    told = Throttled("429", 60)
    assert _tries(Patience(5, 3600), CUT, told, CUT, told, CUT, told, CUT, told, CUT) == 9


def test_a_wait_of_nothing_is_a_try() -> None:
    assert _tries(Patience(5, 3600), *[Throttled("429", 0)] * 20) == 5


def test_waits_that_were_asked_for_end_at_the_longest() -> None:
    assert _tries(Patience(5, 3600), *[Throttled("429", 1000)] * 10) == 4


def test_a_refusal_that_names_no_time_is_a_try() -> None:
    assert _tries(Patience(5, 3600), *[Throttled("429", None)] * 20) == 5


def test_who_is_refused_while_others_are_granted_has_more_tries() -> None:
    """So that none is lost to chance where every third is refused."""
    passed_over = Throttled("429", None)
    passed_over.is_one_too_many = True
    assert _tries(Patience(5, 3600), *[passed_over] * 30) == 15


def test_a_signed_url_that_waited_long_is_replaced_more_than_once_but_not_for_ever() -> None:
    refused, late = MediaRefused("403", lost=False), MediaRefused("403", lost=False)
    late.is_late = True
    assert _tries(Patience(5, 3600), late, refused, late, late, refused) == 5
    assert _tries(Patience(5, 3600), *[late] * 20) == 5


def test_a_signed_url_that_is_refused_is_replaced_once() -> None:
    assert (
        _tries(Patience(5, 3600), CUT, MediaRefused("404", lost=True), CUT, MediaRefused("404", lost=True))
        == 4
    )


@pytest.mark.parametrize(("attempt", "longest"), [(1, 0.5), (2, 1), (3, 2), (4, 4), (7, 30), (50, 30)])
def test_backoff_is_jittered_and_doubles_up_to_half_a_minute(attempt: int, longest: float) -> None:
    patience = Patience(5, 3600)
    waits = [patience.wait(_state(CUT, attempt)) for _ in range(300)]
    assert 0 <= min(waits) < longest / 4
    assert longest * 0.75 < max(waits) <= longest


def test_what_the_governor_holds_back_waits_no_longer() -> None:
    assert Patience(5, 3600).wait(_state(Throttled("429", 60), 5)) == 0


def test_a_refusal_without_a_time_waits_as_atlassian_advises_and_never_less() -> None:
    for _ in range(30):
        patience = Patience(9, 3600)
        waits = [patience.wait(_state(Throttled("429", None), 1)) for _ in range(5)]
        least = [5.0, 10.0, 20.0, 30.0, 30.0]
        assert all(low <= wait <= 1.3 * low for low, wait in zip(least, waits, strict=True))


def test_a_wait_of_nothing_backs_off_all_the_same() -> None:
    assert max(Patience(5, 3600).wait(_state(Throttled("429", 0), 5)) for _ in range(100)) > 0


def test_one_too_many_waits_a_second_the_first_time_only() -> None:
    error = Throttled("429", None)
    error.is_one_too_many = True
    patience = Patience(9, 3600)
    waits = [patience.wait(_state(error, 1)) for _ in range(3)]
    assert all(low <= wait <= 1.3 * low for low, wait in zip([1.0, 5.0, 10.0], waits, strict=True))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2026-11-25T08:01Z"}, 60),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2026-11-25T08:00:30Z"}, 30),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2026-11-25T08:00:30Z", "Retry-After": "5"}, 5),
        ({"X-RateLimit-Remaining": "1", "X-RateLimit-Reset": "2026-11-25T08:01Z"}, None),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2026-11-25T07:59Z"}, None),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2026-13-45T08:01Z"}, None),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "soon"}, None),
        ({"X-RateLimit-Remaining": "0"}, None),
        ({}, None),
    ],
)
def test_a_reset_is_a_time_where_nothing_is_left_until_then(headers: dict[str, str], seconds: Any) -> None:
    assert told_to_wait(429, headers, now=datetime(2026, 11, 25, 8, tzinfo=UTC)) == seconds
    if "Retry-After" not in headers:
        assert told_to_wait(503, headers, now=datetime(2026, 11, 25, 8, tzinfo=UTC)) is None


NOW = datetime(2026, 11, 25, 8, 0, 0, tzinfo=UTC)


def _http(moment: datetime) -> str:
    return moment.strftime("%a, %d %b %Y %H:%M:%S GMT")


@pytest.mark.fault(37)
@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        ("1", 1),
        (" 120 ", 120),
        ("007", 7),
        ("1" * 20, float("1" * 20)),
        ("9" * 400, float("inf")),
        (_http(NOW + timedelta(seconds=90)), 90),
        (_http(NOW - timedelta(days=1)), 0),
        (_http(NOW), 0),
    ],
)
def test_a_wait_is_told_in_seconds_or_as_a_date(value: str, seconds: float) -> None:
    assert retry_after(value, server_date=None, now=NOW) == seconds


@pytest.mark.fault(37)
@pytest.mark.parametrize(
    "value",
    [None, "", " ", "-5", "+5", "1.5", "1e9", "nan", "inf", "Infinity", "0x10", "1_000", "٣", "３", "²", "5s",
     "soon", "Wed, 25 Nov 2026", "2026-11-25T08:01:00Z", "Wednesday, 25-Nov-26 08:01:00 GMT",
     "Wed, 25 Nov 2026 08:01:00 +0000", "Wed, 99 Nov 2026 08:01:00 GMT", "Wed, 25 Xyz 2026 08:01:00 GMT",
     "Wed, 25 Nov 2026 25:61:61 GMT", "5, 6"],
)  # fmt: skip
def test_anything_else_says_nothing(value: str | None) -> None:
    assert retry_after(value, server_date=None, now=NOW) is None


@pytest.mark.fault(37)
@pytest.mark.parametrize("drift", [timedelta(hours=-3), timedelta(0), timedelta(days=400)])
def test_a_date_is_counted_from_the_clock_of_the_server(drift: timedelta) -> None:
    server = NOW + drift
    told = retry_after(_http(server + timedelta(seconds=30)), server_date=_http(server), now=NOW)
    assert told == 30


def test_a_date_is_counted_from_our_clock_where_the_server_tells_none() -> None:
    assert retry_after(_http(NOW + timedelta(seconds=30)), server_date="yesterday", now=NOW) == 30
