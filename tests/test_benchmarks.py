"""Each command of `benchmarks/`, on a space small enough for the suite."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.requests import Size, first_bound, later_bound, noisy_bound
from benchmarks.table import table

ROOT = Path(__file__).parents[1]


def run(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def test_requests_keep_their_bounds() -> None:
    done = run("benchmarks.requests", "--pages", "60")
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line.split(" |")[0] for line in done.stdout.splitlines()[2:]] == [
        "| first       ", "| no change   ", "| 1 % edited  ", "| labels alone", "| noisy site  ",
    ]  # fmt: skip


def test_memory_above_the_limit_is_an_error() -> None:
    done = run("benchmarks.growth", "--pages", "120", "--limit", "1", "--listing-only")
    assert done.returncode == 1, done.stdout + done.stderr
    first, *later = (line.split("|") for line in done.stdout.splitlines()[2:])
    assert all("broken" in each[7] and "broken" not in each[5] for each in (first, *later))
    assert int(first[3]) < 20  # requests: a list of attachments for each page would make 120 more


def test_pace_is_a_ratio_to_the_least() -> None:
    done = run("benchmarks.pace", "--pages", "20", "--attachments", "10", "--virtual-only")
    first, second = (line.split("|") for line in done.stdout.splitlines()[2:])
    assert 1 < float(first[5].split()[0]) < 20, done.stderr  # so small a space is mostly sign-in and listings
    assert int(second[2]) < int(first[2])


def test_downloads_are_measured_against_curl() -> None:
    if shutil.which("curl") is None:
        pytest.skip("no curl")
    done = run("benchmarks.downloads", "--number", "2", "--megabytes", "1", "--rounds", "1")
    by_curl, by_us = (line.split("|") for line in done.stdout.splitlines()[2:])
    assert by_curl[5].strip() == "1.00", done.stderr
    assert int(by_us[6]) > 20  # MiB


def test_the_bounds_are_those_that_were_set() -> None:
    size = Size(pages=901, blogposts=100, folders=7, attachments=40, comments=250, edited=3)
    assert first_bound(size) == 2 * 40 + 180 + 5 + 7 + 200 + 2 * 1001
    assert first_bound(size, labels_alone=True) == 2 * 40 + 180 + 5 + 7 + 200
    assert noisy_bound(size) == 3 * 901 + 2 * 40 + 25 + 7
    assert later_bound(size, in_turn=11) == 2 * 5 + 40 + 7 + 60 + 5 * (11 + 3)


def test_a_table_is_markdown() -> None:
    assert table(("run", "pages"), [("first", "10"), ("no change", "1,000")]) == (
        "| run       | pages |\n|-----------|------:|\n| first     |    10 |\n| no change | 1,000 |"
    )
