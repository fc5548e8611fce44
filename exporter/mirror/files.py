"""Every write to the mirror: beside the target, synced, then renamed over it, never through a link."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import itertools
import os
import secrets
import shutil
import stat
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Container,
    Iterable,
    Iterator,
    Sequence,
)
from concurrent.futures import Executor
from contextlib import ExitStack, aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, TypeVar

import aiofiles
from aiofiles.threadpool.binary import AsyncBufferedIOBase

from exporter.errors import LocalError, ObstructedError
from exporter.layout import RUNS, TEMP_PREFIX, TRASH
from exporter.mirror.below import NotAFolderError, Root, make_folder, make_with_parents, sync_folder
from exporter.mirror.uninterrupted import see_through

T = TypeVar("T")

KEPT_FREE = 64 << 20  # bytes: the manifest, the summary and whatever else shares the disk need room too
ROOM_CHECKED_EVERY = 64 << 20  # bytes of one download
SMALL = 256 << 10  # bytes of one download that memory holds until it is placed: a thread's turn is dear
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK  # of a pipe, too, at once
# What an open says where no file of ours is; ENXIO: a socket. Whatever else it says is no sign of absence.
_ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EISDIR, errno.ENXIO, errno.ENAMETOOLONG)
# What a link says where the file system has none, or no more of this file.
_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK, errno.EXDEV, errno.ENOSYS)


@dataclass(frozen=True, slots=True)
class Stored:
    """A file in place: path below the root, size in bytes, SHA-256 in hex."""

    path: PurePosixPath
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Incoming:
    """A file that has arrived whole, and where it is to go; a large one is on disk, at `temp`."""

    stored: Stored
    temp: PurePosixPath | None = None
    data: bytes | bytearray = b""


class InTheWay(Exception):
    """At the paths of files to be written there are others, which nobody said they know of."""

    def __init__(self, strangers: Sequence[PurePosixPath]) -> None:
        super().__init__(*map(str, strangers))
        self.strangers = strangers


class Files:
    """The files below one folder. Paths come from `layout`, never from a title or the manifest.

    The folder is pinned at its first use and may be a link; inside it none is followed, whenever it
    was put there. Files are born with mode 0600 and folders with 0700, then widened to `mode` while
    still empty. Every method raises `LocalError` where the disk refuses: no call is repeated, as after
    a failed sync the system may hold for written what is lost. `durable` off skips the syncs: for
    measuring what they cost.
    """

    def __init__(self, root: Path, *, mode: int, executor: Executor, durable: bool = True) -> None:
        self.root = root
        self._root = Root(root)
        self._mode = mode
        self._permissions = 0o700 if mode == 0o600 else 0o700 | mode | (mode & 0o444) >> 2  # of folders
        self._executor = executor
        self._durable = durable
        self._incoming: set[PurePosixPath] = set()

    async def make_root(self) -> None:
        """The root folder, with its parents."""
        with self._refusals(PurePosixPath()):
            await self._in_thread(lambda: make_with_parents(self.root, permissions=self._permissions))

    def close(self) -> None:
        """Nothing more will be asked for."""
        self._root.close()

    async def write_all(
        self, files: Sequence[tuple[PurePosixPath, bytes]], *, known: Container[Stored] | None = None
    ) -> list[Stored]:
        """Put several files in place; their folders are synced once, at the end.

        Raises `InTheWay`, and writes nothing, where others are there than those that are `known`.
        """
        return await self._in_thread(self._write_known, files, known)

    async def write_if_changed(self, path: PurePosixPath, parts: Iterable[bytes]) -> None:
        """Put a file in place unless it has the same bytes already; `parts` are never held together."""
        await self._in_thread(self._write_if_changed, path, parts)

    @asynccontextmanager
    async def receive(
        self, path: PurePosixPath, chunks: AsyncIterator[bytes], *, expected_size: int | None = None
    ) -> AsyncIterator[Incoming]:
        """A file of any size, whole but not yet in place: `place` it, or nothing is left of it.

        It lies in the parent of its own folder, which is made only for a whole file. Room on the disk is
        asked for beforehand, as far as the size is known, and again while it comes.
        """
        temp = path.parent.parent / _temp_name()
        with self._refusals(path):
            self.room_for(expected_size or 0)
            try:
                yield await self._receive(temp, path, chunks, expected_size or 0)
            finally:
                if temp in self._incoming:
                    self._discard(temp)

    async def place(
        self,
        incoming: Incoming,
        beside: Sequence[tuple[PurePosixPath, bytes]] = (),
        *,
        known: Container[Stored] | None = None,
    ) -> list[Stored]:
        """A received file, and then small ones that are about it; as `write_all`."""
        stored = await self._in_thread(self._place, incoming, beside, known)
        if incoming.temp is not None:
            self._incoming.discard(incoming.temp)
        return stored

    async def remove(self, path: PurePosixPath) -> None:
        await self._in_thread(self._remove, path)

    async def keep_all(self, pairs: Sequence[tuple[PurePosixPath, PurePosixPath]]) -> None:
        """Give files second names, or copy them where the disk has no second names. What isn't there is
        passed over; a second name that is taken gets a number."""
        await self._in_thread(self._keep_all, pairs)

    async def names_in(self, folder: PurePosixPath) -> list[str]:
        """What is in a folder; nothing where there is none."""
        return await self._in_thread(self._names_in, folder)

    async def remove_folder(self, folder: PurePosixPath) -> None:
        """With all that is in it."""
        await self._in_thread(self._remove_folder, folder)

    async def remove_empty_folders(self, folders: Iterable[PurePosixPath]) -> None:
        await self._in_thread(self._remove_empty, folders)

    async def read(self, path: PurePosixPath) -> bytes | None:
        """A small file of ours; None where no regular file is."""
        return await self._in_thread(self._read, path)

    async def rename(self, path: PurePosixPath, to: PurePosixPath) -> None:
        """Give a file another name in its folder."""
        await self._in_thread(self._rename, path, to)

    async def present(self, files: Sequence[Stored]) -> list[bool]:
        """For each, whether a regular file of that size is there."""
        if not files:
            return []
        return await self._in_thread(self._present, files)

    def is_file(self, path: PurePosixPath) -> bool:
        """Whether a regular file is there."""
        with self._reading(path), self._root.folder(path.parent) as folder:
            return _size(folder, path.name) is not None
        return False

    def refuse_links(self, names: Iterable[str]) -> None:
        """Raises `LocalError` where one of them in the root is there, but no regular file.

        For what others open by its name: SQLite follows links.
        """
        for name in names:
            with self._reading(PurePosixPath(name)):
                status = os.stat(name, dir_fd=self._root.descriptor, follow_symlinks=False)
                if not stat.S_ISREG(status.st_mode):
                    what = "a link" if stat.S_ISLNK(status.st_mode) else "no regular file"
                    raise LocalError(f"{self.root / name} is {what}: move it away")

    def room_for(self, size: int) -> None:
        """Raises `LocalError` where the disk would be all but full with so many bytes more."""
        with self._refusals(PurePosixPath()):
            disk = os.fstatvfs(self._root.descriptor)
        free = disk.f_bavail * disk.f_frsize
        if disk.f_blocks and free < size + KEPT_FREE:  # some network disks don't tell
            raise LocalError(
                f"the disk of {self.root} has {free >> 20} MiB left; the next file needs {size / 2**20:.1f}, "
                f"and {KEPT_FREE >> 20} stay free: make room, the next run continues"
            )

    async def digests(self, paths: Sequence[PurePosixPath]) -> list[Stored | None]:
        """For each, the regular file that is there."""
        return await self._in_thread(lambda: [self._digest(path) for path in paths])

    async def set_aside(self, path: PurePosixPath, folder: PurePosixPath) -> PurePosixPath:
        """Move a file out of the way, to a free name below `folder`; says where it is now."""
        return await self._in_thread(self._set_aside, path, folder)

    async def walk(self, folder: PurePosixPath) -> list[PurePosixPath]:
        """Every regular file below a folder; links are not followed."""
        return await self._in_thread(self._walk, folder)

    def discard_incoming(self) -> None:
        """Once the executor has ended: a thread may have made a file for a transfer that was cancelled."""
        for temp in self._incoming:
            self._discard(temp)

    async def sweep(self) -> None:
        """Remove what a killed run left unfinished."""
        await self._in_thread(self._sweep)

    async def _in_thread(self, work: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, work, *arguments)

    async def _receive(
        self, temp: PurePosixPath, path: PurePosixPath, chunks: AsyncIterator[bytes], expected_size: int
    ) -> Incoming:
        start = bytearray()
        async for chunk in chunks:
            start += chunk
            if len(start) > SMALL:
                async with aclosing(_joined(bytes(start), chunks)) as every:
                    return Incoming(await self._stream(temp, path, every, expected_size), temp)
        return Incoming(Stored(path, len(start), hashlib.sha256(start).hexdigest()), data=start)

    async def _stream(
        self, temp: PurePosixPath, path: PurePosixPath, chunks: AsyncIterator[bytes], expected_size: int
    ) -> Stored:
        size, checked, digest = 0, 0, hashlib.sha256()
        self._incoming.add(temp)

        def born(_: str, flags: int) -> int:  # one thread opens, uses and closes the folder
            with self._made(temp.parent) as folder:
                return self._born(folder, temp.name, flags)

        opening = aiofiles.open(temp.name, "wb", executor=self._executor, opener=born)
        async with _closing(opening) as file:
            async for chunk in chunks:
                digest.update(chunk)
                size += len(chunk)
                if size - checked >= ROOM_CHECKED_EVERY:
                    self.room_for(max(0, expected_size - size))
                    checked = size
                await file.write(chunk)
            await file.flush()
            await self._in_thread(self._settle, file.fileno(), size)
        return Stored(path, size, digest.hexdigest())

    def _present(self, files: Sequence[Stored]) -> list[bool]:
        """Folder by folder, as most neighbours share theirs."""
        found: list[bool] = []
        for parent, group in groupby(files, key=lambda file: file.path.parent):
            together = list(group)
            found += self._present_in(parent, together)
        return found

    def _present_in(self, parent: PurePosixPath, files: Sequence[Stored]) -> list[bool]:
        with self._reading(parent), self._root.folder(parent) as folder:
            return [self._has(folder, file) for file in files]
        return [False] * len(files)

    def _has(self, folder: int, file: Stored) -> bool:
        with self._reading(file.path):
            return _size(folder, file.path.name) == file.size
        return False

    def _read(self, path: PurePosixPath) -> bytes | None:
        with self._reading(path), self._root.folder(path.parent) as folder:
            descriptor = os.open(path.name, _READ, dir_fd=folder)
            with ExitStack() as last:
                last.callback(os.close, descriptor)
                if stat.S_ISREG(os.fstat(descriptor).st_mode):
                    with open(descriptor, "rb", closefd=False) as file:
                        return file.read()
        return None

    def _digest(self, path: PurePosixPath) -> Stored | None:
        with self._reading(path), self._root.folder(path.parent) as folder:
            descriptor = os.open(path.name, _READ, dir_fd=folder)
            with ExitStack() as last:
                last.callback(os.close, descriptor)
                status = os.fstat(descriptor)
                if stat.S_ISREG(status.st_mode):
                    with open(descriptor, "rb", closefd=False) as file:
                        return Stored(path, status.st_size, hashlib.file_digest(file, "sha256").hexdigest())
        return None

    def _set_aside(self, path: PurePosixPath, folder: PurePosixPath) -> PurePosixPath:
        target = folder / path.parent
        with self._refusals(target), self._root.folder(path.parent) as source, self._made(target) as aside:
            name = next(each for each in _numbered(path.name) if not _is_there(aside, each))
            os.rename(path.name, name, src_dir_fd=source, dst_dir_fd=aside)
            self._sync_folder(aside)
            self._sync_folder(source)
        return target / name

    def _walk(self, folder: PurePosixPath) -> list[PurePosixPath]:
        found: list[PurePosixPath] = []
        waiting = [folder]
        while waiting:
            each = waiting.pop()
            with (
                self._reading(each),
                self._root.folder(each) as descriptor,
                os.scandir(descriptor) as entries,
            ):
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(each / entry.name)
                    elif entry.is_file(follow_symlinks=False):
                        found.append(each / entry.name)
        return sorted(found)

    def _place(
        self,
        incoming: Incoming,
        beside: Sequence[tuple[PurePosixPath, bytes]],
        known: Container[Stored] | None,
    ) -> list[Stored]:
        path = incoming.stored.path
        self._refuse_strangers([path, *(each for each, _ in beside)], known)
        if incoming.temp is None:
            return self._write_all([(path, incoming.data), *beside])
        self._rename(incoming.temp, path)
        return [incoming.stored, *self._write_all(beside)]

    def _write_known(
        self, files: Sequence[tuple[PurePosixPath, bytes]], known: Container[Stored] | None
    ) -> list[Stored]:
        self._refuse_strangers([path for path, _ in files], known)
        return self._write_all(files)

    def _refuse_strangers(self, paths: Iterable[PurePosixPath], known: Container[Stored] | None) -> None:
        if known is not None:
            there = [each for each in map(self._digest, paths) if each is not None and each not in known]
            if there:
                raise InTheWay([each.path for each in there])

    def _rename(self, path: PurePosixPath, to: PurePosixPath) -> None:
        with self._refusals(to):
            self._move(path, to)

    def _move(self, path: PurePosixPath, to: PurePosixPath) -> None:
        with self._root.folder(path.parent) as source, self._made(to.parent) as target:
            os.replace(path.name, to.name, src_dir_fd=source, dst_dir_fd=target)
            self._sync_folder(target)
            if path.parent != to.parent:
                self._sync_folder(source)

    def _remove(self, path: PurePosixPath) -> None:
        absent = contextlib.suppress(FileNotFoundError)
        with self._refusals(path), absent, self._root.folder(path.parent) as folder:
            os.unlink(path.name, dir_fd=folder)
            self._sync_folder(folder)

    def _keep_all(self, pairs: Sequence[tuple[PurePosixPath, PurePosixPath]]) -> None:
        for path, to in pairs:
            absent = contextlib.suppress(FileNotFoundError)
            with self._refusals(to), self._made(to.parent) as target:
                with absent, self._root.folder(path.parent) as source:
                    self._keep(source, path.name, target, to.name)
                self._sync_folder(target)

    def _keep(self, source: int, name: str, target: int, to: str) -> None:
        if _size(source, name) is None:
            return
        for free in _numbered(to):
            try:
                os.link(name, free, src_dir_fd=source, dst_dir_fd=target, follow_symlinks=False)
            except FileExistsError:
                if os.path.samestat(_status(source, name), _status(target, free)):  # of a run that was killed
                    return
                continue
            except OSError as exc:
                if exc.errno not in _NO_LINKS:
                    raise
                self._copy(source, name, target, free)
            return

    def _copy(self, source: int, name: str, target: int, to: str) -> None:
        with ExitStack() as last:
            descriptor = os.open(name, _READ, dir_fd=source)
            last.callback(os.close, descriptor)
            original = last.enter_context(open(descriptor, "rb", closefd=False))
            temp = _temp_name()
            last.callback(_unlink, target, temp)
            copy = last.enter_context(
                open(temp, "wb", opener=lambda name, flags: self._born(target, name, flags))
            )
            shutil.copyfileobj(original, copy)
            copy.flush()
            self._settle(copy.fileno(), os.fstat(descriptor).st_size)
            os.rename(temp, to, src_dir_fd=target, dst_dir_fd=target)

    def _names_in(self, folder: PurePosixPath) -> list[str]:
        with self._reading(folder), self._root.folder(folder) as descriptor:
            return sorted(os.listdir(descriptor))  # noqa: PTH208 — a descriptor, not a path
        return []

    def _remove_folder(self, folder: PurePosixPath) -> None:
        with self._refusals(folder), self._root.folder(folder.parent) as parent:
            if stat.S_ISDIR(os.stat(folder.name, dir_fd=parent, follow_symlinks=False).st_mode):
                shutil.rmtree(folder.name, dir_fd=parent)  # which follows no link below it either

    def _remove_empty(self, folders: Iterable[PurePosixPath]) -> None:
        for folder in folders:
            with contextlib.suppress(OSError), self._root.folder(folder.parent) as parent:
                os.rmdir(folder.name, dir_fd=parent)

    def _sweep(self) -> None:
        raw = PurePosixPath("raw")
        self._sweep_folder(PurePosixPath())
        self._sweep_folder(RUNS)
        for path in [*self._folders(TRASH)]:
            self._sweep_folder(path)
        for name in self._sweep_folder(raw):
            inner = self._sweep_folder(raw / name)
            if name == "history":  # no other folder of an item's own ever holds any
                for item in inner:
                    self._sweep_folder(raw / name / item)

    def _folders(self, path: PurePosixPath) -> Iterator[PurePosixPath]:
        """The folders below one, at any depth."""
        names: list[str] = []
        with self._reading(path), self._root.folder(path) as folder, os.scandir(folder) as entries:
            names = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
        for name in names:
            yield path / name
            yield from self._folders(path / name)

    def _sweep_folder(self, path: PurePosixPath) -> list[str]:
        """Drop the temporary files of one folder; returns the names of the folders in it."""
        inner: list[str] = []
        with self._reading(path), self._root.folder(path) as folder, os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    inner.append(entry.name)
                elif entry.name.startswith(TEMP_PREFIX):
                    _unlink(folder, entry.name)
        return inner

    def _write_all(self, files: Sequence[tuple[PurePosixPath, bytes | bytearray]]) -> list[Stored]:
        folders: dict[PurePosixPath, int] = {}
        with ExitStack() as opened:
            for path, data in files:
                with self._refusals(path):
                    if path.parent not in folders:
                        folders[path.parent] = opened.enter_context(self._made(path.parent))
                    self._put(folders[path.parent], path.name, [data])
            for path, folder in folders.items():
                with self._refusals(path):
                    self._sync_folder(folder)
        return [Stored(path, len(data), hashlib.sha256(data).hexdigest()) for path, data in files]

    def _write_if_changed(self, path: PurePosixPath, parts: Iterable[bytes]) -> None:
        with self._refusals(path), self._made(path.parent) as folder:
            self._put(folder, path.name, parts, unless_same=True)
            self._sync_folder(folder)

    def _put(
        self, folder: int, name: str, parts: Iterable[bytes | bytearray], *, unless_same: bool = False
    ) -> None:
        temp, size = _temp_name(), 0
        try:
            with open(temp, "w+b", opener=lambda temp, flags: self._born(folder, temp, flags)) as file:
                for part in parts:
                    size += file.write(part)
                file.flush()
                if unless_same and _same(file, folder, name):
                    return
                self._settle(file.fileno(), size)
            os.replace(temp, name, src_dir_fd=folder, dst_dir_fd=folder)
        finally:
            _unlink(folder, temp)

    @contextmanager
    def _made(self, path: PurePosixPath) -> Iterator[int]:
        """A descriptor of a folder, made with its parents where it is absent."""
        with ExitStack() as opened:
            try:
                folder = opened.enter_context(self._root.folder(path))
            except FileNotFoundError:
                if not path.parts:  # the root itself
                    raise
                with self._made(path.parent) as parent, contextlib.suppress(FileExistsError):
                    make_folder(parent, path.name, permissions=self._permissions)
                    self._sync_folder(parent)
                folder = opened.enter_context(self._root.folder(path))
            yield folder

    def _born(self, folder: int, name: str, flags: int) -> int:
        """A new file, in which nobody else can look."""
        flags |= os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(name, flags, 0o600, dir_fd=folder)
        if self._mode != 0o600:
            os.fchmod(descriptor, self._mode)
        return descriptor

    def _settle(self, descriptor: int, size: int) -> None:
        """Raises where the disk doesn't hold what was written, whatever it said while that was written."""
        kept = os.fstat(descriptor).st_size
        if kept != size:
            raise OSError(errno.EIO, f"only {kept} of {size} bytes were kept")
        if self._durable:
            os.fsync(descriptor)

    def _sync_folder(self, descriptor: int) -> None:
        if self._durable:
            sync_folder(descriptor)

    def _discard(self, temp: PurePosixPath) -> None:
        with contextlib.suppress(OSError), self._root.folder(temp.parent) as folder:
            _unlink(folder, temp.name)

    @contextmanager
    def _refusals(self, path: PurePosixPath) -> Iterator[None]:
        try:
            yield
        except NotAFolderError as exc:
            own = len(exc.place.parts) > 2  # an attachment's; any other is for all
            blocked = ObstructedError if own else LocalError
            place = self.root / exc.place
            raise blocked(f"{place} is not a folder: move it away, the next run makes it anew") from exc
        except IsADirectoryError as exc:
            raise ObstructedError(f"{self.root / path} is a folder: move it away") from exc
        except OSError as exc:
            raise LocalError(f"cannot write {self.root / path}: {exc.strerror or exc}") from exc

    @contextmanager
    def _reading(self, path: PurePosixPath) -> Iterator[None]:
        """Passes over what is absent; what can't be read for another reason must not count as that."""
        try:
            yield
        except OSError as exc:
            if exc.errno not in _ABSENT:
                raise LocalError(f"cannot read {self.root / path}: {exc.strerror or exc}") from exc


