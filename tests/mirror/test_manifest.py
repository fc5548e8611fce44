# ruff: noqa: ASYNC240 — tests look at the disk between their awaits

from __future__ import annotations

import asyncio
import contextlib
import random
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from exporter.errors import LocalError, ManifestError
from exporter.mirror.files import Stored
from exporter.mirror.manifest import CHUNK, SCHEMA_VERSION, Entry, Item, Manifest, open_manifest
from exporter.mirror.manifest_file import connect, peek, remove, translated
from exporter.model import Kind, State, Version

VERSION = Version(3, "2026-11-01T08:00:00.000Z")


def _stored(path: str) -> Stored:
    return Stored(PurePosixPath(path), 5, "ab" * 32)


def _entry(number: int = 1, **changes: Any) -> Entry:
    files = {"metadata": _stored(f"{number}.json"), "storage": _stored(f"{number}.xml")}
    fields: dict[str, Any] = {"title": "Home", "version": VERSION, "files": files, **changes}
    return Entry(Kind.PAGE, str(number), **fields)


def _in(container: str, number: int, kind: Kind = Kind.ATTACHMENT) -> Entry:
    return Entry(
        kind, str(number), {"metadata": _stored(f"{number}.json")}, "a.png", VERSION, container=container
    )


async def _items(manifest: Manifest, kind: Kind = Kind.PAGE) -> list[Item]:
    return [item async for items in manifest.items(kind) for item in items]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "manifest.sqlite"


async def test_what_is_recorded_is_read_back_by_the_next_run(path: Path) -> None:
    async with open_manifest(path, mode=0o600) as manifest:
        await manifest.record(_entry(1, listed=b"\x01" * 32), _entry(2, version=Version(None, "")))
        await manifest.set_meta({"space_id": "5"})
    async with open_manifest(path, mode=0o600) as manifest:
        one, two = await _items(manifest)
        files = _stored("1.json"), _stored("1.xml")
        assert one == Item(Kind.PAGE, "1", None, "Home", VERSION, None, None, b"\x01" * 32, *files)
        assert (two.id, two.version) == ("2", Version(None, ""))
        assert await manifest.meta() == {"space_id": "5"}
        assert await _items(manifest, Kind.FOLDER) == []
        assert (await manifest.files(Kind.PAGE, ["1", "9"]))["1"]["storage"] == _stored("1.xml")
        assert await manifest.files(Kind.PAGE, ["9"]) == {}
        assert await manifest.bodies() == {"1": True, "2": True}
    assert peek(path) == {"space_id": "5"}


async def test_more_items_than_are_read_at_once_come_once_each(path: Path) -> None:
    async with open_manifest(path, mode=0o600) as manifest:
        await manifest.record(*(_entry(number) for number in range(CHUNK + 1)))
        ids = [item.id for item in await _items(manifest)]
        assert (len(ids), len(set(ids))) == (CHUNK + 1, CHUNK + 1)


async def test_a_new_record_replaces_the_old_and_keeps_other_files(path: Path) -> None:
    async with open_manifest(path, mode=0o600) as manifest:
        await manifest.record(_entry())
        await manifest.record(_entry(title="Moved", files={"metadata": _stored("moved.json")}))
        (item,) = await _items(manifest)
        assert (item.title, item.metadata, item.data) == ("Moved", _stored("moved.json"), _stored("1.xml"))


async def test_what_is_missing_says_since_when_until_it_is_back(path: Path) -> None:
    async with open_manifest(path, mode=0o600) as manifest:
        await manifest.record(_entry(1), _entry(2))

        async def missing() -> list[str | None]:
            return [item.missing_since for item in await _items(manifest)]

        await manifest.mark_missing(Kind.PAGE, {"1": State.GONE, "2": State.MOVED}, since="2026-11-25")
        assert await missing() == ["2026-11-25", "2026-11-25"]
        await manifest.mark_missing(Kind.PAGE, {"1": State.DELETED}, since="2026-11-26")
        assert await missing() == ["2026-11-25", "2026-11-25"]
        assert [item.state for item in await _items(manifest)] == [State.DELETED, State.MOVED]
        await manifest.mark_returned(Kind.PAGE, ["1"])
        await manifest.record(_entry(2))
        assert await missing() == [None, None]
        assert [item.state for item in await _items(manifest)] == [None, None]


async def test_an_attachment_that_moved_is_not_missing_from_where_it_is_now(path: Path) -> None:
    async with open_manifest(path, mode=0o600) as manifest:
        await manifest.record(_in("8", 1), _in("1", 2, Kind.COMMENT))
        gone = {"1": State.MOVED}
        await manifest.mark_missing(Kind.ATTACHMENT, gone, since="2026-11-25", container="7")
        assert [item.missing_since for item in await manifest.contained("8")] == [None]
        assert [item.missing_since for item in await manifest.contained("1")] == [None]
        assert await manifest.contained("7") == []
        await manifest.mark_missing(Kind.ATTACHMENT, gone, since="2026-11-25", container="8")
        assert [item.missing_since for item in await manifest.contained("8")] == ["2026-11-25"]


