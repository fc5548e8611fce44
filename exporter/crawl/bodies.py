"""Bodies in bulk: those a plan asks for, and those to be compared with what is held."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from html import unescape

from exporter.crawl.hanging import Hanging
from exporter.crawl.listing import SpaceListing
from exporter.crawl.plan import Plan
from exporter.crawl.pool import Job
from exporter.crawl.work import Work
from exporter.errors import RemoteError, ScopeMissing
from exporter.model import CONTAINERS, IN_TRASH, WITH_BODY, ContentInfo, HeldBody, Kind, Page

log = logging.getLogger(__name__)

BATCH = 250  # bodies a request; halved, for the rest of the run, whenever the server chokes …
LEAST_BATCH = 10  # … but one page that breaks every batch it is in must not make all others single

_TITLE = re.compile(r'ri:content-title="([^"]*)"')


class Bodies:
    """Turns a listing into jobs: first the bodies, then what hangs on each content."""

    def __init__(
        self,
        work: Work,
        hanging: Hanging,
        plans: Mapping[Kind, Plan[ContentInfo]],
        renamed: AbstractSet[str],
    ) -> None:
        self._work, self._hanging = work, hanging
        self._renamed = renamed
        self._needed = {info.id for kind in WITH_BODY for info in plans[kind].to_fetch}
        self._batch = BATCH

    def jobs(self, listing: SpaceListing) -> Iterator[Job]:
        """Jobs for all that was listed; they return further ones."""
        self._work.progress.expect("contents", sum(len(listing.contents[kind]) for kind in CONTAINERS))
        ranks: dict[int, dict[Kind, list[ContentInfo]]] = {}
        for kind in CONTAINERS:
            for info in listing.contents[kind]:
                ranks.setdefault(self._rank(info), {}).setdefault(kind, []).append(info)
        for rank in sorted(ranks):
            yield from self._jobs(ranks[rank])

    def _rank(self, info: ContentInfo) -> int:
        """A run may be cut, so last are those that runs which were cut came to, but for what changed since;
        what changed, or failed, is before others."""
        has_changed, is_due = info.id in self._work.settled, info.id in self._work.sweep.due
        is_last = info.id in self._work.sweep.came and not (has_changed and not is_due)
        return 2 * is_last + (not has_changed and not is_due)

    def _jobs(self, contents: Mapping[Kind, Sequence[ContentInfo]]) -> Iterator[Job]:
        work = self._work
        for kind in WITH_BODY:
            infos = contents.get(kind, [])
            asked, others = _parted(infos, map(self._may_be_asked, infos))
            work.progress.expect("bodies", len(asked))
            at = 0
            while at < len(asked):
                batch = asked[at : at + self._batch]
                at += len(batch)
                yield self._first(batch)
            for at in range(0, len(others), BATCH):
                yield self._then(others[at : at + BATCH], adf=False)
        for info in contents.get(Kind.CUSTOM_CONTENT, []):
            yield self._hanging.job(info)

    def _may_be_asked(self, info: ContentInfo) -> bool:
        if info.id in self._needed:
            return not self._work.dry_run
        return self._work.sweep.takes(info.id) or bool(self._renamed)

    def _first(self, batch: Sequence[ContentInfo]) -> Job:
        """Some that may be asked for: to see a renamed title in a body, the body held must be read."""

        async def choose() -> Iterable[Job]:
            asked, others = _parted(batch, [await self._is_asked(info) for info in batch])
            self._work.progress.done("bodies", len(others))
            jobs = [self._then(others, adf=False)] if others else []
            return [*jobs, self._bulk(asked, adf=False)] if asked else jobs

        return choose

    async def _is_asked(self, info: ContentInfo) -> bool:
        if info.id in self._needed or self._work.sweep.takes(info.id):
            return True
        body = await self._work.sink.body(info.kind, info.id)
        return any(unescape(title).casefold() in self._renamed for title in _TITLE.findall(body))

    def _then(self, infos: Sequence[ContentInfo], *, adf: bool) -> Job:
        """What comes after the storage bodies: ADF, where it is wanted, and what hangs on each."""

        async def go_on() -> Iterable[Job]:
            if adf or not self._work.wanted.adf:
                return [self._hanging.job(info) for info in infos]
            held = await self._work.sink.held_bodies(infos[0].kind, [info.id for info in infos])
            asked, others = _parted(infos, [self._wants_adf(info, held) for info in infos])
            rest = [self._hanging.job(info) for info in others]
            return [*rest, self._bulk(asked, adf=True)] if asked else rest

        return go_on

    def _wants_adf(self, info: ContentInfo, held: Mapping[str, HeldBody]) -> bool:
        if info.id in self._needed:
            return not self._work.dry_run
        return self._work.sweep.takes(info.id) or held.get(info.id, HeldBody(None, None)).adf is None

    def _bulk(self, asked: Sequence[ContentInfo], *, adf: bool) -> Job:
        """Some bodies of one kind in one request; what it doesn't bring is asked for alone."""

        async def fetch() -> Iterable[Job]:
            if len(asked) == 1:
                return await self._single(asked[0], adf=adf)()
            if len(asked) > self._batch:  # as many have been too much meanwhile
                parts = range(0, len(asked), self._batch)
                return [self._bulk(asked[at : at + self._batch], adf=adf) for at in parts]
            try:
                pages = await self._work.source.pages(asked[0].kind, asked, adf=adf)
            except ScopeMissing:
                raise
            except RemoteError as exc:
                half = -(-len(asked) // 2)
                self._batch = min(self._batch, max(half, LEAST_BATCH))
                log.info("%s bodies in one request failed (%s); asking for fewer", len(asked), exc)
                return [self._bulk(asked[:half], adf=adf), self._bulk(asked[half:], adf=adf)]
            ids = {info.id for info in asked}
            pages = [page for page in pages if page.info.id in ids]
            await self._keep(pages, adf=adf)
            got = {page.info.id for page in pages}
            self._done(len(got), adf=adf)
            singles = [self._single(info, adf=adf) for info in asked if info.id not in got]
            whole = [info for info in asked if info.id in got]
            return [*singles, self._then(whole, adf=adf)] if whole else singles

        return fetch

    def _single(self, info: ContentInfo, *, adf: bool) -> Job:
        async def fetch() -> Iterable[Job]:
            self._done(1, adf=adf)
            try:
                page = await self._work.source.page(info, adf=adf)
            except RemoteError as exc:
                self._work.report.failed(info.kind, info.id, info.title, exc)
                return [self._hanging.job(info, details=adf)]  # which the request for storage would bring
            if page.info.status in IN_TRASH:  # between the listing and now
                log.info("%s %s was deleted while the run was under way", info.kind, info.id)
                self._work.progress.done("contents")
                return ()
            await self._keep([page], adf=adf)
            return [self._then([info], adf=adf)]

        return fetch

    def _done(self, number: int, *, adf: bool) -> None:
        if not adf:
            self._work.progress.done("bodies", number)

    async def _keep(self, pages: Sequence[Page], *, adf: bool) -> None:
        """Save those that are needed, and those that differ from what is held."""
        if not pages:
            return
        work = self._work
        held = await work.sink.held_bodies(pages[0].info.kind, [page.info.id for page in pages])
        kept = []
        for page in pages:
            have = held.get(page.info.id, HeldBody(None, None))
            digest = hashlib.sha256(page.body.encode(errors="surrogatepass")).digest()
            if page.info.id in self._needed or digest != (have.adf if adf else have.storage):
                work.found("changed", page.info)
                kept.append(page)
        save = work.sink.save_adf if adf else work.sink.save_pages
        await work.save(save, kept, lambda page: page.info)
        log.debug("%s bodies saved", len(kept))


def _parted(
    infos: Sequence[ContentInfo], chosen: Iterable[bool]
) -> tuple[list[ContentInfo], list[ContentInfo]]:
    """Those that are chosen, and the others."""
    parted: tuple[list[ContentInfo], list[ContentInfo]] = [], []
    for info, is_chosen in zip(infos, chosen, strict=True):
        parted[not is_chosen].append(info)
    return parted
