"""What is in the page tree after a crawl: what was listed, and what is held of what wasn't asked for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from exporter.crawl.listing import HeldByKind, SpaceListing
from exporter.crawl.selection import above_all
from exporter.crawl.wanted import PART_OF
from exporter.crawl.work import Work
from exporter.model import IN_TREE, ContentId, ContentInfo, Held, Kind, Space, State


def is_whole(listing: SpaceListing, gone: Mapping[Kind, Mapping[str, State]], held: HeldByKind) -> bool:
    """Whether the tree is as Confluence's: nothing broke off, and of what is unlisted it is known why."""
    return listing.whole and not any(
        complete.lacks(held[kind]).keys() - gone[kind].keys()
        for kind, complete in listing.complete.items()
        if kind in IN_TREE
    )


def in_tree(everything: SpaceListing, listing: SpaceListing, recorded: Collection[str]) -> list[ContentInfo]:
    """All that was listed; after a selection that and what is held, with what is above it."""
    if listing is everything:
        return everything.tree
    by_id: dict[str, ContentInfo] = {info.id: info for info in everything.tree}
    chosen = {*recorded, *(info.id for info in listing.tree)} & by_id.keys()
    kept = above_all(chosen, by_id)
    return [info for info in everything.tree if info.id in kept]


async def not_asked(work: Work, space: Space, held: HeldByKind) -> list[ContentInfo]:
    """What is held of the kinds in the tree that are closed to this run, in the places it had."""
    infos = []
    for kind in IN_TREE:
        if kind is Kind.PAGE or work.parts.open(PART_OF[kind]):
            continue
        for item_id, have in held[kind].items():
            known = await work.sink.details(kind, item_id)
            if have.missing_since is None and known is not None:
                infos.append(_as_held(kind, item_id, have, space, known))
    return infos


def _as_held(kind: Kind, item_id: str, have: Held, space: Space, known: Mapping[str, Any]) -> ContentInfo:
    return ContentInfo(
        id=ContentId(item_id),
        kind=kind,
        title=have.title,
        status=known.get("status") or "current",
        version=have.version,
        space_id=space.id,
        parent_id=known.get("parentId"),
        parent_type=known.get("parentType"),
        position=known.get("position"),
        subtype=None,
        digest=b"",
        metadata=b"",
    )