async def test_what_something_contains_goes_and_comes_back_with_it(path: Path) -> None:
    """A page, an attachment on it, a comment on that; a comment that was gone before stays gone."""
    async with open_manifest(path, mode=0o600) as manifest:
        contained = [_in("1", 2), _in("2", 3, Kind.COMMENT), _in("1", 4, Kind.COMMENT)]
        await manifest.record(_entry(1), *contained)
        await manifest.mark_missing(Kind.COMMENT, {"4": State.GONE}, since="2026-11-24", container="1")
        await manifest.mark_missing(Kind.PAGE, {"1": State.DELETED}, since="2026-11-25")
        every = [*await manifest.contained("1"), *await manifest.contained("2")]
        assert {(item.id, item.state, item.missing_since) for item in every} == {
            ("2", State.DELETED, "2026-11-25"),
            ("3", State.DELETED, "2026-11-25"),
            ("4", State.GONE, "2026-11-24"),
        }
        await manifest.mark_returned(Kind.PAGE, ["1"])
        every = [*await manifest.contained("1"), *await manifest.contained("2")]
        assert {item.id: item.state for item in every} == {"2": None, "3": None, "4": State.GONE}


async def test_people_are_those_whom_something_not_missing_names(path: Path) -> None:
    async with open_manifest(path, mode=0o600) as manifest:
        await manifest.record(_entry(1, people={"metadata": {"a", "b"}, "storage": {"c"}}))
        await manifest.record(_entry(2, people={"metadata": {"d"}}))
        await manifest.record(_entry(1, people={"metadata": {"b"}}))
        assert await manifest.people() == ["b", "c", "d"]
        await manifest.mark_missing(Kind.PAGE, {"2": State.GONE}, since="2026-11-25")
        assert await manifest.people() == ["b", "c"]
        await manifest.record(Entry(Kind.PAGE, "1", {}, dropped=["storage"]))
        assert await manifest.people() == ["b"]
        assert (await _items(manifest))[0].data is None


OLD_SCHEMA = """
PRAGMA application_id = 1130775928; PRAGMA user_version = 1;
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE items (
    kind TEXT NOT NULL, id TEXT NOT NULL, container TEXT, title TEXT NOT NULL,
    version_number INTEGER, version_date TEXT NOT NULL, missing_since TEXT, PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE INDEX items_by_container ON items (container) WHERE container IS NOT NULL;
CREATE TABLE files (
    kind TEXT NOT NULL, id TEXT NOT NULL, role TEXT NOT NULL,
    path TEXT NOT NULL UNIQUE, size INTEGER NOT NULL, sha256 TEXT NOT NULL, PRIMARY KEY (kind, id, role)
) WITHOUT ROWID;
INSERT INTO meta VALUES ('space_id', '5');
INSERT INTO items VALUES ('page', '1', NULL, 'Home', 3, '2026', NULL);
INSERT INTO items VALUES ('page', '2', NULL, 'Old', 1, '2025', '2026-11-24');
"""


