"""A few points of each campaign; all of them are `python -m benchmarks.campaign`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from benchmarks.campaign.__main__ import main
from benchmarks.campaign.attempt import Lab, Point
from benchmarks.campaign.errno import Refusal
from benchmarks.campaign.hostile import Hostility
from benchmarks.campaign.kill import Kill, RandomKill, Site
from benchmarks.campaign.runs import calls, open_runs, strace
from benchmarks.campaign.stage import open_scene

TRACED: list[Point] = [
    Kill(Site("unlinkat", 1, on_manifest=False)),
    Kill(Site("pwrite64", 41, on_manifest=True)),
    Refusal(Site("ftruncate", 1, on_manifest=False), "EIO", lasting=False),
    Refusal(Site("linkat", 2, on_manifest=False), "ENOSPC", lasting=True),
    Refusal(Site("fdatasync", 9, on_manifest=True), "EIO", lasting=False),
]
OTHERS: list[Point] = [
    RandomKill(0.1),
    Hostility("stall", 12, lasting=False),
    Hostility("results []", 9, lasting=True),
]


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    async with open_scene("retiring", tmp_path) as scene, open_runs() as runs:
        yield Lab(scene, runs, tmp_path)


@pytest.mark.fault(64, 68, 69)
async def test_a_mirror_survives_a_few_points_of_each_campaign(lab: Lab) -> None:
    for point in OTHERS:
        assert (await point.attempt(lab)).broken == [], str(point)
    if strace() is None:
        pytest.skip("strace is not installed, or this is not Linux")
    for point in TRACED:
        made = await point.attempt(lab)
        assert made.broken == [], str(point)
        assert made.code == (None if isinstance(point, Kill) else 6), f"{point} was not met"


def test_a_point_that_breaks_something_ends_the_command_with_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A control: a check that fails is told of, and its number is enough to come back to it."""
    monkeypatch.setattr("benchmarks.campaign.attempt.broken_after", lambda *_: ["I1 torn: it"])
    assert main(["http", "--start", "5", "--count", "1"]) == 1
    told, summary = capsys.readouterr().out.splitlines()
    assert told.startswith("http first 5: ")
    assert "I1 torn: it" in told
    assert "1 broke something" in summary


def test_calls_are_counted_by_thread_and_name() -> None:
    lines = (
        '7 openat(3, "a") = 4',
        '8 openat(3, "b" <unfinished ...>',
        "7 fsync(4) = 0",
        "8 <... openat resumed>) = 5",
        '7 openat(3, "c") = 6',
    )
    assert [(each.thread, each.name, each.number) for each in calls("\n".join(lines))] == [
        (7, "openat", 1), (8, "openat", 1), (7, "fsync", 1), (7, "openat", 2)
    ]  # fmt: skip
