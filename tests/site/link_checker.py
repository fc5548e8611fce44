"""Reads a finished site as files, with no code of the renderer: what is dead, doubled, remote or active."""

from __future__ import annotations

import os
import posixpath
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lxml import etree, html

MAX_NAME_BYTES = 120
ATTACHMENTS = "files/"
"""What lies there came from people: it is a target, and no page of ours."""
SHEET = "css"
"""What stands for the tag where a style sheet of ours names an address."""

_LINKS = frozenset({"a", "area"})
_ADDRESSES = (
    "href", "src", "xlink:href", "action", "formaction", "data", "poster", "background", "cite", "longdesc",
    "ping", "manifest", "codebase", "dynsrc", "lowsrc",
)  # fmt: skip
_WAITING = frozenset({"action", "formaction", "cite", "longdesc", "ping"})  # load nothing until someone acts
_WAITING_RELS = frozenset({"canonical", "alternate", "author", "license", "help", "next", "prev", "up"})
_REFERENCES = ("for", "aria-labelledby", "aria-describedby", "aria-controls", "aria-owns", "headers", "list")
_DANGEROUS = frozenset({"javascript", "vbscript", "livescript", "data"})
_PICTURE = re.compile(r"data:image/(png|gif|jpeg|webp|avif)[;,]", re.IGNORECASE)
_DRAWING = re.compile(
    r"data:image/svg\+xml[;,]", re.IGNORECASE
)  # from a sheet it is a picture, and runs nothing
_OPENS_AS_PAGE = (".html", ".htm", ".xhtml", ".xht", ".shtml", ".svg", ".svgz", ".xml", ".mht", ".mhtml")
_CSS_ADDRESS = re.compile(r"""url\(\s*["']?([^"')]*)|@import\s+["']([^"']*)""", re.IGNORECASE)
_CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_DROPPED = re.compile("[\t\r\n]")  # browsers do so before they look at the scheme
_EDGES = "".join(map(chr, range(33)))
_SIBLING = re.compile(r"\.\./\.\./[^/]+/site/(?!\.\.)")
_BAD_ON_WINDOWS = re.compile(r'[<>:"\\|?*\x00-\x1f]|[. ]$')
_POLICY = "content-security-policy"


@dataclass(frozen=True, slots=True)
class Link:
    """An address that a page names; `loads` says whether a browser fetches it without being asked."""

    address: str
    tag: str
    loads: bool
    saved: bool = False
    """Its `download` attribute keeps a browser from opening it."""


@dataclass(slots=True)
class Page:
    path: str
    ids: Counter[str] = field(default_factory=Counter)
    names: set[str] = field(default_factory=set)
    references: set[str] = field(default_factory=set)
    links: list[Link] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def faults(site: Path) -> list[str]:
    """One line a fault, sorted: ``pages/1.html: dead link to pages/2.html``."""
    files = sorted(_files(site))
    pages = {path: read_page(path, (site / path).read_bytes()) for path in files if is_page(path)}
    found = [f"{path}: {fault}" for path in files for fault in _faults_of_name(path)]
    found += _collisions(files)
    known = _Known(site, frozenset(files), pages)
    for page in pages.values():
        found += [f"{page.path}: {fault}" for fault in (*page.faults, *_faults_of_ids(page))]
        found += _faults_of_links(page, known)
    for path in files:
        if path.endswith(".css") and not path.startswith(ATTACHMENTS):
            sheet = Page(path, links=list(_css_links((site / path).read_text(encoding="utf-8"), SHEET)))
            found += _faults_of_links(sheet, known)
    return sorted(set(found))


def is_page(path: str) -> bool:
    return path.endswith(".html") and not path.startswith(ATTACHMENTS)


def _files(site: Path) -> Iterator[str]:
    for folder, _, names in os.walk(site):
        inside = Path(folder).relative_to(site).as_posix()
        for name in names:
            yield name if inside == "." else f"{inside}/{name}"


# --- reading a page -------------------------------------------------------------------


def read_page(path: str, content: bytes) -> Page:
    page = Page(path)
    try:
        root = html.document_fromstring(content, parser=html.HTMLParser(encoding="utf-8", huge_tree=True))
    except etree.ParserError:
        page.faults.append("is no HTML")
        return page
    policies: list[str] = []
    for element in root.iter(etree.Element):
        tag = str(element.tag).lower()
        attributes = {str(name).lower(): str(value) for name, value in element.attrib.items()}
        if (identity := attributes.get("id")) is not None:
            page.ids[identity] += 1
        if tag == "a" and "name" in attributes:
            page.names.add(attributes["name"])
        for name in _REFERENCES:
            page.references.update(attributes.get(name, "").split())
        page.links += _links(tag, attributes)
        page.faults += _active(tag, attributes, element.text or "")
        if tag == "meta" and attributes.get("http-equiv", "").lower() == _POLICY:
            policies.append(attributes.get("content", ""))
        elif tag in ("script", "link", "style", "body") and not policies:
            policies.append("late")
    page.faults += _faults_of_policy(policies)
    return page


def _links(tag: str, attributes: dict[str, str]) -> Iterator[Link]:
    for name in _ADDRESSES:
        if name in attributes:
            waits = name in _WAITING or (tag in _LINKS and name.endswith("href"))
            rels = set(attributes.get("rel", "").lower().split())
            waits = waits or (tag == "link" and rels <= _WAITING_RELS)
            yield Link(attributes[name], tag, not waits, "download" in attributes)
    for name in ("srcset", "imagesrcset"):
        for candidate in re.split(r",\s+|\s*,(?=\S+\s+[\d.]+[wx])", attributes.get(name, "")):
            if candidate.strip():
                yield Link(candidate.split()[0], tag, True)
    yield from _css_links(attributes.get("style", ""), tag)


