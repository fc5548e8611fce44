"""From the bytes of a body in storage format to the tree of `document`: tolerant and bounded."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from html import unescape
from typing import TypeAlias

from exporter import layout
from exporter.site.body import references
from exporter.site.body.document import (
    ATTRIBUTES,
    IMAGE_ATTRIBUTES,
    MAX_DEPTH,
    TAGS,
    AdfExtension,
    AdfNode,
    Cell,
    Document,
    Element,
    Emoticon,
    Heading,
    Image,
    InlineComment,
    Link,
    Macro,
    Node,
    Parameter,
    Placeholder,
    SamePage,
    Section,
    Table,
    Task,
    TaskList,
    Text,
    Time,
    Unknown,
    UrlRef,
)
from exporter.site.body.markup import (
    FORBIDDEN,
    XmlElement,
    as_html,
    as_xml,
    attributes_of,
    elements_of,
    name_of,
    style_of,
    words_of,
)

Nodes: TypeAlias = tuple[Node, ...]

_TAG = re.compile(r"<[^<>]*>")
_LENGTH = re.compile(r"\s*([0-9]{1,5}(?:\.[0-9]{1,6})?)\s*(px|%)?\s*")
_SILENT = frozenset(
    {"script", "style", "template", "title", "head", "link", "meta", "param", "object", "embed", "svg"}
)
_TRANSPARENT = frozenset(
    {
        "html",
        "body",
        "ac:link-body",
        "ac:rich-text-body",
        "ac:plain-text-body",
        "ac:adf-content",
        "center",
        "section",
        "article",
    }
)


@dataclass(frozen=True, slots=True)
class Parsed:
    document: Document
    problems: tuple[str, ...]


def parse(body: bytes) -> Parsed:
    """Never fails: what isn't well-formed is read as HTML, what isn't even that as text. `problems` tell."""
    text = layout.well_formed(body.decode("utf-8", "surrogatepass" if _is_utf8(body) else "replace"))
    text = FORBIDDEN.sub("", text)
    if not text.strip():
        return Parsed(Document(), ())
    problems: list[str] = []
    root = as_xml(text)
    if root is None:
        problems.append("not well-formed: read as HTML")
        root = as_html(text)
    if root is None:
        problems.append("not readable as HTML: shown as text")
        return Parsed(Document((Text(unescape(_TAG.sub(" ", text))),)), tuple(problems))
    children = _Reader(problems).children(root)
    return Parsed(Document(children), tuple(dict.fromkeys(problems)))


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def _is_blank(node: Node) -> bool:
    return isinstance(node, Text) and not node.text.strip()


def _span(value: str | None) -> int:
    return min(max(int(value), 1), 1000) if value and value.isascii() and value.isdigit() else 1


class _Reader:
    def __init__(self, problems: list[str]) -> None:
        self._problems = problems
        self._depth = 0

    def children(self, element: XmlElement, without: Collection[str] = ()) -> Nodes:
        nodes: list[Node] = [Text(element.text)] if element.text else []
        for child in element:
            if isinstance(child.tag, str) and (name := name_of(child.tag)) not in without:
                self._read(name, child, nodes)
            if child.tail:
                nodes.append(Text(child.tail))
        return tuple(nodes)

    def _read(self, name: str, element: XmlElement, nodes: list[Node]) -> None:
        if self._depth >= MAX_DEPTH - 1:  # below it is its text
            nodes.append(Text(words_of(element)))
            return
        self._depth += 1
        self._read_as(name, element, nodes)
        if name in _PARTS:
            nodes.extend(self._misplaced(element, _PARTS[name]))
        self._depth -= 1

    def _read_as(self, name: str, element: XmlElement, nodes: list[Node]) -> None:
        special = _SPECIAL.get(name)
        if special is not None:
            nodes.append(special(self, element))
        elif name in TAGS:
            nodes.append(self._element(name, element))
        elif name in _TRANSPARENT:
            nodes.extend(self.children(element))
        elif name in _SILENT:
            self._problems.append(f"<{name}> left out")
        else:
            self._problems.append(f"unknown element <{name}>")
            nodes.append(Unknown(name, self.children(element)))

    def _misplaced(self, element: XmlElement, parts: Collection[str]) -> Nodes:
        """What `element` holds beside its `parts`. Confluence writes nothing there, but in a body that is
        damaged or that a program wrote words can stand in any place."""
        nodes = [node for node in self.children(element, parts) if not _is_blank(node)]
        for name, child in elements_of(element):
            if name in references.NAMES and name in parts and (words := words_of(child)).strip():
                nodes.append(Text(words))
        if nodes:
            self._problems.append(f"content out of place in <{name_of(str(element.tag))}>")
        return tuple(nodes)

    def _element(self, name: str, element: XmlElement) -> Node:
        if not element.attrib:
            return Element(name, {}, {}, self.children(element))
        attributes = attributes_of(element)
        kept = {key: value for key, value in attributes.items() if key in ATTRIBUTES}
        return Element(name, kept, style_of(attributes), self.children(element))

    def _anchor(self, element: XmlElement) -> Node:
        attributes = attributes_of(element)
        href = attributes.get("href")
        if href is None:
            return self._element("a", element)
        card = attributes.get("data-card-appearance", "")
        children = self.children(element)
        if not card and all(map(_is_blank, children)):
            return Element("span", {}, {}, children)  # nobody sees it, and with no words it would get some
        return Link(UrlRef(href.strip()), "", attributes.get("title", ""), card, children)

    def _heading(self, element: XmlElement) -> Node:
        attributes = attributes_of(element)
        level = int(name_of(str(element.tag))[1])
        return Heading(level, attributes.get("id", ""), style_of(attributes), self.children(element))

    def _table(self, element: XmlElement) -> Node:
        attributes = attributes_of(element)
        widths: list[str] = []
        nodes: list[Node] = []
        for name, child in elements_of(element):
            if name == "colgroup":
                widths.extend(_width(col) for name, col in elements_of(child) if name == "col")
            elif name == "col":
                widths.append(_width(child))
            elif name in _PARTS["table"]:
                self._read(name, child, nodes)
        classes = attributes.get("class", "").split()
        numbered = (
            "numbered" in classes
            or attributes.get("data-numbered") == "true"
            or "numberingColumn" in (cell.get("class", "") for cell in element.iter("th", "td"))
        )
        return Table(attributes.get("data-layout", ""), numbered, tuple(widths[:1000]), tuple(nodes))

    def _cell(self, element: XmlElement) -> Node:
        attributes = attributes_of(element)
        style = style_of(attributes)
        colour = (
            attributes.get("data-highlight-colour")
            or attributes.get("bgcolor")
            or style.get("background-color", "")
        )
        return Cell(
            header=name_of(str(element.tag)) == "th",
            colspan=_span(attributes.get("colspan")),
            rowspan=_span(attributes.get("rowspan")),
            colour=colour if colour != "transparent" else "",
            style=style,
            children=self.children(element),
        )

    def _section(self, element: XmlElement) -> Node:
        cells = tuple(self.children(cell) for name, cell in elements_of(element) if name == "ac:layout-cell")
        return Section(attributes_of(element).get("ac:type", ""), cells)

    def _layout(self, element: XmlElement) -> Node:
        return Element("div", {}, {}, self.children(element))

    def _link(self, element: XmlElement) -> Node:
        attributes = attributes_of(element)
        target = references.ref_in(element) or SamePage()
        body: Nodes = ()
        for name, child in elements_of(element):
            if name == "ac:link-body":
                body += self.children(child)
            elif name == "ac:plain-text-link-body":
                body += (Text(words_of(child)),)
        card = attributes.get("ac:card-appearance", "")
        return Link(target, attributes.get("ac:anchor", ""), attributes.get("ac:tooltip", ""), card, body)

    def _target(self, element: XmlElement) -> Node:
        return Link(references.ref_of(element) or SamePage(), "", "", "", ())

    def _image(self, element: XmlElement) -> Node:
        attributes = {name.removeprefix("ac:"): value for name, value in attributes_of(element).items()}
        caption: Nodes = ()
        for name, child in elements_of(element):
            if name == "ac:caption":
                caption += self.children(child)
        kept = {name: value for name, value in attributes.items() if name in IMAGE_ATTRIBUTES}
        return Image(references.ref_in(element) or UrlRef(""), kept, caption)

    def _img(self, element: XmlElement) -> Node:
        attributes = attributes_of(element)
        kept = {name: value for name, value in attributes.items() if name in IMAGE_ATTRIBUTES}
        return Image(UrlRef(attributes.get("src", "")), kept, ())

    def _emoticon(self, element: XmlElement) -> Node:
        attributes = attributes_of(element)
        return Emoticon(
            attributes.get("ac:name", ""),
            attributes.get("ac:emoji-shortname", ""),
            attributes.get("ac:emoji-id", ""),
            attributes.get("ac:emoji-fallback", ""),
        )

    def _task_list(self, element: XmlElement) -> Node:
        nodes: list[Node] = []
        for name, child in elements_of(element):
            if name in _PARTS["ac:task-list"]:
                self._read(name, child, nodes)
        return TaskList(tuple(nodes))

    def _task(self, element: XmlElement) -> Node:
        number, status = "", ""
        children: Nodes = ()
        for name, child in elements_of(element):
            match name:
                case "ac:task-id":
                    number = words_of(child).strip()
                case "ac:task-status":
                    status = words_of(child).strip()
                case "ac:task-body":
                    children += self.children(child)
        return Task(number, status == "complete", children + self._misplaced(element, _OF_TASK))

    def _time(self, element: XmlElement) -> Node:
        day = attributes_of(element).get("datetime")
        return Time(day) if day else Element("span", {}, {}, self.children(element))

    def _placeholder(self, element: XmlElement) -> Node:
        return Placeholder(words_of(element))

    def _inline_comment(self, element: XmlElement) -> Node:
        return InlineComment(attributes_of(element).get("ac:ref", ""), self.children(element))

    def _macro(self, element: XmlElement) -> Node:
        attributes = attributes_of(element)
        parameters: dict[str, Parameter] = {}
        rich: Nodes | None = None
        plain: str | None = None
        for name, child in elements_of(element):
            if name == "ac:parameter":
                key = attributes_of(child).get("ac:name", "")
                parameters[key] = Parameter(words_of(child), tuple(references.refs_in(child)))
            elif name == "ac:default-parameter":
                parameters[""] = Parameter(words_of(child))
            elif name == "ac:rich-text-body":
                rich = (rich or ()) + self.children(child)
            elif name == "ac:plain-text-body":
                plain = (plain or "") + words_of(child)
        name = attributes.get("ac:name", "")
        return Macro(name, attributes.get("ac:macro-id", ""), parameters, rich, plain)

    def _adf_extension(self, element: XmlElement) -> Node:
        nodes: list[Node] = []
        fallback: Nodes = ()
        for name, child in elements_of(element):
            if name == "ac:adf-node":
                self._read(name, child, nodes)
            elif name == "ac:adf-fallback":
                fallback += self.children(child)
        node = next((node for node in nodes if isinstance(node, AdfNode)), None)
        return AdfExtension(node, (*fallback, *(each for each in nodes if each is not node)))

    def _adf_node(self, element: XmlElement) -> Node:
        attributes = {}
        for name, child in elements_of(element):
            if name == "ac:adf-attribute":
                attributes[child.get("key", "")] = words_of(child)
        content = self.children(element, ("ac:adf-attribute", "ac:adf-mark"))
        return AdfNode(
            element.get("type", ""), attributes, tuple(node for node in content if not _is_blank(node))
        )


def _width(col: XmlElement) -> str:
    attributes = attributes_of(col)
    found = _LENGTH.fullmatch(style_of(attributes).get("width", "") or attributes.get("width", ""))
    return found[1] + ("%" if found[2] == "%" else "") if found else ""


_SPECIAL: dict[str, Callable[[_Reader, XmlElement], Node]] = {
    "a": _Reader._anchor,
    **{f"h{level}": _Reader._heading for level in range(1, 7)},
    "table": _Reader._table,
    "td": _Reader._cell,
    "th": _Reader._cell,
    "img": _Reader._img,
    "time": _Reader._time,
    "ac:layout": _Reader._layout,
    "ac:layout-section": _Reader._section,
    "ac:link": _Reader._link,
    "ac:image": _Reader._image,
    "ac:emoticon": _Reader._emoticon,
    "ac:task-list": _Reader._task_list,
    "ac:task": _Reader._task,
    "ac:placeholder": _Reader._placeholder,
    "ac:inline-comment-marker": _Reader._inline_comment,
    "ac:structured-macro": _Reader._macro,
    "ac:macro": _Reader._macro,
    "ac:adf-extension": _Reader._adf_extension,
    "ac:adf-node": _Reader._adf_node,
    **dict.fromkeys(references.NAMES, _Reader._target),
}

_OF_TASK = frozenset({"ac:task-id", "ac:task-uuid", "ac:task-status", "ac:task-body"})
_OF_MACRO = frozenset(
    {"ac:parameter", "ac:default-parameter", "ac:rich-text-body", "ac:plain-text-body", *references.NAMES}
)
_PARTS: Mapping[str, Collection[str]] = {
    "table": frozenset({"thead", "tbody", "tfoot", "tr", "caption", "colgroup", "col"}),
    "ac:layout-section": frozenset({"ac:layout-cell"}),
    "ac:link": frozenset({"ac:link-body", "ac:plain-text-link-body", *references.NAMES}),
    "ac:image": frozenset({"ac:caption", "ac:adf-mark", *references.NAMES}),
    "ac:task-list": frozenset({"ac:task", "ac:task-list"}),
    "ac:structured-macro": _OF_MACRO,
    "ac:macro": _OF_MACRO,
    "ac:adf-extension": frozenset({"ac:adf-node", "ac:adf-fallback"}),
    "ac:emoticon": frozenset[str](),
    **dict.fromkeys(references.NAMES, references.NAMES),
}
"""What each holds that is read by name; anything else in it is misplaced."""
