"""What hangs on a page, blog post or custom content: details, comments, attachments, former versions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

from exporter.crawl.attachments import Attachments
from exporter.crawl.comments import Comments
from exporter.crawl.history import History
from exporter.crawl.plan import news_in
from exporter.crawl.pool import Job
from exporter.crawl.work import Work
from exporter.errors import ObstructedError, RemoteError, ScopeMissing
from exporter.model import WITH_BODY, ContentInfo, Kind, OldVersion, Part

DETAILS = (Part.LABELS, Part.PROPERTIES, Part.LIKES, Part.VERSIONS)
"""What comes in one request."""


class Hanging:
    def __init__(self, work: Work) -> None:
        self._work = work
        self._comments = Comments(work)
        self._history = History(work)
        self._attachments = Attachments(work, self._comments, self._history)

    def job(self, info: ContentInfo, *, details: bool = True) -> Job:
        async def fetch() -> Iterable[Job]:
            work = self._work
            held = await work.sink.held_in(info.id)
            jobs: list[Job] = []
            answers = details  # the content itself, so that an empty listing of what is on it can be believed
            if details and info.kind in WITH_BODY:
                found = await self._details(info)
                answers = not found.keys().isdisjoint(DETAILS) or not any(map(work.parts.open, DETAILS))
                versions = [_old_version(info, each) for each in found.get(Part.VERSIONS, ())]
                if versions and work.wanted.history:
                    jobs += await self._history.of_page(info, versions, held[Kind.VERSION])
            elif info.kind in WITH_BODY:
                self._incomplete(part for part in (*DETAILS, Part.RESTRICTIONS) if work.parts.open(part))
            on_it = held[Kind.COMMENT]
            await self._comments.fetch(info.kind, info.id, info.title, on_it, answers=answers)
            jobs += await self._attachments.fetch(info, held[Kind.ATTACHMENT], answers=answers)
            work.progress.done("contents")
            return jobs

        return fetch

    async def _details(self, info: ContentInfo) -> Mapping[Part, Any]:
        """Labels and the like, saved where they differ from what is held."""
        work = self._work
        found = {
            **await self._ask(info, DETAILS, lambda parts: work.source.details(info, parts)),
            **await self._ask(info, (Part.RESTRICTIONS,), lambda _: self._restrictions(info)),
        }
        before = await work.sink.details(info.kind, info.id)
        if before is not None and not before:
            before = await self._repaired(info)
        # without any it could not be fetched, and that is said
        if before is not None and (news := news_in(found, before)):
            work.found("updated", info)
            try:
                await work.sink.save_details(info.kind, info.id, news)
            except ObstructedError as exc:
                work.report.failed(info.kind, info.id, info.title, exc)
        return found

    async def _repaired(self, info: ContentInfo) -> Mapping[str, Any] | None:
        """Its metadata, which was damaged on disk, anew."""
        try:
            await self._work.sink.save_pages([await self._work.source.page(info)])
        except (RemoteError, ObstructedError) as exc:
            self._work.report.failed(info.kind, info.id, info.title, f"its metadata is damaged: {exc}")
            return None
        self._work.found("damaged", info)
        return await self._work.sink.details(info.kind, info.id)

    def _incomplete(self, parts: Iterable[Part]) -> None:
        for part in parts:
            self._work.report.listed(part, "incomplete")

    async def _ask(
        self,
        info: ContentInfo,
        parts: Iterable[Part],
        ask: Callable[[Sequence[Part]], Awaitable[Mapping[Part, Any]]],
    ) -> Mapping[Part, Any]:
        """Those of the parts that are open, in one request; nothing where it fails, which is noted."""
        work = self._work
        wanted = [part for part in parts if work.parts.open(part)]
        if not wanted:
            return {}
        try:
            found = await ask(wanted)
        except ScopeMissing as exc:
            work.parts.deny(wanted, exc)
            return {}
        except RemoteError as exc:
            reason = f"its {', '.join(wanted)} could not be read: {exc}"
            work.report.failed(info.kind, info.id, info.title, reason)
            self._incomplete(wanted)
            return {}
        for part in wanted:
            work.report.listed(part, "complete")
        return found

    async def _restrictions(self, info: ContentInfo) -> Mapping[Part, Any]:
        return {Part.RESTRICTIONS: await self._work.source.restrictions(info)}


def _old_version(info: ContentInfo, version: Mapping[str, Any]) -> OldVersion:
    return OldVersion(info.id, version["number"] or 0, version["createdAt"] or "")
