"""Which contents of a listing are wanted: a page with what is below it, or what has certain labels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from exporter.crawl.listing import SpaceListing
from exporter.crawl.pool import Job, run_jobs
from exporter.crawl.protocols import Source
from exporter.crawl.report import Report
from exporter.crawl.wanted import Wanted
from exporter.errors import RemoteError, ScopeMissing, SpaceError, Unavailable
from exporter.model import NODES, WITH_BODY, ContentInfo, Kind


async def select(
    source: Source, listing: SpaceListing, wanted: Wanted, *, workers: int, report: Report
) -> SpaceListing:
    """The part of a listing that is wanted, with the folders and the like above it.

    Of what is left out nothing is known, so nothing is complete and nothing gone. Raises `SpaceError`
    when the page that was named isn't in the listing.
    """
    chosen: set[str] = {info.id for kind in WITH_BODY for info in listing.contents[kind]}
    nodes: set[str] = set()
    if wanted.page is not None:
        below = _below(listing, wanted)
        nodes = below - chosen
        chosen &= below
    if wanted.labels or wanted.exclude_labels:
        chosen = await _labelled(source, listing, chosen, wanted, workers=workers, report=report)
    return _narrowed(listing, chosen, nodes)


def _below(listing: SpaceListing, wanted: Wanted) -> set[str]:
    """The page that was named, and with its descendants what is below it in the tree."""
    if wanted.page not in {info.id for info in listing.tree}:
        if not (listing.whole and listing.complete.keys() >= set(WITH_BODY)):
            raise Unavailable(f"page {wanted.page} is not in what could be listed of the space")
        raise SpaceError(f"the space has no page {wanted.page}, or this token may not see it")
    children: dict[str | None, list[ContentInfo]] = defaultdict(list)
    for info in listing.tree:
        children[info.parent_id].append(info)
    found: set[str] = set()
    waiting = [str(wanted.page)]
    while waiting:
        at = waiting.pop()
        if at not in found:
            found.add(at)
            waiting += [child.id for child in children[at]] if wanted.with_descendants else []
    return found


async def _labelled(
    source: Source,
    listing: SpaceListing,
    candidates: Collection[str],
    wanted: Wanted,
    *,
    workers: int,
    report: Report,
) -> set[str]:
    """Those with one of the labels, if any are named, and none of the excluded ones."""
    chosen: set[str] = set()

    def job(info: ContentInfo) -> Job:
        async def look() -> Iterable[Job]:
            try:
                labels = {name async for name in source.labels(info)}
            except ScopeMissing as exc:
                report.deny(exc)
                return ()
            except RemoteError as exc:
                reason = f"its labels could not be listed, so it was left out: {exc}"
                report.failed(info.kind, info.id, info.title, reason)
                return ()
            if (not wanted.labels or labels & wanted.labels) and not labels & wanted.exclude_labels:
                chosen.add(info.id)
            return ()

        return look

    infos = (info for kind in WITH_BODY for info in listing.contents[kind] if info.id in candidates)
    await run_jobs((job(info) for info in infos), workers=workers)
    return chosen


def _narrowed(listing: SpaceListing, chosen: set[str], nodes: set[str]) -> SpaceListing:
    everything: dict[str, ContentInfo] = {info.id: info for info in listing.tree}
    above = above_all(chosen | nodes, everything)
    customs = _within(listing.contents[Kind.CUSTOM_CONTENT], chosen)
    contents = {
        **{kind: [info for info in listing.contents[kind] if info.id in chosen] for kind in WITH_BODY},
        **{kind: [info for info in listing.contents[kind] if info.id in above] for kind in NODES},
        Kind.CUSTOM_CONTENT: customs,
        Kind.TASK: [info for info in listing.contents[Kind.TASK] if info.parent_id in chosen],
        Kind.OTHER: [],
    }
    return replace(listing, contents=contents, complete={}, gone={})


def above_all(ids: Iterable[str], everything: Mapping[str, ContentInfo]) -> set[str]:
    """Those, and all that is above them in the tree."""
    found: set[str] = set()
    for item_id in ids:
        at: str | None = item_id
        while at is not None and at in everything and at not in found:
            found.add(at)
            at = everything[at].parent_id
    return found


def _within(customs: Iterable[ContentInfo], chosen: Collection[str]) -> list[ContentInfo]:
    """Custom content in something chosen, or in other custom content that is."""
    by_id = {info.id: info for info in customs}
    found = []
    for info in by_id.values():
        at, seen = info, {info.id}
        while at.parent_id in by_id and at.parent_id not in seen:
            at = by_id[at.parent_id]
            seen.add(at.id)
        if at.parent_id in chosen:
            found.append(info)
    return found
