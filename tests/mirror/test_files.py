from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import io
import os
import secrets
import socket
import stat
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from exporter.errors import LocalError, ObstructedError, TransientError
from exporter.mirror import files as files_module
from exporter.mirror.below import Root
from exporter.mirror.files import Files, Stored

PAGE = PurePosixPath("raw/pages/7.json")
FILE = PurePosixPath("raw/attachments/att9/plan.png")


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as threads:
        yield threads


@pytest.fixture(params=[files_module.SMALL, 0], ids=["at once", "as it comes"])
def files(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    executor: ThreadPoolExecutor,
) -> Files:
    monkeypatch.setattr(files_module, "SMALL", request.param)
    root = tmp_path / "ENG"
    root.mkdir()
    return Files(root, mode=0o600, executor=executor)


def _everything(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())


async def _chunks(*parts: bytes, error: BaseException | None = None) -> AsyncIterator[bytes]:
    for part in parts:
        yield part
    if error is not None:
        raise error


async def _stream(files: Files, *parts: bytes, path: PurePosixPath = FILE) -> Stored:
    async with files.receive(path, _chunks(*parts)) as incoming:
        (stored,) = await files.place(incoming)
        return stored


async def test_files_are_put_in_place_with_size_and_digest(files: Files) -> None:
    (stored,) = await files.write_all([(PAGE, b"{}")])
    assert stored == Stored(PAGE, 2, hashlib.sha256(b"{}").hexdigest())
    assert _everything(files.root) == [str(PAGE)]
    assert (files.root / PAGE).read_bytes() == b"{}"


async def test_a_stream_is_put_in_place_with_size_and_digest(files: Files) -> None:
    stored = await _stream(files, b"ab", b"", b"cd")
    assert stored == Stored(FILE, 4, hashlib.sha256(b"abcd").hexdigest())
    assert _everything(files.root) == [str(FILE)]


@pytest.mark.fault(14)
async def test_a_file_is_replaced_and_never_written_over(files: Files) -> None:
    await files.write_all([(PAGE, b"old")])
    snapshot = files.root / "snapshot"
    os.link(files.root / PAGE, snapshot)
    await files.write_all([(PAGE, b"new")])
    assert (files.root / PAGE).read_bytes() == b"new"
    assert snapshot.read_bytes() == b"old"


@pytest.mark.parametrize("error", [TransientError("cut"), asyncio.CancelledError(), KeyError("bug")])
async def test_nothing_is_left_of_a_stream_that_breaks_off(files: Files, error: BaseException) -> None:
    await _stream(files, b"old")
    with pytest.raises(type(error)):
        async with files.receive(FILE, _chunks(b"new", b"half", error=error)):
            raise AssertionError("never whole")
    assert _everything(files.root) == [str(FILE)]
    assert (files.root / FILE).read_bytes() == b"old"


async def test_no_folder_is_made_for_a_file_that_never_came(files: Files) -> None:
    with pytest.raises(TransientError):
        async with files.receive(FILE, _chunks(error=TransientError("cut"))):
            pass
    assert not (files.root / FILE).parent.exists()


async def test_nothing_is_left_of_a_file_that_nobody_placed(files: Files) -> None:
    async with files.receive(FILE, _chunks(b"data")) as incoming:
        assert incoming.stored.size == 4
    assert _everything(files.root) == []


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
@pytest.mark.parametrize(("mode", "folder"), [(0o600, 0o700), (0o640, 0o750), (0o644, 0o755), (0o660, 0o770)])
async def test_modes_are_those_asked_for_whatever_the_umask(
    tmp_path: Path, executor: ThreadPoolExecutor, umask: int, mode: int, folder: int
) -> None:
    before = os.umask(umask)
    try:
        files = Files(tmp_path / "out" / "ENG", mode=mode, executor=executor)
        await files.make_root()
        await files.write_all([(PAGE, b"{}")])
        await _stream(files, b"data")
    finally:
        os.umask(before)
    for path in (tmp_path / "out").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (folder if path.is_dir() else mode), path
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == folder


@pytest.mark.fault(19)
async def test_a_file_under_way_is_private_already(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files_module, "SMALL", 0)
    seen: list[int] = []

    async def chunks() -> AsyncIterator[bytes]:
        yield b"data"
        seen.extend(stat.S_IMODE(path.stat().st_mode) for path in (files.root / "raw").rglob(".tmp-*"))

    async with files.receive(FILE, chunks()):
        pass
    assert seen == [0o600]


