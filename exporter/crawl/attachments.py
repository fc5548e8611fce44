"""The attachments of one container: listed, planned, downloaded, with the comments on each."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Container, Iterable, Mapping, Sequence

from exporter.crawl.comments import Comments
from exporter.crawl.evidence import CompleteListing, to_the_end
from exporter.crawl.feeds import Feeds, left_out_by, shown_by
from exporter.crawl.history import History
from exporter.crawl.plan import Plan, make_plan
from exporter.crawl.pool import Job, Transfer
from exporter.crawl.work import Work
from exporter.errors import NotFound, ObstructedError, RemoteError, ScopeMissing
from exporter.model import IN_TRASH, AttachmentInfo, ContentInfo, Held, Kind, Part, State

log = logging.getLogger(__name__)


class Attachments:
    def __init__(self, work: Work, feeds: Feeds, comments: Comments, history: History) -> None:
        self._work, self._feeds, self._comments, self._history = work, feeds, comments, history
        self._may_download = True

    async def fetch(
        self,
        container: ContentInfo,
        held: Mapping[str, Held],
        *,
        answers: bool,
        shown: Sequence[AttachmentInfo] | None = None,
    ) -> Sequence[Job]:
        """List one container's attachments, and leave what they need as jobs.

        Where a listing of the whole site has `shown` them, with everything held among them, they count
        as its own, and nothing is missing.
        """
        work = self._work
        if not work.parts.open(Part.ATTACHMENTS):
            return ()
        listed: list[AttachmentInfo] = list(shown or ())
        complete: CompleteListing | None = None
        try:
            if shown is None:
                complete = await to_the_end(work.source.attachments(container), listed.append)
        except ScopeMissing as exc:
            work.parts.deny([Part.ATTACHMENTS], exc)
            return ()
        except RemoteError as exc:
            reason = f"its attachments could not all be listed: {exc}"
            work.report.failed(container.kind, container.id, container.title, reason)
            work.report.listed(Part.ATTACHMENTS, "incomplete")
            work.due.add(container.id)
        if complete is not None:
            work.report.listed(Part.ATTACHMENTS, "complete")
        if complete is not None and container.status == "current":
            # of what is archived the index has nothing
            current = [each for each in listed if each.status == "current"]
            for missed in left_out_by(self._feeds.files, current, container.id, work.policy.now):
                work.doubt(Part.ATTACHMENTS, f"attachment {missed} of {container.kind} {container.id}")
        lacking = complete.lacks(held) if complete is not None and answers else {}
        gone = await self._gone(container, lacking)
        plan = make_plan(listed, held, gone=gone, with_data=True)
        work.proved(Kind.ATTACHMENT, plan.missing, container_kind=container.kind, container=container.id)
        work.report.planned(Kind.ATTACHMENT, plan)
        await self._save_what_is_known(container, plan)
        wanted = [] if work.dry_run else plan.to_fetch
        work.progress.expect("attachments", len(wanted))
        return [
            *await self._around(listed, container, held),
            *(self._download(info, is_new=info.id not in held) for info in wanted),
        ]

    async def _gone(self, container: ContentInfo, missing: Mapping[str, Held]) -> dict[str, State]:
        """What became of those that a complete listing lacks; looked up until it says that they are gone."""
        states: dict[str, State] = {}
        for item_id, have in missing.items():
            gone = have.state is State.GONE
            state = State.GONE if gone else await self._look_up(container, item_id, have)
            if state is not None:
                states[item_id] = state
        return states

    async def _look_up(self, container: ContentInfo, item_id: str, have: Held) -> State | None:
        try:
            found = await self._work.source.look_up_attachment(item_id)
        except NotFound:
            return State.GONE
        except ScopeMissing as exc:
            self._work.parts.deny([Part.ATTACHMENTS], exc)
            return None
        except RemoteError as exc:
            reason = f"no longer listed, and what became of it could not be found out: {exc}"
            self._work.report.failed(Kind.ATTACHMENT, item_id, have.title, reason)
            return None
        if found.status in IN_TRASH:
            return State.DELETED
        if found.container != container.id:
            return State.MOVED
        reason = f"the listing of {container.kind} {container.id} left it out, but it is there: it is kept"
        self._work.report.failed(Kind.ATTACHMENT, item_id, have.title, reason)
        return None

    async def _save_what_is_known(self, container: ContentInfo, plan: Plan[AttachmentInfo]) -> None:
        work = self._work
        if plan.returned:
            await work.sink.mark_returned(Kind.ATTACHMENT, plan.returned)
        for info in plan.updated:
            await self._save_metadata(info)
        if plan.newly_missing:
            await work.sink.mark_missing(Kind.ATTACHMENT, plan.newly_missing, container=container.id)

    async def _save_metadata(self, info: AttachmentInfo) -> None:
        try:
            await self._work.sink.save_attachment_metadata(info)
        except ObstructedError as exc:
            self._work.report.failed(Kind.ATTACHMENT, info.id, info.title, exc)

    async def _around(
        self, listed: Iterable[AttachmentInfo], container: ContentInfo, held: Container[str]
    ) -> list[Job]:
        """Comments on attachments, and their former versions."""
        work = self._work
        if not (work.parts.open(Part.COMMENTS) or work.wanted.history):
            return []
        on_each = await work.sink.held_in([info.id for info in listed])
        return [
            self._around_one(info, container, on_each[info.id], is_new=info.id not in held) for info in listed
        ]

    def _around_one(
        self,
        info: AttachmentInfo,
        container: ContentInfo,
        held: Mapping[Kind, Mapping[str, Held]],
        *,
        is_new: bool,
    ) -> Job:
        async def fetch() -> Iterable[Job]:
            work = self._work
            on_it = held[Kind.COMMENT]
            known = not (is_new or work.sweep.first or work.sweep.checks(container.id))
            current = container.status == info.status == "current"
            talk = None
            if not work.sweep.samples(container.id):
                talk = shown_by(self._feeds.talk, info.id, on_it, known=known, current=current)
            await self._comments.fetch(
                Kind.ATTACHMENT, info.id, info.title, on_it, answers=True, page=container.id,
                current=current, shown=talk,
            )  # fmt: skip
            return await self._history.of_attachment(info, held[Kind.VERSION])

        return fetch

    def _download(self, info: AttachmentInfo, *, is_new: bool) -> Job:
        """Without the file, the metadata of a new one is kept; of a changed one the good copy."""
        work = self._work

        async def fetch() -> Iterable[Job]:
            try:
                if self._may_download:
                    await self._receive(info)
                    log.debug("attachment %s saved", info.id)
                    return ()
            except ScopeMissing as exc:
                self._may_download = False
                work.report.deny(exc)
            except RemoteError as exc:
                work.report.failed(Kind.ATTACHMENT, info.id, info.title, exc)
                work.due.add(info.container)
            except ObstructedError as exc:
                work.report.failed(Kind.ATTACHMENT, info.id, info.title, exc)
                return ()
            finally:
                work.progress.done("attachments")
            if is_new:
                await self._save_metadata(info)
            return ()

        return Transfer(fetch)

    async def _receive(self, info: AttachmentInfo) -> None:
        """The file; where it was replaced since the site was listed, maybe hours ago, the one of now."""
        try:
            await self._save(info)
        except ScopeMissing:
            raise
        except RemoteError:
            now = await self._now(info) if self._feeds.files is not None else info
            if now.version == info.version:
                raise
            await self._save(now)

    async def _save(self, info: AttachmentInfo) -> None:
        async def receive(chunks: AsyncIterator[bytes]) -> None:
            await self._work.sink.save_attachment(info, self._counted(chunks))

        await self._work.source.download(info, receive)

    async def _now(self, info: AttachmentInfo) -> AttachmentInfo:
        """As it is now, if it is still there and where it was."""
        try:
            now = await self._work.source.look_up_attachment(info.id)
        except RemoteError:
            return info
        return now if now.container == info.container and now.status not in IN_TRASH else info

    async def _counted(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for chunk in chunks:
            self._work.progress.received("attachments", len(chunk))
            yield chunk
