"""Lists of versions, and single ones."""

from __future__ import annotations

from typing import Any

from exporter.emulator import shapes
from exporter.emulator.call import Call
from exporter.emulator.content import Attachment, Content, ContentKind, CustomContent, Version
from exporter.emulator.lookup import asked_attachment, order, visible_content, visible_custom
from exporter.emulator.paging import Key, Keys, answer_list
from exporter.emulator.reply import Reply, v2_not_found
from exporter.emulator.shapes import Json

Versioned = Content | Attachment | CustomContent


def list_content_versions(call: Call, *, of: ContentKind) -> Reply:
    content = visible_content(call, str(call.arguments["id"]), of)
    return v2_not_found() if content is None else _list(call, content, of)


def list_attachment_versions(call: Call) -> Reply:
    attachment = asked_attachment(call)
    return attachment if isinstance(attachment, Reply) else _list(call, attachment, "attachment")


def list_custom_versions(call: Call) -> Reply:
    custom = visible_custom(call, str(call.arguments["custom-content-id"]))
    return v2_not_found() if custom is None else _list(call, custom, "custom")


def get_content_version(call: Call, *, of: ContentKind) -> Reply:
    content = visible_content(call, str(call.arguments[f"{of}-id"]), of)
    return v2_not_found() if content is None else _get(call, content)


def get_attachment_version(call: Call) -> Reply:
    attachment = asked_attachment(call, "attachment-id")
    return attachment if isinstance(attachment, Reply) else _get(call, attachment)


def _list(call: Call, thing: Versioned, name: str) -> Reply:
    """The newest first, unless asked for otherwise."""
    every: dict[int, Any] = {each.version.number: each for each in _every(thing)}
    keys: list[Key] = sorted((each.version.created_at, number) for number, each in every.items())
    field, descending = order(call, "-modified-date")
    cap = call.switches.versions_body_cap if "body-format" in call.arguments else None

    def render(item: Versioned) -> Json:
        return {**shapes.version(item.version), name: _entity(call, item)}

    return answer_list(call, Keys([keys], field, descending), every.get, render, cap=cap)


def _get(call: Call, thing: Versioned) -> Reply:
    numbers = {each.version.number: each.version for each in _every(thing)}
    found = numbers.get(call.arguments["version-number"])
    if found is None:
        return v2_not_found()
    return Reply(json=_detailed(found, sorted(numbers)))


def _every(thing: Versioned) -> list[Versioned]:
    return [*thing.past, thing]


def _entity(call: Call, item: Versioned) -> Json:
    entity: Json = {"id": item.id, "title": item.title}
    form = call.arguments.get("body-format")
    if form is not None and not isinstance(item, Attachment) and item.body is not None:
        entity["body"] = shapes.body(item.body(), form)
    return entity


def _detailed(version: Version, numbers: list[int]) -> Json:
    answer: Json = {
        **shapes.version(version),
        "contentTypeModified": False,
        "collaborators": [version.author_id],
    }
    at = numbers.index(version.number)
    if at:
        answer["prevVersion"] = numbers[at - 1]
    if at + 1 < len(numbers):
        answer["nextVersion"] = numbers[at + 1]
    return answer
