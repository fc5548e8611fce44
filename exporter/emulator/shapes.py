"""JSON of the small things that many answers share."""

from __future__ import annotations

from typing import Any

from exporter.emulator.adf import document
from exporter.emulator.content import Label, Property, Version

Json = dict[str, Any]


def version(item: Version) -> Json:
    return {
        "number": item.number,
        "message": item.message,
        "minorEdit": item.minor_edit,
        "authorId": item.author_id,
        "createdAt": item.created_at,
    }


def label(item: Label) -> Json:
    return {"id": item.id, "name": item.name, "prefix": item.prefix}


def content_property(item: Property) -> Json:
    return {"id": item.id, "key": item.key, "value": item.value, "version": version(item.version)}


def space_property(item: Property) -> Json:
    return {
        "id": item.id,
        "key": item.key,
        "value": item.value,
        "createdAt": item.created_at,
        "createdBy": item.created_by,
        "version": {
            "number": item.version.number,
            "message": item.version.message,
            "createdAt": item.version.created_at,
            "createdBy": item.version.author_id,
        },
    }


def body(storage: str, form: str | None) -> Json:
    """The storage format as it is, or as ADF; other forms are only as good as a test needs."""
    if form is None:
        return {}
    value = document(storage) if form == "atlas_doc_format" else storage
    return {form: {"representation": form, "value": value}}
