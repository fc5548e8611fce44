"""Emulators whose answers are checked against Atlassian's documents, where this machine has them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack
from typing import Any, Protocol

import pytest

from exporter.emulator import Emulator, Token, World
from tests.emulator.conformance import Check, reference_folder, response_validator
from tests.end_to_end.running import BEARER, TOKEN, UNSCOPED, end_all
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
            world: World, tokens: Iterable[Token] = (TOKEN, UNSCOPED, BEARER), **options: Any
        ) -> Emulator:
            return await stack.enter_async_context(Emulator(world, tokens, on_answer=check, **options))

        yield start


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
