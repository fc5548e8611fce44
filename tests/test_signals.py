"""Signals at the edges of a run, each in a process of its own: handlers belong to processes."""

from __future__ import annotations

import subprocess
import sys

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
WHEN_ALL_IS_SAID = """
import asyncio
from exporter import cli, demo, signals
async def nothing(out, *, progress):
    return []
demo.demo = nothing
demo.what_next = lambda out: os.kill(os.getpid(), wanted)
from exporter.__main__ import main
sys.argv[1:] = ["demo", "never"]
main()
"""


def _run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize(("number", "code"), [(1, 129), (2, 130), (15, 143)])
@pytest.mark.parametrize("moment", [WHILE_IMPORTING, BESIDE_THE_EXPORT, WHEN_ALL_IS_SAID])
def test_a_signal_at_any_moment_ends_with_its_code_and_no_traceback(
    moment: str, number: int, code: int
) -> None:
    ended = _run(STOPPED_BY + moment, str(number))
    assert (ended.returncode, "Traceback" in ended.stderr) == (code, False), ended.stderr


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
