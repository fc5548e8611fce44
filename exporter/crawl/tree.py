"""The page tree, from what the listing says about parents. Pure: no I/O."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from exporter.model import ContentId, ContentInfo, Kind, TreeNode


def arrange(contents: Iterable[ContentInfo]) -> list[TreeNode]:
    """Every item once, parents before children, siblings in Confluence's order; orphans after the other
    roots, blog posts last.

    An item whose parent is not visible becomes a root marked as orphan; so does one member of a
    circle of parents. Positions are sparse, may be null or equal; then the title decides.
    """
    infos = sorted(contents, key=_order)
    known = {info.id for info in infos}
    below: dict[ContentId | None, list[ContentInfo]] = defaultdict(list)
    for info in infos:
        below[info.parent_id if info.parent_id in known else None].append(info)
    placed: dict[ContentId, TreeNode] = {}
    roots = sorted(below[None], key=lambda info: (info.kind is Kind.BLOGPOST, info.parent_id is not None))
    for root in [*roots, *infos]:  # the second pass finds only circles
        _place(root, below, placed, orphan=root.parent_id is not None)
    return list(placed.values())


def _place(
    root: ContentInfo,
    below: dict[ContentId | None, list[ContentInfo]],
    placed: dict[ContentId, TreeNode],
    *,
    orphan: bool,
) -> None:
    stack = [(root, orphan)]
    while stack:
        info, is_orphan = stack.pop()
        if info.id in placed:
            continue
        placed[info.id] = TreeNode(
            info.id, info.kind, info.title, info.status, info.parent_id, info.position, is_orphan
        )
        stack.extend((child, False) for child in reversed(below[info.id]))


def _order(info: ContentInfo) -> tuple[bool, bool, int, str, int]:
    position = info.position
    return (info.kind is Kind.BLOGPOST, position is None, position or 0, info.title.casefold(), int(info.id))