@pytest.mark.parametrize("link", ["raw", "raw/attachments", "raw/attachments/att9"])
async def test_a_link_in_the_place_of_a_folder_is_refused(files: Files, tmp_path: Path, link: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (files.root / link).parent.mkdir(parents=True, exist_ok=True)
    (files.root / link).symlink_to(outside)
    with pytest.raises(LocalError, match="is not a folder"):
        await _stream(files, b"data")
    assert not list(outside.rglob("*"))
    assert not list(files.root.rglob(".tmp-*"))


async def test_a_link_in_the_place_of_a_file_is_replaced_and_not_followed(
    files: Files, tmp_path: Path
) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"mine")
    (files.root / PAGE).parent.mkdir(parents=True)
    (files.root / PAGE).symlink_to(victim)
    await files.write_all([(PAGE, b"{}")])
    assert victim.read_bytes() == b"mine"
    assert not (files.root / PAGE).is_symlink()


async def test_a_link_in_the_place_of_a_temporary_file_is_refused(
    files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"mine")
    (files.root / PAGE).parent.mkdir(parents=True)
    monkeypatch.setattr(secrets, "token_hex", lambda size: "0" * size)  # else nobody could guess the name
    for plant in (os.link, os.symlink):
        temp = files.root / "raw/pages/.tmp-00000000"
        plant(victim, temp)
        with pytest.raises(LocalError):
            await files.write_all([(PAGE, b"{}")])
        assert victim.read_bytes() == b"mine"
        temp.unlink(missing_ok=True)


async def test_a_pipe_in_the_place_of_a_file_is_replaced(files: Files) -> None:
    (files.root / PAGE).parent.mkdir(parents=True)
    os.mkfifo(files.root / PAGE)
    await asyncio.wait_for(files.write_all([(PAGE, b"{}")]), 10)
    assert (files.root / PAGE).read_bytes() == b"{}"


async def test_a_pipe_is_not_read_to_see_whether_it_changed(files: Files) -> None:
    (files.root / PAGE).parent.mkdir(parents=True)
    os.mkfifo(files.root / PAGE)
    try:
        await asyncio.wait_for(files.write_if_changed(PAGE, [b"{}"]), 1)
    finally:
        if (files.root / PAGE).is_fifo():
            os.close(os.open(files.root / PAGE, os.O_WRONLY | os.O_NONBLOCK))  # frees the thread


async def test_a_folder_in_the_place_of_a_file_is_an_error(files: Files) -> None:
    (files.root / PAGE).mkdir(parents=True)
    with pytest.raises(ObstructedError, match=r"7\.json"):
        await files.write_all([(PAGE, b"{}")])
    assert _everything(files.root) == []


async def test_what_has_not_changed_is_not_written(files: Files) -> None:
    await files.write_if_changed(PAGE, [b"{}"])
    before = (files.root / PAGE).stat().st_ino
    await files.write_if_changed(PAGE, [b"{}"])
    assert (files.root / PAGE).stat().st_ino == before
    await files.write_if_changed(PAGE, [b"[]"])
    assert (files.root / PAGE).read_bytes() == b"[]"


async def test_only_a_regular_file_of_the_size_is_present(files: Files) -> None:
    good, short, gone, link = (
        Stored(PurePosixPath(name), 2, "") for name in ("good", "short", "gone", "link")
    )
    (files.root / "good").write_bytes(b"{}")
    (files.root / "short").write_bytes(b"{")
    (files.root / "link").symlink_to(files.root / "good")
    assert await files.present([good, short, gone, link]) == [True, False, False, False]


@pytest.mark.fault(61, 67)
async def test_sweeping_removes_what_a_killed_run_left_and_nothing_else(files: Files) -> None:
    await files.write_all([(PAGE, b"{}")])
    (files.root / "raw/pages/.tmp-0123").write_bytes(b"half")
    (files.root / "notes.txt").write_bytes(b"mine")
    await files.sweep()
    assert _everything(files.root) == ["notes.txt", str(PAGE)]


async def test_sweeping_reaches_what_a_kill_left_in_the_trash(files: Files) -> None:
    kept = PurePosixPath("trash/2026-01-05/raw/comments/7.8.json")
    await files.write_all([(kept, b"[]")])
    (files.root / kept.parent / ".tmp-0123").write_bytes(b"half")
    await files.sweep()
    assert _everything(files.root) == [str(kept)]


async def test_a_disk_that_refuses_is_an_error_that_names_the_file(
    tmp_path: Path, executor: ThreadPoolExecutor
) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(LocalError, match="cannot write"):
        await Files(tmp_path / "file" / "ENG", mode=0o600, executor=executor).make_root()


async def test_removing_what_is_gone_is_no_error(files: Files) -> None:
    await files.write_all([(PAGE, b"{}")])
    await files.remove(PAGE)
    await files.remove(PAGE)
    assert _everything(files.root) == []


