"""What stands in a line of Markdown: words, links, pictures; and blocks, where only a line is allowed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from exporter.site import wording
from exporter.site.body import emoji
from exporter.site.body.anchors import written_id
from exporter.site.body.document import (
    Anchor,
    Box,
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
    PageRef,
    Panel,
    Placeholder,
    PostRef,
    Status,
    Task,
    TaskList,
    Text,
    Time,
    Toc,
    Unknown,
    UrlRef,
    children_of,
    walk,
)
from exporter.site.body.links import Here, Links, Nowhere, Outside, Target, ToFile, ToItem, ToPerson
from exporter.site.body.shape import is_block, shows
from exporter.site.items import File, Item, Library
from exporter.site.markdown import inline as md
from exporter.site.markdown.anchors import ANCHORED, Places

Nodes = Sequence[Node]

_MARKS = {"green": "🟢 ", "yellow": "🟡 ", "red": "🔴 ", "blue": "🔵 ", "purple": "🟣 "}
_INDENT = "\u2003"


class Addresses(Protocol):
    """Where things are, seen from the file that is being written."""

    def of_item(self, item: Item, fragment: str) -> str:
        """`fragment` is an id that the HTML page of the item has, or empty. Absolute where the item is in no
        file; empty where it has no address at all."""

    def of_file(self, file: File) -> str:
        """Of one that is in the mirror."""


class Phrases:
    def __init__(self, page: Item, library: Library, *, addresses: Addresses, places: Places) -> None:
        self._page = self._here = page
        self._library = library
        self._addresses, self._places = addresses, places
        self._links = Links(page, library)
        self._anchors = iter(places.anchors)
        self._in_link = False
        self.in_table = False

    @contextmanager
    def of(self, item_id: str) -> Iterator[None]:
        """What is written meanwhile stands in the body of another item."""
        item = self._library.item(item_id)
        before = self._here, self._links
        if item is not None and item.id != self._here.id:
            self._here, self._links = item, Links(item, self._library)
        yield
        self._here, self._links = before

    def line(self, nodes: Nodes) -> str:
        """Everything in one line, as for a heading."""
        return md.finished(self.marked(nodes), line_break=" ")

    def marked(self, nodes: Nodes) -> str:
        """As `markdown_inline.finished` takes it."""
        return md.BREAK.join(self._lines(nodes)) if any(map(stands_apart, nodes)) else self._run(nodes)

    def _run(self, nodes: Nodes) -> str:
        return "".join(map(self._phrase, nodes))

    def _phrase(self, node: Node) -> str:
        match node:
            case Text(text=words):
                return md.text(words)
            case Element():
                return self._element(node)
            case Link():
                return self._link(node)
            case Image():
                return self._image(node)
            case Emoticon():
                return md.text(emoji.characters(node))
            case Time(datetime=moment):
                return md.text(wording.day(moment))
            case Status(colour=colour, text=words):
                return _MARKS.get(colour, "") + md.code(words, in_table=self.in_table)
            case Math(source=source):
                return md.math(source, in_table=self.in_table)
            case Anchor():
                return md.anchor(next(self._anchors, ""))
            case Placeholder():
                return ""
            case Included(item=item, children=children):
                with self.of(item):
                    return self._run(children)
            case InlineComment(children=children) | Unknown(children=children):
                return self._run(children)
        inside = children_of(node)
        return f" {self.marked(inside)} " if inside else self.marked((node,))

    def _element(self, node: Element) -> str:
        tag = node.tag
        if tag == "br":
            return md.BREAK
        if tag == "math" and (formula := _tex_in(node)):
            return md.math(formula, in_table=self.in_table)
        if tag in ("code", "tt", "samp"):
            inner = tuple(walk(node.children))
            if all(isinstance(each, Text | Element) and not _is_break(each) for each in inner):
                return md.code(text_in(inner), in_table=self.in_table)
            return md.span("code", self._run(node.children))
        anchor = md.anchor(written_id(node)) if tag in ANCHORED else ""
        inside = self._run(node.children)
        return anchor + (md.span(tag, inside) if tag in md.SPAN_TAGS else inside)

    def _link(self, node: Link) -> str:
        target = self._target(node)
        href, name = self._led_to(target)
        if isinstance(node.target, PageRef | PostRef):
            name = node.target.title or name  # as it is written there: found whatever its case is
        is_bare = node.card and isinstance(node.target, UrlRef) and not isinstance(target, Outside)
        children = () if is_bare or not any(map(shows, node.children)) else node.children
        if self._in_link or not href:
            return self.marked(children) or md.text(name)
        self._in_link = True
        words = self.marked(children) or md.text(name or href)
        self._in_link = False
        return md.link(words, href)

    def _target(self, node: Link) -> Target:
        target = self._links.target(node.target, node.anchor)
        if isinstance(target, Here) and target.fragment and self._here is not self._page:
            return self._links.place(self._here, target.fragment)
        return target

    def _led_to(self, target: Target) -> tuple[str, str]:
        """Address and name; without an address, the name alone is shown."""
        match target:
            case ToItem(item=item, fragment=fragment):
                return self._addresses.of_item(item, fragment), item.title
            case ToFile(file=file):
                return self._addresses.of_file(file), file.title
            case ToPerson(name=name):
                return "", f"@{name}"
            case Here(fragment="" | "top" as fragment):
                return f"#{md.path(self._places.top)}", fragment or "Top"
            case Here(fragment=fragment):
                place = self._places.names.get(fragment, "")
                return (f"#{md.path(place)}" if place else ""), fragment
            case Outside(url=url, name=name):
                return md.url(url), name
            case Nowhere(name=name):
                return "", name

    def _image(self, node: Image) -> str:
        target = self._links.target(node.source)
        href, name = self._led_to(target)
        alt = node.attributes.get("alt") or node.attributes.get("title") or name
        if isinstance(target, ToFile) and wording.is_image(target.file.media_type):
            shown = md.image(alt, href)
        elif href and not self._in_link:  # a picture from elsewhere would be fetched by whoever looks
            shown = md.link(md.text(alt or "image"), href)
        else:
            shown = md.span("em", md.text(alt or "image"))
        if not node.caption:
            return shown
        return f"{shown}{md.BREAK}{md.span('em', self.marked(node.caption))}"

    # Blocks, line by line.

    def _lines(self, nodes: Nodes) -> list[str]:
        found: list[str] = []
        run: list[Node] = []
        for node in nodes:
            if stands_apart(node):
                found += self._line_of(run)
                run = []
                found += self._block_lines(node)
            else:
                run.append(node)
        return found + self._line_of(run)

    def _line_of(self, run: Nodes) -> list[str]:
        line = self._run(run)
        return [line] if line.strip() else []

    def _block_lines(self, node: Node) -> list[str]:
        match node:
            case Element(tag="ul" | "ol" as tag):
                return self._listed(node.children, numbered=tag == "ol")
            case Element(tag="pre"):
                return self._code_lines(text_in(walk(node.children)))
            case Element(tag="hr") | Toc():
                return []
            case Element(tag="tr"):
                cells = (self.marked(children_of(cell)) for cell in node.children if not is_blank(cell))
                return [" \\| ".join(each.replace(md.BREAK, " ") for each in cells)]
            case Code(title=title, text=words):
                return [*self._titled(title), *self._code_lines(words)]
            case Heading():
                return [md.span("strong", self._run(node.children))]
            case TaskList(children=children):
                return self._listed(children, numbered=False)
            case Math():
                return [md.math(node.source, in_table=self.in_table)]
            case Panel(title=title) | Expand(title=title) | Box(name=title):
                return [*self._titled(title), *self._lines(node.children)]
            case Foreign(html=html):
                return [md.text(html)]
            case Included(item=item):
                with self.of(item):
                    return self._lines(node.children)
        return self._lines(children_of(node))

    def _titled(self, title: str) -> list[str]:
        return [md.span("strong", md.text(title))] if title.strip() else []

    def _code_lines(self, words: str) -> list[str]:
        lines = (md.code(line, in_table=self.in_table) for line in words.splitlines())
        return [line for line in lines if line]

    def _listed(self, entries: Nodes, *, numbered: bool) -> list[str]:
        found: list[str] = []
        number = 0
        for entry in entries:
            if is_blank(entry):
                continue
            number += 1
            mark = f"{number}\\. " if numbered else "• "
            if isinstance(entry, Task):
                mark = "☑ " if entry.done else "☐ "
            is_entry = isinstance(entry, Task) or (isinstance(entry, Element) and entry.tag == "li")
            lines = self._lines(children_of(entry) if is_entry else (entry,))
            found += [mark + lines[0], *(_INDENT + line for line in lines[1:])] if lines else []
        return found


def stands_apart(node: Node) -> bool:
    """It can't be written in a line. A link always is: what blocks it has become lines."""
    return not isinstance(node, Link) and is_block(node)


def is_blank(node: Node) -> bool:
    return isinstance(node, Text) and not node.text.strip()


def _is_break(node: Node) -> bool:
    return isinstance(node, Element) and node.tag == "br"


def _tex_in(math: Element) -> str:
    """What a formula in MathML was made of."""
    inside = (node for node in walk(math.children) if isinstance(node, Element) and node.tag == "annotation")
    return next((text_in(walk(node.children)) for node in inside), "").strip()


def text_in(nodes: Iterator[Node] | Sequence[Node]) -> str:
    return "".join(node.text if isinstance(node, Text) else "\n" if _is_break(node) else "" for node in nodes)
