"""Custom content: always by type, of the site, a space, a page or a blog post."""

from __future__ import annotations

from collections.abc import Iterable

from exporter.emulator import answers, shapes
from exporter.emulator.call import Call
from exporter.emulator.content import ContentKind, CustomContent
from exporter.emulator.lookup import (
    answer_items,
    is_shown,
    space_id_of,
    visible_content,
    visible_custom,
    visible_space,
)
from exporter.emulator.reply import Reply, v2_bad_request, v2_not_found
from exporter.emulator.sections import sections
from exporter.emulator.shapes import Json


def list_of_site(call: Call) -> Reply:
    ids, spaces = call.arguments.get("id"), call.arguments.get("space-id")
    return _list(
        call,
        (
            each
            for each in call.world.customs.values()
            if (ids is None or int(each.id) in ids)
            and (spaces is None or int(space_id_of(call, each)) in spaces)
        ),
    )


def list_of_space(call: Call) -> Reply:
    space = visible_space(call, str(call.arguments["id"]))
    if space is None:
        return v2_not_found()
    customs = call.world.customs.values()
    return _list(call, (each for each in customs if space_id_of(call, each) == space.id))


def list_of_content(call: Call, *, of: ContentKind) -> Reply:
    content = visible_content(call, str(call.arguments["id"]), of)
    if content is None:
        return v2_not_found()
    return _list(call, (call.world.customs[each] for each in call.world.customs_in.get(content.id, ())))


def get_custom(call: Call) -> Reply:
    wanted = call.arguments
    item = visible_custom(call, str(wanted["id"]))
    if item is not None and "version" in wanted:
        item = next((each for each in (item, *item.past) if each.version.number == wanted["version"]), None)
    if item is None:
        return v2_not_found()
    return Reply(json=answers.based(call, custom(call, item) | sections(call, item)))


def custom(call: Call, item: CustomContent) -> Json:
    space_id = space_id_of(call, item)
    answer: Json = {
        "id": item.id,
        "type": item.type,
        "status": item.status,
        "title": item.title,
        "spaceId": space_id,
        "authorId": item.author_id,
        "createdAt": item.created_at,
        "body": _body(item, call.arguments.get("body-format")),
        "_links": {"webui": f"/spaces/{call.world.spaces[space_id].alias}/custom-content/{item.id}"},
    }
    if item.container_id is not None:
        answer[answers.container_field(call, item.container_id)] = item.container_id
    if call.arguments.get("include-version", True):
        answer["version"] = shapes.version(item.version)
    return answer


def _list(call: Call, items: Iterable[CustomContent]) -> Reply:
    wanted = call.arguments
    if "type" not in wanted:
        return v2_bad_request("Required parameter 'type' is missing")

    def fits(item: CustomContent) -> bool:
        return item.type == wanted["type"] and item.status == "current" and is_shown(call, item.id)

    return answer_items(call, filter(fits, items), lambda item: custom(call, item))


def _body(item: CustomContent, form: str | None) -> Json:
    """A raw body has that form only; a storage body has all the others."""
    if form is None or (form == "raw") != (item.form == "raw"):
        return {}
    return shapes.body(item.body(), form)
