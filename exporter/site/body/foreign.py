"""HTML that somebody else wrote, made harmless: only text, structure, and links to where we say."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import nh3

_NAMES = """
    a abbr b bdi bdo blockquote br caption cite code col colgroup dd del details dfn div dl dt em
    figcaption figure h1 h2 h3 h4 h5 h6 hr i ins kbd li mark ol p pre q s samp small span strong sub
    summary sup table tbody td tfoot th thead tr tt u ul var wbr
"""
_TAGS = frozenset(_NAMES.split())
_INLINE = frozenset(
    [
        "a",
        "abbr",
        "b",
        "bdi",
        "bdo",
        "cite",
        "code",
        "del",
        "dfn",
        "em",
        "i",
        "ins",
        "kbd",
        "mark",
        "q",
        "s",
        "samp",
        "small",
        "span",
        "strong",
        "sub",
        "sup",
        "tt",
        "u",
        "var",
        "wbr",
    ]
)
_SILENT = {"script", "style", "template", "iframe", "object", "noscript", "title", "textarea", "select"}
_ATTRIBUTES = {
    "a": {"href", "title"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "ol": {"start"},
}
_SPAN = re.compile(r"[0-9]{1,3}")
_TAG = re.compile(r"<[^>]*>")

Address = Callable[[str], str | None]
"""A link's address as it was written → the one to write; None for none."""


def sanitised(html: str, address: Address, *, in_link: bool = False) -> str:
    """No image, no style, no id: pictures would be fetched, and ids are the page's. No link `in_link`."""

    def kept(tag: str, name: str, value: str) -> str | None:  # noqa: ARG001 — what nh3 calls it with
        if name == "href":
            return address(value)
        if name in ("colspan", "rowspan", "start"):
            return value if _SPAN.fullmatch(value) else None
        return value

    rules: dict[str, Any] = {
        "tags": _TAGS - {"a"} if in_link else set(_TAGS),
        "clean_content_tags": _SILENT,
        "attributes": _ATTRIBUTES,
        "url_schemes": {"http", "https", "mailto", "tel", "ftp"},
        "link_rel": "noreferrer",
    }
    # Twice: what was apart in a form, which is dropped, is nested as a browser wouldn't read it.
    return nh3.clean(nh3.clean(html, attribute_filter=kept, **rules), **rules)


def words_in(html: str) -> str:
    """Blocks are set apart, and parts of a word are not."""
    cleaned = nh3.clean(html, tags=_TAGS - _INLINE, clean_content_tags=_SILENT, attributes={})
    return unescape(_TAG.sub(" ", cleaned))
