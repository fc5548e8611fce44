"""Where the headings of a page are, as MkDocs names them: what a link's fragment becomes in Markdown."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from exporter.site import wording
from exporter.site.body import anchors, emoji, storage_format
from exporter.site.body.document import (
    Anchor,
    Code,
    Element,
    Emoticon,
    Heading,
    Image,
    Included,
    Link,
    Macro,
    Node,
    Placeholder,
    Status,
    Text,
    Time,
    children_of,
    walk,
)

_NOT_IN_SLUG = re.compile(r"[^\w\s-]")
_BETWEEN = re.compile(r"[-\s]+")
_COUNTED = re.compile(r"(.*)_([0-9]+)")
_BLANK = re.compile(r"\s+")
ANCHORED = frozenset({"a", "span", "p", "div", "strong", "em", "b", "i", "u", "code", "font", "small"})
"""Elements whose ids are written."""


@dataclass(frozen=True, slots=True)
class Headline:
    level: int
    words: str
    slug: str


@dataclass(frozen=True, slots=True)
class Places:
    """`top` is the fragment of the title, `names` every way to name a place of the page → its fragment;
    `anchors` are the ids of anchors in their order, empty for those of other pages."""

    top: str
    names: Mapping[str, str]
    anchors: tuple[str, ...]
    headlines: tuple[Headline, ...]


def places(nodes: tuple[Node, ...], title: str) -> Places:
    """Of a page that begins with its title. The nodes may be as `storage_format` made them, or resolved.

    What is included counts for the headings, but is a place of the page that it comes from.
    """
    top = slug(title)
    ids, used = anchors.Ids(), {top}
    names: dict[str, str] = {}
    found: list[str] = []
    headlines: list[Headline] = []
    for node, is_own in _visible(nodes):
        if isinstance(node, Heading):
            shown = shown_words(node)
            fragment = _free(slug(shown), used) if shown or _has_picture(node) else ""
            if fragment:
                headlines.append(Headline(node.level, shown, fragment))
            if is_own and (words := anchors.words_of(node)).strip():
                place = ids.heading(title, words)
                _note(names, (place.id, place.alias), words, fragment)
                _note(names, (ids.element(node.id),), node.id, fragment)
        elif (name := _anchor(node)) is not None:
            place = ids.anchor(title, name) if is_own else anchors.Place("", "")
            found.append(place.id)
            _note(names, (place.id, place.alias), name if is_own else "", place.id)
        elif is_own and isinstance(node, Element) and (own := ids.element(anchors.written_id(node))):
            _note(names, (anchors.written_id(node),), "", own if node.tag in ANCHORED else "")
    return Places(top, names, tuple(found), tuple(headlines))


@functools.lru_cache(maxsize=256)
def places_of_body(body: bytes, title: str) -> Places:
    return places(storage_format.parse(body).document.children, title)


def slug(words: str) -> str:
    """As Python-Markdown's `slugify_unicode` makes it."""
    return _BETWEEN.sub("-", _NOT_IN_SLUG.sub("", words).strip().lower())


def shown_words(node: Node) -> str:
    return _BLANK.sub(" ", "".join(_shown(node))).strip()


def _shown(node: Node) -> Iterator[str]:
    match node:
        case Text(text=text) | Code(text=text):
            yield text
        case Status(text=text):
            yield text
        case Time(datetime=moment):
            yield wording.day(moment)
        case Emoticon():
            yield emoji.characters(node)
        case Macro() if node.name == "status":
            yield node.text("title")
        case Link(children=()):
            yield getattr(node.target, "title", "")
        case Element(tag="br"):
            yield " "
        case Image() | Placeholder():
            pass
        case _:
            for child in children_of(node):
                yield from _shown(child)


def _free(name: str, used: set[str]) -> str:
    while not name or name in used:
        counted = _COUNTED.fullmatch(name)
        name = f"{counted[1]}_{int(counted[2]) + 1}" if counted else f"{name}_1"
    used.add(name)
    return name


def _anchor(node: Node) -> str | None:
    match node:
        case Anchor(name=name):
            return name
        case Macro() if node.name == "anchor":
            return anchors.anchor_name(node)
    return None


def _has_picture(node: Node) -> bool:
    return any(isinstance(each, Image) for each in walk((node,)))


def _visible(
    nodes: tuple[Node, ...], *, is_own: bool = True, in_heading: bool = False
) -> Iterator[tuple[Node, bool]]:
    """Each node, and whether it is the page's own. A heading in a heading is none."""
    for node in nodes:
        is_heading = isinstance(node, Heading)
        if not (is_heading and in_heading):
            yield node, is_own
        if not (isinstance(node, Macro) and anchors.is_hidden(node)):
            yield from _visible(
                children_of(node),
                is_own=is_own and not isinstance(node, Included),
                in_heading=in_heading or is_heading,
            )


def _note(names: dict[str, str], ids: tuple[str, ...], words: str, fragment: str) -> None:
    if not fragment:
        return
    words = words.strip()
    for name in (*ids, words, _BLANK.sub("", words), _BLANK.sub("-", words)):
        if name:
            names.setdefault(name, fragment)