@pytest.mark.fault(58)
async def test_an_older_manifest_is_brought_up_to_date_and_kept(path: Path) -> None:
    """Its pages will be fetched again: who is named in their bodies isn't known yet."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(OLD_SCHEMA)
    before = path.read_bytes()
    async with open_manifest(path, mode=None) as manifest:
        assert [item.state for item in await _items(manifest)] == [None, State.GONE]
    assert path.read_bytes() == before
    async with open_manifest(path, mode=0o600) as manifest:
        assert [(item.version.number, item.state) for item in await _items(manifest)] == [
            (None, None),
            (None, State.GONE),
        ]
        await manifest.record(_entry(3, people={"metadata": {"a"}}))
        assert await manifest.people() == ["a"]
    assert peek(path) == {"space_id": "5"}
    with closing(sqlite3.connect(f"{path}.1")) as kept:
        assert kept.execute("PRAGMA user_version").fetchone() == (1,)
        assert kept.execute("SELECT count(*) FROM items").fetchone() == (2,)
    assert (Path(f"{path}.1")).stat().st_mode & 0o777 == 0o600


async def test_lone_surrogates_are_stored_visibly(path: Path) -> None:
    async with open_manifest(path, mode=0o600) as manifest:
        await manifest.record(_entry(title="a\ud800b", version=Version(1, "\udc00")))
        await manifest.set_meta({"space_key": "\ud800"})
        row = (await _items(manifest))[0]
        assert (row.title, row.version.date) == ("a\ufffdb", "\ufffd")


async def test_changes_that_meet_share_a_commit(path: Path) -> None:
    async with open_manifest(path, mode=0o600) as manifest:
        begun: list[str] = []
        watch = manifest._connection.set_trace_callback
        await manifest._run(lambda: watch(lambda sql: begun.append(sql) if "BEGIN" in sql else None))
        await asyncio.gather(*(manifest.record(_entry(number)) for number in range(50)))
        assert len(await _items(manifest)) == 50
        assert 1 <= len(begun) <= 3


class _FailingConnection:
    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...

    def execute(self, *_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")


async def test_a_commit_whose_owner_is_cancelled_keeps_what_others_put_into_it(path: Path) -> None:
    async with open_manifest(path, mode=0o600) as manifest:
        begun, go = threading.Event(), threading.Event()

        def hold_the_thread() -> None:
            begun.set()
            go.wait(10)

        holding = asyncio.create_task(manifest._run(hold_the_thread))
        await asyncio.to_thread(begun.wait, 10)
        owner = asyncio.create_task(manifest.set_meta({"space_id": "5"}))
        other = asyncio.create_task(manifest.record(_entry()))
        await asyncio.sleep(0)
        owner.cancel()
        await asyncio.sleep(0)
        go.set()
        results = await asyncio.gather(holding, owner, other, return_exceptions=True)
        assert [type(result) for result in results] == [type(None), asyncio.CancelledError, type(None)]
        assert [item.id for item in await _items(manifest)] == ["1"]
        assert await manifest.meta() == {"space_id": "5"}


async def test_a_commit_that_fails_fails_for_everybody_in_it() -> None:
    with ThreadPoolExecutor(1) as thread:
        connection: Any = _FailingConnection()
        manifest = Manifest(connection, thread)
        results = await asyncio.gather(
            *(manifest.record(_entry(number)) for number in range(3)), return_exceptions=True
        )
    assert [type(result) for result in results] == [LocalError] * 3


async def test_without_a_path_nothing_is_written(tmp_path: Path) -> None:
    async with open_manifest(None, mode=0o600) as manifest:
        assert await _items(manifest) == []
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("mode", [0o600, 0o640])
async def test_the_file_is_born_with_its_mode(path: Path, mode: int) -> None:
    async with open_manifest(path, mode=mode):
        assert path.stat().st_mode & 0o777 == mode


async def _refused(path: Path) -> str:
    with pytest.raises(ManifestError) as caught:
        async with open_manifest(path, mode=0o600) as manifest:
            await manifest.meta()
    return str(caught.value)


@pytest.mark.parametrize("content", [b"garbage" * 1000, b"SQLite format 3\x00" + b"\xff" * 4000])
async def test_what_is_no_database_is_refused_and_left_as_it_is(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert "damaged" in await _refused(path)
    assert path.read_bytes() == content


async def test_a_manifest_of_a_newer_version_is_refused(path: Path) -> None:
    async with open_manifest(path, mode=0o600):
        pass
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    before = path.read_bytes()
    assert "newer" in await _refused(path)
    assert path.read_bytes() == before


async def test_a_database_of_somebody_else_is_refused(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE mine (x)")
    assert "not a manifest" in await _refused(path)
    with pytest.raises(ManifestError):
        peek(path)


async def test_a_manifest_without_its_tables_is_refused(path: Path) -> None:
    async with open_manifest(path, mode=0o600):
        pass
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE meta")
    await _refused(path)


async def test_a_link_in_the_place_of_the_manifest_is_not_followed(path: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.touch()
    path.symlink_to(victim)
    try:
        async with open_manifest(path, mode=0o600):
            pass
    except (LocalError, ManifestError):
        pass
    assert victim.stat().st_size == 0


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a manifest with something in it."""
    path = tmp_path_factory.mktemp("whole") / "manifest.sqlite"

    async def make() -> None:
        async with open_manifest(path, mode=0o600) as manifest:
            await manifest.record(*(_entry(number) for number in range(40)))

    asyncio.run(make())
    return path.read_bytes()


async def test_a_damaged_name_in_the_schema_is_a_damaged_manifest(path: Path, whole: bytes) -> None:
    path.write_bytes(whole.replace(b"CREATE TABLE meta", b"CREATE \xdfABLE meta"))
    await _refused(path)


@pytest.mark.parametrize("damage", ["sha256 = 'zz'", "sha256 = x'00'", "size = 'x'", "path = x'ff'"])
async def test_a_record_that_makes_no_sense_is_a_damaged_manifest(path: Path, damage: str) -> None:
    async with open_manifest(path, mode=0o600) as manifest:
        await manifest.record(_entry())
        await manifest._commit([(f"UPDATE files SET {damage} WHERE role = 'storage'", ())])
        with pytest.raises(ManifestError, match="damaged"):
            await _items(manifest)


# SQLite checks little by itself, so anything may come of a damage but an error that nobody translates.
@pytest.mark.fault(57)
def test_damage_anywhere_is_never_a_traceback(tmp_path: Path, whole: bytes) -> None:
    """All is read at the opening, so that is enough, and without threads it costs little."""
    damaged, chance = tmp_path / "damaged.sqlite", random.Random(1)
    written = [at for at, byte in enumerate(whole) if byte]
    for number in range(300):
        content = bytearray(whole)
        at = chance.choice(written)
        if number % 3 == 0:
            del content[at:]
        else:
            content[at] ^= chance.randrange(1, 256)
        damaged.write_bytes(content)
        with contextlib.suppress(ManifestError, LocalError), translated():
            connect(damaged, 0o600).close()
        remove(damaged)
