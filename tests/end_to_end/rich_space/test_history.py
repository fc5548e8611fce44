"""Former versions on request: fetched once, kept for good, never mixed up."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from exporter.emulator import Attachment, Content, Emulator, Fault, Recorded
from exporter.errors import Exit
from tests.end_to_end.conftest import Mirrors
from tests.end_to_end.disk import SpaceOnDisk
from tests.end_to_end.rich import Rich, rich
from tests.end_to_end.running import mirror_here
from tests.end_to_end.test_incremental import changes


def with_history() -> Rich:
    """With two versions more of an attachment and of a blog post: the homepage has three."""
    it = rich()
    it.eng.world.replace_attachment(it.eng.image, b"second image")
    it.eng.world.rename_attachment(it.eng.image, "b plan.png")
    it.eng.world.replace_attachment(it.eng.image, b"the third image")
    it.eng.world.edit(it.eng.news, "<p>News of today</p>", title="News today")
    it.eng.world.edit(it.eng.news, "")
    return it


@pytest.fixture
def it() -> Rich:
    return with_history()


def old(it: Rich, most: int = 99) -> dict[str, str | bytes]:
    """What is wanted of the former versions in the world, by the id they have in the manifest."""
    world = it.eng.world
    pages: list[Content] = [each for each in world.contents.values() if each.body is not None]
    found: dict[str, str | bytes] = {}
    for page in pages:
        for past in page.past[::-1][:most]:
            assert past.body is not None
            found[f"{page.id}@{past.version.created_at}"] = past.body()
    files: list[Attachment] = list(world.attachments.values())
    for attachment in files:
        for before in attachment.past[::-1][:most]:
            key = f"{attachment.id}@{before.version.created_at}"
            found[key] = b"".join(before.binary.chunks())
    return found


def kept(held: SpaceOnDisk) -> dict[str, str | bytes]:
    """The former versions on disk, as the manifest finds them."""
    found: dict[str, str | bytes] = {}
    for (kind, item_id), item in held.items().items():
        if kind == "version":
            path, _, _ = item.files.get("storage") or item.files["file"]
            data = (held.folder / path).read_bytes()
            found[item_id] = data.decode() if "storage" in item.files else data
            metadata = json.loads((held.folder / item.files["metadata"][0]).read_bytes())
            assert metadata["version"]["createdAt"] == item_id.partition("@")[2]
    return found


def asked(emulator: Emulator) -> list[str]:
    """The requests for former versions since the last look."""
    found = [each.target for each in emulator.requests if "version" in each.query]
    emulator.requests.clear()
    return found


@pytest.fixture
async def held(mirrors: Mirrors, tmp_path: Path) -> SpaceOnDisk:
    return await mirrors.copy(with_history, tmp_path / "out", history="all")


@pytest.mark.parametrize(("history", "most"), [("all", 99), ("1", 1), ("2", 2), ("0", 0)])
async def test_old_bodies_and_files_are_kept_with_their_bytes(
    history: str, most: int, it: Rich, emulator: Emulator, tmp_path: Path
) -> None:
    run = await mirror_here(emulator, tmp_path / "out", history=history)
    assert run.exit is Exit.OK, run.problems()
    held = SpaceOnDisk(tmp_path / "out" / "ENG")
    assert len(old(it)) == 6
    assert kept(held) == old(it, most)
    held.assert_whole()
    # two requests for each file, one for each body
    assert len(asked(emulator)) == sum(1 + isinstance(each, bytes) for each in old(it, most).values())
    assert (await mirror_here(emulator, tmp_path / "out", history=history)).exit is Exit.OK
    assert asked(emulator) == []
    assert kept(held) == old(it, most)


async def test_a_run_without_it_leaves_them_be(it: Rich, emulator: Emulator, held: SpaceOnDisk) -> None:
    before = held.contents()
    it.eng.world.delete_old_version(it.eng.home)
    it.eng.world.delete_old_attachment_version(it.eng.image)
    asked(emulator)
    run = await mirror_here(emulator, held.folder.parent)
    assert run.exit is Exit.OK
    assert asked(emulator) == []
    after = held.contents()
    assert {name for name in before if "raw/history" in name and before[name] != after.get(name)} == set()
    assert held.missing() == set()


async def test_fewer_wanted_than_held_makes_nothing_missing(
    it: Rich, emulator: Emulator, held: SpaceOnDisk
) -> None:
    asked(emulator)
    run = await mirror_here(emulator, held.folder.parent, history="1")
    assert run.exit is Exit.OK
    assert (asked(emulator), held.missing(), kept(held)) == ([], set(), old(it))
    assert changes(run) == {}


async def test_more_wanted_than_held_fetches_the_rest(it: Rich, emulator: Emulator, tmp_path: Path) -> None:
    await mirror_here(emulator, tmp_path / "out", history="1")
    asked(emulator)
    run = await mirror_here(emulator, tmp_path / "out", history="all", full=False)
    assert run.exit is Exit.OK
    assert len(asked(emulator)) == 2 + 2
    held = SpaceOnDisk(tmp_path / "out" / "ENG")
    assert kept(held) == old(it)
    assert changes(run) == {("version", "new"): 3}


EDITS: dict[str, tuple[Callable[[Rich], object], int]] = {
    "a page": (lambda it: it.eng.world.edit(it.eng.plan, "<p>2</p>"), 1),
    "a page with history": (lambda it: it.eng.world.edit(it.eng.home, "<p>4</p>"), 1),
    "a post": (lambda it: it.eng.world.edit(it.eng.news, "<p>4</p>"), 1),
    "a file": (lambda it: it.eng.world.replace_attachment(it.eng.notes, b"2"), 2),
    "a file with history": (lambda it: it.eng.world.replace_attachment(it.eng.image, b"4"), 2),
}


@pytest.mark.parametrize("what", EDITS)
async def test_an_edit_makes_one_more(what: str, it: Rich, emulator: Emulator, held: SpaceOnDisk) -> None:
    edit, requests = EDITS[what]
    before = set(old(it))
    edit(it)
    asked(emulator)
    run = await mirror_here(emulator, held.folder.parent, history="all", full=False)
    assert run.exit is Exit.OK
    assert len(asked(emulator)) == requests
    assert kept(held) == old(it)
    assert len(set(old(it)) - before) == 1
    assert changes(run)["version", "new"] == 1
    held.assert_whole()


DELETIONS: dict[str, Callable[[Rich], object]] = {
    "the oldest of a page": lambda it: it.eng.world.delete_old_version(it.eng.home, 1),
    "another of a page": lambda it: it.eng.world.delete_old_version(it.eng.home, 2),
    "of a post": lambda it: it.eng.world.delete_old_version(it.eng.news, 1),
    "of a file": lambda it: it.eng.world.delete_old_attachment_version(it.eng.image, 1),
    "another of a file": lambda it: it.eng.world.delete_old_attachment_version(it.eng.image, 2),
}


@pytest.mark.parametrize("what", DELETIONS)
async def test_numbers_that_shift_fetch_nothing_again(
    what: str, it: Rich, emulator: Emulator, held: SpaceOnDisk
) -> None:
    before, files = old(it), held.contents()
    DELETIONS[what](it)
    (gone,) = before.keys() - old(it).keys()
    asked(emulator)
    for _ in range(2):
        run = await mirror_here(emulator, held.folder.parent, history="all")
        assert run.exit is Exit.OK, run.problems()
        assert asked(emulator) == []
        assert held.states() == {gone: "gone"}
        assert kept(held) == before
        history = {name: digest for name, digest in files.items() if name.startswith("raw/history")}
        assert {name: held.contents().get(name) for name in history if gone in name} == {
            name: digest for name, digest in history.items() if gone in name
        }
        held.assert_whole()


@pytest.mark.parametrize("what", DELETIONS)
async def test_two_routes_lead_to_the_same_originals_of_former_versions(
    what: str, it: Rich, emulator: Emulator, held: SpaceOnDisk, tmp_path: Path
) -> None:
    DELETIONS[what](it)
    assert (await mirror_here(emulator, tmp_path / "out", history="all")).exit is Exit.OK
    assert (await mirror_here(emulator, tmp_path / "other", history="all")).exit is Exit.OK
    assert held.live() == SpaceOnDisk(tmp_path / "other" / "ENG").live()


LATE: dict[str, Callable[[Rich], object]] = DELETIONS | {
    "a page edited": lambda it: it.eng.world.edit(it.eng.home, "<p>4</p>"),
    "a file replaced": lambda it: it.eng.world.replace_attachment(it.eng.image, b"4"),
}


@pytest.mark.parametrize("at", ["/pages/", "/attachments/", "/blogposts/", "/download"])
@pytest.mark.parametrize("what", LATE)
async def test_numbers_that_shift_under_way_put_no_wrong_bytes_under_a_version(
    what: str, at: str, it: Rich, emulator: Emulator, tmp_path: Path
) -> None:
    before, done = old(it), False

    def shift(request: Recorded) -> None:
        nonlocal done
        if not done and "version" in request.query and at in request.path:
            done = True
            LATE[what](it)

    emulator.before_answer = shift
    await mirror_here(emulator, tmp_path / "out", history="all")
    assert done
    held = SpaceOnDisk(tmp_path / "out" / "ENG")
    assert kept(held).items() <= (before | old(it)).items()
    held.assert_whole()
    run = await mirror_here(emulator, tmp_path / "out", history="all")
    assert run.exit is Exit.OK, run.problems()
    assert kept(held).items() >= old(it).items()
    assert kept(held).items() <= (before | old(it)).items()


async def test_one_that_cannot_be_read_is_named_and_tried_again(
    it: Rich, emulator: Emulator, tmp_path: Path
) -> None:
    fault = Fault("status", match=rf"/pages/{it.eng.home.id}\?version=1", status=500)
    emulator.faults.append(fault)
    run = await mirror_here(emulator, tmp_path / "out", history="all")
    assert run.exit is Exit.PARTIAL
    assert [failure.kind for failure in run.report.failures] == ["version"]
    emulator.faults.clear()
    asked(emulator)
    assert (await mirror_here(emulator, tmp_path / "out", history="all")).exit is Exit.OK
    assert len(asked(emulator)) == 1
    assert kept(SpaceOnDisk(tmp_path / "out" / "ENG")) == old(it)


async def test_one_lost_from_the_disk_is_fetched_again(
    it: Rich, emulator: Emulator, held: SpaceOnDisk
) -> None:
    (held.folder / "raw/history" / it.eng.home.id).rename(held.folder.parent / "away")
    asked(emulator)
    assert (await mirror_here(emulator, held.folder.parent, history="all")).exit is Exit.OK
    assert len(asked(emulator)) == 2
    assert kept(held) == old(it)


async def test_there_may_be_more_than_one_answer_shows(it: Rich, emulator: Emulator, tmp_path: Path) -> None:
    for number in range(60):
        it.eng.world.edit(it.eng.plan, f"<p>{number}</p>")
    assert (await mirror_here(emulator, tmp_path / "out", history="all")).exit is Exit.OK
    assert kept(SpaceOnDisk(tmp_path / "out" / "ENG")) == old(it)
    assert len(old(it)) == 66


async def test_a_page_gone_keeps_its_history(it: Rich, emulator: Emulator, held: SpaceOnDisk) -> None:
    before = kept(held)
    it.eng.world.trash(it.eng.news)
    asked(emulator)
    run = await mirror_here(emulator, held.folder.parent, history="all", delete=False)
    assert run.exit is Exit.OK
    assert asked(emulator) == []
    assert kept(held) == before
    it.eng.world.restore(it.eng.news)
    assert (await mirror_here(emulator, held.folder.parent, history="all")).exit is Exit.OK
    assert asked(emulator) == []
    assert held.missing() == set()
