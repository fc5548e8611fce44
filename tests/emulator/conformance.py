"""Checks answers against the response schemas of Atlassian's OpenAPI documents."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import jsonschema

REFERENCE = "CONFLUENCE_EXPORT_REFERENCE"
"""The environment variable that names the folder holding ``confluence-api/openapi-v2.json`` and v1."""

V2_PREFIX = "/wiki/api/v2"
LIVE_NULLS = frozenset(
    {
        "parentId",
        "parentType",
        "position",
        "childPosition",
        "homepageId",
        "ownerId",
        "lastOwnerId",
        "subtype",
        "mediaTypeDescription",
    }
)
"""Fields that the API is known to send as null, whatever the schema says."""

TYPES_OF_IDS = "ContentIdToContentTypeResponse"
"""Its text, not its schema, says that ids nobody may see map to null."""

Check = Callable[[str, str, int, object], None]


def reference_folder() -> Path | None:
    """The folder with the documents, if this machine has them."""
    folder = os.environ.get(REFERENCE)
    return Path(folder) if folder else None


def load_documents(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The v2 and the v1 document."""
    v2, v1 = (folder / "confluence-api" / f"openapi-{name}.json" for name in ("v2", "v1"))
    return json.loads(v2.read_text("utf-8")), json.loads(v1.read_text("utf-8"))


def response_validator(folder: Path) -> Check:
    """A check for ``Emulator(on_answer=…)``: template path, method, status, JSON.

    Raises `jsonschema.ValidationError` for an answer that the documents do not allow, and
    LookupError for an operation that they do not know. Answers other than 200 pass. An answer
    that was allowed before is not looked at again: most of a test run's answers are the same ones.
    """
    v2, v1 = load_documents(folder)

    @cache
    def validator(path: str, method: str) -> jsonschema.Draft202012Validator:
        document = v2 if path.startswith(V2_PREFIX) else v1
        operation = document["paths"][path.removeprefix(V2_PREFIX) if document is v2 else path][
            method.lower()
        ]
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        return jsonschema.Draft202012Validator(
            {**_as_json_schema(schema), "components": _components(document)}, format_checker=_formats()
        )

    allowed: set[bytes] = set()

    def check(path: str, method: str, status: int, answer: object) -> None:
        if status != 200:
            return
        seen = sha256(repr((path, method, answer)).encode("utf-8", "surrogatepass")).digest()
        if seen not in allowed:
            validator(path, method).validate(answer)
            allowed.add(seen)

    return check


def _components(document: dict[str, Any]) -> dict[str, Any]:
    schemas = {name: _as_json_schema(each) for name, each in document["components"]["schemas"].items()}
    if types := schemas.get(TYPES_OF_IDS):
        results = types["properties"]["results"]
        results["additionalProperties"] = _or_null(results["additionalProperties"])
    return {"schemas": schemas}


def _as_json_schema(schema: Any) -> Any:
    """OpenAPI 3.0 writes null as ``nullable``; JSON Schema does not know that word."""
    if isinstance(schema, list):
        return [_as_json_schema(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    converted = {key: _as_json_schema(value) for key, value in schema.items() if key != "nullable"}
    if isinstance(properties := schema.get("properties"), dict):
        converted["properties"] = {
            name: _or_null(_as_json_schema(each)) if name in LIVE_NULLS else _as_json_schema(each)
            for name, each in properties.items()
        }
    return _or_null(converted) if schema.get("nullable") is True else converted


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


def _formats() -> jsonschema.FormatChecker:
    checker = jsonschema.FormatChecker(formats=())

    @checker.checks("date-time")
    def is_timestamp(value: object) -> bool:
        return not isinstance(value, str) or bool(
            re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", value)
        )

    return checker
