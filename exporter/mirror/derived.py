"""Files that are made from the originals: unsynced, as they can be made anew; gone when nobody makes them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from concurrent.futures import Executor
from itertools import groupby
from pathlib import Path, PurePosixPath

from exporter.mirror.files import Files


class Derived(Files):
    """As the originals are written, but unsynced; what has the same bytes already is left as it is."""

    def __init__(self, root: Path, *, mode: int, executor: Executor) -> None:
        super().__init__(root, mode=mode, executor=executor, durable=False)

    async def write(self, path: PurePosixPath, data: bytes) -> bool:
        """Whether there was anything to write."""
        return await self._in_thread(self._write, path, data)

    async def write_several(self, files: Iterable[tuple[PurePosixPath, bytes]]) -> int:
        """How many of them there was anything to write of. All in one go: a page is sooner written than a
        thread is waited for."""
        return await self._in_thread(lambda: sum(self._write(path, data) for path, data in files))

    async def link(self, path: PurePosixPath, to: PurePosixPath) -> bool:
        """Make `to` a second name of an original, or a copy where the disk has no second names; whether it
        wasn't. Of an original that isn't there nothing is left."""
        return await self._in_thread(self._link, path, to)

    async def below(self, folder: PurePosixPath) -> dict[PurePosixPath, int]:
        """All files that are there, at any depth, with their sizes."""
        return await self._in_thread(self._sizes, folder)

    def _write(self, path: PurePosixPath, data: bytes) -> bool:
        with self._refusals(path), self._made(path.parent) as folder:
            if _holds(folder, path.name, data):
                return False
            self._put(folder, path.name, [data])
        return True

    def _sizes(self, folder: PurePosixPath) -> dict[PurePosixPath, int]:
        found: dict[PurePosixPath, int] = {}
        for parent, paths in groupby(self._walk(folder), key=lambda path: path.parent):
            with self._reading(parent), self._root.folder(parent) as descriptor:
                for path in paths:
                    status = os.stat(path.name, dir_fd=descriptor, follow_symlinks=False)
                    found[path] = status.st_size
        return found

    def _link(self, path: PurePosixPath, to: PurePosixPath) -> bool:
        with (
            self._refusals(to),
            contextlib.suppress(FileNotFoundError),
            self._made(to.parent) as target,
            self._root.folder(path.parent) as source,
        ):
            original = os.stat(path.name, dir_fd=source, follow_symlinks=False)
            if _is_of(original, target, to.name):
                return False
            with contextlib.suppress(FileNotFoundError):
                os.unlink(to.name, dir_fd=target)
            self._keep(source, path.name, target, to.name)
            made = os.stat(to.name, dir_fd=target, follow_symlinks=False)
            if not os.path.samestat(original, made):  # so that the copy is known again
                times = (original.st_atime_ns, original.st_mtime_ns)
                os.utime(to.name, ns=times, dir_fd=target, follow_symlinks=False)
            return True
        return False


def _holds(folder: int, name: str, data: bytes) -> bool:
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except OSError:
        return False
    with os.fdopen(descriptor, "rb") as file:
        return os.fstat(descriptor).st_size == len(data) and file.read() == data


def _is_of(original: os.stat_result, folder: int, name: str) -> bool:
    """Whether a file is another name of the original, or the copy that was made of it."""
    try:
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return os.path.samestat(original, status) or (
        (original.st_size, original.st_mtime_ns) == (status.st_size, status.st_mtime_ns)
    )
