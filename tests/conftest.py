"""What all tests share: fast folders, a clock that they move, and aioresponses made to fit this aiohttp."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import aioresponses.core as library
import pytest
from aioresponses import aioresponses
from hypothesis import settings

from tests.fake_clock import FakeClock

settings.register_profile("short", deadline=None, max_examples=60)
settings.load_profile("short")

MEMORY = Path("/dev/shm")
ROOM = 4 << 30


def pytest_configure() -> None:
    _use_memory()
    # Programs inherit that a signal is ignored, as under nohup, and ours respects that.
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


def _use_memory() -> None:
    """Temporary folders are in memory where it has room: half of the time would go by waiting for a disk
    to sync. Any TMPDIR has its way, so that ``TMPDIR=/var/tmp pytest`` runs the same tests on a disk.
    """
    wanted = not os.environ.get("TMPDIR") and os.access(MEMORY, os.W_OK | os.X_OK)
    if wanted and shutil.disk_usage(MEMORY).free >= ROOM:
        tempfile.tempdir = str(MEMORY)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


# The bridge: aioresponses 0.7.9 was written for an older aiohttp than 3.14. It makes responses without
# the `stream_writer` that they now ask for, and streams whose protocol lacks `_reading_paused`, over which
# every body of more than two buffers (128 kB) stumbles. Both are put right here and nowhere else.


class _BridgedResponse(aiohttp.ClientResponse):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        writer: Any = SimpleNamespace(output_size=0)
        super().__init__(*args, stream_writer=writer, **kwargs)


def _bridged_stream(loop: Any = None) -> aiohttp.StreamReader:
    protocol: Any = SimpleNamespace(
        _reading_paused=False, pause_reading=lambda: None, resume_reading=lambda **_: None
    )
    return aiohttp.StreamReader(protocol, limit=2**16, loop=loop)


@pytest.fixture
def responses(monkeypatch: pytest.MonkeyPatch) -> Iterator[aioresponses]:
    """Every aiohttp request of the test is answered from here; one that nobody foresaw fails to connect."""
    monkeypatch.setattr(library, "ClientResponse", _BridgedResponse)
    monkeypatch.setattr(library, "stream_reader_factory", _bridged_stream)
    with aioresponses() as mocked:
        yield mocked
