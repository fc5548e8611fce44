"""Carry out a plan: bodies in bulk, attachments streamed, from a Source into a Sink."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from exporter.crawl.listing import SpaceListing
from exporter.crawl.plan import Plan, make_plan
from exporter.crawl.pool import Job, run_jobs
from exporter.crawl.protocols import Sink, Source
from exporter.crawl.report import Report
from exporter.errors import ObstructedError, RemoteError, ScopeMissing
from exporter.model import WITH_BODY, AttachmentInfo, ContentId, ContentInfo, Held, Kind
from exporter.progress import Progress

log = logging.getLogger(__name__)

T = TypeVar("T")

BATCH = 50  # bodies a request; halved, for the rest of the run, whenever the server chokes …
METADATA_BATCH = 500  # files a save, which a signal has to wait for
LEAST_BATCH = 10  # … but one page that breaks every batch it is in must not make all others single

Plans = Mapping[Kind, Plan[ContentInfo]]


def plan_contents(listing: SpaceListing, held: Mapping[Kind, Mapping[str, Held]], report: Report) -> Plans:
    """One plan for each kind of content."""
    plans = {}
    for kind, listed in listing.contents.items():
        plans[kind] = make_plan(
            listed,
            held[kind],
            complete=kind in listing.complete,
            with_data=kind in WITH_BODY,
        )
        report.planned(kind, plans[kind])
    return plans


class Fetcher:
    """Fetches what plans ask for. One item's failure costs that item and is noted in the report;
    `AuthError`, `Unavailable` and `LocalError` end the run.

    With `dry_run` attachments are listed and planned, and nothing is fetched or saved.
    """

    def __init__(
        self,
        source: Source,
        sink: Sink,
        *,
        report: Report,
        progress: Progress,
        workers: int,
        dry_run: bool = False,
    ) -> None:
        self._source, self._sink = source, sink
        self._report, self._progress = report, progress
        self._workers = workers
        self._dry_run = dry_run
        self._batch = BATCH
        self._may_list = self._may_download = True

    async def run(self, listing: SpaceListing, plans: Plans) -> None:
        """Everything the plans name, and the attachments of all that was listed."""
        containers = [info for kind in WITH_BODY for info in listing.contents[kind]]
        self._progress.expect("attachment lists", len(containers))
        bodies: list[list[ContentInfo]] = []
        if not self._dry_run:
            await self._save_what_is_known(plans)
            bodies = [plan.to_fetch for kind, plan in plans.items() if kind in WITH_BODY]
            self._progress.expect("bodies", sum(map(len, bodies)))
        await run_jobs(self._jobs(bodies, containers), workers=self._workers)

    async def _save_what_is_known(self, plans: Plans) -> None:
        for kind, plan in plans.items():
            updated = plan.updated if kind in WITH_BODY else [*plan.to_fetch, *plan.updated]
            for at in range(0, len(updated), METADATA_BATCH):
                some = updated[at : at + METADATA_BATCH]
                await self._save(self._sink.save_metadata, some, lambda info: info)
            await self._mark(kind, plan)

    async def _save(
        self,
        save: Callable[[Sequence[T]], Awaitable[None]],
        items: Sequence[T],
        info_of: Callable[[T], ContentInfo],
    ) -> None:
        """Save several at once; one that something is in the way of costs itself, not the others."""
        if not items:
            return
        try:
            await save(items)
        except ObstructedError as exc:
            if len(items) == 1:
                info = info_of(items[0])
                self._report.failed(info.kind, info.id, info.title, exc)
            else:
                for item in items:
                    await self._save(save, [item], info_of)

    async def _mark(
        self,
        kind: Kind,
        plan: Plan[ContentInfo] | Plan[AttachmentInfo],
        *,
        container: ContentId | None = None,
    ) -> None:
        if plan.returned:
            await self._sink.mark_returned(kind, plan.returned)
        missing = [item_id for item_id, held in plan.missing.items() if held.missing_since is None]
        if missing:
            await self._sink.mark_missing(kind, missing, container=container)

    def _jobs(
        self, bodies: Sequence[Sequence[ContentInfo]], containers: Sequence[ContentInfo]
    ) -> Iterator[Job]:
        for wanted in bodies:
            at = 0
            while at < len(wanted):
                batch = wanted[at : at + self._batch]
                at += len(batch)
                yield self._bodies(batch)
        for container in containers:
            yield self._attachments(container)

    def _bodies(self, wanted: Sequence[ContentInfo]) -> Job:
        """Some bodies of one kind in one request; what it doesn't bring is asked for alone."""

        async def fetch() -> Iterable[Job]:
            if len(wanted) == 1:
                return await self._body(wanted[0])()
            try:
                pages = await self._source.pages(wanted[0].kind, wanted)
            except ScopeMissing:
                raise
            except RemoteError as exc:
                half = len(wanted) // 2
                if len(wanted) == self._batch:
                    self._batch = max(half, LEAST_BATCH)
                log.info("%s bodies in one request failed (%s); asking for fewer", len(wanted), exc)
                return [self._bodies(wanted[:half]), self._bodies(wanted[half:])]
            asked = {info.id for info in wanted}
            pages = [page for page in pages if page.info.id in asked]
            await self._save(self._sink.save_pages, pages, lambda page: page.info)
            log.debug("%s bodies saved", len(pages))
            self._progress.done("bodies", len(pages))
            got = {page.info.id for page in pages}
            return [self._body(info) for info in wanted if info.id not in got]

        return fetch

    def _body(self, info: ContentInfo) -> Job:
        async def fetch() -> Iterable[Job]:
            try:
                page = await self._source.page(info)
            except RemoteError as exc:
                self._report.failed(info.kind, info.id, info.title, exc)
            else:
                if page.info.status in ("trashed", "deleted"):  # between the listing and now
                    log.info("%s %s was deleted while the run was under way", info.kind, info.id)
                else:
                    await self._save(self._sink.save_pages, [page], lambda page: page.info)
            self._progress.done("bodies")
            return ()

        return fetch

    def _attachments(self, container: ContentInfo) -> Job:
        """List one container's attachments, and leave what they need as jobs."""

        async def fetch() -> Iterable[Job]:
            self._progress.done("attachment lists")
            if not self._may_list:
                return ()
            listed: list[AttachmentInfo] = []
            complete = True
            try:
                async for info in self._source.attachments(container):
                    listed.append(info)  # noqa: PERF401 — what came before an error counts
            except ScopeMissing as exc:
                self._may_list = False
                self._report.deny(exc)
                return ()
            except RemoteError as exc:
                reason = f"its attachments could not all be listed: {exc}"
                self._report.failed(container.kind, container.id, container.title, reason)
                complete = False
            return await self._plan_attachments(container, listed, complete=complete)

        return fetch

    async def _plan_attachments(
        self, container: ContentInfo, listed: Sequence[AttachmentInfo], *, complete: bool
    ) -> Sequence[Job]:
        held = await self._sink.held_attachments(container.id)
        plan = make_plan(listed, held, complete=complete, with_data=True)
        self._report.planned(Kind.ATTACHMENT, plan)
        if self._dry_run:
            return ()
        wanted = plan.to_fetch
        for info in plan.updated:
            if held[info.id].title != info.title:  # its file goes by another name
                wanted.append(info)
                continue
            try:
                await self._sink.save_attachment_metadata(info)
            except ObstructedError as exc:
                self._report.failed(Kind.ATTACHMENT, info.id, info.title, exc)
        await self._mark(Kind.ATTACHMENT, plan, container=container.id)
        self._progress.expect("attachments", len(wanted))
        return [self._download(info) for info in wanted]

    def _download(self, info: AttachmentInfo) -> Job:
        async def receive(chunks: AsyncIterator[bytes]) -> None:
            await self._sink.save_attachment(info, self._counted(chunks))

        async def fetch() -> Iterable[Job]:
            try:
                if self._may_download:
                    await self._source.download(info, receive)
                    log.debug("attachment %s saved", info.id)
            except ScopeMissing as exc:
                self._may_download = False
                self._report.deny(exc)
            except (RemoteError, ObstructedError) as exc:
                self._report.failed(Kind.ATTACHMENT, info.id, info.title, exc)
            self._progress.done("attachments")
            return ()

        return fetch

    async def _counted(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for chunk in chunks:
            self._progress.received("attachments", len(chunk))
            yield chunk
