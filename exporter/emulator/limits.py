"""Rate limits as a burst limiter sees them: a token bucket, and a cap on requests in flight."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import monotonic

from exporter.emulator.reply import Reply
from exporter.emulator.switches import Switches

OBSERVED_LIMIT = 350


class Limiter:
    def __init__(self, switches: Switches, *, clock: Callable[[], float] = monotonic) -> None:
        self.switches = switches
        self.in_flight = 0
        self._clock = clock
        self._left = float("inf")
        self._filled_at = clock()

    def refusal(self) -> Reply | None:
        """A 429, if this request (counted in ``in_flight`` already) is one too many."""
        crowded = self.switches.parallel_limit is not None and self.in_flight > self.switches.parallel_limit
        if not crowded and self._draw():
            return None
        headers = {"X-Failure-Category": "FAILURE_CLIENT_RATE_LIMITED"}
        if self.switches.retry_after is not None:
            headers = {"RateLimit-Reason": "confluence-burst-based", "Retry-After": self.switches.retry_after}
        return Reply(429, {"code": 429, "message": "Rate limit exceeded"}, headers=headers)

    def _draw(self) -> bool:
        rate = self.switches.rate_limit
        if rate is None:
            return True
        now = self._clock()
        self._left = min(rate, self._left + (now - self._filled_at) * rate)
        self._filled_at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


def rate_headers() -> dict[str, str]:
    """As every answer carries them; the reset has no seconds."""
    reset = datetime.now(UTC) + timedelta(minutes=1)
    return {
        "X-RateLimit-Limit": str(OBSERVED_LIMIT),
        "X-RateLimit-Remaining": str(OBSERVED_LIMIT - 1),
        "X-RateLimit-Reset": reset.strftime("%Y-%m-%dT%H:%MZ"),
    }
