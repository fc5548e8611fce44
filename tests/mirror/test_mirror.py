# ruff: noqa: ASYNC240 — tests look at the disk between their awaits

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter import canonical
from exporter.errors import LocalError, LockedError, TransientError, UsageError
from exporter.layout import LOCK
from exporter.mirror import threads
from exporter.mirror.mirror import Mirror
from exporter.mirror.opening import (
    check_space_folder,
    find_mirrors,
    is_mirror,
    look_at_mirror,
    open_mirror,
)
from exporter.model import (
    CommentId,
    CommentInfo,
    ContentId,
    Kind,
    Page,
    Space,
    SpaceId,
    State,
    TreeNode,
    Version,
)
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
        await mirror.save_summary({"started": "2026-11-25T08:00:00+00:00", "title": "\ud800"})
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
    assert (held.has_data, held.digest is not None) == (False, True)


async def test_an_attachment_lies_in_the_folder_of_its_id(folder: Path) -> None:
    async with _open(folder) as mirror:
        await mirror.save_attachment(FILE, _chunks(b"da", b"ta"))
        assert list((await mirror.held_in(["7"]))["7"][Kind.ATTACHMENT]) == ["att9"]
        assert (await mirror.held_in(["8"]))["8"][Kind.ATTACHMENT] == {}
    assert _files(folder) == ["raw/attachments/att9.json", "raw/attachments/att9/9.png"]
    assert (folder / "raw/attachments/att9/9.png").read_bytes() == b"data"


async def test_an_attachment_that_breaks_off_leaves_the_good_copy_and_its_record(folder: Path) -> None:
    async with _open(folder) as mirror:
        await mirror.save_attachment(FILE, _chunks(b"data"))
        newer = attachment(9, 7, version=Version(2, "2026-11-02"))
        with pytest.raises(TransientError):
            await mirror.save_attachment(newer, _chunks(b"ne", error=TransientError("cut")))
        held = (await mirror.held_in(["7"]))["7"][Kind.ATTACHMENT]["att9"]
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
        held = (await mirror.held_in(["8"]))["8"][Kind.ATTACHMENT]["att9"]
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


@pytest.mark.fault(67)
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
        await mirror.mark_missing(Kind.PAGE, {"7": State.DELETED})
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


async def test_the_space_keeps_the_parts_that_were_not_asked_for(folder: Path) -> None:
    space = Space(SpaceId("5"), "ENG", "ENG", "Engineering", b'{"id": "5", "name": "Engineering"}')
    async with _open(folder) as mirror:
        await mirror.save_space(space, {"labels": [{"id": "1"}]})
        await mirror.save_space(space, {"permissions": []})
        assert await mirror.details(Kind.SPACE, "5") == {
            "id": "5",
            "name": "Engineering",
            "labels": [{"id": "1"}],
            "permissions": [],
        }


async def test_details_outlive_what_saves_body_and_metadata(folder: Path) -> None:
    page = info(7, metadata=b'{"id": "7", "title": "Home"}')
    renamed = info(7, metadata=b'{"id": "7", "title": "Renamed"}')
    async with _open(folder) as mirror:
        assert await mirror.details(Kind.PAGE, "7") is None
        await mirror.save_pages([Page(page, "x")])
        await mirror.save_details(Kind.PAGE, "7", {"labels": [{"name": "a"}], "likes": ["712020:me"]})
        assert await mirror.people() == ["712020:me"]
        await mirror.save_pages([Page(renamed, "y")])
        await mirror.save_metadata([renamed])
        await mirror.save_details(Kind.PAGE, "7", {"labels": []})
        assert await mirror.details(Kind.PAGE, "7") == {
            "id": "7",
            "title": "Renamed",
            "labels": [],
            "likes": ["712020:me"],
        }
        held = (await mirror.held(Kind.PAGE))["7"]
        assert (held.version, held.digest) == (renamed.version, renamed.digest)


async def test_metadata_that_is_not_what_was_recorded_counts_as_unknown(folder: Path) -> None:
    async with _open(folder) as mirror:
        await mirror.save_pages([Page(info(7, metadata=b'{"id": "7"}'), "x")])
        (folder / "raw/pages/7.json").write_bytes(b'{"id": "8"}')
        assert await mirror.details(Kind.PAGE, "7") == {}
        await mirror.save_details(Kind.PAGE, "7", {"labels": []})
        assert await mirror.details(Kind.PAGE, "7") == {"labels": []}
        assert (await mirror.held(Kind.PAGE))["7"].digest is None, "the next listing must bring the rest"


def _comment(number: int, parent: int | None = None, *, inline: bool = False, text: str = "") -> CommentInfo:
    document = {"id": str(number), "parentCommentId": str(parent) if parent else None, "text": text}
    metadata = canonical.dump(document)
    return CommentInfo(
        CommentId(str(number)),
        "7",
        inline,
        CommentId(str(parent)) if parent else None,
        f"Re {number}",
        Version(1, "2026-11-01"),
        hashlib.sha256(metadata).digest(),
        metadata,
    )


