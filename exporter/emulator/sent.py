"""The JSON that a request brings along."""

from __future__ import annotations

import json
from typing import Any

from exporter.emulator.call import Call
from exporter.emulator.reply import Reply, v2_bad_request


def sent_list(call: Call, name: str, most: int) -> list[Any] | Reply:
    """The list of that name in the body, or the reply that refuses it."""
    try:
        sent = json.loads(call.body)
    except ValueError:
        return v2_bad_request("The body is no JSON")
    if not isinstance(sent, dict) or not isinstance(sent.get(name), list):
        return v2_bad_request(f"'{name}' must be a list")
    if call.switches.strict and set(sent) != {name}:
        return v2_bad_request(f"Unknown fields beside '{name}'")
    items: list[Any] = sent[name]
    if len(items) > most:
        return v2_bad_request(f"'{name}' has more than {most} values")
    return items
