"""The tree as Markdown: CommonMark with tables, task lists and struck-out words, and panels as callouts.

What is nested is indented by four blanks, as Python-Markdown wants it; CommonMark takes that too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from exporter.site.body import foreign, storage_format
from exporter.site.body.anchors import written_id
from exporter.site.body.document import (
    Box,
    Code,
    Element,
    Expand,
    Foreign,
    Heading,
    Included,
    Math,
    Node,
    Panel,
    Section,
    Table,
    Task,
    TaskList,
    Toc,
    children_of,
    walk,
)
from exporter.site.body.tables import grid_of
from exporter.site.items import Item, Library
from exporter.site.markdown import inline as md
from exporter.site.markdown import tables as markdown_tables
from exporter.site.markdown.anchors import Headline, Places, places
from exporter.site.markdown.phrases import Addresses, Nodes, Phrases, is_blank, stands_apart, text_in

_LANGUAGE = re.compile(r"[^A-Za-z0-9_+#.-]")
_CALLOUTS = {"error": "danger", "panel": "abstract"}  # the others are called as in Obsidian
APART = "<!-- -->"
"""Between two lists or two quotes that would else be one, and at the start of an entry that has no words."""


@dataclass(frozen=True, slots=True)
class _Block:
    """`kind` is that of what would grow together with a neighbour of its kind, or empty."""

    text: str
    kind: str = ""
    is_words: bool = False


def write_markdown(children: tuple[Node, ...], *, page: Item, library: Library, addresses: Addresses) -> str:
    """The body of `page`, its macros replaced. Below its title: that is the first heading of the file."""
    found = places(children, page.title)
    phrases = Phrases(page, library, addresses=addresses, places=found)
    return _Writer(phrases, found).written(children)


def write_nested(children: tuple[Node, ...], *, page: Item, library: Library, addresses: Addresses) -> str:
    """To stand in a callout."""
    found = places(children, "")
    phrases = Phrases(page, library, addresses=addresses, places=replace(found, anchors=()))
    return _Writer(phrases, found, nested=True).written(children)


def quoted(text: str) -> str:
    return "\n".join(f"> {line}" if line else ">" for line in text.split("\n"))


def callout(kind: str, title: str, text: str, *, fold: str = "") -> str:
    """`title` and `text` are Markdown."""
    head = f"[!{kind}]{fold} {title}".rstrip()
    return quoted(f"{head}\n\n{text}" if text else head)


class _Writer:
    def __init__(self, phrases: Phrases, found: Places, *, nested: bool = False) -> None:
        self._phrases, self._headlines = phrases, found.headlines
        self._nested = nested

    def written(self, nodes: Nodes) -> str:
        return _joined(self._blocks(nodes))

    def _blocks(self, nodes: Nodes) -> list[_Block]:
        found: list[_Block] = []
        run: list[Node] = []
        for node in nodes:
            if stands_apart(node):
                found += self._paragraph(run)
                run = []
                found += self._block(node)
            else:
                run.append(node)
        return found + self._paragraph(run)

    def _paragraph(self, run: Nodes) -> list[_Block]:
        text = md.finished(self._phrases.marked(run), line_break="  \n") if run else ""
        return [_Block(text, is_words=True)] if text else []

    def _block(self, node: Node) -> list[_Block]:
        match node:
            case Element():
                return self._element(node)
            case Heading(level=level):
                line = self._phrases.line(node.children)
                return [_Block(f"{'#' * level} {line}")] if line else []
            case Table():
                return self._table(node)
            case Code(language=language, title=title, text=text):
                return [*self._title(title), _Block(_fenced(text, language))]
            case TaskList(children=children):
                return self._list(children, kind="ul")
            case Panel(kind=kind, title=title):
                return [self._callout(_CALLOUTS.get(kind, kind), title, node.children)]
            case Expand(title=title):
                return [self._callout("abstract", title, node.children, fold="-")]
            case Box():
                return [self._box(node)]
            case Toc(highest=highest, lowest=lowest):
                lines = _contents([each for each in self._headlines if highest <= each.level <= lowest])
                return [_Block(lines, "ul")] if lines else []
            case Math(source=source):
                return [_Block(_formula(source))]
            case Foreign(html=html):
                clean = foreign.sanitised(html, lambda address: address)
                return self._blocks(storage_format.parse(clean.encode()).document.children)
            case Included(item=item, children=children):
                with self._phrases.of(item):
                    return self._blocks(children)
            case Section(cells=cells):
                return [block for cell in cells for block in self._blocks(cell)]
        return self._blocks(children_of(node))

    def _element(self, node: Element) -> list[_Block]:
        match node.tag:
            case "ul" | "ol" as tag:
                return self._list(node.children, kind=tag, first=_start(node))
            case "blockquote":
                return self._quote(node.children)
            case "pre":
                return [_Block(_fenced(text_in(walk(node.children)), ""))]
            case "hr":
                return [_Block("---")]
            case "dt":
                return self._strong(node.children)
            case "dd":
                return self._list((node,), kind="ul")
            case "figcaption" | "caption":
                return self._paragraph((Element("em", {}, {}, node.children),))
        anchor = md.anchor(written_id(node)) if node.tag in ("p", "div") else ""
        blocks = self._blocks(node.children)
        if anchor and blocks and blocks[0].is_words:
            return [_Block(anchor + blocks[0].text, is_words=True), *blocks[1:]]
        return [_Block(anchor, is_words=True), *blocks] if anchor else blocks

    def _strong(self, nodes: Nodes) -> list[_Block]:
        return self._paragraph((Element("strong", {}, {}, tuple(nodes)),))

    def _title(self, title: str) -> list[_Block]:
        text = md.finished(md.span("strong", md.text(title)), line_break=" ")
        return [_Block(text, is_words=True)] if text else []

    def _quote(self, nodes: Nodes) -> list[_Block]:
        with self._inside():
            text = _joined(self._blocks(nodes))
        return [_Block(quoted(text), "quote")] if text else []

    def _callout(self, kind: str, title: str, nodes: Nodes, *, fold: str = "") -> _Block:
        with self._inside():
            text = _joined(self._blocks(nodes))
        return _Block(callout(kind, md.finished(md.text(title), line_break=" "), text, fold=fold), "quote")

    def _box(self, node: Box) -> _Block:
        """What it is, why it isn't shown, what it was told, what it holds."""
        with self._inside():
            told = [f"- {_told(name, value)}" for name, value in node.parameters.items()]
            why = _Block(md.finished(md.text(node.why), line_break=" "), is_words=True)
            parameters = [_Block("\n".join(told), "ul")] if told else []
            text = _joined([why, *parameters, *self._blocks(node.children)])
        title = md.finished(md.text("Macro ") + md.code(node.name, in_table=False), line_break=" ")
        return _Block(callout("missing", title, text), "quote")

    def _list(self, entries: Nodes, *, kind: str, first: int = 1) -> list[_Block]:
        listed = _entries(entries)
        with self._inside():
            written = [self._blocks(nodes) for _, nodes in listed]
        loose = any(not _is_tight(blocks) for blocks in written)
        lines = []
        for number, ((mark, _), blocks) in enumerate(zip(listed, written, strict=True), first):
            bullet = f"{number}. " if kind == "ol" else "- "
            lines.append(_entry(bullet, mark, blocks, loose=loose))
        return [_Block(("\n\n" if loose else "\n").join(lines), kind)] if lines else []

    def _table(self, node: Table) -> list[_Block]:
        grid = grid_of(node)
        before = [*self._blocks(grid.beside), *self._paragraph((Element("em", {}, {}, grid.caption),))]
        if not any(rows for _, rows in grid.groups):
            return before
        if self._nested or markdown_tables.is_simple(grid):
            return [*before, _Block(markdown_tables.pipes(grid, self._cell, numbered=node.numbered))]
        table = markdown_tables.html(grid, lambda nodes: _joined(self._blocks(nodes)), numbered=node.numbered)
        return [*before, _Block(table)]

    def _cell(self, nodes: Nodes, *, strong: bool) -> str:
        self._phrases.in_table = True
        marked = self._phrases.marked(nodes)
        self._phrases.in_table = False
        return md.finished(md.span("strong", marked) if strong else marked, line_break="<br>")

    @contextmanager
    def _inside(self) -> Iterator[None]:
        before, self._nested = self._nested, True
        yield
        self._nested = before


