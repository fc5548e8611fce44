# ruff: noqa: ASYNC240 — tests look at the disk between their awaits

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from exporter.errors import LockedError, ManifestError, TransientError, UsageError
from exporter.layout import LOCK
from exporter.mirror.mirror import (
    Mirror,
    check_space_folder,
    find_mirrors,
    is_mirror,
    look_at_mirror,
    open_mirror,
)
from exporter.model import ContentId, Kind, Page, Space, SpaceId, TreeNode, Version
from tests.crawl.samples import attachment, info
from tests.fake_clock import FakeClock

PAGE = info(7)
FILE = attachment(9, 7)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "out" / "ENG"


def _open(folder: Path) -> AbstractAsyncContextManager[Mirror]:
    return open_mirror(folder, mode=0o600, clock=FakeClock(), durable=False)


async def _chunks(*parts: bytes, error: Exception | None = None) -> AsyncIterator[bytes]:
    for part in parts:
        yield part
    if error is not None:
        raise error


def _files(folder: Path) -> list[str]:
    found = (str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    return sorted(set(found) - {LOCK, "manifest.sqlite"})


@pytest.mark.parametrize("body", ["", "<p>Grüße</p>\r\n", "\ufeff<p/>\x00", "😀" * 1000])
async def test_a_page_is_on_disk_byte_for_byte(folder: Path, body: str) -> None:
    async with _open(folder) as mirror:
        await mirror.save_pages([Page(PAGE, body)])
        held = (await mirror.held(Kind.PAGE))["7"]
        assert (held.version, held.has_data, held.missing_since) == (PAGE.version, True, None)
    assert (folder / "raw/pages/7.storage.xml").read_bytes() == body.encode()
    assert (folder / "raw/pages/7.json").read_bytes() == PAGE.metadata


async def test_a_lone_surrogate_ends_no_run(folder: Path) -> None:
    page = info(7, title="a\ud800b", metadata=b'{"title": "a\\ud800b"}')
    async with _open(folder) as mirror:
        await mirror.save_pages([Page(page, "<p>\ud800</p>")])
        await mirror.save_tree([TreeNode(page.id, Kind.PAGE, page.title, "current", None, None, False)])
        await mirror.save_summary({"title": "\ud800"})
    assert (folder / "raw/pages/7.storage.xml").read_bytes() == b"<p>\xed\xa0\x80</p>"
    assert json.loads((folder / "tree.json").read_text())[0]["title"] == "a\ud800b"


@pytest.mark.parametrize("harm", ["remove", "truncate", "grow", "link", "folder"])
async def test_a_body_that_is_harmed_counts_as_not_held(folder: Path, harm: str) -> None:
    path = folder / "raw/pages/7.storage.xml"
    async with _open(folder) as mirror:
        await mirror.save_pages([Page(PAGE, "<p>Hi</p>")])
        if harm in ("remove", "link", "folder"):
            path.unlink()
        if harm == "link":
            path.symlink_to(folder / "raw/pages/7.json")
        if harm == "folder":
            path.mkdir()
        if harm == "truncate":
            path.write_bytes(b"")
        if harm == "grow":
            path.write_bytes(b"<p>Hi</p> ")
        held = (await mirror.held(Kind.PAGE))["7"]
    assert (held.has_data, held.metadata_sha256 is not None) == (False, True)


async def test_an_attachment_lies_in_the_folder_of_its_id(folder: Path) -> None:
    async with _open(folder) as mirror:
        await mirror.save_attachment(FILE, _chunks(b"da", b"ta"))
        assert list(await mirror.held_attachments(ContentId("7"))) == ["att9"]
        assert await mirror.held_attachments(ContentId("8")) == {}
    assert _files(folder) == ["raw/attachments/att9.json", "raw/attachments/att9/9.png"]
    assert (folder / "raw/attachments/att9/9.png").read_bytes() == b"data"


async def test_an_attachment_that_breaks_off_leaves_the_good_copy_and_its_record(folder: Path) -> None:
    async with _open(folder) as mirror:
        await mirror.save_attachment(FILE, _chunks(b"data"))
        newer = attachment(9, 7, version=Version(2, "2026-11-02"))
        with pytest.raises(TransientError):
            await mirror.save_attachment(newer, _chunks(b"ne", error=TransientError("cut")))
        held = (await mirror.held_attachments(ContentId("7")))["att9"]
        assert (held.version, held.has_data) == (FILE.version, True)
    assert (folder / "raw/attachments/att9/9.png").read_bytes() == b"data"
    assert _files(folder) == ["raw/attachments/att9.json", "raw/attachments/att9/9.png"]


async def test_a_renamed_attachment_leaves_no_file_of_the_old_name(folder: Path) -> None:
    async with _open(folder) as mirror:
        await mirror.save_attachment(FILE, _chunks(b"data"))
        await mirror.save_attachment(attachment(9, 7, title="new.png"), _chunks(b"data"))
    assert _files(folder) == ["raw/attachments/att9.json", "raw/attachments/att9/new.png"]


async def test_a_move_of_an_attachment_costs_its_metadata_only(folder: Path) -> None:
    async with _open(folder) as mirror:
        await mirror.save_attachment(FILE, _chunks(b"data"))
        await mirror.save_attachment_metadata(attachment(9, 8))
        held = (await mirror.held_attachments(ContentId("8")))["att9"]
        assert held.has_data


async def test_a_run_that_was_killed_between_rename_and_record_is_healed(folder: Path) -> None:
    async with _open(folder) as mirror:
        await mirror.save_pages([Page(PAGE, "<p>old</p>")])
    newer = info(7, version=Version(2, "2026-11-02"), metadata=b'{"newer": 1}')
    (folder / "raw/pages/7.storage.xml").write_bytes(b"<p>new</p>")  # as long as the old one
    (folder / "raw/pages/7.json").write_bytes(newer.metadata)
    async with _open(folder) as mirror:
        assert (await mirror.held(Kind.PAGE))["7"].version == PAGE.version, (
            "it never says more than was recorded"
        )
        await mirror.save_pages([Page(newer, "<p>new</p>")])
        held = (await mirror.held(Kind.PAGE))["7"]
        assert (held.version, held.has_data) == (newer.version, True)


async def test_the_record_comes_after_the_files(folder: Path) -> None:
    async with _open(folder) as mirror:
        seen: list[bool] = []
        manifest = mirror._manifest
        record = manifest.record

        async def spy(*entries: object) -> None:
            seen.append(
                (folder / "raw/pages/7.storage.xml").exists() and (folder / "raw/pages/7.json").exists()
            )
            await record(*entries)  # type: ignore[arg-type]

        manifest.record = spy  # type: ignore[method-assign]
        await mirror.save_pages([Page(PAGE, "x")])
        assert seen == [True]


async def test_the_rests_of_a_killed_run_are_swept(folder: Path) -> None:
    with contextlib.suppress(KeyError):
        async with _open(folder) as mirror:
            await mirror.save_pages([Page(PAGE, "x")])
            raise KeyError("stands for a kill: the end is not noted")
    (folder / "raw/pages/.tmp-0123").write_bytes(b"half")
    async with _open(folder):
        assert _files(folder) == ["raw/pages/7.json", "raw/pages/7.storage.xml"]


async def test_what_is_missing_is_kept_and_may_return(folder: Path) -> None:
    async with _open(folder) as mirror:
        await mirror.save_pages([Page(PAGE, "x")])
        await mirror.mark_missing(Kind.PAGE, ["7"])
        held = (await mirror.held(Kind.PAGE))["7"]
        assert (held.missing_since, held.has_data) == ("2026-11-25T08:00:00+00:00", True)
        await mirror.mark_returned(Kind.PAGE, ["7"])
        assert (await mirror.held(Kind.PAGE))["7"].missing_since is None
    assert _files(folder) == ["raw/pages/7.json", "raw/pages/7.storage.xml"]


async def test_the_tree_says_which_file_holds_what(folder: Path) -> None:
    async with _open(folder) as mirror:
        assert not mirror.has_tree()
        await mirror.save_pages([Page(PAGE, "x")])
        await mirror.save_metadata([info(8, Kind.FOLDER)])
        await mirror.save_tree(
            [
                TreeNode(ContentId("8"), Kind.FOLDER, "Böx", "current", None, 1, False),
                TreeNode(PAGE.id, Kind.PAGE, "Home", "current", ContentId("8"), None, False),
                TreeNode(ContentId("9"), Kind.PAGE, "Failed", "current", None, None, True),
            ]
        )
        assert mirror.has_tree()
    rows = json.loads((folder / "tree.json").read_text("utf-8"))
    assert [row["path"] for row in rows] == ["raw/folders/8.json", "raw/pages/7.storage.xml", None]
    assert set(rows[0]) == {"id", "kind", "title", "status", "parent", "position", "orphan", "path"}
    assert len((folder / "tree.json").read_text("utf-8").splitlines()) == 5


async def test_the_space_is_written_when_it_says_something_new(folder: Path) -> None:
    path = folder / "raw/space.json"
    async with _open(folder) as mirror:
        for metadata, is_new in ((b"{}", True), (b"{}", False), (b"[]", True)):
            before = path.stat().st_ino if path.exists() else None
            await mirror.save_space(Space(SpaceId("5"), "ENG", "ENG", "Engineering", metadata))
            assert (path.stat().st_ino != before) is is_new
            assert path.read_bytes() == metadata


async def test_a_second_run_on_a_space_is_refused(folder: Path) -> None:
    async with _open(folder):
        with pytest.raises(LockedError, match=f"process {os.getpid()}"):
            async with _open(folder):
                pass


async def test_looking_writes_nothing(folder: Path) -> None:
    async with look_at_mirror(folder, clock=FakeClock()) as mirror:
        assert await mirror.held(Kind.PAGE) == {}
    assert not folder.parent.exists()
    async with _open(folder) as mirror:
        await mirror.save_pages([Page(PAGE, "x")])
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    async with look_at_mirror(folder, clock=FakeClock()) as mirror:
        assert list(await mirror.held(Kind.PAGE)) == ["7"]
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


async def test_a_recorded_path_that_leads_outside_makes_the_manifest_unusable(folder: Path) -> None:
    async with _open(folder) as mirror:
        await mirror.save_pages([Page(PAGE, "secret")])
        (folder.parent / "victim").write_text("secret")
        manifest = mirror._manifest
        await manifest._commit([("UPDATE files SET path = '../victim' WHERE role = 'storage'", ())])
    with pytest.raises(ManifestError):
        async with _open(folder) as mirror:
            assert not (await mirror.held(Kind.PAGE))["7"].has_data


async def test_mirrors_are_found_with_what_was_noted(folder: Path) -> None:
    out = folder.parent
    assert find_mirrors(out) == {}
    async with _open(folder) as mirror:
        await mirror.note({"space_id": "5"})
    (out / "notes.txt").write_text("mine")
    (out / "other").mkdir()
    assert {path.name: noted.get("space_id") for path, noted in find_mirrors(out).items()} == {"ENG": "5"}


async def test_a_mirror_with_an_unusable_manifest_is_still_one(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "manifest.sqlite").write_bytes(b"garbage" * 1000)
    (folder / LOCK).touch()
    assert find_mirrors(folder.parent) == {folder: {}}


@pytest.mark.parametrize("foreign", ["notes.txt", ".git/config", "ENG/page.html", ".DS_Store"])
def test_a_folder_with_something_else_in_it_is_refused_and_left_alone(tmp_path: Path, foreign: str) -> None:
    (tmp_path / foreign).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / foreign).write_text("mine")
    with pytest.raises(UsageError, match="not empty and holds no mirror"):
        find_mirrors(tmp_path)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [Path(foreign).name]


def test_an_output_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(UsageError, match="cannot be used"):
        find_mirrors(tmp_path / "out")


def test_empty_folders_are_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / "ENG").mkdir()
    assert find_mirrors(tmp_path) == {}
    check_space_folder(tmp_path / "ENG")
    check_space_folder(tmp_path / "absent")


@pytest.mark.parametrize("what", ["file", "link", "full"])
def test_something_else_in_the_place_of_a_mirror_is_refused(tmp_path: Path, what: str) -> None:
    place = tmp_path / "ENG"
    if what == "file":
        place.write_text("mine")
    elif what == "link":
        (tmp_path / "elsewhere").mkdir()
        place.symlink_to(tmp_path / "elsewhere")
    else:
        place.mkdir()
        (place / "mine").touch()
    assert not is_mirror(place)
    with pytest.raises(UsageError, match="is no mirror"):
        check_space_folder(place)
