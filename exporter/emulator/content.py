"""What an emulated Confluence site is made of: spaces, content and what hangs on it, people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

ContentKind = Literal["page", "blogpost", "folder", "whiteboard", "database", "embed"]
Status = Literal["current", "archived", "trashed", "deleted", "draft"]
CommentKind = Literal["footer", "inline"]
Resolution = Literal["open", "reopened", "resolved", "dangling"]
LabelPrefix = Literal["global", "my", "team", "system"]
PrincipalType = Literal["user", "group", "role"]


def timestamp(moment: datetime) -> str:
    """Confluence's way to write a time: UTC, milliseconds, a trailing Z."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


@dataclass(frozen=True, slots=True)
class User:
    """A person of the site. ``closed`` accounts answer as "Former user"."""

    account_id: str
    name: str
    email: str = ""
    closed: bool = False
    account_type: Literal["atlassian", "app", "customer", "unknown"] = "atlassian"


@dataclass(frozen=True, slots=True)
class Version:
    """A version as the API shows it; ``created_at`` is a `timestamp`."""

    number: int
    created_at: str
    author_id: str
    message: str = ""
    minor_edit: bool = False


@dataclass(frozen=True, slots=True)
class Binary:
    """The bytes of an attachment, made when they are asked for, never held."""

    size: int
    chunks: Callable[[], Iterator[bytes]]

    @classmethod
    def of(cls, data: bytes) -> Binary:
        return cls(len(data), lambda: iter((data,)))


@dataclass(frozen=True, slots=True)
class Space:
    """``visible``: the token may see it; ``public``: so may anybody without one.

    ``alias`` is the key seen in addresses; after a change of key it differs from ``key``.
    """

    id: str
    key: str
    name: str
    homepage_id: str | None
    alias: str
    author_id: str
    created_at: str
    type: str = "global"
    status: Literal["current", "archived"] = "current"
    description: str = ""
    visible: bool = True
    public: bool = False


@dataclass(frozen=True, slots=True)
class Content:
    """A page, blog post, folder, whiteboard, database or embed.

    ``body`` is called for each answer, so a large world costs no memory; it is None
    for kinds without a body. ``hidden`` content exists but nobody who asks may see it.
    ``past`` holds the former versions, oldest first.
    """

    id: str
    kind: ContentKind
    space_id: str
    title: str
    version: Version
    author_id: str
    created_at: str
    status: Status = "current"
    parent_id: str | None = None
    parent_kind: ContentKind | None = None
    position: int | None = None
    owner_id: str | None = None
    last_owner_id: str | None = None
    subtype: str | None = None
    body: Callable[[], str] | None = None
    embed_url: str = ""
    hidden: bool = False
    past: tuple[Content, ...] = ()


@dataclass(frozen=True, slots=True)
class Attachment:
    """``id`` carries the prefix ``att``; ``lost`` means listed, but the binary is gone."""

    id: str
    container_id: str
    title: str
    media_type: str
    file_id: str
    binary: Binary
    version: Version
    created_at: str
    status: Status = "current"
    comment: str = ""
    lost: bool = False
    past: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Comment:
    """``container_id`` is a page, blog post, custom content or (footer only) attachment.

    Replies have a ``parent_id`` and the container of their root.
    """

    id: str
    kind: CommentKind
    container_id: str
    title: str
    body: Callable[[], str]
    version: Version
    author_id: str
    created_at: str
    parent_id: str | None = None
    status: Status = "current"
    resolution: Resolution = "open"
    resolved_by: str = ""
    resolved_at: str = ""
    marker_ref: str = ""
    selection: str = ""
    past: tuple[Comment, ...] = ()


@dataclass(frozen=True, slots=True)
class Label:
    """One of a prefix and name in the whole site, whatever wears it."""

    id: str
    name: str
    prefix: LabelPrefix
    created_at: str


@dataclass(frozen=True, slots=True)
class Property:
    """``value`` is any JSON; ``created_*`` are those of the first version."""

    id: str
    key: str
    value: Any
    version: Version
    created_at: str
    created_by: str


@dataclass(frozen=True, slots=True)
class Restriction:
    """Who alone may do it: account ids, and names of groups."""

    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Task:
    """A task of a page or blog post; ``local_id`` is the one in its body."""

    id: str
    local_id: str
    container_id: str
    body: str
    created_by: str
    created_at: str
    updated_at: str
    status: Literal["complete", "incomplete"] = "incomplete"
    assigned_to: str | None = None
    due_at: str | None = None
    completed_by: str | None = None
    completed_at: str | None = None


@dataclass(frozen=True, slots=True)
class CustomContent:
    """What an app stores: in a page, a blog post or other custom content, or in the space itself."""

    id: str
    type: str
    space_id: str
    container_id: str | None
    title: str
    body: Callable[[], str]
    version: Version
    author_id: str
    created_at: str
    form: Literal["raw", "storage"] = "raw"
    status: Status = "current"
    hidden: bool = False
    past: tuple[CustomContent, ...] = ()


@dataclass(frozen=True, slots=True)
class Permission:
    """What a principal may do in a space."""

    id: str
    principal_type: PrincipalType
    principal_id: str
    key: str
    target_type: str


@dataclass(frozen=True, slots=True)
class RoleAssignment:
    """``id`` only orders them: the API does not show it."""

    id: str
    principal_type: Literal["USER", "GROUP", "ACCESS_CLASS"]
    principal_id: str
    role_id: str
    role_type: str = "SYSTEM"
