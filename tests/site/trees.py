"""What tests ask of a tree."""

from __future__ import annotations

import re

from exporter.site.body.document import (
    AdfExtension,
    AdfNode,
    Cell,
    Element,
    Macro,
    Node,
    Placeholder,
    Text,
    Unknown,
    children_of,
    walk,
)


def words_of(nodes: tuple[Node, ...]) -> str:
    """All that a writer could show."""
    found: list[str] = []
    for node in walk(nodes):
        match node:
            case Text(text=text) | Placeholder(text=text):
                found.append(text)
            case Macro(parameters=parameters, plain=plain):
                found += [plain or "", *(each.text for each in parameters.values())]
            case AdfExtension(node=AdfNode() as adf, fallback=fallback) if fallback:
                found.append(words_of((adf,)))  # `walk` takes the one or the other
            case Unknown() | Element() | Cell():
                found.append(" ")
    return " ".join(found)


def depth_of(nodes: tuple[Node, ...]) -> int:
    deepest, level = 0, list(nodes)
    while level:
        deepest += 1
        level = [child for node in level for child in children_of(node)]
    return deepest


def is_clean(text: str) -> bool:
    return not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", text)
