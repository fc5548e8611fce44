"""Our Markdown, read again by somebody else's parser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pytest
from lxml import html
from markdown_it import MarkdownIt

from exporter.site.body import storage_format
from exporter.site.body.document import Node
from exporter.site.items import File, Item, Library
from exporter.site.macros import resolve
from exporter.site.markdown.blocks import write_markdown
from tests.site.made_up import item
from tests.site.shelf import Shelf

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
MKDOCS_EXTENSIONS = {
    "tables": {},
    "sane_lists": {},
    "md_in_html": {},
    "pymdownx.superfences": {"preserve_tabs": True},
    "pymdownx.tasklist": {},
    "pymdownx.tilde": {"subscript": False},
    "pymdownx.quotes": {"callouts": True},
    "pymdownx.arithmatex": {"generic": True, "inline_syntax": ["dollar"], "block_syntax": ["dollar"]},
    "pymdownx.escapeall": {},
}
"""As `exporter.site.markdown.mkdocs` sets them."""
EMPTY = Shelf([], {}, ["Tide tables"])
PAGE = item("99", title="Page", space_key=Shelf.space_key)

Reader = Callable[[str], html.HtmlElement]


class Addresses:
    """A file for each item, all in one folder."""

    def of_item(self, item: Item, fragment: str) -> str:
        return f"{item.id}.md{f'#{fragment}' if fragment else ''}"

    def of_file(self, file: File) -> str:
        return file.href or ""


def markdown_of(*nodes: Node, library: Library = EMPTY, page: Item = PAGE) -> str:
    return write_markdown(nodes, page=page, library=library, addresses=Addresses())


def markdown_of_storage(body: str, *, library: Library = EMPTY, page: Item = PAGE) -> str:
    nodes = storage_format.parse(body.encode()).document.children
    return markdown_of(*resolve(nodes, page=page, library=library).children, library=library, page=page)


def read(markdown: str) -> html.HtmlElement:
    return tree(PARSER.render(markdown))


def read_as_mkdocs(markdown: str) -> html.HtmlElement:
    convert = import_module("markdown").markdown
    return tree(convert(markdown, extensions=[*MKDOCS_EXTENSIONS], extension_configs=MKDOCS_EXTENSIONS))


READERS: list[Any] = [
    read,
    pytest.param(
        read_as_mkdocs,
        marks=pytest.mark.skipif(
            not (find_spec("markdown") and find_spec("pymdownx")),
            reason="needs markdown and pymdown-extensions",
        ),
    ),
]


def tree(document: str) -> html.HtmlElement:
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True)
    return html.document_fromstring(f"<html><body>{document}</body></html>".encode(), parser=parser)


def letters(
    element: html.HtmlElement, inside: frozenset[str] = frozenset()
) -> Iterator[tuple[str, frozenset[str]]]:
    """Each character that is seen, and the elements that it stands in."""
    inside = inside | {str(element.tag)} if isinstance(element.tag, str) else inside
    text = element.text if isinstance(element.tag, str) else ""
    yield from ((each, inside) for each in text or "" if not each.isspace())
    for child in element:
        yield from letters(child, inside)
        yield from ((each, inside) for each in child.tail or "" if not each.isspace())
