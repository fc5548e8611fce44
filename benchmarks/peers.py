"""Other programs on the same space, over loopback with a latency: `python -m benchmarks.peers`.

A first run, and on a larger space one with nothing changed, of each program as a process of its own.
Only the ratios mean anything: seconds are those of this machine, and of what else it does.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.course import Course, Run, open_course
from benchmarks.kept import CHANGED, KINDS, Things, change, found, held, marked_world
from benchmarks.programs import PEERS, Installed, install_all
from benchmarks.table import table

PACKAGES = tuple(dict.fromkeys(each.package for each in PEERS))
PAGES, ATTACHMENTS, UNCHANGED_PAGES = 300, 900, 4_000
LATENCY, PATIENCE = 0.1, 600.0  # seconds
FIRST_BOUND, WHOLE_BOUND, UNCHANGED_BOUND = 1.8, 10.0, 10.0
MIB = 1 << 20

MEASURED = ("requests", "time", "peak MiB")
KEPT = ("pages", "blog posts", "folders", "comments", "attachments")
SEEN = ("edits seen", "comments seen", "files seen")


@dataclass(frozen=True, slots=True)
class Row:
    """A program's run, and of a first run what it kept; neither where it couldn't be installed, or where
    the run that has to come before didn't end."""

    installed: Installed
    run: Run | None
    kept: Things | None = None

    @property
    def name(self) -> str:
        return self.installed.program.name

    @property
    def is_peer(self) -> bool:
        return bool(self.installed.program.package)

    @property
    def seconds(self) -> float | None:
        """None unless it came to a good end."""
        return self.run.seconds if self.run is not None and self.run.ended == 0 else None

    def cells(self, ours: float, kinds: Sequence[str]) -> tuple[str, ...]:
        counts = [""] * len(kinds) if self.kept is None else self.kept.cells(kinds)
        if self.run is None:
            why = "not installed" if self.installed.problem else "no first run"
            return (self.name, why, "", "", *counts)
        how = {None: "> ", 0: ""}.get(self.run.ended, "failed, ")
        peak = f"{self.run.peak / MIB:.0f}" if self.run.peak else ""
        return (self.name, f"{self.run.requests:,}", f"{how}{self.run.seconds / ours:.1f}", peak, *counts)


@dataclass(frozen=True, slots=True)
class Bound:
    """How many times faster than a peer we have to be, and are."""

    what: str
    peer: str
    least: float
    ratio: float

    @property
    def is_kept(self) -> bool:
        return self.ratio >= self.least

    def __str__(self) -> str:
        kept = "kept" if self.is_kept else "missed"
        return f"{self.what}: {self.ratio:.1f} times as fast as {self.peer}, at least {self.least:g}: {kept}"


async def first_runs(
    installed: Sequence[Installed], *, pages: int, attachments: int, latency: float, patience: float
) -> tuple[Things, list[Row]]:
    """All that the space holds, and a first run of each program on it."""
    world = marked_world(pages=pages, attachments=attachments)
    everything, rows = held(world), []
    async with open_course(world, patience=patience) as course:
        for each in installed:
            run = await _run(course, each, latency)
            kept = None if run is None else found(course.place(each).out).within(everything)
            rows.append(Row(each, run, kept))
    return everything, rows


