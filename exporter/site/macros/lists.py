"""Lists and tables of items and files, as nodes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from exporter.site.body.document import AttachmentRef, Cell, ContentRef, Element, Link, Node, Text
from exporter.site.items import File, Item

Nodes = tuple[Node, ...]


def element(tag: str, *children: Node, kind: str = "") -> Element:
    return Element(tag, {"class": kind} if kind else {}, {}, children)


def bullets(entries: Iterable[Nodes]) -> Nodes:
    """Nothing for no entries: a list without any is not a list."""
    rows = [element("li", *entry) for entry in entries]
    return (element("ul", *rows),) if rows else ()


def header_row(names: Iterable[str]) -> Element:
    return element("tr", *(Cell(True, 1, 1, "", {}, (Text(each),)) for each in names))


def cell(children: Nodes) -> Cell:
    return Cell(False, 1, 1, "", {}, children)


def to_item(item: Item) -> Link:
    return Link(ContentRef(item.id), "", "", "", (Text(item.title),))


def to_file(file: File) -> Link:
    return Link(file_ref(file), "", "", "", (Text(file.title),))


def file_ref(file: File) -> AttachmentRef:
    return AttachmentRef(file.title, ContentRef(file.container))


def none_found(what: str) -> Nodes:
    return (element("p", element("em", Text(what))),)


def sorted_by(items: Sequence[Item], by: str, *, reverse: bool) -> list[Item]:
    """In the order that the macro's ``sort`` asks for; as they are where it asks for none."""
    match by.lower():
        case "title":
            items = sorted(items, key=lambda each: (each.title.casefold(), each.id))
        case "creation" | "created":
            items = sorted(items, key=lambda each: (each.created.at, each.id))
        case "modified" | "lastmodified":
            items = sorted(items, key=lambda each: (each.version.at, each.id))
    return list(reversed(items)) if reverse else list(items)
