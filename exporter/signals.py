"""Signals that ask the run to stop, from before the first heavy import to the very end.

The first one stops the run cleanly, the second ends the process at once. When the run is over and its
summary is kept, even the first can only end what is left to be said: the exit code stays that of the
summary.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType

from exporter.errors import Exit

CODES = {
    signal.SIGINT: Exit.INTERRUPTED,
    signal.SIGTERM: Exit.TERMINATED,
    signal.SIGHUP: Exit.HANGUP,
}
TOGETHER = 0.3  # seconds; timeout(1) and a terminal that closes send theirs twice


class Stopped(BaseException):
    """A signal came while no event loop was running."""

    def __init__(self, code: Exit) -> None:
        super().__init__(code.meaning)
        self.code = code


def _raise(code: Exit) -> None:
    raise Stopped(code)


def _note(code: Exit) -> None:
    """It stands in the state."""


@dataclass
class _State:
    """One for the process, as signals are."""

    stop: Callable[[Exit], None] = _raise
    received: Exit | None = None
    at: float = 0.0
    settled: Exit | None = None


_state = _State()


def wanted() -> dict[signal.Signals, Exit]:
    """Those that whoever started us did not tell us to ignore, as nohup does."""
    return {number: code for number, code in CODES.items() if signal.getsignal(number) is not signal.SIG_IGN}


def arm() -> None:
    """From now on a signal raises `Stopped`, until `pass_to` says otherwise."""
    for number in wanted():
        signal.signal(number, _handle)


def received() -> Exit | None:
    """The code of the first signal that came."""
    return _state.received


def hold() -> None:
    """A signal is noted, for `pass_to` or `release` to pass on: an event loop that starts would swallow
    `Stopped`."""
    _state.stop = _note


def pass_to(stop: Callable[[Exit], None]) -> None:
    """A signal calls `stop` with its code; one that came while it was on hold does so now."""
    _state.stop = stop
    if _state.received is not None:
        stop(_state.received)


def release() -> None:
    """A signal raises `Stopped` again; so does one that came while it was on hold."""
    held, _state.stop = _state.stop is _note, _raise
    if held and _state.received is not None:
        _raise(_state.received)


def settle(code: Exit) -> None:
    """The run is over, and ended with this code."""
    _state.settled = code


def _handle(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 — how handlers are called
    code = CODES[signal.Signals(number)]
    if _state.settled is not None:
        os._exit(_state.settled)
    if _state.received is None:
        _state.received, _state.at = code, time.monotonic()
        _state.stop(code)
    elif time.monotonic() - _state.at > TOGETHER:
        os._exit(code)
