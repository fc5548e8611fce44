"""Footer and inline comments: of one thing, of the whole site, replies, and one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from exporter.emulator import answers, shapes
from exporter.emulator.call import Call
from exporter.emulator.content import Attachment, Comment, CommentKind, Content, ContentKind, CustomContent
from exporter.emulator.lookup import (
    answer_items,
    asked_attachment,
    is_shown,
    kept_keys,
    not_emulated,
    order,
    visible_comment,
    visible_content,
    visible_custom,
)
from exporter.emulator.paging import answer_list
from exporter.emulator.reply import Reply, v2_not_found
from exporter.emulator.sections import sections
from exporter.emulator.shapes import Json

Shown = Literal["container", "parent", "both"]
"""What a comment in an answer says of where it belongs."""


def list_on_content(call: Call, *, on: ContentKind, kind: CommentKind) -> Reply:
    content = visible_content(call, str(call.arguments["id"]), on)
    return v2_not_found() if content is None else _list_roots(call, content, kind)


def list_on_custom_content(call: Call) -> Reply:
    custom = visible_custom(call, str(call.arguments["id"]))
    return v2_not_found() if custom is None else _list_roots(call, custom, "footer")


def list_on_attachment(call: Call) -> Reply:
    attachment = asked_attachment(call)
    if isinstance(attachment, Reply):
        return attachment
    if call.arguments.get("version", attachment.version.number) != attachment.version.number:
        return not_emulated("version")
    return _list_roots(call, attachment, "footer")


def list_replies(call: Call, *, kind: CommentKind) -> Reply:
    above = visible_comment(call, str(call.arguments["id"]))
    if above is None or above.kind != kind:
        return v2_not_found()
    return answer_items(
        call,
        call.world.replies_to(above),
        lambda item: comment(call, item, "parent"),
        values={"created-date": _created, "modified-date": _modified(call)},
    )


def list_of_site(call: Call, *, kind: CommentKind) -> Reply:
    field, _ = order(call)
    value = _created if field == "created-date" else _modified(call)
    items = (each for each in call.world.comments.values() if each.kind == kind)
    keys = kept_keys(call, f"{kind} comments {call.switches.resolving_moves}", items, value)

    def select(number: int) -> Comment | None:
        item = call.world.comments[str(number)]
        fits = (
            (call.switches.site_replies or item.parent_id is None)
            and item.resolution not in _hidden(call, kind)
            and is_shown(call, item.container_id)
        )
        return item if fits else None

    return answer_list(call, keys, select, lambda item: comment(call, item, "both"))


def get_comment(call: Call, *, kind: CommentKind) -> Reply:
    """Deleted comments are not there at all."""
    wanted = call.arguments
    item = visible_comment(call, str(wanted["comment-id"]))
    if item is not None and "version" in wanted:
        item = next((each for each in (item, *item.past) if each.version.number == wanted["version"]), None)
    if item is None or item.kind != kind:
        return v2_not_found()
    return Reply(json=comment(call, item, "both", single=True))


def comment(call: Call, item: Comment, shown: Shown, *, single: bool = False) -> Json:
    answer: Json = {"id": item.id, "status": item.status, "title": item.title}
    if shown != "parent":
        answer[answers.container_field(call, item.container_id)] = item.container_id
    if shown != "container" and item.parent_id is not None:
        answer["parentCommentId"] = item.parent_id
    if call.arguments.get("include-version", True):
        answer["version"] = shapes.version(item.version)
    form = call.arguments.get("body-format")
    answer["body"] = {} if form is None else shapes.body(item.body(), form)
    if item.kind == "inline":
        answer |= _inline_fields(item, whole=shown == "both")
    answer["_links"] = {"webui": _webui(call, item)}
    if not single:
        return answer
    parts = sections(call, item)
    if "properties" in parts:
        parts["properties"] = {**answer.get("properties", {}), **parts["properties"]}
    return answers.based(call, answer | parts)


def _list_roots(call: Call, on: Content | CustomContent | Attachment, kind: CommentKind) -> Reply:
    wanted = call.arguments
    statuses = wanted.get("status", ("current",))

    def fits(item: Comment) -> bool:
        if item.kind != kind or item.parent_id is not None or item.status not in statuses:
            return False
        if "resolution-status" in wanted:
            return item.resolution in wanted["resolution-status"]
        return item.resolution not in _hidden(call, kind)

    held = (call.world.comments[each] for each in call.world.comments_on.get(on.id, ()))
    return answer_items(
        call,
        filter(fits, held),
        lambda item: comment(call, item, "container"),
        values={"created-date": _created, "modified-date": _modified(call)},
    )


def _hidden(call: Call, kind: CommentKind) -> frozenset[str]:
    return call.switches.hidden_resolutions if kind == "inline" else frozenset()


def _inline_fields(item: Comment, *, whole: bool) -> Json:
    fields: Json = {
        "resolutionStatus": item.resolution,
        "properties": {"inlineMarkerRef": item.marker_ref, "inlineOriginalSelection": item.selection},
    }
    if whole and item.resolved_at:
        fields |= {"resolutionLastModifierId": item.resolved_by, "resolutionLastModifiedAt": item.resolved_at}
    return fields


def _webui(call: Call, item: Comment) -> str:
    on = call.world.contents.get(item.container_id)
    above = "/pages/viewpage.action" if on is None else answers.content_links(call, on)["webui"]
    return f"{above}?focusedCommentId={item.id}"


def _created(item: Any) -> str:
    return str(item.created_at)


def _modified(call: Call) -> Callable[[Any], str]:
    if call.switches.resolving_moves:
        return lambda item: str(max(item.version.created_at, item.resolved_at))
    return lambda item: str(item.version.created_at)
