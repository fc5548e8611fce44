"""What a connection that failed means: a matter of the network, or of this machine."""

from __future__ import annotations

import errno
import os
import socket

import aiohttp

from exporter.errors import LocalError, TransientError

# Out of descriptors or memory: the next request would fail likewise, and so will the disk.
_OF_THIS_MACHINE = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)


def failure(exc: Exception, host: str, otherwise: str = "can't be reached") -> TransientError | LocalError:
    """The error to raise for it; never with the text of the exception, which may hold a signed URL."""
    if (number := _local(exc)) is not None:
        return LocalError(
            f"no connection to {host}: {os.strerror(number)}; let this process open more files (ulimit -n), "
            "or set fewer workers"
        )
    if isinstance(exc, TimeoutError):
        return TransientError(f"{host} is too slow")
    reason = getattr(exc, "strerror", None)
    return TransientError(f"{host} {otherwise} ({reason or type(exc).__name__})")


def _local(exc: BaseException | None) -> int | None:
    """The number of an error that is this machine's, wherever in the chain it stands."""
    looked_up = isinstance(exc, aiohttp.ClientConnectorDNSError)
    while exc is not None:
        if isinstance(exc, OSError) and exc.errno in _OF_THIS_MACHINE:
            return exc.errno
        exc = exc.__cause__ or exc.__context__
    return _no_socket() if looked_up else None


def _no_socket() -> int | None:
    """A name that can't be looked up says no more than "try again" when descriptors ran out."""
    try:
        socket.socket().close()
    except OSError as exc:
        return exc.errno if exc.errno in _OF_THIS_MACHINE else None
    return None
