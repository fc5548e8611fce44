"""Content as v1 shows it in a search, with what is expanded."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from exporter.emulator import answers
from exporter.emulator.call import Call
from exporter.emulator.content import Attachment, Comment, Content, CustomContent, Label, Version
from exporter.emulator.lookup import is_shown, space_id_of
from exporter.emulator.restrictions import OPERATIONS, by_operation, person
from exporter.emulator.shapes import Json, body

Found = Content | Attachment | Comment | CustomContent

MOST_CHILDREN = 25
RESTRICTIONS = tuple(
    f"restrictions.{operation}.restrictions.{part}" for operation in OPERATIONS for part in ("user", "group")
)
CHILDREN = ("children.attachment", "children.comment", "children.page", "children.folder")
BODIES = ("body.storage", "body.view", "body.export_view", "body.styled_view", "body.atlas_doc_format")
EXPANDED = frozenset(
    {
        "space",
        "version",
        "history",
        "history.lastUpdated",
        "metadata.labels",
        "container",
        "ancestors",
        "extensions",
        *RESTRICTIONS,
        *CHILDREN,
        *BODIES,
    }
)


def type_of(item: Found) -> str:
    if isinstance(item, Content):
        return item.kind
    if isinstance(item, CustomContent):
        return item.type
    return "attachment" if isinstance(item, Attachment) else "comment"


def container(call: Call, item: Attachment | Comment) -> Content | CustomContent | Attachment:
    held = call.world.contents.get(item.container_id) or call.world.customs.get(item.container_id)
    return held or call.world.attachments[item.container_id]


def content(call: Call, item: Found, expand: Collection[str]) -> Json:
    answer: Json = {
        "id": item.id,
        "type": type_of(item),
        "status": item.status,
        "title": item.title,
        "macroRenderedOutput": {},
        "extensions": _extensions(item),
        "_expandable": {},
        "_links": {"self": f"{call.base}/rest/api/content/{item.id}", "webui": _webui(call, item)},
    }
    if "version" in expand:
        answer["version"] = _version(call, item.version)
    if "space" in expand:
        answer["space"] = _space(call, item)
    if "history" in expand or "history.lastUpdated" in expand:
        answer["history"] = _history(call, item, "history.lastUpdated" in expand)
    if "metadata.labels" in expand:
        labels = call.world.labels.get(item.id, {}).values()
        answer["metadata"] = {"labels": _labels(labels), "_expandable": {}}
    if "container" in expand and isinstance(item, Attachment | Comment):
        answer["container"] = content(call, container(call, item), ())
    if "ancestors" in expand:
        answer["ancestors"] = _ancestors(call, item)
    return answer | _restrictions(call, item, expand) | _children(call, item, expand) | _bodies(item, expand)


def result(call: Call, item: Found, expand: Collection[str]) -> Json:
    """An item of ``/search``."""
    space = call.world.spaces[_space_id(call, item)]
    return {
        "content": content(call, item, expand),
        "title": item.title,
        "excerpt": "",
        "url": _webui(call, item),
        "resultGlobalContainer": {"title": space.name, "displayUrl": f"/spaces/{space.alias}"},
        "breadcrumbs": [],
        "entityType": "content",
        "iconCssClass": f"aui-icon content-type-{type_of(item)}",
        "lastModified": item.version.created_at,
        "friendlyLastModified": "",
        "score": 0.0,
    }


def _space_id(call: Call, item: Found) -> str:
    while isinstance(item, Attachment | Comment):
        item = container(call, item)
    return space_id_of(call, item)


def _webui(call: Call, item: Found) -> str:
    if isinstance(item, Content):
        return str(answers.content_links(call, item)["webui"])
    return f"/pages/viewpage.action?pageId={item.id}"


def _extensions(item: Found) -> Json:
    if isinstance(item, Attachment):
        return {
            "mediaType": item.media_type,
            "fileSize": item.binary.size,
            "comment": item.comment,
            "fileId": item.file_id,
        }
    if not isinstance(item, Comment):
        return {"position": item.position} if isinstance(item, Content) and item.position is not None else {}
    if item.kind == "footer":
        return {"location": "footer"}
    marker = {"markerRef": item.marker_ref, "originalSelection": item.selection}
    return {"location": "inline", "resolution": {"status": item.resolution}, "inlineProperties": marker}


def _version(call: Call, item: Version) -> Json:
    return {
        "by": person(call, item.author_id),
        "when": item.created_at,
        "friendlyWhen": "",
        "message": item.message,
        "number": item.number,
        "minorEdit": item.minor_edit,
        "contentTypeModified": False,
        "_expandable": {},
        "_links": {},
    }


def _space(call: Call, item: Found) -> Json:
    space = call.world.spaces[_space_id(call, item)]
    return {
        "id": int(space.id),
        "key": space.key,
        "alias": space.alias,
        "name": space.name,
        "type": space.type,
        "status": space.status,
        "_expandable": {},
        "_links": {"webui": f"/spaces/{space.alias}", "self": f"{call.base}/rest/api/space/{space.key}"},
    }


def _history(call: Call, item: Found, last: bool) -> Json:
    history: Json = {
        "latest": True,
        "createdBy": person(call, _first_author(item)),
        "createdDate": item.created_at,
        "_expandable": {},
        "_links": {},
    }
    if last:
        history["lastUpdated"] = _version(call, item.version)
    return history


def _first_author(item: Found) -> str:
    if isinstance(item, Attachment):
        return (item.past[0] if item.past else item).version.author_id
    return item.author_id


def _labels(labels: Iterable[Label]) -> Json:
    results = [
        {"id": each.id, "name": each.name, "prefix": each.prefix, "label": each.name} for each in labels
    ]
    return {"results": results, "start": 0, "limit": 200, "size": len(results), "_links": {}}


def _ancestors(call: Call, item: Found) -> list[Json]:
    """From the top down, as far as they are visible; of a reply, the comments it answers."""
    above: list[Json] = []
    while isinstance(item, Comment) and item.parent_id is not None:
        item = call.world.comments[item.parent_id]
        above.append(content(call, item, ()))
    at = item.parent_id if isinstance(item, Content) else None
    while at is not None and len(above) < 100 and is_shown(call, at):
        parent = call.world.contents[at]
        above.append(content(call, parent, ()))
        at = parent.parent_id
    return above[::-1]


def _restrictions(call: Call, item: Found, expand: Collection[str]) -> Json:
    if not any(each in expand for each in RESTRICTIONS):
        return {}
    shown: Json = {"_expandable": {}, "_links": {}}
    for operation in OPERATIONS:
        start = f"restrictions.{operation}.restrictions."
        parts = {each.removeprefix(start) for each in expand if each.startswith(start)}
        if parts:
            shown[operation] = by_operation(call, item.id, operation, parts)
        else:
            shown["_expandable"][operation] = ""
    return {"restrictions": shown}


def _children(call: Call, item: Found, expand: Collection[str]) -> Json:
    kinds = [each.removeprefix("children.") for each in expand if each in CHILDREN]
    if not kinds:
        return {}
    return {"children": {kind: _array(call, _below(call, item, kind)) for kind in kinds} | {"_links": {}}}


def _below(call: Call, item: Found, kind: str) -> list[Found]:
    world = call.world
    below: list[Found]
    if kind == "attachment":
        below = [world.attachments[each] for each in world.by_container.get(item.id, ())]
    elif kind == "comment":
        below = [world.comments[each] for each in world.comments_on.get(item.id, ())]
    else:
        below = [world.contents[each] for each in world.by_parent.get(item.id, ())]
        below = [each for each in below if type_of(each) == kind and is_shown(call, each.id)]
    return [each for each in below if each.status == "current"]


def _array(call: Call, items: list[Found]) -> Json:
    """The first 25; the next page of the real API leads to an address that is gone."""
    results = [content(call, each, ()) for each in items[:MOST_CHILDREN]]
    return {"results": results, "start": 0, "limit": MOST_CHILDREN, "size": len(results), "_links": {}}


def _bodies(item: Found, expand: Collection[str]) -> Json:
    forms = [each.removeprefix("body.") for each in expand if each in BODIES]
    if not forms or isinstance(item, Attachment) or item.body is None:
        return {}
    shown: Json = {}
    for form in forms:
        shown |= body(item.body(), form)
    return {"body": {**shown, "_expandable": {}}}
