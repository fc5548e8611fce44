"""How many requests at once, and how many a second, one limiter bears: found by asking. No I/O."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

SCOUTS = 4  # at least: so many requests beyond the number at once that is proven
PAUSE = 1.0  # seconds: bursts are counted by the second, so after one a limiter is as at the beginning
FIRST_LONG_PAUSE, LAST_PAUSE = 5.0, 30.0  # where nothing was granted since the last one; doubled each time
FIRST_PROBE, LAST_PROBE = 30.0, 600.0  # seconds until a number at once that was refused is tried again
PATIENCE = 10  # times as long as a pause beyond the first second, before what led to it is tried again
LOOKED_BACK = 60  # seconds in which anything was granted
TICK = 1e-6  # seconds: less is an error of rounding
GROWTH = 4  # a rate may double in so many times the span that it was measured over


@dataclass(slots=True)
class Place:
    """That of one request under way; a scout's is beyond the number that was granted at once before."""

    asked_at: float
    is_scout: bool


class Pace:
    """The pace towards one limiter, which may be a number at once, a bucket filled by the second, or both.

    The number at once is found by scouts: some requests beyond what was granted before, and no more of them
    until these are answered. So one too many costs the scouts, and nobody waits. Where a request is refused
    that is no scout, there were too many a second: the rate is cut to what was granted, and grows again.
    """

    def __init__(self, *, most: int, now: float) -> None:
        self._most = most
        self._proven = 1
        self._under_way = self._scouts = self._unsent = 0
        self._rate, self._measured_over = math.inf, 0.0
        self._open_at = self._next_at = self._resumed_at = self._grows_at = now
        # A second each: since when, and how many.
        self._granted: deque[tuple[float, int]] = deque(maxlen=LOOKED_BACK)
        self._granted_at = -math.inf
        self._pause = PAUSE
        self.forgive()

    def forgive(self) -> None:
        """What was refused was another limiter's doing."""
        self._rate = math.inf
        self._has_wall, self._step = False, 1
        self._probe_at, self._probe_after = -math.inf, FIRST_PROBE

    def is_granting(self, now: float) -> bool:
        """Whether something was granted within the last second."""
        return now <= self._granted_at + PAUSE

    def wait(self, now: float) -> float:
        """Seconds until one more may be asked, as far as time decides."""
        left = max(self._open_at, self._next_at) - now
        return left if left > TICK else 0.0

    def has_room(self) -> bool:
        return self._under_way < (self._most if self._unsent > 0 else self._proven)

    def enter(self, now: float) -> Place:
        place = Place(now, is_scout=self._under_way >= self._proven)
        self._under_way += 1
        if place.is_scout:
            self._unsent -= 1
            self._scouts += 1
        if self._rate < math.inf:
            self._next_at = max(self._next_at, now) + 1 / self._rate_at(now)
        return place

    def leave(self, place: Place) -> None:
        self._under_way -= 1
        self._end_scout(place)

    def granted(self, place: Place, now: float, *, may_grow: bool) -> None:
        """It was answered; `may_grow` where neither latency nor headers speak against more at once."""
        self._granted_at = now
        if place.asked_at >= self._resumed_at:
            self._count(now)
            self._pause = PAUSE
        if place.is_scout:
            self._proven += 1
        self._end_scout(place)
        if may_grow and not self._scouts and not self._unsent and now >= self._probe_at:
            self._send_scouts(now)

    def is_first(self, place: Place) -> bool:
        """Whether it was asked since the last pause; those asked before were refused together."""
        return place.asked_at >= self._resumed_at

    def refused(self, place: Place, now: float) -> float:
        """Shrink; returns the seconds that nobody should ask for if the answer names none.

        None where only a scout was refused, or what was asked before the last pause: that has shrunk already.
        """
        if not self.is_first(place):
            return 0.0
        self._hit_wall(now)
        self._unsent = 0
        if place.is_scout:
            return 0.0
        self._proven -= self._proven // 8 or self._proven > 1
        self._rate, self._measured_over = self._least_rate(now)
        self._grows_at = now
        return self._next_pause()

    def hold(self, until: float, now: float) -> None:
        """Nobody asks before that moment; what led to it isn't tried again for a good while."""
        if until <= self._open_at:
            return
        self._resumed_at = until  # what was asked before was refused together
        if until <= now:
            return
        self._open_at = self._next_at = until
        self._granted.clear()
        beyond = PATIENCE * max(0.0, until - now - PAUSE)
        self._grows_at = until + beyond
        self._probe_at = max(self._probe_at, until + beyond)

    def _count(self, now: float) -> None:
        since, number = self._granted[-1] if self._granted else (-math.inf, 0)
        if now < since + 1:
            self._granted[-1] = (since, number + 1)
        else:
            self._granted.append((now, 1))

    def _least_rate(self, now: float) -> tuple[float, float]:
        """What a second must bear, as so many were granted until now, and the span that shows it.

        In no span are more granted than its seconds bring, and one second's worth that may have lain ready.
        """
        rate, over, total = 1 / PAUSE, 0.0, 0
        for since, number in reversed(self._granted):
            total += number
            if total / (now - since + 1) > rate:
                rate, over = total / (now - since + 1), now - since
        return rate, over

    def _next_pause(self) -> float:
        pause = self._pause
        self._pause = min(max(2 * pause, FIRST_LONG_PAUSE), LAST_PAUSE)
        return pause

    def _rate_at(self, now: float) -> float:
        """The longer a rate was measured, the slower it is doubted."""
        span = GROWTH * max(self._measured_over, PAUSE)
        return self._rate * (1 + max(0.0, now - self._grows_at) / span)

    def _send_scouts(self, now: float) -> None:
        if self._has_wall:
            number = self._step
            self._step *= 2
            self._probe_at = now + self._probe_after
        else:
            number = max(self._proven // 2, SCOUTS)
        self._unsent = min(number, self._most - self._proven)

    def _hit_wall(self, now: float) -> None:
        if self._has_wall and self._step > 1:  # it was tried again
            self._probe_after = min(2 * self._probe_after, LAST_PROBE)
        self._has_wall, self._step = True, 1
        self._probe_at = max(self._probe_at, now + self._probe_after)

    def _end_scout(self, place: Place) -> None:
        self._scouts -= place.is_scout
        place.is_scout = False
