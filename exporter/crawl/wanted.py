"""What a crawl is asked for, and which parts of it are open to the token."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from exporter.crawl.report import Report
from exporter.errors import ScopeMissing
from exporter.model import ContentId, ContentInfo, Kind, Part


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of a space is wanted: by default everything but former versions and ADF.

    `full` asks for everything by itself, and compares every body with what is held; otherwise that is
    spread over `within` runs, beside what shows that it changed, and bodies that refer to something that
    was renamed.
    """

    skip: frozenset[Part] = frozenset()
    page: ContentId | None = None
    with_descendants: bool = False
    labels: frozenset[str] = frozenset()
    exclude_labels: frozenset[str] = frozenset()
    custom_content_types: tuple[str, ...] = ()
    history: int = 0  # former versions of each page and attachment
    adf: bool = False
    full: bool = False
    within: int = 7  # runs

    @property
    def is_selection(self) -> bool:
        """Whether some contents of the space are left out."""
        return self.page is not None or bool(self.labels or self.exclude_labels)


@dataclass(frozen=True, slots=True)
class Policy:
    """How deletions are followed. `still_true` asks again, right before anything is moved, whether this is
    the same account, which sees the same space and this page in it; without it nothing is retired.
    """

    now: datetime
    still_true: Callable[[ContentInfo], Awaitable[bool]] | None
    missing_after: timedelta | None = None
    accept: int = 0


class Parts:
    """The parts that may be asked for: not skipped, and not yet refused to this token."""

    def __init__(self, skip: Iterable[Part], report: Report) -> None:
        self._closed = set(skip)
        self._report = report

    def open(self, part: Part) -> bool:
        return part not in self._closed

    def deny(self, parts: Iterable[Part], exc: ScopeMissing) -> None:
        """A scope is missing: costs the part, and is said once."""
        lost = set(parts)
        if (
            not lost <= self._closed
        ):  # several jobs may find out at the same time, each at an endpoint of its own
            self._report.deny(exc)
        self._closed |= lost


PART_OF = {
    Kind.BLOGPOST: Part.BLOGPOSTS,
    Kind.FOLDER: Part.FOLDERS,
    Kind.WHITEBOARD: Part.WHITEBOARDS,
    Kind.DATABASE: Part.DATABASES,
    Kind.EMBED: Part.EMBEDS,
    Kind.CUSTOM_CONTENT: Part.CUSTOM_CONTENT,
    Kind.TASK: Part.TASKS,
}
"""The part that a kind of content is; pages can't be left out."""
