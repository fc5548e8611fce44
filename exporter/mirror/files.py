"""Every write to the mirror: beside the target, synced, then renamed over it."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import filecmp
import hashlib
import os
import secrets
import stat
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

import aiofiles

from exporter.errors import LocalError, ObstructedError
from exporter.layout import TEMP_PREFIX

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Stored:
    """A file in place: path below the root, size in bytes, SHA-256 in hex."""

    path: PurePosixPath
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Incoming:
    """A file that has arrived whole, and where it is to go."""

    temp: Path
    stored: Stored


class Files:
    """The files below one folder. Paths come from `layout`, never from a title or the manifest.

    Files are born with mode 0600 and folders with 0700, then widened to `mode` while still empty.
    Every method raises `LocalError` where the disk refuses. `durable` off skips the syncs: for
    measuring what they cost.
    """

    def __init__(self, root: Path, *, mode: int, executor: Executor, durable: bool = True) -> None:
        self.root = root
        self._mode = mode
        self._executor = executor
        self._durable = durable
        self._ready_folders: set[PurePosixPath] = set()
        self._incoming: set[Path] = set()

    async def make_root(self) -> None:
        """The root folder, with its parents."""
        with self._refusals(PurePosixPath()):
            await self._in_thread(self._make_root)

    async def write_all(self, files: Sequence[tuple[PurePosixPath, bytes]]) -> list[Stored]:
        """Put several files in place; their folders are synced once, at the end."""
        return await self._in_thread(self._write_all, files)

    async def write_if_changed(self, path: PurePosixPath, parts: Iterable[bytes]) -> None:
        """Put a file in place unless it has the same bytes already; `parts` are never held together."""
        await self._in_thread(self._write_if_changed, path, parts)

    @asynccontextmanager
    async def receive(self, path: PurePosixPath, chunks: AsyncIterator[bytes]) -> AsyncIterator[Incoming]:
        """A file of any size, whole but not yet in place: `place` it, or nothing is left of it.

        It lies in the parent of its own folder, which is made only for a whole file.
        """
        size, digest = 0, hashlib.sha256()
        with self._refusals(path):
            temp = await self._in_thread(self._temp, path.parent.parent)
            self._incoming.add(temp)
            try:
                async with aiofiles.open(temp, "wb", executor=self._executor, opener=self._open) as file:
                    async for chunk in chunks:
                        digest.update(chunk)
                        size += len(chunk)
                        await file.write(chunk)
                yield Incoming(temp, Stored(path, size, digest.hexdigest()))
                self._incoming.remove(temp)
            finally:
                _discard(temp)

    async def place(self, incoming: Incoming) -> Stored:
        with self._refusals(incoming.stored.path):
            await self._in_thread(self._place, incoming.temp, incoming.stored.path)
        return incoming.stored

    async def remove(self, path: PurePosixPath) -> None:
        await self._in_thread(self._remove, path)

    async def read(self, path: PurePosixPath) -> bytes | None:
        """A small file of ours; None where no regular file is."""
        return await self._in_thread(self._read, path)

    async def rename(self, path: PurePosixPath, to: PurePosixPath) -> None:
        """Give a file another name in its folder."""
        await self._in_thread(self._rename, path, to)

    async def present(self, files: Sequence[Stored]) -> list[bool]:
        """For each, whether a regular file of that size is there."""
        return await self._in_thread(lambda: [self._has(file) for file in files])

    def discard_incoming(self) -> None:
        """Once the executor has ended: a thread may have made a file for a transfer that was cancelled."""
        for temp in self._incoming:
            _discard(temp)

    async def sweep(self) -> None:
        """Remove what a killed run left unfinished."""
        await self._in_thread(self._sweep)

    async def _in_thread(self, work: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, work, *arguments)

    def _make_root(self) -> None:
        for folder in reversed([self.root, *self.root.parents]):
            if not folder.exists():
                self._make_one(folder)

    def _has(self, file: Stored) -> bool:
        try:
            status = os.lstat(self.root / file.path)
        except OSError:
            return False
        return stat.S_ISREG(status.st_mode) and status.st_size == file.size

    def _read(self, path: PurePosixPath) -> bytes | None:
        """What can't be read for another reason than that it isn't there must not count as absent."""
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
        try:
            descriptor = os.open(self.root / path, flags)
            with os.fdopen(descriptor, "rb") as file:
                return file.read() if stat.S_ISREG(os.fstat(descriptor).st_mode) else None
        except OSError as exc:
            if exc.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EISDIR):
                return None
            raise LocalError(f"cannot read {self.root / path}: {exc.strerror or exc}") from exc

    def _rename(self, path: PurePosixPath, to: PurePosixPath) -> None:
        with self._refusals(to):
            (self.root / path).replace(self.root / to)
            self._sync_folder(to.parent)

    def _remove(self, path: PurePosixPath) -> None:
        with self._refusals(path):
            (self.root / path).unlink(missing_ok=True)

    def _sweep(self) -> None:
        raw = self.root / "raw"
        # an attachment's own folder never holds any
        for folder in (self.root, raw, *raw.glob("*/"), *raw.glob("history/*/")):
            for temp in folder.glob(f"{TEMP_PREFIX}*"):
                _discard(temp)

    def _write_all(self, files: Sequence[tuple[PurePosixPath, bytes]]) -> list[Stored]:
        stored = [self._write(path, data) for path, data in files]
        for folder in {path.parent for path, _ in files}:
            self._sync_folder(folder)
        return stored

    def _write(self, path: PurePosixPath, data: bytes) -> Stored:
        self._put(path, [data])
        return Stored(path, len(data), hashlib.sha256(data).hexdigest())

    def _write_if_changed(self, path: PurePosixPath, parts: Iterable[bytes]) -> None:
        self._put(path, parts, unless_same=True)
        self._sync_folder(path.parent)

    def _put(self, path: PurePosixPath, parts: Iterable[bytes], *, unless_same: bool = False) -> None:
        with self._refusals(path):
            temp = self._temp(path.parent)
            try:
                with open(temp, "wb", opener=self._open) as file:
                    file.writelines(parts)
                    file.flush()
                    self._sync(file.fileno())
                if not (unless_same and _same(temp, self.root / path)):
                    temp.replace(self.root / path)
            finally:
                _discard(temp)

    def _place(self, temp: Path, path: PurePosixPath) -> None:
        with temp.open("rb") as file:
            self._sync(file.fileno())
        self._make_folder(path.parent)
        temp.replace(self.root / path)
        self._sync_folder(path.parent)
        self._sync_folder(path.parent.parent)

    def _temp(self, folder: PurePosixPath) -> Path:
        self._make_folder(folder)
        return self.root / folder / f"{TEMP_PREFIX}{secrets.token_hex(8)}"

    def _make_folder(self, folder: PurePosixPath) -> None:
        """Make it with its parents; a link in its place is refused, not followed."""
        if folder in self._ready_folders:
            return
        if folder.parts:
            self._make_folder(folder.parent)
        path = self.root / folder
        with contextlib.suppress(FileExistsError):
            self._make_one(path)
            if folder.parts:
                self._sync_folder(folder.parent)
        if folder.parts and not stat.S_ISDIR(os.lstat(path).st_mode):
            blocked = ObstructedError if len(folder.parts) > 2 else LocalError  # an attachment's own, or all
            raise blocked(f"{path} is not a folder: move it away, the next run makes it anew")
        self._ready_folders.add(folder)

    def _make_one(self, path: Path) -> None:
        path.mkdir(mode=0o700)
        if self._mode != 0o600:
            path.chmod(0o700 | self._mode | (self._mode & 0o444) >> 2)

    def _open(self, path: str, flags: int) -> int:
        descriptor = os.open(path, flags | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        if self._mode != 0o600:
            os.fchmod(descriptor, self._mode)
        return descriptor

    def _sync(self, descriptor: int) -> None:
        if self._durable:
            os.fsync(descriptor)

    def _sync_folder(self, folder: PurePosixPath) -> None:
        if not self._durable:
            return
        descriptor = os.open(self.root / folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def _refusals(self, path: PurePosixPath) -> Iterator[None]:
        try:
            yield
        except IsADirectoryError as exc:
            raise ObstructedError(f"{self.root / path} is a folder: move it away") from exc
        except OSError as exc:
            raise LocalError(f"cannot write {self.root / path}: {exc.strerror or exc}") from exc


def _same(one: Path, other: Path) -> bool:
    try:
        return stat.S_ISREG(os.lstat(other).st_mode) and filecmp.cmp(one, other, shallow=False)
    except OSError:
        return False


def _discard(temp: Path) -> None:
    with contextlib.suppress(OSError):
        temp.unlink()