async def test_comments_that_are_no_longer_listed_move_to_a_file_of_their_own_and_back(folder: Path) -> None:
    live, lost = folder / "raw/comments/7.json", folder / "raw/comments/7.missing.json"
    one, reply, other = _comment(1), _comment(2, 1), _comment(3, inline=True)
    async with _open(folder) as mirror:
        await mirror.save_comments(Kind.PAGE, "7", [one, reply, other], complete=True)
        document = json.loads(live.read_bytes())
        assert [each["id"] for each in document["footer"]] == ["1"]
        assert [each["id"] for each in document["footer"][0]["replies"]] == ["2"]
        assert [each["id"] for each in document["inline"]] == ["3"]
        held = (await mirror.held_in(["7"]))["7"][Kind.COMMENT]
        assert {each.has_data for each in held.values()} == {True}
        first = live.read_bytes()

        await mirror.save_comments(Kind.PAGE, "7", [one], complete=False)
        assert live.read_bytes() == first
        await mirror.save_comments(Kind.PAGE, "7", [other], complete=True)
        assert [each["id"] for each in json.loads(lost.read_bytes())["footer"][0]["replies"]] == ["2"]
        await mirror.save_comments(Kind.PAGE, "7", [], complete=True)
        assert not live.exists()
        await mirror.save_comments(Kind.PAGE, "7", [one, reply, other], complete=True)
        assert live.read_bytes() == first
        assert not lost.exists()


@given(
    parents=st.lists(st.integers(0, 300), max_size=300),
    inline=st.booleans(),
)
def test_no_comment_gets_lost_in_its_thread(parents: list[int], inline: bool) -> None:
    """Whatever they answer: a comment that isn't there, themselves, each other in a circle."""
    listed = [_comment(number + 1, parent or None, inline=inline) for number, parent in enumerate(parents)]
    live, missing = threads.merge({}, {}, listed, complete=True)
    assert not missing
    again = threads.parse(canonical.dump(threads.arrange(live)))
    assert again == {each.id: each for each in live}


async def test_a_thread_of_a_thousand_is_kept(folder: Path) -> None:
    async with _open(folder) as mirror:
        chain = [_comment(1), *(_comment(number, number - 1) for number in range(2, 1001))]
        await mirror.save_comments(Kind.PAGE, "7", chain, complete=True)
    assert len(threads.parse((folder / "raw/comments/7.json").read_bytes())) == 1000


async def test_a_renamed_attachment_is_renamed_here(folder: Path) -> None:
    async with _open(folder) as mirror:
        await mirror.save_attachment(FILE, _chunks(b"data"))
        await mirror.save_attachment_metadata(attachment(9, 7, title="new.png"))
        held = (await mirror.held_in(["7"]))["7"][Kind.ATTACHMENT]["att9"]
        assert (held.title, held.has_data) == ("new.png", True)
    assert (folder / "raw/attachments/att9/new.png").read_bytes() == b"data"
    assert _files(folder) == ["raw/attachments/att9.json", "raw/attachments/att9/new.png"]


async def test_what_is_only_looked_at_takes_everything_and_keeps_nothing(folder: Path) -> None:
    async with _open(folder) as mirror:
        await mirror.save_pages([Page(PAGE, "x")])
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    async with look_at_mirror(folder, clock=FakeClock()) as looked_at:
        await looked_at.save_pages([Page(PAGE, "y")])
        await looked_at.save_comments(Kind.PAGE, "7", [_comment(1)], complete=True)
        await looked_at.mark_missing(Kind.PAGE, {"7": State.GONE})
        await looked_at.save_users({"a": {}})
        assert (await looked_at.held(Kind.PAGE))["7"].missing_since is None
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


async def test_a_second_run_on_a_space_is_refused(folder: Path) -> None:
    async with _open(folder):
        with pytest.raises(LockedError, match=f"process {os.getpid()}"):
            async with _open(folder):
                pass


@pytest.mark.fault(16)
@pytest.mark.parametrize("suffix", ["", "-journal", "-wal", "-shm"])
@pytest.mark.parametrize("new", [True, False])
async def test_no_link_is_followed_in_the_place_of_the_manifest(
    folder: Path, tmp_path: Path, suffix: str, new: bool
) -> None:
    if new:
        folder.mkdir(parents=True)
    else:
        async with _open(folder) as mirror:
            await mirror.note({"space": "7"})
    place = folder / f"manifest.sqlite{suffix}"
    victim = tmp_path / "victim"
    if place.exists():
        place.rename(victim)
    else:
        victim.write_bytes(b"mine")
    before = victim.read_bytes()
    place.symlink_to(victim)
    with pytest.raises(LocalError, match=f"{place.name} is a link"):
        async with _open(folder):
            pass
    with pytest.raises(LocalError, match=f"{place.name} is a link"):
        async with look_at_mirror(folder, clock=FakeClock()):
            pass
    assert victim.read_bytes() == before


@pytest.mark.fault(15)
def test_a_pipe_in_the_place_of_a_manifest_makes_no_mirror_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "manifest.sqlite")
    assert not is_mirror(tmp_path)


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


async def test_a_recorded_path_that_leads_outside_is_damage_and_not_followed(folder: Path) -> None:
    async with _open(folder) as mirror:
        await mirror.save_pages([Page(PAGE, "secret")])
        (folder.parent / "victim").write_text("secret")
        manifest = mirror._manifest
        await manifest._commit([("UPDATE files SET path = '../victim' WHERE role = 'storage'", ())])
    async with _open(folder) as mirror:
        assert mirror.warnings
        files = await mirror._manifest.files(Kind.PAGE, ["7"])
    assert str(files["7"]["storage"].path) == "raw/pages/7.storage.xml"
    assert (folder.parent / "victim").read_text() == "secret"


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


@pytest.mark.fault(18)
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


@pytest.mark.fault(69)
def test_an_output_folder_that_cannot_be_read_is_the_machines_trouble(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(LocalError, match=r"cannot read .*: Too many open files"):
        find_mirrors(tmp_path)


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
