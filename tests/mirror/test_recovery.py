# ruff: noqa: ASYNC240 — tests look at the disk between their awaits
"""A damaged manifest is made anew from its backup and the files, or refused: it never says what isn't so."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, closing
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from exporter import layout
from exporter.errors import DamagedManifest, LocalError, ManifestError
from exporter.layout import Owner
from exporter.mirror import manifest_file
from exporter.mirror.mirror import Mirror
from exporter.mirror.opening import look_at_mirror, open_mirror
from exporter.mirror.schema import SCHEMA_VERSION
from exporter.model import (
    AttachmentId,
    CommentId,
    CommentInfo,
    Kind,
    OldPage,
    OldVersion,
    Page,
    Space,
    SpaceId,
    State,
    Version,
)
from tests.crawl.samples import attachment, info
from tests.fake_clock import FakeClock
from tests.mirror.holding import on_disk, recorded

DATE = "2026-11-01T08:00:00.000Z"
SPACE = Space(SpaceId("5"), "ENG", "ENG", "Engineering", b'{"id": "5", "key": "ENG", "name": "Engineering"}')


def _document(number: int | str, **more: Any) -> bytes:
    version = {"number": 3, "createdAt": DATE}
    document = {"id": str(number), "title": f"Title {number}", "version": version, "authorId": "712020:me"}
    return json.dumps({**document, **more}).encode()


def _page(number: int, text: str = "<p/>") -> Page:
    return Page(info(number, version=Version(3, DATE), metadata=_document(number)), text)


def _attachment(number: int, size: int) -> Any:
    metadata = _document(f"att{number}", pageId="7", fileSize=size)
    return attachment(number, 7, version=Version(3, DATE), metadata=metadata)


def _comment(number: int) -> CommentInfo:
    metadata = _document(number)
    digest = hashlib.sha256(metadata).digest()
    return CommentInfo(CommentId(str(number)), "7", False, None, "Re", Version(1, DATE), digest, metadata)


async def _chunks(data: bytes) -> AsyncIterator[bytes]:
    yield data


def _open(folder: Path) -> AbstractAsyncContextManager[Mirror]:
    return open_mirror(folder, mode=0o600, clock=FakeClock(), durable=False)


async def _fill(mirror: Mirror) -> None:
    await mirror.save_space(SPACE, {})
    await mirror.save_pages([_page(7, '<ri:user ri:account-id="712020:you"/>'), _page(8)])
    await mirror.save_adf([_page(7, "{}")])
    await mirror.save_metadata([info(20, Kind.FOLDER, metadata=_document(20))])
    await mirror.save_comments(Kind.PAGE, "7", [_comment(1), _comment(2)], complete=True)
    await mirror.save_comments(Kind.PAGE, "7", [_comment(1)], complete=True)
    await mirror.save_attachment(_attachment(9, 4), _chunks(b"data"))
    old = OldVersion("7", 2, "2026-10-01T08:00:00.000Z")
    await mirror.save_old_page(OldPage(old, "Title 7", b'{"number": 2}', "<p>old</p>"))
    await mirror.save_users({"712020:me": {"name": "Me"}})
    await mirror.note({"cloud_id": "c", "space_id": "5"})


@pytest.fixture
async def folder(tmp_path: Path) -> Path:
    """A mirror that its run has left in good order, without a backup."""
    folder = tmp_path / "out" / "ENG"
    async with _open(folder) as mirror:
        await _fill(mirror)
    return folder


def _manifest(folder: Path) -> Path:
    return folder / "manifest.sqlite"


def _spoil(folder: Path) -> bytes:
    content = b"garbage" * 1000
    _manifest(folder).write_bytes(content)
    return content


async def _after_healing(folder: Path) -> list[str]:
    """The warnings of an opening, after which what is recorded must be all that is there."""
    async with _open(folder) as mirror:
        warnings = list(mirror.warnings)
    assert recorded(folder) == on_disk(folder)
    return warnings


@pytest.mark.fault(57)
async def test_bytes_that_flip_leave_no_wrong_record(folder: Path) -> None:
    """A flip that only changes a value is no damage that SQLite can see: at most that one row is wrong,
    which `verify` finds."""
    whole = _manifest(folder).read_bytes()
    chance = random.Random(57)
    written = [at for at, byte in enumerate(whole) if byte]
    positions = [*range(0, 100, 3), *chance.sample(written, 60), *chance.sample(range(len(whole)), 10)]
    ends = set()
    for at in positions:
        damaged = bytearray(whole)
        damaged[at] ^= 1 << chance.randrange(8)
        _manifest(folder).write_bytes(damaged)
        try:
            async with _open(folder) as mirror:
                is_healed = bool(mirror.warnings)
                for kind in Kind:
                    await mirror.held(kind)
        except (ManifestError, LocalError):
            ends.add("refused")
            assert _manifest(folder).exists()
        else:
            ends.add("healed" if is_healed else "harmless")
            there = on_disk(folder)
            held = recorded(folder)
            wrong = {path for path, file in held.items() if there.get(path) != file}
            assert len(wrong) <= (0 if is_healed else 1), f"byte {at}"
            assert not is_healed or held == there, f"byte {at}"
        for rest in folder.glob("manifest.*"):
            rest.unlink()
    assert ends == {"refused", "healed", "harmless"}


@pytest.mark.fault(57)
async def test_a_manifest_that_is_cut_is_healed_at_any_length(folder: Path) -> None:
    whole = _manifest(folder).read_bytes()
    for length in (
        0,
        1,
        15,
        16,
        99,
        100,
        101,
        511,
        512,
        1000,
        *range(4096, len(whole), 4096),
        len(whole) - 1,
    ):
        _manifest(folder).write_bytes(whole[:length])
        assert await _after_healing(folder), f"cut at {length}"


@pytest.mark.fault(57)
@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE items SET title = CAST(x'ff41' AS TEXT)",
        "UPDATE files SET sha256 = 'zz'",
        "UPDATE files SET path = '../victim' WHERE role = 'adf'",
        "UPDATE files SET size = 'big'",
        "UPDATE items SET kind = 'pagf' WHERE id = '8'",
        "UPDATE items SET version_number = 'x'",
        "UPDATE people SET account = x'00'",
        "INSERT INTO leaving VALUES ('/etc/passwd')",
        "DROP TABLE people",
    ],
)
async def test_rows_that_make_no_sense_are_damage(folder: Path, damage: str) -> None:
    with closing(sqlite3.connect(_manifest(folder))) as connection, connection:
        connection.execute(damage)
    assert await _after_healing(folder)


@pytest.mark.fault(57)
async def test_without_a_backup_the_files_say_what_is_held(folder: Path) -> None:
    content = _spoil(folder)
    (folder / "raw/pages/notes.txt").write_text("somebody's own")
    async with _open(folder) as mirror:
        (warning,) = mirror.warnings
        assert "manifest.damaged-2026-11-25T08.00.00Z.sqlite" in warning
        assert await mirror.meta() == {"space_id": "5", "space_key": "ENG", "doubt": "rebuilt"}
        pages = await mirror.held(Kind.PAGE)
        assert pages["7"].title == "Title 7"
        assert pages["7"].has_data
        assert pages["7"].version == Version(None, DATE), "its body is to be compared"
        assert pages["7"].digest is None
        assert (await mirror.held_bodies(Kind.PAGE, ["7"]))["7"].adf is not None
        assert list(await mirror.held(Kind.FOLDER)) == ["20"]
        inside = (await mirror.held_in(["7"]))["7"]
        assert inside[Kind.ATTACHMENT]["att9"].version == Version(3, DATE), "it has its size"
        assert {each: have.state for each, have in inside[Kind.COMMENT].items()} == {
            "1": None,
            "2": State.GONE,
        }
        (old,) = inside[Kind.VERSION].values()
        assert old.has_data
        assert old.digest is not None, "former versions are not fetched again"
        assert await mirror.people() == ["712020:me", "712020:you"]
        assert await mirror.users() == {}, "to be looked at again"
    aside = folder / "manifest.damaged-2026-11-25T08.00.00Z.sqlite"
    assert aside.read_bytes() == content
    assert "raw/pages/notes.txt" not in recorded(folder)
    assert (folder / "raw/pages/notes.txt").read_text() == "somebody's own"


def test_a_journal_goes_with_its_manifest(tmp_path: Path) -> None:
    """Beside another one it would be applied to that."""
    for name in ("manifest.sqlite", "manifest.sqlite-journal"):
        (tmp_path / name).write_text(name)
    manifest_file.move_away(tmp_path / "manifest.sqlite", tmp_path / "old.sqlite")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["old.sqlite", "old.sqlite-journal"]


@pytest.mark.fault(57)
async def test_an_attachment_of_another_size_than_told_is_fetched_again(folder: Path) -> None:
    (folder / "raw/attachments/att9/9.png").write_bytes(b"cut")
    _spoil(folder)
    async with _open(folder) as mirror:
        assert (await mirror.held_in(["7"]))["7"][Kind.ATTACHMENT]["att9"].version.number is None


@pytest.mark.fault(57)
async def test_a_backup_is_believed_where_the_files_agree(folder: Path) -> None:
    async with _open(folder) as mirror:
        await mirror.back_up_manifest()
        await mirror.save_pages([_page(8, "<p>newer</p>"), _page(30, "<p>new</p>")])
        await mirror.mark_missing(Kind.FOLDER, {"20": State.GONE})
    (folder / "raw/pages/7.adf.json").unlink()
    _spoil(folder)
    async with _open(folder) as mirror:
        assert await mirror.meta() == {
            "cloud_id": "c",
            "space_id": "5",
            "space_key": "ENG",
            "doubt": "restored",
        }
        pages = await mirror.held(Kind.PAGE)
        assert pages["8"].version.number is None, "newer than the backup"
        assert pages["30"].version.number is None, "not in the backup"
        assert pages["7"].version.number is None, "something of it is lost"
        attached = (await mirror.held_in(["7"]))["7"][Kind.ATTACHMENT]["att9"]
        assert attached.version == Version(3, DATE)
        assert attached.digest is not None, "as it was"
    assert recorded(folder) == on_disk(folder)
    assert (folder / "manifest.backup.sqlite").stat().st_mode & 0o777 == 0o600


@pytest.mark.fault(57)
async def test_a_backup_that_is_damaged_too_is_not_taken(folder: Path) -> None:
    (folder / "manifest.backup.sqlite").write_bytes(_spoil(folder)[:5000])
    assert await _after_healing(folder)
    async with _open(folder) as mirror:
        assert (await mirror.meta())["doubt"] == "rebuilt"
        await mirror.trust_manifest()
        assert not (await mirror.meta())["doubt"]


@pytest.mark.fault(57, 64)
async def test_a_kill_while_it_is_healed_leaves_that_to_the_next_run(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _spoil(folder)
    for step in ("move_away", "put_in_place"):
        with monkeypatch.context() as patch, pytest.raises(KeyError):  # noqa: PT012 — the end of the block matters

            def killed(*_: object) -> None:
                raise KeyError

            patch.setattr(manifest_file, step, killed)
            async with _open(folder):
                pass
    assert not _manifest(folder).exists()
    assert await _after_healing(folder)
    assert not list(folder.rglob(".tmp-*"))


@pytest.mark.fault(57)
@pytest.mark.parametrize("damage", ["garbage", "empty", "absent"])
async def test_to_look_at_a_damaged_manifest_changes_nothing(folder: Path, damage: str) -> None:
    _spoil(folder)
    if damage == "empty":
        _manifest(folder).write_bytes(b"")
    if damage == "absent":
        _manifest(folder).unlink()
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    with pytest.raises(DamagedManifest):
        async with look_at_mirror(folder, clock=FakeClock()):
            pass
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


@pytest.mark.fault(58)
@pytest.mark.parametrize(
    "change", [f"PRAGMA user_version = {SCHEMA_VERSION + 1}", "PRAGMA application_id = 7"]
)
async def test_a_newer_or_foreign_one_is_refused_and_left_as_it_is(folder: Path, change: str) -> None:
    with closing(sqlite3.connect(_manifest(folder))) as connection:
        connection.execute(change)
    before = _manifest(folder).read_bytes()
    with pytest.raises(ManifestError) as caught:
        async with _open(folder):
            pass
    assert not isinstance(caught.value, DamagedManifest)
    assert _manifest(folder).read_bytes() == before
    assert not list(folder.glob("manifest.damaged*"))


async def test_a_mirror_in_which_nothing_is_yet_starts_anew(folder: Path) -> None:
    shutil.rmtree(folder / "raw")
    _manifest(folder).write_bytes(b"")
    async with _open(folder) as mirror:
        assert not mirror.warnings
        assert await mirror.meta() == {}


PATHS = [
    (layout.SPACE, Owner(Kind.SPACE, "", "metadata")),
    (layout.USERS, Owner(Kind.USERS, "", "metadata")),
    (layout.metadata_path(Kind.TASK, "7"), Owner(Kind.TASK, "7", "metadata")),
    (layout.storage_path(Kind.BLOGPOST, "7"), Owner(Kind.BLOGPOST, "7", "storage")),
    (layout.adf_path(Kind.PAGE, "7"), Owner(Kind.PAGE, "7", "adf")),
    (layout.comments_path("att7"), Owner(None, "att7", "comments")),
    (layout.missing_comments_path("7"), Owner(None, "7", "missing-comments")),
    (layout.attachment_path(AttachmentId("att7"), "a/b.png"), Owner(Kind.ATTACHMENT, "att7", "file")),
    (layout.metadata_path(Kind.VERSION, f"7@{DATE}"), Owner(Kind.VERSION, f"7@{DATE}", "metadata")),
    (layout.storage_path(Kind.VERSION, f"7@{DATE}"), Owner(Kind.VERSION, f"7@{DATE}", "storage")),
    (layout.old_attachment_path(f"att7@{DATE}", "a.png"), Owner(Kind.VERSION, f"att7@{DATE}", "file")),
    *(
        (PurePosixPath(foreign), None)
        for foreign in (
            "tree.json",
            "raw/pages/notes.txt",
            "raw/pages/notes.json",
            "raw/pages/7.json.orig",
            "raw/pages/7/8.json",
            "raw/attachments/att7/.hidden",
            "raw/attachments/att7/___",
            "raw/history/7/long ago.json",
            "raw/comments/7.txt",
            "raw/mine/7.json",
        )
    ),
]


@pytest.mark.parametrize(("path", "owner"), PATHS)
def test_a_path_says_what_its_file_is_of(path: PurePosixPath, owner: Owner | None) -> None:
    assert layout.owner_of(path) == owner
