"""One run at a time on one space: a lock the kernel frees when its holder dies."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from exporter.errors import LocalError, LockedError


@contextlib.contextmanager
def locked(path: Path, *, now: datetime) -> Iterator[None]:
    """Hold the lock file at `path`. Raises `LockedError` naming the holder, at once."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as exc:
        raise LocalError(f"cannot open the lock {path}: {exc.strerror}") from exc
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 200, 0).decode(errors="replace").strip() or "another run"
            raise LockedError(f"{holder} is working on {path.parent}; nothing was done") from None
        except OSError as exc:
            raise LocalError(f"cannot lock {path}: {exc.strerror}; is it on a network disk?") from exc
        if os.fstat(descriptor).st_nlink != 1:  # writing would change whatever else it is the name of
            raise LocalError(f"{path} has a second name: remove it")
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"process {os.getpid()}, since {now:%Y-%m-%d %H:%M:%S} UTC\n".encode(), 0)
        except OSError as exc:
            raise LocalError(f"cannot write {path}: {exc.strerror}") from exc
        yield
    finally:
        os.close(descriptor)
