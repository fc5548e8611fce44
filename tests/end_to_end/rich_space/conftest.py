"""The small space with something of everything that hangs on pages, served and mirrored."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.emulator import Emulator
from exporter.errors import Exit
from tests.end_to_end.conftest import Serve
from tests.end_to_end.disk import SpaceOnDisk
from tests.end_to_end.rich import Rich, rich
from tests.end_to_end.running import mirror_here


@pytest.fixture
def it() -> Rich:
    return rich()


@pytest.fixture
async def emulator(it: Rich, serve: Serve) -> Emulator:
    """Serves `it`."""
    return await serve(it.eng.world)


@pytest.fixture
async def held(emulator: Emulator, tmp_path: Path) -> SpaceOnDisk:
    """The mirror after a full run, of whose requests nothing is remembered."""
    run = await mirror_here(emulator, tmp_path / "out")
    assert run.exit is Exit.OK, run.problems()
    emulator.requests.clear()
    return SpaceOnDisk(tmp_path / "out" / "ENG")
