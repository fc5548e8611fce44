"""When a token's coming end is to be said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from exporter.confluence.scopes import TOKEN_PAGE

DAYS = (30, 14, 7, 1)


@dataclass(frozen=True, slots=True)
class Due:
    """`note` is to be kept: the same is not said again."""

    text: str
    note: str


def warning(ends: date, today: date, noted: str | None) -> Due | None:
    """The warning that is due, if any: from each of `DAYS` on once, after the end each time.

    `noted` is the note of the warning before; one about another end counts for nothing.
    """
    left = (ends - today).days
    due = min((days for days in DAYS if left <= days), default=None)
    if due is None:
        return None
    note = f"{ends.isoformat()} {due}"
    if left > 0 and noted == note:
        return None
    return Due(in_words(ends, left), note)


def in_words(ends: date, left: int) -> str:
    when = f"in {left} days" if left > 1 else "tomorrow" if left == 1 else "today" if left == 0 else "already"
    return (
        f"the token ends {when}, on {ends.isoformat()} as token_expires says: make a new one at {TOKEN_PAGE}"
    )
