"""From the text of a body to one XML element: strictly if it can be, else as a browser would read it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from html import escape
from html.entities import html5
from typing import TypeAlias

from lxml import etree

XmlElement: TypeAlias = etree._Element

FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What no XML document may hold."""

_PREFIXES = "ac", "ri", "at"
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]*);")
_OF_XML = frozenset({"amp", "lt", "gt", "quot", "apos"})
_NUMBER = re.compile(r"&#(?:[xX]0*([0-9A-Fa-f]+)|0*([0-9]+));?")
_PREFIX_OF_ELEMENT = re.compile(r"</?([A-Za-z_][\w.-]*):[A-Za-z_]")
_PREFIX_OF_ATTRIBUTE = re.compile(r"\s([A-Za-z_][\w.-]*):[A-Za-z_][\w.-]*=[\"']")
_MAX_ATTRIBUTES = 100
"""More are nobody's document, and lxml looks for each of them from the first one on."""


def as_xml(text: str) -> XmlElement | None:
    """An element around all of it, or None where it isn't well-formed.

    Only the entities that the body names are declared. It can declare none itself, since it stands inside of
    an element, so nothing can expand to more than two characters.
    """
    names = {name for name in _ENTITY.findall(text) if name not in _OF_XML and name + ";" in html5}
    declared = "".join(f'<!ENTITY {name} "{_characters(html5[name + ";"])}">' for name in sorted(names))
    root = _well_formed(text, declared, _PREFIXES)
    if root is None and (others := _other_prefixes(text)):
        root = _well_formed(text, declared, (*_PREFIXES, *others))
    return root


def _characters(text: str) -> str:
    """Escaped twice: the first is undone where the entity is declared, and a ``<`` would be markup then."""
    return "".join(f"&#38;#{ord(character)};" for character in text)


def _other_prefixes(text: str) -> list[str]:
    found = {*_PREFIX_OF_ELEMENT.findall(text), *_PREFIX_OF_ATTRIBUTE.findall(text)}
    return sorted(found - {*_PREFIXES, "xml", "xmlns"})


def _well_formed(text: str, declared: str, prefixes: tuple[str, ...]) -> XmlElement | None:
    bound = "".join(f' xmlns:{prefix}="{prefix}"' for prefix in prefixes)
    source = f"<!DOCTYPE root [{declared}]><root{bound}>{text}</root>"
    parser = etree.XMLParser(
        resolve_entities="internal",
        no_network=True,
        load_dtd=False,
        huge_tree=True,
        remove_pis=True,
        remove_comments=True,
    )
    try:
        return etree.fromstring(source.encode(), parser)
    except etree.XMLSyntaxError:
        return None


def as_html(text: str) -> XmlElement | None:
    """An element around what a tolerant reader finds, or None where it would lose what is nested too deep."""
    text = _NUMBER.sub(_legal, _without_cdata(text))
    parser = etree.HTMLParser(
        encoding="utf-8", no_network=True, huge_tree=True, remove_pis=True, remove_comments=True
    )
    try:
        root = etree.fromstring(f"<html><body>{text}</body></html>".encode(), parser)
    except etree.XMLSyntaxError:
        return None
    # One that nests too deep is cut short by the parser; its words are worth more than its shape.
    too_deep = any("depth" in entry.message.lower() for entry in parser.error_log)
    return None if root is None or too_deep else root


def _without_cdata(text: str) -> str:
    """HTML has no such sections. One that is never closed goes to the end of the body, or to the next one."""
    first, *others = text.split("<![CDATA[")
    sections = (other.partition("]]>") for other in others)
    return first + "".join(escape(section) + rest for section, _, rest in sections)


def _legal(found: re.Match[str]) -> str:
    """Without the characters that the parser would make of a number and that XML forbids."""
    digits, base = (found[1], 16) if found[1] is not None else (found[2], 10)
    is_one = 0 < len(digits) < 8 and int(digits, base) <= sys.maxunicode
    return found[0] if is_one and not FORBIDDEN.match(chr(int(digits, base))) else ""


_names: dict[str, str] = {}


def name_of(tag: str) -> str:
    """``ac:link`` for ``{ac}link``; of other namespaces only the local name."""
    known = _names.get(tag)
    if known is None:
        space, _, local = tag.rpartition("}")
        known = f"{space[1:]}:{local}" if space[1:] in _PREFIXES else local
        known = known if ":" in known else known.lower()
        if len(_names) < 4096:
            _names[tag] = known
    return known


def attributes_of(element: XmlElement) -> dict[str, str]:
    if len(element.attrib) <= _MAX_ATTRIBUTES:
        return {name_of(str(name)): str(value) for name, value in element.items()}
    return {name_of(str(name)): str(element.get(name)) for name in element.keys()[:_MAX_ATTRIBUTES]}


def style_of(attributes: dict[str, str]) -> dict[str, str]:
    declarations = attributes.get("style")
    if not declarations:
        return {}
    pairs = (each.partition(":") for each in declarations.split(";"))
    return {name.strip().lower(): value.strip() for name, _, value in pairs if value.strip()}


def elements_of(element: XmlElement) -> Iterator[tuple[str, XmlElement]]:
    for child in element:
        if isinstance(child.tag, str):
            yield name_of(child.tag), child


def words_of(element: XmlElement) -> str:
    """All the text in it."""
    return "".join(element.itertext())
