"""Which accounts a piece of metadata or a body names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

_NAMES_ONE = frozenset(
    {
        "accountId",
        "assignedTo",
        "authorId",
        "completedBy",
        "createdBy",
        "lastOwnerId",
        "ownerId",
        "spaceOwnerId",
    }
)
_NAMES_MANY = frozenset({"likes", "users"})
_ACCOUNT = re.compile(r"[0-9A-Za-z:_.-]{1,128}")
_MENTION = re.compile(r'ri:account-id="([^"]+)"')


def in_metadata(document: Any) -> set[str]:
    """Account ids in a document of the canonical form."""
    return set(_named(document))


def in_body(storage: str) -> set[str]:
    """Account ids of those mentioned in a body in storage format."""
    named = {unescape(account) for account in _MENTION.findall(storage)}
    return {account for account in named if _ACCOUNT.fullmatch(account)}


def _named(value: Any) -> Iterator[str]:
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, list):
            waiting += each
        elif isinstance(each, dict):
            yield from filter(_ACCOUNT.fullmatch, _in_object(each))
            waiting += [inner for name, inner in each.items() if name != "value"]  # of a property: an app's


def _in_object(document: dict[str, Any]) -> Iterator[str]:
    for name, value in document.items():
        if name in _NAMES_ONE and isinstance(value, str):
            yield value
        elif name in _NAMES_MANY and isinstance(value, list):
            yield from (each for each in value if isinstance(each, str))
        elif name == "value" and isinstance(value, str):  # a comment's or task's body
            yield from in_body(value)
    for kind, name in (("type", "id"), ("principalType", "principalId")):
        if str(document.get(kind)).lower() == "user" and isinstance(document.get(name), str):
            yield document[name]
