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
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, Literal, TypeVar

from exporter.errors import LocalError, ManifestError
from exporter.layout import well_formed
from exporter.mirror.files import Stored
from exporter.mirror.uninterrupted import see_through
from exporter.model import Kind, Version

T = TypeVar("T")
Role = Literal["metadata", "storage", "file"]
Statement = tuple[str, tuple[Any, ...]]

SCHEMA_VERSION = 1
CHUNK = 1000  # items read at once
APPLICATION_ID = 0x43_66_45_78  # "CfEx": what file(1) and we know the file by

_SCHEMA = f"""
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {SCHEMA_VERSION};
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE items (
    kind TEXT NOT NULL, id TEXT NOT NULL, container TEXT, title TEXT NOT NULL,
    version_number INTEGER, version_date TEXT NOT NULL, missing_since TEXT,
    PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE INDEX items_by_container ON items (container) WHERE container IS NOT NULL;
CREATE TABLE files (
    kind TEXT NOT NULL, id TEXT NOT NULL, role TEXT NOT NULL,
    path TEXT NOT NULL UNIQUE, size INTEGER NOT NULL, sha256 TEXT NOT NULL,
    PRIMARY KEY (kind, id, role)
) WITHOUT ROWID;
"""


_ITEMS = f"""
SELECT i.id, i.title, i.version_number, i.version_date, i.missing_since,
       m.path, m.size, m.sha256, d.path, d.size, d.sha256
FROM items i
LEFT JOIN files m ON m.kind = i.kind AND m.id = i.id AND m.role = 'metadata'
LEFT JOIN files d ON d.kind = i.kind AND d.id = i.id AND d.role IN ('storage', 'file')
WHERE i.kind = ? AND i.id > ? {{container}} ORDER BY i.id LIMIT {CHUNK}
"""


@dataclass(frozen=True, slots=True)
class Item:
    """An item as recorded, with its metadata file and its body or file."""

    id: str
    title: str
    version: Version
    missing_since: str | None
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

    async def items(self, kind: Kind, *, container: str | None = None) -> AsyncIterator[list[Item]]:
        """All recorded items of a kind, or of those in one container, some at a time."""
        last = ""
        while True:
            query = _ITEMS.format(container="AND i.container = ?" if container is not None else "")
            parameters = (kind, last) if container is None else (kind, last, container)
            items = await self._run(partial(self._items, query, parameters))
            if items:
                yield items
            if len(items) < CHUNK:
                return
            last = items[-1].id

    def _items(self, query: str, parameters: tuple[str, ...]) -> list[Item]:
        return [_item(*row) for row in self._connection.execute(query, parameters)]

    async def path_of(self, kind: Kind, item_id: str, role: Role) -> PurePosixPath | None:
        query = "SELECT path FROM files WHERE kind = ? AND id = ? AND role = ?"
        row = await self._run(lambda: self._connection.execute(query, (kind, item_id, role)).fetchone())
        return _inside(row[0]) if row else None

    async def contents(self) -> dict[str, bool]:
        """The ids of all recorded content but attachments, and whether it has a body."""
        query = "SELECT id, max(role = 'storage') FROM files WHERE kind != 'attachment' GROUP BY kind, id"
        return await self._run(lambda: {row[0]: bool(row[1]) for row in self._connection.execute(query)})

    async def record(self, *entries: Entry) -> None:
        """Note items that are on disk; they are no longer missing."""
        await self._commit([statement for entry in entries for statement in entry.statements()])

    async def mark_contained_missing(self, container: str, *, since: str) -> None:
        """Note that what an item contains went missing with it."""
        update = "UPDATE items SET missing_since = ? WHERE container = ? AND missing_since IS NULL"
        await self._commit([(update, (since, container))])

    async def mark_missing(
        self, kind: Kind, ids: Iterable[str], *, since: str | None, container: str | None = None
    ) -> None:
        """Note that a complete listing lacked these items; with None, that they are back.

        With a container, only those still in it: an attachment may meanwhile be recorded elsewhere.
        """
        update = (
            "UPDATE items SET missing_since = ? "
            "WHERE kind = ? AND id = ? AND container IS coalesce(?, container)"
        )
        await self._commit([(update, (since, kind, item_id, container)) for item_id in ids])

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

    def _write(self, batch: list[Statement]) -> None:
        with self._connection:
            for sql, parameters in batch:
                self._connection.execute(sql, parameters)

    async def _run(self, work: Callable[[], T]) -> T:
        with _translated():
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)


@dataclass(frozen=True, slots=True)
class Entry:
    """What `record` notes of one item; `files` replace those recorded under the same role."""

    kind: Kind
    id: str
    title: str
    version: Version
    files: Mapping[Role, Stored]
    container: str | None = None

    def statements(self) -> list[Statement]:
        version = (self.version.number, well_formed(self.version.date))
        item = (self.kind, self.id, self.container, well_formed(self.title), *version, None)
        files: list[Statement] = [
            (
                "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?)",
                (self.kind, self.id, role, str(stored.path), stored.size, stored.sha256),
            )
            for role, stored in self.files.items()
        ]
        return [("INSERT OR REPLACE INTO items VALUES (?, ?, ?, ?, ?, ?, ?)", item), *files]


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
    with _translated(), closing(_connect(path)) as connection:
        return dict(connection.execute("SELECT key, value FROM meta"))


def _connect(path: Path | None, mode: int | None = None) -> sqlite3.Connection:
    """With a `mode` the file is made if absent: born private, where SQLite would ask the umask."""
    if path is None:
        connection = sqlite3.connect(":memory:")
    else:
        if mode is not None and not path.exists():
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600)
            os.fchmod(descriptor, mode)
            os.close(descriptor)
        if path.is_symlink():
            raise LocalError(f"{path} is a link: move it away")
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=10)
    try:
        _prepare(connection, path, create=mode is not None or path is None)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, path: Path | None, *, create: bool) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (objects,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if objects == 0 and version == 0 and create:
        connection.executescript(f"BEGIN; {_SCHEMA} COMMIT;")
    elif application != APPLICATION_ID:
        raise ManifestError(f"{path} is not a manifest of confluence-export")
    elif version > SCHEMA_VERSION:
        raise ManifestError(
            f"{path} was written by a newer confluence-export (schema {version}): upgrade this one"
        )
    connection.execute("PRAGMA synchronous = FULL")


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


def _item(  # the columns of `_ITEMS`
    item_id: str,
    title: str,
    number: int | None,
    date: str,
    missing_since: str | None,
    *files: Any,
) -> Item:
    metadata, data = _stored(*files[:3]), _stored(*files[3:])
    return Item(item_id, title, Version(number, date), missing_since, metadata, data)


def _stored(path: str | None, size: int, sha256: str) -> Stored | None:
    if path is None:
        return None
    if not (isinstance(path, str) and isinstance(size, int) and re.fullmatch("[0-9a-f]{64}", str(sha256))):
        raise ManifestError("the manifest is damaged: it records no usable size and SHA-256 of a file")
    return Stored(_inside(path), size, sha256)
