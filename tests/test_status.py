"""What monitors are told, from summaries alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from exporter.status import Level, Status, look, worst

NOW = datetime(2026, 11, 25, 6, 15, tzinfo=UTC)
DAY = timedelta(hours=26)


def ran(out: Path, *endings: tuple[float, int], key: str = "ENG", keep: bool = True) -> Path:
    """A mirror with summaries of runs that ended so many hours ago with a code; the last one is the last."""
    folder = out / key
    (folder / "runs").mkdir(parents=True)
    (folder / ".confluence-export.lock").touch()
    for hours, code in endings:
        ended = NOW - timedelta(hours=hours)
        text = json.dumps({"schema": 1, "ended": ended.isoformat(timespec="seconds"), "exit_code": code})
        (folder / "last-run.json").write_text(text)
        if keep:
            (folder / "runs" / f"{ended:%Y-%m-%dT%H.%M.%SZ}.json").write_text(text)
    return folder


def _look(out: Path, *keys: str) -> Status:
    (status,) = look(out, keys, max_age=DAY, now=NOW)
    return status


@pytest.mark.parametrize(
    ("endings", "level", "said"),
    [
        ([(3, 0)], Level.OK, "mirrored 2026-11-25 03:15 UTC, 3 h ago"),
        ([(26, 0)], Level.OK, "26 h ago"),
        ([(26.1, 0)], Level.CRITICAL, "the last run ended 2026-11-24 04:09 UTC, 26 h ago, with 0"),
        (
            [(27, 0), (3, 3)],
            Level.WARNING,
            "exit 3 at 2026-11-25 03:15 UTC, 3 h ago: finished, but something",
        ),
        ([(3, 5)], Level.WARNING, "no good run is known"),
        ([(3, 8)], Level.WARNING, "exit 8"),
        ([(25, 0), (1, 7)], Level.WARNING, "last good run 2026-11-24 05:15 UTC"),
        ([(27, 0), (1, 7)], Level.CRITICAL, "exit 7 at 2026-11-25 05:15 UTC, 60 min ago"),
        ([(25, 0), (2, 12), (1, 12)], Level.WARNING, "exit 12"),
        ([(1, 13)], Level.CRITICAL, "the manifest is unusable"),
        ([(1, 99)], Level.CRITICAL, "a code of a newer version"),
        ([(100, 3)], Level.CRITICAL, "4 days ago, with 3; no good run is known"),
        ([(-1, 0)], Level.CRITICAL, "which is yet to come: look at the clock"),
        ([(-50, 0), (1, 7)], Level.CRITICAL, "no good run is known"),  # one of the future proves nothing
    ],
)
@pytest.mark.fault(73)
def test_the_level_and_the_sentence(
    endings: list[tuple[float, int]], level: Level, said: str, tmp_path: Path
) -> None:
    ran(tmp_path, *endings)
    status = _look(tmp_path)
    assert status.level is level
    assert said in status.line
    assert status.line.startswith(f"{level.name} ENG: ")


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (None, ""),
        (1, ""),
        (7, "; each page is looked at within 7 runs"),
        ("7", ""),
        (True, ""),
    ],
)
def test_the_window_in_force_is_said(told: object, said: str, tmp_path: Path) -> None:
    folder = ran(tmp_path, (3, 0))
    document = json.loads((folder / "last-run.json").read_text())
    (folder / "last-run.json").write_text(json.dumps({**document, "checked_within_runs": told}))
    status = _look(tmp_path)
    assert status.line == f"OK ENG: mirrored 2026-11-25 03:15 UTC, 3 h ago{said}"
    assert status.document()["checked_within_runs"] == (told if type(told) is int else None)


def test_without_summaries_of_former_runs_the_last_one_is_all_that_is_known(tmp_path: Path) -> None:
    ran(tmp_path, (2, 0), (1, 7), keep=False)
    assert _look(tmp_path).level is Level.CRITICAL


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"exit_code": 0}', '{"exit_code": true, "ended": "2026-11-25T03:15:00+00:00"}']
    + [
        f'{{"exit_code": 0, "ended": {moment}}}'
        for moment in ("null", '"yesterday"', '"2026-11-25T03:15:00"')
    ]
    + ["[" * 100_000, b"\xff\xfe"],
)
def test_what_is_no_summary_tells_nothing(text: str | bytes, tmp_path: Path) -> None:
    folder = ran(tmp_path, (3, 0))
    (folder / "last-run.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    assert _look(tmp_path).level is Level.UNKNOWN
    (folder / "last-run.json").unlink()
    assert _look(tmp_path).said == "no run has ended yet"
    (folder / "last-run.json").symlink_to(next((folder / "runs").iterdir()))
    assert _look(tmp_path).level is Level.UNKNOWN


def test_a_damaged_summary_of_a_former_run_hides_no_other(tmp_path: Path) -> None:
    folder = ran(tmp_path, (25, 0), (1, 7))
    (folder / "runs" / "2026-11-25T00.00.00Z.json").write_text("{")
    assert _look(tmp_path).level is Level.WARNING


def test_no_mirror_is_unknown(tmp_path: Path) -> None:
    assert _look(tmp_path).line == f"UNKNOWN: there is no mirror in {tmp_path}"
    assert _look(tmp_path / "absent").level is Level.UNKNOWN
    ran(tmp_path, (3, 0))
    assert _look(tmp_path, "OPS").line == f"UNKNOWN OPS: there is no mirror of it in {tmp_path}"


def test_of_several_spaces_the_worst_counts(tmp_path: Path) -> None:
    ran(tmp_path, (3, 0))
    ran(tmp_path, (3, 3), key="DOC")
    found = look(tmp_path, (), max_age=DAY, now=NOW)
    assert [(status.space, status.level) for status in found] == [("DOC", Level.WARNING), ("ENG", Level.OK)]
    assert worst(found) is Level.WARNING
    ran(tmp_path, key="NEW")
    assert worst(look(tmp_path, (), max_age=DAY, now=NOW)) is Level.UNKNOWN
    ran(tmp_path, (30, 0), key="OLD")
    assert worst(look(tmp_path, (), max_age=DAY, now=NOW)) is Level.CRITICAL
    assert worst(look(tmp_path, ["ENG", "ENG"], max_age=DAY, now=NOW)) is Level.OK