async def unchanged_runs(
    installed: Sequence[Installed], *, pages: int, latency: float, patience: float
) -> tuple[Things, list[Row]]:
    """Some changes, and a run of each program before them: with nothing changed since its first, which is
    made without latency and doesn't count, unless it doesn't end. What it kept are the changes, which one
    more such run saw."""
    world = marked_world(pages=pages, attachments=pages // 2)
    runs: list[Run | None] = []
    async with open_course(world, patience=patience) as course:
        for each in installed:
            before = await _run(course, each, 0.0)
            is_whole = before is not None and before.ended == 0
            runs.append(await _run(course, each, latency) if is_whole else None)
        changes, rows = change(world), []
        for each, run in zip(installed, runs, strict=True):
            again = await _run(course, each, 0.0) if run is not None else None
            kept = None if again is None else found(course.place(each).out).within(changes)
            rows.append(Row(each, run, kept))
    return changes, rows


async def _run(course: Course, installed: Installed, latency: float) -> Run | None:
    if installed.problem:
        return None
    run = await course.run(installed, latency=latency)
    print(f"{installed.program.name}: {run.seconds:.1f} s, {run.requests:,} requests", file=sys.stderr)
    return run


def bounds(
    everything: Things | None, first: Sequence[Row], changes: Things | None, unchanged: Sequence[Row]
) -> Iterator[Bound]:
    """Against each peer that came to a good end, as far as the goals name it. Rows begin with our own."""
    whole = [row for row in first if row.is_peer and _is_whole(row.kept, everything)]
    yield from _against("first run", FIRST_BOUND, first, fastest=True)
    yield from _against("first run, comments and all attachments", WHOLE_BOUND, [*first[:1], *whole])
    seeing = [row for row in unchanged if row.is_peer and row.kept == changes]
    yield from _against("nothing changed", UNCHANGED_BOUND, unchanged, fastest=True)
    if seeing:
        yield from _against("nothing changed, all changes seen", UNCHANGED_BOUND, [unchanged[0], *seeing])


def _is_whole(kept: Things | None, everything: Things | None) -> bool:
    if kept is None or everything is None:
        return False
    return kept.count("comment") > 0 and kept.count("attachment") == everything.count("attachment")


def _against(what: str, least: float, rows: Sequence[Row], *, fastest: bool = False) -> Iterator[Bound]:
    timed = sorted((row.seconds, row.name) for row in rows if row.is_peer and row.seconds is not None)
    for seconds, name in timed[:1] if fastest else timed:
        yield Bound(what, name, least, seconds / (rows[0].seconds or float("inf")))


def report(
    everything: Things | None, first: Sequence[Row], changes: Things | None, unchanged: Sequence[Row]
) -> str:
    """Who was measured, and a table of each kind of run: time as a multiple of our own, the first row's."""
    lines = [f"Measured on {datetime.now(UTC):%Y-%m-%d}:"]
    lines += [f"- {_version(row.installed)}: {row.installed.program.settings}" for row in first or unchanged]
    for name, things, kinds, headings, rows in (
        ("first run", everything, KINDS, KEPT, first),
        ("nothing changed", changes, CHANGED, SEEN, unchanged),
    ):
        if things is not None:
            there = ("what there is", "", "", "", *things.cells(kinds))
            lines += ["", table((name, *MEASURED, *headings), [there, *_cells(rows, kinds)])]
    return "\n".join(lines)


def _cells(rows: Sequence[Row], kinds: Sequence[str]) -> list[tuple[str, ...]]:
    ours = rows[0].run.seconds if rows[0].run is not None else 0.0
    return [row.cells(ours, kinds) for row in rows]


def _version(installed: Installed) -> str:
    name, version = installed.program.name, installed.version
    return f"{name} ({version})" if version else name


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser("python -m benchmarks.peers", description=__doc__)
    own = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    default_cache = own / "confluence-export-peers"
    for name, default, meaning in (
        ("--pages", PAGES, "of the first run; 0 leaves it out"),
        ("--attachments", ATTACHMENTS, "of the first run"),
        ("--unchanged-pages", UNCHANGED_PAGES, "of the run with nothing changed; 0 leaves it out"),
    ):
        parser.add_argument(name, type=int, default=default, help=f"{meaning} ({default:,})")
    parser.add_argument(
        "--peers", default=",".join(PACKAGES), metavar="LIST", help="packages to compare with, or none (all)"
    )
    parser.add_argument("--latency", type=float, default=LATENCY, help=f"seconds a request ({LATENCY})")
    parser.add_argument(
        "--patience", type=float, default=PATIENCE, help=f"seconds until a run is stopped ({PATIENCE:g})"
    )
    parser.add_argument(
        "--cache", type=Path, default=default_cache, help=f"of the peers' environments ({default_cache})"
    )
    wanted = parser.parse_args(arguments)
    names = [] if wanted.peers == "none" else wanted.peers.split(",")
    if unknown := sorted(set(names) - set(PACKAGES)):
        parser.error(f"no peer: {', '.join(unknown)}")
    installed = install_all(names, wanted.cache)
    times = {"latency": wanted.latency, "patience": wanted.patience}
    everything: Things | None = None
    changes: Things | None = None
    first: list[Row] = []
    unchanged: list[Row] = []
    if wanted.pages:
        sizes = {"pages": wanted.pages, "attachments": wanted.attachments}
        everything, first = asyncio.run(first_runs(installed, **sizes, **times))
    if wanted.unchanged_pages:
        changes, unchanged = asyncio.run(unchanged_runs(installed, pages=wanted.unchanged_pages, **times))
    print(report(everything, first, changes, unchanged))
    judged = list(bounds(everything, first, changes, unchanged))
    print("", *judged, sep="\n", file=sys.stderr)
    is_good = all(row.seconds is not None for row in (*first, *unchanged) if not row.is_peer)
    return 0 if is_good and all(each.is_kept for each in judged) else 1


if __name__ == "__main__":
    sys.exit(main())
