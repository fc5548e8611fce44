"""JSON as Confluence Cloud sends it: the same page by listing, in bulk and alone."""

from __future__ import annotations

from typing import Any

from exporter.model import Space, SpaceId

VERSION = {
    "number": 3,
    "message": "",
    "minorEdit": False,
    "authorId": "712020:me",
    "createdAt": "2026-11-01T08:00:00.000Z",
}
SPACE = Space(SpaceId("5"), "ENG", "ENG", "Engineering", b"{}")
LINKS = {
    "editui": "/pages/resumedraft.action?draftId=7",
    "webui": "/spaces/ENG/pages/7/Home",
    "tinyui": "/x/Bw",
}


def page(page_id: str = "7", **changes: Any) -> dict[str, Any]:
    """A row of a listing."""
    return {
        "id": page_id,
        "status": "current",
        "title": "Hömé 日本",
        "spaceId": "5",
        "parentId": "6",
        "parentType": "page",
        "position": 12,
        "authorId": "712020:me",
        "ownerId": "712020:me",
        "lastOwnerId": None,
        "subtype": "live",
        "createdAt": "2026-10-01T08:00:00.000Z",
        "version": VERSION,
        "body": {},
        "_links": LINKS,
        **changes,
    }


def bulk(page_id: str = "7", value: str | None = "<p>Hi</p>", **changes: Any) -> dict[str, Any]:
    """A row of a listing by ids with bodies."""
    return page(page_id, body={"storage": {"representation": "storage", "value": value}}, **changes)


def single(page_id: str = "7", value: str | None = "<p>Hi</p>", **changes: Any) -> dict[str, Any]:
    """The answer for one page: other order, a base link, no subtype, fields of its own."""
    row = bulk(page_id, value, **changes)
    row.pop("subtype", None)
    row["_links"] = {"base": "https://acme.atlassian.net/wiki", **LINKS}
    row["isFavoritedByCurrentUser"] = False
    return dict(reversed(row.items()))


def attachment(number: str = "9", **changes: Any) -> dict[str, Any]:
    return {
        "id": f"att{number}",
        "status": "current",
        "title": "plan.png",
        "createdAt": "2026-10-01T08:00:00.000Z",
        "pageId": "7",
        "mediaType": "image/png",
        "mediaTypeDescription": "PNG Image",
        "comment": "",
        "fileId": "f-1",
        "fileSize": 10,
        "webuiLink": "/x",
        "downloadLink": "/download/attachments/7/plan.png",
        "version": VERSION,
        "_links": {"webui": "/x", "download": "/download/attachments/7/plan.png"},
        **changes,
    }


def space(space_id: str = "5", key: str = "ENG", **changes: Any) -> dict[str, Any]:
    return {
        "id": space_id,
        "key": key,
        "name": "Engineering",
        "type": "global",
        "status": "current",
        "authorId": "712020:me",
        "currentActiveAlias": key,
        "createdAt": "2026-10-01T08:00:00.000Z",
        "homepageId": "7",
        "description": None,
        "icon": None,
        "_links": {"webui": f"/spaces/{key}"},
        **changes,
    }


def listing(*rows: Any, cursor: str | None = None) -> dict[str, Any]:
    links = {"base": "https://acme.atlassian.net/wiki"}
    if cursor is not None:
        links["next"] = f"/wiki/api/v2/spaces/5/pages?limit=250&cursor={cursor}"
    return {"results": list(rows), "_links": links}


def comment(comment_id: str = "30", value: str | None = "<p>So?</p>", **changes: Any) -> dict[str, Any]:
    """A row of a list of footer comments of a page; without a value it has no body."""
    return {
        "id": comment_id,
        "status": "current",
        "title": "Re: Home",
        "pageId": "7",
        "version": VERSION,
        "body": {} if value is None else {"storage": {"representation": "storage", "value": value}},
        "_links": {"webui": "/x?focusedCommentId=30"},
        **changes,
    }


def single_comment(comment_id: str = "30", value: str | None = "<p>So?</p>", **more: Any) -> dict[str, Any]:
    """The answer for one comment: it names what it replies to as well as where it is."""
    row = comment(comment_id, value, parentCommentId="29", **more)
    row["_links"] = {"base": "https://acme.atlassian.net/wiki", **row["_links"]}
    return row


def section(*rows: Any, more: bool = False) -> dict[str, Any]:
    """An optional part of a single answer."""
    return {"results": list(rows), "meta": {"hasMore": more}, "_links": {"self": "/x"}}
