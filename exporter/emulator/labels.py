"""Labels, properties and likes of things."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from exporter.emulator import shapes
from exporter.emulator.call import Call
from exporter.emulator.content import ContentKind
from exporter.emulator.lookup import (
    answer_items,
    asked_attachment,
    visible_comment,
    visible_content,
    visible_custom,
    visible_space,
)
from exporter.emulator.paging import Keys, answer_list
from exporter.emulator.reply import Reply, v2_not_found

LABEL_VALUES: dict[str, Callable[[Any], str]] = {
    "created-date": lambda item: item.created_at,
    "name": lambda item: item.name.casefold(),
}
PROPERTY_VALUES: dict[str, Callable[[Any], str]] = {"key": lambda item: item.key}

# --- labels -----------------------------------------------------------------------------


def list_content_labels(call: Call, *, of: ContentKind) -> Reply:
    content = visible_content(call, str(call.arguments["id"]), of)
    return v2_not_found() if content is None else _list_labels(call, content.id)


def list_custom_labels(call: Call) -> Reply:
    custom = visible_custom(call, str(call.arguments["id"]))
    return v2_not_found() if custom is None else _list_labels(call, custom.id)


def list_attachment_labels(call: Call) -> Reply:
    attachment = asked_attachment(call, bare=True)
    return attachment if isinstance(attachment, Reply) else _list_labels(call, attachment.id)


def list_space_labels(call: Call) -> Reply:
    space = visible_space(call, str(call.arguments["id"]))
    return v2_not_found() if space is None else _list_labels(call, space.id)


def _list_labels(call: Call, thing_id: str) -> Reply:
    prefixes = call.arguments["prefix"].split(", ") if "prefix" in call.arguments else None
    held = call.world.labels.get(thing_id, {}).values()
    wanted = [each for each in held if prefixes is None or each.prefix in prefixes]
    return answer_items(call, wanted, shapes.label, values=LABEL_VALUES)


# --- properties -------------------------------------------------------------------------


def list_content_properties(call: Call, *, of: ContentKind, name: str) -> Reply:
    """``name`` is that of the id in the path."""
    content = visible_content(call, str(call.arguments[name]), of)
    return v2_not_found() if content is None else _list_properties(call, content.id)


def list_custom_properties(call: Call) -> Reply:
    custom = visible_custom(call, str(call.arguments["custom-content-id"]))
    return v2_not_found() if custom is None else _list_properties(call, custom.id)


def list_attachment_properties(call: Call) -> Reply:
    attachment = asked_attachment(call, "attachment-id")
    return attachment if isinstance(attachment, Reply) else _list_properties(call, attachment.id)


def list_comment_properties(call: Call) -> Reply:
    comment = visible_comment(call, str(call.arguments["comment-id"]))
    return v2_not_found() if comment is None else _list_properties(call, comment.id)


def list_space_properties(call: Call) -> Reply:
    space = visible_space(call, str(call.arguments["space-id"]))
    if space is None:
        return v2_not_found()
    return _list_properties(call, space.id, shapes.space_property)


def _list_properties(
    call: Call, thing_id: str, render: Callable[[Any], Any] = shapes.content_property
) -> Reply:
    key = call.arguments.get("key")
    held = call.world.properties.get(thing_id, {}).values()
    return answer_items(
        call, [each for each in held if key in (None, each.key)], render, values=PROPERTY_VALUES
    )


# --- likes ------------------------------------------------------------------------------


def count_likes(call: Call, *, of: ContentKind) -> Reply:
    content = visible_content(call, str(call.arguments["id"]), of)
    if content is None:
        return v2_not_found()
    return Reply(json={"count": len(call.world.likes.get(content.id, ()))})


def list_likes(call: Call, *, of: ContentKind) -> Reply:
    content = visible_content(call, str(call.arguments["id"]), of)
    if content is None:
        return v2_not_found()
    users = list(call.world.likes.get(content.id, ()))
    keys = Keys([range(len(users))])
    return answer_list(call, keys, users.__getitem__, lambda user: {"accountId": user})
