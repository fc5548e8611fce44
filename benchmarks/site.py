"""The offline site of real pages beside mkdocs-material's of the same: `python -m benchmarks.site CORPUS`."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.peak import read_report
from benchmarks.table import table
from exporter import layout
from exporter.clock import SystemClock
from exporter.mirror.opening import open_mirror
from exporter.model import Kind
from tests.site.shelf import KEY, read_shelf

MIB = 1 << 20
BETTER = 10  # times, than mkdocs-material
MEMORY = 400  # MiB, for any number of pages
FILES = 10  # that one edited page may change outside of search/
AT = "2026-01-05T09:12:00.000Z"


@dataclass(frozen=True, slots=True)
class Run:
    seconds: float
    """Of the processor: with others on the machine, time says more of them."""
    peak: int
    """Bytes."""
    told: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Built:
    seconds: float
    size: int


def make_mirror(out: Path, corpus: Path, pages: int) -> Path:
    """A mirror of so many pages: the real bodies over and over, under other ids and titles.

    Every tenth is the parent of the nine after it.
    """
    folder = out / KEY
    asyncio.run(_empty_mirror(folder))
    tree = []
    for number, (title, body) in zip(range(pages), _bodies(corpus), strict=False):
        item_id, parent = str(1000 + number), str(1000 + number - number % 10) if number % 10 else None
        metadata = {
            "id": item_id,
            "title": title,
            "status": "current",
            "parentId": parent,
            "createdAt": AT,
            "version": {"number": 1, "createdAt": AT},
            "labels": [{"name": f"label-{number % 40}", "prefix": "global"}],
        }
        _write(folder / layout.metadata_path(Kind.PAGE, item_id), json.dumps(metadata).encode())
        _write(folder / layout.storage_path(Kind.PAGE, item_id), body)
        path = str(layout.storage_path(Kind.PAGE, item_id))
        tree.append({"id": item_id, "kind": "page", "title": title, "parent": parent, "path": path})
    _write(folder / layout.TREE, json.dumps(tree).encode())
    _write(
        folder / layout.SPACE, json.dumps({"key": KEY, "name": "Real pages", "homepageId": "1000"}).encode()
    )
    return folder


async def _empty_mirror(folder: Path) -> None:
    async with open_mirror(folder, mode=0o600, clock=SystemClock()) as mirror:
        await mirror.note({"site": "https://example.atlassian.net/wiki", "space_key": KEY})


def _bodies(corpus: Path) -> Iterator[tuple[str, bytes]]:
    """Titles stay those that the bodies link to in the first round."""
    shelf = read_shelf(corpus)
    items = [item for item_id in shelf.stems if (item := shelf.item(item_id)) is not None]
    turn = 0
    while True:
        for item in items:
            yield f"{item.title} ({turn})" if turn else item.title, shelf.body(item.id) or b""
        turn += 1


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def render(out: Path, *options: str) -> Run:
    """`confluence-export render`, in a process of its own. Raises `RuntimeError` when it fails."""
    report = out / "peak"
    command = [sys.executable, "-m", "exporter", "render", str(out), "--json", *options]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.peak", str(report), *command], capture_output=True, check=False
    )
    if done.returncode or json.loads(done.stdout)["exit_code"]:
        raise RuntimeError(f"rendering failed: {done.stderr.decode(errors='replace')[-2000:]}")
    peak, seconds = read_report(report)
    return Run(seconds, peak, json.loads(done.stdout)["spaces"][0]["site"])


def mkdocs(python: Path, markdown: Path, built: Path) -> Built:
    """mkdocs-material's build of the same pages, as Markdown."""
    command = [str(python), "-m", "mkdocs", "build", "--quiet", "--config-file", str(_config(markdown))]
    began = _spent()
    subprocess.run([*command, "--site-dir", str(built)], check=True, capture_output=True)
    return Built(_spent() - began, size_of(built))


def _spent() -> float:
    """Seconds of the processor that the processes started from here took."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _config(markdown: Path) -> Path:
    config = markdown.parent / "material.yml"
    config.write_text(
        f"site_name: Real pages\ndocs_dir: {markdown}\nuse_directory_urls: false\n"
        "theme:\n  name: material\nplugins: [search, offline]\n",
        "utf-8",
    )
    return config


def size_of(folder: Path) -> int:
    """In bytes, whole folder."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())


def stamps(site: Path) -> dict[str, tuple[int, int]]:
    """Path below the site → when it was written and its inode."""
    found = {}
    for path in site.rglob("*"):
        if path.is_file():
            stat = path.stat()
            found[str(path.relative_to(site))] = (stat.st_mtime_ns, stat.st_ino)
    return found


def changed_by_an_edit(out: Path, folder: Path) -> tuple[int, int]:
    """Files outside and inside of search/ that one edited page changes."""
    path = folder / layout.storage_path(Kind.PAGE, "1015")
    before = stamps(folder / layout.SITE)
    path.write_bytes(path.read_bytes() + b"<p>One more sentence with an unheardof word.</p>")
    metadata = folder / layout.metadata_path(Kind.PAGE, "1015")
    data = json.loads(metadata.read_bytes())
    data["version"] = {"number": 2, "createdAt": "2026-02-01T10:00:00.000Z"}
    metadata.write_bytes(json.dumps(data).encode())
    render(out)
    after = stamps(folder / layout.SITE)
    changed = [name for name in before.keys() | after.keys() if before.get(name) != after.get(name)]
    in_search = sum(name.startswith("search/") for name in changed)
    return len(changed) - in_search, in_search


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    rows: list[tuple[str, str, str]] = []
    kept = True
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "out")
        space = make_mirror(out, options.corpus, options.pages)
        first = render(out)
        again = render(out)
        size = size_of(space / layout.SITE)
        outside, inside = changed_by_an_edit(out, space)
        rows += [
            (f"rendering {options.pages:,} pages, MiB of memory", f"{first.peak / MIB:.0f}", f"≤ {MEMORY}"),
            ("the same with nothing changed, share of the time", f"{again.seconds / first.seconds:.2f}", ""),
            ("files that it wrote", str(again.told["written"]), "0"),
            ("files that one edited page changes", str(outside), f"≤ {FILES}"),
            ("and in search/", str(inside), ""),
            ("size of the site, of the bodies'", f"{size / size_of(space / 'raw' / 'pages'):.2f}", ""),
        ]
        kept = first.peak <= MEMORY * MIB and again.told["written"] == 0 and outside <= FILES
        if options.mkdocs is not None:
            render(out, "--markdown")
            theirs = mkdocs(options.mkdocs, space / "markdown", Path(folder, "built"))
            faster, smaller = theirs.seconds / first.seconds, theirs.size / size
            kept = kept and min(faster, smaller) >= BETTER
            rows += [
                ("times faster than mkdocs-material", f"{faster:.1f}", f"≥ {BETTER}"),
                ("times smaller", f"{smaller:.1f}", f"≥ {BETTER}"),
            ]
    sys.stdout.write(table(("what", "measured", "bound"), rows) + "\n")
    return 0 if kept else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.site", description=__doc__)
    parser.add_argument("corpus", type=Path, help="folder of real bodies: storage/, view/, INDEX.tsv")
    parser.add_argument("--pages", type=int, default=1000)
    parser.add_argument(
        "--mkdocs", type=Path, help="Python of an environment that has mkdocs-material, to compare with"
    )
    return parser


if __name__ == "__main__":
    os.environ.setdefault("PYTHONHASHSEED", "0")
    sys.exit(main())
