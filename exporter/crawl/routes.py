"""Which way each thing is found out, by what it costs and what can be trusted. Pure: no I/O.

What hangs on pages can be asked for page by page, which is sure and costs most; read from listings of the
whole site, 250 things a request, which cost little where the space is a good part of the site; or, of
labels and restrictions, seen in a search. The cheap ways only ever add: what they lack, and what differs
in a search, is asked for by itself, and a part of the pages is, whatever they show, another part each run.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from zlib import crc32

from exporter.crawl.wanted import Wanted
from exporter.model import Held, Part, Version

SMALL = 50  # pages and the like: of no more, everything is asked for page by page
SAMPLE = 20  # pages of which a run lists everything, to see whether the listings of the site are whole
LISTED = 250  # things a request of a listing of the whole site

TURN, DUE = "sweep_turn", "sweep_due"
ASKED, ASKED_FOR = "sweep_asked", "sweep_asked_parts"
SWEPT, SAMPLED, DOUBTED = "sweep_parts", "sweep_sample", "sweep_doubted"
"""What a run notes for the next one."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """Whose turn it is to be asked for by itself: one in `of`, and those that are `due`. One in `sample`, a
    multiple of that which stays for as many turns `since` one, is also asked for what two sources agree on.

    `asked` are those that runs which were cut have come to in this turn, and asked for all that this one asks
    for; again only if it `is_full`. `first`: no run has been through all of it, so of what a listing of the
    site may not show, nothing is known yet. `is_small`: it is everybody's turn. `doubted` are the listings
    that left something out.
    """

    of: int
    sample: int = 1
    since: int = 0
    turn: int = 0
    asked: frozenset[str] = frozenset()
    is_full: bool = False
    first: bool = False
    is_small: bool = False
    due: frozenset[str] = frozenset()
    doubted: frozenset[str] = frozenset()

    def has_turn(self, item_id: str) -> bool:
        """Whether the turn isn't over without it."""
        return self.is_small or self.first or self._is_one_in(self.of, item_id)

    def takes(self, item_id: str) -> bool:
        return item_id in self.due or (self._is_one_in(self.of, item_id) and self._is_left(item_id))

    def checks(self, item_id: str) -> bool:
        """Whether all that hangs on it is to be asked for by itself."""
        return self.is_small or self.takes(item_id)

    def samples(self, item_id: str) -> bool:
        """Whether nothing at all is to be believed of what listings of the site show of it."""
        if self.is_small or item_id in self.due:
            return True
        return self._is_one_in(max(self.of, self.sample), item_id) and self._is_left(item_id)

    def _is_one_in(self, of: int, item_id: str) -> bool:
        return crc32(item_id.encode()) % of == self.turn % of

    def _is_left(self, item_id: str) -> bool:
        return self.is_full or item_id not in self.asked

    @property
    def is_everything(self) -> bool:
        return self.is_small or (self.of == 1 and (self.is_full or not self.asked))


def make_sweep(wanted: Wanted, containers: int, parts: Collection[Part], noted: Mapping[str, str]) -> Sweep:
    """By what the last runs noted; `parts` are those of this run that hang on pages."""
    before = noted.get(SWEPT)
    first = before is None or not {*parts} <= {*before.split()}
    turn = int(noted.get(TURN) or 0)
    goes_on = {*parts} <= {*noted.get(ASKED_FOR, "").split()}
    of = max(wanted.within, containers // SAMPLE) if before is None else wanted.within
    if wanted.full:
        of = 1
    sample, since = _sample(noted, of=of, turn=turn, containers=containers)
    return Sweep(
        of=of,
        sample=sample,
        since=since,
        turn=turn,
        asked=frozenset(noted.get(ASKED, "").split() if goes_on else ()),
        is_full=wanted.full,
        first=first,
        is_small=containers <= SMALL,
        due=frozenset((noted.get(DUE) or "").split()),
        doubted=frozenset((noted.get(DOUBTED) or "").split()),
    )


def _sample(noted: Mapping[str, str], *, of: int, turn: int, containers: int) -> tuple[int, int]:
    """One in how many, and since which turn: another number while the space grows would pass some over."""
    sample, _, since = noted.get(SAMPLED, "0 0").partition(" ")
    if 0 <= turn - int(since) < int(sample) and int(sample) % of == 0:
        return int(sample), int(since)
    return of if of == 1 else of * max(1, containers // SAMPLE // of), turn


def so_far(
    sweep: Sweep,
    wanted: Wanted,
    parts: Iterable[Part],
    *,
    due: Iterable[str],
    failed: Iterable[str],
    asked: Set[str],
    everybody: Iterable[str],
    doubted: Iterable[str],
) -> dict[str, str]:
    """For the next run, after one that was cut: `asked` is what it has come to, of which some `failed`. Where
    nobody of `everybody` is left whose turn it is, the next turn begins all the same."""
    still_due = {*due} - asked | {*failed}
    asked = sweep.asked | asked
    left = {*filter(sweep.has_turn, everybody)} - asked - still_due
    if left or wanted.is_selection:
        turn = {
            ASKED: " ".join(sorted(asked)),
            ASKED_FOR: " ".join(sorted(parts)),
            DOUBTED: " ".join(sorted({*sweep.doubted, *doubted})),
        }
    else:
        turn = _next_turn(sweep, wanted, parts, doubted)
    return {DUE: " ".join(sorted(still_due)), **turn}


def notes(
    sweep: Sweep,
    wanted: Wanted,
    parts: Iterable[Part],
    *,
    due: Iterable[str],
    doubted: Iterable[str],
) -> dict[str, str]:
    """For the next run, after one that came to its end. A narrower one counts for nobody's turn; what
    failed is `due`, and holds up nobody else's."""
    if wanted.is_selection:
        return {
            DUE: " ".join(sorted({*sweep.due, *due})),
            DOUBTED: " ".join(sorted({*sweep.doubted, *doubted})),
        }
    return {DUE: " ".join(sorted(due)), **_next_turn(sweep, wanted, parts, doubted)}


def _next_turn(sweep: Sweep, wanted: Wanted, parts: Iterable[Part], doubted: Iterable[str]) -> dict[str, str]:
    """A doubt ends when everybody has had one."""
    kept = sweep.doubted if (sweep.turn + 1) % wanted.within else ()
    return {
        TURN: str(sweep.turn + 1),
        ASKED: "",
        SAMPLED: f"{sweep.sample} {sweep.since}",
        SWEPT: " ".join(sorted(parts)),
        DOUBTED: " ".join(sorted({*kept, *doubted})),
    }


def pays(things: int, singly: int) -> bool:
    """Whether to list so many things of the whole site costs at most half of so many requests."""
    return 2 * ceil(things / LISTED) <= singly


def lacks(shown: Iterable[str], held: Mapping[str, Held]) -> bool:
    """Whether something is recorded that isn't shown, or was missing: what became of it only its own
    listing can tell."""
    there = {*shown}
    return any(item_id not in there or have.missing_since is not None for item_id, have in held.items())


def is_older(version: Version, now: datetime) -> bool:
    """Whether it was surely there before a run began; the date may be anything."""
    try:
        return datetime.fromisoformat(version.date) < now
    except (ValueError, TypeError):
        return False
