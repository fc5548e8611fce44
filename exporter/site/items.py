"""What a mirror holds, as the site needs it: frozen values, no I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from exporter.model import Kind


@dataclass(frozen=True, slots=True)
class Edition:
    """One version of something. `at` is the API's moment, such as ``2026-01-05T09:12:00.000Z``, or empty;
    `author` an account id."""

    number: int | None
    at: str
    author: str | None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """A page, blog post, folder, whiteboard, database or embed."""

    kind: Kind
    id: str
    title: str
    space_key: str
    status: str
    """As the API says it: ``current``, ``archived``."""
    parent: str | None
    orphan: bool
    """Its parent isn't in the mirror."""
    created: Edition
    version: Edition
    owner: str | None
    labels: tuple[str, ...]
    address: str
    """In Confluence, absolute; empty where it isn't known."""
    has_body: bool
    listed: bool = True
    """False for what Confluence didn't list any more, and the mirror kept."""


@dataclass(frozen=True, slots=True)
class File:
    """An attachment. `href` is relative to the root of the site, percent-encoded; None where the file itself
    isn't in the mirror."""

    id: str
    title: str
    container: str
    media_type: str
    size: int
    file_id: str | None
    comment: str
    version: Edition
    href: str | None


@dataclass(frozen=True, slots=True)
class Person:
    account_id: str
    name: str
    active: bool


@dataclass(frozen=True, slots=True)
class Comment:
    """`body` is in storage format. An inline one hangs on `marker` (the `ac:ref` in the body) and
    on the words `quoted`."""

    id: str
    inline: bool
    version: Edition
    body: bytes
    resolved: bool
    marker: str | None
    quoted: str
    replies: tuple[Comment, ...]


@dataclass(frozen=True, slots=True)
class Task:
    id: str
    page: str
    body: bytes
    done: bool
    assignee: str | None
    due: str


class Library(Protocol):
    """Questions that rendering asks; every answer is a pure function of the originals.

    A page is rendered again when an answer it got has changed: ask for what is shown, and for no more. Of an
    item that was asked for by id or title only what names it counts: its version, labels and dates don't.
    """

    @property
    def space_key(self) -> str: ...
    @property
    def site_url(self) -> str:
        """``https://example.atlassian.net/wiki``, without a slash at the end; empty where it isn't known."""

    @property
    def hosts(self) -> frozenset[str]:
        """Lower-case host names (and ports) that mean the site, those it had before included."""

    @property
    def home(self) -> str | None:
        """The id of the space's home page."""

    def item(self, item_id: str) -> Item | None:
        """Of this space or of one mirrored beside it."""

    def titled(self, space_key: str | None, title: str) -> Item | None:
        """The page of that title (compared case-folded), of this space where `space_key` is None."""

    def posted(self, space_key: str | None, title: str, day: str) -> Item | None:
        """The blog post of that title and day (``2026/01/05``)."""

    def space_home(self, space_key: str) -> Item | None:
        """The home of a mirrored space."""

    def children(self, item_id: str) -> Sequence[Item]:
        """In Confluence's order."""

    def body(self, item_id: str) -> bytes | None:
        """In storage format."""

    def files(self, container: str) -> Sequence[File]:
        """By title."""

    def file(self, *, file_id: str | None = None, attachment_id: str | None = None) -> File | None: ...
    def person(self, account_id: str) -> Person | None: ...
    def labelled(self, label: str) -> Sequence[Item]:
        """In the order of the tree."""

    def recent(self, limit: int) -> Sequence[Item]:
        """Pages and blog posts, the latest edited first."""

    def posts(self) -> Sequence[Item]:
        """Blog posts, the latest first."""

    def all_tasks(self) -> Sequence[Task]:
        """Those of the space, by their ids."""

    def comments(self, container: str) -> Sequence[Comment]:
        """Footer and inline, oldest first."""
