"""Whether a mirror's files are those that its manifest records: sizes, SHA-256, and nothing else there."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path, PurePosixPath
from threading import Event

from exporter import layout
from exporter.clock import Clock
from exporter.errors import LocalError, ManifestError
from exporter.mirror.below import Root
from exporter.mirror.lock import locked
from exporter.mirror.manifest import CHUNK, Manifest, Recorded, open_manifest

READERS = 4  # threads that read files: disks are the limit, not processors
BLOCK = 1 << 20

_ABSENT = (errno.ENOENT, errno.ENOTDIR)
_HARMED = (errno.EIO, errno.ELOOP, errno.EISDIR, errno.ENXIO, getattr(errno, "EUCLEAN", errno.EIO))
"""Reading fails because of what lies there; any other failure is a matter of the machine or of rights."""


@dataclass(frozen=True, slots=True)
class Subset:
    """One of several slices: each path is in exactly one, whether something is recorded at it or not."""

    number: int = 0
    of: int = 1

    def holds(self, path: str) -> bool:
        digest = hashlib.sha256(path.encode(errors="surrogateescape")).digest()
        return (int.from_bytes(digest[:8], "big") - self.number) % self.of == 0

    @classmethod
    def parse(cls, text: str, *, today: date) -> Subset:
        """`2/30`, or `day/30`: another one each day, all of them in thirty. Raises `ValueError`."""
        number, slash, of = text.strip().partition("/")
        if not (slash and of.isdecimal() and of.isascii() and 0 < int(of) <= 1_000_000):
            raise ValueError(f"{text!r} is no part of a mirror such as 1/30 or day/30")
        if number == "day":
            return cls(today.toordinal(), int(of))
        if not (number.isdecimal() and number.isascii() and 1 <= int(number) <= int(of)):
            raise ValueError(f"{text!r} is no part of a mirror: they are 1/{of} to {of}/{of}, and day/{of}")
        return cls(int(number), int(of))


@dataclass(frozen=True, slots=True)
class Damage:
    """A file that isn't as recorded. `is_last`: Confluence no longer shows what was in it."""

    path: PurePosixPath
    reason: str
    is_last: bool
    is_missing: bool = False


@dataclass
class Verified:
    """What was looked at, and what was found."""

    checked: int = 0
    size: int = 0  # bytes recorded of what was checked
    damages: list[Damage] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)


async def verify(folder: Path, subset: Subset, *, clock: Clock) -> Verified:
    """Read every recorded file of the slice, mark in the manifest what is damaged, name what is too much.

    Nothing below `raw/` is written, no link is followed. Raises `LockedError` while a run works on the
    mirror, `ManifestError` for an unusable manifest, `LocalError` when the disk refuses.
    """
    path = folder / layout.MANIFEST
    async with AsyncExitStack() as stack:
        stack.enter_context(locked(folder / layout.LOCK, now=clock.now()))
        with _refusals(path):
            mode = stat.S_IMODE(os.lstat(path).st_mode)
        root = stack.enter_context(contextlib.closing(Root(folder)))
        readers = stack.enter_context(_readers())
        manifest = await stack.enter_async_context(open_manifest(path, mode=mode))
        found = Verified()
        await _check_files(manifest, subset, found, _Reader(root, *readers))
        await _find_extra(manifest, subset, found, _walk(root, layout.RAW))
    return found


