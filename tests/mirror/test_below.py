from __future__ import annotations

import ctypes
import errno
import os
import stat
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path, PurePosixPath
from time import monotonic

import pytest

from exporter.errors import LocalError
from exporter.mirror import below
from exporter.mirror.below import NotAFolderError, Root, beneath, make_with_parents, sync_folder, walked
from exporter.mirror.files import Files, Stored

PAGES = PurePosixPath("raw/pages")
PAGE = PAGES / "7.json"
FILE = PAGES / "att9" / "plan.png"  # an attachment's own folder, where the swapping goes on

Open = Callable[[int, PurePosixPath], int]


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Root]:
    (tmp_path / "ENG/raw/pages").mkdir(parents=True)
    opened = Root(tmp_path / "ENG")
    yield opened
    opened.close()


@pytest.fixture(params=["openat2", "step by step"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "step by step":
        monkeypatch.setattr(below, "_openat2", None)
    elif not _has_openat2():
        pytest.skip("this kernel or sandbox has no openat2")
    return str(request.param)


def _has_openat2() -> bool:
    if below._openat2 is None:
        return False
    here = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.close(below._openat2(here, PurePosixPath()))
    except OSError:
        return False
    finally:
        os.close(here)
    return True


def _open_descriptors() -> int:
    return len(list(Path("/dev/fd").iterdir()))


def _same_folder(descriptor: int, path: Path) -> bool:
    return os.path.samestat(os.fstat(descriptor), path.stat())


@pytest.mark.usefixtures("way")
def test_a_folder_is_opened_where_its_path_says(root: Root) -> None:
    for path in (PurePosixPath(), PurePosixPath("raw"), PAGES):
        with root.folder(path) as folder:
            assert _same_folder(folder, root.path / path)
            assert not os.get_inheritable(folder)
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(folder)


@pytest.mark.usefixtures("way")
def test_what_is_absent_is_told_from_what_is_no_folder(root: Root, tmp_path: Path) -> None:
    (root.path / "raw/pages/file").touch()
    os.mkfifo(root.path / "raw/pages/pipe")
    (root.path / "raw/pages/link").symlink_to(tmp_path)
    (root.path / "raw/pages/dangling").symlink_to(tmp_path / "nowhere")
    (root.path / "raw/pages/inner").symlink_to(root.path / "raw")  # leads nowhere outside, and yet
    with pytest.raises(FileNotFoundError), root.folder(PAGES / "absent"):
        pass
    for name in ("file", "pipe", "link", "dangling", "inner"):
        for path in (PAGES / name, PAGES / name / "x" / "y"):
            with pytest.raises(NotAFolderError) as raised, root.folder(path):
                pass
            assert raised.value.place == PAGES / name


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("path", ["..", "raw/../..", "raw/../raw", "/", "/etc"])
def test_no_path_leads_out(root: Root, path: str) -> None:
    with pytest.raises(NotAFolderError), root.folder(PurePosixPath(path)):
        pass


@pytest.mark.fault(13)
def test_the_root_may_be_a_link_and_is_pinned(tmp_path: Path) -> None:
    (tmp_path / "disk/raw").mkdir(parents=True)
    (tmp_path / "other/raw").mkdir(parents=True)
    (tmp_path / "ENG").symlink_to(tmp_path / "disk")
    root = Root(tmp_path / "ENG")
    with root.folder(PurePosixPath("raw")):
        pass
    (tmp_path / "ENG").unlink()
    (tmp_path / "ENG").symlink_to(tmp_path / "other")
    with root.folder(PurePosixPath("raw")) as folder:
        assert _same_folder(folder, tmp_path / "disk/raw")
    root.close()
    with pytest.raises(OSError, match="Bad file descriptor"), root.folder(PurePosixPath("raw")):
        pass  # closed is closed: the path may name another folder by now


def test_a_root_that_is_absent_is_opened_when_it_is_there(tmp_path: Path) -> None:
    root = Root(tmp_path / "ENG")
    with pytest.raises(FileNotFoundError), root.folder(PurePosixPath()):
        pass
    (tmp_path / "ENG").mkdir()
    with root.folder(PurePosixPath()) as folder:
        assert _same_folder(folder, tmp_path / "ENG")


def test_a_root_that_nobody_closed_is_closed(tmp_path: Path) -> None:
    root = Root(tmp_path)
    descriptor = root.descriptor
    del root
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


@pytest.mark.parametrize("error", [errno.ENOSYS, errno.EPERM, errno.EAGAIN])
def test_where_there_is_no_openat2_it_is_walked(
    root: Root, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    def refused(descriptor: int, path: PurePosixPath) -> int:
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(below, "_openat2", refused)
    with root.folder(PAGES) as folder:
        assert _same_folder(folder, root.path / "raw/pages")


@pytest.mark.parametrize("error", [errno.EMFILE, errno.EIO, errno.EACCES])
def test_another_failure_of_openat2_is_one(root: Root, monkeypatch: pytest.MonkeyPatch, error: int) -> None:
    def refused(descriptor: int, path: PurePosixPath) -> int:
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(below, "_openat2", refused)
    with pytest.raises(OSError, match=os.strerror(error)), root.folder(PAGES):
        pass


@pytest.mark.parametrize("opens", [beneath, walked])
def test_no_descriptor_is_left_open(root: Root, tmp_path: Path, opens: Open) -> None:
    (root.path / "link").symlink_to(tmp_path)
    descriptor = root.descriptor
    before = _open_descriptors()
    for _ in range(20):
        for path in ("raw/pages", "raw/absent/x", "link/ENG", "../x"):
            with suppress(OSError):
                os.close(opens(descriptor, PurePosixPath(path)))
    assert _open_descriptors() == before


@pytest.mark.fault(72)
@pytest.mark.parametrize("error", [errno.EINVAL, errno.EIO])
def test_a_disk_that_cannot_sync_folders_is_no_error_and_one_that_fails_is(
    root: Root, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    def refused(descriptor: int) -> None:
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(os, "fsync", refused)
    if error == errno.EINVAL:
        sync_folder(root.descriptor)
    else:
        with pytest.raises(OSError, match=os.strerror(error)):
            sync_folder(root.descriptor)


@pytest.mark.fault(19)
def test_only_folders_that_are_made_get_the_mode(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir(mode=0o711)
    make_with_parents(tmp_path / "there/a/b", permissions=0o750)
    modes = [stat.S_IMODE((tmp_path / path).stat().st_mode) for path in ("there", "there/a", "there/a/b")]
    assert modes == [0o711, 0o750, 0o750]


def _exchange() -> Callable[[Path, Path], None]:
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is None:
        pytest.skip("this system cannot exchange two names")

    def exchange(one: Path, other: Path) -> None:
        at_cwd, exchanging = -100, 2
        if renameat2(at_cwd, os.fsencode(one), at_cwd, os.fsencode(other), exchanging):
            raise OSError(ctypes.get_errno(), "renameat2")

    return exchange


class Racer:
    """A thread that makes a link of a folder and a folder of a link, over and over."""

    def __init__(self, folder: Path, link: Path) -> None:
        self.swaps = 0
        self._folder, self._link, self._exchange = folder, link, _exchange()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._race)

    def __enter__(self) -> Racer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _race(self) -> None:
        while not self._over.is_set():
            self._exchange(self._folder, self._link)
            self.swaps += 1


async def _chunks() -> AsyncIterator[bytes]:
    yield b"data"


async def _everything(files: Files) -> int:
    """Do all that can be done to files; returns how much of it was refused."""

    async def receive() -> None:
        async with files.receive(FILE, _chunks()) as incoming:
            await files.place(incoming)

    refused = 0
    for work in (
        lambda: files.write_all([(PAGE, b"{}")]),
        lambda: files.write_if_changed(PAGE, [b"[]"]),
        lambda: files.rename(PAGE, PAGES / "8.json"),
        lambda: files.remove(PAGE),
        lambda: files.remove(PAGES / "victim"),
        lambda: files.present([Stored(PAGES / "victim", 4, "")]),
        receive,
        files.sweep,
    ):
        try:
            found = await work()
        except LocalError:
            refused += 1
        else:
            assert found != [True], "the file of somebody else was seen"
    assert await files.read(PAGES / "victim") is None
    return refused


@pytest.mark.fault(13)
@pytest.mark.usefixtures("way")
async def test_a_folder_and_a_link_swapped_under_way_let_nothing_out(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "victim").write_bytes(b"mine")
    (outside / ".tmp-0123456789abcdef").write_bytes(b"mine")
    (tmp_path / "ENG/raw/pages").mkdir(parents=True)
    (tmp_path / "ENG/raw/link").symlink_to(outside)
    until, attempts, refused = monotonic() + 1.0, 0, 0
    with ThreadPoolExecutor(2) as executor:
        files = Files(tmp_path / "ENG", mode=0o600, executor=executor, durable=False)
        with Racer(tmp_path / "ENG/raw/pages", tmp_path / "ENG/raw/link") as racer:
            while monotonic() < until and attempts < 4000:
                refused += await _everything(files)
                attempts += 9
        files.close()
    assert sorted(path.name for path in outside.iterdir()) == [".tmp-0123456789abcdef", "victim"]
    assert (outside / "victim").read_bytes() == b"mine"
    assert 0 < refused < attempts  # the link was met, and so was the folder
    assert racer.swaps > 500


@pytest.mark.fault(13)
async def test_no_descriptor_stays_open_for_a_folder(tmp_path: Path) -> None:
    (tmp_path / "ENG").mkdir()
    with ThreadPoolExecutor(1) as executor:
        files = Files(tmp_path / "ENG", mode=0o600, executor=executor, durable=False)
        await files.sweep()
        before = _open_descriptors()
        await files.write_all([(PurePosixPath(f"raw/attachments/{n}/x"), b"") for n in range(50)])
        assert _open_descriptors() == before
        files.close()
