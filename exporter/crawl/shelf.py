"""Values by key on a temporary file: a space may have more of them than memory should hold."""

from __future__ import annotations

import pickle
import sqlite3
from typing import Generic, TypeVar

from exporter.errors import LocalError

T = TypeVar("T")


class Shelf(Generic[T]):
    """Several values for each key, in the order in which they came.

    SQLite keeps few of them in memory, the rest in a private file without a name, which goes with the
    shelf. Raises `LocalError` where the disk refuses.
    """

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)
        self._do("PRAGMA journal_mode = OFF")
        self._do("CREATE TABLE kept (place INTEGER PRIMARY KEY, key TEXT, value BLOB)")
        self._do("CREATE INDEX keys ON kept (key)")
        self._do("BEGIN")

    def put(self, key: str, value: T) -> None:
        self._do("INSERT INTO kept (key, value) VALUES (?, ?)", key, pickle.dumps(value))

    def of(self, key: str) -> list[T]:
        rows = self._do("SELECT value FROM kept WHERE key = ? ORDER BY place", key)
        return [pickle.loads(value) for (value,) in rows]  # noqa: S301 — what this process put there

    def close(self) -> None:
        self._database.close()

    def _do(self, sql: str, *values: str | bytes) -> list[tuple[bytes]]:
        try:
            return self._database.execute(sql, values).fetchall()
        except sqlite3.Error as exc:
            raise LocalError(f"a temporary file can't be used: {exc}") from exc
