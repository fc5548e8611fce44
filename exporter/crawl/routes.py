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

DUE, SWEPT, DOUBTED = "sweep_due", "sweep_parts", "sweep_doubted"
"""What a run notes for the next one."""
TURN, ASKED, CAME, SAMPLED, SINGLY = OWN = (
    "sweep_turn", "sweep_asked", "sweep_came", "sweep_sample", "sweep_singly"
)  # fmt: skip
"""And for the next that asks for the same: one that asks for less says nothing of the rest."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """Whose turn it is to be asked for by itself: one in `of`, and those that are `due`. One in `sample`, a
    multiple of that which stays for as many turns `since` one, is also asked for what two sources agree on.

    In this turn runs that were cut `came` to some, and `asked` by itself for some of these; again only if it
    `is_full`. `first`: no run has been through all of it, so of what a listing of the site may not show,
    nothing is known yet. `is_small`: it is everybody's turn. `singly`: a run was cut before it came to
    anybody, so reading such listings may take longer than a run. `doubted` are those that left something out.
    """

    of: int
    asked_for: str = ""
    sample: int = 1
    since: int = 0
    turn: int = 0
    came: frozenset[str] = frozenset()
    asked: frozenset[str] = frozenset()
    is_full: bool = False
    first: bool = False
    is_small: bool = False
    singly: bool = False
    due: frozenset[str] = frozenset()
    doubted: frozenset[str] = frozenset()

    def takes(self, item_id: str) -> bool:
        return item_id in self.due or (self._is_one_in(self.of, item_id) and self._is_left(item_id))

    def checks(self, item_id: str) -> bool:
        """Whether all that hangs on it is to be asked for by itself."""
        return self.is_small or self.takes(item_id)

    def owes(self, item_id: str) -> bool:
        """Whether the turn lasts until a run has come to it."""
        return self.first or self.checks(item_id)

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
    asked_for = " ".join([*sorted(parts), *["adf"] * wanted.adf])
    own = {name: noted.get(f"{name} {asked_for}", "") for name in OWN}
    turn = int(own[TURN] or 0)
    of = max(wanted.within, containers // SAMPLE) if before is None else wanted.within
    if wanted.full:
        of = 1
    sample, since = _sample(own[SAMPLED], of=of, turn=turn, containers=containers)
    asked = _ids(own[ASKED])
    return Sweep(
        of=of,
        asked_for=asked_for,
        sample=sample,
        since=since,
        turn=turn,
        came=asked | _ids(own[CAME]),
        asked=asked,
        is_full=wanted.full,
        first=first,
        is_small=containers <= SMALL,
        singly=bool(own[SINGLY]),
        due=_ids(noted.get(DUE, "")),
        doubted=_ids(noted.get(DOUBTED, "")),
    )


def _ids(noted: str) -> frozenset[str]:
    return frozenset(noted.split())


def _noted(ids: Iterable[str]) -> str:
    return " ".join(sorted(ids))


def _sample(noted: str, *, of: int, turn: int, containers: int) -> tuple[int, int]:
    """One in how many, and since which turn: another number while the space grows would pass some over."""
    sample, _, since = (noted or "0 0").partition(" ")
    if 0 <= turn - int(since) < int(sample) and int(sample) % of == 0:
        return int(sample), int(since)
    return of if of == 1 else of * max(1, containers // SAMPLE // of), turn


def so_far(
    sweep: Sweep,
    wanted: Wanted,
    parts: Iterable[Part],
    *,
    due: Set[str],
    failed: Set[str],
    came: Set[str],
    everybody: Iterable[str],
    doubted: Set[str],
) -> dict[str, str]:
    """For the next run, after one that was cut: of those it `came` to some `failed`. Where that was all that
    is owed to `everybody`, the next turn begins all the same. What changed, and it didn't come to, counts as
    if none had."""
    changed = due - sweep.due
    asked = (sweep.asked - changed) | {*filter(sweep.checks, came)}
    still_due = due - came | failed
    got_nowhere = not came and not sweep.is_everything
    came = (sweep.came - changed) | came
    left = {*filter(sweep.owes, everybody)} - (came if sweep.first else asked)
    if not left and not wanted.is_selection:
        return {DUE: _noted(still_due), **_next_turn(sweep, wanted, parts, doubted)}
    return {
        DUE: _noted(still_due),
        DOUBTED: _noted(sweep.doubted | doubted),
        **_own(
            sweep,
            {
                ASKED: _noted(asked),
                CAME: _noted(came - asked),
                SAMPLED: f"{sweep.sample} {sweep.since}",
                SINGLY: "yes" if sweep.singly or got_nowhere else "",
            },
        ),
    }


def notes(
    sweep: Sweep, wanted: Wanted, parts: Iterable[Part], *, due: Set[str], doubted: Set[str]
) -> dict[str, str]:
    """For the next run, after one that came to its end. A narrower one counts for nobody's turn; what
    failed is `due`, and holds up nobody else's."""
    if wanted.is_selection:
        return {DUE: _noted(sweep.due | due), DOUBTED: _noted(sweep.doubted | doubted)}
    return {DUE: _noted(due), **_next_turn(sweep, wanted, parts, doubted)}


def _next_turn(sweep: Sweep, wanted: Wanted, parts: Iterable[Part], doubted: Set[str]) -> dict[str, str]:
    """A doubt ends when everybody has had one."""
    kept = sweep.doubted if (sweep.turn + 1) % wanted.within else frozenset()
    next_one = {TURN: str(sweep.turn + 1), SAMPLED: f"{sweep.sample} {sweep.since}"}
    return {
        SWEPT: _noted(parts),
        DOUBTED: _noted(kept | doubted),
        **_own(sweep, {**dict.fromkeys(OWN, ""), **next_one}),
    }


def _own(sweep: Sweep, values: Mapping[str, str]) -> dict[str, str]:
    return {f"{name} {sweep.asked_for}": value for name, value in values.items()}


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
