"""Runs of the command line that something may be done to: killed at a moment, or traced."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

HARD_LIMIT = 60.0  # seconds, for one run: none takes ten
ROOT = Path(__file__).parents[2]
_CALL = re.compile(r"(\d+) +(\w+)\((.*)")


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended: with an exit code, or None where it was killed."""

    code: int | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Call:
    """One system call: of which thread, the how manieth of its name there, and with what."""

    thread: int
    name: str
    number: int
    arguments: str


def strace() -> str | None:
    """The tracer, where this machine has it and lets it work on other processes."""
    return shutil.which("strace") if sys.platform == "linux" else None


class Runs:
    """Runs the command line, each time in a fresh process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def run(
        self,
        arguments: Sequence[str],
        *,
        environment: Mapping[str, str],
        folder: Path,
        log: Path,
        traced: Sequence[str] = (),
        kill_after: float | None = None,
    ) -> Ended:
        """To its end; `traced` are strace's options, where it is to take hold of the process first.

        Raises `TimeoutError` where a run doesn't end by itself.
        """
        wanted = {
            "arguments": list(arguments),
            "environment": dict(environment),
            "folder": str(folder),
            "log": str(log),
        }
        await self._say(json.dumps(wanted))
        child = int(await self._heard())
        tracer = await _attached(child, traced) if traced else None
        began = monotonic()
        await self._say("go")
        try:
            status = await self._status(child, kill_after)
        finally:
            if tracer is not None:
                await tracer.communicate()
        code = os.waitstatus_to_exitcode(status)
        return Ended(None if code < 0 else code, monotonic() - began)

    async def _status(self, child: int, kill_after: float | None) -> int:
        ended = asyncio.ensure_future(self._heard())
        done, _ = await asyncio.wait([ended], timeout=HARD_LIMIT if kill_after is None else kill_after)
        if not done:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            await ended
            if kill_after is None:
                raise TimeoutError(f"a run took more than {HARD_LIMIT:.0f} s")
        return int(await ended)

    async def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
        await self._process.stdin.drain()

    async def _heard(self) -> bytes:
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError("the process that starts the runs is gone")
        return line


@asynccontextmanager
async def open_runs() -> AsyncIterator[Runs]:
    pipe = asyncio.subprocess.PIPE
    command = [sys.executable, "-m", "benchmarks.campaign.child"]
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, cwd=ROOT)
    try:
        yield Runs(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()  # so it ends
        await process.wait()


async def _attached(child: int, options: Sequence[str]) -> asyncio.subprocess.Process:
    command = ["strace", "-f", *options, "-p", str(child)]
    tracer = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    assert tracer.stderr is not None
    said = b""
    while b"attached" not in said:
        line = await tracer.stderr.readline()
        if not line:
            raise RuntimeError(f"strace could not take hold: {said.decode()}")
        said += line
    return tracer


def calls(trace: str) -> list[Call]:
    """What strace wrote, in order; a call that another thread interrupted counts where it began."""
    found: list[Call] = []
    numbers: dict[tuple[int, str], int] = {}
    for line in trace.splitlines():
        if began := _CALL.match(line):
            thread, name = int(began[1]), began[2]
            numbers[thread, name] = numbers.get((thread, name), 0) + 1
            found.append(Call(thread, name, numbers[thread, name], began[3]))
    return found
