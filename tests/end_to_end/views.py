"""A space as the token may see it, and as the mirror has it, in one form to compare."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from exporter.emulator import Attachment, Comment, Content, Space, World
from tests.end_to_end.disk import SpaceOnDisk

View = dict[tuple[str, str], Any]
"""By kind and id: what matters of each thing."""

LISTED = ("current", "archived")


def in_world(world: World, space: Space) -> View:
    """All that is live and visible."""
    view: View = {}
    for each in world.contents.values():
        if each.space_id == space.id and each.status in LISTED and not each.hidden:
            view[each.kind, each.id] = _content(world, each)
            view |= _hanging(world, each.id)
            if each.body is not None:
                view |= {("task", task.id): task.status for task in _tasks(world, each.id)}
    for custom in world.customs.values():
        if ("page", custom.container_id) in view and custom.status == "current":
            version = (custom.version.number, custom.version.created_at)
            view["custom-content", custom.id] = (custom.title, version, custom.body())
            view |= _hanging(world, custom.id)
    return view


def _tasks(world: World, container: str) -> Iterator[Any]:
    return (task for task in world.tasks.values() if task.container_id == container)


def _content(world: World, each: Content) -> Any:
    version = (each.version.number, each.version.created_at)
    base = (each.title, each.status, version, each.parent_id, each.position)
    if each.body is None:
        return base
    labels = sorted(label.name for label in world.labels.get(each.id, {}).values())
    properties = {name: held.value for name, held in world.properties.get(each.id, {}).items()}
    likes = sorted(world.likes.get(each.id, ()))
    versions = [(old.version.number, old.version.created_at) for old in reversed((*each.past, each))]
    restricted = {
        operation: (sorted(held.users), sorted(held.groups))
        for operation, held in world.restrictions.get(each.id, {}).items()
        if held.users or held.groups
    }
    return (*base, each.body(), labels, properties, likes, versions, restricted)


def _hanging(world: World, container: str) -> View:
    view: View = {}
    for attachment_id in world.by_container.get(container, ()):
        held = world.attachments[attachment_id]
        if held.status in LISTED:
            view["attachment", held.id] = _attachment(held)
            view |= _comments(world, held.id)
    return view | _comments(world, container)


def _attachment(held: Attachment) -> Any:
    data = b"".join(held.binary.chunks())
    return (held.container_id, held.title, held.comment, held.version.number, held.version.created_at, data)


def _comments(world: World, container: str) -> View:
    every = (world.comments[each] for each in world.comments_on.get(container, ()) if each in world.comments)
    return {("comment", each.id): _comment(each) for each in every}


def _comment(each: Comment) -> Any:
    resolution = each.resolution if each.kind == "inline" else None
    return (each.container_id, each.parent_id, each.version.number, each.body(), resolution)


def in_mirror(held: SpaceOnDisk) -> View:
    """All that isn't missing, as the files have it."""
    view: View = {}
    for (kind, item_id), item in held.items().items():
        if item.missing_since is not None:
            continue
        documents = {role: held.folder / path for role, (path, _, _) in item.files.items()}
        if kind in ("page", "blogpost", "folder", "whiteboard", "database", "embed"):
            view[kind, item_id] = _read_content(documents)
        elif kind == "attachment":
            view[kind, item_id] = _read_attachment(documents)
        elif kind == "custom-content":
            it = _json(documents["metadata"])
            view[kind, item_id] = (it["title"], _version(it), it["body"]["raw"]["value"])
        elif kind == "task":
            view[kind, item_id] = _json(documents["metadata"])["status"]
        if "comments" in documents:
            view |= _read_comments(item_id, _json(documents["comments"]))
    return view


def _json(path: Path) -> Any:
    return json.loads(path.read_bytes())


def _version(document: Any) -> tuple[int, str]:
    return document["version"]["number"], document["version"]["createdAt"]


def _read_content(documents: dict[str, Path]) -> Any:
    it = _json(documents["metadata"])
    base = (it["title"], it["status"], _version(it), it.get("parentId"), it.get("position"))
    if "storage" not in documents:
        return base
    restricted = {
        operation: (sorted(held["users"]), sorted(group["name"] for group in held["groups"]))
        for operation, held in it["restrictions"].items()
        if held["users"] or held["groups"]
    }
    return (
        *base,
        documents["storage"].read_bytes().decode(),
        sorted(label["name"] for label in it["labels"]),
        {each["key"]: each["value"] for each in it["properties"]},
        sorted(it["likes"]),
        [(each["number"], each["createdAt"]) for each in it["versions"]],
        restricted,
    )


def _read_attachment(documents: dict[str, Path]) -> Any:
    it = _json(documents["metadata"])
    container = it["pageId"] or it["blogPostId"] or it["customContentId"]
    return (container, it["title"], it["comment"], *_version(it), documents["file"].read_bytes())


def _read_comments(container: str, document: Any) -> View:
    view: View = {}
    waiting = [(each, None) for place in ("footer", "inline") for each in document[place]]
    while waiting:
        each, parent = waiting.pop()
        waiting += [(reply, each["id"]) for reply in each["replies"]]
        body = each["body"]["storage"]["value"]
        version = each["version"]["number"]
        view["comment", each["id"]] = (container, parent, version, body, each.get("resolutionStatus"))
    return view
