"""What of a tree is a block, what stands in a line, what shows anything."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from exporter.site.body.document import (
    Anchor,
    Box,
    Cell,
    Code,
    Element,
    Emoticon,
    Expand,
    Foreign,
    Heading,
    Image,
    Included,
    InlineComment,
    Link,
    Math,
    Node,
    Panel,
    Placeholder,
    Section,
    Status,
    Table,
    Task,
    TaskList,
    Text,
    Time,
    Toc,
    Unknown,
    UrlRef,
    children_of,
)
from exporter.site.body.markup import FORBIDDEN

_BLOCKS = frozenset(
    [
        "blockquote",
        "caption",
        "dd",
        "div",
        "dl",
        "dt",
        "figcaption",
        "figure",
        "hr",
        "li",
        "ol",
        "p",
        "pre",
        "table",
        "tbody",
        "tfoot",
        "thead",
        "tr",
        "ul",
    ]
)


def is_block(node: Node) -> bool:
    """It, or something in it, can't stand in a paragraph."""
    match node:
        case Text() | Status() | Emoticon() | Time() | Placeholder() | Anchor() | Image():
            return False
        case (
            Heading()
            | Table()
            | Section()
            | Task()
            | TaskList()
            | Cell()
            | Panel()
            | Code()
            | Expand()
            | Toc()
            | Box()
            | Foreign()
        ):
            return True
        case Math(block=block):
            return block
        case Element(tag=tag) if tag in _BLOCKS:
            return True
    return any(map(is_block, children_of(node)))


def in_a_line(nodes: Iterable[Node]) -> Iterator[Node]:
    """Blocks of a caption as lines: it may stand in a paragraph itself."""
    for node in nodes:
        if isinstance(node, Code):
            yield Text(node.text)
        elif is_block(node):
            yield from in_a_line(children_of(node))
            yield Text(" ")
        else:
            yield node


def shows(node: Node) -> bool:
    match node:
        case Text(text=text):
            return bool(text.strip())
        case Element() | Link() | InlineComment() | Unknown() | Included():
            return any(map(shows, node.children))
    return True


def name_from_address(image: Image) -> str:
    """The last part of its path; empty for one that isn't elsewhere. One inside of its address has none."""
    if not isinstance(image.source, UrlRef):
        return ""
    url = image.source.url
    path = "" if url[:5].lower() == "data:" else re.split("[?#]", url, maxsplit=1)[0]
    return FORBIDDEN.sub("", unquote(path.rstrip("/").rpartition("/")[2])) or "image"
