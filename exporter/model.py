"""The things a mirror is made of: frozen values, no behaviour, no I/O."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NewType

SpaceId = NewType("SpaceId", str)
ContentId = NewType("ContentId", str)
AttachmentId = NewType("AttachmentId", str)
CommentId = NewType("CommentId", str)


class Kind(enum.StrEnum):
    """What Confluence calls a content type; the space itself is an item of its mirror too."""

    SPACE = "space"
    PAGE = "page"
    BLOGPOST = "blogpost"
    FOLDER = "folder"
    WHITEBOARD = "whiteboard"
    DATABASE = "database"
    EMBED = "embed"
    CUSTOM_CONTENT = "custom-content"
    ATTACHMENT = "attachment"
    COMMENT = "comment"
    TASK = "task"
    VERSION = "version"  # a former one, of a page, blog post or attachment
    USERS = "users"  # all of them: one item
    OTHER = "other"  # of a type that this program doesn't know


WITH_BODY = (Kind.PAGE, Kind.BLOGPOST)
NODES = (Kind.FOLDER, Kind.WHITEBOARD, Kind.DATABASE, Kind.EMBED)
"""They have no listing: they are found as parents of pages, by search, and by their id."""
IN_TREE = (*WITH_BODY, *NODES)
CONTAINERS = (*WITH_BODY, Kind.CUSTOM_CONTENT)
"""Comments and attachments hang on them; comments on attachments, too."""


IN_TRASH = frozenset({"trashed", "deleted"})
"""The statuses of what Confluence has in its trash."""


class Part(enum.StrEnum):
    """What can be left out of a run; each may also be closed to a token."""

    BLOGPOSTS = "blogposts"
    FOLDERS = "folders"
    WHITEBOARDS = "whiteboards"
    DATABASES = "databases"
    EMBEDS = "embeds"
    CUSTOM_CONTENT = "custom-content"
    ATTACHMENTS = "attachments"
    COMMENTS = "comments"
    TASKS = "tasks"
    LABELS = "labels"
    PROPERTIES = "properties"
    LIKES = "likes"
    VERSIONS = "versions"
    RESTRICTIONS = "restrictions"
    PERMISSIONS = "permissions"  # of the space
    USERS = "users"
    SEARCH = "search"  # for folders and the like that hold no page, and for types of custom content


class State(enum.StrEnum):
    """What became of an item that is no longer listed."""

    DELETED = "deleted"  # in the trash of Confluence
    MOVED = "moved"  # to another space
    GONE = "gone"  # purged, or hidden from this token: the two look the same


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
class CommentInfo:
    """A comment as a listing shows it, with its body. ``metadata`` is its canonical JSON."""

    id: CommentId
    container: str
    inline: bool
    parent_id: CommentId | None
    title: str
    version: Version
    digest: bytes
    metadata: bytes


@dataclass(frozen=True, slots=True)
class OldVersion:
    """A former version of a page, blog post or attachment.

    Its number shifts when an older one is deleted; the moment it was made doesn't.
    """

    container: str
    number: int
    date: str

    @property
    def id(self) -> str:
        return f"{self.container}@{self.date}"


@dataclass(frozen=True, slots=True)
class OldPage:
    """A former version of a page or blog post with its body in storage format."""

    version: OldVersion
    title: str
    metadata: bytes
    body: str


@dataclass(frozen=True, slots=True)
class FoundContent:
    """One result of a search of a space: ``type`` as Confluence names it; ``info`` of kind OTHER."""

    type: str
    info: ContentInfo


@dataclass(frozen=True, slots=True)
class FoundDetails:
    """What a search shows of a page or blog post: its version's number, and those of its labels and
    restrictions that are surely whole, in the form in which they are kept."""

    id: str
    number: int | None
    parts: Mapping[Part, Any]


@dataclass(frozen=True, slots=True)
class Held:
    """What the mirror holds of one item; a damaged or absent file counts as not held.

    ``digest`` is that of the metadata as the item's listing showed it.
    """

    version: Version
    title: str
    digest: bytes | None
    has_data: bool
    state: State | None
    missing_since: str | None
    container: str | None = None


@dataclass(frozen=True, slots=True)
class HeldBody:
    """SHA-256 of the bodies that the mirror holds of a page or blog post; None for one it doesn't."""

    storage: bytes | None
    adf: bytes | None


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
