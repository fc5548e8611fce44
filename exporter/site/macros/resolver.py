"""The walk through the tree that replaces macros."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from exporter.site.body import storage_format
from exporter.site.body.anchors import words_of
from exporter.site.body.document import (
    MAX_DEPTH,
    AdfExtension,
    AdfNode,
    Box,
    Code,
    Element,
    Heading,
    Image,
    Macro,
    Node,
    Parameter,
    Section,
    Text,
    children_of,
)
from exporter.site.body.links import Links
from exporter.site.items import Item, Library
from exporter.site.macros import adf
from exporter.site.macros.names import SHOWN
from exporter.site.macros.shown import FALLBACK, Nodes, Unshown, Use

MAX_INCLUDED = 500
"""Bodies that one page may draw in, over and over counted: pages that include pages can double each time."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """`macros` are the names of the body's own macros, each with the tier it was shown by."""

    children: Nodes
    macros: tuple[tuple[str, str], ...]
    problems: tuple[str, ...]


def resolve(nodes: Nodes, *, page: Item, library: Library) -> Resolved:
    """Replace all macros in `nodes`, which stand in the body of `page`. Never fails."""
    resolver = _Resolver(page, library, above=(page.id,), budget=[MAX_INCLUDED])
    children = resolver.nodes(nodes)
    return Resolved(children, tuple(resolver.macros), tuple(resolver.problems))


class _Resolver:
    """`above` are the items whose bodies are being included, `depth` nodes deep; `budget` is shared by all of
    a page."""

    def __init__(
        self, page: Item, library: Library, *, above: tuple[str, ...], budget: list[int], depth: int = 0
    ) -> None:
        self.page, self.library = page, library
        self.links = Links(page, library)
        self.macros: list[tuple[str, str]] = []
        self.problems: list[str] = []
        self._above, self._budget, self._depth = above, budget, depth

    def nodes(self, nodes: Iterable[Node]) -> Nodes:
        self._depth += 1
        found: list[Node] = []
        for node in nodes:
            match node:
                case Text():
                    found.append(node)
                case Macro():
                    found.extend(self._macro(node))
                case AdfExtension() | AdfNode():
                    found.extend(self._adf(node))
                case Section(type=kind, cells=cells):
                    found.append(Section(kind, tuple(map(self.nodes, cells))))
                case Heading(children=children):
                    found.append(replace(node, children=self.nodes(children), words=words_of(node)))
                case Image(caption=caption):
                    found.append(replace(node, caption=self.nodes(caption)) if caption else node)
                case Element(tag, attributes, style, children):  # most are: spare them `replace`
                    found.append(Element(tag, attributes, style, self.nodes(children)))
                case _:
                    found.append(self._rebuilt(node))
        self._depth -= 1
        return tuple(found)

    def _rebuilt(self, node: Node) -> Node:
        children = children_of(node)
        if not children:
            return node
        changed: Node = replace(node, children=self.nodes(children))  # type: ignore[arg-type]
        return changed

    def _adf(self, node: AdfExtension | AdfNode) -> Nodes:
        shown = adf.shown(node)
        self.macros.extend((each.name, FALLBACK) for each in shown if isinstance(each, Box))
        return self.nodes(shown)

    def resolved(self, item: Item, nodes: Sequence[Node]) -> Nodes:
        if item.id in self._above:
            raise Unshown(f"“{item.title}” includes this page")
        self._budget[0] -= 1
        if self._budget[0] < 0 or self._depth > MAX_DEPTH:  # a body adds as much again, and writers recurse
            raise Unshown("too much is included on this page")
        above = (*self._above, item.id)
        inner = _Resolver(item, self.library, above=above, budget=self._budget, depth=self._depth)
        return inner.nodes(nodes)

    def body(self, item: Item) -> Nodes:
        body = self.library.body(item.id)
        if body is None:
            raise Unshown(f"the body of “{item.title}” is not in this mirror")
        return _parsed(body)

    def _macro(self, macro: Macro) -> Nodes:
        rich = self.nodes(macro.rich or ())
        shown = SHOWN.get(macro.name.lower())
        if shown is None:
            self.macros.append((macro.name, FALLBACK))
            return (_box(macro, rich, "This macro is shown in Confluence only."),)
        try:
            nodes = shown.show(Use(macro, rich, self))
        except Unshown as why:
            self.macros.append((macro.name, FALLBACK))
            self.problems.append(f"macro {macro.name}: {why}")
            return (_box(macro, rich, f"Not shown: {why}."),)
        self.macros.append((macro.name, shown.tier))
        return nodes


def _box(macro: Macro, rich: Nodes, why: str) -> Box:
    held = rich if macro.plain is None else (*rich, Code("", "", macro.plain))
    return Box(macro.name, _told(macro.parameters), why, held)


def _told(parameters: Mapping[str, Parameter]) -> Mapping[str, str]:
    return {name: told for name, each in parameters.items() if (told := _value(each))}


def _value(parameter: Parameter) -> str:
    names = (
        getattr(ref, name, "")
        for ref in parameter.refs
        for name in ("title", "filename", "url", "key", "account_id", "id")
    )
    return " ".join(filter(None, (parameter.text.strip(), *names)))


@functools.lru_cache(maxsize=128)
def _parsed(body: bytes) -> Nodes:
    return storage_format.parse(body).document.children
