"""The manifest: what is mirrored, at which version, with which size and SHA-256 (SQLite)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, Literal, TypeVar

from exporter.errors import LocalError, ManifestError
from exporter.layout import well_formed
from exporter.mirror.files import Stored
from exporter.mirror.uninterrupted import see_through
from exporter.model import IN_TREE, Kind, State, Version

T = TypeVar("T")
Role = Literal["metadata", "storage", "adf", "file", "comments", "missing-comments"]
Statement = tuple[str, tuple[Any, ...]]

SCHEMA_VERSION = 2
CHUNK = 1000  # items read at once
APPLICATION_ID = 0x43_66_45_78  # "CfEx": what file(1) and we know the file by

_PEOPLE = """
CREATE TABLE people (
    kind TEXT NOT NULL, id TEXT NOT NULL, role TEXT NOT NULL, account TEXT NOT NULL,
    PRIMARY KEY (kind, id, role, account)
) WITHOUT ROWID;
"""
_SCHEMA = f"""
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {SCHEMA_VERSION};
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE items (
    kind TEXT NOT NULL, id TEXT NOT NULL, container TEXT, title TEXT NOT NULL,
    version_number INTEGER, version_date TEXT NOT NULL, missing_since TEXT,
    state TEXT, listed_sha256 TEXT,
    PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE INDEX items_by_container ON items (container) WHERE container IS NOT NULL;
CREATE TABLE files (
    kind TEXT NOT NULL, id TEXT NOT NULL, role TEXT NOT NULL,
    path TEXT NOT NULL UNIQUE, size INTEGER NOT NULL, sha256 TEXT NOT NULL,
    PRIMARY KEY (kind, id, role)
) WITHOUT ROWID;
{_PEOPLE}
"""
_MIGRATIONS = {
    # Who is named in the bodies isn't recorded yet: without a version number they are fetched again.
    1: f"""
ALTER TABLE items ADD COLUMN state TEXT;
ALTER TABLE items ADD COLUMN listed_sha256 TEXT;
UPDATE items SET version_number = NULL WHERE kind IN ('page', 'blogpost');
UPDATE items SET state = 'gone' WHERE missing_since IS NOT NULL;
{_PEOPLE}
"""
}
"""From each former schema to the next."""

_COLUMNS = """
SELECT i.kind, i.id, i.title, i.version_number, i.version_date, i.missing_since, i.state, i.listed_sha256,
       m.path, m.size, m.sha256, d.path, d.size, d.sha256
FROM items i
LEFT JOIN files m ON m.kind = i.kind AND m.id = i.id AND m.role = 'metadata'
LEFT JOIN files d ON d.kind = i.kind AND d.id = i.id AND d.role IN ('storage', 'file')
"""
_ITEMS = f"{_COLUMNS} WHERE i.kind = ? AND i.id > ? ORDER BY i.id LIMIT {CHUNK}"
_CONTAINED = f"{_COLUMNS} WHERE i.container = ? AND i.kind IN ('attachment', 'comment', 'version')"
_INSIDE = """
INSERT INTO temp.inside
WITH RECURSIVE inside(kind, id) AS (
    SELECT kind, id FROM items WHERE container = ?
    UNION SELECT items.kind, items.id
    FROM inside JOIN items ON items.container = inside.id
    WHERE inside.kind NOT IN ('task', 'version', 'comment')
)
SELECT kind, id FROM inside
"""  # what an item contains, and what that contains; a task's number may be that of other content
_HOLDING = frozenset({Kind.PAGE, Kind.BLOGPOST, Kind.CUSTOM_CONTENT, Kind.ATTACHMENT})


@dataclass(frozen=True, slots=True)
class Item:
    """An item as recorded, with its metadata file and its body or file."""

    kind: Kind
    id: str
    title: str
    version: Version
    missing_since: str | None
    state: State | None
    listed: bytes | None  # SHA-256 of the metadata as its listing showed it
    metadata: Stored | None
    data: Stored | None


class Manifest:
    """An open manifest. The connection lives on one thread; every method waits for that thread.

    `record` and its siblings return when the change is on disk; changes that arrive while another
    is being committed share the next commit. Raises `LocalError` when the disk refuses and
    `ManifestError` when the file is damaged.
    """

    def __init__(self, connection: sqlite3.Connection, thread: Executor) -> None:
        self._connection = connection
        self._thread = thread
        self._pending: list[Statement] = []
        self._committing = asyncio.Lock()
        self._failure: LocalError | ManifestError | None = None

    async def meta(self) -> Mapping[str, str]:
        return await self._run(lambda: dict(self._connection.execute("SELECT key, value FROM meta")))

    async def set_meta(self, values: Mapping[str, str]) -> None:
        await self._commit(
            [
                ("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, well_formed(value)))
                for key, value in values.items()
            ]
        )

    async def items(self, kind: Kind) -> AsyncIterator[list[Item]]:
        """All recorded items of a kind, some at a time."""
        last = ""
        while True:
            items = await self._run(partial(self._items, _ITEMS, (kind, last)))
            if items:
                yield items
            if len(items) < CHUNK:
                return
            last = items[-1].id

    async def contained(self, container: str) -> list[Item]:
        """The attachments, comments and former versions of one item."""
        return await self._run(partial(self._items, _CONTAINED, (container,)))

    def _items(self, query: str, parameters: tuple[str, ...]) -> list[Item]:
        return [_item(*row) for row in self._connection.execute(query, parameters)]

    async def files(self, kind: Kind, ids: Sequence[str]) -> dict[str, dict[Role, Stored]]:
        """The files recorded of some items."""
        marks = ", ".join("?" * len(ids))
        query = f"SELECT id, role, path, size, sha256 FROM files WHERE kind = ? AND id IN ({marks})"

        def read() -> dict[str, dict[Role, Stored]]:
            found: dict[str, dict[Role, Stored]] = {}
            for item_id, role, *file in self._connection.execute(query, (kind, *ids)):
                stored = _stored(*file)
                if stored is not None:
                    found.setdefault(item_id, {})[role] = stored
            return found

        return await self._run(read)

    async def bodies(self) -> dict[str, bool]:
        """The ids of all recorded content of the page tree, and whether it has a body."""
        query = (
            "SELECT id, max(role = 'storage') FROM files WHERE role IN ('metadata', 'storage') AND kind IN "
            f"({', '.join(repr(str(kind)) for kind in IN_TREE)}) GROUP BY kind, id"
        )
        return await self._run(lambda: {row[0]: bool(row[1]) for row in self._connection.execute(query)})

    async def people(self) -> list[str]:
        """Every account that something not missing names, sorted."""
        query = (
            "SELECT DISTINCT account FROM people JOIN items USING (kind, id) "
            "WHERE missing_since IS NULL ORDER BY account"
        )
        return await self._run(lambda: [row[0] for row in self._connection.execute(query)])

    async def record(self, *entries: Entry) -> None:
        """Note items that are on disk; they are no longer missing."""
        await self._commit([statement for entry in entries for statement in entry.statements()])

    async def forget_listed(self, kind: Kind, item_id: str) -> None:
        """Note that an item's metadata is not what its listing showed, so that it is saved anew."""
        update = "UPDATE items SET listed_sha256 = NULL WHERE kind = ? AND id = ?"
        await self._commit([(update, (kind, item_id))])

    async def mark_missing(
        self, kind: Kind, states: Mapping[str, State], *, since: str, container: str | None = None
    ) -> None:
        """Note what became of items that are no longer listed; what they contain went with them.

        With a container, only those still in it: an attachment may meanwhile be recorded elsewhere.
        """
        mark = "UPDATE items SET state = ?, missing_since = coalesce(missing_since, ?) "
        item = mark + "WHERE kind = ? AND id = ? AND container IS coalesce(?, container)"
        now_missing = "(SELECT missing_since FROM items WHERE kind = ? AND id = ?)"
        inside = (
            f"{mark} WHERE (kind, id) IN (SELECT kind, id FROM temp.inside) "
            f"AND coalesce(missing_since, {now_missing}) = {now_missing}"
        )
        statements: list[Statement] = []
        for item_id, state in states.items():
            statements.append((item, (state, since, kind, item_id, container)))
            if kind in _HOLDING:
                statements += _on_contained(item_id, inside, (state, since, *(kind, item_id) * 2))
        await self._commit(statements)

    async def mark_returned(self, kind: Kind, ids: Iterable[str]) -> None:
        """Note that items are listed again, and with them what went missing in the same moment."""
        clear = "UPDATE items SET state = NULL, missing_since = NULL "
        inside = (
            f"{clear} WHERE (kind, id) IN (SELECT kind, id FROM temp.inside) "
            "AND missing_since = (SELECT missing_since FROM items WHERE kind = ? AND id = ?)"
        )
        statements: list[Statement] = []
        for item_id in ids:
            if kind in _HOLDING:
                statements += _on_contained(item_id, inside, (kind, item_id))
            statements.append((f"{clear} WHERE kind = ? AND id = ?", (kind, item_id)))
        await self._commit(statements)

    async def _commit(self, statements: Sequence[Statement]) -> None:
        self._pending += statements
        async with self._committing:
            if self._failure is not None:  # mine may have been in the commit that failed
                raise self._failure
            if self._pending:  # else somebody's commit took mine along
                batch, self._pending = self._pending, []
                try:
                    await see_through(self._run(lambda: self._write(batch)))
                except (LocalError, ManifestError) as exc:
                    self._failure = exc
                    raise
                except Exception:
                    self._failure = ManifestError("a change could not be recorded")
                    raise

    def _write(self, batch: list[Statement]) -> None:
        with self._connection:
            for sql, parameters in batch:
                self._connection.execute(sql, parameters)

    async def _run(self, work: Callable[[], T]) -> T:
        with _translated():
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _on_contained(item_id: str, update: str, parameters: tuple[Any, ...]) -> list[Statement]:
    """Do something to all that an item contains: by primary key, as there may be a hundred thousand."""
    return [("DELETE FROM temp.inside", ()), (_INSIDE, (item_id,)), (update, parameters)]


@dataclass(frozen=True, slots=True)
class Entry:
    """What `record` notes of one item: `files` replace those recorded under the same role, `people`
    those named in the file of that role; `dropped` files are no longer there.

    Without a version nothing but that is noted.
    """

    kind: Kind
    id: str
    files: Mapping[Role, Stored]
    title: str = ""
    version: Version | None = None
    listed: bytes | None = None
    container: str | None = None
    people: Mapping[Role, Iterable[str]] = field(default_factory=dict)
    dropped: Sequence[Role] = ()

    def statements(self) -> list[Statement]:
        return [*self._item(), *self._files(), *self._people()]

    def _item(self) -> Iterator[Statement]:
        if self.version is not None:
            listed = self.listed.hex() if self.listed else None
            version = (self.version.number, well_formed(self.version.date))
            container = well_formed(self.container) if self.container else self.container
            item = (self.kind, self.id, container, well_formed(self.title), *version, None, None, listed)
            yield "INSERT OR REPLACE INTO items VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", item

    def _files(self) -> Iterator[Statement]:
        for role in self.dropped:
            yield "DELETE FROM files WHERE kind = ? AND id = ? AND role = ?", (self.kind, self.id, role)
            yield "DELETE FROM people WHERE kind = ? AND id = ? AND role = ?", (self.kind, self.id, role)
        for role, stored in self.files.items():
            row = (self.kind, self.id, role, str(stored.path), stored.size, stored.sha256)
            yield "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?)", row

    def _people(self) -> Iterator[Statement]:
        for role, accounts in self.people.items():
            yield "DELETE FROM people WHERE kind = ? AND id = ? AND role = ?", (self.kind, self.id, role)
            for account in accounts:
                row = (self.kind, self.id, role, well_formed(account))
                yield "INSERT OR REPLACE INTO people VALUES (?, ?, ?, ?)", row


@asynccontextmanager
async def open_manifest(path: Path | None, *, mode: int | None) -> AsyncIterator[Manifest]:
    """The manifest at `path`, made with `mode` if absent; without a path an empty one, never written."""
    with ThreadPoolExecutor(1, thread_name_prefix="manifest") as thread:
        loop = asyncio.get_running_loop()
        with _translated():
            connection = await loop.run_in_executor(thread, _connect, path, mode)
        try:
            yield Manifest(connection, thread)
        finally:
            await asyncio.shield(loop.run_in_executor(thread, connection.close))


def is_manifest(path: Path) -> bool:
    """Whether a file is a manifest of this program, damaged or not, by the header that SQLite writes."""
    try:
        with path.open("rb") as file:
            header = file.read(100)
    except OSError:
        return False
    return header[68:72] == APPLICATION_ID.to_bytes(4, "big")


def peek(path: Path) -> Mapping[str, str]:
    """The meta values of a manifest that may be in use; raises `ManifestError` when it is none of ours."""
    with _translated(), closing(_open(path)) as connection:
        return dict(connection.execute("SELECT key, value FROM meta"))


def _connect(path: Path | None, mode: int | None = None) -> sqlite3.Connection:
    """With a `mode` the file is made if absent, and brought to this schema; without, only a copy is."""
    connection = sqlite3.connect(":memory:") if path is None else _open(path, mode)
    try:
        version = _version(connection, path)
        if version == 0:
            if path is not None and mode is None:
                raise ManifestError(f"{path} is not a manifest of confluence-export")
            connection.executescript(f"BEGIN; {_SCHEMA} COMMIT;")
        elif version < SCHEMA_VERSION:
            connection = _migrated(connection, version, path, mode)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TEMP TABLE inside (kind TEXT, id TEXT)")
    except BaseException:
        connection.close()
        raise
    return connection


def _open(path: Path, mode: int | None = None) -> sqlite3.Connection:
    """The file is born private, where SQLite would ask the umask. Raises `ManifestError` for no manifest."""
    if mode is not None and not path.exists():
        _make(path, mode)
    if path.is_symlink():
        raise LocalError(f"{path} is a link: move it away")
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=10)
    try:
        if mode is None:
            _version(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _make(path: Path, mode: int) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600)
    os.fchmod(descriptor, mode)
    os.close(descriptor)


