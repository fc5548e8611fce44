"""The comments on one item: listed with all replies, planned, saved as one file."""

from __future__ import annotations

from collections.abc import Mapping

from exporter.crawl.plan import make_plan, unlisted
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
        complete = True
        try:
            await self._list(kind, container, listed)
        except ScopeMissing as exc:
            work.parts.deny([Part.COMMENTS], exc)
            return
        except RemoteError as exc:
            work.report.failed(kind, container, title, f"its comments could not all be listed: {exc}")
            complete = False
        work.report.listed(Part.COMMENTS, "complete" if complete else "incomplete")
        complete = complete and answers
        comments = list(listed.values())
        gone = dict.fromkeys(unlisted(comments, held), State.GONE) if complete else {}
        plan = make_plan(comments, held, gone=gone, with_data=True)
        work.report.planned(Kind.COMMENT, plan)
        if plan.to_fetch or plan.updated or plan.returned or plan.newly_missing:
            try:
                await work.sink.save_comments(kind, container, comments, complete=complete)
            except ObstructedError as exc:
                work.report.failed(kind, container, title, exc)
                return
        if plan.newly_missing:
            await work.sink.mark_missing(Kind.COMMENT, plan.newly_missing, container=container)

    async def _list(self, kind: Kind, container: str, listed: dict[str, CommentInfo]) -> None:
        """Listings show the beginnings of threads; each comment's replies are a listing of their own."""
        source = self._work.source
        waiting: list[CommentInfo] = []
        for inline in (False, True) if kind in WITH_BODY else (False,):
            async for comment in source.comments(kind, container, inline=inline):
                listed[comment.id] = comment
                waiting.append(comment)
        while waiting:
            async for reply in source.replies(waiting.pop()):
                if reply.id not in listed:
                    listed[reply.id] = reply
                    waiting.append(reply)
