"""The small space with something of everything that hangs on pages, served and mirrored."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.emulator import Emulator
from tests.end_to_end.conftest import Mirrors, Serve
from tests.end_to_end.disk import SpaceOnDisk
from tests.end_to_end.rich import Rich, rich


@pytest.fixture
def it() -> Rich:
    return rich()


@pytest.fixture
async def emulator(it: Rich, serve: Serve) -> Emulator:
    """Serves `it`."""
    return await serve(it.eng.world)


@pytest.fixture
async def held(mirrors: Mirrors, tmp_path: Path) -> SpaceOnDisk:
    """The mirror after a full run on `it`, before any change."""
    return await mirrors.copy(rich, tmp_path / "out")