@pytest.mark.fault(13)
@pytest.mark.parametrize("link", ["raw", "raw/pages", "raw/history", "raw/history/7"])
async def test_nothing_is_swept_removed_or_seen_through_a_link(
    files: Files, tmp_path: Path, link: str
) -> None:
    outside = tmp_path / "outside"
    depth = "raw/history/7"
    beyond = outside / depth.removeprefix(link).lstrip("/") if depth.startswith(link) else outside
    beyond.mkdir(parents=True)
    (beyond / ".tmp-0123456789abcdef").write_bytes(b"mine")
    (beyond / "7.json").write_bytes(b"mine")
    (files.root / link).parent.mkdir(parents=True, exist_ok=True)
    (files.root / link).symlink_to(outside)
    path = PurePosixPath(depth if depth.startswith(link) else link, "7.json")
    await files.sweep()
    with pytest.raises(LocalError, match="is not a folder"):
        await files.remove(path)
    with pytest.raises(LocalError, match="is not a folder"):
        await files.rename(path, path.with_name("8.json"))
    assert await files.read(path) is None
    assert await files.present([Stored(path, 4, "")]) == [False]
    assert sorted(path.name for path in beyond.iterdir()) == [".tmp-0123456789abcdef", "7.json"]


def _refusing(error: int) -> Any:
    def refused(*_: object, **__: object) -> None:
        raise OSError(error, os.strerror(error))

    return refused


LOCAL = [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE, errno.EFBIG]


async def _save_all(files: Files) -> None:
    await files.write_all([(PAGE, b"new")])


async def _save_one(files: Files) -> None:
    await files.write_if_changed(PAGE, [b"new"])


async def _save_stream(files: Files) -> None:
    await _stream(files, b"new", path=PAGE)


@pytest.mark.fault(68, 69, 70)
@pytest.mark.parametrize("error", LOCAL, ids=os.strerror)
@pytest.mark.parametrize("call", ["open", "fsync", "fstat", "replace", "mkdir"])
@pytest.mark.parametrize("save", [_save_all, _save_one, _save_stream])
async def test_a_disk_that_refuses_costs_the_run_and_nothing_that_is_there(
    files: Files, monkeypatch: pytest.MonkeyPatch, error: int, call: str, save: Any
) -> None:
    await files.write_all([(PAGE, b"old")])
    if call == "mkdir":
        (files.root / PAGE).rename(files.root / "kept")
        (files.root / PAGE).parent.rmdir()
    tries = []

    def refused(*arguments: Any, **names: Any) -> None:
        tries.append(call)
        _refusing(error)()

    with monkeypatch.context() as patched:
        patched.setattr(os, call, refused)
        with pytest.raises(LocalError, match="cannot write") as raised:
            await save(files)
    assert not isinstance(raised.value, ObstructedError)
    assert len(tries) == 1, "what fails is not tried again: it may then look clean"
    if call == "mkdir":
        (files.root / "raw/pages").mkdir()
        (files.root / "kept").rename(files.root / PAGE)
    files.discard_incoming()
    assert _everything(files.root) == [str(PAGE)]
    assert (files.root / PAGE).read_bytes() == b"old"
    await save(files)
    assert (files.root / PAGE).read_bytes() == b"new"


class Closing(io.FileIO):
    """A file whose loss shows only when it is closed, as on a network disk."""

    def close(self) -> None:
        was_open = not self.closed
        super().close()
        if was_open:
            _refusing(errno.EIO)()


