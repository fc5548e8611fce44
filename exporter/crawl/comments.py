"""The comments on one item: listed with all replies, planned, saved as one file."""

from __future__ import annotations

from collections.abc import Mapping

from exporter.crawl.evidence import CompleteListing, joined, to_the_end
from exporter.crawl.plan import make_plan
from exporter.crawl.work import Work
from exporter.errors import ObstructedError, RemoteError, ScopeMissing
from exporter.model import WITH_BODY, CommentInfo, Held, Kind, Part, State


class Comments:
    def __init__(self, work: Work) -> None:
        self._work = work

    async def fetch(
        self, kind: Kind, container: str, title: str, held: Mapping[str, Held], *, answers: bool
    ) -> None:
        """Bring the comments on one item up to date; what fails is noted in the report.

        Missing is what a complete listing lacks, of a container that itself `answers`: Confluence tells
        no more of a deleted comment.
        """
        work = self._work
        if not work.parts.open(Part.COMMENTS):
            return
        listed: dict[str, CommentInfo] = {}
        seen: CompleteListing | None = None
        try:
            seen = await self._list(kind, container, listed)
        except ScopeMissing as exc:
            work.parts.deny([Part.COMMENTS], exc)
            return
        except RemoteError as exc:
            work.report.failed(kind, container, title, f"its comments could not all be listed: {exc}")
        work.report.listed(Part.COMMENTS, "complete" if seen is not None else "incomplete")
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
                return
        if plan.newly_missing:
            await work.sink.mark_missing(Kind.COMMENT, plan.newly_missing, container=container)

    async def _list(self, kind: Kind, container: str, listed: dict[str, CommentInfo]) -> CompleteListing:
        """Listings show the beginnings of threads; each comment's replies are a listing of their own."""
        source = self._work.source
        waiting: list[CommentInfo] = []

        def take(comment: CommentInfo) -> None:
            if comment.id not in listed:
                listed[comment.id] = comment
                waiting.append(comment)

        seen = [
            await to_the_end(source.comments(kind, container, inline=inline), take)
            for inline in ((False, True) if kind in WITH_BODY else (False,))
        ]
        while waiting:
            seen.append(await to_the_end(source.replies(waiting.pop()), take))
        return joined(seen)
