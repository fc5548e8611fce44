"""Reads what a run left on disk."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SHIFTING = (
    "manifest.sqlite",
    "manifest.backup.sqlite",
    "last-run.json",
    "runs/",
    ".confluence-export.lock",
)
"""Files that name times, so that two runs differ in them."""

DERIVED = ("site/", "site.cache.sqlite", "markdown/", "markdown.cache.sqlite")
"""Files that are made from the others, and name the server."""

Key = tuple[str, str]
"""Kind and id."""


def tree(folder: Path) -> dict[str, str]:
    """Every file below a folder: path → SHA-256. Folders end in a slash, links say where they lead."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = f"→ {path.readlink()}"
        elif path.is_dir():
            found[name + "/"] = ""
        else:
            found[name] = sha256(path)
    return found


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True)
class Item:
    """One thing as the manifest has it; ``files`` by role: path, size, SHA-256."""

    title: str
    version: int | None
    date: str
    missing_since: str | None
    container: str | None
    files: dict[str, tuple[str, int, str]]


@dataclass(frozen=True)
class SpaceOnDisk:
    """The mirror of one space."""

    folder: Path

    def contents(self) -> dict[str, str]:
        """What was mirrored, without the files that two runs may differ in, and those made from it."""
        return {
            name: digest
            for name, digest in tree(self.folder).items()
            if not name.startswith(SHIFTING + DERIVED) and not name.endswith("/")
        }

    def originals(self) -> dict[str, str]:
        """The same without what was put aside on the way."""
        aside = ("set-aside/", "trash/")
        return {name: digest for name, digest in self.contents().items() if not name.startswith(aside)}

    def items(self) -> dict[Key, Item]:
        with closing(sqlite3.connect(self.folder / "manifest.sqlite")) as connection:
            files: dict[Key, dict[str, tuple[str, int, str]]] = {}
            for kind, item_id, role, *file in connection.execute(
                "SELECT kind, id, role, path, size, sha256 FROM files"
            ):
                files.setdefault((kind, item_id), {})[role] = (file[0], file[1], file[2])
            rows = connection.execute(
                "SELECT kind, id, title, version_number, version_date, missing_since, container FROM items"
            )
            return {
                (kind, item_id): Item(title, number, date, since, container, files.get((kind, item_id), {}))
                for kind, item_id, title, number, date, since, container in rows
            }

    def meta(self) -> dict[str, str]:
        with closing(sqlite3.connect(self.folder / "manifest.sqlite")) as connection:
            return dict(connection.execute("SELECT key, value FROM meta"))

    def missing(self) -> set[str]:
        """The ids of the items marked missing."""
        return {item_id for (_, item_id), item in self.items().items() if item.missing_since is not None}

    def states(self) -> dict[str, str]:
        """What is missing, and what became of it, by id."""
        with closing(sqlite3.connect(self.folder / "manifest.sqlite")) as connection:
            return dict(connection.execute("SELECT id, state FROM items WHERE missing_since IS NOT NULL"))

    def live(self) -> dict[str, str]:
        """The originals of all that isn't missing: path → SHA-256."""
        missing = {
            path
            for item in self.items().values()
            if item.missing_since is not None
            for path, _, _ in item.files.values()
        }
        return {
            name: digest
            for name, digest in self.contents().items()
            if name.startswith("raw/") and name not in missing and not name.endswith(".missing.json")
        }

    def body(self, page_id: str, kind: str = "page") -> bytes:
        return (self.folder / "raw" / f"{kind}s" / f"{page_id}.storage.xml").read_bytes()

    def metadata(self, item_id: str, kind: str = "page") -> dict[str, Any]:
        document = json.loads((self.folder / "raw" / f"{kind}s" / f"{item_id}.json").read_bytes())
        assert isinstance(document, dict)
        return document

    def attachment(self, attachment_id: str) -> Path:
        """The one file in an attachment's folder."""
        (path,) = (self.folder / "raw" / "attachments" / attachment_id).iterdir()
        return path

    def last_run(self) -> dict[str, Any]:
        document = json.loads((self.folder / "last-run.json").read_text("utf-8"))
        assert isinstance(document, dict)
        return document

    def nodes(self) -> dict[str, dict[str, Any]]:
        """``tree.json`` by id."""
        rows = json.loads((self.folder / "tree.json").read_bytes())
        return {row["id"]: row for row in rows}

    def assert_whole(self) -> None:
        """Nothing torn: each recorded file has its size and hash, each mirrored file is recorded."""
        present = {name: digest for name, digest in self.contents().items() if name.startswith("raw/")}
        recorded = {}
        for key, item in self.items().items():
            assert item.files or key[0] == "comment", f"{key} is recorded without a file"
            for path, size, digest in item.files.values():
                recorded[path] = digest
                assert (self.folder / path).stat().st_size == size
        assert recorded == present
        assert not list(self.folder.rglob(".tmp-*"))
