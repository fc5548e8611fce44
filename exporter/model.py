"""The things a mirror is made of: frozen values, no behaviour, no I/O."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import NewType

SpaceId = NewType("SpaceId", str)
ContentId = NewType("ContentId", str)
AttachmentId = NewType("AttachmentId", str)


class Kind(enum.StrEnum):
    """What Confluence calls a content type; the space itself is an item of its mirror too."""

    SPACE = "space"
    PAGE = "page"
    BLOGPOST = "blogpost"
    FOLDER = "folder"
    WHITEBOARD = "whiteboard"
    DATABASE = "database"
    EMBED = "embed"
    ATTACHMENT = "attachment"


WITH_BODY = (Kind.PAGE, Kind.BLOGPOST)
PARENTS_ONLY = (Kind.FOLDER, Kind.WHITEBOARD, Kind.DATABASE, Kind.EMBED)


@dataclass(frozen=True, slots=True)
class Version:
    """Compared as a whole, with ``!=``: numbers fall when an old version is deleted."""

    number: int | None
    date: str


@dataclass(frozen=True, slots=True)
class Space:
    id: SpaceId
    key: str
    alias: str
    name: str
    metadata: bytes


@dataclass(frozen=True, slots=True)
class User:
    """Who the token belongs to."""

    account_id: str


@dataclass(frozen=True, slots=True)
class ContentInfo:
    """Content as a listing shows it: enough to plan with, no body.

    ``metadata`` is the canonical JSON file (`confluence.schema` makes it): the same bytes whichever
    request it came by. ``digest`` is its SHA-256; a listing lets go of the bytes nobody will need.
    """

    id: ContentId
    kind: Kind
    title: str
    status: str
    version: Version
    space_id: str
    parent_id: ContentId | None
    parent_type: str | None
    position: int | None
    subtype: str | None
    digest: bytes
    metadata: bytes


@dataclass(frozen=True, slots=True)
class Page:
    """A page or blog post with its body in storage format, version and body from one answer."""

    info: ContentInfo
    body: str


@dataclass(frozen=True, slots=True)
class AttachmentInfo:
    """An attachment as its container's listing shows it. ``size`` is in bytes, None when not told."""

    id: AttachmentId
    container: ContentId
    title: str
    status: str
    version: Version
    size: int | None
    media_type: str
    digest: bytes
    metadata: bytes


@dataclass(frozen=True, slots=True)
class Held:
    """What the mirror holds of one item; a damaged or absent file counts as not held."""

    version: Version
    title: str
    metadata_sha256: bytes | None
    has_data: bool
    missing_since: str | None


@dataclass(frozen=True, slots=True)
class TreeNode:
    """A place in the page tree; ``orphan`` where the parent is not visible to this token."""

    id: ContentId
    kind: Kind
    title: str
    status: str
    parent: ContentId | None
    position: int | None
    orphan: bool


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that is missing from the mirror, or stale, and why."""

    kind: str
    id: str
    title: str
    reason: str
