"""What listings of the whole site, and a search, show of what hangs on the pages of a space."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Generic, TypeVar

from exporter import canonical
from exporter.crawl.listing import SpaceListing
from exporter.crawl.pool import Job, run_jobs
from exporter.crawl.routes import LISTED, is_older, lacks, pays
from exporter.crawl.shelf import Shelf
from exporter.crawl.work import Work
from exporter.errors import RemoteError
from exporter.model import (
    CONTAINERS,
    AttachmentInfo,
    CommentInfo,
    ContentInfo,
    FoundDetails,
    Held,
    Kind,
    Part,
    Space,
)

log = logging.getLogger(__name__)

L = TypeVar("L", AttachmentInfo, CommentInfo)

PARTS = {Kind.ATTACHMENT: Part.ATTACHMENTS, Kind.COMMENT: Part.COMMENTS}
"""What is listed of the whole site."""
PINNED = (Part.LABELS, Part.RESTRICTIONS)
"""What a search shows of pages and blog posts."""


class _TooMany(Exception):
    """The site has more than is worth listing."""


@dataclass
class Feed(Generic[L]):
    """Rows of a listing of the whole site, by what of this space they are on.

    `agrees`: the search index, too, knows of no more on what is current.
    """

    rows: Shelf[L]
    agrees: bool = False
    current: int = 0

    def put(self, row: L, *, current: bool) -> None:
        self.rows.put(row.container, row)
        self.current += current

    def compare(self, indexed: int | None) -> None:
        """With how many the search index knows of."""
        self.agrees = indexed is not None and indexed <= self.current


@dataclass
class Feeds:
    """The rows are all that is true: that something isn't among them proves nothing."""

    files: Feed[AttachmentInfo] | None = None
    talk: Feed[CommentInfo] | None = None
    pinned: Shelf[FoundDetails] | None = None
    with_replies: set[bool] = field(default_factory=set)
    """Of footer (False) and inline comments (True), those whose listing shows replies, too."""

    def details(self, of: ContentInfo) -> Mapping[Part, Any]:
        """What the search shows of its labels and restrictions, if it shows this version."""
        found = self.pinned.of(of.id) if self.pinned else []
        return next((each.parts for each in found if each.number == of.version.number), {})


def shown_by(
    feed: Feed[L] | None, on: str, held: Mapping[str, Held], *, known: bool, current: bool
) -> list[L] | None:
    """What is on one container, which is `current` or on a page that is; None where its own listing has to
    be asked. `known`: what a listing of the site may leave out was asked for before; else the index has to
    agree."""
    if feed is None or not (known or (feed.agrees and current)):
        return None
    rows = feed.rows.of(on)
    return None if lacks((row.id for row in rows), held) else rows


def left_out_by(feed: Feed[L] | None, listed: Collection[L], on: str, now: datetime) -> list[str]:
    """Those of one container that the listing of the site should have shown, and didn't. Of resolved comments
    nobody documents that it does."""
    if feed is None or not feed.agrees or not listed:
        return []
    there = {row.id for row in feed.rows.of(on)}
    return [
        each.id
        for each in listed
        if each.id not in there and is_older(each.version, now) and not _is_settled(each)
    ]


def _is_settled(each: AttachmentInfo | CommentInfo) -> bool:
    """Resolved, or on text that is gone, or maybe in such a thread: whether a reply says so isn't known."""
    if isinstance(each, AttachmentInfo) or not each.inline:
        return False
    status = (canonical.load(each.metadata) or {}).get("resolutionStatus")
    return each.parent_id is not None or status in ("resolved", "dangling")


@asynccontextmanager
async def open_feeds(work: Work, space: Space, listing: SpaceListing) -> AsyncIterator[Feeds]:
    """Ask for those that pay. What fails is asked for page by page instead, which the report says."""
    feeds = Feeds()
    if work.sweep.is_everything or work.sweep.singly:
        why = "" if work.sweep.is_everything else ": a run was cut while it read listings of the whole site"
        work.report.routes |= dict.fromkeys((*PARTS.values(), *PINNED), f"page by page{why}")
        yield feeds
        return
    with ExitStack() as shelves:
        reader = _Reader(work, space, listing, shelves)

        async def hanging() -> tuple[()]:
            await reader.hanging(feeds)
            return ()

        async def pinned() -> tuple[()]:
            feeds.pinned = await reader.pinned()
            return ()

        await run_jobs([hanging, pinned], workers=2)
        yield feeds


