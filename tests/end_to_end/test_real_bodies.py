"""The bodies of a real site, through the command line, byte for byte; then what a few edits cost."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

import pytest

from exporter.emulator import Content, World
from exporter.emulator.folder import folder_world
from exporter.emulator.generate import generated_binary, generated_body
from tests.emulator.conformance import REFERENCE, reference_folder
from tests.end_to_end.asked import Asked
from tests.end_to_end.conftest import Serve
from tests.end_to_end.disk import SpaceOnDisk, sha256
from tests.end_to_end.running import mirror

REAL = (folder / "corpus" / "storage") if (folder := reference_folder()) else Path("nowhere")
BIG_FILE = 64 * 1024 * 1024
BIG_BODY = 1_100_000

pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason=f"{REFERENCE} names no folder with real bodies")


def real_world() -> World:
    """A page for each body with an attachment, one of them of 64 MB, and a page with a body over 1 MB."""
    world = folder_world(REAL, attachments=1)
    home = next(content for content in world.contents.values() if content.parent_id is None)
    world.add_page(home.space_id, "A long one", generated_body(BIG_BODY), parent=home)
    world.attach(home, "film.mp4", generated_binary(BIG_FILE), media_type="video/mp4")
    return world


def digest_of(world: World, attachment_id: str) -> str:
    digest = hashlib.sha256()
    for chunk in world.attachments[attachment_id].binary.chunks():
        digest.update(chunk)
    return digest.hexdigest()


def assert_mirrors(held: SpaceOnDisk, world: World) -> None:
    """Every body is the world's, every attachment has its hash, and nothing else is there."""
    pages = [content for content in world.contents.values() if content.kind == "page"]
    assert {path.name for path in (held.folder / "raw/pages").glob("*.xml")} == {
        f"{page.id}.storage.xml" for page in pages
    }
    for page in pages:
        assert page.body is not None
        assert held.body(page.id) == page.body().encode()
    kept = {path.name: path for path in (held.folder / "raw/attachments").iterdir() if path.is_dir()}
    assert kept.keys() == world.attachments.keys()
    for attachment_id in kept:
        assert sha256(held.attachment(attachment_id)) == digest_of(world, attachment_id)
    held.assert_whole()


async def test_every_body_and_attachment_arrives_and_later_runs_fetch_only_what_changed(
    serve: Serve, tmp_path: Path
) -> None:
    world = real_world()
    emulator = await serve(world)
    held = SpaceOnDisk(tmp_path / "out" / "ENG")

    result = await mirror(emulator, tmp_path / "out")
    assert (result.code, result.stdout, result.stderr) == (0, "", "")
    assert_mirrors(held, world)
    of_files = Counter(sha256(path) for path in REAL.glob("*.xml"))
    assert of_files <= Counter(sha256(path) for path in (held.folder / "raw/pages").glob("*.xml"))
    assert max(path.stat().st_size for path in (held.folder / "raw/pages").iterdir()) > 1_000_000

    first, rows = held.contents(), held.items()
    emulator.requests.clear()
    result = await mirror(emulator, tmp_path / "out", "--check-within", "36500")
    assert (result.code, result.stdout, result.stderr) == (0, "", "")
    asked = Asked.of(emulator.requests)
    assert not asked.bodies
    assert not asked.downloads
    assert not asked.media
    assert held.contents() == first
    assert held.items() == rows

    pages = [each for each in world.contents.values() if each.kind == "page" and each.parent_id]
    edited, owner, moved, renamed, parent = (pages[n] for n in (3, 50, 120, 200, 260))
    replaced = next(iter(world.by_container[owner.id]))
    world.edit(edited, "<p>edited</p>")
    world.replace_attachment(replaced, generated_binary(5000, seed="new"))
    world.move(moved, parent=parent)
    world.rename(renamed, "Renamed")
    added = world.add_page(edited.space_id, "Added", "<p>added</p>", parent=parent)
    emulator.requests.clear()
    result = await mirror(emulator, tmp_path / "out", "--check-within", "36500")
    assert (result.code, result.stdout, result.stderr) == (0, "", "")
    asked = Asked.of(emulator.requests)
    assert asked.bodies == Counter([edited.id, renamed.id, added.id])
    assert asked.downloads == Counter([replaced])
    assert asked.media == 1
    assert_mirrors(held, world)
    after = held.contents()
    assert {name for name in after.keys() | first.keys() if after.get(name) != first.get(name)} == {
        *files_of(edited),
        *files_of(added),
        f"raw/pages/{moved.id}.json",
        f"raw/pages/{renamed.id}.json",
        f"raw/attachments/{replaced}.json",
        f"raw/attachments/{replaced}/{world.attachments[replaced].title}",
        "tree.json",
    }
    now = held.items()
    assert {key for key in now if now[key] != rows.get(key)} == {
        *(("page", page.id) for page in (edited, moved, renamed, added)),
        ("attachment", replaced),
    }
    assert [now["page", page.id].version for page in (edited, moved, renamed, added)] == [2, 1, 2, 1]
    assert now["attachment", replaced].version == 2
    assert held.nodes()[moved.id]["parent"] == parent.id
    assert held.nodes()[renamed.id]["title"] == "Renamed"
    counts = held.last_run()["counts"]
    of_pages = {verb: n for verb, n in counts["page"].items() if n}
    assert of_pages == {"new": 1, "changed": 2, "updated": 1, "unchanged": len(pages) + 1 - 3}


def files_of(page: Content) -> tuple[str, str]:
    return f"raw/pages/{page.id}.json", f"raw/pages/{page.id}.storage.xml"
