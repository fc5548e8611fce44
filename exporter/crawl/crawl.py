"""The way of a crawl through one space: list, select, plan, fetch, arrange."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping

from exporter.crawl.bodies import Bodies
from exporter.crawl.feeds import open_feeds
from exporter.crawl.hanging import DETAILS, Hanging
from exporter.crawl.listing import KINDS, HeldByKind, SpaceListing, list_space, look_up_missing
from exporter.crawl.people import save_users
from exporter.crawl.places import in_tree, is_whole, not_asked
from exporter.crawl.plan import Missing, Plan, make_plan
from exporter.crawl.pool import run_jobs
from exporter.crawl.protocols import Sink, Source
from exporter.crawl.report import Report
from exporter.crawl.retiring import retire
from exporter.crawl.routes import DUE, make_sweep, notes, so_far
from exporter.crawl.selection import select
from exporter.crawl.space import save_space
from exporter.crawl.tree import arrange
from exporter.crawl.wanted import PART_OF, Parts, Policy, Wanted
from exporter.crawl.work import Work
from exporter.errors import AuthError, TimeUp, Unavailable
from exporter.model import CONTAINERS, WITH_BODY, ContentInfo, Kind, Part, Space, State
from exporter.progress import Progress

HANGING = (Part.ATTACHMENTS, Part.COMMENTS, *DETAILS, Part.RESTRICTIONS)
METADATA_BATCH = 500  # files a save, which a signal has to wait for

Plans = Mapping[Kind, Plan[ContentInfo]]


async def crawl(
    space: Space,
    source: Source,
    sink: Sink,
    wanted: Wanted,
    *,
    workers: int,
    report: Report,
    progress: Progress,
    policy: Policy,
    dry_run: bool = False,
) -> None:
    """Bring what is wanted of a space from a source into a sink.

    One item's failure costs that item and is noted in the report; raises `AuthError`, `Unavailable`,
    `LocalError`, and `ScopeMissing` when not even pages may be listed. With `dry_run` nothing is
    fetched that is only to be saved: the sink takes everything and keeps nothing.
    """
    parts = Parts(wanted.skip, report)
    held = {kind: await sink.held(kind) for kind in KINDS}
    everything = await list_space(
        source, space, held, wanted, parts, workers=workers, report=report, progress=progress
    )
    listing = everything
    if wanted.is_selection:
        listing = await select(source, everything, wanted, workers=workers, report=report)
    containers = sum(len(listing.contents[kind]) for kind in CONTAINERS)
    sweep = make_sweep(wanted, containers, [*filter(parts.open, HANGING)], await sink.meta())
    report.within = 1 if sweep.is_everything else wanted.within
    work = Work(source, sink, wanted, parts, report, progress, policy, sweep, dry_run=dry_run)
    gone = await _gone(work, space, listing, held)
    plans = _plans(listing, held, gone, report)
    work.settled.update(info.id for plan in plans.values() for info in [*plan.to_fetch, *plan.updated])
    renamed = _former_titles(plans, held)
    recorded = {item_id for kind in KINDS for item_id in held[kind]}
    work.due.update(_unlisted(everything, held, work))
    whole = is_whole(everything, gone, held) if listing is everything else everything.whole
    unasked = await not_asked(work, space, held)
    _collect_proofs(work, listing, plans)
    del held  # as large as the listing
    await save_space(work, space)
    due = sweep.due | _unfinished(plans, first=sweep.first)
    await sink.note({DUE: " ".join(sorted(due))})
    await _save_what_is_known(work, plans)
    try:
        async with open_feeds(work, space, listing) as feeds:
            bodies = Bodies(work, Hanging(work, feeds), plans, renamed)
            await run_jobs(bodies.jobs(listing), workers=workers)
    except (AuthError, Unavailable, TimeUp, asyncio.CancelledError):  # cut, while the disk is well
        everybody = (info.id for kind in CONTAINERS for info in everything.contents[kind])
        cut = so_far(
            sweep, wanted, filter(parts.open, HANGING),
            due=due, failed=work.due, came=work.came, everybody=everybody, doubted=work.doubted,
        )  # fmt: skip
        await sink.note(cut)
        raise
    swept = filter(parts.open, HANGING)
    await sink.note(notes(sweep, wanted, swept, due=work.due, doubted=work.doubted))
    await save_users(work)
    for part in (*HANGING, Part.PERMISSIONS):
        if not parts.open(part):
            report.listed(part, "not asked")
    if whole or not sink.has_tree():
        await sink.save_tree(arrange([*in_tree(everything, listing, recorded), *unasked]))
    if not wanted.is_selection:
        witnesses = [info for kind in WITH_BODY for info in everything.contents[kind]]
        nothing = {kind for kind in WITH_BODY if kind in listing.complete and not listing.complete[kind]}
        await retire(work, space, witnesses, empty=nothing)


async def _gone(
    work: Work, space: Space, listing: SpaceListing, held: HeldByKind
) -> dict[Kind, Mapping[str, State]]:
    """What became of everything that is recorded and that this listing would show."""
    gone = dict(listing.gone)
    for kind, complete in listing.complete.items():
        gone[kind] = await look_up_missing(work.source, space, kind, complete.lacks(held[kind]), work.report)
    return gone


def _plans(
    listing: SpaceListing, held: HeldByKind, gone: Mapping[Kind, Mapping[str, State]], report: Report
) -> Plans:
    plans = {}
    for kind, infos in listing.contents.items():
        plans[kind] = make_plan(infos, held[kind], gone=gone.get(kind, {}), with_data=kind in WITH_BODY)
        report.planned(kind, plans[kind])
    return plans


def _unlisted(listing: SpaceListing, held: HeldByKind, work: Work) -> Iterator[str]:
    """Those whose turn it is, where a listing broke off before it showed them."""
    for kind in WITH_BODY:
        is_asked = kind not in PART_OF or work.parts.open(PART_OF[kind])
        if is_asked and kind not in listing.complete:
            shown = {info.id for info in listing.contents[kind]}
            yield from (each for each in held[kind] if each not in shown and work.sweep.owes(each))


def _unfinished(plans: Plans, *, first: bool) -> set[str]:
    """Those of which the next run would not know, if this one were killed, that they changed. After a first
    one it doesn't trust what is held anyway."""
    return {
        item_id
        for plan in map(plans.__getitem__, CONTAINERS)
        for item_id in [
            *(info.id for info in [*plan.changed, *plan.damaged, *plan.updated]),
            *plan.returned,
            *(info.id for info in plan.new if not first),
        ]
    }