class _Reader:
    def __init__(self, work: Work, space: Space, listing: SpaceListing, shelves: ExitStack) -> None:
        self._work, self._space, self._shelves = work, space, shelves
        self._on: dict[str, bool] = {  # whether it is current
            info.id: info.status == "current" for kind in CONTAINERS for info in listing.contents[kind]
        }
        self._containers = len(self._on)
        self._files = 0
        self._on_site: Mapping[Kind, int] = {}

    async def count(self, space: Space | None) -> Mapping[Kind, int]:
        """By the search index, which may tell what is worth a look, and whether two sources agree."""
        counts: dict[Kind, int] = {}

        def counting(kind: Kind) -> Job:
            async def ask() -> tuple[()]:
                try:
                    counts[kind] = await self._work.source.count(kind, space)
                except RemoteError as exc:
                    log.info("%ss could not be counted: %s", kind, exc)
                return ()

            return ask

        if self._work.parts.open(Part.SEARCH):
            kinds = [kind for kind, part in PARTS.items() if self._work.parts.open(part)]
            await run_jobs(map(counting, kinds), workers=len(PARTS))
        return counts

    async def hanging(self, feeds: Feeds) -> None:
        self._on_site = await self.count(None)
        feeds.files = await self.files()
        feeds.talk = await self.talk(feeds)
        if feeds.files or feeds.talk:
            indexed = await self.count(self._space)
            if feeds.files:
                feeds.files.compare(indexed.get(Kind.ATTACHMENT))
            if feeds.talk:
                feeds.talk.compare(indexed.get(Kind.COMMENT))
        if feeds.talk and feeds.talk.agrees:
            feeds.with_replies |= {False, True}

    async def files(self) -> Feed[AttachmentInfo] | None:
        feed: Feed[AttachmentInfo] = Feed(self._shelf())

        def take(row: AttachmentInfo) -> None:
            if row.container in self._on and row.id not in self._on:
                self._on[row.id] = current = self._on[row.container] and row.status == "current"
                feed.put(row, current=current)

        listings = [self._work.source.site_attachments()]
        read = await self._read(Kind.ATTACHMENT, feed, listings, take, singly=self._containers)
        self._files = len(self._on) - self._containers
        return read

    async def talk(self, feeds: Feeds) -> Feed[CommentInfo] | None:
        feed: Feed[CommentInfo] = Feed(self._shelf())
        places: dict[str, str] = {}  # a list of the site may name only the comment that a reply answers

        def take(row: CommentInfo) -> None:
            on = row.container or places.get(row.parent_id or "", "")
            is_file = on.startswith("att") and feeds.files is None
            if (on in self._on or is_file) and row.id not in places:
                places[row.id] = on
                feed.put(replace(row, container=on), current=self._on.get(on, False))
                if row.parent_id is not None:
                    feeds.with_replies.add(row.inline)

        listings = [self._work.source.site_comments(inline=inline) for inline in (False, True)]
        singly = 2 * self._containers + self._files
        return await self._read(Kind.COMMENT, feed, listings, take, singly=singly)

    async def _read(
        self,
        kind: Kind,
        feed: Feed[L],
        listings: Sequence[AsyncIterator[L]],
        take: Callable[[L], None],
        *,
        singly: int,
    ) -> Feed[L] | None:
        """The feed as it was filled; None where it doesn't pay, or breaks off. `singly` is how many requests
        its rows cost without it."""
        part = PARTS[kind]
        if not self._work.parts.open(part):
            return None
        why = self._why_not(kind, part, singly)
        left = singly // 2 * LISTED

        def reading(rows: AsyncIterator[L]) -> Job:
            async def read() -> tuple[()]:
                nonlocal left
                async for row in rows:  # not `to_the_end`: it proves nothing, and the site is large
                    left -= 1
                    if left < 0:
                        raise _TooMany
                    take(row)
                return ()

            return read

        try:
            if why is None:
                await run_jobs(map(reading, listings), workers=len(listings))
        except _TooMany:
            why = "the site has more of them than this space"
        except RemoteError as exc:
            why = f"the listing of the whole site broke off: {exc}"
        if why is not None:
            feed.rows.close()
            self._route(part, f"page by page: {why}")
            return None
        self._work.report.listed(part, "complete")
        self._route(part, "listings of the whole site")
        return feed

    def _why_not(self, kind: Kind, part: Part, singly: int) -> str | None:
        if part in self._work.sweep.doubted:
            return "the listing of the whole site left something out before"
        on_site = self._on_site.get(kind)
        if on_site is not None and not pays(on_site, singly):
            return f"the whole site has {on_site} of them"
        return None

    async def pinned(self) -> Shelf[FoundDetails] | None:
        work = self._work
        parts = [part for part in PINNED if work.parts.open(part)]
        if not parts:
            return None
        if not work.parts.open(Part.SEARCH):
            why = "the search is left out"
        else:
            found: Shelf[FoundDetails] = self._shelf()
            try:
                async for each in work.source.found_details(self._space, parts):
                    if each.id in self._on:
                        found.put(each.id, each)
            except RemoteError as exc:
                found.close()
                why = f"the search failed: {exc}"
            else:
                for part in parts:
                    self._route(part, "search")
                return found
        for part in parts:
            self._route(part, f"page by page, in turn: {why}")
        return None

    def _shelf(self) -> Shelf[Any]:
        shelf: Shelf[Any] = Shelf()
        self._shelves.callback(shelf.close)
        return shelf

    def _route(self, part: Part, route: str) -> None:
        self._work.report.routes[part] = route
        log.info("%s: %s", part, route)
