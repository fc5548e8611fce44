"""Disturb a run at one point after the other, and see what holds: `python -m benchmarks.campaign kill`."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from time import monotonic

from benchmarks.campaign.attempt import Attempt, Lab, Point
from benchmarks.campaign.errno import refusals
from benchmarks.campaign.hostile import hostilities
from benchmarks.campaign.kill import kills, random_kills
from benchmarks.campaign.runs import open_runs, strace
from benchmarks.campaign.stage import KINDS, open_scene

CAMPAIGNS = ("kill", "random", "errno", "http")
MANY = 10_000  # random points to choose from


async def campaign(wanted: argparse.Namespace, folder: Path) -> int:
    """How many points broke something."""
    async with open_scene(wanted.run, folder) as scene, open_runs() as runs:
        lab = Lab(scene, runs, folder)
        every = await points(wanted, lab)
        stop = None if wanted.count is None else wanted.start + wanted.count * wanted.every
        chosen = list(islice(enumerate(every), wanted.start, stop, wanted.every))
        tally = Tally(f"{wanted.campaign} {wanted.run}", len(every))
        try:
            for number, point in chosen:
                made = await point.attempt(lab)
                if _interrupted():  # and not the mirror's fault
                    break
                tally.add(number, point, made)
        finally:  # also when it is interrupted, to go on there another time
            print(tally.summary(), flush=True)
    return tally.failed


def _interrupted() -> bool:
    """A run in this process ends well when it is cancelled: it is for us to stop."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


@dataclass
class Tally:
    """What came of the points so far."""

    title: str
    of: int
    ends: Counter[str] = field(default_factory=Counter)
    failed: int = 0
    last: int | None = None
    began: float = field(default_factory=monotonic)

    def add(self, number: int, point: Point, made: Attempt) -> None:
        self.last = number
        self.ends["killed" if made.code is None else str(made.code)] += 1
        if made.broken:
            self.failed += 1
            print(f"{self.title} {number}: {point}: {'; '.join(made.broken)}", flush=True)

    def summary(self) -> str:
        how = ", ".join(f"{code}: {count}" for code, count in sorted(self.ends.items())) or "nothing"
        return (
            f"{self.title}: {self.ends.total()} of {self.of} points, the last was {self.last}, "
            f"{self.failed} broke something; ended with {how}; {monotonic() - self.began:.0f} s"
        )


async def points(wanted: argparse.Namespace, lab: Lab) -> Sequence[Point]:
    if wanted.campaign == "kill":
        return await kills(lab)
    if wanted.campaign == "errno":
        return await refusals(lab)
    if wanted.campaign == "http":
        return await hostilities(lab)
    return await random_kills(lab, seed=wanted.seed, count=MANY)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser("python -m benchmarks.campaign", description=__doc__)
    parser.add_argument("campaign", choices=CAMPAIGNS)
    parser.add_argument("--run", choices=KINDS, default="first", help="the kind of run that is disturbed")
    parser.add_argument("--start", type=int, default=0, help="the first point; to go on where one stopped")
    parser.add_argument("--count", type=int, help="how many points (all)")
    parser.add_argument("--every", type=int, default=1, help="only each so manieth point")
    parser.add_argument("--seed", type=int, default=1, help="of what is drawn")
    wanted = parser.parse_args(arguments)
    if wanted.campaign in ("kill", "errno") and strace() is None:
        parser.error("strace is not installed, or this is not Linux")
    logging.getLogger("aiohttp.server").disabled = True  # of the emulator, from which a run hung up
    with tempfile.TemporaryDirectory(prefix="confluence-export-") as folder:
        return 1 if asyncio.run(campaign(wanted, Path(folder))) else 0


if __name__ == "__main__":
    sys.exit(main())
