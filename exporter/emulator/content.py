"""What an emulated Confluence site is made of: spaces, content, attachments, people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

ContentKind = Literal["page", "blogpost", "folder", "whiteboard", "database", "embed"]
Status = Literal["current", "archived", "trashed", "deleted", "draft"]


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
