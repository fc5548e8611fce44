"""What the templates show: frozen values, every name resolved and every body rendered.

Nothing here changes from night to night while the content doesn't: when the mirror was made is told by a
script that all pages share (`navigation.mirrored_js`), so an unchanged page keeps its bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from exporter.site.items import File, Item, Person


@dataclass(frozen=True, slots=True)
class Site:
    """What all pages of a space's site have in common."""

    space_key: str
    space_name: str
    space_address: str = ""
    """The space in Confluence; empty where it isn't known."""
    home: str | None = None
    """The id of the space's home page."""
    has_blog: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """An edition, and who made it; `by` is None for someone whose name isn't known."""

    at: str
    by: Person | None
    number: int | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class TocEntry:
    level: int
    id: str
    text: str


@dataclass(frozen=True, slots=True)
class CommentView:
    """`body` is rendered; `quoted` are the words an inline one hangs on."""

    id: str
    inline: bool
    made: Made
    body: Markup
    resolved: bool
    quoted: str
    replies: tuple[CommentView, ...] = ()


@dataclass(frozen=True, slots=True)
class PageView:
    """A page, blog post, folder, or a node that can't be shown offline (`body` None)."""

    item: Item
    body: Markup | None
    created: Made
    edited: Made
    owner: Person | None = None
    breadcrumbs: tuple[Item, ...] = ()
    """From the top of the tree down to the parent."""
    toc: tuple[TocEntry, ...] = ()
    previous: Item | None = None
    next: Item | None = None
    children: tuple[Item, ...] = ()
    backlinks: tuple[Item, ...] = ()
    files: tuple[File, ...] = ()
    comments: tuple[CommentView, ...] = ()
    versions: tuple[Made, ...] = ()
    """Former ones, the latest first."""
    notices: tuple[str, ...] = ()
    """Beyond those of archived pages and orphans, which the template knows."""


@dataclass(frozen=True, slots=True)
class Change:
    item: Item
    made: Made


@dataclass(frozen=True, slots=True)
class HomeView:
    """`page` is None where the space has no home page, or it isn't in the mirror; its body is rendered for
    the root of the site, not for `pages/`."""

    page: PageView | None
    top: tuple[Item, ...] = ()
    """The top of the tree, shown where there is no home page."""
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class TreeRow:
    item: Item
    depth: int
    """From 0, and at most one more than the row before."""


@dataclass(frozen=True, slots=True)
class LabelCount:
    label: str
    pages: int


@dataclass(frozen=True, slots=True)
class Placed:
    """An item, and where in the tree it is."""

    item: Item
    breadcrumbs: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class FileRow:
    file: File
    container: Item | None
    by: Person | None = None


@dataclass(frozen=True, slots=True)
class PersonRow:
    person: Person
    pages: tuple[Item, ...]
    """Those that they wrote or edited last."""


@dataclass(frozen=True, slots=True)
class Post:
    item: Item
    made: Made
    excerpt: str = ""


@dataclass(frozen=True, slots=True)
class MacroCount:
    """`tier` says how it is shown: ``static``, ``mirror``, ``replaced`` or ``fallback``."""

    name: str
    tier: str
    count: int
    pages: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about a page that a reader of the report should know."""

    item: Item
    text: str


@dataclass(frozen=True, slots=True)
class ReportView:
    """`mirrored_at` is a moment, or empty: the report is rewritten on every run, other pages aren't."""

    mirrored_at: str
    counts: tuple[tuple[str, int], ...] = ()
    macros: tuple[MacroCount, ...] = ()
    problems: tuple[Remark, ...] = ()
    unresolved: tuple[Remark, ...] = ()
    absent: tuple[Remark, ...] = ()
    """What should be in the mirror, and isn't."""


@dataclass(frozen=True, slots=True)
class SpaceRow:
    """`folder` is the space's folder in the output folder."""

    key: str
    name: str
    folder: str
    pages: int
