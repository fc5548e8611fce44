"""What proves that something was deleted in Confluence, and how much of it is too much. Pure: no I/O.

Not being shown proves nothing by itself, and 404 never does: a restricted and a purged page look the
same. So a page, blog post, folder … or attachment is retired when the lookup by its id says that it is in
the trash or in another space. What has no such lookup (a comment, a former version, a task, a purged
attachment) is retired when two complete listings, at least `APART`, lack it, of a container that itself
answered.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol, TypeVar

from exporter.crawl.plan import Missing
from exporter.model import Held, Kind, State


class HasId(Protocol):
    @property
    def id(self) -> str: ...


L = TypeVar("L", bound=HasId)
Reason = Literal["deleted", "moved", "no longer shown", "missing too long"]

APART = timedelta(hours=12)
MANY, SHARE = 10, 10  # more items than this and more than one in so many: somebody should look first
_ONLY_SHOWN = frozenset({Kind.COMMENT, Kind.VERSION, Kind.TASK, Kind.ATTACHMENT})
"""What a listing of its container is the only source for, or the last one."""
_MADE = object()


class CompleteListing:
    """The ids of everything that a listing shows. `to_the_end` makes one, or raises: after an error, a
    circle or a doubt there is none."""

    def __init__(self, ids: Iterable[str], *, made: object = None) -> None:
        if made is not _MADE:
            raise TypeError("a complete listing is what `to_the_end` has seen")
        self._ids = frozenset(ids)

    def __bool__(self) -> bool:
        return bool(self._ids)

    def __contains__(self, item_id: str | None) -> bool:
        return item_id in self._ids

    def lacks(self, held: Mapping[str, Held]) -> dict[str, Held]:
        """What is recorded, but not in the listing."""
        return {item_id: have for item_id, have in held.items() if item_id not in self._ids}


async def to_the_end(rows: AsyncIterator[L], take: Callable[[L], None]) -> CompleteListing:
    """Hand on each row as it comes. Raises what the listing raises; what came before was taken."""
    ids = set()
    async for row in rows:
        take(row)
        ids.add(row.id)
    return CompleteListing(ids, made=_MADE)


def joined(listings: Sequence[CompleteListing]) -> CompleteListing:
    """Of what is listed in several parts, all of which were seen."""
    return CompleteListing((item for each in listings for item in each._ids), made=_MADE)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something recorded that may be retired. Of a comment, the container's kind is known, too."""

    kind: Kind
    id: str
    title: str
    reason: Reason
    container_kind: Kind | None = None
    container: str | None = None


def candidates(
    kind: Kind,
    missing: Mapping[str, Missing],
    *,
    now: datetime,
    missing_after: timedelta | None,
    container_kind: Kind | None = None,
    container: str | None = None,
) -> list[Candidate]:
    """Those of a complete listing's missing items that there is proof enough against."""
    found = []
    for item_id, each in missing.items():
        reason = _reason(kind, each, now, missing_after)
        if reason is not None:
            found.append(Candidate(kind, item_id, each.held.title, reason, container_kind, container))
    return found


def _reason(kind: Kind, missing: Missing, now: datetime, missing_after: timedelta | None) -> Reason | None:
    if missing.state is State.DELETED:
        return "deleted"
    if missing.state is State.MOVED:
        return "moved"
    absent = _absent_for(missing.held, now)
    if absent is None:
        return None
    if kind in _ONLY_SHOWN and absent >= APART:
        return "no longer shown"
    if missing_after is not None and absent >= missing_after:
        return "missing too long"
    return None


def _absent_for(held: Held, now: datetime) -> timedelta | None:
    """Since the first complete listing that lacked it; None if this is the first, or nobody can tell."""
    try:
        return now - datetime.fromisoformat(held.missing_since or "")
    except (ValueError, TypeError):
        return None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to retire, and what of each kind is so much that somebody should look first."""

    retire: Sequence[Candidate]
    withheld: Sequence[Candidate]


def judge(
    found: Sequence[Candidate],
    recorded: Mapping[Kind, int],
    *,
    accept: int,
    weight: int = 0,
    of: int = 0,
    empty: Collection[Kind] = (),
) -> Verdict:
    """Withhold a kind of which more than `MANY` and more than one in `SHARE` of all that is recorded would
    go, or whose listing was `empty`; and everything, where with what it contains it is so much of all:
    `weight` things `of` those recorded. Unless no more than `accept` are withheld in all.
    """
    counts = Counter(each.kind for each in found)
    suspicious = {kind for kind, count in counts.items() if _is_much(count, recorded.get(kind, 0))}
    suspicious |= {*counts} if _is_much(weight, of) else {*empty}
    sides: dict[bool, list[Candidate]] = defaultdict(list)
    for each in found:
        sides[each.kind in suspicious].append(each)
    if len(sides[True]) <= accept:
        return Verdict(found, ())
    return Verdict(sides[False], sides[True])


def _is_much(count: int, of: int) -> bool:
    return count > MANY and count * SHARE > of
