"""What cron, systemd and monitors hand to the program: no terminal, no PATH, closed descriptors, ASCII."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

import exporter
from exporter.emulator import Emulator
from tests.end_to_end.conftest import Mirrors
from tests.end_to_end.disk import SpaceOnDisk
from tests.end_to_end.running import TOKEN, cli, mirror_here, one_authority
from tests.end_to_end.worlds import Sample, sample

NOTHING: Mapping[str, str] = {}
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
CODE_SITS = str(Path(exporter.__file__).parents[1])
CLOSING = """
import os, sys
for descriptor in map(int, sys.argv[1].split(",")):
    os.close(descriptor)
os.execv(sys.executable, [sys.executable, "-m", "exporter", *sys.argv[2:]])
"""


@pytest.fixture
async def held(mirrors: Mirrors, tmp_path: Path) -> SpaceOnDisk:
    return await mirrors.copy(sample, tmp_path / "out")


def run(
    command: Sequence[str | Path], env: Mapping[str, str] = NOTHING
) -> subprocess.CompletedProcess[bytes]:
    """With these variables and nothing else: no PATH, no HOME; in a folder that isn't ours."""
    return subprocess.run(
        [sys.executable, *map(str, command)],
        env={"PYTHONPATH": CODE_SITS, **env},
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )


@pytest.mark.fault(76)
@pytest.mark.parametrize("closed", ["1", "0,1,2"])
async def test_closed_descriptors_are_survived(
    closed: str, emulator: Emulator, held: SpaceOnDisk, tmp_path: Path
) -> None:
    """No file of the mirror gets their numbers, so nothing that is printed lands in one."""
    everything = held.contents()
    out = held.folder.parent
    env = {"SSL_CERT_FILE": str(one_authority()), **emulator.environment(TOKEN)}
    closing = ("-c", CLOSING, closed)
    again = await asyncio.to_thread(run, [*closing, "--space", "ENG", out, "--json"], env)
    first = await asyncio.to_thread(run, [*closing, "--space", "ENG", tmp_path / "new", "--verbose"], env)
    assert [again.returncode, first.returncode] == [0, 0], again.stderr + first.stderr
    assert held.contents() == everything == SpaceOnDisk(tmp_path / "new" / "ENG").contents()
    for command in ("verify", "status"):
        assert run([*closing, command, out, "--json"]).returncode == 0
    held.folder.joinpath("raw/space.json").unlink()
    assert run([*closing, "verify", out]).returncode == 14
    (held.folder / "last-run.json").write_text("{}")
    assert run([*closing, "status", out]).returncode == 3


@pytest.mark.fault(76)
@pytest.mark.parametrize("locale", [{}, ASCII], ids=["nothing", "ascii"])
async def test_an_empty_environment_will_do(
    locale: dict[str, str], eng: Sample, emulator: Emulator, tmp_path: Path
) -> None:
    eng.world.attach(eng.home, "Größe 日本.bin", b"x")
    out = tmp_path / "Spiegel ä"
    env = {**emulator.environment(TOKEN), "SSL_CERT_FILE": str(one_authority()), **locale}
    command = ["-m", "exporter"]
    first = await asyncio.to_thread(run, [*command, "--space", "ENG", out], env)
    assert (first.returncode, first.stdout, first.stderr) == (0, b"", b"")
    SpaceOnDisk(out / "ENG").assert_whole()
    verified = run([*command, "verify", out], locale)
    assert (verified.returncode, verified.stdout, verified.stderr) == (0, b"", b"")
    (path,) = (out / "ENG").glob("raw/attachments/*/Gr*")
    path.write_bytes(b"y")
    verified = run([*command, "verify", out], locale)
    assert (verified.returncode, verified.stdout) == (14, b"")
    assert b"Traceback" not in verified.stderr
    assert verified.stderr.count(b"\n") <= 20
    status = run([*command, "status", out], locale)
    assert status.returncode == 0
    assert status.stdout.startswith(b"OK ENG: mirrored ")


async def test_status_answers_from_the_last_summary(emulator: Emulator, held: SpaceOnDisk) -> None:
    out = held.folder.parent
    result = await cli("status", out, env={})
    assert (result.code, result.stderr) == (0, "")
    assert result.stdout.startswith("OK ENG: mirrored ")
    assert (await cli("status", out, "--max-age", "0s", env={})).code == 2
    emulator.tokens.clear()
    await mirror_here(emulator, out)
    result = await cli("status", out, "--space", "ENG", "--json", env={})
    document = json.loads(result.stdout)
    assert result.code == document["exit_code"] == document["spaces"][0]["level"]
    assert document["spaces"][0]["exit_code"] == 12
    assert (await cli("status", out.parent / "absent", env={})).code == 3
    result = await cli("status", out, "--max-age", "soon", env={})
    assert (result.code, result.stderr) == (
        2,
        "confluence-export: --max-age: 'soon' is not a duration such as 90s, 5m or 2h\n",
    )
