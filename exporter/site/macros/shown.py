"""What a macro is given, and how it says that it can't be shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from exporter.site.body.document import Macro, Node
from exporter.site.body.links import Links
from exporter.site.items import Item, Library

Nodes = tuple[Node, ...]

STATIC = "static"
MIRROR = "mirror"
REPLACED = "replaced"
FALLBACK = "fallback"


class Unshown(Exception):
    """The macro becomes a box; the message says why, for a reader of the page."""


class Context(Protocol):
    """Where a macro stands."""

    @property
    def page(self) -> Item: ...
    @property
    def library(self) -> Library: ...
    @property
    def links(self) -> Links: ...
    def resolved(self, item: Item, nodes: Sequence[Node]) -> Nodes:
        """Nodes of the body of `item`, their macros replaced. Raises `Unshown` where pages include each
        other."""

    def body(self, item: Item) -> Nodes:
        """The tree of its body, macros not yet replaced. Raises `Unshown` where the mirror has none."""


@dataclass(frozen=True, slots=True)
class Use:
    """A macro, its body with the macros in it replaced, and where it stands."""

    macro: Macro
    rich: Nodes
    context: Context


Show = Callable[[Use], Nodes]
"""What the macro shows. Raises `Unshown`."""


@dataclass(frozen=True, slots=True)
class Shown:
    tier: str
    show: Show
