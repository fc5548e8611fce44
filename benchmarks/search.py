"""How big a search index is, how long a search takes, what it finds: `python -m benchmarks.search`."""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random
from statistics import median, quantiles
from typing import Any

from benchmarks.search_pages import Pages, made_up, of_corpus
from benchmarks.table import table
from exporter.site.pages import static
from exporter.site.pages.templates import Templates
from exporter.site.search import index as search
from exporter.site.search.index import SearchDocument
from exporter.site.search.words import words
from exporter.site.views import Site
from tests.site.browser.chromium import NoBrowser, installed

ROOT = Path(__file__).parents[1]
CORE = ROOT / "exporter/site/pages/assets/search-core.js"
IN_NODE = ROOT / "tests/site/search_in_node.js"
IN_BROWSER = Path(__file__).with_name("search_in_browser.mjs")
REFERENCE = "CONFLUENCE_EXPORT_REFERENCE"

TYPED = ("the", "message broker", "failover transport", "spring xml", "conn", "a", "zzzqqq")
"""Words in nearly all pages, in many, in few, and in none."""
TIMES = 3
COLD = {1_000: 150.0, 10_000: 200.0, 50_000: 300.0}
"""The most milliseconds to the first result, by the number of documents."""
FURTHER = 50.0
NOWHERE = 99
MADE_UP = 200


@dataclass(frozen=True, slots=True)
class Built:
    documents: int
    seconds: float
    peak: float
    sizes: Counter[str]
    files: int
    largest: int


@dataclass(frozen=True, slots=True)
class Timed:
    """Milliseconds; `work` is what of `cold` the page had a processor for: the rest it waited."""

    cold: Sequence[float]
    work: Sequence[float]
    further: Sequence[float]


@dataclass(frozen=True, slots=True)
class Item:
    """A query, and whether a result at some address is what was meant."""

    query: str
    is_meant: Callable[[str], bool]


Ranks = dict[str, list[int]]
GOALS = (
    ("title", 1, 0.98),
    ("title", 3, 1.0),
    ("heading", 10, 0.95),
    ("typo", 10, 0.85),
    ("four letters", 10, 0.8),
)
"""What is asked, within which rank it is to be found, and how often."""