@asynccontextmanager
async def _closing(opening: Awaitable[AsyncBufferedIOBase]) -> AsyncIterator[AsyncBufferedIOBase]:
    """The file, closed also when the transfer is cancelled while a thread is just opening it."""
    opened: list[AsyncBufferedIOBase] = []

    async def open_it() -> None:
        opened.append(await opening)

    try:
        await see_through(open_it())
        yield opened[0]
    finally:
        for file in opened:
            await see_through(file.close())


async def _joined(start: bytes, rest: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    yield start
    async for chunk in rest:
        yield chunk


def _temp_name() -> str:
    return f"{TEMP_PREFIX}{secrets.token_hex(8)}"


def _numbered(name: str) -> Iterator[str]:
    """`name`, `name.2`, `name.3` …"""
    yield name
    for number in itertools.count(2):
        yield f"{name}.{number}"


def _is_there(folder: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _status(folder: int, name: str) -> os.stat_result:
    return os.stat(name, dir_fd=folder, follow_symlinks=False)


def _size(folder: int, name: str) -> int | None:
    """Of a regular file; None of anything else."""
    status = _status(folder, name)
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _same(file: BinaryIO, folder: int, name: str) -> bool:
    """Whether the file of that name has the bytes of the open one."""
    try:
        descriptor = os.open(name, _READ, dir_fd=folder)
    except OSError:
        return False
    with ExitStack() as last:
        last.callback(os.close, descriptor)
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size != file.tell():
            return False
        file.seek(0)
        with open(descriptor, "rb", closefd=False) as other:
            while (part := file.read(1 << 16)) == other.read(1 << 16):
                if not part:
                    return True
    return False


def _unlink(folder: int, name: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(name, dir_fd=folder)
