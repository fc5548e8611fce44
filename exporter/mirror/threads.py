"""The comments on one item as one document: footer and inline, each with its replies. Pure: no I/O."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from exporter import canonical
from exporter.model import CommentInfo

PLACES = ("footer", "inline")
MAX_DEPTH = 100  # JSON that is nested more deeply can't be read everywhere


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment, without the replies to it."""

    id: str
    inline: bool
    parent_id: str | None
    document: Mapping[str, Any]


def parse(data: bytes | None) -> dict[str, Comment]:
    """What `arrange` arranged, by id; nothing where the file is gone or is none of ours."""
    document = (canonical.load(data) if data is not None else None) or {}
    found: dict[str, Comment] = {}
    waiting: list[tuple[dict[str, Any], bool, str | None]] = []
    for place in PLACES:
        waiting += [(each, place == "inline", None) for each in _objects(document.get(place))]
    while waiting:
        each, inline, parent = waiting.pop()
        alone = {name: value for name, value in each.items() if name != "replies"}
        comment = Comment(str(each.get("id")), inline, alone.get("parentCommentId") or parent, alone)
        found[comment.id] = comment
        for reply in _objects(each.get("replies")):
            waiting.append((reply, inline, comment.id))
    return found


def merge(
    live: Mapping[str, Comment],
    missing: Mapping[str, Comment],
    listed: Sequence[CommentInfo],
    *,
    complete: bool,
) -> tuple[list[Comment], list[Comment]]:
    """Which comments are live and which are missing, after a listing of them."""
    now = {
        str(info.id): Comment(info.id, info.inline, info.parent_id, canonical.load(info.metadata) or {})
        for info in listed
    }
    unlisted = {comment_id: comment for comment_id, comment in live.items() if comment_id not in now}
    still_missing = {comment_id: each for comment_id, each in missing.items() if comment_id not in now}
    if complete:
        return [*now.values()], [*(still_missing | unlisted).values()]
    return [*(now | unlisted).values()], [*still_missing.values()]


def arrange(comments: Iterable[Comment]) -> dict[str, list[Any]]:
    """Threads in the order they were begun; a reply whose parent isn't there stands for itself.

    What is deeper than `MAX_DEPTH` stands beside its parent: its `parentCommentId` says whose reply it is.
    """
    every = sorted(comments, key=lambda each: (len(each.id), each.id))
    by_id = {each.id: each for each in every}
    below: dict[str | None, list[Comment]] = defaultdict(list)
    for each in every:
        below[each.parent_id if each.parent_id in by_id else None].append(each)
    arranged: dict[str, list[Any]] = {place: [] for place in PLACES}
    placed: set[str] = set()
    for root in [*below[None], *every]:  # the second pass finds only circles
        waiting = [(root, arranged["inline" if root.inline else "footer"], 1)]
        while waiting:
            each, beside, depth = waiting.pop()
            if each.id in placed:
                continue
            placed.add(each.id)
            replies: list[Any] = []
            beside.append({**each.document, "replies": replies})
            deeper = (replies, depth + 1) if depth < MAX_DEPTH else (beside, depth)
            waiting += [(reply, *deeper) for reply in reversed(below[each.id])]
    return arranged


def _objects(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