@pytest.mark.fault(69)
async def test_an_error_at_the_close_is_one(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    await files.write_all([(PAGE, b"old")])

    def opened(name: str, mode: str, opener: Any) -> io.BufferedRandom:
        return io.BufferedRandom(Closing(name, mode.replace("b", ""), opener=opener))

    with monkeypatch.context() as patched:
        patched.setattr(files_module, "open", opened, raising=False)
        with pytest.raises(LocalError, match="Input/output"):
            await files.write_all([(PAGE, b"new")])
    assert _everything(files.root) == [str(PAGE)]
    assert (files.root / PAGE).read_bytes() == b"old"


class Short(io.FileIO):
    """A file that takes three bytes at a time, and with `losing` says it took them and didn't."""

    losing = False

    def write(self, data: Any) -> int:
        part = bytes(data)[:3]
        return len(part) if self.losing else super().write(part)


@pytest.mark.fault(71)
@pytest.mark.parametrize("losing", [False, True])
async def test_short_writes_are_continued_and_lost_ones_are_noticed(
    files: Files, monkeypatch: pytest.MonkeyPatch, losing: bool
) -> None:
    await files.write_all([(PAGE, b"old")])

    def opened(name: str, mode: str, opener: Any) -> io.BufferedRandom:
        return io.BufferedRandom(Short(name, mode.replace("b", ""), opener=opener))

    monkeypatch.setattr(Short, "losing", losing)
    monkeypatch.setattr(files_module, "open", opened, raising=False)
    if losing:
        with pytest.raises(LocalError, match="cannot write"):
            await files.write_all([(PAGE, b"0123456789")])
    else:
        await files.write_all([(PAGE, b"0123456789")])
    assert (files.root / PAGE).read_bytes() == (b"old" if losing else b"0123456789")
    assert _everything(files.root) == [str(PAGE)]


@pytest.mark.fault(69, 70)
@pytest.mark.parametrize("error", [errno.EMFILE, errno.EIO, errno.EACCES])
async def test_what_cannot_be_looked_at_does_not_count_as_absent(
    files: Files, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    (stored,) = await files.write_all([(PAGE, b"old")])
    monkeypatch.setattr(Root, "folder", _refusing(error))
    for work in (files.present([stored]), files.read(PAGE), files.sweep()):
        with pytest.raises(LocalError, match="cannot read"):
            await work
    with pytest.raises(LocalError):
        files.is_file(PAGE)


@pytest.mark.fault(15)
@pytest.mark.parametrize("kind", ["folder", "pipe", "socket", "link", "absent"])
async def test_what_is_no_file_is_read_as_absent_and_at_once(files: Files, kind: str) -> None:
    place = files.root / PAGE
    place.parent.mkdir(parents=True)
    with contextlib.ExitStack() as last:
        if kind == "folder":
            place.mkdir()
        elif kind == "pipe":
            os.mkfifo(place)
        elif kind == "socket":
            listening = last.enter_context(socket.socket(socket.AF_UNIX))
            with contextlib.chdir(place.parent):  # their names may not be long
                listening.bind(place.name)
        elif kind == "link":
            place.symlink_to("/etc/passwd")
        assert await asyncio.wait_for(files.read(PAGE), 5) is None
        assert await asyncio.wait_for(files.present([Stored(PAGE, 0, "")]), 5) == [False]
        assert not files.is_file(PAGE)


def _disk(free: int, blocks: int = 1 << 30) -> os.statvfs_result:
    return os.statvfs_result((4096, 4096, blocks, free >> 12, free >> 12, 0, 0, 0, 0, 255))


@pytest.mark.fault(46, 68)
async def test_what_would_fill_the_disk_is_not_begun(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    await _stream(files, b"old")
    monkeypatch.setattr(os, "fstatvfs", lambda _: _disk(70 << 20))
    await _stream(files, b"new")
    with pytest.raises(LocalError, match=r"70 MiB left.* needs 10\.0, and 64 stay free"):
        async with files.receive(FILE, _chunks(error=AssertionError("asked for")), expected_size=10 << 20):
            pass
    assert _everything(files.root) == [str(FILE)]
    assert (files.root / FILE).read_bytes() == b"new"


@pytest.mark.fault(46, 68)
async def test_a_stream_without_end_is_stopped_before_the_disk_is_full(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files_module, "SMALL", 0)
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1 << 10
            yield b"x" * (1 << 10)

    monkeypatch.setattr(files_module, "ROOM_CHECKED_EVERY", 64 << 10)
    monkeypatch.setattr(os, "fstatvfs", lambda _: _disk((65 << 20) - 8 * sent))
    with pytest.raises(LocalError, match="63 MiB left"):
        async with files.receive(FILE, endless()):
            pass
    assert 128 << 10 < sent <= 192 << 10
    assert _everything(files.root) == []


@pytest.mark.fault(46)
async def test_room_is_asked_for_on_the_way_as_others_write_too(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files_module, "SMALL", 0)
    rooms = iter([_disk(1 << 30), _disk(64 << 20)])
    monkeypatch.setattr(files_module, "ROOM_CHECKED_EVERY", 4)
    monkeypatch.setattr(os, "fstatvfs", lambda _: next(rooms))
    with pytest.raises(LocalError, match="64 MiB left"):
        async with files.receive(FILE, _chunks(b"four", b"more"), expected_size=8):
            pass
    assert _everything(files.root) == []


async def test_a_disk_that_does_not_tell_its_room_is_tried(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fstatvfs", lambda _: _disk(0, blocks=0))
    await _stream(files, b"data")


@pytest.mark.fault(16)
def test_a_link_where_others_open_by_name_is_refused(files: Files, tmp_path: Path) -> None:
    files.refuse_links(["absent"])
    (files.root / "file").touch()
    files.refuse_links(["absent", "file"])
    (files.root / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(LocalError, match="link is a link"):
        files.refuse_links(["file", "link"])
    os.mkfifo(files.root / "pipe")
    with pytest.raises(LocalError, match="pipe is no regular file"):
        files.refuse_links(["pipe"])
