"""The comments on one item: listed with all replies, planned, saved as one file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from exporter.crawl.evidence import CompleteListing, joined, to_the_end
from exporter.crawl.feeds import Feeds, left_out_by
from exporter.crawl.plan import make_plan
from exporter.crawl.work import Work
from exporter.errors import ObstructedError, RemoteError, ScopeMissing
from exporter.model import WITH_BODY, CommentInfo, Held, Kind, Part, State


class Comments:
    def __init__(self, work: Work, feeds: Feeds) -> None:
        self._work, self._feeds = work, feeds

    async def fetch(
        self,
        kind: Kind,
        container: str,
        title: str,
        held: Mapping[str, Held],
        *,
        answers: bool,
        page: str,
        current: bool,
        shown: Sequence[CommentInfo] | None = None,
        verify: bool = False,
    ) -> None:
        """Bring the comments on one item up to date; what fails is noted in the report, and the `page` that
        it is, or is on, is asked for in the next run.

        Missing is what a complete listing lacks, of a container that itself `answers`: Confluence tells
        no more of a deleted comment. Where a listing of the whole site has `shown` those on it, with
        everything held among them, they count as its own, and nothing is missing; to `verify` them, the
        beginnings of threads are listed all the same. Only of a page that is `current` does the search index
        tell, so only then is what they leave out a fault.
        """
        work = self._work
        if not work.parts.open(Part.COMMENTS):
            return
        listed: dict[str, CommentInfo] = {}
        seen: CompleteListing | None = None
        try:
            if shown is None:
                seen = await self._list(kind, container, listed)
            else:
                await self._list_shown(kind, container, shown, listed, verify=verify)
        except ScopeMissing as exc:
            work.parts.deny([Part.COMMENTS], exc)
            return
        except RemoteError as exc:
            work.report.failed(kind, container, title, f"its comments could not all be listed: {exc}")
            work.report.listed(Part.COMMENTS, "incomplete")
            work.due.add(page)
        if current and (seen is not None or verify):
            for missed in left_out_by(self._feeds.talk, listed.values(), container, work.policy.now):
                work.doubt(Part.COMMENTS, f"comment {missed} on {kind} {container}")
        if seen is not None:
            work.report.listed(Part.COMMENTS, "complete")
        complete = seen is not None and answers
        comments = list(listed.values())
        gone = dict.fromkeys(seen.lacks(held), State.GONE) if seen is not None and answers else {}
        plan = make_plan(comments, held, gone=gone, with_data=True)
        work.proved(Kind.COMMENT, plan.missing, container_kind=kind, container=container)
        work.report.planned(Kind.COMMENT, plan)
        if plan.to_fetch or plan.updated or plan.returned or plan.newly_missing:
            try:
                await work.sink.save_comments(kind, container, comments, complete=complete)
            except ObstructedError as exc:
                work.report.failed(kind, container, title, exc)
                work.due.add(page)
                return
        if plan.newly_missing:
            await work.sink.mark_missing(Kind.COMMENT, plan.newly_missing, container=container)

    async def _list(self, kind: Kind, container: str, listed: dict[str, CommentInfo]) -> CompleteListing:
        """Listings show the beginnings of threads; each comment's replies are a listing of their own."""
        threads = _Threads(listed)
        seen = await self._list_roots(kind, container, threads)
        return joined([*seen, *await self._list_below(threads)])

    async def _list_roots(self, kind: Kind, container: str, threads: _Threads) -> list[CompleteListing]:
        return [
            await to_the_end(self._work.source.comments(kind, container, inline=inline), threads.take)
            for inline in ((False, True) if kind in WITH_BODY else (False,))
        ]

    async def _list_below(self, threads: _Threads) -> list[CompleteListing]:
        seen = []
        while threads.waiting:
            replies = self._work.source.replies(threads.waiting.pop())
            seen.append(await to_the_end(replies, threads.take))
        return seen

    async def _list_shown(
        self,
        kind: Kind,
        container: str,
        shown: Sequence[CommentInfo],
        listed: dict[str, CommentInfo],
        *,
        verify: bool,
    ) -> None:
        """Those that a listing of the site shows, and what it may not."""
        threads = _Threads(listed)
        for comment in shown:
            if comment.inline in self._feeds.with_replies:
                listed[comment.id] = comment
            else:
                threads.take(comment)
        if verify:
            await self._list_roots(kind, container, threads)
        await self._list_below(threads)


class _Threads:
    """What is listed, and of what the replies are yet to be listed."""

    def __init__(self, listed: dict[str, CommentInfo]) -> None:
        self._listed = listed
        self.waiting: list[CommentInfo] = []

    def take(self, comment: CommentInfo) -> None:
        if comment.id not in self._listed:
            self._listed[comment.id] = comment
            self.waiting.append(comment)
