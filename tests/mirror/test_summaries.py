from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from exporter.errors import LocalError
from exporter.mirror.files import Files
from exporter.mirror.summaries import KEPT, save_summary
from tests.fake_clock import EPOCH


@pytest.fixture
def files(tmp_path: Path) -> Iterator[Files]:
    with ThreadPoolExecutor(1) as executor:
        yield Files(tmp_path, mode=0o600, executor=executor)


def _document(day: int) -> dict[str, object]:
    return {"started": (EPOCH + timedelta(days=day)).isoformat(timespec="seconds"), "exit_code": day}


def _kept(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "runs").iterdir())


async def test_the_last_summary_is_kept_twice_and_the_oldest_go(files: Files) -> None:
    for day in range(KEPT + 5):
        await save_summary(files, _document(day))
    kept = _kept(files.root)
    assert len(kept) == KEPT
    assert kept[0] == "2026-11-30T08.00.00Z.json"
    assert json.loads((files.root / "last-run.json").read_bytes()) == _document(KEPT + 4)
    assert (files.root / "last-run.json").read_bytes() == (files.root / "runs" / kept[-1]).read_bytes()


async def test_the_summary_of_one_run_is_replaced_not_added(files: Files) -> None:
    for code in (0, 143):
        await save_summary(files, {**_document(0), "exit_code": code})
    (name,) = _kept(files.root)
    assert json.loads((files.root / "runs" / name).read_bytes())["exit_code"] == 143


@pytest.mark.fault(73)
async def test_a_clock_that_was_set_back_does_not_cost_the_new_summary(files: Files) -> None:
    for day in range(KEPT):
        await save_summary(files, _document(day))
    await save_summary(files, _document(-9000))
    kept = _kept(files.root)
    assert len(kept) == KEPT
    assert kept[0].startswith("2002-")


async def test_what_others_put_there_stays(files: Files) -> None:
    await save_summary(files, _document(0))
    runs = files.root / "runs"
    foreign = ["notes.txt", "2001-01-01.json", "2001-01-01T00.00.00Z.json.bak"]
    for name in foreign:
        (runs / name).write_text("mine")
    (runs / "2001-01-01T00.00.01Z.json").mkdir()
    (runs / "2001-01-01T00.00.02Z.json").symlink_to(runs / "notes.txt")
    for day in range(1, KEPT + 5):
        await save_summary(files, _document(day))
    assert len(_kept(files.root)) == KEPT + len(foreign) + 2
    assert (runs / "notes.txt").read_text() == "mine"


async def test_the_last_summary_is_in_place_also_where_the_other_cannot_be(files: Files) -> None:
    (files.root / "runs").write_text("a file where a folder must be")
    with pytest.raises(LocalError):
        await save_summary(files, _document(3))
    assert json.loads((files.root / "last-run.json").read_bytes()) == _document(3)
