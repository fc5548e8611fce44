"""Resource identifiers (`ri:…`) of storage format, as what they point at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from exporter.site.body.document import (
    AttachmentRef,
    ContentRef,
    PageRef,
    PostRef,
    Ref,
    ShortcutRef,
    SpaceRef,
    UrlRef,
    UserRef,
)
from exporter.site.body.markup import XmlElement, attributes_of, elements_of, name_of

NAMES = frozenset(
    f"ri:{name}"
    for name in ("page", "blog-post", "attachment", "user", "content-entity", "space", "url", "shortcut")
)
"""The elements that are such an identifier."""


def ref_in(element: XmlElement) -> Ref | None:
    """What the first identifier right inside `element` points at."""
    return next((ref for _, child in elements_of(element) if (ref := ref_of(child)) is not None), None)


def refs_in(element: XmlElement) -> Iterator[Ref]:
    """In `element` or in links in it, but not the container of an attachment by itself."""
    for name, child in elements_of(element):
        ref = ref_in(child) if name == "ac:link" else ref_of(child)
        if ref is not None:
            yield ref


def ref_of(element: XmlElement) -> Ref | None:
    name, values = name_of(str(element.tag)), _values(element)
    match name:
        case "ri:attachment":
            return AttachmentRef(values.get("filename", ""), _container(element))
        case "ri:user":
            return UserRef(values.get("account-id", ""))
    return _simple(name, values)


def _values(element: XmlElement) -> Mapping[str, str]:
    return {name.removeprefix("ri:"): value for name, value in attributes_of(element).items()}


def _container(attachment: XmlElement) -> PageRef | PostRef | ContentRef | None:
    for name, child in elements_of(attachment):
        ref = _simple(name, _values(child))
        if isinstance(ref, PageRef | PostRef | ContentRef):
            return ref
    return None


def _simple(name: str, values: Mapping[str, str]) -> Ref | None:
    match name:
        case "ri:page":
            return PageRef(values.get("space-key") or None, values.get("content-title", ""))
        case "ri:blog-post":
            day = values.get("posting-day", "")
            return PostRef(values.get("space-key") or None, values.get("content-title", ""), day)
        case "ri:content-entity":
            return ContentRef(values.get("content-id", ""))
        case "ri:space":
            return SpaceRef(values.get("space-key", ""))
        case "ri:url":
            return UrlRef(values.get("value", "").strip())
        case "ri:shortcut":
            return ShortcutRef(values.get("key", ""), values.get("parameter", ""))
    return None
