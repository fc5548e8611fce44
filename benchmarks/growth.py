"""What a run costs as a space grows: requests, processor time, peak memory: `python -m benchmarks.growth`."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.bench import Run, edit, open_bench
from benchmarks.table import table
from exporter.emulator.generate import generated_world
from exporter.model import Part

PAGES = (1_000, 10_000, 100_000)
EDITED = 100  # every so manieth page
LIMIT = 256  # MiB
LINEAR = 1.5  # times the processor time a page of the smallest space
BODY_BYTES = 500
MIB = 1 << 20
LISTING_ONLY = ("--skip", ",".join(set(Part) - {Part.BLOGPOSTS}))

HEADINGS = ("run", "pages", "requests", "a page", "ms a page", "peak MiB", "limit MiB")


@dataclass(frozen=True, slots=True)
class Measured:
    name: str
    pages: int
    run: Run
    limit: int  # MiB
    smallest: float  # milliseconds a page that the same run took on the smallest space

    @property
    def milliseconds(self) -> float:
        return 1000 * self.run.processor / self.pages

    @property
    def is_flat(self) -> bool:
        return self.run.peak <= self.limit * MIB

    @property
    def is_linear(self) -> bool:
        return self.milliseconds <= LINEAR * self.smallest

    def cells(self) -> tuple[str, ...]:
        return (
            self.name,
            f"{self.pages:,}",
            f"{self.run.requests:,}",
            f"{self.run.requests / self.pages:.2f}",
            f"{self.milliseconds:.1f}" + ("" if self.is_linear else " broken"),
            f"{self.run.peak / MIB:.0f}",
            f"{self.limit}" + ("" if self.is_flat else " broken"),
        )


async def measure(
    pages: int, *, options: Sequence[str], limit: int, to: Sequence[Measured]
) -> list[Measured]:
    """The first run on a space of so many pages, one with nothing changed, one after some were edited.
    `to`: the same of the smallest space, none if this is it.

    Raises `RuntimeError` when a run did not see as many pages as new, changed or unchanged as there are.
    """
    world = generated_world(pages=pages, body_bytes=BODY_BYTES)
    edited = max(1, pages // EDITED)
    steps = (("first", {"new": pages}), ("no change", {"unchanged": pages}))
    last = ("1 % edited", {"changed": edited, "unchanged": pages - edited})
    found: list[Measured] = []
    async with open_bench(world) as bench:
        for number, (name, expected) in enumerate((*steps, last)):
            if expected is last[1]:
                edit(world, edited)
            run = await bench.run(*options)
            run.check(**expected)
            smallest = to[number].milliseconds if to else 1000 * run.processor / pages
            found.append(Measured(name, pages, run, limit, smallest))
            print(f"{pages:,} pages, {name}: {run.peak / MIB:.0f} MiB", file=sys.stderr)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser("python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--pages", type=int, nargs="+", default=PAGES, help="sizes, the smallest first")
    parser.add_argument("--limit", type=int, default=LIMIT, help=f"most MiB a run may take ({LIMIT})")
    parser.add_argument(
        "--listing-only",
        action="store_true",
        help="faster: what hangs on pages is skipped, so there is no request for each page",
    )
    wanted = parser.parse_args(arguments)
    options = LISTING_ONLY if wanted.listing_only else ()
    measured: list[Measured] = []
    for pages in wanted.pages:
        measured += asyncio.run(measure(pages, options=options, limit=wanted.limit, to=measured[:3]))
    print(table(HEADINGS, [each.cells() for each in measured]))
    return 0 if all(each.is_flat and each.is_linear for each in measured) else 1


if __name__ == "__main__":
    sys.exit(main())
