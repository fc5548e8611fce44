"""Figures as a Markdown table, so that a document can quote what a command printed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; numbers to the right, the first column to the left."""
    lines = [tuple(headings), *map(tuple, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]

    def written(line: Sequence[str]) -> str:
        first, *others = (
            cell.rjust(width) if at else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        return f"| {' | '.join([first, *others])} |"

    rule = "|".join(f"{'-' * (width + 1)}{':' if at else '-'}" for at, width in enumerate(widths))
    return "\n".join([written(lines[0]), f"|{rule}|", *map(written, lines[1:])])
