from __future__ import annotations

import errno
import fcntl
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from exporter.errors import LocalError, LockedError
from exporter.mirror.lock import locked
from tests.fake_clock import EPOCH

HOLDER = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from exporter.mirror.lock import locked
with locked(Path(sys.argv[1]), now=datetime(2026, 11, 25, tzinfo=UTC)):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.mark.fault(62)
def test_a_second_run_is_refused_and_told_who_holds_the_lock(tmp_path: Path) -> None:
    path = tmp_path / ".lock"
    with locked(path, now=EPOCH):
        holder = rf"process {os.getpid()}, since 2026-11-25 08:00:00 UTC"
        with pytest.raises(LockedError, match=holder), locked(path, now=EPOCH):
            pass
        assert path.stat().st_mode & 0o777 == 0o600
    with locked(path, now=EPOCH):
        pass


@pytest.mark.fault(62)
def test_the_kernel_frees_the_lock_of_a_killed_run(tmp_path: Path) -> None:
    path = tmp_path / ".lock"
    with subprocess.Popen([sys.executable, "-c", HOLDER, path], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(LockedError, match=f"process {holder.pid}"), locked(path, now=EPOCH):
            pass
        holder.send_signal(signal.SIGKILL)
        holder.wait(10)
    with locked(path, now=EPOCH):
        assert f"process {os.getpid()}" in path.read_text()


def test_an_error_frees_the_lock(tmp_path: Path) -> None:
    with pytest.raises(KeyError), locked(tmp_path / ".lock", now=EPOCH):
        raise KeyError
    with locked(tmp_path / ".lock", now=EPOCH):
        pass


@pytest.mark.fault(16)
def test_a_link_in_the_place_of_the_lock_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / ".lock").symlink_to(victim)
    with pytest.raises(LocalError), locked(tmp_path / ".lock", now=EPOCH):
        pass
    assert victim.read_text() == "mine"


@pytest.mark.fault(14)
def test_a_hard_link_in_the_place_of_the_lock_loses_nothing(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    os.link(victim, tmp_path / ".lock")
    try:
        with locked(tmp_path / ".lock", now=EPOCH):
            pass
    except LocalError:
        pass
    assert victim.read_text() == "mine"


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="cannot open the lock"), locked(tmp_path / "x" / ".lock", now=EPOCH):
        pass


@pytest.mark.fault(62)
def test_of_two_that_come_at_the_same_moment_one_goes_on(tmp_path: Path) -> None:
    both, done = Barrier(2, timeout=20), Barrier(2, timeout=20)

    def come(_: int) -> bool:
        both.wait()
        try:
            with locked(tmp_path / ".lock", now=EPOCH):
                done.wait()
                return True
        except LockedError:
            done.wait()
            return False

    with ThreadPoolExecutor(2) as pool:
        for _ in range(500):
            assert sorted(pool.map(come, range(2))) == [False, True]


@pytest.mark.fault(63)
@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EBADF, errno.EOPNOTSUPP])
def test_a_disk_that_cannot_lock_is_an_error_that_says_so(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(LocalError, match="network disk"), locked(tmp_path / ".lock", now=EPOCH):
        pass


@pytest.mark.fault(68, 69)
@pytest.mark.parametrize("call", ["ftruncate", "pwrite"])
def test_a_disk_that_refuses_the_holders_name_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, call, refuse)
    with (
        pytest.raises(LocalError, match=r"cannot write .*: Input/output error"),
        locked(tmp_path / ".lock", now=EPOCH),
    ):
        pass
