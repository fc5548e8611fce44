"""What has rotted on disk: `verify` names it, the next export heals it, and fetches only that."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from exporter.emulator import Emulator, Fault, Recorded
from exporter.errors import Exit, SpaceError, UsageError
from exporter.mirror.lock import locked
from exporter.verifying import verify_all
from tests.end_to_end.asked import is_preflight
from tests.end_to_end.conftest import Mirrors
from tests.end_to_end.disk import SpaceOnDisk
from tests.end_to_end.rich import Rich, rich
from tests.end_to_end.running import cli, mirror, mirror_here, start

ALL: dict[str, Any] = {"history": "all", "raw": "storage,adf"}
QUICK: dict[str, Any] = {**ALL, "full": False}  # so that a quiet run asks for no body at all


@pytest.fixture
async def held(mirrors: Mirrors, tmp_path: Path) -> SpaceOnDisk:
    return await mirrors.copy(rich, tmp_path / "out", **ALL)


def rot(path: Path) -> bytes:
    """Flip one bit, and nothing that a look at the file from outside would show. Gives what it was."""
    before, status = path.read_bytes(), path.stat()
    at = len(before) // 2
    path.write_bytes(before[:at] + bytes([before[at] ^ 1]) + before[at + 1 :])
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    return before


FILES = {
    "a body": "pages/{plan}.storage.xml",
    "a body as adf": "pages/{plan}.adf.json",
    "a page's metadata": "pages/{plan}.json",
    "a blog post's metadata": "blogposts/{news}.json",
    "a folder": "folders/{empty}.json",
    "a task": "tasks/{task}.json",
    "custom content": "custom-content/{poll}.json",
    "an attachment": "attachments/{image}/*",
    "an attachment's metadata": "attachments/{image}.json",
    "comments": "comments/{plan}.json",
    "comments on an attachment": "comments/{image}.json",
    "a former version": "history/{home}/*.storage.xml",
    "a former version's metadata": "history/{home}/*.json",
    "the space": "space.json",
    "the people": "users.json",
}


def name_of(what: str, held: SpaceOnDisk, it: Rich) -> str:
    """Its path in the space's folder; of several the first."""
    eng = it.eng
    ids = {"plan": eng.plan.id, "news": eng.news.id, "home": eng.home.id, "image": eng.image.id}
    pattern = FILES[what].format(**ids, empty=it.empty.id, task=it.task.id, poll=it.poll.id)
    return min((held.folder / "raw").glob(pattern)).relative_to(held.folder).as_posix()


ASKED = {
    "a body": 2,  # with it, the same body as ADF
    "a body as adf": 1,
    "an attachment": 2,  # the download, and where that leads
    "a former version": 1,
    "a former version's metadata": 1,
}
"""Requests beyond those of a quiet run; none where all that there is comes with the listings."""


async def verified(held: SpaceOnDisk, subset: str | None = None) -> tuple[Exit, list[str]]:
    (result,) = await verify_all(held.folder.parent, [], subset)
    return result.exit, [str(damage.path) for damage in result.damages]


async def _asked(emulator: Emulator, held: SpaceOnDisk, **flags: Any) -> Counter[tuple[str, str, bytes]]:
    """The requests of one more run that ends well."""
    before = len(emulator.requests)
    run = await mirror_here(emulator, held.folder.parent, **flags)
    assert run.exit is Exit.OK, run.problems()
    return Counter(_known(request) for request in emulator.requests[before:] if not is_preflight(request))


def _known(request: Recorded) -> tuple[str, str, bytes]:
    """Without what is new in every redirect."""
    target = request.path if request.origin == "media" else request.target
    return request.method, target, request.body


@pytest.mark.fault(60)
@pytest.mark.parametrize("what", FILES)
async def test_what_has_rotted_is_named_and_fetched_anew_and_nothing_else_is(
    what: str, it: Rich, emulator: Emulator, held: SpaceOnDisk
) -> None:
    name = name_of(what, held, it)
    everything = held.originals()
    quiet = await _asked(emulator, held, **QUICK)
    assert held.originals() == everything
    before = rot(held.folder / name)
    assert await verified(held) == (Exit.DAMAGED, [name])
    further = await _asked(emulator, held, **QUICK) - quiet
    assert (held.folder / name).read_bytes() == before
    assert further.total() == ASKED.get(what, 0), further
    assert {
        re.findall(r"/(\d+|att\d+)(?:$|\?|/download)", target)[0]
        for _, target, _ in further
        if "/wiki/" in target
    } <= {Path(name).name.split(".")[0], Path(name).parent.name}
    assert held.originals() == everything
    assert await verified(held) == (Exit.OK, [])
    held.assert_whole()


