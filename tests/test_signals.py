"""Signals at the edges of a run, each in a process of its own: handlers belong to processes."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

STOPPED_BY = "import os, signal, sys\nwanted = signal.Signals(int(sys.argv[1]))\n"
WHILE_IMPORTING = """
import types
cli = types.ModuleType("exporter.cli")
cli.run = lambda: os.kill(os.getpid(), wanted)
sys.modules["exporter.cli"] = cli
from exporter.__main__ import main
main()
"""
BESIDE_THE_EXPORT = """
import asyncio
from exporter import cli, demo, signals
async def begin(out, *, progress):
    os.kill(os.getpid(), wanted)
    await asyncio.sleep(10)
demo.demo = begin
signals.arm()
sys.exit(cli.run(["demo", "never"]))
"""
WHEN_ALL_IS_SAVED = """
from exporter import cli, demo, signals
async def nothing(out, *, progress):
    return []
demo.demo = nothing
demo.what_next = lambda out: os.kill(os.getpid(), wanted)
from exporter.__main__ import main
sys.argv[1:] = ["demo", "never"]
main()
"""

WHILE_A_SAVE_HANGS = """
import asyncio, threading, time
from exporter import cli, demo, signals
from exporter.mirror.uninterrupted import see_through
def kill_twice():
    for _ in range(2):
        time.sleep(signals.TOGETHER + 0.1)
        os.kill(os.getpid(), wanted)
async def save():
    threading.Thread(target=kill_twice).start()
    await asyncio.to_thread(time.sleep, 30)
async def hang(out, *, progress):
    await see_through(save())
demo.demo = hang
from exporter.__main__ import main
sys.argv[1:] = ["demo", "never"]
main()
"""
SENT_TWICE = """
import asyncio
from exporter import cli, demo, signals
from exporter.mirror.uninterrupted import see_through
async def save():
    os.kill(os.getpid(), wanted)
    await asyncio.sleep(0.05)
    os.kill(os.getpid(), wanted)
    await asyncio.sleep(0.05)
    print("saved")
async def twice(out, *, progress):
    await see_through(save())
demo.demo = twice
from exporter.__main__ import main
sys.argv[1:] = ["demo", "never"]
main()
"""


def _run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize(("number", "code"), [(1, 129), (2, 130), (15, 143)])
@pytest.mark.parametrize("moment", [WHILE_IMPORTING, BESIDE_THE_EXPORT])
def test_a_signal_at_any_moment_ends_with_its_code_and_no_traceback(
    moment: str, number: int, code: int
) -> None:
    ended = _run(STOPPED_BY + moment, str(number))
    assert (ended.returncode, "Traceback" in ended.stderr) == (code, False), ended.stderr


@pytest.mark.fault(66)
@pytest.mark.parametrize("number", [1, 2, 15])
def test_a_signal_that_comes_when_all_is_saved_changes_nothing(number: int) -> None:
    """The exit code stays that of the summary."""
    ended = _run(STOPPED_BY + WHEN_ALL_IS_SAVED, str(number))
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.fault(66)
@pytest.mark.parametrize(("number", "code"), [(1, 129), (2, 130), (15, 143)])
def test_a_second_signal_ends_at_once_also_while_a_save_hangs(number: int, code: int) -> None:
    began = time.monotonic()
    ended = _run(STOPPED_BY + WHILE_A_SAVE_HANGS, str(number))
    assert (ended.returncode, "Traceback" in ended.stderr) == (code, False), ended.stderr
    assert time.monotonic() - began < 10


@pytest.mark.fault(66)
def test_a_signal_sent_twice_at_the_same_moment_is_one() -> None:
    """timeout(1) does so, and a terminal that closes."""
    ended = _run(STOPPED_BY + SENT_TWICE, "15")
    assert (ended.returncode, ended.stdout) == (143, "saved\n"), ended.stderr


def test_a_signal_that_nohup_ignores_stays_ignored() -> None:
    ended = _run(
        "import os, signal\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "from exporter import signals\n"
        "signals.arm()\n"
        "os.kill(os.getpid(), signal.SIGHUP)\n"
        "print(signal.SIGHUP in signals.wanted(), signal.SIGTERM in signals.wanted())\n"
    )
    assert (ended.returncode, ended.stdout) == (0, "False True\n"), ended.stderr
