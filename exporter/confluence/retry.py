"""How often one request is tried, how long it waits in between, and what `Retry-After` says."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from tenacity import RetryCallState, wait_random_exponential

from exporter.errors import TransientError


class Throttled(TransientError):
    """The host asked for a pause. The governor holds everybody, so this request adds no wait of its own."""

    def __init__(self, text: str, told: float | None) -> None:
        super().__init__(text)
        self.told = told


class MediaRefused(TransientError):
    """401, 403 or 404 of a signed URL: it may have ended, so another is asked for, once."""

    def __init__(self, text: str, *, lost: bool) -> None:
        super().__init__(text)
        self.lost = lost


class WrongFile(TransientError):
    """A whole answer that is not the file: of another length, or a login page."""


class Patience:
    """How often one request is tried; waits that the server asked for don't count as tries."""

    _backoff = wait_random_exponential(multiplier=0.5, max=30)

    def __init__(self, tries: int, max_wait: float) -> None:
        self._tries, self._max_wait = tries, max_wait
        self._failures = self._refusals = 0
        self._told = 0.0

    def is_over(self, state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, MediaRefused):
            self._refusals += 1
            return self._refusals > 1
        if isinstance(error, Throttled) and error.told:
            self._told += error.told
            return self._told > self._max_wait
        self._failures += 1
        return self._failures >= self._tries

    def wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        return 0.0 if isinstance(error, Throttled) and error.told != 0 else self._backoff(state)


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
