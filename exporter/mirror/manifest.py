"""The manifest: what is mirrored, at which version, with which size and SHA-256 (SQLite)."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from exporter.errors import LocalError, ManifestError
from exporter.layout import well_formed
from exporter.mirror import journal, rows
from exporter.mirror.entry import Entry as Entry
from exporter.mirror.entry import Role as Role
from exporter.mirror.entry import Statement
from exporter.mirror.files import Stored
from exporter.mirror.manifest_file import connect, save_copy, translated
from exporter.mirror.rows import Item as Item
from exporter.mirror.rows import Recorded as Recorded
from exporter.mirror.schema import SCHEMA_VERSION as SCHEMA_VERSION
from exporter.mirror.uninterrupted import see_through
from exporter.model import IN_TREE, Kind, State

T = TypeVar("T")

CHUNK = 1000  # items read at once

_COLUMNS = """
SELECT i.kind, i.id, i.container, i.title, i.version_number, i.version_date,
       i.missing_since, i.state, i.listed_sha256,
       m.path, m.size, m.sha256, d.path, d.size, d.sha256
FROM items i
LEFT JOIN files m ON m.kind = i.kind AND m.id = i.id AND m.role = 'metadata'
LEFT JOIN files d ON d.kind = i.kind AND d.id = i.id AND d.role IN ('storage', 'file')
"""
_ITEMS = f"{_COLUMNS} WHERE i.kind = ? AND i.id > ? ORDER BY i.id LIMIT {CHUNK}"
_CONTAINED = f"{_COLUMNS} WHERE i.kind IN ('attachment', 'comment', 'version')"
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
_FILES = f"""
SELECT f.path, f.size, f.sha256, f.damaged,
       f.role = 'missing-comments' OR i.missing_since IS NOT NULL, w.sha256
