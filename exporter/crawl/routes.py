"""Which way each thing is found out, by what it costs and what can be trusted. Pure: no I/O.

What hangs on pages can be asked for page by page, which is sure and costs most; read from listings of the
whole site, 250 things a request, which cost little where the space is a good part of the site; or, of
labels and restrictions, seen in a search. The cheap ways only ever add: what they lack, and what differs
in a search, is asked for by itself, and a part of the pages is, whatever they show, another part each run.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from zlib import crc32

from exporter.crawl.wanted import Wanted
from exporter.model import Held, Part, Version

SMALL = 50  # pages and the like: of no more, everything is asked for page by page
SAMPLE = 20  # pages of which a run lists everything, to see whether the listings of the site are whole
LISTED = 250  # things a request of a listing of the whole site

TURN, SWEPT, DUE, DOUBTED = "sweep_turn", "sweep_parts", "sweep_due", "sweep_doubted"
HISTORY = "sweep_history"
"""What a run notes for the next one."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """Whose turn it is to be asked for by itself: one in `of`, and those that are `due`. One in `sample`,
    a multiple of that, is also asked for what two sources agree on.

    `first`: no run has been through all of it, so of what a listing of the site may not show, nothing
    is known yet. `is_small`: it is everybody's turn. `doubted` are the listings that left something out.
    """

    of: int
    sample: int = 1
    turn: int = 0
    first: bool = False
    is_small: bool = False
    due: frozenset[str] = frozenset()
    doubted: frozenset[str] = frozenset()

    def takes(self, item_id: str) -> bool:
        return item_id in self.due or crc32(item_id.encode()) % self.of == self.turn % self.of

    def checks(self, item_id: str) -> bool:
        """Whether all that hangs on it is to be asked for by itself."""
        return self.is_small or self.takes(item_id)

    def samples(self, item_id: str) -> bool:
        """Whether what listings of the site show of it is to be compared with its own ones."""
        of = max(self.of, self.sample)
        return item_id in self.due or crc32(item_id.encode()) % of == self.turn % of

    @property
    def is_everything(self) -> bool:
        return self.is_small or self.of == 1


def make_sweep(wanted: Wanted, containers: int, parts: Collection[Part], noted: Mapping[str, str]) -> Sweep:
    """By what the last runs noted; `parts` are those of this run that hang on pages."""
    before = noted.get(SWEPT)
    first = before is None or not {*parts} <= {*before.split()}
    turn = int(noted.get(TURN) or 0)
    of = max(wanted.within, containers // SAMPLE) if before is None else wanted.within
    deeper = before is not None and wanted.history > int(noted.get(HISTORY) or 0)
    if wanted.full or deeper:
        of = 1
    return Sweep(
        of=of,
        sample=1 if of == 1 else of * max(1, containers // SAMPLE // of),
        turn=turn,
        first=first,
        is_small=containers <= SMALL,
        due=frozenset((noted.get(DUE) or "").split()),
        doubted=frozenset((noted.get(DOUBTED) or "").split()),
    )


def notes(
    sweep: Sweep,
    wanted: Wanted,
    parts: Iterable[Part],
    *,
    due: Iterable[str],
    doubted: Iterable[str],
    is_through: bool,
) -> dict[str, str]:
    """For the next run, after one that came to its end. One that was not `is_through`, as it was a narrower
    one or a listing broke off, counts for nobody's turn. A doubt ends when everybody has had one."""
    if not is_through:
        return {
            DUE: " ".join(sorted({*sweep.due, *due})),
            DOUBTED: " ".join(sorted({*sweep.doubted, *doubted})),
        }
    kept = sweep.doubted if (sweep.turn + 1) % wanted.within else ()
    return {
        DUE: " ".join(sorted(due)),
        DOUBTED: " ".join(sorted({*kept, *doubted})),
        TURN: str(sweep.turn + 1),
        SWEPT: " ".join(sorted(parts)),
        HISTORY: str(wanted.history),
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
