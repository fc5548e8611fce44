"""Whatever people write stays text in Markdown, and what they emphasise stays emphasised."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exporter.site.body.document import Cell, Code, Element, Heading, Link, Node, Panel, Table, Text, UrlRef
from exporter.site.markdown import inline as md
from tests.site.markdown_read import PARSER, READERS, Reader, letters, markdown_of, read

SIGNS = "*_`[]()<>#+-.!|~$&;:=%^{}\\\"'/@,?  \n0123456789aXé日"
CHARACTERS = st.sampled_from(SIGNS) | st.characters(exclude_categories=("Cs", "Cc"))
PIECES = st.sampled_from(
    ["**", "__", "![", "](", "<!--", "-->", "<b>", "</b>", "&lt;", "&#42;", "```", "~~~", "| --- |", "$$",
     "==", "%%", "^[", "[[", "]]", "[^1]", "[x]: /y", "![x](y)", "[!note]", "{: .x}", "\\", "***", ":::",
     "!!!", "<?", "<x@y>", "javascript:", "1. ", "- ", "+ ", "> ", "# ", "    ", "\n\n"]
)  # fmt: skip
WORDS = st.lists(CHARACTERS | PIECES, max_size=12).map("".join)
ADDRESS = "https://example.com/a_(b)?c=d&lt;=*e*#f"
FEW = settings(max_examples=60, deadline=None)


def seen(text: str) -> str:
    return "".join(text.split())


@FEW
@given(WORDS)
@example("1. a")
@example("a\n---")
@example("# a #")
@example("<script>alert(1)</script>")
@example("[a](javascript:alert(1))")
def test_arbitrary_text_is_no_markup(words: str) -> None:
    tokens = PARSER.parse(markdown_of(Element("p", {}, {}, (Text(words),))))
    assert [token.type for token in tokens] in (["paragraph_open", "inline", "paragraph_close"], [])
    inside = [child for token in tokens for child in token.children or ()]
    assert {child.type for child in inside} <= {"text", "text_special"}
    assert seen("".join(child.content for child in inside)) == seen(_visible(words))


@FEW
@given(WORDS)
def test_arbitrary_text_is_no_markup_in_a_heading_a_cell_a_panel_or_a_list(words: str) -> None:
    text = Text(words)
    cell = Cell(False, 1, 1, "", {}, (text,))
    nodes: list[tuple[Node, set[str]]] = [
        (Heading(2, "", {}, (text,)), {"h2"}),
        (Panel("info", words, (text,)), {"blockquote", "p"}),
        (Element("ul", {}, {}, (Element("li", {}, {}, (text,)),)), {"ul", "li", "p"}),
        (
            Table("", False, (), (Element("tbody", {}, {}, (Element("tr", {}, {}, (cell,)),)),)),
            {"table", "thead", "tbody", "tr", "th", "td"},
        ),
    ]
    for node, tags in nodes:
        found = read(markdown_of(node))
        assert {each.tag for each in found.iter()} <= {"html", "body", *tags}
        assert seen(_visible(words)) in seen(found.text_content())


@FEW
@given(WORDS)
def test_code_is_what_it_was(words: str) -> None:
    found = read(markdown_of(Code("py", "", words)))
    (code,) = found.iter("code")
    assert (code.text or "").strip("\n") == md.lines(words).strip("\n")
    assert seen(found.text_content()) == seen(md.lines(words))


def inline(depth: int = 3) -> st.SearchStrategy[Node]:
    text = WORDS.map(Text)
    code = st.builds(lambda words: Element("code", {}, {}, (Text(words),)), WORDS)
    breaks = st.just(Element("br", {}, {}, ()))
    if not depth:
        return text | code | breaks
    inner = st.lists(inline(depth - 1), max_size=3).map(tuple)
    spans = st.builds(
        lambda tag, children: Element(tag, {}, {}, children),
        st.sampled_from(["strong", "em", "del", "u", "sup"]),
        inner,
    )
    links = st.builds(lambda children: Link(UrlRef(ADDRESS), "", "", "", (Text("x"), *children)), inner)
    return text | code | breaks | spans | links


@pytest.mark.parametrize("reader", READERS)
@settings(max_examples=70, deadline=None)
@given(nodes=st.lists(inline(), max_size=4).map(tuple))
@example(nodes=(Text("a"), Element("strong", {}, {}, (Text('"b"'),)), Text("c")))
@example(nodes=(Element("em", {}, {}, (Text("a"),)), Element("strong", {}, {}, (Text("b"),))))
@example(nodes=(Element("strong", {}, {}, (Text("a"),)), Element("strong", {}, {}, (Text(" b"),))))
@example(nodes=(Text("[!note]"),))
def test_emphasis_code_and_links_are_read_as_they_were_meant(reader: Reader, nodes: tuple[Node, ...]) -> None:
    written = markdown_of(Element("p", {}, {}, nodes))
    found = [(each, _known(tags)) for each, tags in letters(reader(written))]
    assert found == list(_meant(nodes, frozenset())), written


def _meant(nodes: tuple[Node, ...], inside: frozenset[str]) -> Any:
    for node in nodes:
        match node:
            case Text(text=text):
                yield from ((each, inside) for each in _visible(text) if not each.isspace())
            case Link(children=children):
                yield from _meant(children, inside | {"a"})
            case Element(tag=tag, children=children):
                yield from _meant(children, inside | {tag})


def _known(tags: frozenset[str]) -> frozenset[str]:
    names = {"s": "del"}
    return frozenset(names.get(tag, tag) for tag in tags) - {"html", "body", "p"}


def _visible(words: str) -> str:
    """Without what no text holds: control characters."""
    return re.sub("[\x00-\x08\x0e-\x1f\x7f]", "", words)
