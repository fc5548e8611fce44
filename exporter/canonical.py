"""The one form in which metadata is kept: JSON with sorted keys, one to a line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def dump(document: Mapping[str, Any]) -> bytes:
    """Keys sorted on every level, one of the first level to a line; lone surrogates as escapes, all
    else as UTF-8."""
    lines = (
        f"  {json.dumps(key)}: {json.dumps(document[key], ensure_ascii=False, sort_keys=True)}"
        for key in sorted(document)
    )
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode(errors="backslashreplace")


def load(data: bytes) -> dict[str, Any] | None:
    """The document that `dump` wrote; None for anything else."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None