FROM files f
LEFT JOIN items i ON i.kind = f.kind AND i.id = f.id
LEFT JOIN writing w ON w.path = f.path
WHERE f.path > ? ORDER BY f.path LIMIT {CHUNK}
"""
_HOLDING = frozenset({Kind.PAGE, Kind.BLOGPOST, Kind.CUSTOM_CONTENT, Kind.ATTACHMENT})


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
        self._next: asyncio.Task[None] | None = None
        self._committing = asyncio.Lock()
        self._failure: LocalError | ManifestError | None = None
        self._damaged: set[PurePosixPath] | None = None

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

    async def contained(self, containers: Sequence[str]) -> list[Item]:
        """The attachments, comments and former versions of some items."""
        query = f"{_CONTAINED} AND i.container IN ({', '.join('?' * len(containers))})"
        return await self._run(partial(self._items, query, containers))

    def _items(self, query: str, parameters: Sequence[str]) -> list[Item]:
        return [rows.item(*row) for row in self._connection.execute(query, parameters)]

    async def files(self, kind: Kind, ids: Sequence[str]) -> dict[str, dict[Role, Stored]]:
        """The files recorded of some items."""
        return await self._run(partial(journal.files_of, self._connection, kind, ids))

    async def every_file(self) -> AsyncIterator[list[Recorded]]:
        """All recorded files in the order of their paths, some at a time."""

        def read(last: str) -> list[Recorded]:
            return [rows.recorded(*row) for row in self._connection.execute(_FILES, (last,))]

        last = ""
        while files := await self._run(partial(read, last)):
            yield files
            last = str(files[-1].stored.path)

    async def unrecorded(self, paths: Sequence[str]) -> list[str]:
        """Those of some paths that no file is recorded at, and none is on its way to or from."""
        marks = ", ".join("?" * len(paths))
        query = " UNION ALL ".join(
            f"SELECT path FROM {table} WHERE path IN ({marks})" for table in ("files", "writing", "leaving")
        )
        known = await self._run(lambda: {row[0] for row in self._connection.execute(query, [*paths] * 3)})
        return [path for path in paths if path not in known]

    async def damaged(self) -> AbstractSet[PurePosixPath]:
        """The paths of the files that were found damaged, and not recorded anew since."""

        def read() -> set[PurePosixPath]:
            if self._damaged is None:  # on the thread that also commits: no change comes in between
                rows = self._connection.execute("SELECT path FROM files WHERE damaged")
                self._damaged = {PurePosixPath(row[0]) for row in rows}
            return self._damaged

        return self._damaged if self._damaged is not None else await self._run(read)

    async def mark_damaged(self, paths: Iterable[PurePosixPath], *, damaged: bool) -> None:
        """Note that files are not as recorded, or are again; recording them anew forgets it."""
        mark = "UPDATE files SET damaged = ? WHERE path = ?"
        await self._commit([(mark, (int(damaged), str(path))) for path in paths])
        self._damaged = None

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

    async def count(self, kind: Kind | None) -> int:
        """How many items of a kind are recorded; without one, of all that stand for themselves."""
        query = f"SELECT count(*) FROM items WHERE {'kind = ?' if kind else _FOR_ITSELF}"
        asked = (kind,) if kind else ()
        return await self._run(lambda: int(self._connection.execute(query, asked).fetchone()[0]))

    async def weigh(self, kind: Kind, item_id: str) -> int:
        """How many of these an item is with all that it contains."""
        query = f"SELECT count(*) FROM temp.inside WHERE {_FOR_ITSELF}"
        return int((await self._of_all(kind, item_id, query))[0][0])

    async def recorded_in(self, kind: Kind, item_id: str, container: str | None) -> bool:
        """Whether an item is recorded, and still in that container where one is named."""
        query = "SELECT 1 FROM items WHERE kind = ? AND id = ? AND container IS coalesce(?, container)"
        asked = (kind, item_id, container)
        return await self._run(lambda: self._connection.execute(query, asked).fetchone() is not None)

    async def files_of_all(self, kind: Kind, item_id: str) -> list[Stored]:
        """The files of an item and of all that it contains."""
        query = f"SELECT path, size, sha256 FROM files WHERE {_OF_ALL} ORDER BY path"
        found = await self._of_all(kind, item_id, query)
        return [stored for row in found if (stored := rows.stored(*row)) is not None]

    async def _of_all(self, kind: Kind, item_id: str, query: str) -> list[Any]:
        """What a query of `temp.inside` finds, with an item and what it contains in that."""

        def read() -> list[Any]:
            with self._connection:
                for sql, parameters in _all_of(kind, item_id):
                    self._connection.execute(sql, parameters)
                return self._connection.execute(query).fetchall()

        return await self._run(read)

    async def forget(self, kind: Kind, item_id: str) -> None:
        """Record an item, and all that it contains, no more. Its files are noted as leaving."""
        leave = f"INSERT OR IGNORE INTO leaving SELECT path FROM files WHERE {_OF_ALL}"
        await self._commit(
            [
                *_all_of(kind, item_id),
                (leave, ()),
                *((f"DELETE FROM {table} WHERE {_OF_ALL}", ()) for table in ("files", "people", "items")),
            ]
        )

    async def record(self, *entries: Entry) -> None:
        """Note items that are on disk; they are no longer missing."""
        await self._commit([statement for entry in entries for statement in entry.statements()])
        if self._damaged:
            self._damaged -= {stored.path for entry in entries for stored in entry.files.values()}

    async def known(
        self, paths: Sequence[PurePosixPath], of: tuple[Kind, str] | None = None
    ) -> journal.Known:
        """What may lie at some paths: what is recorded, and what is noted as on its way. With `of`, also
        the files that are recorded of that item."""
        return await self._run(partial(journal.known, self._connection, paths, of))

    async def all_files(self) -> list[Stored]:
        """Every recorded file."""
        return await self._run(partial(journal.files, self._connection))

    async def begin(self, coming: Sequence[Stored]) -> None:
        """Note what is about to be put over recorded files; `record` takes each note away."""
        await self._commit([journal.begun(each) for each in coming])

    async def ended(self, *, arrived: Sequence[Stored], not_arrived: Sequence[Stored]) -> None:
        """Settle notes of `begin` that no `record` took away: what has arrived is recorded as it is, and its
        item so that the next plan looks at it again."""
        statements = [statement for each in arrived for statement in journal.arrived(each)]
        await self._commit([*statements, *(journal.forgotten(each) for each in not_arrived)])

    async def under_way(self) -> list[Stored]:
        """What `begin` noted and no `record` took away."""
        return await self._run(partial(journal.under_way, self._connection))

    async def leaving(self) -> list[PurePosixPath]:
        """Files that are no longer recorded and have to be removed."""
        return await self._run(partial(journal.leaving, self._connection))

    async def left(self, paths: Iterable[PurePosixPath]) -> None:
        """Note that such files are removed."""
        await self._commit([journal.left(path) for path in paths])

    async def drop(self, files: Iterable[Stored]) -> None:
        """Forget files that are lost; their items are looked at again."""
        await self._commit([statement for each in files for statement in journal.lost(each)])

    async def backup(self, path: Path, *, mode: int) -> None:
        """Copy the whole manifest, as it is at one moment, over an older copy."""
        await self._run(partial(save_copy, self._connection, path, mode))

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
        if self._next is None:
            self._next = asyncio.create_task(self._commit_pending())
        await see_through(self._next)

    async def _commit_pending(self) -> None:
        """All that is pending once the commit under way has ended: whoever waits for it wakes at once."""
        async with self._committing:
            batch, self._pending, self._next = self._pending, [], None
            if self._failure is not None:  # what it lacks may be what these build on
                raise self._failure
            try:
                await self._run(lambda: self._write(batch))
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
        with translated():
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)


_FOR_ITSELF = "kind NOT IN ('comment', 'version', 'task', 'space', 'users')"
_OF_ALL = "(kind, id) IN (SELECT kind, id FROM temp.inside)"


def _all_of(kind: Kind, item_id: str) -> list[Statement]:
    """An item and what it contains, into `temp.inside`."""
    contained: list[Statement] = [(_INSIDE, (item_id,))] if kind in _HOLDING else []
    itself: Statement = ("INSERT INTO temp.inside VALUES (?, ?)", (kind, item_id))
    return [("DELETE FROM temp.inside", ()), *contained, itself]


def _on_contained(item_id: str, update: str, parameters: tuple[Any, ...]) -> list[Statement]:
    """Do something to all that an item contains: by primary key, as there may be a hundred thousand."""
    return [("DELETE FROM temp.inside", ()), (_INSIDE, (item_id,)), (update, parameters)]


@asynccontextmanager
async def open_manifest(path: Path | None, *, mode: int | None) -> AsyncIterator[Manifest]:
    """The manifest at `path`, made with `mode` if absent; without a path an empty one, never written."""
    with ThreadPoolExecutor(1, thread_name_prefix="manifest") as thread:
        loop = asyncio.get_running_loop()
        with translated():
            connection = await loop.run_in_executor(thread, connect, path, mode)
        try:
            yield Manifest(connection, thread)
        finally:
            await asyncio.shield(loop.run_in_executor(thread, connection.close))