def _version(connection: sqlite3.Connection, path: Path | None) -> int:
    """The schema's version; 0 of an empty file. Raises `ManifestError` for what is none of ours."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (objects,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if objects == 0 and version == 0:
        return 0
    if application != APPLICATION_ID or version not in range(1, SCHEMA_VERSION + 1):
        if application == APPLICATION_ID and version > SCHEMA_VERSION:
            raise ManifestError(
                f"{path} was written by a newer confluence-export (schema {version}): upgrade this one"
            )
        raise ManifestError(f"{path} is not a manifest of confluence-export")
    return int(version)


def _migrated(
    connection: sqlite3.Connection, version: int, path: Path | None, mode: int | None
) -> sqlite3.Connection:
    """The manifest in this schema: itself, with the file of before kept beside it; without a mode a copy."""
    if path is None or mode is None:
        copy = sqlite3.connect(":memory:")
        connection.backup(copy)
        connection.close()
        connection = copy
    else:
        kept_path = path.with_name(f"{path.name}.{version}")
        kept_path.unlink(missing_ok=True)
        _make(kept_path, mode)
        with closing(sqlite3.connect(kept_path)) as kept:
            connection.backup(kept)
    steps = "".join(_MIGRATIONS[each] for each in range(version, SCHEMA_VERSION))
    connection.executescript(f"BEGIN; {steps} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")
    return connection


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as exc:
        operational = isinstance(exc, sqlite3.OperationalError)  # full, read-only, locked, no permission
        if operational and getattr(exc, "sqlite_errorcode", None) != sqlite3.SQLITE_ERROR:
            raise LocalError(f"cannot use the manifest: {exc}") from exc
        raise ManifestError(f"the manifest is damaged: {exc}") from exc
    except UnicodeDecodeError as exc:  # a damaged name in SQLite's own sentence, or a damaged text
        raise ManifestError("the manifest is damaged: it holds text that is no UTF-8") from exc
    except OSError as exc:
        raise LocalError(f"cannot open the manifest: {exc.strerror or exc}") from exc


def _inside(recorded: str) -> PurePosixPath:
    """A recorded path, which somebody may have tampered with."""
    path = PurePosixPath(recorded)
    if path.is_absolute() or ".." in path.parts:
        raise ManifestError(f"the manifest records the path {recorded!r}, which is none of a mirror")
    return path


def _item(  # the columns of `_COLUMNS`
    kind: str,
    item_id: str,
    title: str,
    number: int | None,
    date: str,
    missing_since: str | None,
    state: str | None,
    listed: str | None,
    *files: Any,
) -> Item:
    try:
        known = Kind(kind), State(state) if state else None, bytes.fromhex(listed) if listed else None
    except (ValueError, TypeError):
        raise ManifestError(f"the manifest is damaged: what it records of {kind!r} makes no sense") from None
    metadata, data = _stored(*files[:3]), _stored(*files[3:])
    version = Version(number, date)
    return Item(known[0], item_id, title, version, missing_since, known[1], known[2], metadata, data)


def _stored(path: str | None, size: int, sha256: str) -> Stored | None:
    if path is None:
        return None
    if not (isinstance(path, str) and isinstance(size, int) and re.fullmatch("[0-9a-f]{64}", str(sha256))):
        raise ManifestError("the manifest is damaged: it records no usable size and SHA-256 of a file")
    return Stored(_inside(path), size, sha256)
