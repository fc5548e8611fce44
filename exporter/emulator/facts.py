"""Writes ``facts.json`` from Atlassian's OpenAPI documents.

    python -m exporter.emulator.facts --v2 openapi-v2.json --v1 openapi-v1.json

Run it after a handler was added to `exporter.emulator.routes`, or when newer documents are out.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from exporter.emulator.operations import FACTS
from exporter.emulator.routes import HANDLERS

V2_PREFIX = "/wiki/api/v2"
KEPT = ("type", "enum", "pattern", "minimum", "maximum", "maxItems", "default")
AMENDED = {"GET /wiki/api/v2/attachments/{id}/labels id": {"type": "string", "pattern": "(att)?[0-9]+"}}
"""Where a document contradicts the rest of itself: attachments have the same ids everywhere."""
MISPRINTS = {"(att)?0-9+": "(att)?[0-9]+"}


def facts(v2: Mapping[str, Any], v1: Mapping[str, Any]) -> dict[str, Any]:
    """What the documents say of each operation that the emulator serves."""
    table = {}
    for name in sorted(HANDLERS):
        method, path = name.split(" ")
        document = v2 if path.startswith(V2_PREFIX) else v1
        described = document["paths"][path.removeprefix(V2_PREFIX) if document is v2 else path]
        operation = described[method.lower()]
        table[name] = {
            "parameters": {
                each["name"]: {
                    "in": each["in"],
                    **AMENDED.get(f"{name} {each['name']}", _schema(each["schema"], document)),
                }
                for each in sorted(_parameters(operation, document), key=lambda each: each["name"])
            },
            "scopes": {
                entry["state"].lower(): sorted(entry["scopes"])
                for entry in operation["x-atlassian-oauth2-scopes"]
            },
        }
    return table


def _parameters(operation: Mapping[str, Any], document: Mapping[str, Any]) -> list[dict[str, Any]]:
    shared = document["components"].get("parameters", {})
    given = operation.get("parameters", ())
    return [shared[each["$ref"].rsplit("/", 1)[1]] if "$ref" in each else each for each in given]


def _schema(schema: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        return _schema(document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]], document)
    if "items" in schema and schema["type"] != "array":  # one of the values meant, not many
        return _schema(schema["items"], document)
    kept = {key: schema[key] for key in KEPT if key in schema}
    if "pattern" in kept:
        kept["pattern"] = MISPRINTS.get(kept["pattern"], kept["pattern"])
    if "items" in schema:
        kept["items"] = _schema(schema["items"], document)
    return kept


def dumps(table: Mapping[str, Any]) -> str:
    """One parameter a line: small, and a change shows as a short diff."""
    blocks = []
    for name, fact in table.items():
        entries = [f"   {json.dumps(key)}: {json.dumps(each)}" for key, each in fact["parameters"].items()]
        lines = ["{", ",\n".join(entries), "  }"] if entries else ["{}"]
        parameters, scopes = "\n".join(lines), json.dumps(fact["scopes"])
        blocks.append(f' {json.dumps(name)}: {{\n  "parameters": {parameters},\n  "scopes": {scopes}\n }}')
    return "{\n" + ",\n".join(blocks) + "\n}\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--v2", type=Path, required=True, help="openapi-v2.json")
    parser.add_argument("--v1", type=Path, required=True, help="openapi-v1.json")
    arguments = parser.parse_args()
    documents = (json.loads(path.read_text("utf-8")) for path in (arguments.v2, arguments.v1))
    FACTS.write_text(dumps(facts(*documents)), "utf-8")


if __name__ == "__main__":
    main()