def _joined(blocks: Sequence[_Block]) -> str:
    parts: list[str] = []
    before = ""
    for block in blocks:
        if block.kind and block.kind == before:
            parts.append(APART)
        parts.append(block.text)
        before = block.kind
    return "\n\n".join(parts)


def _told(name: str, value: str) -> str:
    return md.finished(f"{md.text(name or 'value')}: {md.code(value, in_table=False)}", line_break=" ")


def _fenced(text: str, language: str) -> str:
    text = md.lines(text)
    fence = md.fence_for(text, at_least=3)
    return f"{fence}{_LANGUAGE.sub('', language).lower()}\n{text}\n{fence}"


def _formula(source: str) -> str:
    """An empty line would end it."""
    lines = [line for line in md.lines(md.tex(source)).split("\n") if line.strip()]
    return "\n".join(["$$", *lines, "$$"]) if lines else _fenced(source, "latex")


def _contents(headlines: Sequence[Headline]) -> str:
    """Nested by level, as far as levels are there."""
    above: list[int] = []
    lines = []
    for each in headlines:
        while above and above[-1] >= each.level:
            above.pop()
        words = md.finished(md.link(md.text(each.words), f"#{md.path(each.slug)}"), line_break=" ")
        lines.append(f"{'    ' * len(above)}- {words}" if each.words else "")
        above.append(each.level)
    return "\n".join(filter(None, lines))


def _start(node: Element) -> int:
    start = node.attributes.get("start", "")
    return int(start) if start.isascii() and start.isdigit() and len(start) < 7 else 1


def _entries(nodes: Nodes) -> list[tuple[str, Nodes]]:
    """What each begins with, and what it holds. A list right in a list belongs to the entry before it."""
    found: list[tuple[str, Nodes]] = []
    for node in nodes:
        match node:
            case Task(done=done, children=children):
                found.append(("[x] " if done else "[ ] ", children))
            case Element(tag="li" | "dd", children=children):
                found.append(("", children))
            case Element(tag="ul" | "ol") | TaskList() if found:
                mark, before = found.pop()
                found.append((mark, (*before, node)))
            case _ if not is_blank(node):
                found.append(("", (node,)))
    return found


def _is_tight(blocks: Sequence[_Block]) -> bool:
    """At most one paragraph, and tight lists below it."""
    return all(
        block.is_words if index == 0 else block.kind in ("ul", "ol") and "\n\n" not in block.text
        for index, block in enumerate(blocks)
    )


def _entry(bullet: str, mark: str, blocks: Sequence[_Block], *, loose: bool) -> str:
    has_words = bool(blocks) and blocks[0].is_words
    first = blocks[0].text if has_words else APART if not mark else ""
    rest = blocks[1:] if has_words else blocks
    indent = " " * max(4, len(bullet))
    text = (bullet + mark + first.replace("\n", "\n" + indent)).rstrip(" ")
    if not rest:
        return text
    below = "\n".join(indent + line if line else "" for line in _joined(rest).split("\n"))
    return f"{text}\n\n{below}" if loose else f"{text}\n{below}"
