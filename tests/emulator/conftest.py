"""A small world, its emulator and a plain client; answers are checked against the documents, if at hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from exporter.emulator import (
    FULL_SCOPES,
    Attachment,
    Content,
    Emulator,
    Space,
    Token,
    User,
    World,
)
from tests.emulator.client import Client
from tests.emulator.conformance import Check, reference_folder, response_validator

TOKEN = Token("scoped-secret", "me@example.com", scopes=FULL_SCOPES)
UNSCOPED = Token("unscoped-secret", "me@example.com", kind="unscoped")
SERVICE = Token("service-secret", "", kind="bearer")


@dataclass(frozen=True)
class Sample:
    """The world of these tests, with names for what is in it."""

    world: World
    space: Space
    home: Content
    page: Content
    archived: Content
    folder: Content
    blogpost: Content
    image: Attachment


@pytest.fixture
def sample() -> Sample:
    world = World("cloud-1", "example", User("712020:me", "Me", "me@example.com"))
    space = world.add_space("DOC", "Documentation")
    home = world.add_page(space, "Home", "<p>Welcome</p>")
    space = world.edit_space(space, homepage_id=home.id)
    page = world.add_page(space, "Ä page & more", "<p>Text</p>", parent=home)
    archived = world.archive(world.add_page(space, "Old", "<p>Old</p>", parent=home))
    folder = world.add_node(space, "Folder", parent=home)
    blogpost = world.add_blogpost(space, "News", "<p>New</p>")
    image = world.attach(page, "a b+c.png", b"0123456789", media_type="image/png")
    return Sample(world, space, home, page, archived, folder, blogpost, image)


@pytest.fixture(scope="session")
def check() -> Check | None:
    folder = reference_folder()
    return None if folder is None else response_validator(folder)


@pytest.fixture
async def emulator(sample: Sample, check: Check | None) -> AsyncIterator[Emulator]:
    async with Emulator(sample.world, [TOKEN, UNSCOPED, SERVICE], on_answer=check) as running:
        yield running


@pytest.fixture
async def client(emulator: Emulator) -> AsyncIterator[Client]:
    async with Client.of(emulator) as running:
        yield running