def _collect_proofs(work: Work, listing: SpaceListing, plans: Plans) -> None:
    """A listing of tasks proves nothing where it is empty, or against those whose page isn't there."""
    pages = [listing.complete[kind] for kind in WITH_BODY if kind in listing.complete]
    for kind, plan in plans.items():
        missing: Mapping[str, Missing] = plan.missing
        if kind is Kind.TASK and not listing.complete.get(kind):
            continue
        if kind is Kind.TASK:
            missing = {
                item_id: each
                for item_id, each in missing.items()
                if any(each.held.container in listed for listed in pages)
            }
        work.proved(kind, missing)


def _former_titles(plans: Plans, held: HeldByKind) -> set[str]:
    """What renamed pages and blog posts were called before."""
    return {
        held[kind][info.id].title.casefold()
        for kind in WITH_BODY
        for info in plans[kind].changed
        if held[kind][info.id].title != info.title
    }


async def _save_what_is_known(work: Work, plans: Plans) -> None:
    """What returned first: with a page comes back what it contains, some of which may be missing still."""
    for kind, plan in plans.items():
        if plan.returned:
            await work.sink.mark_returned(kind, plan.returned)
    some_returned = any(plan.returned for plan in plans.values())
    for kind, plan in plans.items():
        known = plan.updated if kind in WITH_BODY else [*plan.to_fetch, *plan.updated]
        for at in range(0, len(known), METADATA_BATCH):
            await work.save(work.sink.save_metadata, known[at : at + METADATA_BATCH], lambda info: info)
        missing = {item_id: each.state for item_id, each in plan.missing.items()}
        if noted := missing if some_returned else plan.newly_missing:
            await work.sink.mark_missing(kind, noted)
