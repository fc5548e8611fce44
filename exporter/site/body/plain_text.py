"""The words of a tree, for the search and for excerpts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from exporter.site.body import emoji
from exporter.site.body.document import (
    AttachmentRef,
    Box,
    Cell,
    Code,
    Element,
    Emoticon,
    Expand,
    Foreign,
    Heading,
    Image,
    Link,
    Math,
    Node,
    PageRef,
    Panel,
    PostRef,
    Section,
    Status,
    Task,
    Text,
    Time,
    children_of,
)
from exporter.site.body.foreign import words_in

_INLINE = frozenset(
    [
        "a",
        "abbr",
        "b",
        "bdi",
        "bdo",
        "big",
        "cite",
        "code",
        "del",
        "dfn",
        "em",
        "font",
        "i",
        "ins",
        "kbd",
        "q",
        "s",
        "samp",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "tt",
        "u",
        "var",
    ]
)


def text_of(nodes: Iterable[Node]) -> str:
    """Blocks are set apart by line ends."""
    return "".join(_words(nodes)).strip()


def _words(nodes: Iterable[Node]) -> Iterator[str]:
    for node in nodes:
        match node:
            case Text(text=text) | Status(text=text):
                yield text
            case Code(text=text, title=title):
                yield f"\n{title}\n{text}\n"
            case Math(source=source):
                yield f" {source} "
            case Time(datetime=day):
                yield day
            case Emoticon():
                yield emoji.characters(node)
            case Foreign(html=html):
                yield f"\n{words_in(html)}\n"
            case Element(tag=tag) if tag in _INLINE:
                yield from _words(node.children)
            case Link(
                target=PageRef(title=name) | PostRef(title=name) | AttachmentRef(filename=name), children=()
            ):
                yield name
            case Link():
                yield from _words(node.children)
            case Panel(title=title) | Expand(title=title):
                yield f"\n{title}\n"
                yield from _words(node.children)
                yield "\n"
            case Box(name=name, parameters=parameters):
                yield f"\n{name} {' '.join(parameters.values())}\n"
                yield from _words(node.children)
                yield "\n"
            case Element() | Heading() | Cell() | Section() | Task() | Image():
                yield "\n"
                yield from _words(children_of(node))
                yield "\n"
            case _:
                yield from _words(children_of(node))
