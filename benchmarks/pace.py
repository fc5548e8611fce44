"""Wall time with a latency against the least that the requests take: `python -m benchmarks.pace`.

Only the ratios mean anything: seconds are those of this machine, and of what else it does.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import aiohttp

from benchmarks import virtual_time
from benchmarks.bench import Bench, open_bench
from benchmarks.table import table
from exporter.emulator import Emulator, Recorded, Switches, World
from exporter.emulator.generate import generated_world
from exporter.errors import Exit
from tests.end_to_end.running import TOKEN, mirror_here

PAGES, ATTACHMENTS = 300, 900
LATENCY, WORKERS = 0.1, 32
BOUND = 1.3  # of the first run
RUNS = ("first", "no change")

HEADINGS = ("run", "requests", "longest chain", "least", "ratio", "on this machine")


@dataclass
class Chains:
    """How many requests followed each other by cursors: none of them can be asked before the last."""

    lengths: Counter[tuple[Any, ...]] = field(default_factory=Counter)

    def count(self, asked: Recorded) -> None:
        self.lengths[(asked.path, *sorted(pair for pair in asked.pairs() if pair[0] != "cursor"))] += 1

    @property
    def longest(self) -> int:
        return max((number for key, number in self.lengths.items() if ("limit", "250") in key), default=1)


@dataclass(frozen=True, slots=True)
class Measured:
    """`seconds` are virtual; `here` those of a process, as a multiple of a bare client's."""

    name: str
    requests: int
    chain: int
    seconds: float
    here: float | None = None

    @property
    def least(self) -> float:
        return LATENCY * max(self.requests / WORKERS, self.chain)

    @property
    def is_kept(self) -> bool:
        return self.name != RUNS[0] or self.seconds <= BOUND * self.least

    def cells(self) -> tuple[str, ...]:
        ratio = f"{self.seconds / self.least:.2f}" + ("" if self.is_kept else " broken")
        here = "" if self.here is None else f"{self.here:.2f}"
        return self.name, f"{self.requests:,}", str(self.chain), f"{self.least:.1f}", ratio, here


def _world(pages: int, attachments: int) -> World:
    few = pages // 20
    return generated_world(
        pages=pages, blogposts=few, folders=few, attachments=attachments, attachment_bytes=2_000
    )


async def in_virtual_time(pages: int, attachments: int) -> list[Measured]:
    """Both runs in this process, where only waiting takes time."""
    clock = virtual_time.VirtualClock()
    switches = Switches(latency=LATENCY)
    serving = Emulator(_world(pages, attachments), [TOKEN], switches=switches, clock=clock.monotonic)
    measured = []
    with tempfile.TemporaryDirectory(prefix="confluence-export-") as folder:
        async with serving as emulator:
            for name in RUNS:
                chains = Chains()
                emulator.before_answer = chains.count
                emulator.requests.clear()
                began = clock.monotonic()
                done = await mirror_here(
                    emulator, Path(folder) / "out", clock=clock, workers=WORKERS, full=False, check_within=7
                )
                if done.exit is not Exit.OK:
                    raise RuntimeError(f"the run ended with {done.exit}: {done.problems()}")
                seconds = clock.monotonic() - began
                measured.append(Measured(name, len(emulator.requests), chains.longest, seconds))
    return measured


async def on_this_machine(pages: int, attachments: int) -> list[float]:
    """Both runs as a process, each beside a bare client."""
    async with open_bench(_world(pages, attachments), latency=LATENCY) as bench:
        return [await _beside_bare(bench) for _ in RUNS]


async def _beside_bare(bench: Bench) -> float:
    began = monotonic()
    run = await bench.run("--workers", str(WORKERS))
    seconds = monotonic() - began
    return seconds / await _bare(bench, run.requests)


async def _bare(bench: Bench, requests: int) -> float:
    """Seconds for so many answers of the lightest kind, `WORKERS` at a time."""
    numbers = iter(range(requests))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=WORKERS)) as session:

        async def work() -> None:
            for _ in numbers:
                async with session.get(bench.light_url) as response:
                    await response.read()

        began = monotonic()
        await asyncio.gather(*(work() for _ in range(WORKERS)))
        return monotonic() - began


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser("python -m benchmarks.pace", description=__doc__)
    parser.add_argument("--pages", type=int, default=PAGES, help=f"of the space ({PAGES})")
    parser.add_argument("--attachments", type=int, default=ATTACHMENTS, help=f"of the space ({ATTACHMENTS})")
    parser.add_argument("--virtual-only", action="store_true", help="leave out what this machine takes")
    wanted = parser.parse_args(arguments)
    size = wanted.pages, wanted.attachments
    measured = virtual_time.run(lambda: in_virtual_time(*size))
    here = [None] * len(RUNS) if wanted.virtual_only else asyncio.run(on_this_machine(*size))
    rows = [
        Measured(each.name, each.requests, each.chain, each.seconds, ratio)
        for each, ratio in zip(measured, here, strict=True)
    ]
    print(table(HEADINGS, [each.cells() for each in rows]))
    return 0 if all(each.is_kept for each in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
