"""How many requests a run makes, against the bound it must keep: `python -m benchmarks.requests`."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from benchmarks.bench import SPACE, Run, edit, open_bench
from benchmarks.table import table
from exporter.crawl.routes import Sweep
from exporter.crawl.wanted import Wanted
from exporter.emulator import World
from exporter.emulator.generate import generated_world

PAGES = (100, 1_000, 5_000)
ATTACHMENTS = 0.5  # a page
EDITED = 100  # every so manieth page
NOISE = 20  # how many times as much the other spaces of a noisy site hold
LISTED, WITHIN = 250, Wanted().within
LABELS_ALONE = ("--skip", "properties,likes,versions,restrictions")

HEADINGS = (
    "run", "pages", "blog posts", "folders", "attachments", "comments", "edited", "requests", "bound",
    "a page", "bytes",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Size:
    """A space in numbers; `edited` pages get a new version before the last run."""

    pages: int
    blogposts: int
    folders: int
    attachments: int
    comments: int
    edited: int = 0

    @property
    def containers(self) -> int:
        return self.pages + self.blogposts

    @property
    def items(self) -> int:
        return self.containers + self.folders + self.attachments + self.comments


@dataclass(frozen=True, slots=True)
class Measured:
    name: str
    size: Size
    run: Run
    bound: int

    @property
    def is_kept(self) -> bool:
        return self.run.requests <= self.bound

    def cells(self) -> tuple[str, ...]:
        size, run = self.size, self.run
        numbers = (size.pages, size.blogposts, size.folders, size.attachments, size.comments, size.edited)
        bound = f"{self.bound:,}" + ("" if self.is_kept else " broken")
        return (
            self.name,
            *(f"{number:,}" for number in (*numbers, run.requests)),
            bound,
            f"{run.requests / size.pages:.2f}",
            f"{run.received:,}",
        )


def first_bound(size: Size, *, labels_alone: bool = False) -> int:
    """Two requests a download, one a folder, and little else; what only a page itself tells costs two more
    requests a page."""
    more = 0 if labels_alone else 2 * size.containers
    return 2 * size.attachments + size.pages // 5 + size.comments // 50 + size.folders + 200 + more


def noisy_bound(size: Size) -> int:
    return 3 * size.pages + 2 * size.attachments + size.comments // 10 + size.folders


def later_bound(size: Size, in_turn: int) -> int:
    """The listings, the sweep by search and by listings of the site, five requests for each container whose
    turn it is, and for each that was edited."""
    bulk = 2 * _times(size.containers, LISTED) + size.containers // 25
    return bulk + size.folders + 60 + 5 * (in_turn + size.edited)


def size_of(pages: int, *, attachments: float = ATTACHMENTS) -> Size:
    """A space of so many pages, and of so many attachments a page."""
    return Size(pages, pages // 20, pages // 4, int(attachments * pages), pages)


async def nights(size: Size) -> list[Measured]:
    """The first run on a space, one with nothing changed, one with some pages edited.

    Raises `RuntimeError` when a run did less, or other things, than the space asks for.
    """
    edited = replace(size, edited=max(1, size.pages // EDITED))
    world = _world(size)
    found = []
    async with open_bench(world) as bench:
        first = await bench.run()
        first.check(new=size.items)
        found.append(Measured("first", size, first, first_bound(size)))
        same = await bench.run()
        same.check(unchanged=size.items)
        found.append(Measured("no change", size, same, later_bound(size, _in_turn(world, 1))))
        edit(world, edited.edited)
        third = await bench.run()
        third.check(changed=edited.edited, unchanged=size.items - edited.edited)
        found.append(Measured("1 % edited", edited, third, later_bound(edited, _in_turn(world, 2))))
    return found


async def others(size: Size) -> list[Measured]:
    """Two other first runs: one without what only a page itself tells, one on a site that is mostly other
    spaces. Raises as `nights`."""
    found = []
    async with open_bench(_world(size)) as bench:
        first = await bench.run(*LABELS_ALONE)
        first.check(new=size.items)
        found.append(Measured("labels alone", size, first, first_bound(size, labels_alone=True)))
    async with open_bench(_noisy(size)) as bench:
        first = await bench.run()
        first.check(new=size.items)
        found.append(Measured("noisy site", size, first, noisy_bound(size)))
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser("python -m benchmarks.requests", description=__doc__)
    parser.add_argument("--pages", type=int, nargs="+", default=PAGES, help="sizes of the spaces")
    parser.add_argument(
        "--attachments", type=float, default=ATTACHMENTS, help=f"so many a page ({ATTACHMENTS})"
    )
    parser.add_argument("--nights-only", action="store_true", help="without the two other first runs")
    wanted = parser.parse_args(arguments)
    measured: list[Measured] = []
    for pages in wanted.pages:
        print(f"space {SPACE} of {pages:,} pages …", file=sys.stderr)
        size = size_of(pages, attachments=wanted.attachments)
        measured += asyncio.run(nights(size))
        if not wanted.nights_only:
            measured += asyncio.run(others(size))
    print(table(HEADINGS, [each.cells() for each in measured]))
    return 0 if all(each.is_kept for each in measured) else 1


def _times(items: int, at_once: int) -> int:
    return -(-items // at_once)


def _world(size: Size) -> World:
    return generated_world(
        pages=size.pages,
        blogposts=size.blogposts,
        folders=size.folders,
        attachments=size.attachments,
        comments=size.comments,
        attachment_bytes=2_000,
    )


def _noisy(size: Size) -> World:
    world = _world(size)
    other = world.add_space("OPS", "Other")
    page = world.add_page(other, "Attic", "")
    for number in range(NOISE * size.attachments):
        world.attach(page, f"{number}.txt", b"")
    for _ in range(NOISE * size.comments):
        world.add_comment(page, "")
    return world


def _in_turn(world: World, turn: int) -> int:
    """Of how many pages and blog posts it is the turn, in the run after so many."""
    ids: Iterable[str] = (each.id for each in world.contents.values() if each.kind in ("page", "blogpost"))
    return sum(map(Sweep(of=WITHIN, turn=turn).takes, ids))


if __name__ == "__main__":
    sys.exit(main())
