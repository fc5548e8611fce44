"""How many requests a run makes, against the bound it must keep: `python -m benchmarks.requests`."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

from benchmarks.bench import SPACE, Run, open_bench
from benchmarks.table import table
from exporter.emulator import World
from exporter.emulator.generate import generated_world

PAGES = (100, 1_000, 5_000)
EDITED = 100  # every so manieth page
BODIES, LISTED, FIXED = 50, 250, 30  # of the bounds: bodies a request, items a listing request, the rest

HEADINGS = (
    "run", "pages", "blog posts", "folders", "attachments", "edited", "requests", "bound", "a page", "bytes",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Size:
    """A space in numbers; `edited` pages get a new version before the third run."""

    pages: int
    blogposts: int
    folders: int
    attachments: int
    edited: int

    @property
    def containers(self) -> int:
        return self.pages + self.blogposts

    @property
    def items(self) -> int:
        return self.containers + self.folders + self.attachments


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
        numbers = (size.pages, size.blogposts, size.folders, size.attachments, size.edited, run.requests)
        bound = f"{self.bound:,}" + ("" if self.is_kept else " broken")
        return (
            self.name,
            *(f"{number:,}" for number in numbers),
            bound,
            f"{run.requests / size.pages:.2f}",
            f"{run.received:,}",
        )


def first_bound(size: Size) -> int:
    """As later, and two requests a download."""
    return later_bound(size) + 2 * size.attachments


def later_bound(size: Size) -> int:
    """Listing and bodies in bulk; five requests a container: details, restrictions, footer and inline
    comments, attachments; one an attachment for comments on it, one a folder."""
    bulk = 2 * _times(size.containers, LISTED) + 2 * _times(size.containers, BODIES)
    return bulk + 5 * size.containers + size.attachments + size.folders + FIXED


async def measure(pages: int) -> list[Measured]:
    """The first run on a space, one with nothing changed, one with some pages edited.

    Raises `RuntimeError` when a run did less, or other things, than the space asks for.
    """
    blogposts, attachments = pages // 20, pages // 2
    world = generated_world(
        pages=pages,
        blogposts=blogposts,
        folders=pages // 4,
        attachments=attachments,
        attachment_bytes=2_000,
    )
    size = Size(pages, blogposts, pages // 4, attachments, edited=0)
    edited = replace(size, edited=max(1, pages // EDITED))
    async with open_bench(world) as bench:
        first = await bench.run()
        _check(first, new=size.items)
        same = await bench.run()
        _check(same, unchanged=size.items)
        _edit(world, edited.edited)
        third = await bench.run()
        _check(third, changed=edited.edited, unchanged=size.items - edited.edited)
    return [
        Measured("first", size, first, first_bound(size)),
        Measured("no change", size, same, later_bound(size)),
        Measured("1 % edited", edited, third, later_bound(edited)),
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser("python -m benchmarks.requests", description=__doc__)
    parser.add_argument("--pages", type=int, nargs="+", default=PAGES, help="sizes of the spaces")
    wanted = parser.parse_args(arguments)
    measured: list[Measured] = []
    for pages in wanted.pages:
        print(f"space {SPACE} of {pages:,} pages …", file=sys.stderr)
        measured += asyncio.run(measure(pages))
    print(table(HEADINGS, [each.cells() for each in measured]))
    return 0 if all(each.is_kept for each in measured) else 1


def _times(items: int, at_once: int) -> int:
    return -(-items // at_once)


def _edit(world: World, pages: int) -> None:
    """Edit so many pages, all over the space."""
    every = [content.id for content in world.contents.values() if content.kind == "page"]
    for page_id in islice(every, 0, None, len(every) // pages):
        world.edit(page_id, "<p>Another text.</p>")


def _check(run: Run, **expected: int) -> None:
    counted = {verb: count for verb, count in run.counts.items() if count}
    if counted != {verb: count for verb, count in expected.items() if count}:
        raise RuntimeError(f"the run counted {counted}, the space asks for {expected}")


if __name__ == "__main__":
    sys.exit(main())
