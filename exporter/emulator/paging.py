"""Lists in pages: keyset cursors, ``_links.next`` and the ``Link`` header."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from typing import Any, TypeVar, cast
from urllib.parse import quote, urlencode

from exporter.emulator.call import Call
from exporter.emulator.reply import Reply, v2_bad_request

T = TypeVar("T")
Key = int | tuple[str, int]
"""A place in a list: the id's number, after the value of the sort field if there is one."""

BINDING = 20
BAD_CURSOR = "Provided value for 'cursor' is not the correct type. Expected type is Cursor"


@dataclass(frozen=True, slots=True)
class Keys:
    """Sorted keys in one or more sequences, to be walked as one."""

    sequences: Sequence[Sequence[Key]]
    field: str = "id"
    descending: bool = False

    def after(self, place: Key | None) -> Iterator[Key]:
        walks = (self._walk(cast(Sequence[Any], each), place) for each in self.sequences)
        return cast(Iterator[Key], merge(*walks, reverse=self.descending))

    def _walk(self, keys: Sequence[Any], place: Any) -> Iterator[Any]:
        if self.descending:
            start = len(keys) if place is None else bisect_left(keys, place)
            return (keys[at] for at in range(start - 1, -1, -1))
        start = 0 if place is None else bisect_right(keys, place)
        return (keys[at] for at in range(start, len(keys)))


def answer_list(
    call: Call,
    keys: Keys,
    select: Callable[[int], T | None],
    render: Callable[[T], Any],
    *,
    cap: int | None = None,
    prefix: str = "",
    lost_after: Callable[[Key | None], bool] = lambda _: False,
) -> Reply:
    """The page of the list that the call's cursor and limit ask for.

    ``select`` finds the item of a number, or None if it does not belong to the list. Cursors
    begin with ``prefix``. What comes after a place that is ``lost_after`` is never shown.
    """
    limit = call.arguments["limit"]
    try:
        start = _read_cursor(call, keys.field, prefix)
    except ValueError:
        return v2_bad_request(BAD_CURSOR)
    size = limit if cap is None else min(limit, cap)
    found, more = _take([] if lost_after(start) else keys.after(start), select, size)
    places = [start, *(key for key, _ in found)]

    def link_after(count: int, salt: int = 0) -> str:
        return _link(call, prefix + new_cursor(call, keys.field, places[count], salt))

    reply = Reply(json={"results": [render(item) for _, item in found], "_links": {"base": call.base}})
    reply.link_after = link_after
    if more:
        set_next(reply, link_after(len(found)))
    else:
        set_next(reply, None)
    return reply


def set_next(reply: Reply, link: str | None) -> None:
    """Make ``link`` the next page of a list, in the body and in the header."""
    links = reply.json["_links"]
    links.pop("next", None)
    reply.headers["Link"] = f'<{links["base"]}>; rel="base"'
    if link is not None:
        reply.json["_links"] = {"next": link, **links}
        reply.headers["Link"] = f'<{link}>; rel="next", ' + reply.headers["Link"]


def _take(
    keys: Iterable[Key], select: Callable[[int], T | None], size: int
) -> tuple[list[tuple[Key, T]], bool]:
    found: list[tuple[Key, T]] = []
    for key in keys:
        item = select(key if isinstance(key, int) else key[1])
        if item is None:
            continue
        if len(found) == size:
            return found, True
        found.append((key, item))
    return found, False


def _link(call: Call, cursor: str) -> str:
    """The cursor stands at either end of the query, its ``+`` and ``/`` as they are."""
    rest = urlencode([pair for pair in call.query if pair[0] != "cursor"], quote_via=quote)
    written = "cursor=" + quote(cursor, safe="+/")
    parts = [written, rest] if cursor[0].isupper() else [rest, written]
    return f"{call.path}?" + "&".join(part for part in parts if part)


def new_cursor(call: Call, field: str, place: Key | None, salt: int = 0) -> str:
    """A cursor of the listing at the call's path and query, for what follows ``place``."""
    number, value = (place[1], place[0]) if isinstance(place, tuple) else (place, place)
    text: dict[str, Any] = {"id": number and str(number), "contentOrder": field, "contentOrderValue": value}
    if salt:
        text["salt"] = salt
    written = json.dumps(text, separators=(",", ":")).encode()
    return base64.b64encode(_binding(call, written) + written).decode()


def _read_cursor(call: Call, field: str, prefix: str) -> Key | None:
    """Raise ValueError for a cursor that is none, or one of another listing, limit or filter."""
    cursor = call.arguments.get("cursor")
    if cursor is None:
        return None
    if not cursor.startswith(prefix):
        raise ValueError(cursor)
    try:
        raw = base64.b64decode(cursor.removeprefix(prefix), validate=True)
    except binascii.Error as error:
        raise ValueError(cursor) from error
    if raw[:BINDING] != _binding(call, raw[BINDING:]):
        raise ValueError(cursor)
    text = json.loads(raw[BINDING:])
    if text["contentOrder"] != field:
        raise ValueError(cursor)
    if text["id"] is None:
        return None
    return int(text["id"]) if field == "id" else (text["contentOrderValue"], int(text["id"]))


def _binding(call: Call, written: bytes) -> bytes:
    """Ties a cursor to the query it was made for."""
    query = sorted(pair for pair in call.query if pair[0] != "cursor")
    return hashlib.sha256(repr((call.path, query)).encode() + written).digest()[:BINDING]
