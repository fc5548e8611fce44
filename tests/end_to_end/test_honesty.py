"""What a run leaves behind says no more, no less and no other than what happened."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from exporter.app import Options
from exporter.emulator import Emulator, Fault
from exporter.errors import Exit
from tests.end_to_end.conftest import Serve
from tests.end_to_end.disk import SpaceOnDisk, tree
from tests.end_to_end.running import TOKEN, mirror, mirror_here
from tests.end_to_end.worlds import Sample


async def test_an_answer_that_echoes_the_credentials_is_not_quoted(
    emulator: Emulator, tmp_path: Path
) -> None:
    basic = base64.b64encode(f"{TOKEN.email}:{TOKEN.secret}".encode()).decode()
    echo = json.dumps({"message": f"bad header Authorization: Basic {basic} of {TOKEN.secret}"}).encode()
    emulator.faults.append(Fault("status", match="/attachments", status=400, body=echo))
    run = await mirror(emulator, tmp_path / "out", "--json")
    left = run.stdout + run.stderr + (tmp_path / "out" / "ENG" / "last-run.json").read_text()
    assert run.code == 3
    assert "bad header" in left
    assert TOKEN.secret not in left
    assert basic not in left


async def test_a_folder_that_fails_for_a_night_leaves_the_tree_as_it_was(
    eng: Sample, emulator: Emulator, tmp_path: Path
) -> None:
    await mirror_here(emulator, tmp_path / "out")
    before = SpaceOnDisk(tmp_path / "out" / "ENG").nodes()
    emulator.faults.append(Fault("status", match="/folders/", status=500))
    run = await mirror_here(emulator, tmp_path / "out")
    assert run.exit is Exit.PARTIAL
    assert [(failure.id, failure.title) for failure in run.report.failures] == [
        (eng.folder.id, eng.folder.title)
    ]
    assert SpaceOnDisk(tmp_path / "out" / "ENG").nodes() == before


async def test_a_file_of_wrong_length_costs_that_file_however_long_it_takes(
    eng: Sample, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.faults.append(Fault("file_size", ids=[eng.image.id], amount=7))
    run = await mirror_here(emulator, tmp_path / "out", give_up_after=0)
    assert run.exit is Exit.PARTIAL
    assert [failure.id for failure in run.report.failures] == [eng.image.id]


@pytest.mark.parametrize("status", [401, 403])
async def test_a_media_host_that_refuses_has_not_lost_the_file(
    status: int, eng: Sample, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.faults.append(Fault("status", origin="media", status=status))
    run = await mirror_here(emulator, tmp_path / "out")
    assert run.exit is Exit.PARTIAL
    assert not [failure for failure in run.report.failures if "lost" in failure.reason]


async def test_a_dry_run_leaves_even_an_empty_manifest_as_it_is(emulator: Emulator, tmp_path: Path) -> None:
    await mirror_here(emulator, tmp_path / "out")
    manifest = tmp_path / "out" / "ENG" / "manifest.sqlite"
    manifest.write_bytes(b"")
    before = tree(tmp_path / "out")
    run = await mirror_here(emulator, tmp_path / "out", options=Options(dry_run=True))
    assert run.exit is Exit.MANIFEST
    assert manifest.read_bytes() == b""
    assert tree(tmp_path / "out") == before


async def test_a_warning_of_one_space_is_not_another_ones(eng: Sample, serve: Serve, tmp_path: Path) -> None:
    other = eng.world.add_space("OPS", "Operations")
    eng.world.add_page(other, "Home", "<p>Hi</p>")
    foreign = Fault("next_link", match=f"/spaces/{eng.space.id}/pages", location="https://evil.example{link}")
    short = Fault("short_page", match=f"/spaces/{eng.space.id}/pages", amount=1)
    emulator = await serve(eng.world, faults=[short, foreign])
    run = await mirror(emulator, tmp_path / "out", "--space", "OPS", "--json")
    first, second = run.document["spaces"]
    assert (first["space"], second["space"]) == ("ENG", "OPS")
    assert "evil.example" in str(first["warnings"])
    assert second["warnings"] == []
