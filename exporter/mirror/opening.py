"""Which folders are mirrors of ours, and how one is opened: locked, or only looked at."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path
from typing import Any

from exporter import layout
from exporter.clock import Clock
from exporter.errors import DamagedManifest, LocalError, ManifestError, UsageError
from exporter.mirror.files import Files
from exporter.mirror.lock import locked
from exporter.mirror.manifest import Manifest, open_manifest
from exporter.mirror.manifest_file import is_lost, is_manifest, peek
from exporter.mirror.mirror import WRITERS, Mirror
from exporter.mirror.placing import settle
from exporter.mirror.recovery import heal
from exporter.mirror.rehearsal import Rehearsal
from exporter.mirror.summaries import save_summary

# SQLite opens the journal of a killed run by itself, and writes what is in it wherever it finds it.
_MANIFEST_FILES = [
    name + suffix for name in (layout.MANIFEST, layout.BACKUP) for suffix in ("", "-journal", "-wal", "-shm")
]


@asynccontextmanager
async def open_mirror(
    folder: Path, *, mode: int, clock: Clock, durable: bool = True
) -> AsyncIterator[Mirror]:
    """Lock a space's folder, made if absent, and open what it holds.

    What a killed run began is ended, and a damaged manifest is healed. Raises `LockedError` while
    another run works on it, `ManifestError` when its manifest is a newer version's or is none of
    ours, `LocalError` when the disk refuses.
    """
    with (
        ThreadPoolExecutor(WRITERS, thread_name_prefix="files") as executor,
        closing(Files(folder, mode=mode, executor=executor, durable=durable)) as files,
    ):
        await files.make_root()
        with locked(folder / layout.LOCK, now=clock.now()), contextlib.ExitStack() as last:
            last.callback(files.discard_incoming)
            last.callback(executor.shutdown)  # no thread writes on when the lock is free
            files.refuse_links(_MANIFEST_FILES)
            await files.sweep()
            async with _manifest(files, mode, clock) as (manifest, warnings):
                await settle(files, manifest)
                mirror = Mirror(files, manifest, clock)
                mirror.warnings.extend(warnings)
                yield mirror


@asynccontextmanager
async def _manifest(files: Files, mode: int, clock: Clock) -> AsyncIterator[tuple[Manifest, list[str]]]:
    """The manifest of a locked mirror, healed if it is damaged: with what there is to say of that."""
    path = files.root / layout.MANIFEST
    warnings: list[str] = []
    async with AsyncExitStack() as stack:
        try:
            _check_not_lost(path)
            manifest = await stack.enter_async_context(open_manifest(path, mode=mode))
        except DamagedManifest as exc:
            warnings.append(await heal(files, path, mode=mode, now=clock.now(), why=exc))
            manifest = await stack.enter_async_context(open_manifest(path, mode=mode))
        yield manifest, warnings


def _check_not_lost(path: Path) -> None:
    if is_lost(path):
        raise DamagedManifest(f"{path} is lost or empty")


async def save_summary_beside(folder: Path, document: Mapping[str, Any], *, mode: int, clock: Clock) -> None:
    """The summary of a run that could not open its mirror, or whose mirror is closed again.

    Raises `LockedError` while another run works on it: the summary will be that run's.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="files") as executor:
        files = Files(folder, mode=mode, executor=executor)
        with locked(folder / layout.LOCK, now=clock.now()):
            await save_summary(files, document)


@asynccontextmanager
async def look_at_mirror(folder: Path, *, clock: Clock) -> AsyncIterator[Rehearsal]:
    """What a folder holds, if anything, without lock or write: for a dry run."""
    path = folder / layout.MANIFEST
    with (
        ThreadPoolExecutor(1, thread_name_prefix="files") as executor,
        closing(Files(folder, mode=0o600, executor=executor)) as files,
    ):
        files.refuse_links(_MANIFEST_FILES)
        _check_not_lost(path)
        async with open_manifest(
            path if _is_file(path) and path.stat().st_size else None, mode=None
        ) as manifest:
            yield Rehearsal(files, manifest, clock)


def find_mirrors(out: Path) -> dict[Path, Mapping[str, str]]:
    """The mirrors in an output folder with what `Mirror.note` noted of them.

    Raises `UsageError` for a folder that is neither empty nor ours, so that nobody's files get
    mixed with a mirror's, and `LocalError` where it cannot be read.
    """
    try:
        entries = sorted(out.iterdir())
    except FileNotFoundError:
        return {}
    except NotADirectoryError as exc:
        raise UsageError(f"{out} cannot be used as output folder: it is a file") from exc
    except OSError as exc:
        raise LocalError(f"cannot read {out}: {exc.strerror}") from exc
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
    manifest = folder / layout.MANIFEST
    return (_is_file(manifest) and is_manifest(manifest)) or _is_file(folder / layout.LOCK)


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
