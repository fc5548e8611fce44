"""Disturb a run at one point after the other, and see what holds: `python -m benchmarks.campaign kill`."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from time import monotonic

from benchmarks.campaign.attempt import Lab, Point
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
        ends: Counter[str] = Counter()
        failed, began = 0, monotonic()
        for number, point in chosen:
            made = await point.attempt(lab)
            ends["killed" if made.code is None else str(made.code)] += 1
            failed += bool(made.broken)
            if made.broken:
                print(
                    f"{wanted.campaign} {wanted.run} {number}: {point}: {'; '.join(made.broken)}", flush=True
                )
        how = ", ".join(f"{code}: {count}" for code, count in sorted(ends.items()))
        print(
            f"{wanted.campaign} {wanted.run}: {len(chosen)} of {len(every)} points, "
            f"{failed} broke something; ended with {how or 'nothing'}; {monotonic() - began:.0f} s",
            flush=True,
        )
    return failed


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
    with tempfile.TemporaryDirectory(prefix="confluence-export-") as folder:
        return 1 if asyncio.run(campaign(wanted, Path(folder))) else 0


if __name__ == "__main__":
    sys.exit(main())
