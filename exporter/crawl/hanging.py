"""What hangs on a page, blog post or custom content: details, comments, attachments, former versions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

from exporter.crawl.attachments import Attachments
from exporter.crawl.comments import Comments
from exporter.crawl.feeds import Feeds, shown_by
from exporter.crawl.history import History, former
from exporter.crawl.plan import news_in
from exporter.crawl.pool import Job, followed
from exporter.crawl.work import Work
from exporter.errors import ObstructedError, RemoteError, ScopeMissing
from exporter.model import WITH_BODY, AttachmentInfo, CommentInfo, ContentInfo, Held, Kind, OldVersion, Part

DETAILS = (Part.LABELS, Part.PROPERTIES, Part.LIKES, Part.VERSIONS)
"""What comes in one request."""


class Hanging:
    def __init__(self, work: Work, feeds: Feeds) -> None:
        self._work, self._feeds = work, feeds
        self._comments = Comments(work, feeds)
        self._history = History(work)
        self._attachments = Attachments(work, feeds, self._comments, self._history)

    def job(self, info: ContentInfo, *, details: bool = True) -> Job:
        async def fetch() -> Iterable[Job]:
            work = self._work
            held = (await work.sink.held_in([info.id]))[info.id]
            files, talk = self._shown(info, held)
            jobs: list[Job] = []
            answers = details  # the content itself, so that an empty listing of what is on it can be believed
            if details and info.kind in WITH_BODY:
                lists = (files is None and held[Kind.ATTACHMENT]) or (talk is None and held[Kind.COMMENT])
                found = await self._details(info, held[Kind.VERSION], must=bool(lists))
                answers = not found.keys().isdisjoint(DETAILS) or not any(map(work.parts.open, DETAILS))
                versions = [_old_version(info, each) for each in found.get(Part.VERSIONS, ())]
                if versions and work.wanted.history:
                    jobs += await self._history.of_page(info, versions, held[Kind.VERSION])
            elif info.kind in WITH_BODY:
                work.due.add(info.id)
                self._incomplete(part for part in (*DETAILS, Part.RESTRICTIONS) if work.parts.open(part))
            on_it = held[Kind.COMMENT]
            await self._comments.fetch(
                info.kind,
                info.id,
                info.title,
                on_it,
                answers=answers,
                page=info.id,
                current=info.status == "current",
                shown=talk,
                verify=work.sweep.checks(info.id),
            )
            on_it = held[Kind.ATTACHMENT]
            jobs += await self._attachments.fetch(info, on_it, answers=answers, shown=files)
            work.progress.done("contents")
            return jobs

        return followed(fetch, lambda: self._work.came.add(info.id))

    def _shown(
        self, info: ContentInfo, held: Mapping[Kind, Mapping[str, Held]]
    ) -> tuple[Sequence[AttachmentInfo] | None, Sequence[CommentInfo] | None]:
        """Attachments and comments on it, where a listing of the whole site tells enough of them. When it is
        its turn, attachments it does not; and comments only to save asking for the replies to each."""
        sweep, feeds = self._work.sweep, self._feeds
        is_turn, current = sweep.checks(info.id), info.status == "current"
        known = not (is_turn or sweep.first or info.id in self._work.settled)
        files, talk = None, None
        if not is_turn:
            files = shown_by(feeds.files, info.id, held[Kind.ATTACHMENT], known=known, current=current)
        if not sweep.samples(info.id):
            talk = shown_by(feeds.talk, info.id, held[Kind.COMMENT], known=known, current=current)
        return files, talk

    def _lacks_versions(
        self, info: ContentInfo, before: Mapping[str, Any] | None, held: Mapping[str, Held]
    ) -> bool:
        """Whether a former version that is known of isn't held, is lost on disk, or was no longer listed,
        which is to be seen twice."""
        history = self._work.wanted.history
        if not history:
            return False
        known = [_old_version(info, each) for each in (before or {}).get(Part.VERSIONS, ())]
        return any(each.id not in held for each in former(known, history)) or any(
            have.missing_since is not None or not have.has_data or have.digest is None
            for have in held.values()
        )

    async def _details(
        self, info: ContentInfo, versions: Mapping[str, Held], *, must: bool
    ) -> Mapping[Part, Any]:
        """Labels and the like, saved where they differ from what is held. Returns what was asked for.

        Asked for is a page whose turn it is, that is new or changed, of which something isn't held, be it
        one of its former `versions`, or of which the search shows something else than is held; and where it
        `must` be.
        """
        work = self._work
        before = await work.sink.details(info.kind, info.id)
        is_news = info.id in work.settled
        is_checked = must or work.sweep.checks(info.id) or self._lacks_versions(info, before, versions)
        known = {} if is_checked else self._feeds.details(info)
        if not (is_checked or is_news or self._differs(before, known)):
            return {}
        # what a search shows otherwise is a reason to look, and no more
        known = {part: each for part, each in known.items() if is_news and part not in (before or {})}
        asked = await self._asked(info, known)
        found = {**known, **asked}
        if before is not None and not before:
            before = await self._repaired(info)
        # without any it could not be fetched, and that is said
        if before is not None and (news := news_in(found, before)):
            work.found("updated", info)
            try:
                await work.sink.save_details(info.kind, info.id, news)
            except ObstructedError as exc:
                work.report.failed(info.kind, info.id, info.title, exc)
                work.due.add(info.id)
        return asked

    def _differs(self, before: Mapping[str, Any] | None, known: Mapping[Part, Any]) -> bool:
        """Whether something that is wanted isn't held, or not as the search shows it."""
        wanted = [part for part in (*DETAILS, Part.RESTRICTIONS) if self._work.parts.open(part)]
        return not before or not {*wanted} <= before.keys() or bool(news_in(known, before))

    async def _asked(self, info: ContentInfo, known: Mapping[Part, Any]) -> Mapping[Part, Any]:
        """Those of the parts that aren't known, in as few requests as there can be."""
        work = self._work
        details = [part for part in DETAILS if work.parts.open(part)]
        if {*details} <= known.keys():
            details = []
        return {
            **await self._ask(info, details, lambda parts: work.source.details(info, parts)),
            **await self._ask(info, {Part.RESTRICTIONS} - known.keys(), lambda _: self._restrictions(info)),
        }

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
            work.due.add(info.id)
            self._incomplete(wanted)
            return {}
        for part in wanted:
            work.report.listed(part, "complete")
        return found

    async def _restrictions(self, info: ContentInfo) -> Mapping[Part, Any]:
        return {Part.RESTRICTIONS: await self._work.source.restrictions(info)}


def _old_version(info: ContentInfo, version: Mapping[str, Any]) -> OldVersion:
    return OldVersion(info.id, version["number"] or 0, version["createdAt"] or "")
