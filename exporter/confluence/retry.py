"""How often one request is tried, how long it waits in between, and what `Retry-After` says."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from tenacity import RetryCallState, wait_random_exponential

from exporter.errors import TransientError

CHANCES = 3  # times as often one is tried that was refused while others were granted: that is chance
A_SECOND = 1.0  # after which a limit by the second is as at the beginning
FIRST_BACKOFF, LAST_BACKOFF = 5.0, 30.0  # seconds, as Atlassian advises where no time is named; doubled


class Throttled(TransientError):
    """The host asked for a pause. The governor holds everybody for as long as was `told`."""

    def __init__(self, text: str, told: float | None) -> None:
        super().__init__(text)
        self.told = told
        self.is_one_too_many = False  # others were granted meanwhile


class MediaRefused(TransientError):
    """401, 403 or 404 of a signed URL: it may have ended, so another is asked for, once; and a few times
    more where one `is_late`, as its host let nobody ask meanwhile. A 404 says that the file is `lost`."""

    def __init__(self, text: str, *, lost: bool) -> None:
        super().__init__(text)
        self.lost = lost
        self.is_late = False


class WrongFile(TransientError):
    """A whole answer that is not the file: of another length, or a login page."""


class Patience:
    """How often one request is tried; waits that the server asked for don't count as tries."""

    _backoff = wait_random_exponential(multiplier=0.5, max=30)

    def __init__(self, tries: int, max_wait: float) -> None:
        self._tries, self._max_wait = tries, max_wait
        self._failures = self._refusals = self._late = self._passed_over = self._pauses = 0
        self._was_one_too_many = False
        self._told = 0.0

    def is_over(self, state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, MediaRefused):
            self._late += error.is_late
            self._refusals += not error.is_late
            return self._refusals > 1 or self._late >= self._tries
        if isinstance(error, Throttled) and error.told:
            self._told += error.told
            return self._told > self._max_wait
        if isinstance(error, Throttled) and error.is_one_too_many:
            self._passed_over += 1
            return self._passed_over >= CHANCES * self._tries
        self._failures += 1
        return self._failures >= self._tries

    def wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if not isinstance(error, Throttled) or error.told == 0:
            return float(self._backoff(state))
        return 0.0 if error.told else self._own_pause(error)

    def _own_pause(self, error: Throttled) -> float:
        """Of a request that was refused without a time; the others go on as the governor lets them."""
        if error.is_one_too_many and not self._was_one_too_many:
            self._was_one_too_many, pause = True, A_SECOND
        else:
            pause = min(FIRST_BACKOFF * 2.0**self._pauses, LAST_BACKOFF)
            self._pauses += 1
        return pause * random.uniform(1, 1.3)  # noqa: S311 — no secret: so that not all come back at once


def told_to_wait(status: int, headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Seconds to wait by the headers of an answer; None when they name no time.

    `X-RateLimit-Reset` counts where a 429 says that nothing is left until then; every answer carries one.
    """
    date = headers.get("Date")
    told = retry_after(headers.get("Retry-After"), server_date=date, now=now)
    if told is None and status == 429 and headers.get("X-RateLimit-Remaining") == "0":
        reset = _iso_date(headers.get("X-RateLimit-Reset", ""))
        left = (reset - (_http_date(date or "") or now)).total_seconds() if reset else 0.0
        return left if left > 0 else None
    return told


def retry_after(value: str | None, *, server_date: str | None, now: datetime) -> float | None:
    """Seconds to wait by a `Retry-After` header; None when it is absent or says nothing usable.

    ASCII digits or an IMF-fixdate only: `float()` would take "nan" and "1e9", `isdigit` an Arabic three.
    A date is counted from the server's own clock where it sent one.
    """
    text = (value or "").strip()
    if re.fullmatch(r"[0-9]+", text):
        return float(text)
    told = _http_date(text)
    if told is None:
        return None
    return max(0.0, (told - (_http_date(server_date or "") or now)).total_seconds())


def _http_date(text: str) -> datetime | None:
    if not re.fullmatch(
        r"[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT", text
    ):
        return None
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _iso_date(text: str) -> datetime | None:
    """As of 2026 often without seconds."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?Z", text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