def _css_links(css: str, tag: str) -> Iterator[Link]:
    for quoted, imported in _CSS_ADDRESS.findall(_CSS_COMMENT.sub("", css)):
        yield Link(quoted or imported, tag, True)


def _active(tag: str, attributes: dict[str, str], text: str) -> Iterator[str]:
    if tag == "script" and ("src" not in attributes or text.strip()):
        yield "inline script"
    if tag == "style" or "style" in attributes:
        yield f"inline style in <{tag}>"
    if tag == "base":
        yield "<base> turns its links"
    for name in attributes:
        if name.startswith("on"):
            yield f"{name} in <{tag}>"


def _faults_of_policy(policies: Sequence[str]) -> list[str]:
    if not policies or policies == ["late"]:
        return ["no Content-Security-Policy"]
    if policies[0] == "late":
        return ["Content-Security-Policy comes after what it should govern"]
    words = [directive.split() for directive in policies[0].lower().split(";") if directive.strip()]
    directives = {name: sources for name, *sources in words}
    found = [] if "default-src" in directives else ["Content-Security-Policy without default-src"]
    allowed = {source for name, sources in directives.items() if name.endswith("-src") for source in sources}
    known = {"'none'", "'self'", "file:", "data:", "blob:"}
    found += [f"Content-Security-Policy allows {source}" for source in sorted(allowed - known)]
    return found + [
        f"Content-Security-Policy allows made-up sources in {name}"
        for name in ("default-src", "script-src", "object-src")
        if {"data:", "blob:"} & set(directives.get(name, ()))
    ]


# --- judging --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Known:
    site: Path
    files: frozenset[str]
    pages: dict[str, Page]


def _faults_of_ids(page: Page) -> Iterator[str]:
    for identity, count in page.ids.items():
        if count > 1:
            yield f"id {identity!r} occurs {count} times"
    for reference in page.references - page.ids.keys():
        yield f"refers to id {reference!r}, which isn't there"


def _faults_of_links(page: Page, known: _Known) -> Iterator[str]:
    for link in page.links:
        if fault := _fault_of_link(page, link, known):
            yield f"{page.path}: {fault}"


def _fault_of_link(page: Page, link: Link, known: _Known) -> str | None:
    address = _DROPPED.sub("", link.address.strip(_EDGES))
    scheme = _SCHEME.match(address)
    if scheme or address.replace("\\", "/").startswith("//"):
        return _fault_outside(address, scheme[1].lower() if scheme else "", link)
    if "\\" in address:
        return f"backslash in {link.address!r}"
    parts = urlsplit(address)
    if parts.path.startswith("/"):
        return f"leaves the site: {address!r}"
    target = _resolved(page.path, unquote(parts.path))
    if target.startswith("../"):
        return _fault_beside(target, known.site)
    if target not in known.files:
        is_folder = (known.site / target).is_dir()
        return f"{'leads to a folder' if is_folder else 'dead link to'} {target!r} in <{link.tag}>"
    if _opens_as_page(target, link):
        return f"opens {target!r}, which may hold scripts, without download"
    return _fault_of_fragment(unquote(parts.fragment), target, known)


def _opens_as_page(target: str, link: Link) -> bool:
    shown_only = link.saved or link.tag in ("img", "source", "video", "audio")
    return target.startswith(ATTACHMENTS) and target.lower().endswith(_OPENS_AS_PAGE) and not shown_only


def _fault_outside(address: str, scheme: str, link: Link) -> str | None:
    if link.loads and (_PICTURE.match(address) or (link.tag == SHEET and _DRAWING.match(address))):
        return None
    if scheme in _DANGEROUS:
        return f"{scheme}: in <{link.tag}>: {address[:80]!r}"
    return f"loads {address[:80]!r} in <{link.tag}>" if link.loads else None


def _resolved(page: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), path)) if path else page


def _fault_beside(target: str, site: Path) -> str | None:
    if not _SIBLING.match(target):
        return f"leaves the site: {target!r}"
    # Lexically: a site that is reached through a symbolic link has the siblings that its address says.
    return None if Path(os.path.normpath(site.absolute() / target)).is_file() else f"dead link to {target!r}"


def _fault_of_fragment(fragment: str, target: str, known: _Known) -> str | None:
    identity = fragment.partition(":~:")[0]
    page = known.pages.get(target)
    if not identity or identity == "top" or page is None:
        return None
    if identity in page.ids or identity in page.names:
        return None
    return f"no #{identity} in {target!r}"


def _faults_of_name(path: str) -> Iterator[str]:
    for name in path.split("/"):
        if len(name.encode(errors="surrogateescape")) > MAX_NAME_BYTES:
            yield f"name of more than {MAX_NAME_BYTES} bytes"
        if _BAD_ON_WINDOWS.search(name):
            yield f"name {name!r} isn't legal on Windows"


def _collisions(files: Sequence[str]) -> list[str]:
    """Also of folders: `A/x` and `a/y` fall together."""
    paths = {path[:end] for path in files for end in (*_slashes(path), len(path))}
    folded: dict[str, set[str]] = {}
    for path in paths:
        folded.setdefault(unicodedata.normalize("NFC", path).casefold(), set()).add(path)
    return [f"differ only in case or accents: {sorted(same)}" for same in folded.values() if len(same) > 1]


def _slashes(path: str) -> Iterator[int]:
    return (at for at, character in enumerate(path) if character == "/")
