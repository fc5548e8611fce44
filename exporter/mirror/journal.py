"""The notes that keep the manifest true whenever a kill comes: `writing` and `leaving`, as SQL.

A file that is overwritten is the old or the new one, whichever moment the run is killed at. So the new one
is noted in `writing` before, and the note goes in the commit that records it. A file that is no longer
recorded is noted in `leaving` in the commit that stops recording it, until it is removed.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from exporter import layout
from exporter.mirror import rows
from exporter.mirror.entry import Role, Statement
from exporter.mirror.files import Stored
from exporter.model import Kind

_LOOK_AGAIN = (
    "UPDATE items SET version_number = NULL, listed_sha256 = NULL "
    "WHERE (kind, id) IN (SELECT kind, id FROM files WHERE path = ?)"
)
_ADF_BESIDE = (  # of the body of before
    "role = 'adf' AND (kind, id) IN (SELECT kind, id FROM files WHERE path = ? AND role = 'storage')"
)


@dataclass(frozen=True, slots=True)
class Known:
    """What may lie at some paths, and what is recorded of one item, wherever that lies."""

    recorded: Sequence[Stored]
    under_way: Sequence[Stored]
    own: Mapping[Role, Stored]

    def is_at(self, path: PurePosixPath, data: bytes | None) -> bool:
        """Whether `data` is what is recorded there."""
        return data is not None and any(
            each.path == path and each.sha256 == hashlib.sha256(data).hexdigest() for each in self.recorded
        )


def known(
    connection: sqlite3.Connection, paths: Sequence[PurePosixPath], of: tuple[Kind, str] | None
) -> Known:
    where = f"WHERE path IN ({', '.join('?' * len(paths))})"
    own = files_of(connection, of[0], of[1:]).get(of[1], {}) if of else {}
    return Known(files(connection, where, paths), under_way(connection, where, paths), own)


def files_of(connection: sqlite3.Connection, kind: Kind, ids: Sequence[str]) -> dict[str, dict[Role, Stored]]:
    """The files recorded of some items."""
    marks = ", ".join("?" * len(ids))
    query = f"SELECT id, role, path, size, sha256 FROM files WHERE kind = ? AND id IN ({marks})"
    found: dict[str, dict[Role, Stored]] = {}
    for item_id, role, *file in connection.execute(query, (kind, *ids)):
        stored = rows.stored(*file)
        if stored is not None:
            found.setdefault(item_id, {})[role] = stored
    return found


def files(
    connection: sqlite3.Connection, where: str = "", paths: Sequence[PurePosixPath] = ()
) -> list[Stored]:
    return _stored(connection, f"SELECT path, size, sha256 FROM files {where}", paths)


def under_way(
    connection: sqlite3.Connection, where: str = "", paths: Sequence[PurePosixPath] = ()
) -> list[Stored]:
    return _stored(connection, f"SELECT path, size, sha256 FROM writing {where}", paths)


def leaving(connection: sqlite3.Connection) -> list[PurePosixPath]:
    query = "SELECT path FROM leaving WHERE path NOT IN (SELECT path FROM files)"
    return [rows.inside(path) for (path,) in connection.execute(query)]


def begun(coming: Stored) -> Statement:
    row = (str(coming.path), coming.size, coming.sha256)
    return "INSERT OR REPLACE INTO writing VALUES (?, ?, ?)", row


def forgotten(coming: Stored) -> Statement:
    return "DELETE FROM writing WHERE path = ?", (str(coming.path),)


def left(path: PurePosixPath) -> Statement:
    return "DELETE FROM leaving WHERE path = ?", (str(path),)


def arrived(coming: Stored) -> Iterator[Statement]:
    """The file that a note tells of is there. It may be that of an attachment that got another name."""
    path = str(coming.path)
    owner = layout.owner_of(coming.path)
    if owner is not None and owner.role == "file":
        of = (owner.kind, owner.id, owner.role)
        which = "kind = ? AND id = ? AND role = ? AND path != ?"
        yield f"INSERT OR REPLACE INTO leaving SELECT path FROM files WHERE {which}", (*of, path)
        yield f"UPDATE OR REPLACE files SET path = ? WHERE {which}", (path, *of, path)
    row = (coming.size, coming.sha256, path)
    yield "UPDATE files SET size = ?, sha256 = ?, damaged = 0 WHERE path = ?", row
    yield f"INSERT OR REPLACE INTO leaving SELECT path FROM files WHERE {_ADF_BESIDE}", (path,)
    yield f"DELETE FROM files WHERE {_ADF_BESIDE}", (path,)
    yield _LOOK_AGAIN, (path,)
    yield forgotten(coming)
    yield left(coming.path)


def lost(file: Stored) -> Iterator[Statement]:
    path = str(file.path)
    yield _LOOK_AGAIN, (path,)
    yield (
        "DELETE FROM people WHERE (kind, id, role) IN (SELECT kind, id, role FROM files WHERE path = ?)",
        (path,),
    )
    yield "DELETE FROM files WHERE path = ?", (path,)


def _stored(connection: sqlite3.Connection, query: str, paths: Sequence[PurePosixPath]) -> list[Stored]:
    found = (rows.stored(*row) for row in connection.execute(query, [str(path) for path in paths]))
    return [each for each in found if each is not None]
