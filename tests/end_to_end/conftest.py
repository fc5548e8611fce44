"""Emulators whose answers are checked against Atlassian's documents, where this machine has them."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest

from exporter.emulator import Emulator, Token, World
from exporter.errors import Exit
from tests.emulator.conformance import Check, reference_folder, response_validator
from tests.end_to_end.disk import SpaceOnDisk
from tests.end_to_end.rich import Rich
from tests.end_to_end.running import BEARER, OAUTH, TOKEN, UNSCOPED, end_all, mirror_here
from tests.end_to_end.worlds import Sample, sample


class Serve(Protocol):
    async def __call__(self, world: World, tokens: Iterable[Token] = ..., **options: Any) -> Emulator:
        """Serve a world until the test ends. Options are those of `Emulator`."""
        ...


@pytest.fixture(scope="session")
def check() -> Check | None:
    folder = reference_folder()
    return None if folder is None else response_validator(folder)


@pytest.fixture
async def serve(check: Check | None) -> AsyncIterator[Serve]:
    async with AsyncExitStack() as stack:

        async def start(
            world: World, tokens: Iterable[Token] = (TOKEN, UNSCOPED, BEARER, OAUTH), **options: Any
        ) -> Emulator:
            return await stack.enter_async_context(Emulator(world, tokens, on_answer=check, **options))

        yield start


class Mirrors:
    """Mirrors of worlds that are the same each time they are built: made once, copied for each test."""

    def __init__(self, folder: Path, check: Check | None) -> None:
        self._folder, self._check = folder, check
        self._made: dict[tuple[object, ...], Path] = {}

    async def copy(self, build: Callable[[], Sample | Rich], out: Path, **flags: Any) -> SpaceOnDisk:
        """The mirror after a first run with these flags, in ``out``."""
        key = (build, *sorted(flags.items()))
        if key not in self._made:
            self._made[key] = await self._make(build(), **flags)
        shutil.copytree(self._made[key], out)
        return SpaceOnDisk(out / "ENG")

    async def _make(self, built: Sample | Rich, **flags: Any) -> Path:
        folder = self._folder / str(len(self._made))
        world = built.eng.world if isinstance(built, Rich) else built.world
        async with Emulator(world, [TOKEN], on_answer=self._check) as emulator:
            run = await mirror_here(emulator, folder, **flags)
        assert run.exit is Exit.OK, run.problems()
        return folder


@pytest.fixture(scope="session")
def mirrors(check: Check | None, tmp_path_factory: pytest.TempPathFactory) -> Mirrors:
    return Mirrors(tmp_path_factory.mktemp("mirrors"), check)


@pytest.fixture(autouse=True)
async def no_process_is_left() -> AsyncIterator[None]:
    yield
    await end_all()


@pytest.fixture
def eng() -> Sample:
    return sample()


@pytest.fixture
async def emulator(eng: Sample, serve: Serve) -> Emulator:
    """Serves `eng`."""
    return await serve(eng.world)
