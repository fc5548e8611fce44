"""How many requests a run may cost."""

from __future__ import annotations

from collections import Counter
from math import ceil
from pathlib import Path

import pytest

from exporter.emulator.generate import generated_world
from exporter.errors import Exit
from tests.end_to_end.asked import Asked
from tests.end_to_end.conftest import Serve
from tests.end_to_end.disk import SpaceOnDisk
from tests.end_to_end.running import mirror_here


@pytest.mark.parametrize(
    ("pages", "blogposts", "folders", "attachments"),
    [(1, 0, 0, 0), (60, 7, 5, 40), (130, 21, 8, 20)],
)
async def test_a_run_asks_no_more_than_it_must(
    pages: int, blogposts: int, folders: int, attachments: int, serve: Serve, tmp_path: Path
) -> None:
    emulator = await serve(
        generated_world(
            pages=pages,
            blogposts=blogposts,
            folders=folders,
            attachments=attachments,
            body_bytes=200,
            attachment_bytes=500,
        )
    )
    with_body = pages + blogposts
    assert (await mirror_here(emulator, tmp_path / "out")).exit is Exit.OK
    # details, restrictions, footer and inline comments, attachments; comments on each attachment
    hanging = 5 * with_body + attachments
    least = hanging + folders + 2 * attachments
    assert least <= len(emulator.requests) <= 2 * ceil(with_body / 250) + least + 30
    emulator.requests.clear()
    full = await mirror_here(emulator, tmp_path / "out")
    assert full.exit is Exit.OK
    assert len(emulator.requests) <= 2 * ceil(with_body / 250) + hanging + folders + 30
    emulator.requests.clear()
    parts = "comments,labels,properties,likes,versions,restrictions"
    second = await mirror_here(emulator, tmp_path / "out", full=False, skip=parts)
    assert second.exit is Exit.OK
    assert len(emulator.requests) <= 2 * ceil(with_body / 250) + with_body + folders + 30
    assert second.requests == len(emulator.requests)
    asked = Asked.of(emulator.requests)
    assert not asked.bodies
    assert not asked.downloads
    assert not asked.media
    of_kind = Counter(kind for kind, _ in SpaceOnDisk(tmp_path / "out" / "ENG").items())
    assert (of_kind["page"], of_kind["blogpost"], of_kind["attachment"]) == (pages, blogposts, attachments)


async def test_a_server_that_gives_fewer_bodies_than_asked_for_still_gives_them_all(
    serve: Serve, tmp_path: Path
) -> None:
    """A silent cap makes more answers, not fewer bodies."""
    emulator = await serve(generated_world(pages=60, body_bytes=200))
    emulator.switches.bulk_body_cap = 7
    assert (await mirror_here(emulator, tmp_path / "out")).exit is Exit.OK
    bodies = list((tmp_path / "out/ENG/raw/pages").glob("*.storage.xml"))
    assert len(bodies) == 60
    assert len(emulator.requests) <= 5 * 60 + 60 // 7 + 30


@pytest.mark.parametrize("workers", [1, 3])
async def test_no_more_requests_are_under_way_than_there_are_workers(
    workers: int, serve: Serve, tmp_path: Path
) -> None:
    world = generated_world(pages=30, attachments=20, body_bytes=200, attachment_bytes=500)
    emulator = await serve(world)
    emulator.switches.latency = 0.005
    assert (await mirror_here(emulator, tmp_path / "out", workers=workers)).exit is Exit.OK
    assert emulator.requests.most_at_once("gateway") <= workers
    assert emulator.requests.most_at_once("media") <= workers
