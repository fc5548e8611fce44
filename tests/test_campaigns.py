"""A few points of each campaign; all of them are `python -m benchmarks.campaign`."""

from __future__ import annotations

import pytest

from benchmarks.campaign.__main__ import main
from benchmarks.campaign.runs import calls, strace

traced = pytest.mark.skipif(strace() is None, reason="strace is not installed, or this is not Linux")


@traced
@pytest.mark.fault(64)
def test_a_mirror_survives_kills_at_system_calls() -> None:
    assert main(["kill", "--run", "retiring", "--start", "97", "--every", "180"]) == 0


@pytest.mark.fault(64)
def test_a_mirror_survives_kills_at_random_moments() -> None:
    assert main(["random", "--run", "retiring", "--count", "1"]) == 0


@traced
@pytest.mark.fault(68, 69)
def test_a_mirror_survives_a_disk_that_refuses() -> None:
    assert main(["errno", "--run", "retiring", "--start", "296", "--every", "81", "--count", "2"]) == 0


def test_a_mirror_survives_a_server_that_misbehaves() -> None:
    assert main(["http", "--run", "retiring", "--start", "9", "--every", "601", "--count", "3"]) == 0


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
