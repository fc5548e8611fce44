"""Macros that say all themselves."""

from __future__ import annotations

import re

from exporter.site.body.anchors import anchor_name, is_hidden
from exporter.site.body.document import (
    Anchor,
    Code,
    Element,
    Expand,
    Foreign,
    Macro,
    Math,
    Panel,
    Section,
    Status,
    Text,
    Toc,
    children_of,
    walk,
)
from exporter.site.macros.shown import REPLACED, STATIC, Nodes, Show, Shown, Unshown, Use

_COLOURS = {"green", "red", "yellow", "blue", "purple"}
_LATEX = re.compile(r"^\s*(?:\$\$?|\\\[|\\\()(.*?)(?:\$\$?|\\\]|\\\))\s*$", re.DOTALL)


def _panel(kind: str) -> Show:
    def show(use: Use) -> Nodes:
        title = " ".join(filter(None, (use.macro.text("panelIconText"), use.macro.text("title"))))
        return (Panel(kind, title, _body(use)),)

    return show


def _code(use: Use) -> Nodes:
    language = use.macro.text("language") or use.macro.text("lang") or use.macro.text("")
    return (Code(language, use.macro.text("title"), _written(use)),)


def _noformat(use: Use) -> Nodes:
    return (Code("", use.macro.text("title"), _written(use)),)


def _written(use: Use) -> str:
    return use.macro.plain if use.macro.plain is not None else _text_of(use.rich)


def _source(language: str) -> Show:
    """Text that Confluence draws something from."""

    def show(use: Use) -> Nodes:
        text = _written(use)
        if not text.strip():
            raise Unshown("it holds no text")
        return (Code(language, use.macro.text("title"), text),)

    return show


def _expand(use: Use) -> Nodes:
    title = use.macro.text("title") or use.macro.text("") or "Click here to expand…"
    return (Expand(title, use.rich),)


def _status(use: Use) -> Nodes:
    colour = (use.macro.text("colour") or use.macro.text("color")).lower()
    words = use.macro.text("title") or colour or "status"
    return (Status(colour if colour in _COLOURS else "neutral", words),)


def _quote(use: Use) -> Nodes:
    return (Element("blockquote", {}, {}, _body(use)),)


def _body(use: Use) -> Nodes:
    return use.rich or _plain(use.macro)


def _block(use: Use) -> Nodes:
    return (Element("div", {}, {}, _body(use)),)


def _unless_hidden(use: Use) -> Nodes:
    return () if is_hidden(use.macro) else _body(use)


def _section(use: Use) -> Nodes:
    columns = tuple(children_of(node) for node in use.rich if _is_column(node))
    others = tuple(node for node in use.rich if not _is_column(node) and not _is_blank(node))
    if not columns:
        return use.rich
    return (Section("columns", columns), *others)


def _column(use: Use) -> Nodes:
    return (Element("div", {"class": _COLUMN}, {}, use.rich),)


_COLUMN = "column"


def _is_column(node: object) -> bool:
    return isinstance(node, Element) and node.tag == "div" and node.attributes.get("class") == _COLUMN


def _is_blank(node: object) -> bool:
    return isinstance(node, Text) and not node.text.strip()


def _toc(use: Use) -> Nodes:
    toc = Toc(_level(use.macro.text("minLevel"), 1), _level(use.macro.text("maxLevel"), 6))
    return (toc, *use.rich)


def _level(text: str, default: int) -> int:
    return min(max(int(text), 1), 6) if text.isascii() and text.isdigit() else default


def _anchor(use: Use) -> Nodes:
    name = anchor_name(use.macro)
    return (Anchor(name),) if name else ()


def _math(*, block: bool) -> Show:
    def show(use: Use) -> Nodes:
        source = (
            use.macro.plain
            or use.macro.text("body")
            or use.macro.text("equation")
            or use.macro.text("")
            or _text_of(use.rich)
        )
        found = _LATEX.match(source)
        source = (found[1] if found else source).strip()
        if not source:
            raise Unshown("it holds no formula")
        return (Math(source, block),)

    return show


def _html(use: Use) -> Nodes:
    return (Foreign(use.macro.plain),) if use.macro.plain is not None else use.rich


def _colour(use: Use) -> Nodes:
    colour = use.macro.text("color") or use.macro.text("colour") or use.macro.text("")
    return (Element("span", {}, {"color": colour}, _body(use)),)


def _plain(macro: Macro) -> Nodes:
    return (Text(macro.plain),) if macro.plain else ()


def _text_of(nodes: Nodes) -> str:
    return "".join(node.text if isinstance(node, Text) else _break(node) for node in walk(nodes))


def _break(node: object) -> str:
    return "\n" if isinstance(node, Element) and node.tag in ("br", "p") else ""


_PANELS = ("panel", "info", "note", "tip", "warning", "error", "success")
_WRAPPERS = (
    "rich-text", "cloak", "toggle-cloak", "scroll-only", "scroll-only-inline", "scroll-ignore",
    "scroll-ignore-inline", "scroll-pagebreak", "scroll-content-block", "hideelements-macro", "center",
    "span",
)  # fmt: skip

_SOURCES = {
    "markdown": "markdown",
    "mermaid": "mermaid",
    "mermaid-macro": "mermaid",
    "plantuml": "plantuml",
    "plantumlrender": "plantuml",
}

STATIC_MACROS = {
    name: Shown(STATIC, show)
    for name, show in {
        **{name: _panel(name) for name in _PANELS},
        "code": _code,
        "noformat": _noformat,
        "preformatted": _noformat,
        "unmigrated-wiki-markup": _noformat,
        "unmigrated-inline-wiki-markup": _noformat,
        "expand": _expand,
        "ui-expand": _expand,
        "status": _status,
        "quote": _quote,
        "details": _unless_hidden,
        "excerpt": _unless_hidden,
        "multiexcerpt": _body,
        "multiexcerpt-macro": _body,
        "section": _section,
        "column": _column,
        "div": _block,
        **dict.fromkeys(_WRAPPERS, _body),
        "toc": _toc,
        "toc-zone": _toc,
        "anchor": _anchor,
        "mathblock": _math(block=True),
        "mathinline": _math(block=False),
        "mathjax-block-macro": _math(block=True),
        "mathjax-inline-macro": _math(block=False),
        "eazy-math-block": _math(block=True),
        "eazy-math-inline": _math(block=False),
        "latex": _math(block=True),
        "html": _html,
        "color": _colour,
        "colour": _colour,
    }.items()
} | {name: Shown(REPLACED, _source(language)) for name, language in _SOURCES.items()}
