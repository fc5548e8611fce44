"""What in a page could act, as two parsers see it that share no code: libxml2's and Lexbor's.

Lexbor follows the HTML standard, as browsers do; libxml2 doesn't, and so sees what a lenient reader would.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from lxml import etree, html
from selectolax.lexbor import LexborHTMLParser

OURS = re.compile(r"(\.\./)*(assets|search)/[\w.-]+\.js")
OUR_SHEETS = re.compile(r"(\.\./)*assets/[\w.-]+\.css")

_NEVER = frozenset({
    "iframe", "frame", "frameset", "object", "embed", "applet", "param", "portal", "fencedframe", "base",
    "form", "style", "svg", "math", "template", "xml", "xmp", "plaintext", "listing", "noembed", "noframes",
    "isindex", "keygen", "bgsound", "marquee",
})  # fmt: skip
# Allowed or not: where these stand inside svg or math, they load, run, or turn text back into markup.
_IN_FOREIGN = frozenset({
    "foreignobject", "animate", "animatemotion", "animatetransform", "animatecolor", "set", "use", "image",
    "feimage", "handler", "listener", "annotation-xml", "mglyph", "malignmark", "maction",
})  # fmt: skip
_ADDRESSES = frozenset({
    "href", "src", "xlink:href", "action", "formaction", "data", "poster", "background", "cite", "longdesc",
    "ping", "srcset", "imagesrcset", "manifest", "codebase", "classid", "dynsrc", "lowsrc", "usemap",
    "profile", "archive", "icon", "to", "from", "values", "by",
})  # fmt: skip
_ACTING = frozenset({"style", "srcdoc", "is", "ping", "fscommand", "seeksegmenttime"})
_DANGEROUS = frozenset(
    {"javascript", "vbscript", "livescript", "mocha", "data", "jar", "feed", "view-source"}
)
_UNSEEN = re.compile("[\x00-\x20\x7f-\xa0\u00ad\u200b-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_PICTURE = re.compile(r"data:image/(png|gif|jpeg|webp|avif)[;,]", re.IGNORECASE)
_SAFE_RELS = frozenset({"stylesheet", "icon", "canonical", "next", "prev", "up", "author"})
_SAFE_METAS = frozenset({"", "content-security-policy", "content-type", "x-ua-compatible"})


@dataclass(frozen=True, slots=True)
class _Element:
    tag: str
    attributes: Mapping[str, str]
    text: str


def active_content(page: str, *, allowed: frozenset[str] = frozenset()) -> list[str]:
    """Sorted lines such as ``libxml2: onerror in <img>``; empty for a page that can't act.

    `allowed` are elements that the site itself writes, such as ``form`` round its search field.
    """
    return sorted({
        f"{name}: {finding}"
        for name, parse in _PARSERS.items()
        for element in parse(page)
        for finding in _findings(element, allowed)
    })  # fmt: skip


def _findings(element: _Element, allowed: frozenset[str]) -> Iterator[str]:
    tag = element.tag
    if tag == "script" and not _is_ours(element):
        yield f"script {element.attributes.get('src', element.text)[:60]!r}"
    if (tag in _NEVER and tag not in allowed) or tag in _IN_FOREIGN:
        yield f"<{tag}>"
    if tag == "meta" and _plain(element.attributes.get("http-equiv", "")) not in _SAFE_METAS:
        yield f"meta http-equiv={element.attributes['http-equiv']!r}"
    if tag == "link":
        yield from _findings_in_link(element.attributes)
    for name, value in element.attributes.items():
        if name.startswith("on") or name in _ACTING:
            yield f"{name} in <{tag}>"
        if name in _ADDRESSES and (scheme := dangerous_scheme(value, in_picture=tag == "img")):
            yield f"{scheme}: in {name} of <{tag}>"


def _is_ours(element: _Element) -> bool:
    src = element.attributes.get("src", "")
    return bool(OURS.fullmatch(src)) and not element.text.strip()


def _findings_in_link(attributes: Mapping[str, str]) -> Iterator[str]:
    rels = set(attributes.get("rel", "").lower().split())
    if not rels <= _SAFE_RELS:
        yield f"link rel={attributes.get('rel', '')!r}"
    if "stylesheet" in rels and not OUR_SHEETS.fullmatch(attributes.get("href", "")):
        yield f"stylesheet {attributes.get('href', '')[:60]!r}"


def dangerous_scheme(address: str, *, in_picture: bool = False) -> str | None:
    """The scheme that a forgiving reader might act on: blanks and invisible characters don't hide it."""
    plain = _plain(address)
    if in_picture and _PICTURE.match(plain):
        return None
    for candidate in plain.split(","):  # srcset
        scheme = _SCHEME.match(candidate)
        if scheme and scheme[1] in _DANGEROUS:
            return scheme[1]
    return None


def _plain(value: str) -> str:
    return _UNSEEN.sub("", value).lower()


# --- the parsers ----------------------------------------------------------------------


def _by_libxml2(page: str) -> Iterator[_Element]:
    # NUL ends libxml2's reading; browsers read on.
    content = page.replace("\0", "\ufffd").encode(errors="replace")
    try:
        root = html.document_fromstring(content, parser=html.HTMLParser(encoding="utf-8", huge_tree=True))
    except etree.ParserError:
        return
    for element in root.iter(etree.Element):
        attributes = {str(name).lower(): str(value) for name, value in element.attrib.items()}
        yield _Element(str(element.tag).lower(), attributes, element.text or "")


def _by_lexbor(page: str) -> Iterator[_Element]:
    root = LexborHTMLParser(page.encode(errors="replace")).root
    for node in root.traverse() if root is not None else ():
        if node.tag is None or node.tag.startswith(("-", "!")):
            continue
        attributes = {name.lower(): value or "" for name, value in node.attributes.items()}
        text = node.text() if node.tag in ("script", "style") else ""
        yield _Element(node.tag.lower(), attributes, text)


def _by_lexbor_scripting(page: str) -> Iterator[_Element]:
    """As a browser that runs scripts reads it: to that one, what stands in a noscript is text."""
    noscript = re.compile(r"<(/?)noscript(?=[\s/>])", re.IGNORECASE)
    for element in _by_lexbor(noscript.sub(r"<\1noembed", page)):
        if element.tag != "noembed":
            yield element


_PARSERS: Mapping[str, Callable[[str], Iterator[_Element]]] = {
    "libxml2": _by_libxml2,
    "lexbor": _by_lexbor,
    "lexbor, scripting": _by_lexbor_scripting,
}
