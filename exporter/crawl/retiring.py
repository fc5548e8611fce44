"""The end of a crawl: what was deleted in Confluence goes to the trash of the mirror, on proof only."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence

from exporter.crawl.evidence import Candidate, judge
from exporter.crawl.listing import state_of
from exporter.crawl.work import Work
from exporter.errors import NotFound, ObstructedError, RemoteError
from exporter.model import IN_TRASH, WITH_BODY, ContentInfo, Kind, Space

log = logging.getLogger(__name__)

_HOLDS_FILES = (*WITH_BODY, Kind.CUSTOM_CONTENT)


async def retire(
    work: Work, space: Space, witnesses: Sequence[ContentInfo], *, empty: Collection[Kind]
) -> None:
    """Move what there is proof against, unless it is suspiciously much, or all of a kind (`empty`). Of
    `witnesses`, which are there, the first must still be when it comes to it."""
    policy, sink, report = work.policy, work.sink, work.report
    found = work.candidates
    if not found or policy.still_true is None:
        return
    recorded = {kind: await sink.count(kind) for kind in {each.kind for each in found}}
    weight = sum([await sink.weigh(each.kind, each.id) for each in found])
    verdict = judge(
        found, recorded, accept=policy.accept, weight=weight, of=await sink.count(None), empty=empty
    )
    report.withhold(verdict.withheld, recorded)
    if not verdict.retire:
        return
    if not witnesses or not await policy.still_true(witnesses[0]):
        report.warn("nothing was retired: the account, the space or a page in it didn't answer as before")
        return
    for each in verdict.retire:
        if await _is_still_gone(work, space, each):
            await _retire(work, each)


async def _retire(work: Work, each: Candidate) -> None:
    try:
        if not work.dry_run and not await work.sink.retire(
            each.kind, each.id, container_kind=each.container_kind, container=each.container
        ):
            return
    except ObstructedError as exc:
        work.report.failed(each.kind, each.id, each.title, exc)
        return
    work.report.retire(each)
    log.info("%s %s retired: %s", each.kind, each.id, each.reason)


async def _is_still_gone(work: Work, space: Space, each: Candidate) -> bool:
    """Asked anew: the proof is as old as the listing, which may be hours. What can't be asked stays."""
    try:
        if each.reason in ("deleted", "moved"):
            gone = await _is_away(work, space, each)
        else:
            gone = await _is_absent(work, each)
        return gone and await _takes_only_its_own(work, each)
    except RemoteError as exc:
        log.info("%s %s is kept: it could not be asked about: %s", each.kind, each.id, exc)
        return False


async def _is_away(work: Work, space: Space, each: Candidate) -> bool:
    """In the trash, or in another space."""
    source = work.source
    if each.kind is Kind.ATTACHMENT:
        file = await source.look_up_attachment(each.id)
        return file.status in IN_TRASH or await _is_elsewhere(work, space, file.container)
    if each.kind in WITH_BODY:
        info = (await source.look_up(each.kind, [each.id])).get(each.id)
        return info is not None and state_of(info, space) is not None
    return state_of(await source.by_id(each.kind, each.id), space) is not None


async def _is_elsewhere(work: Work, space: Space, container: str) -> bool:
    """Whether what an attachment was moved to says that it is in another space."""
    for kind in WITH_BODY:
        info = (await work.source.look_up(kind, [container])).get(container)
        if info is not None:
            return bool(info.space_id) and info.space_id != space.id
    return False


async def _is_absent(work: Work, each: Candidate) -> bool:
    """Not found, as far as it can be asked for; former versions and tasks can't."""
    source = work.source
    try:
        if each.kind is Kind.COMMENT:
            return not await source.has_comment(each.id)
        if each.kind is Kind.ATTACHMENT:
            await source.look_up_attachment(each.id)
        elif each.kind in WITH_BODY:
            return each.id not in await source.look_up(each.kind, [each.id])
        elif each.kind in (Kind.VERSION, Kind.TASK):
            return True
        else:
            await source.by_id(each.kind, each.id)
    except NotFound:
        return True
    return False


async def _takes_only_its_own(work: Work, each: Candidate) -> bool:
    """Whether no attachment recorded in it is on another page by now, whose listing didn't tell."""
    if each.kind not in _HOLDS_FILES:
        return True
    for attachment in (await work.sink.held_in([each.id]))[each.id][Kind.ATTACHMENT]:
        try:
            found = await work.source.look_up_attachment(attachment)
        except NotFound:
            continue
        if found.container != each.id and found.status not in IN_TRASH:
            return False
    return True
