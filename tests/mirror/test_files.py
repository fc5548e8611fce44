from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import stat
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

import pytest

from exporter.errors import LocalError, ObstructedError, TransientError
from exporter.mirror.files import Files, Stored

PAGE = PurePosixPath("raw/pages/7.json")
FILE = PurePosixPath("raw/attachments/att9/plan.png")


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as threads:
        yield threads


@pytest.fixture
def files(tmp_path: Path, executor: ThreadPoolExecutor) -> Files:
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
        return await files.place(incoming)


async def test_files_are_put_in_place_with_size_and_digest(files: Files) -> None:
    (stored,) = await files.write_all([(PAGE, b"{}")])
    assert stored == Stored(PAGE, 2, hashlib.sha256(b"{}").hexdigest())
    assert _everything(files.root) == [str(PAGE)]
    assert (files.root / PAGE).read_bytes() == b"{}"


async def test_a_stream_is_put_in_place_with_size_and_digest(files: Files) -> None:
    stored = await _stream(files, b"ab", b"", b"cd")
    assert stored == Stored(FILE, 4, hashlib.sha256(b"abcd").hexdigest())
    assert _everything(files.root) == [str(FILE)]


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


async def test_a_file_under_way_is_private_already(files: Files) -> None:
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


async def test_sweeping_removes_what_a_killed_run_left_and_nothing_else(files: Files) -> None:
    await files.write_all([(PAGE, b"{}")])
    (files.root / "raw/pages/.tmp-0123").write_bytes(b"half")
    (files.root / "notes.txt").write_bytes(b"mine")
    await files.sweep()
    assert _everything(files.root) == ["notes.txt", str(PAGE)]


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