class _Reader:
    """Compares files with what is recorded of them, on a few threads."""

    def __init__(self, root: Root, executor: ThreadPoolExecutor, stopped: Event) -> None:
        self._root, self._executor, self._stopped = root, executor, stopped

    async def look(self, files: list[Recorded]) -> list[Damage | None]:
        loop = asyncio.get_running_loop()
        return await asyncio.gather(
            *(loop.run_in_executor(self._executor, self._look, file) for file in files)
        )

    def _look(self, file: Recorded) -> Damage | None:
        try:
            reason = self._differs(file)
        except OSError as exc:
            path = file.stored.path
            if exc.errno in _ABSENT:
                return Damage(path, "is missing", file.is_last, is_missing=True)
            if exc.errno not in _HARMED:
                raise LocalError(f"cannot read {path}: {exc.strerror or exc}") from exc
            reason = "is a link" if exc.errno == errno.ELOOP else f"cannot be read: {exc.strerror or exc}"
        return Damage(file.stored.path, reason, file.is_last) if reason else None

    def _differs(self, file: Recorded) -> str | None:
        with _opened(self._root, file.stored.path) as descriptor:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                return "is no file"
            if file.next_sha256 is None and status.st_size != file.stored.size:
                return f"has {status.st_size} bytes, {file.stored.size} are recorded"
            if self._sha256(descriptor) not in (file.stored.sha256, file.next_sha256):
                return "holds other bytes than were recorded"
        return None

    def _sha256(self, descriptor: int) -> str:
        digest = hashlib.sha256()
        while not self._stopped.is_set() and (block := os.read(descriptor, BLOCK)):
            digest.update(block)
        return digest.hexdigest()


async def _check_files(manifest: Manifest, subset: Subset, found: Verified, reader: _Reader) -> None:
    async for some in manifest.every_file():
        files = [file for file in some if subset.holds(str(file.stored.path))]
        damages = [damage for damage in await reader.look(files) if damage is not None]
        found.checked += len(files)
        found.size += sum(file.stored.size for file in files)
        found.damages += damages
        marked = {file.stored.path for file in files if file.is_damaged}
        bad = {damage.path for damage in damages}
        if bad - marked:
            await manifest.mark_damaged(bad - marked, damaged=True)
        if marked - bad:  # somebody has put them back
            await manifest.mark_damaged(marked - bad, damaged=False)


async def _find_extra(manifest: Manifest, subset: Subset, found: Verified, paths: Iterator[str]) -> None:
    names = (path for path in paths if subset.holds(path))
    while some := await asyncio.to_thread(lambda: list(islice(names, CHUNK))):
        texts = [path for path in some if _is_text(path)]
        found.extra += {*some} - {*texts}
        found.extra += await manifest.unrecorded(texts) if texts else []
    found.extra.sort()


def _is_text(path: str) -> bool:
    """Names that aren't, no file of ours can have."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _walk(root: Root, folder: PurePosixPath) -> Iterator[str]:
    """Everything below a folder that is no folder, but what a killed run left and the next one sweeps."""
    folders = []
    try:
        with root.folder(folder) as descriptor, os.scandir(descriptor) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(folder / entry.name)
                elif not entry.name.startswith(layout.TEMP_PREFIX):
                    yield str(folder / entry.name)
    except OSError as exc:
        if exc.errno in (*_ABSENT, errno.ELOOP):
            return
        raise LocalError(f"cannot list {folder}: {exc.strerror or exc}") from exc
    for below in folders:
        yield from _walk(root, below)


@contextmanager
def _opened(root: Root, path: PurePosixPath) -> Iterator[int]:
    """A file for reading. Raises `OSError` where it, or a folder above it, is a link."""
    with root.folder(path.parent) as folder:  # a pipe in a file's place must not keep us waiting
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
        descriptor = os.open(path.name, flags, dir_fd=folder)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _readers() -> Iterator[tuple[ThreadPoolExecutor, Event]]:
    """Threads that let go of a large file at once when they are no longer needed."""
    stopped = Event()
    executor = ThreadPoolExecutor(READERS, thread_name_prefix="verify")
    try:
        yield executor, stopped
    finally:
        stopped.set()
        executor.shutdown(cancel_futures=True)


@contextmanager
def _refusals(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as exc:
        raise ManifestError(f"{path} is missing: the next export makes it anew") from exc
    except OSError as exc:
        raise LocalError(f"cannot open {path}: {exc.strerror or exc}") from exc
