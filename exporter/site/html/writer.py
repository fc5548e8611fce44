"""From the tree, its macros replaced, to HTML."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from html import escape
from typing import Any
from urllib.parse import quote

from exporter.site.body.anchors import Place, words_of, written_id
from exporter.site.body.document import (
    MATH_TAGS,
    Anchor,
    Box,
    Cell,
    Code,
    Element,
    Emoticon,
    Expand,
    Foreign,
    Heading,
    Image,
    Included,
    InlineComment,
    Link,
    Math,
    Node,
    Panel,
    Placeholder,
    Section,
    Status,
    Table,
    Task,
    TaskList,
    Text,
    Time,
    Toc,
    Unknown,
    UrlRef,
    children_of,
)
from exporter.site.body.foreign import sanitised
from exporter.site.body.links import Links
from exporter.site.body.plain_text import text_of
from exporter.site.body.shape import is_block, shows
from exporter.site.body.tables import Grid, grid_of
from exporter.site.html.colours import nearest
from exporter.site.html.highlighting import highlighted
from exporter.site.html.inline import Inline, text_in
from exporter.site.html.styles import classes_of, column
from exporter.site.views import TocEntry

_PARTS = "thead", "tbody", "tfoot", "tr", "caption", "li", "dt", "dd"
_RENAMED = {"tt": "code", "strike": "s", "big": "span", "font": "span", "a": "span"} | dict.fromkeys(
    _PARTS, "div"
)
"""Parts of tables and lists only outside of them. What was an anchor may stand in a link."""
_ITEMS = {"ul": ("li",), "ol": ("li",), "dl": ("dd", "dt")}
_OWN_CLASSES = {"decisions", "gallery"}
_VOID = frozenset({"br", "hr", "wbr"})
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,4}")
_LAYOUT = re.compile(r"[a-z_-]{1,40}")

MAX_TOCS = 20
"""Tables of contents of one page: each repeats all of its headings."""


class Writer(Inline):
    """All of a body. Used for one only."""

    def written(self, nodes: Iterable[Node]) -> str:
        self._nodes(nodes)
        for position, toc in self._tables_of_contents:
            self._out[position] = self._toc(toc)
        return "".join(self._out)

    def _write(self, node: Node) -> None:
        _WRITE[type(node)](self, node)

    def _element(self, node: Element) -> None:
        tag = _RENAMED.get(node.tag, node.tag)
        if tag == "p" and any(map(is_block, node.children)):
            tag = "div"  # a paragraph ends where a block begins: browsers would make two of it
        attributes = self._attributes(node)
        if tag in _VOID:
            self._out.append(f"<{tag}>")
        elif tag in _ITEMS:
            self._list(tag, attributes, node.children)
        elif tag == "math":
            self._out.append(f"<math{attributes}>")
            self._formula(node.children)
            self._out.append("</math>")
        elif tag in MATH_TAGS:  # without a formula around it
            self._nodes(node.children)
        else:
            self._wrapped(tag, attributes, node.children)

    def _list(self, tag: str, attributes: str, nodes: Iterable[Node]) -> None:
        """What stands between two items goes into the first of them: a list holds nothing but items."""
        self._out.append(f"<{tag}{attributes}>")
        end = ""
        for node in nodes:
            if isinstance(node, Element) and node.tag in _ITEMS[tag]:
                self._out.append(f"{end}<{node.tag}{self._attributes(node)}>")
                end = f"</{node.tag}>"
                self._nodes(node.children)
            elif isinstance(node, Task):
                self._out.append(f"{end}<li>")
                end = "</li>"
                self._task_in_item(node)
            elif shows(node) or (end and not isinstance(node, Text)):
                if not end:
                    self._out.append('<li class="no-marker">' if tag != "dl" else "<dd>")
                    end = "</li>" if tag != "dl" else "</dd>"
                self._nodes((node,))
        self._out.append(f"{end}</{tag}>")

    def _formula(self, nodes: Iterable[Node]) -> None:
        """Only symbols and words: a browser ends a formula where other markup begins."""
        for node in nodes:
            if isinstance(node, Element) and node.tag in MATH_TAGS and node.tag != "math":
                self._out.append(f"<{node.tag}>")
                self._formula(node.children)
                self._out.append(f"</{node.tag}>")
            else:
                self._out.append(text_in(text_of((node,)) if not isinstance(node, Text) else node.text))

    def _attributes(self, node: Element) -> str:
        if not node.attributes and not node.style:
            return ' class="big"' if node.tag == "big" else ""
        given = node.attributes
        parts: list[str] = []
        if written := written_id(node):
            parts.append(self._id(written))
        classes = [
            *(["big"] if node.tag == "big" else ()),
            *classes_of(node.style),
            *(each for each in given.get("class", "").split() if each in _OWN_CLASSES),
        ]
        if colour := nearest(given.get("color", "")):
            classes.append(f"fg-{colour}")
        if classes:
            parts.append(f' class="{" ".join(dict.fromkeys(classes))}"')
        if node.tag == "ol" and (start := given.get("start", "")).isascii() and start.isdigit():
            parts.append(f' start="{int(start[:6])}"')
        if node.tag == "ol" and given.get("type") in ("1", "a", "A", "i", "I"):
            parts.append(f' type="{given["type"]}"')
        if given.get("dir") in ("ltr", "rtl", "auto"):
            parts.append(f' dir="{given["dir"]}"')
        if _LANGUAGE.fullmatch(given.get("lang", "")):
            parts.append(f' lang="{given["lang"]}"')
        if title := given.get("title"):
            parts.append(f' title="{escape(title)}"')
        return "".join(parts)

    def _id(self, written: str) -> str:
        free = self._ids.element(written) if self._places is not None and self._here is self._page else ""
        return self._placed(free) if free else ""

    def _placed(self, id_: str) -> str:
        self.placed.add(id_)
        return f' id="{escape(id_)}"'

    # Headings and places.

    def _heading(self, node: Heading) -> None:
        if self._in_heading:  # there is no such thing in HTML
            self._nodes(node.children)
            return
        words = words_of(node)
        attributes, alias = "", ""
        if self._places is not None and words.strip():
            place = self._ids.heading(self._page.title, words, included=self._here is not self._page)
            attributes, alias = self._placed(place.id), self._alias(place)
            if node.id and (written := self._id(node.id)):
                alias += f"<span{written}></span>"
            shown = text_of(node.children) or words
            self.toc.append(TocEntry(node.level, place.id, " ".join(shown.split())))
        classes = classes_of(node.style)
        if classes:
            attributes += f' class="{" ".join(classes)}"'
        self._in_heading = True
        self._out.append(f"<h{node.level}{attributes}>{alias}")
        self._nodes(node.children)
        self._out.append(f"</h{node.level}>")
        self._in_heading = False

    def _alias(self, place: Place) -> str:
        return f"<span{self._placed(place.alias)}></span>" if place.alias else ""

    def _anchor(self, node: Anchor) -> None:
        if self._places is not None:
            place = self._ids.anchor(self._page.title, node.name, included=self._here is not self._page)
            self._out.append(f"<span{self._placed(place.id)}></span>{self._alias(place)}")

    def _note_toc(self, node: Toc) -> None:
        """Written at the end, when all headings are known. A link can't hold one."""
        if not self._in_link and len(self._tables_of_contents) < MAX_TOCS:
            self._tables_of_contents.append((len(self._out), node))
            self._out.append("")

    def _toc(self, toc: Toc) -> str:
        entries = [each for each in self.toc if toc.highest <= each.level <= toc.lowest]
        if not entries:
            return ""
        above = min(each.level for each in entries) - 1
        rows = (
            f'<li class="toc-{each.level - above}"><a href="#{quote(each.id)}">{text_in(each.text)}</a></li>'
            for each in entries
        )
        return f'<div class="toc-macro"><ul>{"".join(rows)}</ul></div>'

    # Tables and layouts.

    def _table(self, node: Table) -> None:
        grid = grid_of(node)
        self._nodes(grid.beside)
        outer, self._in_table = self._in_table, True
        numbered = ' class="numbered"' if node.numbered else ""
        self._out.append(f"<table{numbered}>" if outer else f'<div class="table-scroll"><table{numbered}>')
        if grid.caption:
            self._wrapped("caption", "", grid.caption)
        if node.widths:
            self._out.append(f"<colgroup>{''.join(map(column, node.widths))}</colgroup>")
        self._rows(grid)
        self._out.append("</table>" if outer else "</table></div>")
        self._in_table = outer

    def _rows(self, grid: Grid) -> None:
        for group, rows in grid.groups:
            self._out.append(f"<{group}>")
            for row in rows:
                all_headers = all(cell.header for cell in row)
                self._out.append("<tr>")
                for cell in row:
                    scope = (' scope="col"' if all_headers else ' scope="row"') if cell.header else ""
                    spans = f' colspan="{cell.colspan}"' if cell.colspan > 1 else ""
                    spans += f' rowspan="{cell.rowspan}"' if cell.rowspan > 1 else ""
                    colour = nearest(cell.colour)
                    classes = classes_of({**cell.style, "background-color": ""}) + (
                        [f"bg-{colour}"] if colour else []
                    )
                    shown = f' class="{" ".join(classes)}"' if classes else ""
                    self._wrapped("th" if cell.header else "td", scope + spans + shown, cell.children)
                self._out.append("</tr>")
            self._out.append(f"</{group}>")

    def _cell_alone(self, node: Node) -> None:
        """Outside of a table."""
        self._wrapped("div", "", children_of(node))

    def _section(self, node: Section) -> None:
        kind = f" layout-{node.type}" if _LAYOUT.fullmatch(node.type) else ""
        if len(node.cells) == 1:
            self._nodes(node.cells[0])
            return
        self._out.append(f'<div class="layout{kind}">')
        for cell in node.cells:
            self._wrapped("div", ' class="column"', cell)
        self._out.append("</div>")

    def _nothing(self, node: Node) -> None:
        """What Confluence doesn't show its readers either."""

    # Blocks.

    def _task_list(self, node: TaskList) -> None:
        self._list("ul", ' class="task-list"', node.children)

    def _task_alone(self, node: Task) -> None:
        self._list("ul", ' class="task-list"', (node,))

    def _task_in_item(self, node: Task) -> None:
        state = ' checked aria-label="done"' if node.done else ' aria-label="not done"'
        self._out.append(f'<input type="checkbox" disabled{state}> ')
        self._wrapped("div" if any(map(is_block, node.children)) else "span", "", node.children)

    def _panel(self, node: Panel) -> None:
        self._out.append(f'<div class="panel panel-{node.kind}">')
        if node.title:
            self._out.append(f'<p class="panel-title">{text_in(node.title)}</p>')
        self._nodes(node.children)
        self._out.append("</div>")

    def _code(self, node: Code) -> None:
        title = f'<p class="code-title">{text_in(node.title)}</p>' if node.title else ""
        text = highlighted(node.text, node.language)
        self._out.append(f'<div class="code-block">{title}<pre><code>{text}</code></pre></div>')

    def _expand(self, node: Expand) -> None:
        self._out.append(f'<details class="expand"><summary>{text_in(node.title)}</summary>')
        self._nodes(node.children)
        self._out.append("</details>")

    def _foreign(self, node: Foreign) -> None:
        html = sanitised(node.html, self._foreign_address, in_link=self._in_link)
        self._out.append(f"<section>{html}</section>")  # in a <div>, an item of no list would end one of ours

    def _foreign_address(self, written: str) -> str | None:
        href, kind, _ = self._followed(self._links.target(UrlRef(written)))
        return None if kind == "download" else href  # no attribute of ours can stand in foreign HTML

    def _included(self, node: Included) -> None:
        outer, links = self._here, self._links
        item = self._library.item(node.item)
        if item is not None and item.id != outer.id:
            self._here, self._links = item, Links(item, self._library)
        self._nodes(node.children)
        self._here, self._links = outer, links

    def _box(self, node: Box) -> None:
        name = f"<strong>{text_in(node.name or 'A macro without a name')}</strong>"
        self._out.append(f'<div class="macro-unknown"><p>{name} {text_in(node.why)}</p>')
        if node.parameters:
            rows = (
                f"<li><code>{text_in(key or 'value')}</code> {text_in(value)}</li>"
                for key, value in node.parameters.items()
            )
            self._out.append(f"<ul>{''.join(rows)}</ul>")
        self._nodes(node.children)
        self._out.append("</div>")

    def _unknown(self, node: Unknown) -> None:
        self._nodes(node.children)


_WRITE: Mapping[type, Callable[[Writer, Any], None]] = {
    Element: Writer._element,
    Heading: Writer._heading,
    Anchor: Writer._anchor,
    Toc: Writer._note_toc,
    Table: Writer._table,
    Section: Writer._section,
    Link: Writer._link,
    Image: Writer._image,
    Emoticon: Writer._emoticon,
    Time: Writer._time,
    Status: Writer._status,
    Math: Writer._math,
    InlineComment: Writer._inline_comment,
    Placeholder: Writer._nothing,
    TaskList: Writer._task_list,
    Task: Writer._task_alone,
    Panel: Writer._panel,
    Cell: Writer._cell_alone,
    Code: Writer._code,
    Expand: Writer._expand,
    Foreign: Writer._foreign,
    Included: Writer._included,
    Box: Writer._box,
    Unknown: Writer._unknown,
}
