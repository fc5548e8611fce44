"""The optional parts of a single answer: ``include-labels`` and the like, 50 each, and where the rest is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, TypeVar

from exporter.emulator import shapes
from exporter.emulator.call import Call
from exporter.emulator.content import Attachment, Comment, Content, CustomContent, Space, Version
from exporter.emulator.paging import Key, new_cursor
from exporter.emulator.shapes import Json

MOST = 50
T = TypeVar("T")


def sections(call: Call, item: Content | Attachment | Comment | CustomContent | Space) -> Json:
    """The parts that the call asks for."""
    world, found = call.world, {}
    if call.arguments.get("include-labels"):
        labels = sorted(world.labels.get(item.id, {}).values(), key=lambda each: int(each.id))
        found["labels"] = _section(call, "labels", labels, shapes.label, key=lambda each: int(each.id))
    if call.arguments.get("include-properties"):
        held = sorted(world.properties.get(item.id, {}).values(), key=lambda each: int(each.id))
        render = shapes.space_property if isinstance(item, Space) else shapes.content_property
        found["properties"] = _section(call, "properties", held, render, key=lambda each: int(each.id))
    if call.arguments.get("include-likes"):
        likes = list(enumerate(world.likes.get(item.id, ())))
        found["likes"] = _section(
            call, "likes/users", likes, lambda each: {"accountId": each[1]}, key=lambda each: each[0]
        )
    if call.arguments.get("include-versions") and not isinstance(item, Space):
        versions = _versions(call, item)
        found["versions"] = _section(
            call,
            "versions",
            versions,
            shapes.version,
            key=lambda each: (each.created_at, each.number),
            field="modified-date",
        )
    return found


def _versions(call: Call, item: Content | Attachment | Comment | CustomContent) -> list[Version]:
    """Those of the item as it is now, whichever version of it is shown; the newest first."""
    shelves = (call.world.contents, call.world.attachments, call.world.comments, call.world.customs)
    now = next((shelf[item.id] for shelf in shelves if item.id in shelf), item)
    past: Sequence[Content | Attachment | Comment | CustomContent] = now.past
    return [now.version, *(each.version for each in reversed(past))]


def _section(
    call: Call,
    name: str,
    items: Sequence[T],
    render: Callable[[T], Any],
    *,
    key: Callable[[T], Key],
    field: str = "id",
) -> Json:
    shown = (render(each) for each in items[:MOST])
    return section(call, name, shown, len(items), lambda: (field, key(items[MOST - 1])))


def section(
    call: Call, name: str, shown: Iterable[Any], total: int, place: Callable[[], tuple[str, Key]]
) -> Json:
    """``place`` is that of the last item shown; the cursor is for the list at ``self``, unfiltered."""
    path = f"{call.path}/{name}"
    meta: Json = {"hasMore": total > MOST}
    if total > MOST:
        meta["cursor"] = new_cursor(replace(call, path=path, query=()), *place())
    return {"results": list(islice(shown, MOST)), "meta": meta, "_links": {"self": path}}