def main(arguments: Sequence[str] | None = None) -> int:
    wanted = _parsed(arguments)
    real = of_corpus(wanted.corpus) if wanted.corpus else made_up(MADE_UP, wanted.seed)
    print(f"{len(real)} {'real' if wanted.corpus else 'made-up'} texts\n")
    sizes, times, found = [], [], []
    missed: list[str] = []
    for count in wanted.documents or [len(real), *COLD]:
        print(f"{count:,} documents", file=sys.stderr)
        pages = Pages(real, count)
        with tempfile.TemporaryDirectory(prefix="confluence-export-") as temporary:
            root = wanted.keep / str(count) if wanted.keep else Path(temporary)
            built = build(root, pages)
            sizes.append(_size_row(built))
            ranks = known_items(root, pages, asked=wanted.asked, draw=Random(wanted.seed))  # noqa: S311
            found.append([f"{count:,}", *(_share(ranks, kind, top) for kind, top, _ in GOALS)])
            unmet = missed_items(ranks, is_real=count == len(real))
            missed += [f"{count:,}: {each}" for each in unmet]
            timed = None if wanted.no_browser else in_browser(root)
            if timed is not None:
                times.append(_time_row(count, timed))
                missed += _missed_times(count, timed)
    print(
        table(("documents", "build s", "peak MiB", "words MB", "texts MB", "files", "largest kB"), sizes),
        "\n",
    )
    print(table(("documents", *(f"{kind}, top {top}" for kind, top, _ in GOALS)), found), "\n")
    if times:
        print(
            table(
                ("documents", "cold ms", "cold worst", "of it work", "next letter ms", "95 %", "worst"), times
            ),
            "\n",
        )
    print("\n".join(missed) or "all goals are met")
    return int(bool(missed))


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    reference = os.environ.get(REFERENCE)
    parser = argparse.ArgumentParser("python -m benchmarks.search", description=__doc__)
    parser.add_argument("--documents", type=int, action="append", help="may be given several times")
    parser.add_argument("--corpus", type=Path, default=Path(reference, "corpus") if reference else None)
    parser.add_argument("--asked", type=int, default=300, help="queries of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="leave the sites here")
    parser.add_argument("--no-browser", action="store_true")
    return parser.parse_args(arguments)


# --- building -------------------------------------------------------------------------


def build(root: Path, pages: Pages) -> Built:
    """Writes a site that has nothing but its search."""
    begun = time.perf_counter()
    sizes: Counter[str] = Counter()
    largest = files = 0
    for name, data in search.search_files(pages):
        _write(root / name, data)
        sizes["texts" if name.startswith("search/texts/") else "words"] += len(data)
        largest, files = max(largest, len(data)), files + 1
    took = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    for name, data in static.assets():
        _write(root / "assets" / name, data)
    _write(root / "index.html", Templates(Site("KEY", "Benchmark")).labels([]).encode())
    return Built(pages.count, took, peak, sizes, files, largest)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _size_row(built: Built) -> list[str]:
    return [
        f"{built.documents:,}",
        f"{built.seconds:.1f}",
        f"{built.peak:.0f}",
        *(f"{built.sizes[kind] / 1e6:.1f}" for kind in ("words", "texts")),
        f"{built.files:,}",
        f"{built.largest / 1e3:.0f}",
    ]


# --- times ----------------------------------------------------------------------------


def in_browser(root: Path, *, typed: Sequence[str] = TYPED, times: int = TIMES) -> Timed | None:
    """None where there is no browser. Each query is pasted so many times, and once typed."""
    try:
        program, packages = installed()
    except NoBrowser as missing:
        print(missing)
        return None
    _forget(root)
    queries = [{"first": text, "further": ""} for text in typed] * times
    queries += [{"first": text[0], "further": text[1:]} for text in typed]
    asked = {"address": (root / "index.html").absolute().as_uri(), "queries": queries}
    answers = _run(("node", str(IN_BROWSER), str(packages), program), asked)
    further = [took for answer in answers for took in answer["further"]]
    return Timed([answer["first"] for answer in answers], [answer["work"] for answer in answers], further)


def _forget(root: Path) -> None:
    """Has the system read the files from the disk again, where it can be told so."""
    if not hasattr(os, "posix_fadvise"):
        return
    os.sync()
    for path in root.rglob("*.js"):
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _time_row(count: int, timed: Timed) -> list[str]:
    figures = (
        median(timed.cold),
        max(timed.cold),
        median(timed.work),
        median(timed.further),
        quantiles(timed.further, n=20)[-1],
        max(timed.further),
    )
    return [f"{count:,}", *(f"{figure:.0f}" for figure in figures)]


def _missed_times(count: int, timed: Timed) -> Iterator[str]:
    bound = next((most for size, most in COLD.items() if count <= size), max(COLD.values()))
    if median(timed.cold) > bound:
        yield f"{count:,}: first result after {median(timed.cold):.0f} ms, not {bound:.0f}"
    if median(timed.further) > FURTHER:
        yield f"{count:,}: a further letter takes {median(timed.further):.0f} ms, not {FURTHER:.0f}"


# --- what is found --------------------------------------------------------------------


def known_items(root: Path, pages: Pages, *, asked: int, draw: Random) -> Ranks:
    """At which rank is found what a query was made of."""
    numbers = draw.sample(range(pages.count), min(asked, pages.count))
    chosen = [pages.document(number) for number in numbers]
    headed = [heading for page in chosen for heading in page.headings if len(heading.split()) > 1]
    items = {
        "title": [Item(page.title, _same(page)) for page in chosen],
        "heading": [
            Item(text, _headed(pages, text)) for text in draw.sample(headed, min(asked, len(headed)))
        ],
        "typo": [Item(_mistyped(page.title, draw), _same(page)) for page in chosen],
        "four letters": list(islice(_beginnings(pages, draw), asked)),
    }
    ranks = iter(_ranks(root, [item for some in items.values() for item in some]))
    return {kind: list(islice(ranks, len(some))) for kind, some in items.items()}


def _same(page: SearchDocument) -> Callable[[str], bool]:
    return lambda address: address == page.address


def _headed(pages: Pages, heading: str) -> Callable[[str], bool]:
    return lambda address: pages.with_heading(heading, address)


def _ranks(root: Path, items: Sequence[Item]) -> list[int]:
    asked = {"root": str(root), "queries": [item.query for item in items]}
    answers = _run(("node", str(IN_NODE), str(CORE)), asked)
    return [
        next((at for at, address in enumerate(answer["addresses"], 1) if item.is_meant(address)), NOWHERE)
        for item, answer in zip(items, answers, strict=True)
    ]


def _share(ranks: Ranks, kind: str, top: int) -> str:
    return f"{_part(ranks[kind], top):.1%}"


def _part(ranks: Sequence[int], top: int) -> float:
    return sum(rank <= top for rank in ranks) / len(ranks) if ranks else 1.0


def missed_items(ranks: Ranks, *, is_real: bool) -> Iterator[str]:
    """A heading or four letters can't say which of repeated pages is meant: they have goals where none is."""
    for kind, top, goal in GOALS:
        if (is_real or kind in ("title", "typo")) and _part(ranks[kind], top) < goal:
            yield f"{kind} in the top {top} in {_share(ranks, kind, top)}, not {goal:.0%}"


def _mistyped(title: str, draw: Random) -> str:
    typed = title.split()
    at = draw.choice([at for at, word in enumerate(typed) if len(word) >= 4] or [0])
    word, letter = typed[at], draw.choice("abcdefghijklmnopqrstuvwxyz")
    place = draw.randrange(len(word))
    left, right = word[:place], word[place:]
    typed[at] = draw.choice(
        [
            left + right[1:],
            left + letter + right,
            left + letter + right[1:],
            left + right[1:2] + right[:1] + right[2:],
        ]
    )
    return " ".join(typed)


def _beginnings(pages: Pages, draw: Random) -> Iterator[Item]:
    """Of words in titles, where there is room in ten results for all that begin so."""
    titles = [{word[:4] for word in words(pages.title(number))} for number in range(pages.count)]
    frequency = Counter(letters for title in titles for letters in title)
    for number in draw.sample(range(pages.count), pages.count):
        rare = sorted(each for each in titles[number] if len(each) == 4 and frequency[each] <= 10)
        if rare:
            yield Item(draw.choice(rare), _same(pages.document(number)))


def _run(command: Sequence[str], asked: object) -> Any:
    done = subprocess.run(command, input=json.dumps(asked), stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


if __name__ == "__main__":
    sys.exit(main())
