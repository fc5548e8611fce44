"""However a run ends: exit code, summaries, JSON and the last line of the log say the same."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from exporter import app
from exporter.config import load
from exporter.emulator import Emulator, Fault
from exporter.errors import Exit
from exporter.mirror.mirror import Mirror
from exporter.progress import Silent
from tests.end_to_end.disk import SpaceOnDisk
from tests.end_to_end.running import (
    TOKEN,
    FastClock,
    Result,
    cli,
    mirror,
    mirror_here,
    settings_for,
    start,
)
from tests.end_to_end.worlds import Sample

Arrange = Callable[["Scene"], None]


@dataclass
class Scene:
    """A mirror that a good run left, and the site it is of."""

    eng: Sample
    emulator: Emulator
    held: SpaceOnDisk

    def fault(self, *arguments: Any, **options: Any) -> None:
        self.emulator.faults.append(Fault(*arguments, **options))


def _blocked(scene: Scene) -> None:
    pages = scene.held.folder / "raw" / "pages"
    pages.rename(scene.held.folder.parent / "pages-of-before")
    pages.write_text("a file where a folder must be")


def _from_the_future(scene: Scene) -> None:
    with closing(sqlite3.connect(scene.held.folder / "manifest.sqlite")) as connection:
        connection.execute("PRAGMA user_version = 99")


def _renamed(scene: Scene) -> None:
    scene.eng.world.edit_space(scene.eng.space, key="NEW", alias="NEW")


ENDINGS: dict[str, tuple[Exit, Arrange, list[str]]] = {
    "good": (Exit.OK, lambda _: None, []),
    "a CA file that is not there": (Exit.USAGE, lambda _: None, ["--ca-file", "/nowhere/ca.pem"]),
    "one thing fails": (Exit.PARTIAL, lambda it: it.fault("status", match="/attachments", status=400), []),
    "no place on the disk": (Exit.LOCAL, _blocked, []),
    "too long a wait": (Exit.UNAVAILABLE, lambda it: it.fault("status", status=429, retry_after="99999"), []),
    "no time": (
        Exit.TIME_UP,
        lambda it: it.fault("delay", match="/pages", seconds=30),
        ["--max-duration", "1s"],
    ),
    "no such space": (Exit.SPACE, _renamed, []),
    "a dead token": (Exit.AUTH, lambda it: it.fault("expired", match="/wiki/"), []),
    "a newer manifest": (Exit.MANIFEST, _from_the_future, []),
}
SIGNALS = {signal.SIGHUP: Exit.HANGUP, signal.SIGINT: Exit.INTERRUPTED, signal.SIGTERM: Exit.TERMINATED}


@pytest.fixture
async def scene(eng: Sample, emulator: Emulator, tmp_path: Path) -> Scene:
    run = await mirror_here(emulator, tmp_path / "out", clock=FastClock(ahead=-100_000))
    assert run.exit is Exit.OK
    return Scene(eng, emulator, SpaceOnDisk(tmp_path / "out" / "ENG"))


def _assert_all_say(code: Exit, result: Result, held: SpaceOnDisk) -> None:
    assert result.code == code, result.stderr
    lines = [json.loads(line) for line in result.stderr.splitlines()]
    assert lines[-1]["exit_code"] == code
    assert lines[-1]["message"] == f"exit {code.value}: {code.meaning}"
    assert "Traceback" not in result.stderr
    assert TOKEN.secret not in result.stderr
    assert result.document["exit_code"] == code
    (document,) = result.document["spaces"]
    assert document["exit_code"] == code
    assert document == held.last_run()
    newest = max((held.folder / "runs").iterdir())
    assert json.loads(newest.read_bytes()) == document
    assert len([*(held.folder / "runs").iterdir()]) == 2
    assert not [*held.folder.rglob(".tmp-*")]


@pytest.mark.parametrize("name", ENDINGS)
async def test_exit_code_summary_json_and_log_agree(name: str, scene: Scene) -> None:
    code, arrange, arguments = ENDINGS[name]
    arrange(scene)
    result = await mirror(
        scene.emulator, scene.held.folder.parent, "--json", "--log-format", "json", *arguments
    )
    _assert_all_say(code, result, scene.held)


@pytest.mark.parametrize("name", ["good", "one thing fails", "a dead token"])
async def test_the_last_line_of_a_verbose_log_is_the_code(name: str, scene: Scene) -> None:
    code, arrange, arguments = ENDINGS[name]
    arrange(scene)
    result = await mirror(scene.emulator, scene.held.folder.parent, "-v", *arguments)
    assert result.code == code
    assert result.stderr.splitlines()[-1].endswith(f"exit {code.value}: {code.meaning}")


@pytest.mark.parametrize("arguments", [["--spaec", "ENG"], ["--space", "ENG", "--workers", "many"]])
async def test_the_log_of_a_usage_error_agrees_too(arguments: list[str], emulator: Emulator) -> None:
    result = await cli(*arguments, "out", "--json", "--log-format=json", env=emulator.environment(TOKEN))
    assert result.code == result.document["exit_code"] == 2
    cause, last = map(json.loads, result.stderr.splitlines())
    assert (cause["level"], last["exit_code"]) == ("error", 2)


async def _until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 — what happens in another process sets no event
            await asyncio.sleep(0.01)


WAITS = {
    "as told": ["status", {"status": 429, "retry_after": "600", "match": "/attachments"}],
    "a stalled download": ["stall", {"origin": "media"}],
}


@pytest.mark.fault(66)
@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("wait", WAITS)
async def test_a_signal_ends_a_long_wait_within_two_seconds(
    wait: str, number: signal.Signals, scene: Scene
) -> None:
    kind, options = WAITS[wait]
    fault = Fault(kind, **options)  # type: ignore[arg-type]
    scene.emulator.faults.append(fault)
    scene.held.attachment(scene.eng.image.id).unlink()
    out = scene.held.folder.parent
    environment = scene.emulator.environment(TOKEN)
    running = await start("--space", "ENG", out, "--json", "--log-format", "json", env=environment)
    await _until(lambda: fault.hits)
    await asyncio.sleep(0.2)
    running.signal(number)
    async with asyncio.timeout(2):
        result = await running.ends()
    _assert_all_say(SIGNALS[number], result, scene.held)


@pytest.mark.fault(66)
@pytest.mark.parametrize("number", SIGNALS)
async def test_a_signal_ends_a_command_that_never_prints_the_token(
    number: signal.Signals, emulator: Emulator, tmp_path: Path
) -> None:
    asked = tmp_path / "asked"
    environment = {
        **emulator.environment(TOKEN),
        "CONFLUENCE_API_TOKEN": "",
        "CONFLUENCE_TOKEN_COMMAND": f"sh -c 'touch {asked}; exec sleep 600'",
    }
    running = await start("--space", "ENG", tmp_path / "out", "--json", env=environment)
    await _until(asked.exists)
    running.signal(number)
    async with asyncio.timeout(2):
        result = await running.ends()
    assert result.code == result.document["exit_code"] == SIGNALS[number]
    assert "Traceback" not in result.stderr


@pytest.mark.fault(66)
@pytest.mark.parametrize("number", SIGNALS)
async def test_a_signal_while_the_summary_is_saved_is_in_the_summary(
    number: signal.Signals, emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, times = Mirror.save_summary, 0

    async def slow(self: Mirror, document: dict[str, Any]) -> None:
        nonlocal times
        times += 1
        if times == 1:
            running.cancel(SIGNALS[number])
            await asyncio.sleep(0.01)
        await real(self, document)

    monkeypatch.setattr(Mirror, "save_summary", slow)
    running = asyncio.ensure_future(mirror_here(emulator, tmp_path / "out"))
    run = await running
    assert run.exit is SIGNALS[number]
    assert SpaceOnDisk(tmp_path / "out" / "ENG").last_run()["exit_code"] == SIGNALS[number]


async def test_a_bug_is_in_the_summary(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise KeyError("page")

    monkeypatch.setattr(app, "crawl", broken)
    run = await mirror_here(scene.emulator, scene.held.folder.parent)
    assert run.exit == scene.held.last_run()["exit_code"] == Exit.BUG


async def test_a_run_that_finds_the_mirror_locked_leaves_its_summary_alone(scene: Scene) -> None:
    before = scene.held.last_run()
    lock = os.open(scene.held.folder / ".confluence-export.lock", os.O_RDWR)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        run = await mirror_here(scene.emulator, scene.held.folder.parent)
    finally:
        os.close(lock)
    assert run.exit is Exit.LOCKED
    assert scene.held.last_run() == before


async def _both(scene: Scene, **options: Any) -> list[Exit]:
    settings = load(settings_for(scene.emulator, space=("ENG", "OPS"), **options))
    runs = await app.export(
        settings,
        scene.held.folder.parent,
        options=app.Options(),
        progress=Silent(),
        clock=FastClock(),
    )
    return [run.exit for run in runs]


@pytest.mark.parametrize(
    ("fault", "options", "code"),
    [
        (Fault("expired", match="/wiki/"), {}, Exit.AUTH),
        (Fault("status", status=429, retry_after="99999"), {}, Exit.UNAVAILABLE),
        (Fault("status", status=429, retry_after="3000"), {"max_duration": "20m"}, Exit.TIME_UP),
    ],
)
async def test_what_ends_one_space_is_in_the_summary_of_those_that_were_to_follow(
    fault: Fault, options: dict[str, str], code: Exit, scene: Scene
) -> None:
    scene.eng.world.add_space("OPS", "Operations")
    assert await _both(scene) == [Exit.OK, Exit.OK]
    scene.emulator.faults.append(fault)
    assert await _both(scene, **options) == [code, code]
    for key in ("ENG", "OPS"):
        document = SpaceOnDisk(scene.held.folder.parent / key).last_run()
        assert document["exit_code"] == code
        assert document["ended"]


# A thread may just be opening a file for a transfer that is cancelled; nobody is there to close it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_run_that_was_out_of_time_is_continued_by_the_next(
    eng: Sample, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.faults.append(Fault("status", match="/attachments", status=429, retry_after="600", from_index=2))
    run = await mirror_here(emulator, tmp_path / "out", max_duration="5m")
    held = SpaceOnDisk(tmp_path / "out" / "ENG")
    assert run.exit == held.last_run()["exit_code"] == Exit.TIME_UP
    assert "--max-duration" in str(run.error)
    held.assert_whole()
    saved = held.contents()
    emulator.faults.clear()
    assert (await mirror_here(emulator, tmp_path / "out", max_duration="5m")).exit is Exit.OK
    completed = {path for path, digest in saved.items() if held.contents().get(path) != digest}
    assert all(path.endswith(".json") for path in completed), "what is known of a page, and the tree, may be"


DEAD = [">/dev/full 2>&1", "<&- >&- 2>&-"]


@pytest.mark.fault(76)
@pytest.mark.parametrize("redirected", DEAD)
@pytest.mark.parametrize("name", ["good", "one thing fails"])
@pytest.mark.parametrize("said", [["--json", "-v"]])
async def test_output_that_cannot_be_written_changes_no_exit_code(
    said: list[str], name: str, redirected: str, scene: Scene
) -> None:
    code, arrange, arguments = ENDINGS[name]
    arrange(scene)
    environment = scene.emulator.environment(TOKEN)
    running = await start(
        "--space", "ENG", scene.held.folder.parent, *said, *arguments, env=environment, redirected=redirected
    )
    result = await running.ends()
    assert result.code == code == scene.held.last_run()["exit_code"]
    assert "Traceback" not in result.stderr + result.stdout


@pytest.mark.fault(76)
@pytest.mark.parametrize("closed", ["stdout", "stderr"])
@pytest.mark.parametrize("name", ["good", "a dead token"])
async def test_nobody_who_reads_changes_no_exit_code(closed: str, name: str, scene: Scene) -> None:
    code, arrange, _ = ENDINGS[name]
    arrange(scene)
    environment = scene.emulator.environment(TOKEN)
    arguments = ["--space", "ENG", str(scene.held.folder.parent), "--json", "-v"]
    running = await start(*arguments, env=environment, **_unread(closed))
    result = await running.ends()
    assert result.code == code == scene.held.last_run()["exit_code"]
    assert "Traceback" not in result.stderr + result.stdout


def _unread(name: str) -> dict[str, Any]:
    """A pipe whose other end is closed."""
    read, write = os.pipe()
    os.close(read)
    return {name: write}


@pytest.mark.fault(76)
@pytest.mark.parametrize("redirected", ["", ">/dev/full", ">&-"])
async def test_help_that_nobody_reads_is_no_error(redirected: str) -> None:
    running = await start("--help", env={}, redirected=redirected, **_unread("stdout"))
    result = await running.ends()
    assert (result.code, result.stderr) == (0, "")


@pytest.mark.fault(76)
async def test_an_error_that_nobody_reads_keeps_its_code() -> None:
    running = await start("--spaec", env={}, **_unread("stderr"))
    assert (await running.ends()).code == 2
