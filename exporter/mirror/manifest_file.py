"""The manifest's file: made, opened, checked, brought up to date."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

from exporter.errors import DamagedManifest, LocalError, ManifestError
from exporter.layout import RAW, TEMP_PREFIX
from exporter.mirror import rows
from exporter.mirror.schema import APPLICATION_ID, MIGRATIONS, SCHEMA, SCHEMA_VERSION

SMALLEST = 512  # bytes: what is smaller, SQLite takes for empty
BESIDE = ("-journal", "-wal", "-shm")


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
    with translated(), closing(_open(path)) as connection:
        return dict(connection.execute("SELECT key, value FROM meta"))


def connect(path: Path | None, mode: int | None = None) -> sqlite3.Connection:
    """With a `mode` the file is made if absent, and brought to this schema; without, only a copy is.

    Raises `DamagedManifest` unless all that it records can be read and makes sense.
    """
    connection = sqlite3.connect(":memory:") if path is None else _open(path, mode)
    try:
        version = _version(connection, path)
        if version == 0:
            if path is not None and mode is None:
                raise ManifestError(f"{path} is not a manifest of confluence-export")
            connection.executescript(f"BEGIN; {SCHEMA} COMMIT;")
        else:
            _check(connection, path)
            if version < SCHEMA_VERSION:
                connection = _migrated(connection, version, path, mode)
            rows.check(connection)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TEMP TABLE inside (kind TEXT, id TEXT)")
    except BaseException:
        connection.close()
        raise
    return connection


def _check(connection: sqlite3.Connection, path: Path | None) -> None:
    """SQLite looks at a page only when it needs it: damage would show in the middle of a run.

    And what a last page lacks, it takes for zeros.
    """
    (page_size,) = connection.execute("PRAGMA page_size").fetchone()
    if path is not None and path.stat().st_size % page_size:
        raise DamagedManifest("the manifest is damaged: it is cut")
    (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise DamagedManifest(f"the manifest is damaged: {found}")


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
        save_copy(connection, path.with_name(f"{path.name}.{version}"), mode)
    steps = "".join(MIGRATIONS[each] for each in range(version, SCHEMA_VERSION))
    connection.executescript(f"BEGIN; {steps} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")
    return connection


def save_copy(connection: sqlite3.Connection, path: Path, mode: int) -> None:
    """All of a manifest, as it is at one moment, in the place of an older copy: whole or not at all."""
    temp = path.with_name(f"{TEMP_PREFIX}{path.name}")
    remove(temp)
    try:
        _make(temp, mode)
        with closing(sqlite3.connect(temp)) as copy:
            connection.backup(copy)
        _sync(temp)
        temp.replace(path)
    finally:
        remove(temp)
    _sync(path.parent)


def remove(path: Path) -> None:
    """A database, with what SQLite keeps beside it."""
    for suffix in ("", *BESIDE):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def move_away(path: Path, to: Path) -> None:
    """A database with its journal, which must never be applied to another one of its name."""
    for suffix in (*BESIDE, ""):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + suffix).rename(to.with_name(to.name + suffix))
    _sync(path.parent)


def put_in_place(path: Path, to: Path) -> None:
    """A finished database that nobody has open, under its name."""
    _sync(path)
    path.replace(to)
    _sync(to.parent)


def is_lost(path: Path) -> bool:
    """Whether originals lie beside no manifest, or an empty one: one was there, and must not start anew."""
    try:
        if path.lstat().st_size >= SMALLEST:
            return False
    except FileNotFoundError:
        pass
    raw = path.with_name(RAW.name)
    return raw.is_dir() and not raw.is_symlink() and any(files for _, _, files in os.walk(raw))


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as exc:
        if _is_refusal(exc):
            raise LocalError(f"cannot use the manifest: {exc}") from exc
        raise DamagedManifest(f"the manifest is damaged: {exc}") from exc
    except UnicodeDecodeError as exc:  # a damaged name in SQLite's own sentence, or a damaged text
        raise DamagedManifest("the manifest is damaged: it holds text that is no UTF-8") from exc
    except OSError as exc:
        raise LocalError(f"cannot open the manifest: {exc.strerror or exc}") from exc


def _is_refusal(exc: sqlite3.DatabaseError) -> bool:
    """Full, read-only, locked, no permission: not damage, which is mostly no operational error."""
    if not isinstance(exc, sqlite3.OperationalError) or "UTF-8" in str(exc):
        return False
    return getattr(exc, "sqlite_errorcode", None) != sqlite3.SQLITE_ERROR
