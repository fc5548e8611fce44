"""What belongs where in a table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from exporter.site.body.document import Cell, Element, Node, Table, Text

Rows = list[list[Cell]]


@dataclass(frozen=True, slots=True)
class Grid:
    """`groups` are (``thead``, ``tbody`` or ``tfoot``, rows); `beside` is what can't stand in a table."""

    caption: tuple[Node, ...]
    groups: list[tuple[str, Rows]]
    beside: list[Node]


def grid_of(table: Table) -> Grid:
    caption: tuple[Node, ...] = ()
    groups: list[tuple[str, Rows]] = []
    beside: list[Node] = []
    loose: list[Node] = []
    for node in table.children:
        if isinstance(node, Element) and node.tag in ("thead", "tbody", "tfoot"):
            groups.append((node.tag, _rows(node.children, beside)))
        elif isinstance(node, Element) and node.tag == "caption":
            caption = node.children
        else:
            loose.append(node)
    rows = _rows(loose, beside)
    if rows:
        groups.append(("tbody", rows))
    return Grid(caption, [(name, rows) for name, rows in groups if rows], beside)


def _rows(nodes: Iterable[Node], beside: list[Node]) -> Rows:
    rows: Rows = []
    for node in nodes:
        if isinstance(node, Element) and node.tag == "tr":
            cells: list[Cell] = []
            for cell in node.children:
                if isinstance(cell, Cell):
                    cells.append(cell)
                elif not _is_blank(cell):
                    beside.append(cell)
            rows.append(cells)
        elif isinstance(node, Cell):
            rows.append([node])
        elif not _is_blank(node):
            beside.append(node)
    return rows


def _is_blank(node: Node) -> bool:
    return isinstance(node, Text) and not node.text.strip()
