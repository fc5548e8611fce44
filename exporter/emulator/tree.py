"""The content tree from above and below, and what kind of content an id is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from exporter.emulator.call import Call
from exporter.emulator.content import Content, ContentKind
from exporter.emulator.lookup import (
    SORT_VALUES,
    order,
    sorted_keys,
    visible_attachment,
    visible_comment,
    visible_content,
    visible_custom,
)
from exporter.emulator.paging import Key, Keys, answer_list
from exporter.emulator.reply import Reply, v2_bad_request, v2_not_found
from exporter.emulator.sent import sent_list
from exporter.emulator.shapes import Json

NOWHERE = "~"
MOST_IDS = 100
POSITION = "child-position"


def list_children(call: Call, *, of: ContentKind) -> Reply:
    """By position unless asked for otherwise; those without one come last."""
    above = visible_content(call, str(call.arguments["id"]), of)
    if above is None:
        return v2_not_found()
    children = {int(each.id): each for each in _children(call, above) if _is_listed(call, each)}
    values: dict[str, Callable[[Any], str]] = {**SORT_VALUES, POSITION: _position}
    keys = sorted_keys(call, children.values(), usual=POSITION, values=values)
    bug = call.switches.null_position_bug and order(call, POSITION)[0] == POSITION
    return answer_list(call, keys, children.get, _child, lost_after=lambda place: bug and _is_nowhere(place))


def list_descendants(call: Call, *, of: ContentKind) -> Reply:
    above = visible_content(call, str(call.arguments["id"]), of)
    if above is None:
        return v2_not_found()
    found = {int(each.id): (each, depth) for each, depth in _below(call, above, call.arguments["depth"])}
    keys: list[Key] = sorted((f"{depth:02}", number) for number, (_, depth) in found.items())

    def select(number: int) -> tuple[Content, int] | None:
        return found[number] if _is_listed(call, found[number][0]) else None

    return answer_list(call, Keys([keys], "depth"), select, lambda item: _descendant(*item))


def list_ancestors(call: Call, *, of: ContentKind) -> Reply:
    """From the top down, the nearest ``limit`` of them; there is no cursor."""
    below = visible_content(call, str(call.arguments["id"]), of)
    if below is None:
        return v2_not_found()
    found: list[Json] = []
    parent_id, kind = below.parent_id, below.parent_kind
    while parent_id is not None and len(found) < call.arguments["limit"]:
        found.append({"id": parent_id, "type": kind})
        above = call.world.contents.get(parent_id)
        parent_id, kind = (above.parent_id, above.parent_kind) if above else (None, None)
    return Reply(json={"results": found[::-1], "_links": {"base": call.base}})


def convert_ids_to_types(call: Call) -> Reply:
    """None for what is not there, or not to be seen."""
    ids = sent_list(call, "contentIds", MOST_IDS)
    if isinstance(ids, Reply):
        return ids
    if not all(isinstance(each, str | int) for each in ids):
        return v2_bad_request("'contentIds' must be a list of ids")
    return Reply(json={"results": {str(each): _type_of(call, str(each)) for each in ids}})


def _type_of(call: Call, content_id: str) -> str | None:
    if content := visible_content(call, content_id):
        return content.kind
    if custom := visible_custom(call, content_id):
        return custom.type
    if comment := visible_comment(call, content_id):
        return f"{comment.kind}-comment"
    known = visible_attachment(call, content_id) or visible_attachment(call, f"att{content_id}")
    return "attachment" if known else None


def _children(call: Call, above: Content) -> Iterator[Content]:
    return (call.world.contents[each] for each in call.world.by_parent.get(above.id, ()))


def _below(call: Call, above: Content, depth: int) -> Iterator[tuple[Content, int]]:
    """All below, however visible, in no order; a loop of parents ends at ``depth``."""
    level = [above]
    for at in range(1, depth + 1):
        level = [child for each in level for child in _children(call, each)]
        yield from ((child, at) for child in level)


def _is_listed(call: Call, content: Content) -> bool:
    if content.status not in ("current", "archived"):
        return False
    return call.switches.hidden_children or call.viewer.sees(content)


def _child(item: Content) -> Json:
    return {
        "id": item.id,
        "status": item.status,
        "title": item.title,
        "type": item.kind,
        "spaceId": item.space_id,
        "childPosition": item.position,
    }


def _descendant(item: Content, depth: int) -> Json:
    return {
        "id": item.id,
        "status": item.status,
        "title": item.title,
        "type": item.kind,
        "parentId": item.parent_id,
        "depth": depth,
        "childPosition": item.position,
    }


def _position(item: Any) -> str:
    return NOWHERE if item.position is None else f"{item.position + (1 << 31):010}"


def _is_nowhere(place: Key | None) -> bool:
    return isinstance(place, tuple) and place[0] == NOWHERE
