"""Lists in quotes in lists: two parsers see the blocks that were meant, each with its words."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html

from exporter.site.body.document import (
    Cell,
    Code,
    Element,
    Expand,
    Heading,
    Node,
    Panel,
    Table,
    Task,
    TaskList,
    Text,
    children_of,
)
from tests.site.markdown_read import READERS, Reader, markdown_of

Children = tuple[Node, ...]
STRUCTURE = {"ul": "ul", "ol": "ol", "li": "li", "blockquote": "quote", "pre": "code", "table": "table"}


def element(tag: str, *children: Node) -> Element:
    return Element(tag, {}, {}, children)


def _table(rows: list[list[Children]], *, head: bool, span: int) -> Node:
    """`span` is the columns that the first cell takes."""
    made = [
        element(
            "tr",
            *(
                Cell(head and not y, span if x == y == 0 else 1, 1, "", {}, cell)
                for x, cell in enumerate(row)
            ),
        )
        for y, row in enumerate(rows)
    ]
    return Table("", False, (), (element("tbody", *made),))


def blocks(depth: int) -> st.SearchStrategy[Node]:
    word = st.just(Text("word"))
    paragraph = st.builds(lambda each: element("p", each), word)
    leaves = (
        paragraph
        | word
        | st.just(Code("py", "", "word\n\n    more\n`` ` ``"))
        | st.just(Heading(3, "", {}, (Text("word"),)))
    )
    if not depth:
        return leaves
    inner = st.lists(blocks(depth - 1), min_size=1, max_size=3).map(tuple)
    entries = st.lists(inner, min_size=1, max_size=3)
    cells = st.lists(paragraph.map(lambda each: (each,)) | inner, min_size=1, max_size=2)
    return st.one_of(
        leaves,
        st.builds(
            lambda tag, rows: element(tag, *(element("li", *row) for row in rows)),
            st.sampled_from(["ul", "ol"]), entries,
        ),
        st.builds(lambda rows: TaskList(tuple(Task("", False, row) for row in rows)), entries),
        st.builds(lambda children: element("blockquote", *children), inner),
        st.builds(lambda children: Panel("info", "", children), inner),
        st.builds(lambda children: Expand("Word", children), inner),
        st.builds(
            lambda rows, head, span: _table(rows, head=head, span=span),
            st.lists(cells, min_size=1, max_size=2), st.booleans(), st.sampled_from([1, 1, 2]),
        ),
    )  # fmt: skip


Path = tuple[str, ...]


def meant(nodes: Children, path: Path = (), *, nested: bool = False) -> Iterator[Path]:
    """Where each word stands."""
    for node in nodes:
        match node:
            case Text():
                yield path
            case Code(text=text):
                yield from [(*path, "code")] * text.count("word")
            case Table():
                yield from _meant_in_table(node, (*path, "table"), nested=nested)
            case TaskList(children=children):
                yield from meant(children, (*path, "ul"), nested=True)
            case Task(children=children):
                yield from meant(children, (*path, "li"), nested=True)
            case Panel(children=children) | Expand(children=children):
                yield from meant(children, (*path, "quote"), nested=True)
            case Element(tag=tag, children=children) if tag in STRUCTURE:
                yield from meant(children, (*path, STRUCTURE[tag]), nested=True)
            case Element(children=children) | Heading(children=children):
                yield from meant(children, path, nested=nested)


def _meant_in_table(table: Table, path: Path, *, nested: bool) -> Iterator[Path]:
    rows = [row for body in table.children for row in children_of(body)]
    cells = [cell for row in rows for cell in children_of(row) if isinstance(cell, Cell)]
    in_lines = nested or all(cell.colspan == 1 and _fits(cell.children) for cell in cells)
    for cell in cells:
        inside = (*path, "cell")
        words = meant(cell.children, inside)
        yield from (inside for _ in words) if in_lines else words


def _fits(nodes: Children) -> bool:
    return all(
        isinstance(node, Text)
        or (isinstance(node, TaskList | Task) and _fits(node.children))
        or (isinstance(node, Element) and node.tag != "blockquote" and _fits(node.children))
        for node in nodes
    )


def seen(found: html.HtmlElement, path: Path = ()) -> Iterator[Path]:
    tag = str(found.tag)
    classes = found.get("class", "")
    if tag in ("td", "th"):
        path = (*path, "cell")
    elif tag in STRUCTURE:
        path = (*path, STRUCTURE[tag])
    elif tag == "details" or "admonition" in classes.split():
        path = (*path, "quote")
    yield from [path] * (found.text or "").count("word")
    for child in found:
        yield from seen(child, path)
        yield from [path] * (child.tail or "").count("word")


@pytest.mark.parametrize("reader", READERS)
@settings(max_examples=60, deadline=None)
@given(nodes=st.lists(blocks(3), min_size=1, max_size=3).map(tuple))
def test_blocks_are_read_as_they_were_nested(reader: Reader, nodes: Children) -> None:
    written = markdown_of(*nodes)
    assert list(seen(reader(written))) == list(meant(nodes)), written
