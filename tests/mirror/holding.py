"""Whether what a manifest records is what the disk holds."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path


def recorded(folder: Path) -> dict[str, tuple[int, str]]:
    """Path → size and SHA-256."""
    return {path: (size, sha256) for path, size, sha256 in _rows(folder, "files")}


def on_disk(folder: Path) -> dict[str, tuple[int, str]]:
    """The same of the originals that are there."""
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_size, _sha256(path))
        for path in (folder / "raw").rglob("*")
        if path.is_file()
    }


def is_true(folder: Path) -> bool:
    """Every file is what the manifest records, or what it says was about to be put there."""
    there = on_disk(folder)
    noted = {path: (size, sha256) for path, size, sha256 in _rows(folder, "writing")}
    renamed = {file for path, file in noted.items() if there.get(path) == file}
    return all(
        there.get(path) == file or (path in noted and there.get(path) == noted[path]) or file in renamed
        for path, file in recorded(folder).items()
    )


def noted(folder: Path) -> list[str]:
    """The paths of the notes that are not settled."""
    return [row[0] for table in ("writing", "leaving") for row in _rows(folder, table)]


def items(folder: Path) -> set[tuple[str, str]]:
    """Kind and id of all that is recorded."""
    with closing(sqlite3.connect(folder / "manifest.sqlite")) as connection:
        return set(connection.execute("SELECT kind, id FROM items"))


def _rows(folder: Path, table: str) -> list[tuple[str, int, str]]:
    columns = "path" if table == "leaving" else "path, size, sha256"
    with closing(sqlite3.connect(folder / "manifest.sqlite")) as connection:
        return connection.execute(f"SELECT {columns} FROM {table}").fetchall()


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
