"""What was rendered, so that it need not be again. Made anew where it is lost or damaged."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from exporter.errors import LocalError
from exporter.site.recorder import Asked

_TABLES = (
    "CREATE TABLE bodies (id TEXT PRIMARY KEY, digest TEXT NOT NULL, known TEXT NOT NULL, body BLOB NOT NULL,"
    " mark TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE files (path TEXT PRIMARY KEY, digest TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
)
_UNDER_WAY = "under way"


@dataclass(slots=True)
class Body:
    """A rendered body with the comments below it."""

    html: str
    toc: list[tuple[int, str, str]]
    """Level, id, text."""
    headings: list[str]
    text: str
    """Words for the search."""
    comments: dict[str, str] = field(default_factory=dict)
    """Id → HTML, replies too."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the cache has of an item, without its body."""

    digest: str
    """Of the rendered body, and of all that is shown of the comments below it."""
    asked: Asked
    links: list[str]
    """Ids of what it links to."""
    macros: list[tuple[str, str]]
    """Name and tier of each."""
    problems: list[str]
    unresolved: list[str]
    """Names of what it links to on the site, and isn't in the mirror."""


@contextmanager
def open_cache(path: Path, *, version: str, mode: int = 0o600) -> Iterator[Cache]:
    """Empty unless it is of this version. What is put there is kept if the block ends without an error.

    Raises `LocalError` where the disk refuses.
    """
    try:
        with closing(_open(path, version, mode)) as connection:
            cache = Cache(connection)
            cache.begin()
            yield cache
            cache.end()
    except sqlite3.Error as exc:
        raise LocalError(f"cannot write {path}: {exc}") from exc


def _open(path: Path, version: str, mode: int) -> sqlite3.Connection:
    with contextlib.suppress(sqlite3.DatabaseError, UnicodeDecodeError):  # the latter of SQLite's own words
        return _prepared(path, _check, version)
    try:
        path.unlink(missing_ok=True)  # whatever it was, it holds nothing that can't be made anew
        path.touch(mode=0o600)  # bodies are in it
        path.chmod(mode)
    except OSError as exc:
        raise LocalError(f"cannot replace {path}: {exc.strerror}") from exc
    return _prepared(path, _fill, version)


def _prepared(
    path: Path, prepare: Callable[[sqlite3.Connection, str], None], version: str
) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None)
    try:
        connection.text_factory = lambda text: text.decode(errors="replace")  # it may be damaged
        connection.execute("PRAGMA synchronous = OFF")  # nothing is lost with it: no sync is worth its time
        prepare(connection, version)
    except Exception:
        connection.close()
        raise
    return connection


def _check(connection: sqlite3.Connection, version: str) -> None:
    tables = connection.execute("SELECT sql FROM sqlite_schema ORDER BY name").fetchall()
    is_whole = tables == [(each,) for each in _TABLES]
    is_whole = is_whole and connection.execute("PRAGMA quick_check").fetchone() == ("ok",)
    if not is_whole or Cache(connection).meta("version") != version:
        raise sqlite3.DatabaseError("damaged, or of another version")


def _fill(connection: sqlite3.Connection, version: str) -> None:
    for table in _TABLES:
        connection.execute(table)
    connection.execute("INSERT INTO meta VALUES ('version', ?)", (version,))


class Cache:
    """One run's: nothing is kept before `open_cache` ends."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def begin(self) -> None:
        """A run that didn't come to its end has written files of which nothing is noted: what is noted of
        any may be wrong, even if it fits what the originals say by now."""
        if self.meta(_UNDER_WAY) is not None:
            self._connection.execute("DELETE FROM files")
        self._connection.execute("INSERT OR REPLACE INTO meta VALUES (?, '')", (_UNDER_WAY,))
        self._connection.execute("BEGIN")

    def end(self) -> None:
        self._connection.execute("DELETE FROM meta WHERE key = ?", (_UNDER_WAY,))
        self._connection.execute("COMMIT")

    def known(self, item_id: str) -> Known | None:
        query = "SELECT digest, known, CAST(body AS BLOB), mark FROM bodies WHERE id = ?"
        row = self._connection.execute(query, (item_id,)).fetchone()
        if row is None or row[3] != _mark(*row[:3]):
            return None
        asked, links, macros, problems, unresolved = json.loads(row[1])
        return Known(row[0], asked, links, [(name, tier) for name, tier in macros], problems, unresolved)

    def ids(self) -> list[str]:
        return [row[0] for row in self._connection.execute("SELECT id FROM bodies ORDER BY id")]

    def put(self, item_id: str, known: Known, body: Body) -> None:
        rest = json.dumps([known.asked, known.links, known.macros, known.problems, known.unresolved])
        data = zlib.compress(json.dumps(asdict(body)).encode(), 1)
        row = (item_id, known.digest, rest, data, _mark(known.digest, rest, data))
        self._connection.execute("INSERT OR REPLACE INTO bodies VALUES (?, ?, ?, ?, ?)", row)

    def body(self, item_id: str) -> Body:
        """Of an item that is known."""
        query = "SELECT body FROM bodies WHERE id = ?"
        (data,) = self._connection.execute(query, (item_id,)).fetchone()
        document: dict[str, Any] = json.loads(zlib.decompress(data))
        document["toc"] = [tuple(entry) for entry in document["toc"]]
        return Body(**document)

    def forget(self, item_id: str) -> None:
        self._connection.execute("DELETE FROM bodies WHERE id = ?", (item_id,))

    def made_of(self, path: str) -> str | None:
        """The digest of all that a file was made of."""
        row = self._connection.execute("SELECT digest FROM files WHERE path = ?", (path,)).fetchone()
        return row[0] if row else None

    def made(self, path: str, digest: str) -> None:
        self._connection.execute("INSERT OR REPLACE INTO files VALUES (?, ?)", (path, digest))

    def meta(self, key: str) -> str | None:
        row = self._connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None


def _mark(digest: object, rest: object, data: bytes) -> str:
    """SQLite doesn't see a byte that has turned."""
    return hashlib.blake2b(f"{digest}\n{rest}\n".encode() + data, digest_size=12).hexdigest()
