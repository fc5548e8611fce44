"""Former versions of pages and attachments: fetched once, kept for good."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence

from exporter.crawl.evidence import to_the_end
from exporter.crawl.plan import make_plan
from exporter.crawl.pool import Job, Transfer
from exporter.crawl.work import Work
from exporter.errors import ObstructedError, RemoteError, ScopeMissing
from exporter.model import AttachmentInfo, ContentInfo, Held, Kind, OldVersion, State, Version


class History:
    def __init__(self, work: Work) -> None:
        self._work = work

    async def of_page(
        self, info: ContentInfo, versions: Sequence[OldVersion], held: Mapping[str, Held]
    ) -> Sequence[Job]:
        """`versions` are all that there are, the latest too."""
        return await self._needed(info, versions, held, lambda version: self._old_page(info, version))

    async def of_attachment(self, info: AttachmentInfo, held: Mapping[str, Held]) -> Sequence[Job]:
        work = self._work
        if not work.wanted.history or (info.version.number == 1 and not held):
            return ()
        try:
            versions = [version async for version in work.source.attachment_versions(info)]
        except RemoteError as exc:
            self._failed(Kind.ATTACHMENT, info.id, info.title, exc)
            return ()
        return await self._needed(info, versions, held, lambda version: self._old_attachment(info, version))

    async def _needed(
        self,
        info: ContentInfo | AttachmentInfo,
        versions: Sequence[OldVersion],
        held: Mapping[str, Held],
        job: Callable[[OldVersion], Job],
    ) -> Sequence[Job]:
        work = self._work
        complete = await to_the_end(_each(versions), lambda _: None)
        listed = [_Listed(version, info.title) for version in former(versions, work.wanted.history)]
        # The latest is among all that there are: a list without it says nothing of the others.
        is_whole = any(version.date == info.version.date for version in versions)
        gone = dict.fromkeys(complete.lacks(held), State.GONE) if is_whole else {}
        same = {item_id: _as_listed(have) for item_id, have in held.items()}
        plan = make_plan(listed, same, gone=gone, with_data=True)
        work.report.planned(Kind.VERSION, plan)
        work.proved(Kind.VERSION, plan.missing, container=info.id)
        if plan.returned:
            await work.sink.mark_returned(Kind.VERSION, plan.returned)
        if plan.newly_missing:
            await work.sink.mark_missing(Kind.VERSION, plan.newly_missing, container=info.id)
        return [] if work.dry_run else [job(each.of) for each in plan.to_fetch]

    def _old_page(self, info: ContentInfo, version: OldVersion) -> Job:
        async def fetch() -> Iterable[Job]:
            try:
                page = await self._work.source.old_page(info, version)
                await self._work.sink.save_old_page(page)
            except (RemoteError, ObstructedError) as exc:
                self._failed(Kind.VERSION, version.id, info.title, exc)
                self._work.due.add(info.id)
            return ()

        return fetch

    def _old_attachment(self, info: AttachmentInfo, version: OldVersion) -> Job:
        async def fetch() -> Iterable[Job]:
            source, sink = self._work.source, self._work.sink
            try:
                old = await source.old_attachment(info, version)

                async def receive(chunks: AsyncIterator[bytes]) -> None:
                    await sink.save_old_attachment(version, old, chunks)

                await source.download(old, receive, version=version.number)
            except (RemoteError, ObstructedError) as exc:
                self._failed(Kind.VERSION, version.id, info.title, exc)
            return ()

        return Transfer(fetch)

    def _failed(self, kind: Kind, item_id: str, title: str, exc: Exception) -> None:
        if isinstance(exc, ScopeMissing):
            self._work.report.deny(exc)
        else:
            self._work.report.failed(kind, item_id, title, exc)


def former(versions: Sequence[OldVersion], history: int) -> Sequence[OldVersion]:
    """So many of all that there are, the newest first, without the latest."""
    return sorted(versions, key=lambda each: each.number, reverse=True)[1 : history + 1]


class _Listed:
    """A former version as a plan wants it: its number, which shifts, tells nothing."""

    def __init__(self, of: OldVersion, title: str) -> None:
        self.of, self.id, self.title = of, of.id, title
        self.version = Version(0, of.date)
        self.digest = b""


async def _each(versions: Sequence[OldVersion]) -> AsyncIterator[OldVersion]:
    """All that there are: of a page they came whole, with its details."""
    for version in versions:
        yield version


def _as_listed(have: Held) -> Held:
    return Held(
        version=Version(0, have.version.date),
        title=have.title,
        digest=b"",
        has_data=have.has_data and have.digest is not None,
        state=have.state,
        missing_since=have.missing_since,
    )
