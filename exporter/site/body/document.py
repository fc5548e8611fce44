"""What a body in storage format says, as a small typed tree that every writer walks.

`storage_format` makes it; `macros` replaces each `Macro`, `AdfNode` and `AdfExtension` in it by what it
shows; a writer meets none of these three.

The tree is never deeper than `MAX_DEPTH`, so a writer may recurse. Text is free of lone surrogates and of
the control characters that XML forbids. White space is as it was written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

MAX_DEPTH = 100
"""What lies deeper in the source is kept as text."""


@dataclass(frozen=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True)
class Element:
    """Plain HTML: `tag` is one of `TAGS`, lower case; `attributes` are those of `ATTRIBUTES` that it had,
    and ``style`` as declarations in `style`."""

    tag: str
    attributes: Mapping[str, str]
    style: Mapping[str, str]
    children: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """`id` is the one written in the body, or empty; `words` are those that count for its id where macros in
    it were replaced since."""

    level: int
    id: str
    style: Mapping[str, str]
    children: tuple[Node, ...]
    words: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """`widths` are those of the columns, in pixels or (ending in ``%``) as a share; empty where not given.
    `children` are ``thead``, ``tbody``, ``tfoot`` and ``caption`` elements with ``tr`` elements of `Cell`."""

    layout: str
    numbered: bool
    widths: tuple[str, ...]
    children: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    header: bool
    colspan: int
    rowspan: int
    colour: str
    """Of the background, as it was written (``#ffebe6``, ``blue``), or empty."""
    style: Mapping[str, str]
    children: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One row of a page layout; `type` is such as ``two_equal`` or ``fixed-width``."""

    type: str
    cells: tuple[tuple[Node, ...], ...]


# What a link, an image or a macro's parameter points at.


@dataclass(frozen=True, slots=True)
class PageRef:
    """`space_key` is None for the space that the body stands in."""

    space_key: str | None
    title: str


@dataclass(frozen=True, slots=True)
class PostRef:
    space_key: str | None
    title: str
    day: str
    """``2026/01/05``"""


@dataclass(frozen=True, slots=True)
class AttachmentRef:
    """`container` is None for the page that the body stands in."""

    filename: str
    container: PageRef | PostRef | ContentRef | None


@dataclass(frozen=True, slots=True)
class ContentRef:
    id: str


@dataclass(frozen=True, slots=True)
class UserRef:
    """`account_id` may be empty: old bodies name users by a key that says nothing any more."""

    account_id: str


@dataclass(frozen=True, slots=True)
class SpaceRef:
    key: str


@dataclass(frozen=True, slots=True)
class UrlRef:
    url: str


@dataclass(frozen=True, slots=True)
class ShortcutRef:
    """``[parameter@key]`` of old wiki markup."""

    key: str
    parameter: str


@dataclass(frozen=True, slots=True)
class SamePage:
    """A link to a place of the page itself."""


Ref = PageRef | PostRef | AttachmentRef | ContentRef | UserRef | SpaceRef | UrlRef | ShortcutRef | SamePage


@dataclass(frozen=True, slots=True)
class Link:
    """`anchor` is the fragment, without ``#``; `children` are empty where the target's title is to be shown;
    `card` is ``inline``, ``block``, ``embed`` or empty. An `<a href>` is one too, to an `UrlRef`."""

    target: Ref
    anchor: str
    tooltip: str
    card: str
    children: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Image:
    """`attributes`: those of `IMAGE_ATTRIBUTES` that it had, without the prefix ``ac:``."""

    source: Ref
    attributes: Mapping[str, str]
    caption: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Emoticon:
    name: str
    shortname: str
    id: str
    fallback: str


@dataclass(frozen=True, slots=True)
class Task:
    id: str
    done: bool
    children: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class TaskList:
    """`children` are `Task` or a nested `TaskList`."""

    children: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Time:
    """``2026-01-05``"""

    datetime: str


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A hint of a template, never filled in."""

    text: str


@dataclass(frozen=True, slots=True)
class InlineComment:
    """The words that an inline comment hangs on; `ref` is its marker."""

    ref: str
    children: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Parameter:
    """`text` without what the resource identifiers in it hold; `refs` are those."""

    text: str
    refs: tuple[Ref, ...] = ()


@dataclass(frozen=True, slots=True)
class Macro:
    """`rich` is the body where it is content, `plain` where it is text; both None where it has none.

    The name of the parameter without a name is the empty string.
    """

    name: str
    id: str
    parameters: Mapping[str, Parameter]
    rich: tuple[Node, ...] | None
    plain: str | None

    def text(self, parameter: str, default: str = "") -> str:
        found = self.parameters.get(parameter)
        return found.text.strip() if found else default


@dataclass(frozen=True, slots=True)
class AdfNode:
    """A node of the new editor that storage format has no words for, such as ``decision-list``.
    `children` are nodes and, in between, `AdfNode`."""

    type: str
    attributes: Mapping[str, str]
    children: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class AdfExtension:
    """`node`, or for a reader that doesn't know its type, `fallback`."""

    node: AdfNode | None
    fallback: tuple[Node, ...]


# What macros become.


@dataclass(frozen=True, slots=True)
class Panel:
    """`kind` is one of ``panel``, ``info``, ``note``, ``tip``, ``warning``, ``error``, ``success``."""

    kind: str
    title: str
    children: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Code:
    """`language` as the author named it, or empty."""

    language: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Expand:
    title: str
    children: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Status:
    """`colour` is one of ``neutral``, ``purple``, ``blue``, ``red``, ``yellow``, ``green``."""

    colour: str
    text: str


@dataclass(frozen=True, slots=True)
class Anchor:
    name: str


@dataclass(frozen=True, slots=True)
class Toc:
    """The headings of the page from level `highest` (1) down to `lowest` (6)."""

    highest: int
    lowest: int


@dataclass(frozen=True, slots=True)
class Math:
    """In LaTeX, without delimiters."""

    source: str
    block: bool


@dataclass(frozen=True, slots=True)
class Foreign:
    """HTML that somebody wrote into a macro: to be sanitised by whoever shows it."""

    html: str


@dataclass(frozen=True, slots=True)
class Included:
    """Content of another item, by its id: what it names without saying where is meant there."""

    item: str
    children: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Box:
    """A macro that can't be shown as Confluence does: its name, its parameters, why, and what it holds."""

    name: str
    parameters: Mapping[str, str]
    why: str
    children: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """An element that is neither storage format nor allowed HTML: `children` are to be shown."""

    tag: str
    children: tuple[Node, ...]


Node = (
    Text
    | Element
    | Heading
    | Table
    | Cell
    | Section
    | Link
    | Image
    | Emoticon
    | Task
    | TaskList
    | Time
    | Placeholder
    | InlineComment
    | Macro
    | AdfNode
    | AdfExtension
    | Panel
    | Code
    | Expand
    | Status
    | Anchor
    | Toc
    | Math
    | Foreign
    | Included
    | Box
    | Unknown
)


@dataclass(frozen=True, slots=True)
class Document:
    children: tuple[Node, ...] = field(default=())


_HTML_TAGS = """
    a abbr b bdi bdo big blockquote br caption cite code dd del dfn div dl dt em figcaption figure font hr i
    ins kbd li ol p pre q s samp small span strike strong sub sup tbody tfoot thead tr tt u ul var wbr
"""
_MATHML_TAGS = """
    math annotation mfenced mfrac mi mn mo mover mpadded mroot mrow ms mspace msqrt mstyle msub msubsup msup
    mtable mtd mtext mtr munder munderover semantics
"""
MATH_TAGS = frozenset(_MATHML_TAGS.split())
TAGS = MATH_TAGS | frozenset(_HTML_TAGS.split())
"""`a` only with an ``id`` or ``name``: with ``href`` it is a `Link`."""

ATTRIBUTES = frozenset({"id", "name", "start", "type", "dir", "lang", "title", "class", "color"})
IMAGE_ATTRIBUTES = frozenset(
    {"width", "height", "original-width", "original-height", "alt", "title", "align", "layout", "thumbnail",
     "border", "class", "inline"}
)  # fmt: skip


def children_of(node: Node) -> tuple[Node, ...]:
    """Everything right below `node` that is content, in reading order."""
    if isinstance(node, Element):  # most are, and this is asked of each several times
        return node.children
    match node:
        case Section(cells=cells):
            return tuple(child for cell in cells for child in cell)
        case Macro(rich=rich):
            return rich or ()
        case Image(caption=caption):
            return caption
        case AdfExtension(node=adf, fallback=fallback):
            return fallback or ((adf,) if adf else ())
        case Text() | Emoticon() | Time() | Placeholder():
            return ()
        case Code() | Status() | Anchor() | Toc() | Math() | Foreign():
            return ()
        case _:
            return node.children


def walk(nodes: tuple[Node, ...]) -> Iterator[Node]:
    """Every node, parents before children, in reading order."""
    waiting = list(reversed(nodes))
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(children_of(node)))