@pytest.mark.fault(60)
async def test_everything_rotten_at_once_is_healed_by_one_run(
    it: Rich, emulator: Emulator, held: SpaceOnDisk
) -> None:
    out, everything = held.folder.parent, held.originals()
    for path in [each for each in everything if each.startswith("raw/")]:
        if (held.folder / path).stat().st_size:
            rot(held.folder / path)
    result = await cli("verify", out, env={})
    assert (result.code, result.stdout) == (14, "")
    lines = result.stderr.splitlines()
    assert len(lines) == 20
    assert lines[0].endswith("files not as recorded; the next export fetches them anew:")
    assert lines[1].endswith(" holds other bytes than were recorded")
    assert lines[-1] == "ENG: exit 14: verify found damage; the next run heals it"
    healing = await mirror(emulator, out, "--history", "all", "--raw", "storage,adf")
    assert (healing.code, healing.stderr) == (0, "")
    assert held.originals() == everything
    result = await cli("verify", out, env={})
    assert (result.code, result.stdout, result.stderr) == (0, "", "")


@pytest.mark.fault(60)
async def test_removed_cut_and_replaced_files_are_named_too(
    it: Rich, emulator: Emulator, held: SpaceOnDisk
) -> None:
    everything = held.originals()
    body_name = name_of("a body", held, it)
    body = held.folder / body_name
    metadata = held.folder / name_of("a page's metadata", held, it)
    file = held.folder / name_of("an attachment", held, it)
    body.unlink()
    metadata.write_bytes(metadata.read_bytes()[:-1])
    elsewhere = held.folder.parent / "elsewhere"
    file.rename(elsewhere)
    file.symlink_to(elsewhere)
    (held.folder / "raw" / "note.txt").write_text("mine")
    (held.folder / "raw" / "pages" / ".tmp-0123").write_text("of a killed run")
    (held.folder / "note.txt").write_text("not below raw/")
    result = await cli("verify", held.folder.parent, "--json", env={})
    assert result.code == result.document["exit_code"] == 14
    (space,) = result.document["spaces"]
    assert [each["path"] for each in space["missing"]] == [body_name]
    assert {each["path"].split("/")[-1]: each["reason"] for each in space["damaged"]} == {
        file.name: "is a link",
        metadata.name: f"has {metadata.stat().st_size} bytes, {metadata.stat().st_size + 1} are recorded",
    }
    assert space["extra"] == ["raw/note.txt"]
    assert (await mirror_here(emulator, held.folder.parent, **ALL)).exit is Exit.OK
    assert elsewhere.is_file()
    assert await verified(held) == (Exit.OK, [])
    (held.folder / "raw" / "note.txt").unlink()
    (held.folder / "note.txt").unlink()
    assert held.originals() == everything


async def test_what_is_too_much_is_no_damage(held: SpaceOnDisk) -> None:
    (held.folder / "raw" / "pages" / "more.txt").write_text("mine")
    out = held.folder.parent
    assert (await cli("verify", out, env={})).code == 0
    result = await cli("verify", out, "--verbose", env={})
    assert result.code == 0
    assert result.stderr.splitlines()[-1].endswith("exit 0: complete; also: nothing had changed")
    assert result.stdout.splitlines()[1:] == ["ENG: raw/pages/more.txt: not of the mirror"]


async def test_every_file_is_in_one_slice(held: SpaceOnDisk, it: Rich) -> None:
    name = name_of("a body", held, it)
    rot(held.folder / name)
    found = [await verified(held, f"{number}/5") for number in range(1, 6)]
    assert sorted(found) == [(Exit.OK, [])] * 4 + [(Exit.DAMAGED, [name])]
    results = [(await verify_all(held.folder.parent, [], f"{number}/5"))[0] for number in range(1, 6)]
    (whole,) = await verify_all(held.folder.parent, [], None)
    assert whole.found is not None
    assert sum(each.found.checked for each in results if each.found) == whole.found.checked > 40


async def test_a_file_that_was_put_back_by_hand_is_good_again(
    it: Rich, emulator: Emulator, held: SpaceOnDisk
) -> None:
    file = held.folder / name_of("an attachment", held, it)
    before = rot(file)
    assert (await verified(held))[0] is Exit.DAMAGED
    file.write_bytes(before)
    assert (await verified(held))[0] is Exit.OK
    asked = await _asked(emulator, held, **QUICK)
    assert not [target for _, target, _ in asked if "download" in target]


async def test_a_damaged_file_that_cannot_be_fetched_stays_damaged_whatever_its_new_name(
    it: Rich, emulator: Emulator, held: SpaceOnDisk
) -> None:
    name = name_of("an attachment", held, it)
    rot(held.folder / name)
    await verified(held)
    it.eng.world.rename_attachment(it.eng.image, "renamed.png")
    emulator.faults.append(Fault("status", match=r"/download$", status=404))
    assert (await mirror_here(emulator, held.folder.parent)).exit is Exit.PARTIAL
    assert (await verified(held)) == (Exit.DAMAGED, [name])
    emulator.faults.clear()
    assert (await mirror_here(emulator, held.folder.parent)).exit is Exit.OK
    assert (await verified(held)) == (Exit.OK, [])
    assert held.attachment(it.eng.image.id).name == "renamed.png"
    held.assert_whole()


