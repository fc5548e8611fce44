"""`benchmarks.peers` without the peers: what it counts, how it judges, what it says of who isn't there."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from select import select

import pytest

from benchmarks.course import Run, open_course
from benchmarks.kept import CHANGED, KINDS, Things, change, found, held, marked_world
from benchmarks.peers import Row, bounds, first_runs, main, report, unchanged_runs
from benchmarks.programs import (
    OURSELVES,
    PEERS,
    Installed,
    Program,
    Started,
    environment,
    install_all,
)

HERE = Path(sys.executable).parent
MIB = 1 << 20
NOTHING = Things({kind: frozenset() for kind in KINDS})


def things(**counts: int) -> Things:
    return Things({kind: frozenset(map(str, range(counts.get(kind, 0)))) for kind in KINDS})


def row(number: int, seconds: float, kept: Things | None = None, *, ended: int | None = 0) -> Row:
    """Of ourselves (0) or of the peer of that number."""
    program = PEERS[number - 1] if number else OURSELVES[0]
    return Row(Installed(program, HERE, "1.0"), Run(1_234, seconds, 50 * MIB, ended), kept)


async def test_ourselves_keep_all_that_there_is() -> None:
    ours = [Installed(OURSELVES[0], HERE)]
    everything, (first,) = await first_runs(ours, pages=20, attachments=10, latency=0.0, patience=120.0)
    assert [everything.count(kind) for kind in KINDS] == [20, 1, 1, 30, 10]
    assert first.kept == everything
    changes, (again,) = await unchanged_runs(ours, pages=40, latency=0.0, patience=120.0)
    assert again.kept == changes
    assert [changes.count(kind) for kind in CHANGED] == [5, 5, 5]
    assert first.run is not None
    assert again.run is not None
    assert (first.run.ended, again.run.ended) == (0, 0)
    assert min(first.run.requests, again.run.requests) > 20
    assert first.run.peak > 20 * MIB


@pytest.fixture
def pipe(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """A named pipe, and the end to read from."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    end = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    yield path, end
    os.close(end)


async def test_who_takes_too_long_is_stopped_with_all_that_it_started(pipe: tuple[Path, int]) -> None:
    path, end = pipe
    script = f"(echo started; exec sleep 600) > {path} & wait"
    program = Program("sleeper", "", "", lambda _: Started(["sh", "-c", script], {}))
    async with open_course(marked_world(pages=20, attachments=0), patience=2.0) as course:
        run = await course.run(Installed(program, HERE), latency=0.0)
    assert (run.ended, run.peak) == (None, 0)
    assert os.read(end, 100) == b"started\n"
    assert select([end], [], [], 10)[0]
    assert os.read(end, 100) == b""  # nobody is left who could write


def test_a_peer_nobody_knows_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--peers", "confluence-markdown-exporter,nobody"])
    assert "no peer: nobody" in capsys.readouterr().err


def test_a_mark_is_found_in_text_and_in_names_and_counts_once(tmp_path: Path) -> None:
    (tmp_path / "Boiler FolderMark7z").mkdir()
    (tmp_path / "Boiler FolderMark7z" / "page.md").write_text("pagemark12z and pagemark12z, commentmark3z")
    (tmp_path / "more.bin").write_bytes(b"\xff\x00pagemark123z")
    kept = found(tmp_path)
    assert [sorted(kept.of[kind]) for kind in KINDS[:4]] == [["12", "123"], [], ["7"], ["3"]]


def test_an_attachment_counts_by_its_bytes(tmp_path: Path) -> None:
    world = marked_world(pages=20, attachments=3)
    everything = held(world)
    data = [b"".join(each.binary.chunks()) for each in world.attachments.values()]
    (tmp_path / "whole").write_bytes(data[0])
    (tmp_path / "twice").write_bytes(data[0])
    (tmp_path / "cut").write_bytes(data[1][:-1])
    kept = found(tmp_path).within(everything)
    assert (kept.count("attachment"), everything.count("attachment")) == (1, 3)


