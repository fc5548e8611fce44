"""Tables: with pipes where that says all, else in HTML with Markdown in its cells.

In HTML each tag is a line of its own and each cell's text has empty lines around: CommonMark then reads it as
Markdown, and MkDocs does because of ``markdown="block"``. So its links are links for both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from exporter.site.body.document import Cell, Element, Node, Task, TaskList, children_of
from exporter.site.body.tables import Grid, Rows
from exporter.site.markdown.phrases import stands_apart

_IN_CELL = frozenset({"p", "div", "ul", "ol", "li"})
"""Blocks that a line of a cell can show."""
_WIDEST = 100
"""Columns that merged cells may make."""


class WriteCell(Protocol):
    def __call__(self, nodes: Sequence[Node], *, strong: bool) -> str: ...


def is_simple(grid: Grid) -> bool:
    return all(
        cell.colspan == cell.rowspan == 1 and all(map(_fits, cell.children))
        for _, rows in grid.groups
        for row in rows
        for cell in row
    )


def _fits(node: Node) -> bool:
    if not stands_apart(node):
        return True
    is_fit = isinstance(node, TaskList | Task) or (isinstance(node, Element) and node.tag in _IN_CELL)
    return is_fit and all(map(_fits, children_of(node)))


def pipes(grid: Grid, write: WriteCell, *, numbered: bool) -> str:
    """Spans, where there are any, become empty cells."""
    heads, rows = _parts(grid)
    placed = _placed([*heads, *rows])
    lines = [_texts(line, write, strong=index >= len(heads)) for index, line in enumerate(placed)]
    if not heads:
        lines.insert(0, [])
    if numbered:
        first = max(len(heads), 1)
        numbers = ["" if index < first else str(index - first + 1) for index in range(len(lines))]
        lines = [[number, *line] for number, line in zip(numbers, lines, strict=True)]
    width = max(map(len, lines))
    lines.insert(1, ["---"] * width)
    return "\n".join(_line(line, width) for line in lines)


def _parts(grid: Grid) -> tuple[Rows, Rows]:
    """The first rows are the head as long as they look like one."""
    rows = [
        (group == "thead" or all(cell.header for cell in row), row)
        for group, rows in grid.groups
        for row in rows
    ]
    rows = [(is_head, row) for is_head, row in rows if row]
    heads = next((index for index, (is_head, _) in enumerate(rows) if not is_head), len(rows))
    return [row for _, row in rows[:heads]], [row for _, row in rows[heads:]]


def _placed(rows: Rows) -> list[list[Cell | None]]:
    """Each cell in its column; None where another one reaches to."""
    taken: set[tuple[int, int]] = set()
    found: list[list[Cell | None]] = []
    for number, row in enumerate(rows):
        line: list[Cell | None] = []
        for cell in row:
            while (number, len(line)) in taken:
                line.append(None)
            down = min(cell.rowspan, len(rows) - number)
            wide = min(cell.colspan, max(_WIDEST - len(line), 1))
            taken |= {(number + below, len(line) + right) for below in range(down) for right in range(wide)}
            line += [cell, *[None] * (wide - 1)]
        found.append(line)
    return found


def _texts(line: Sequence[Cell | None], write: WriteCell, *, strong: bool) -> list[str]:
    return [write(cell.children, strong=strong and cell.header) if cell else "" for cell in line]


def _line(cells: Sequence[str], width: int) -> str:
    padded = [*cells, *[""] * (width - len(cells))]
    return "| " + " | ".join(padded) + " |"


def html(grid: Grid, write: Callable[[Sequence[Node]], str], *, numbered: bool) -> str:
    heads, rows = _parts(grid)
    lines = ['<table markdown="1">']
    for tag, part in (("thead", heads), ("tbody", rows)):
        if part:
            lines.append(f'<{tag} markdown="1">')
            for number, row in enumerate(part, 1):
                lines.append('<tr markdown="1">')
                if numbered:
                    lines.append("<th></th>" if tag == "thead" else f"<td>{number}</td>")
                for cell in row:
                    lines += _html_cell(cell, write)
                lines.append("</tr>")
            lines.append(f"</{tag}>")
    return "\n".join([*lines, "</table>"])


def _html_cell(cell: Cell, write: Callable[[Sequence[Node]], str]) -> list[str]:
    tag = "th" if cell.header else "td"
    spans = "".join(
        f' {name}="{value}"'
        for name, value in (("colspan", cell.colspan), ("rowspan", cell.rowspan))
        if value > 1
    )
    text = write(cell.children)
    if not text:
        return [f"<{tag}{spans}></{tag}>"]
    return [f'<{tag}{spans} markdown="block">', "", text, "", f"</{tag}>"]
