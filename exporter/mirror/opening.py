"""Which folders are mirrors of ours, and how one is opened: locked, or only looked at."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

from exporter import layout
from exporter.clock import Clock
from exporter.errors import LocalError, ManifestError, UsageError
from exporter.mirror.files import Files
from exporter.mirror.lock import locked
from exporter.mirror.manifest import is_manifest, open_manifest, peek
from exporter.mirror.mirror import WRITERS, Mirror
from exporter.mirror.rehearsal import Rehearsal


@asynccontextmanager
async def open_mirror(
    folder: Path, *, mode: int, clock: Clock, durable: bool = True
) -> AsyncIterator[Mirror]:
    """Lock a space's folder, made if absent, and open what it holds.

    Raises `LockedError` while another run works on it, `ManifestError` when its manifest is
    unusable, `LocalError` when the disk refuses.
    """
    with ThreadPoolExecutor(WRITERS, thread_name_prefix="files") as executor:
        files = Files(folder, mode=mode, executor=executor, durable=durable)
        await files.make_root()
        with locked(folder / layout.LOCK, now=clock.now()), contextlib.ExitStack() as last:
            last.callback(files.discard_incoming)
            last.callback(executor.shutdown)  # no thread writes on when the lock is free
            async with open_manifest(folder / layout.MANIFEST, mode=mode) as manifest:
                await files.sweep()
                yield Mirror(files, manifest, clock)


@asynccontextmanager
async def look_at_mirror(folder: Path, *, clock: Clock) -> AsyncIterator[Rehearsal]:
    """What a folder holds, if anything, without lock or write: for a dry run."""
    path = folder / layout.MANIFEST
    with ThreadPoolExecutor(1, thread_name_prefix="files") as executor:
        files = Files(folder, mode=0o600, executor=executor)
        async with open_manifest(
            path if _is_file(path) and path.stat().st_size else None, mode=None
        ) as manifest:
            yield Rehearsal(files, manifest, clock)


def find_mirrors(out: Path) -> dict[Path, Mapping[str, str]]:
    """The mirrors in an output folder with what `Mirror.note` noted of them.

    Raises `UsageError` for a folder that is neither empty nor ours, so that nobody's files get
    mixed with a mirror's.
    """
    try:
        entries = sorted(out.iterdir())
    except FileNotFoundError:
        return {}
    except OSError as exc:
        raise UsageError(f"{out} cannot be used as output folder: {exc.strerror}") from exc
    ours = [entry for entry in entries if is_mirror(entry)]
    if not ours and any(not _is_empty_folder(entry) for entry in entries):
        raise UsageError(f"{out} is not empty and holds no mirror: name a new or empty folder")
    return {folder: _noted(folder) for folder in ours}


def _noted(folder: Path) -> Mapping[str, str]:
    """Nothing for a manifest that is absent or unusable: opening that mirror will say so."""
    try:
        return peek(folder / layout.MANIFEST)
    except (ManifestError, LocalError):
        return {}


def is_mirror(folder: Path) -> bool:
    return is_manifest(folder / layout.MANIFEST) or _is_file(folder / layout.LOCK)


def check_space_folder(folder: Path) -> None:
    """Raises `UsageError` where something that is no mirror is in a new mirror's place."""
    if folder.is_symlink() or (folder.exists() and not is_mirror(folder) and not _is_empty_folder(folder)):
        raise UsageError(f"{folder} exists and is no mirror: move it away, or name another output folder")


def _is_empty_folder(path: Path) -> bool:
    try:
        return path.is_dir() and not path.is_symlink() and not any(path.iterdir())
    except OSError:  # not ours to read: somebody has put something there
        return False


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False
