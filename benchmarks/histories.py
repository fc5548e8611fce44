"""Histories of a space, seed by seed, and what the mirror lost in them: `python -m benchmarks.histories`."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from random import Random
from time import process_time

from tests.end_to_end.histories import Played, WrongDeletion, play

SAY = 100  # histories between two lines that tell how far it is


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser("python -m benchmarks.histories", description=__doc__)
    parser.add_argument("--count", type=int, default=5_000, help="histories")
    parser.add_argument("--start", type=int, default=0, help="the first seed")
    wanted = parser.parse_args(arguments)
    total, wrong, done = Played(), 0, 0
    for seed in range(wanted.start, wanted.start + wanted.count):
        try:
            total += asyncio.run(play(Random(seed)))  # noqa: S311 — chance, no secret
        except WrongDeletion as exc:
            wrong += 1
            print(f"seed {seed}:\n{exc}\n", flush=True)
        except KeyboardInterrupt:
            break
        done += 1
        if done % SAY == 0:
            print(_told(done, total, wrong), file=sys.stderr, flush=True)
    print(_told(done, total, wrong))
    return 1 if wrong else 0


def _told(count: int, total: Played, wrong: int) -> str:
    exits = ", ".join(each.name for each in sorted(total.exits))
    return (
        f"{count:,} histories, {total.nights:,} nights, {total.clean:,} of them clean; "
        f"{total.retired:,} items retired, {total.withheld:,} withheld, {total.marked:,} marked missing; "
        f"endings: {exits}; {process_time():.0f} s of CPU; wrong: {wrong}"
    )


if __name__ == "__main__":
    sys.exit(main())
