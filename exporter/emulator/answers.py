"""The JSON that Confluence writes for each kind of thing."""

from __future__ import annotations

import base64
import json
import re
from typing import Any
from urllib.parse import quote, quote_plus

from exporter.emulator.call import Call
from exporter.emulator.content import Attachment, Content, Space, User, Version

Json = dict[str, Any]
TAG = re.compile(r"<[^>]*>")


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
    return _based(call, answer) if single else answer


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
        answer["body"] = _body(item, call.arguments.get("body-format"))
    if call.arguments.get("include-version", True):
        answer["version"] = version(item.version)
    answer["_links"] = _content_links(call, item)
    return _based(call, answer) if single else answer


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
    container = call.world.contents.get(item.container_id)
    owner = "blogPostId" if container is not None and container.kind == "blogpost" else "pageId"
    links = _attachment_links(item)
    answer: Json = {
        "id": item.id,
        "status": item.status,
        "title": item.title,
        "createdAt": item.created_at,
        owner: item.container_id,
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
        answer["version"] = version(item.version)
    return _based(call, answer) if single else answer


def version(item: Version) -> Json:
    return {
        "number": item.number,
        "message": item.message,
        "minorEdit": item.minor_edit,
        "authorId": item.author_id,
        "createdAt": item.created_at,
    }


def user(item: User | None) -> Json:
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
        "timeZone": "UTC",
        "profilePicture": picture,
        "isExternalCollaborator": False,
        "isGuest": False,
    }


def _based(call: Call, answer: Json) -> Json:
    answer["_links"] = {**answer["_links"], "base": call.base}
    return answer


def _body(item: Content, form: str | None) -> Json:
    """The storage format as it is; other forms are only as good as a test needs."""
    if form is None or item.body is None:
        return {}
    value = item.body()
    if form == "atlas_doc_format":
        text = {"type": "text", "text": TAG.sub("", value) or " "}
        value = json.dumps(
            {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": [text]}]}
        )
    return {form: {"representation": form, "value": value}}


def _attachment_links(item: Attachment) -> Json:
    preview = quote(f"/{item.container_id}/{item.id.removeprefix('att')}/{item.title}", safe="")
    name = quote(item.title, safe="")
    return {
        "webui": f"/pages/viewpageattachments.action?pageId={item.container_id}&preview={preview}",
        "download": f"/download/attachments/{item.container_id}/{name}"
        f"?version={item.version.number}&cacheVersion=1&api=v2",
    }


def _content_links(call: Call, item: Content) -> Json:
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
