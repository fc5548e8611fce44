"""Macros that list pages by what they hold: labels, page properties."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from exporter.site.body.anchors import words_of
from exporter.site.body.document import Included, Macro, Node, Table, Text, children_of, walk
from exporter.site.body.tables import grid_of
from exporter.site.items import Item
from exporter.site.macros import cql
from exporter.site.macros.lists import bullets, cell, element, header_row, none_found, sorted_by, to_item
from exporter.site.macros.mirrored import excerpt_of
from exporter.site.macros.shown import MIRROR, Context, Nodes, Shown, Unshown, Use


def _content_by_label(use: Use) -> Nodes:
    found = _chosen(use.macro, use.context)
    limit = use.macro.text("max", "15")
    found = found[: int(limit)] if limit.isascii() and limit.isdigit() else found
    labels = use.macro.text("showLabels") == "true"
    excerpts = use.macro.text("excerptType") not in ("", "none") or use.macro.text("excerpt") == "true"
    rows = [
        (
            to_item(each),
            *(_labels(each) if labels else ()),
            *(excerpt_of(each, use.context) if excerpts else ()),
        )
        for each in found
    ]
    return bullets(rows) or none_found("No pages with this label.")


def _chosen(macro: Macro, context: Context) -> list[Item]:
    found = cql.matching(_query(macro), context)
    by = macro.text("sort") or macro.text("sortBy")
    newest_first = by in ("", "modified", "creation", "lastModified")
    reverse = (macro.text("reverse") or macro.text("reverseSort")).lower() == "true"
    return sorted_by(found, by or "modified", reverse=newest_first != reverse)


def _query(macro: Macro) -> str:
    """Old bodies list labels instead: ``+`` for those that must be there, ``-`` for those that must not."""
    query = macro.text("cql")
    names = (macro.text("label") or macro.text("labels")).replace(",", " ").split()
    if query:
        return query
    if not names:
        raise Unshown("it names no label")
    required = [f'label = "{each.strip("+")}"' for each in names if each.startswith("+")]
    refused = [f'label != "{each.strip("-")}"' for each in names if each.startswith("-")]
    joint = " and " if macro.text("operator").lower() == "and" else " or "
    others = joint.join(f'label = "{each}"' for each in names if each[0] not in "+-")
    return " and ".join([*required, *refused, *([f"({others})"] if others else [])])


def _labels(item: Item) -> Nodes:
    return (Text(" "), element("small", Text(", ".join(item.labels))))


@dataclass(frozen=True, slots=True)
class _Row:
    item: Item
    values: Mapping[str, Nodes]
    """By the words of the property's name, in the order of the page."""


def _details_summary(use: Use) -> Nodes:
    rows = [
        row
        for item in _chosen(use.macro, use.context)
        for row in _rows(item, use.macro.text("id"), use.context)
    ]
    if not rows:
        return none_found("No pages with such properties.")
    wanted = [each.strip() for each in use.macro.text("headings").split(",") if each.strip()]
    columns = wanted or list(dict.fromkeys(name for row in rows for name in row.values))
    by = use.macro.text("sortBy")
    if by and by.casefold() in {each.casefold() for each in columns}:
        rows.sort(
            key=lambda row: _words(_value(row, by)).casefold(),
            reverse=use.macro.text("reverseSort") == "true",
        )
    head = header_row((use.macro.text("firstcolumn") or "Title", *columns))
    body = [
        element(
            "tr",
            cell((to_item(row.item),)),
            *(cell(in_context(row.item, _value(row, each), use.context)) for each in columns),
        )
        for row in rows
    ]
    return (Table("", False, (), (element("tbody", head, *body),)),)


def _value(row: _Row, column: str) -> Nodes:
    return next((value for name, value in row.values.items() if name.casefold() == column.casefold()), ())


def in_context(item: Item, nodes: Nodes, context: Context) -> Nodes:
    """Part of the body of `item`."""
    try:
        return (Included(item.id, context.resolved(item, nodes)),) if nodes else ()
    except Unshown:  # of the page itself: the words are enough here
        return (Text(_words(nodes)),)


def _rows(item: Item, wanted: str, context: Context) -> Iterator[_Row]:
    """One for each `details` of that id on the page."""
    try:
        body = context.body(item)
    except Unshown:
        return
    for node in walk(body):
        if isinstance(node, Macro) and node.name == "details" and node.text("id") == wanted:
            values = dict(_properties(node.rich or ()))
            if values:
                yield _Row(item, values)


def _properties(nodes: Nodes) -> Iterator[tuple[str, Nodes]]:
    """From the tables in a `details` macro: names stand in the first column, or in the first row."""
    for table in _tables(nodes):
        rows = [row for _, group in grid_of(table).groups for row in group if row]
        if len(rows) > 1 and len(rows[0]) > 1 and all(cell.header for cell in rows[0]):
            for name, *values in zip(*rows, strict=False):
                yield _words(name.children), values[0].children
        else:
            for first, *others in rows:
                if others:
                    yield _words(first.children), others[0].children


def _tables(nodes: Nodes) -> Iterator[Table]:
    """Those that stand in no other: what a value holds are no properties."""
    for node in nodes:
        if isinstance(node, Table):
            yield node
        else:
            yield from _tables(children_of(node))


def _words(nodes: Sequence[Node]) -> str:
    return " ".join("".join(map(words_of, nodes)).split())


REPORTS = {
    "contentbylabel": Shown(MIRROR, _content_by_label),
    "content-report-table": Shown(MIRROR, _content_by_label),
    "detailssummary": Shown(MIRROR, _details_summary),
}
