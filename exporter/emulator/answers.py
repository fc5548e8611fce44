"""The JSON that Confluence writes for each kind of thing."""

from __future__ import annotations

import base64
from urllib.parse import quote, quote_plus

from exporter.emulator import shapes
from exporter.emulator.call import Call
from exporter.emulator.content import Attachment, Content, Space, User
from exporter.emulator.sections import sections
from exporter.emulator.shapes import Json
from exporter.emulator.spaces import space_sections


def space(call: Call, item: Space, *, single: bool = False) -> Json:
    answer: Json = {
        "id": item.id,
        "key": item.key,
        "name": item.name,
        "type": item.type,
        "status": item.status,
        "authorId": item.author_id,
        "spaceOwnerId": item.author_id,
        "createdAt": item.created_at,
        "homepageId": item.homepage_id,
        "currentActiveAlias": item.alias,
        "_links": {"webui": f"/spaces/{item.alias}"},
    }
    if kind := call.arguments.get("description-format"):
        answer["description"] = {kind: {"representation": kind, "value": item.description}}
    if single:
        answer |= sections(call, item) | space_sections(call, item)
    return based(call, answer) if single else answer


def content(call: Call, item: Content, *, single: bool = False) -> Json:
    """Any kind of content, each with the fields of its own schema."""
    answer: Json = {
        "id": item.id,
        "status": item.status,
        "title": item.title,
        "spaceId": item.space_id,
        "authorId": item.author_id,
        "createdAt": item.created_at,
        **_own_fields(item),
    }
    if item.kind in ("page", "blogpost"):
        form = call.arguments.get("body-format")
        answer["body"] = {} if item.body is None or form is None else shapes.body(item.body(), form)
    if call.arguments.get("include-version", True):
        answer["version"] = shapes.version(item.version)
    answer["_links"] = content_links(call, item)
    return based(call, answer | sections(call, item)) if single else answer


def _own_fields(item: Content) -> Json:
    if item.kind == "blogpost":
        return {}
    fields: Json = {
        "parentId": item.parent_id,
        "parentType": item.parent_kind,
        "position": item.position,
        "ownerId": item.owner_id,
    }
    if item.kind == "page":
        return {**fields, "lastOwnerId": item.last_owner_id, "subtype": item.subtype}
    fields["type"] = item.kind
    if item.kind == "embed":
        fields["embedUrl"] = item.embed_url
    return fields


def attachment(call: Call, item: Attachment, *, single: bool = False) -> Json:
    links = _attachment_links(item)
    answer: Json = {
        "id": item.id,
        "status": item.status,
        "title": item.title,
        "createdAt": item.created_at,
        container_field(call, item.container_id): item.container_id,
        "mediaType": item.media_type,
        "mediaTypeDescription": None,
        "comment": item.comment,
        "fileId": item.file_id,
        "fileSize": item.binary.size,
        "webuiLink": links["webui"],
        "downloadLink": links["download"],
        "_links": links,
    }
    if call.arguments.get("include-version", True):
        answer["version"] = shapes.version(item.version)
    return based(call, answer | sections(call, item)) if single else answer


def user(item: User | None, time_zone: str = "UTC") -> Json:
    """A person, as v1 shows one; None is the anonymous visitor."""
    picture = {"path": "/wiki/aa-avatar/default", "width": 48, "height": 48, "isDefault": True}
    if item is None:
        return {"type": "anonymous", "profilePicture": picture, "displayName": "Anonymous"}
    name = "Former user" if item.closed else item.name
    return {
        "type": "known",
        "accountId": item.account_id,
        "accountType": "atlassian",
        "email": item.email,
        "publicName": name,
        "displayName": name,
        "timeZone": time_zone,
        "profilePicture": picture,
        "isExternalCollaborator": False,
        "isGuest": False,
    }


def container_field(call: Call, container_id: str) -> str:
    """The field that names what something is on."""
    if container_id.startswith("att"):
        return "attachmentId"
    if container_id in call.world.customs:
        return "customContentId"
    container = call.world.contents.get(container_id)
    return "blogPostId" if container is not None and container.kind == "blogpost" else "pageId"


def based(call: Call, answer: Json) -> Json:
    answer["_links"] = {**answer["_links"], "base": call.base}
    return answer


def _attachment_links(item: Attachment) -> Json:
    preview = quote(f"/{item.container_id}/{item.id.removeprefix('att')}/{item.title}", safe="")
    name = quote(item.title, safe="")
    return {
        "webui": f"/pages/viewpageattachments.action?pageId={item.container_id}&preview={preview}",
        "download": f"/download/attachments/{item.container_id}/{name}"
        f"?version={item.version.number}&cacheVersion=1&api=v2",
    }


def content_links(call: Call, item: Content) -> Json:
    key = call.world.spaces[item.space_id].alias
    title = quote_plus(item.title)
    if item.kind == "page":
        webui = f"/spaces/{key}/pages/{item.id}/{title}"
    elif item.kind == "blogpost":
        day = item.created_at[:10].replace("-", "/")
        webui = f"/spaces/{key}/blog/{day}/{item.id}/{title}"
    else:
        return {"webui": f"/spaces/{key}/{item.kind}/{item.id}"}
    return {
        "webui": webui,
        "editui": f"/pages/resumedraft.action?draftId={item.id}",
        "tinyui": "/x/" + tiny(item.id),
    }


def tiny(content_id: str) -> str:
    """The id's bytes, lowest first, in Confluence's own base64 without the trailing zeros."""
    number = int(content_id)
    raw = base64.b64encode(number.to_bytes((number.bit_length() + 7) // 8 or 1, "little")).decode()
    return raw.rstrip("=").rstrip("A").replace("/", "-").replace("+", "_")
