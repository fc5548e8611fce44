"""Files against the manifest, where a run was killed or somebody else was at work."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path

import pytest

from exporter.errors import LocalError, ManifestError
from exporter.mirror.opening import open_mirror
from exporter.mirror.verify import Subset, Verified, verify
from exporter.model import Page
from tests.crawl.samples import info
from tests.fake_clock import FakeClock

BODY = "raw/pages/7.storage.xml"


@pytest.fixture
async def folder(tmp_path: Path) -> Path:
    """A mirror of one page."""
    folder = tmp_path / "ENG"
    async with open_mirror(folder, mode=0o600, clock=FakeClock(), durable=False) as mirror:
        await mirror.save_pages([Page(info(7), "<p>Hello</p>")])
    return folder


async def _verify(folder: Path) -> Verified:
    return await verify(folder, Subset(), clock=FakeClock())


@contextmanager
def _manifest(folder: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(folder / "manifest.sqlite")) as manifest, manifest:
        yield manifest


@pytest.mark.parametrize(
    ("text", "subset"),
    [
        ("1/30", Subset(1, 30)),
        ("30/30", Subset(30, 30)),
        (" 1/1 ", Subset(1, 1)),
        ("day/7", Subset(740_314, 7)),
    ],
)
def test_a_part_of_the_files(text: str, subset: Subset) -> None:
    assert Subset.parse(text, today=date(2027, 11, 29)) == subset


@pytest.mark.parametrize(
    "text", ["", "1", "0/30", "31/30", "1/0", "-1/30", "a/30", "day/", "day", "1/1/1", "٣/30", "1/9999999"]
)
def test_what_is_no_part_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no part of a mirror"):
        Subset.parse(text, today=date(2026, 11, 25))


def test_each_path_is_in_one_part_and_the_days_go_through_them() -> None:
    for path in ("raw/space.json", "raw/\udcff"):
        assert sum(Subset(number, 30).holds(path) for number in range(1, 31)) == 1
        assert sum(Subset.parse("day/30", today=date(2026, 11, day)).holds(path) for day in range(1, 31)) == 1


@pytest.mark.fault(64)
async def test_what_a_killed_run_was_just_writing_is_no_damage(folder: Path) -> None:
    (folder / BODY).write_text("<p>Another one</p>")
    (damage,) = (await _verify(folder)).damages
    assert (str(damage.path), damage.is_missing, damage.is_last) == (BODY, False, False)
    with _manifest(folder) as manifest:
        row = (BODY, 18, hashlib.sha256(b"<p>Another one</p>").hexdigest())
        manifest.execute("INSERT INTO writing VALUES (?, ?, ?)", row)
    assert (await _verify(folder)).damages == []


@pytest.mark.fault(61)
async def test_what_is_on_its_way_is_not_too_much(folder: Path) -> None:
    for name in ("leaving.json", "new.json", "foreign.json", ".tmp-1"):
        (folder / "raw" / name).write_text("x")
    with _manifest(folder) as manifest:
        manifest.execute("INSERT INTO leaving VALUES ('raw/leaving.json')")
        manifest.execute("INSERT INTO writing VALUES ('raw/new.json', 1, ?)", ("0" * 64,))
    assert (await _verify(folder)).extra == ["raw/foreign.json"]


@pytest.mark.fault(61)
async def test_a_name_that_is_no_text_is_too_much(folder: Path) -> None:
    name = os.fsdecode(b"raw/\xff")
    (folder / name).write_text("x")
    found = await _verify(folder)
    assert (found.extra, found.damages) == ([name], [])


@pytest.mark.fault(15)
@pytest.mark.parametrize("other", ["pipe", "folder", "link"])
async def test_what_is_no_file_is_damage_and_nobody_waits_for_it(other: str, folder: Path) -> None:
    path = folder / BODY
    path.rename(folder / "elsewhere")
    {"pipe": os.mkfifo, "folder": os.mkdir, "link": lambda path: path.symlink_to("../../elsewhere")}[other](
        path
    )
    (damage,) = (await _verify(folder)).damages
    assert damage.reason == ("is a link" if other == "link" else "is no file")


async def test_without_a_manifest_nothing_can_be_said(folder: Path) -> None:
    (folder / "manifest.sqlite").unlink()
    with pytest.raises(ManifestError, match="is missing: the next export"):
        await _verify(folder)
    assert not (folder / "manifest.sqlite").exists()
    (folder / "manifest.sqlite").symlink_to(folder / "elsewhere")
    with pytest.raises((LocalError, ManifestError)):
        await _verify(folder)
    assert not (folder / "elsewhere").exists()
