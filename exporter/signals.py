"""Signals that ask the run to stop, from before the first heavy import to the very end."""

from __future__ import annotations

import signal
from types import FrameType

from exporter.errors import Exit

CODES = {
    signal.SIGINT: Exit.INTERRUPTED,
    signal.SIGTERM: Exit.TERMINATED,
    signal.SIGHUP: Exit.HANGUP,
}


class Stopped(BaseException):
    """A signal came while no event loop was running."""

    def __init__(self, code: Exit) -> None:
        super().__init__(code.meaning)
        self.code = code


def wanted() -> dict[signal.Signals, Exit]:
    """Those that whoever started us did not tell us to ignore, as nohup does."""
    return {number: code for number, code in CODES.items() if signal.getsignal(number) is not signal.SIG_IGN}


def arm() -> None:
    """Outside an event loop a signal raises `Stopped`; asyncio resets that when it takes them over."""
    for number in wanted():
        signal.signal(number, _stop)


def _stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 — how handlers are called
    raise Stopped(CODES[signal.Signals(number)])
