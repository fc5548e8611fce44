"""Ids of headings and anchors: those that Confluence gave them, so that old links still land.

The old editor names a heading ``PageTitle-Heading`` (all blanks dropped), the new one ``Some-heading``: it
gets the first as its id and the second as an alias.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from exporter.site.body.document import (
    Anchor,
    AttachmentRef,
    Code,
    Element,
    Emoticon,
    Heading,
    Image,
    Link,
    Macro,
    Node,
    Placeholder,
    Status,
    Text,
    Time,
    children_of,
)

_BLANK = re.compile(r"\s+")
_OURS = ("site-", "comment-", "search-")  # what surrounds a body has ids of its own


@dataclass(frozen=True, slots=True)
class Place:
    """`alias` is empty where it would be the same, or is taken."""

    id: str
    alias: str


class Ids:
    """Of one page: hands out each id once."""

    def __init__(self) -> None:
        self._used: set[str] = set()
        self._counts: dict[str, int] = {}

    def heading(self, title: str, words: str, *, included: bool = False) -> Place:
        """What is `included` has no alias: it would take the one of a heading of the page's own."""
        legacy = self._legacy(title, words)
        return Place(legacy, "" if included else self._alias(_BLANK.sub("-", words.strip())))

    def anchor(self, title: str, name: str, *, included: bool = False) -> Place:
        legacy = self._legacy(title, name)
        return Place(legacy, "" if included else self._alias(_BLANK.sub("", name)))

    def element(self, name: str) -> str:
        """Empty where it is taken."""
        return self._alias(_BLANK.sub("", name))

    def _legacy(self, title: str, words: str) -> str:
        name = legacy(title, words)
        count = self._counts.get(name, 0)
        free = f"{name}.{count}" if count else name
        while free in self._used:
            count += 1
            free = f"{name}.{count}"
        self._counts[name] = count
        self._used.add(free)
        return free

    def _alias(self, name: str) -> str:
        if not name or name in self._used or name.startswith(_OURS):
            return ""
        self._used.add(name)
        return name


def legacy(title: str, words: str) -> str:
    """As the old editor named it: seen in real pages."""
    name = f"{_BLANK.sub('', title)}-{_BLANK.sub('', words)}"
    return name if name[0].isalpha() and not name.startswith(_OURS) else f"id-{name}"


def places(nodes: Iterable[Node], title: str) -> Mapping[str, str]:
    """Every way to name a place of the page `title` → its id. The nodes are as `storage_format` made them."""
    found: dict[str, str] = {}
    ids = Ids()
    for node in _visible(nodes):
        if isinstance(node, Heading):
            words = words_of(node)
            if words.strip():
                _note(found, ids.heading(title, words), words)
                _note_written(found, ids, node.id)
        elif isinstance(node, Macro) and node.name == "anchor":
            if name := anchor_name(node):
                _note(found, ids.anchor(title, name), name)
        elif isinstance(node, Element):
            _note_written(found, ids, written_id(node))
    return found


def anchor_name(macro: Macro) -> str:
    return macro.text("") or macro.text("name")


def written_id(element: Element) -> str:
    return element.attributes.get("id") or element.attributes.get("name") or ""


def is_hidden(macro: Macro) -> bool:
    """Its author wanted it to be there for others, but not to be seen."""
    return macro.name in ("excerpt", "details") and macro.text("hidden").lower() == "true"


def words_of(node: Node) -> str:
    """The words of a heading, as they count for its id."""
    return node.words if isinstance(node, Heading) and node.words is not None else "".join(_words(node))


def _words(node: Node) -> Iterator[str]:
    match node:
        case Text(text=text) | Status(text=text) | Code(text=text) | Placeholder(text=text):
            yield text
        case Time(datetime=day):
            yield day
        case Emoticon(fallback=fallback):
            yield fallback
        case Image(source=AttachmentRef(filename=filename)):
            yield filename
        case Macro() if node.name == "anchor":
            yield anchor_name(node)
        case Anchor(name=name):
            yield name
        case Macro() if node.name == "status":
            yield node.text("title")
        case Link(children=()):
            yield getattr(node.target, "title", "")
        case _:
            for child in children_of(node):
                yield from _words(child)


def _visible(nodes: Iterable[Node], *, in_heading: bool = False) -> Iterator[Node]:
    """A heading in a heading is none."""
    for node in nodes:
        is_heading = isinstance(node, Heading)
        if not (is_heading and in_heading):
            yield node
        if not (isinstance(node, Macro) and is_hidden(node)):
            yield from _visible(children_of(node), in_heading=in_heading or is_heading)


def _note_written(found: dict[str, str], ids: Ids, name: str) -> None:
    if name and (element := ids.element(name)):
        found.setdefault(name, element)


def _note(found: dict[str, str], place: Place, words: str) -> None:
    for name in (place.id, place.alias, words.strip(), _BLANK.sub("", words), _BLANK.sub("-", words.strip())):
        if name:
            found.setdefault(name, place.id)
