"""One disturbed run: prepared, run, judged, healed by a run that nothing disturbs, and judged again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from benchmarks.campaign.invariants import broken_after, broken_after_healing, dishonest
from benchmarks.campaign.runs import Ended, Runs
from benchmarks.campaign.stage import ARGUMENTS, Scene, clean_run

Options = Callable[[Path], Sequence[str]]
"""Of strace, for an output folder."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """The exit code of the disturbed run, None where it was killed, and what then did not hold."""

    code: int | None
    broken: Sequence[str]


class Point(Protocol):
    """Something that can befall a run; `str` names it."""

    async def attempt(self, lab: Lab) -> Attempt: ...


class Lab:
    """Runs one scene again and again, in a fresh place below `folder` each time."""

    def __init__(self, scene: Scene, runs: Runs, folder: Path) -> None:
        self.scene, self.folder = scene, folder
        self._runs = runs
        self.place = folder / "place"

    async def undisturbed(self, options: Options | None = None) -> Ended:
        ended = await self._run(self.scene.lay_out(self.place), options, None)
        if ended.code != 0:
            raise RuntimeError(f"an undisturbed run ended with {ended.code}: {self.said()}")
        return ended

    async def attempt(
        self, options: Options | None = None, *, kill_after: float | None = None, ends: Sequence[int] = (0,)
    ) -> Attempt:
        """`ends` are the exit codes that may be, where it ends by itself."""
        out = self.scene.lay_out(self.place)
        ended = await self._run(out, options, kill_after)
        return await self.judge(ended.code, ends)

    async def judge(self, code: int | None, ends: Sequence[int], *, alike: bool = True) -> Attempt:
        """What holds now, and after a run that nothing disturbs: which is to leave the mirror as ever."""
        broken = broken_after(self.scene, self.place)
        if code is not None:
            broken += dishonest(self.place, self.scene, code)
            broken += [] if code in ends else [f"ended with {code}: {self.said()}"]
        try:
            await clean_run(self.scene.emulator, self.place / "out")
        except RuntimeError as exc:
            return Attempt(code, [*broken, f"I7 {exc}"])
        healed = (
            broken_after_healing(self.scene, self.place) if alike else broken_after(self.scene, self.place)
        )
        return Attempt(code, [*broken, *(f"{each} (a run later)" for each in healed if each not in broken)])

    def said(self) -> str:
        """The last lines of the run."""
        log = self.place / "log"
        return log.read_text(errors="replace")[-600:].strip() if log.exists() else ""

    async def _run(self, out: Path, options: Options | None, kill_after: float | None) -> Ended:
        return await self._runs.run(
            [*ARGUMENTS, str(out)],
            environment=self.scene.environment(self.place),
            folder=self.place / "work",
            log=self.place / "log",
            traced=options(out) if options else (),
            kill_after=kill_after,
        )
