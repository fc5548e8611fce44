"""The command line as people, cron and monitors meet it: exit codes, output, folders, signals."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from exporter.emulator import Emulator, Fault
from exporter.errors import Exit
from tests.end_to_end.asked import Asked
from tests.end_to_end.disk import SpaceOnDisk, tree
from tests.end_to_end.running import TOKEN, cli, mirror, mirror_here, start
from tests.end_to_end.worlds import Sample

WITH_SITE = {"CONFLUENCE_RENDER": "true"}


@pytest.mark.fault(19)
async def test_success_is_silent_and_everything_is_private(emulator: Emulator, tmp_path: Path) -> None:
    result = await mirror(emulator, tmp_path / "new" / "out", env=WITH_SITE)
    assert (result.code, result.stdout, result.stderr) == (0, "", "")
    assert modes(tmp_path / "new") == {0o600, 0o700}
    SpaceOnDisk(tmp_path / "new" / "out" / "ENG").assert_whole()


async def test_mode_widens_files_and_folders_alike(emulator: Emulator, tmp_path: Path) -> None:
    assert (await mirror(emulator, tmp_path / "out", "--mode", "640", env=WITH_SITE)).code == 0
    assert modes(tmp_path / "out", leave_out=".confluence-export.lock") == {0o640, 0o750}


def modes(folder: Path, leave_out: str = "") -> set[int]:
    paths = [path for path in folder.rglob("*") if path.name != leave_out]
    return {stat.S_IMODE(path.lstat().st_mode) for path in [folder, *paths]}


async def test_help_lists_the_exit_codes() -> None:
    result = await cli("--help", env={})
    assert (result.code, result.stderr) == (0, "")
    for code in Exit:
        assert f"{code.value}:" in result.stdout
    assert "--space" in result.stdout
    assert not re.search(r"--(api-)?token[ =]", result.stdout)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--spaec", "ENG", "out"], "--spaec"),
        (["--space", "ENG"], "output folder"),
        (["--space", "ENG", "out", "--api-token", "secret"], "--api-token"),
        (["--space", "ENG", "out", "--gateway-url", "http://api.example.com"], "--gateway-url"),
        (["--space", "ENG", "out", "--config", "absent.toml"], "absent.toml"),
    ],
)
async def test_a_usage_error_names_what_is_wrong_also_as_json(
    arguments: list[str], says: str, emulator: Emulator, tmp_path: Path
) -> None:
    arguments = [str(tmp_path / part) if part in ("out", "absent.toml") else part for part in arguments]
    result = await cli(*arguments, "--json", env=emulator.environment(TOKEN))
    assert result.code == 2
    assert says in result.stderr
    assert (result.document["exit_code"], result.document["spaces"]) == (2, [])
    assert says in result.document["error"]
    assert not (tmp_path / "out").exists()
    assert not emulator.requests


async def test_a_typo_in_the_file_is_an_error_that_names_the_key(emulator: Emulator, tmp_path: Path) -> None:
    config = tmp_path / "mirror.toml"
    config.write_text('space = ["ENG"]\nmedia_host = "example.com"\n')
    result = await cli(tmp_path / "out", "--config", config, env=emulator.environment(TOKEN))
    assert result.code == 2
    assert "'media_host'" in result.stderr
    assert "media_hosts" in result.stderr
    assert result.stderr.count("\n") == 1


async def test_flags_stand_over_the_environment_and_that_over_the_file(
    emulator: Emulator, tmp_path: Path
) -> None:
    config = tmp_path / "mirror.toml"
    config.write_text('space = ["FILE"]\nworkers = 3\nemail = "nobody@example.com"\n')
    environment = {**emulator.environment(TOKEN), "CONFLUENCE_SPACE": "ENVIRONMENT"}
    result = await cli(tmp_path / "out", "--config", config, "--space", "ENG", env=environment)
    assert (result.code, result.stderr) == (0, "")
    del environment["CONFLUENCE_SPACE"]
    result = await cli(tmp_path / "out", "--config", config, env=environment)
    assert result.code == 10
    assert "'FILE'" in result.stderr


@pytest.mark.fault(52)
async def test_a_wrong_key_names_the_nearest_and_writes_nothing(
    eng: Sample, emulator: Emulator, tmp_path: Path
) -> None:
    eng.world.add_space("OPS", "Operations")
    eng.world.add_space("ENGLISH", "Language", visible=False)
    result = await cli("--space", "ENGG", tmp_path / "out", env=emulator.environment(TOKEN))
    assert result.code == 10
    assert "'ENGG'" in result.stderr
    assert "ENG" in result.stderr.split("nearest")[1]
    assert "ENGLISH" not in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("by_alias", [False, True])
async def test_an_alias_finds_the_space(
    by_alias: bool, eng: Sample, emulator: Emulator, tmp_path: Path
) -> None:
    eng.world.rename_space_key(eng.space, "NEW")
    emulator.switches.keys_match_alias = by_alias
    assert (await mirror_here(emulator, tmp_path / "out", space=("NEW",), full=False)).exit is Exit.OK
    SpaceOnDisk(tmp_path / "out" / "NEW").assert_whole()


@pytest.mark.fault(52)
async def test_a_changed_key_never_starts_a_second_mirror(
    eng: Sample, emulator: Emulator, tmp_path: Path
) -> None:
    await mirror_here(emulator, tmp_path / "out")
    eng.world.edit_space(eng.space, key="NEW", alias="NEW")
    emulator.requests.clear()
    assert (await mirror_here(emulator, tmp_path / "out", space=("NEW",), full=False)).exit is Exit.OK
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["ENG"]
    assert not Asked.of(emulator.requests).bodies
    eng.world.add_space("ENG", "A new space under the old key")
    before = tree(tmp_path / "out" / "ENG" / "raw")
    run = await mirror_here(emulator, tmp_path / "out", space=("ENG",))
    assert run.exit is Exit.MANIFEST
    assert tree(tmp_path / "out" / "ENG" / "raw") == before


@pytest.mark.fault(62)
async def test_the_second_of_two_runs_at_once_ends_at_once(
    eng: Sample, emulator: Emulator, tmp_path: Path
) -> None:
    held = Fault("delay", match="/attachments", seconds=30, times=1)
    emulator.faults.append(held)
    first = await start("--space", "ENG", tmp_path / "out", env=emulator.environment(TOKEN))
    await until(lambda: held.hits)
    second = await mirror(emulator, tmp_path / "out", "--json")
    assert second.code == second.document["exit_code"] == 11
    assert f"process {first.process.pid}," in second.stderr
    first.signal(signal.SIGTERM)
    assert (await first.ends()).code == 143
    assert (await mirror_here(emulator, tmp_path / "out")).exit is Exit.OK


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 — what happens in another process sets no event
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
async def test_a_signal_stops_the_run_and_the_next_fetches_only_the_rest(
    number: signal.Signals, code: int, eng: Sample, emulator: Emulator, tmp_path: Path
) -> None:
    stuck = Fault("stall", origin="media", ids=[])
    emulator.faults.append(stuck)
    running = await start("--space", "ENG", tmp_path / "out", env=emulator.environment(TOKEN))
    held = SpaceOnDisk(tmp_path / "out" / "ENG")
    await until(lambda: stuck.hits == 2 and Asked.of(emulator.requests).attachment_lists.total() == 7)
    running.signal(number)
    result = await running.ends()
    assert result.code == code
    assert "Traceback" not in result.stderr
    assert 0 < len(result.stderr.splitlines()) <= 20
    assert held.last_run()["exit_code"] == code
    held.assert_whole()
    emulator.faults.clear()
    emulator.requests.clear()
    run = await mirror_here(emulator, tmp_path / "out", full=False)
    assert run.exit is Exit.OK
    assert not Asked.of(emulator.requests).bodies
    assert len(emulator.requests.of("media")) == 2


@pytest.mark.fault(18)
@pytest.mark.parametrize("foreign", ["notes.txt", "src/main.py", "ENG/notes.txt"])
async def test_a_folder_that_is_not_ours_is_refused_unchanged(
    foreign: str, emulator: Emulator, tmp_path: Path
) -> None:
    file = tmp_path / "out" / foreign
    file.parent.mkdir(parents=True)
    file.write_text("mine")
    before = tree(tmp_path)
    run = await mirror_here(emulator, tmp_path / "out")
    assert run.exit is Exit.USAGE
    assert tree(tmp_path) == before
    assert not emulator.requests


@pytest.mark.fault(18, 61)
async def test_an_empty_folder_is_taken_and_foreign_files_beside_a_mirror_are_left_alone(
    emulator: Emulator, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    assert (await mirror_here(emulator, tmp_path / "out")).exit is Exit.OK
    (tmp_path / "out" / "notes.txt").write_text("mine")
    (tmp_path / "out" / "ENG" / "notes.txt").write_text("mine")
    assert (await mirror_here(emulator, tmp_path / "out")).exit is Exit.OK
    assert (tmp_path / "out" / "notes.txt").read_text() == "mine"
    assert (tmp_path / "out" / "ENG" / "notes.txt").read_text() == "mine"


async def test_many_failures_are_told_in_twenty_lines_and_whole_as_json(
    eng: Sample, emulator: Emulator, tmp_path: Path
) -> None:
    for n in range(40):
        eng.world.lose_binary(eng.world.attach(eng.home, f"lost\n\x1b[2J {n}.bin", b"x"))
    result = await mirror(emulator, tmp_path / "out", "--json")
    assert result.code == 3
    lines = result.stderr.splitlines()
    assert len(lines) <= 20
    assert "40 items could not be mirrored" in lines[0]
    assert all(line.isprintable() for line in lines)
    (space,) = result.document["spaces"]
    assert len(space["failures"]) == 40
    assert space == SpaceOnDisk(tmp_path / "out" / "ENG").last_run()


async def test_one_json_document_says_what_a_good_run_did(emulator: Emulator, tmp_path: Path) -> None:
    result = await mirror(emulator, tmp_path / "out", "--json")
    assert (result.code, result.stderr) == (0, "")
    assert (result.document["exit_code"], result.document["error"]) == (0, None)
    (space,) = result.document["spaces"]
    assert space == SpaceOnDisk(tmp_path / "out" / "ENG").last_run()
    assert (space["complete"], space["space"]) == (True, "ENG")
    assert space["counts"]["page"]["new"] == 6
    assert space["requests"] == len(emulator.requests)


async def test_two_spaces_are_two_mirrors_and_the_worse_code_wins(
    eng: Sample, emulator: Emulator, tmp_path: Path
) -> None:
    ops = eng.world.add_space("OPS", "Operations")
    page = eng.world.add_page(ops, "Ops", "<p>Ops</p>")
    eng.world.lose_binary(eng.image)
    out = tmp_path / "out"
    result = await cli(
        "--space", "ENG", "--space", "NONE", "--space", "OPS", out, "--json", env=emulator.environment(TOKEN)
    )
    assert result.code == 10
    assert [space["exit_code"] for space in result.document["spaces"]] == [3, 10, 0]
    assert sorted(path.name for path in out.iterdir()) == ["ENG", "OPS", "index.html"]
    assert SpaceOnDisk(out / "OPS").body(page.id) == b"<p>Ops</p>"
    for key in ("ENG", "OPS"):
        SpaceOnDisk(out / key).assert_whole()


@pytest.mark.fault(12, 76)
async def test_cron_with_an_ascii_locale_is_served_as_well(
    eng: Sample, emulator: Emulator, tmp_path: Path
) -> None:
    eng.world.lose_binary(eng.world.attach(eng.home, "Größe 日本.bin", b"x"))
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    result = await mirror(emulator, tmp_path / "out", "--verbose", env=ascii_only)
    assert result.code == 3
    assert "Traceback" not in result.stderr
    SpaceOnDisk(tmp_path / "out" / "ENG").assert_whole()


async def test_a_second_demo_into_the_same_folder_changes_nothing(tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = await cli("demo", out, env={})
    assert (first.code, first.stderr) == (0, "")
    assert str(out / "DEMO" / "tree.json") in first.stdout
    held = SpaceOnDisk(out / "DEMO")
    held.assert_whole()
    before = held.contents()
    second = await cli("demo", out, "--json", env={})
    assert (second.code, second.stderr) == (0, "")
    (space,) = json.loads(second.stdout)["spaces"]
    for counts in space["counts"].values():
        assert not any(n for verb, n in counts.items() if verb != "unchanged")
    assert held.contents() == before


async def test_an_ended_disk_is_an_error_of_the_disk(emulator: Emulator, tmp_path: Path) -> None:
    await mirror_here(emulator, tmp_path / "out")
    pages = tmp_path / "out" / "ENG" / "raw" / "pages"
    for file in pages.iterdir():
        file.unlink()
    pages.rmdir()
    pages.write_text("a file where a folder must be")
    run = await mirror_here(emulator, tmp_path / "out")
    assert run.exit is Exit.LOCAL
    assert str(pages) in str(run.error)
    assert pages.read_text() == "a file where a folder must be"


@pytest.mark.fault(57)
@pytest.mark.parametrize("damage", [b"", b"not a database at all, whatever its name says" * 50])
@pytest.mark.parametrize("has_backup", [True, False])
async def test_a_damaged_manifest_is_made_anew_and_the_run_goes_on(
    damage: bytes, has_backup: bool, emulator: Emulator, tmp_path: Path
) -> None:
    await mirror_here(emulator, tmp_path / "out")
    held = SpaceOnDisk(tmp_path / "out" / "ENG")
    if not has_backup:
        (held.folder / "manifest.backup.sqlite").unlink()
    (held.folder / "manifest.sqlite").write_bytes(damage)
    before = tree(held.folder / "raw")
    run = await mirror_here(emulator, tmp_path / "out")
    assert run.exit is Exit.OK
    (warning,) = run.warnings
    assert ("its backup" in warning) == has_backup
    assert held.last_run()["warnings"] == [warning]
    assert tree(held.folder / "raw") == before
    held.assert_whole()
    assert not held.meta()["doubt"]
    assert (await mirror_here(emulator, tmp_path / "out")).warnings == []


@pytest.mark.fault(58)
async def test_a_manifest_of_a_newer_version_ends_the_run_and_touches_nothing(
    emulator: Emulator, tmp_path: Path
) -> None:
    await mirror_here(emulator, tmp_path / "out")
    held = SpaceOnDisk(tmp_path / "out" / "ENG")
    with closing(sqlite3.connect(held.folder / "manifest.sqlite")) as connection:
        connection.execute("PRAGMA user_version = 99")
    before = tree(held.folder)
    emulator.requests.clear()
    run = await mirror_here(emulator, tmp_path / "out")
    assert run.exit is Exit.MANIFEST
    assert not emulator.requests
    # Two runs of one second share a record.
    of_this_run = (".confluence-export.lock", "last-run.json", "runs/")
    before = {name: digest for name, digest in before.items() if not name.startswith(of_this_run)}
    assert before.items() <= tree(held.folder).items()
