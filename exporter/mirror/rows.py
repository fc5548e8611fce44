"""What a manifest's rows say, checked: they may be damaged, or somebody may have tampered with them."""

from __future__ import annotations

import re
import sqlite3
from collections import deque
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from exporter.errors import DamagedManifest
from exporter.mirror.files import Stored
from exporter.model import Kind, State, Version

_NO_TEXT = "the manifest is damaged: there is something else in the place of a text"


@dataclass(frozen=True, slots=True)
class Item:
    """An item as recorded, with its metadata file and its body or file."""

    kind: Kind
    id: str
    container: str | None
    title: str
    version: Version
    missing_since: str | None
    state: State | None
    listed: bytes | None  # SHA-256 of the metadata as its listing showed it
    metadata: Stored | None
    data: Stored | None


@dataclass(frozen=True, slots=True)
class Recorded:
    """A file as recorded. `is_last`: Confluence no longer shows what is in it, so it can't be fetched anew.

    After a kill it may also be what was just being written over it, of SHA-256 `next_sha256`.
    """

    stored: Stored
    is_damaged: bool
    is_last: bool
    next_sha256: str | None


def inside(recorded: str) -> PurePosixPath:
    """A recorded path, which somebody may have tampered with."""
    path = PurePosixPath(recorded)
    if path.is_absolute() or ".." in path.parts:
        raise DamagedManifest(f"the manifest records the path {recorded!r}, which is none of a mirror")
    return path


_ODD_FILE = """
typeof(path) != 'text' OR typeof(size) != 'integer' OR typeof(sha256) != 'text' OR length(sha256) != 64
OR sha256 GLOB '*[^0-9a-f]*' OR path GLOB '/*' OR path GLOB '*..*'
"""
_TEXTS = {
    "items": ("kind", "id", "container", "title", "version_date", "missing_since", "state", "listed_sha256"),
    "files": ("kind", "id", "role", "path"),
    "people": ("kind", "id", "role", "account"),
    "meta": ("key", "value"),
    "writing": ("path",),
    "leaving": ("path",),
}
_KINDS = "SELECT DISTINCT kind, '', '', '', NULL, '', NULL, state, NULL FROM items"
_ODD_ITEMS = """
SELECT kind, id, container, title, version_number, version_date, missing_since, state, listed_sha256
FROM items
WHERE typeof(version_number) NOT IN ('integer', 'null') OR listed_sha256 GLOB '*[^0-9a-f]*'
OR length(listed_sha256) % 2
"""


def check(connection: sqlite3.Connection) -> None:
    """Raises `DamagedManifest` where a row makes no sense: SQLite itself holds anything in any column.

    SQLite looks through the rows, Python only at the odd ones: there may be a million.
    """
    for table, columns in _TEXTS.items():
        odd = " OR ".join(f"typeof({name}) NOT IN ('text', 'null')" for name in columns)
        if connection.execute(f"SELECT 1 FROM {table} WHERE {odd} LIMIT 1").fetchone():
            raise DamagedManifest(_NO_TEXT)
        deque(connection.execute(f"SELECT {', '.join(columns)} FROM {table}"), maxlen=0)  # is it UTF-8?
    for query in (_KINDS, _ODD_ITEMS):
        for row in connection.execute(query):
            item(*row, None, None, None, None, None, None)
    for table in ("files", "writing"):
        for row in connection.execute(f"SELECT path, size, sha256 FROM {table} WHERE {_ODD_FILE}"):
            stored(*row)
    for (path,) in connection.execute("SELECT path FROM leaving"):
        inside(path)


def _check_texts(*values: Any) -> None:
    if not all(isinstance(value, str) for value in values):
        raise DamagedManifest(_NO_TEXT)


def item(  # the columns of `_COLUMNS`
    kind: str,
    item_id: str,
    container: str | None,
    title: str,
    number: int | None,
    date: str,
    missing_since: str | None,
    state: str | None,
    listed: str | None,
    *files: Any,
) -> Item:
    _check_texts(item_id, container or "", title, date, missing_since or "")
    if not isinstance(number, int | None):
        raise DamagedManifest("the manifest is damaged: the number of a version is none")
    try:
        known = Kind(kind), State(state) if state else None, bytes.fromhex(listed) if listed else None
    except (ValueError, TypeError):
        raise DamagedManifest(
            f"the manifest is damaged: what it records of {kind!r} makes no sense"
        ) from None
    metadata, data = stored(*files[:3]), stored(*files[3:])
    named = known[0], item_id, container, title, Version(number, date)
    return Item(*named, missing_since, known[1], known[2], metadata, data)


def recorded(
    path: str, size: int, sha256: str, damaged: int, is_last: int | None, next_sha256: str | None
) -> Recorded:
    file = stored(path, size, sha256)
    if file is None:
        raise DamagedManifest("the manifest is damaged: it records a file without a path")
    return Recorded(file, bool(damaged), bool(is_last), next_sha256)


def stored(path: str | None, size: int, sha256: str) -> Stored | None:
    if path is None:
        return None
    if not (isinstance(path, str) and isinstance(size, int) and re.fullmatch("[0-9a-f]{64}", str(sha256))):
        raise DamagedManifest("the manifest is damaged: it records no usable size and SHA-256 of a file")
    return Stored(inside(path), size, sha256)
