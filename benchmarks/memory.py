"""The peak memory of a run on a large space, against its limit: `python -m benchmarks.memory`."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.bench import Bench, Run, open_bench
from benchmarks.table import table
from exporter.emulator import World
from exporter.emulator.generate import generated_world
from exporter.model import Part

PAGES = 100_000
LIMIT = 256  # MiB
BODY_BYTES = 500
MIB = 1 << 20
LISTING_ONLY = ("--no-full", "--skip", ",".join(set(Part) - {Part.BLOGPOSTS}))

HEADINGS = ("run", "pages", "requests", "peak MiB", "limit MiB", "bytes a page")


@dataclass(frozen=True, slots=True)
class Measured:
    name: str
    pages: int
    run: Run
    limit: int
    base: int  # bytes that a run on a space of one page takes

    @property
    def is_kept(self) -> bool:
        return self.run.peak <= self.limit * MIB

    def cells(self) -> tuple[str, ...]:
        limit = str(self.limit) + ("" if self.is_kept else " broken")
        growth = max(0, self.run.peak - self.base) / self.pages
        numbers = f"{self.pages:,}", f"{self.run.requests:,}", f"{self.run.peak / MIB:.0f}"
        return self.name, *numbers, limit, f"{growth:,.0f}"


async def measure(pages: int, *, options: Sequence[str], limit: int) -> list[Measured]:
    """The first run on a space of so many pages, and one with nothing changed.

    Raises `RuntimeError` when a run did not see all pages as new, then as unchanged.
    """
    async with open_bench(_world(1)) as bench:
        base = await _run(bench, "new", 1, options)
    async with open_bench(_world(pages)) as bench:
        return [
            Measured(name, pages, await _run(bench, verb, pages, options), limit, base.peak)
            for name, verb in (("first", "new"), ("no change", "unchanged"))
        ]


def _world(pages: int) -> World:
    return generated_world(pages=pages, body_bytes=BODY_BYTES)


async def _run(bench: Bench, verb: str, pages: int, options: Sequence[str]) -> Run:
    run = await bench.run(*options)
    if run.counts[verb] != pages:
        raise RuntimeError(f"of {pages} pages {run.counts[verb]} are {verb}")
    print(f"{pages:,} pages, {verb}: {run.peak / MIB:.0f} MiB", file=sys.stderr)
    return run


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser("python -m benchmarks.memory", description=__doc__)
    parser.add_argument("--pages", type=int, default=PAGES, help=f"size of the space ({PAGES:,})")
    parser.add_argument("--limit", type=int, default=LIMIT, help=f"most MiB a run may take ({LIMIT})")
    parser.add_argument(
        "--listing-only",
        action="store_true",
        help="faster: what hangs on pages is skipped, so there is no request for each page",
    )
    wanted = parser.parse_args(arguments)
    measured = asyncio.run(
        measure(wanted.pages, options=LISTING_ONLY if wanted.listing_only else (), limit=wanted.limit)
    )
    print(table(HEADINGS, [each.cells() for each in measured]))
    return 0 if all(each.is_kept for each in measured) else 1


if __name__ == "__main__":
    sys.exit(main())
