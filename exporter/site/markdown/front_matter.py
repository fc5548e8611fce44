"""YAML, as front matter and as the settings of MkDocs: only what both need, each value on one line."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from exporter import layout

_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")  # in YAML, though not in JSON
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z")

Value = str | int | Sequence[str] | None


def front_matter(values: Mapping[str, Value]) -> str:
    """Without what is None or empty."""
    lines = [f"{name}: {_value(value)}" for name, value in values.items() if value not in (None, "", (), [])]
    return "\n".join(["---", *lines, "---", ""])


def quoted(text: str) -> str:
    """Always a string, whatever it looks like."""
    written = json.dumps(layout.well_formed(text), ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", written)


def _value(value: Value) -> str:
    match value:
        case int():
            return str(value)
        case str():
            return value if _MOMENT.fullmatch(value) else quoted(value)
    return f"[{', '.join(map(quoted, value or ()))}]"
