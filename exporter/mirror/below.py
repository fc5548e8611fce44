"""Folders below a root, opened without following a link: what is done there, is done below the root."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NO_MAGICLINKS, _NO_SYMLINKS, _BENEATH = 0x02, 0x04, 0x08
_SYS_OPENAT2 = 437  # the same on every architecture that CPython runs on
_NO_FOLDER = (errno.ENOTDIR, errno.ELOOP, errno.EXDEV)
_NO_OPENAT2 = (
    errno.ENOSYS,
    errno.EPERM,
    errno.EAGAIN,
)  # old kernel; sandbox; something was renamed meanwhile


class NotAFolderError(OSError):
    """A link, or something else that is no folder, lies at `place`, a path below the root."""

    def __init__(self, place: PurePosixPath) -> None:
        super().__init__(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(place))
        self.place = place


class Root:
    """The root of a mirror, opened at its first use and then pinned, whatever its path comes to name.

    It may be a link itself: that is its owner's choice. Every method may be called from any thread.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._opening = threading.Lock()
        self._descriptor: int | None = None
        self._close: Callable[[], object] = lambda: None

    @property
    def descriptor(self) -> int:
        """Of the root itself; raises `FileNotFoundError` while there is none."""
        with self._opening:
            if self._descriptor is None:
                self._descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
                self._close = weakref.finalize(self, os.close, self._descriptor)
            return self._descriptor

    @contextmanager
    def folder(self, path: PurePosixPath) -> Iterator[int]:
        """A descriptor of the folder at `path`: of that very folder, also when its name is taken over.

        Raises `NotAFolderError` for a link on the way, `FileNotFoundError` where nothing is.
        """
        descriptor = beneath(self.descriptor, path)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def close(self) -> None:
        """The descriptor is of no use any more."""
        with self._opening:
            self._close()
            self._descriptor = -1  # never anew: by then the path may name another folder


def beneath(root: int, path: PurePosixPath) -> int:
    """Open a folder below one that is open, in one call where the kernel can, else step by step."""
    _check(path)
    if _openat2 is not None:
        try:
            return _openat2(root, path)
        except OSError as exc:
            if exc.errno not in _NO_FOLDER + _NO_OPENAT2:
                raise
    return walked(root, path)  # which also knows at which place the link is


def walked(root: int, path: PurePosixPath) -> int:
    """Open a folder below one that is open, a component at a time: for kernels without `openat2`."""
    _check(path)
    descriptor = os.open(".", _FOLDER, dir_fd=root)
    for depth, name in enumerate(path.parts, start=1):
        try:
            inner = os.open(name, _FOLDER, dir_fd=descriptor)
        except OSError as exc:
            if exc.errno in _NO_FOLDER:
                raise NotAFolderError(PurePosixPath(*path.parts[:depth])) from exc
            raise
        finally:
            os.close(descriptor)
        descriptor = inner
    return descriptor


def sync_folder(descriptor: int) -> None:
    """Put a folder's names on disk, where its file system knows such a thing (some network disks don't)."""
    try:
        os.fsync(descriptor)
    except OSError as exc:
        if exc.errno != errno.EINVAL:
            raise


def make_folder(parent: int, name: str, *, permissions: int) -> None:
    """Make one in a folder that is open, whatever the umask; raises `FileExistsError` as `os.mkdir` does."""
    os.mkdir(name, 0o700, dir_fd=parent)
    if permissions != 0o700:
        descriptor = os.open(name, _FOLDER, dir_fd=parent)
        try:
            os.fchmod(descriptor, permissions)
        finally:
            os.close(descriptor)


def make_with_parents(path: Path, *, permissions: int) -> None:
    """Make the root: outside it the owner's links are followed. What is there already keeps its mode."""
    for folder in reversed([path, *path.parents]):
        if not folder.exists():
            folder.mkdir(mode=0o700)
            if permissions != 0o700:
                folder.chmod(permissions)
            with contextlib.suppress(PermissionError):  # a parent in which we may make, but not list
                _sync_path(folder.parent)


def _sync_path(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        sync_folder(descriptor)
    finally:
        os.close(descriptor)


def _check(path: PurePosixPath) -> None:
    if path.is_absolute() or ".." in path.parts:
        raise NotAFolderError(path)


class _How(ctypes.Structure):
    """`struct open_how`."""

    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


def _find_openat2() -> Callable[[int, PurePosixPath], int] | None:
    if sys.platform != "linux":
        return None
    syscall = ctypes.CDLL(None, use_errno=True).syscall
    syscall.restype = ctypes.c_long
    syscall.argtypes = (ctypes.c_long, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_size_t)
    how = _How(_FOLDER, 0, _BENEATH | _NO_SYMLINKS | _NO_MAGICLINKS)

    def openat2(root: int, path: PurePosixPath) -> int:
        while True:
            descriptor = syscall(_SYS_OPENAT2, root, os.fsencode(path), ctypes.byref(how), ctypes.sizeof(how))
            if descriptor >= 0:
                return int(descriptor)
            if (error := ctypes.get_errno()) != errno.EINTR:
                raise OSError(error, os.strerror(error), str(path))

    return openat2


_openat2 = _find_openat2()
