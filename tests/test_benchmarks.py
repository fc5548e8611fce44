"""Each command of `benchmarks/`, on a space small enough for the suite."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.requests import Size, first_bound, later_bound
from benchmarks.table import table

ROOT = Path(__file__).parents[1]


def run(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def test_requests_keep_their_bounds() -> None:
    done = run("benchmarks.requests", "--pages", "60")
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line.split(" |")[0] for line in done.stdout.splitlines()[2:]] == [
        "| first     ", "| no change ", "| 1 % edited",
    ]  # fmt: skip


def test_memory_above_the_limit_is_an_error() -> None:
    done = run("benchmarks.memory", "--pages", "120", "--limit", "1", "--listing-only")
    assert done.returncode == 1, done.stdout + done.stderr
    first, second = (line.split("|") for line in done.stdout.splitlines()[2:])
    assert "broken" in first[5]
    assert "broken" in second[5]
    assert int(first[3]) < 20  # requests: a list of attachments for each page would make 120 more


def test_the_bounds_are_those_that_were_set() -> None:
    size = Size(pages=901, blogposts=100, folders=7, attachments=40, edited=0)
    assert first_bound(size) == 2 * 5 + 2 * 21 + 5 * 1001 + 40 + 7 + 2 * 40 + 30
    assert later_bound(size) == 2 * 5 + 2 * 21 + 5 * 1001 + 40 + 7 + 30


def test_a_table_is_markdown() -> None:
    assert table(("run", "pages"), [("first", "10"), ("no change", "1,000")]) == (
        "| run       | pages |\n|-----------|------:|\n| first     |    10 |\n| no change | 1,000 |"
    )
