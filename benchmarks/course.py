"""One world behind the emulator with the old API, and programs run on it, each in a folder of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from benchmarks.old_api import OldSite
from benchmarks.peak import read_report
from benchmarks.programs import EMAIL, Installed, Place, environment
from exporter.emulator import FULL_SCOPES, Recorded, Switches, Token, World

ROOT = Path(__file__).parents[1]
LINES = 20  # of what a program said before it failed


@dataclass(frozen=True, slots=True)
class Run:
    """``requests`` are those the emulator counted; ``ended`` is the exit code, None that it was stopped.

    ``peak`` is in bytes, 0 when it was stopped.
    """

    requests: int
    seconds: float
    peak: int
    ended: int | None


class Course:
    """Runs programs one after the other; the output of each stays where it is for its next run."""

    def __init__(self, emulator: OldSite, folder: Path, patience: float) -> None:
        self._emulator, self._folder, self._patience = emulator, folder, patience
        self._requests = 0
        emulator.before_answer = self._count

    def _count(self, _: Recorded) -> None:
        self._requests += 1
        self._emulator.requests.clear()

    def place(self, installed: Installed) -> Place:
        scoped, unscoped = self._emulator.tokens
        folder = self._folder / installed.program.name
        folder.mkdir(exist_ok=True)
        return Place(installed.bin, folder, self._emulator, scoped, unscoped)

    async def run(self, installed: Installed, *, latency: float) -> Run:
        """Once: to its end, or until it took as long as patience lasts."""
        place = self.place(installed)
        started = installed.program.start(place)
        report, said = place.folder / "peak", place.folder / "said"
        report.unlink(missing_ok=True)
        self._emulator.switches.latency = latency
        self._requests = 0
        with said.open("wb") as output:
            began = monotonic()
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "benchmarks.peak", str(report), *started.command),
                cwd=ROOT,
                env=environment(started.environment, place.folder),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
            ended = await self._end(process)
            seconds = monotonic() - began
        if ended:
            last = said.read_text(errors="replace").splitlines()[-LINES:]
            print(f"{installed.program.name} ended with {ended}:", *last, sep="\n  ", file=sys.stderr)
        peak = read_report(report)[0] if report.exists() else 0
        return Run(self._requests, seconds, peak, ended)

    async def _end(self, process: asyncio.subprocess.Process) -> int | None:
        try:
            async with asyncio.timeout(self._patience):
                return await process.wait()
        except TimeoutError:
            return None
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)  # a session of its own: with all that it started
                await process.wait()


@asynccontextmanager
async def open_course(world: World, *, patience: float) -> AsyncIterator[Course]:
    """Its folder goes when the context ends; what was asked in vain is said then."""
    tokens = Token("scoped-token", EMAIL, scopes=FULL_SCOPES), Token("unscoped-token", EMAIL, kind="unscoped")
    with tempfile.TemporaryDirectory(prefix="confluence-export-") as folder:
        async with OldSite(world, tokens, switches=Switches()) as emulator:
            yield Course(emulator, Path(folder), patience)
            for what, count in emulator.refused.most_common():
                print(f"{count:6,} × {what}", file=sys.stderr)