def test_every_page_blog_post_folder_and_comment_has_a_mark_of_its_own(tmp_path: Path) -> None:
    world = marked_world(pages=40, attachments=0)
    texts = [each.title if each.body is None else each.body() for each in world.contents.values()]
    (tmp_path / "all").write_text("\n".join([*texts, *(each.body() for each in world.comments.values())]))
    everything = held(world)
    assert found(tmp_path).within(everything) == everything
    assert [everything.count(kind) for kind in KINDS] == [40, 2, 2, 60, 0]


def test_changes_are_each_on_another_page_and_found_by_what_is_new(tmp_path: Path) -> None:
    world = marked_world(pages=40, attachments=40)
    before = held(world)
    changes = change(world)
    assert [changes.count(kind) for kind in CHANGED] == [5, 5, 5]
    assert before.within(changes) == NOTHING
    data = [b"".join(each.binary.chunks()) for each in world.attachments.values() if each.past]
    for number, each in enumerate(data):
        (tmp_path / str(number)).write_bytes(each)
    edited = [each for each in world.contents.values() if each.past]
    texts = [each.body() for each in edited if each.body is not None]
    texts += [each.body() for each in world.comments.values()]
    (tmp_path / "texts").write_text("\n".join(texts))
    assert found(tmp_path).within(changes) == changes
    on = {each.container_id for each in world.attachments.values() if each.past}
    assert not on & {each.id for each in edited}


def test_bounds_are_against_the_fastest_and_against_all_that_keep_as_much() -> None:
    everything = things(comment=4, attachment=9)
    whole, without_comments = things(comment=2, attachment=9), things(attachment=9)
    first = [row(0, 2.0, everything), row(1, 5.0, things(comment=4)), row(2, 9.0, whole)]
    first += [row(3, 30.0, whole), row(4, 40.0, without_comments)]
    changes = things(page=2)
    unchanged = [row(0, 2.0, changes), row(1, 30.0, changes), row(2, 19.0, things(page=1))]
    found = list(bounds(everything, first, changes, unchanged))
    assert [(each.peer, each.least, each.ratio, each.is_kept) for each in found] == [
        (PEERS[0].name, 1.8, 2.5, True),
        (PEERS[1].name, 10.0, 4.5, False),
        (PEERS[2].name, 10.0, 15.0, True),
        (PEERS[1].name, 10.0, 9.5, False),
        (PEERS[0].name, 10.0, 15.0, True),
    ]
    assert "4.5 times" in str(found[1])
    assert str(found[1]).endswith("missed")


@pytest.mark.parametrize("ended", [1, None])
def test_who_failed_or_was_stopped_is_nobodys_measure(ended: int | None) -> None:
    everything = things(comment=1, attachment=1)
    assert list(bounds(everything, [row(0, 2.0), row(1, 1.0, everything, ended=ended)], None, [])) == []


def test_our_own_failure_keeps_no_bound() -> None:
    (bound,) = bounds(NOTHING, [row(0, 2.0, ended=6), row(1, 100.0)], None, [])
    assert not bound.is_kept


def test_the_report_says_how_a_run_ended() -> None:
    away = Row(replace(row(4, 1.0).installed, problem="no such package"), None)
    rows = [row(0, 2.0, NOTHING), row(1, 5.0, NOTHING, ended=3), row(2, 600.0, NOTHING, ended=None), away]
    lines = report(NOTHING, rows, None, []).splitlines()
    assert f"- {PEERS[0].name} (1.0): {PEERS[0].settings}" in lines
    ours, failed, stopped, missing = ([cell.strip() for cell in line.split("|")[2:5]] for line in lines[-4:])
    assert ours == ["1,234", "1.0", "50"]
    assert failed == ["1,234", "failed, 2.5", "50"]
    assert stopped == ["1,234", "> 300.0", "50"]
    assert missing == ["not installed", "", ""]


def test_a_peer_that_cannot_be_installed_has_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    peer = install_all([PEERS[-1].package], tmp_path)[-1]
    assert peer.program is PEERS[-1]
    assert PEERS[-1].package in peer.problem


def test_programs_see_no_settings_of_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONFLUENCE_API_TOKEN", "CME_EXPORT__OUTPUT_PATH", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, "mine")
    given = environment({"BACKUP_ROOT": "out"}, tmp_path)
    assert "mine" not in given.values()
    assert (given["HOME"], given["BACKUP_ROOT"]) == (str(tmp_path), "out")
