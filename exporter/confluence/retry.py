"""How often one request is tried, and how long it waits in between."""

from __future__ import annotations

from tenacity import RetryCallState, wait_random_exponential

from exporter.errors import TransientError

MAX_THROTTLES = 10  # 429s in a row that name no time, for one request


class Throttled(TransientError):
    """The host asked for a pause. The governor holds everybody, so this request adds no wait of its own."""

    def __init__(self, text: str, told: float | None) -> None:
        super().__init__(text)
        self.told = told


class MediaRefused(TransientError):
    """401, 403 or 404 of a signed URL: it may have ended, so another is asked for, once."""


class Patience:
    """How often one request is tried; waits that the server asked for don't count as tries."""

    _backoff = wait_random_exponential(multiplier=0.5, max=30)

    def __init__(self, tries: int, max_wait: float) -> None:
        self._tries, self._max_wait = tries, max_wait
        self._failures = self._throttles = self._refusals = 0
        self._told = 0.0

    def is_over(self, state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, MediaRefused):
            self._refusals += 1
            return self._refusals > 1
        if isinstance(error, Throttled) and error.told is None:
            self._throttles += 1
            return self._throttles >= MAX_THROTTLES
        if isinstance(error, Throttled) and error.told:
            self._told += error.told
            return self._told > self._max_wait
        self._failures += 1
        return self._failures >= self._tries

    def wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        return 0.0 if isinstance(error, Throttled) and error.told != 0 else self._backoff(state)
