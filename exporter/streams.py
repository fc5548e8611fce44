"""What is printed to: made to survive what cron hands us, and readers that go away."""

from __future__ import annotations

import io
import os
import sys
from typing import TextIO


class Enduring(io.TextIOWrapper):
    """A stream that goes on, into nothing, when nobody reads any more or its disk is full.

    That is no reason to call a run a failure, nor to end it.
    """

    def write(self, text: str, /) -> int:
        try:
            return super().write(text)
        except OSError:
            self._to_nowhere()
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except OSError:
            self._to_nowhere()

    def _to_nowhere(self) -> None:
        """What is still in the buffer goes there as well, at the latest when the interpreter ends."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())
        os.close(nowhere)


def prepare() -> None:
    """Once, before anything is printed: closed descriptors, an ASCII locale, readers that may go."""
    if sys.getfilesystemencoding() != "utf-8":  # file names would not be those of another night
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:  # else the next file opened would take its number
            os.open(os.devnull, os.O_RDWR)
    sys.stdout = _enduring(sys.stdout)
    sys.stderr = _enduring(sys.stderr)


def _enduring(stream: TextIO | None) -> TextIO:
    if stream is None:
        return open(os.devnull, "w")  # noqa: PTH123 — open as long as the process
    if type(stream) is not io.TextIOWrapper:  # one that a test reads, or made so before
        return stream
    encoding, buffered_by_line = stream.encoding, stream.line_buffering
    return Enduring(
        stream.detach(), encoding=encoding, errors="backslashreplace", line_buffering=buffered_by_line
    )
