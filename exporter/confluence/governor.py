"""How fast we may ask: one shared pause for all workers, and when to give up on a host."""

from __future__ import annotations

from exporter.clock import Clock
from exporter.errors import Unavailable

FIRST_PAUSE = 5.0  # seconds, after a 429 that names none; doubles up to the last
LAST_PAUSE = 30.0


class Governor:
    """The pace towards one host. All workers share it; nobody asks while it pauses.

    `max_wait` bounds the seconds the host may tell us to wait without granting anything in between,
    `give_up_after` those in which nothing succeeded; beyond either, `Unavailable` ends the run.
    """

    def __init__(self, host: str, *, clock: Clock, max_wait: float, give_up_after: float) -> None:
        self._host = host
        self._clock = clock
        self._max_wait = max_wait
        self._give_up_after = give_up_after
        self._open_at = 0.0
        self._pause = FIRST_PAUSE
        self._pause_began = float("-inf")
        self._told = 0.0
        self._failing_since: float | None = None
        self._succeeded_at = 0.0
        self.throttled = 0

    async def ready(self) -> float:
        """Wait until asking is allowed; returns the moment of asking, for `failed` and `throttle`."""
        while (wait := self._open_at - self._clock.monotonic()) > 0:
            await self._clock.sleep(wait)
        return self._clock.monotonic()

    def succeeded(self) -> None:
        """The host answered properly, be it with a 404."""
        self._failing_since = None
        self._succeeded_at = self._clock.monotonic()
        self._told = 0.0
        self._pause = FIRST_PAUSE

    def failed(self, asked_at: float) -> None:
        """Something transient went wrong. Raises `Unavailable` when it has done so for too long."""
        if self._failing_since is None:
            self._failing_since = max(asked_at, self._succeeded_at)
        failing_for = self._clock.monotonic() - self._failing_since
        if failing_for >= self._give_up_after:
            raise Unavailable(
                f"no request to {self._host} succeeded for {failing_for:.0f} s (--give-up-after "
                f"{self._give_up_after:.0f}); the next run continues where this one stopped"
            )

    def told_to_wait(self, seconds: float) -> None:
        """The host named a time: nobody asks before it. Raises `Unavailable` when it is too far off."""
        until = self._clock.monotonic() + seconds
        longer = max(0.0, until - max(self._open_at, self._clock.monotonic()))
        self._told += longer
        self.throttled += 1
        if seconds > self._max_wait or self._told > self._max_wait:
            raise Unavailable(
                f"{self._host} asks to wait {max(seconds, self._told):.0f} s, longer than --max-wait "
                f"{self._max_wait:.0f}; the next run continues where this one stopped"
            )
        self._open_at = max(self._open_at, until)
        if self._failing_since is not None:  # waiting as told is no failure
            self._failing_since += longer

    def throttle(self, asked_at: float) -> None:
        """A 429 without a time: pause everybody, longer each time; answers from before a pause don't add."""
        self.throttled += 1
        self.failed(asked_at)
        if asked_at < self._pause_began:
            return
        self._pause_began = self._clock.monotonic()
        self._open_at = max(self._open_at, self._pause_began + self._pause)
        self._pause = min(2 * self._pause, LAST_PAUSE)