async def test_what_confluence_no_longer_has_is_said_to_be_beyond_the_next_run(
    it: Rich, emulator: Emulator, held: SpaceOnDisk
) -> None:
    it.eng.world.trash(it.eng.plan)
    await mirror_here(emulator, held.folder.parent, delete=False)
    name = name_of("a body", held, it)
    rot(held.folder / name)
    result = await cli("verify", held.folder.parent, env={})
    assert result.code == 14
    assert result.stderr.splitlines()[:2] == [
        "ENG: 1 file not as recorded, and Confluence no longer has them: put them back from another copy:",
        f"ENG: {name} holds other bytes than were recorded",
    ]


async def test_a_comment_with_a_harmed_id_is_nobodys(it: Rich, emulator: Emulator, held: SpaceOnDisk) -> None:
    """It was never there, so it doesn't go missing either."""
    file = held.folder / name_of("comments", held, it)
    before = file.read_bytes()
    own = f'"id": "{it.footer.id}"'.encode()
    assert own in before
    file.write_bytes(before.replace(own, f'"id": "8{it.footer.id[1:]}"'.encode()))
    assert (await verified(held))[0] is Exit.DAMAGED
    assert (await mirror_here(emulator, held.folder.parent)).exit is Exit.OK
    assert file.read_bytes() == before
    assert held.missing() == set()
    held.assert_whole()


async def test_metadata_that_is_damaged_is_not_joined_into_the_new(
    it: Rich, emulator: Emulator, held: SpaceOnDisk
) -> None:
    file = held.folder / name_of("a page's metadata", held, it)
    document = json.loads(before := file.read_bytes())
    file.write_bytes(before.replace(b'"labels":', b'"labelt":'))
    assert "labels" in document
    assert (await verified(held))[0] is Exit.DAMAGED
    assert (await mirror_here(emulator, held.folder.parent)).exit is Exit.OK
    assert file.read_bytes() == before


async def test_a_mirror_in_use_is_left_alone(held: SpaceOnDisk) -> None:
    with locked(held.folder / ".confluence-export.lock", now=datetime.now(UTC)):
        result = await cli("verify", held.folder.parent, env={})
    assert result.code == 11
    assert result.stderr.startswith(f"ENG: process {os.getpid()}, since")


async def test_where_there_is_no_mirror_the_code_says_so(held: SpaceOnDisk, tmp_path: Path) -> None:
    out = held.folder.parent
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "note.txt").write_text("mine")
    for nothing in (tmp_path / "absent", foreign, foreign / "note.txt"):
        with pytest.raises(SpaceError, match="there is no mirror in"):
            await verify_all(nothing, [], None)
    result = await cli("verify", out, "--space", "NONE", "--space", "ENG", env={})
    assert result.code == 10
    assert result.stderr.splitlines()[0] == "NONE: there is no mirror of this space"
    with pytest.raises(UsageError, match="--subset: '31/30' is no part"):
        await verify_all(out, [], "31/30")


@pytest.mark.fault(13, 17)
async def test_nothing_outside_is_read_or_written(held: SpaceOnDisk, it: Rich, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (held.folder / "raw" / "pages").rename(outside)
    (held.folder / "raw" / "pages").symlink_to(outside)
    before = {path: path.read_bytes() for path in outside.iterdir()}
    code, names = await verified(held)
    assert code is Exit.DAMAGED
    assert len(names) == len(before)
    assert {path: path.read_bytes() for path in outside.iterdir()} == before
    with closing(sqlite3.connect(held.folder / "manifest.sqlite")) as manifest, manifest:
        manifest.execute("UPDATE files SET path = '../../outside/x' WHERE path = 'raw/space.json'")
    assert (await verify_all(held.folder.parent, [], None))[0].exit is Exit.MANIFEST


@pytest.mark.fault(66)
async def test_a_signal_ends_it_within_a_large_file(held: SpaceOnDisk, it: Rich) -> None:
    name, size = name_of("an attachment", held, it), 64 << 30
    os.truncate(held.folder / name, size)
    with closing(sqlite3.connect(held.folder / "manifest.sqlite")) as manifest, manifest:
        manifest.execute("UPDATE files SET size = ? WHERE path = ?", (size, name))
    lock = held.folder / ".confluence-export.lock"
    before = lock.read_bytes() if lock.exists() else b""
    running = await start("verify", held.folder.parent, env={})
    while not lock.exists() or lock.read_bytes() in (before, b""):  # noqa: ASYNC110 — another process
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.5)
    running.signal(signal.SIGTERM)
    result = await running.ends()  # reading all of it would take longer than that waits
    assert result.code == 143
