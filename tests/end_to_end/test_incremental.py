"""A second run fetches what changed, writes what changed, records what changed: no more and no less."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from exporter.app import Options
from exporter.emulator import Content, Emulator, Recorded
from exporter.emulator.generate import generated_world
from exporter.errors import Exit
from exporter.summary import SpaceRun
from tests.end_to_end.asked import Asked
from tests.end_to_end.changes import IN_THE_WORLD, ON_DISK, Change, Owed
from tests.end_to_end.conftest import Mirrors, Serve
from tests.end_to_end.disk import SpaceOnDisk, tree
from tests.end_to_end.running import mirror, mirror_here
from tests.end_to_end.worlds import Sample, sample

DRY = Options(dry_run=True)


def changes(run: SpaceRun) -> dict[tuple[str, str], int]:
    """The summary's counts that are not 0, without what was unchanged."""
    counts: dict[str, dict[str, int]] = run.document()["counts"]
    return {
        (kind, verb): n
        for kind, verbs in counts.items()
        for verb, n in verbs.items()
        if n and verb != "unchanged"
    }


@pytest.fixture
async def held(mirrors: Mirrors, tmp_path: Path) -> SpaceOnDisk:
    """The mirror after a first run on `eng`, before any change."""
    return await mirrors.copy(sample, tmp_path / "out")


@pytest.mark.parametrize("change", [*IN_THE_WORLD, *ON_DISK], ids=lambda change: change.__name__)
async def test_a_run_after_a_change_does_what_it_owes(
    change: Change, eng: Sample, emulator: Emulator, held: SpaceOnDisk
) -> None:
    before, items = held.contents(), held.items()
    owed = change(eng, held.folder)
    retire = not owed.missing  # what becomes of it then is the matter of test_retiring
    run = await mirror_here(emulator, held.folder.parent, full=False, delete=retire)
    assert run.exit is Exit.OK, run.problems()
    after, asked = held.contents(), Asked.of(emulator.requests)
    written = {name for name in after if after[name] != before.get(name)}
    assert {name for name in written if not name.startswith("set-aside/")} == owed.files
    assert before.keys() - after.keys() == owed.gone
    assert asked.bodies == Counter(owed.bodies)
    assert asked.downloads == Counter(owed.downloads)
    assert asked.media == len(owed.downloads)
    assert changes(run) == owed.counts
    assert held.last_run() == run.document()
    assert held.missing() == owed.missing
    assert set(asked.attachment_lists) == {each.id for each in visible_pages(eng)}
    assert asked.attachment_lists.total() == len(asked.attachment_lists)
    lookups = Counter(kind for kind, item in items if item in owed.looked_up)
    assert asked.collections == {"spaces": 2, "pages": 1 + lookups["page"], "blogposts": 1, "tasks": 1}
    held.assert_whole()
    assert_versions(eng, held)
    untouched = items.keys() - {
        key for key in items if key[1] in owed_ids(owed) or f"raw/{key[0]}" in "".join(owed.files)
    }
    assert {key: items[key] for key in untouched} == {key: held.items()[key] for key in untouched}


def owed_ids(owed: Owed) -> set[str]:
    names = {name.rpartition("/")[2].partition(".")[0] for name in owed.files}
    return owed.bodies | owed.downloads | owed.missing | names


def visible_pages(eng: Sample) -> list[Content]:
    return [
        each
        for each in eng.world.contents.values()
        if each.kind in ("page", "blogpost")
        and each.space_id == eng.space.id
        and each.status in ("current", "archived")
        and not each.hidden
    ]


def assert_versions(eng: Sample, held: SpaceOnDisk) -> None:
    """The manifest and the metadata name the version that the world has, and the body is that one's."""
    items = held.items()
    for content in visible_pages(eng):
        item = items[content.kind, content.id]
        assert (item.version, item.date) == (content.version.number, content.version.created_at)
        assert item.title == content.title == held.metadata(content.id, content.kind)["title"]
        assert content.body is not None
        assert held.body(content.id, content.kind) == content.body().encode()
        for attachment_id in eng.world.by_container.get(content.id, ()):
            attachment = eng.world.attachments[attachment_id]
            if attachment.status == "current":
                assert items["attachment", attachment_id].version == attachment.version.number
                assert held.attachment(attachment_id).read_bytes() == b"".join(attachment.binary.chunks())


@pytest.mark.parametrize("change", IN_THE_WORLD[::2], ids=lambda change: change.__name__)
async def test_a_dry_run_says_exactly_that_and_writes_nothing(
    change: Change, eng: Sample, emulator: Emulator, held: SpaceOnDisk
) -> None:
    owed = change(eng, held.folder)
    before = tree(held.folder.parent)
    run = await mirror_here(emulator, held.folder.parent, options=DRY, full=False, delete=not owed.missing)
    assert run.exit is Exit.OK
    said = Counter((str(action.kind), action.verb) for action in run.report.actions)
    assert said == owed.counts
    assert owed.bodies | owed.downloads | owed.missing <= {action.id for action in run.report.actions}
    assert tree(held.folder.parent) == before
    asked = Asked.of(emulator.requests)
    assert not asked.bodies
    assert not asked.downloads


async def test_the_plan_is_printed_and_not_even_the_folder_made(
    eng: Sample, emulator: Emulator, tmp_path: Path
) -> None:
    result = await mirror(emulator, tmp_path / "out", "--dry-run")
    assert (result.code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert f"ENG: new page {eng.plan.id} 'Plan & more'" in lines
    assert f"ENG: new attachment {eng.image.id} 'a plan.png'" in lines
    assert {line.split()[3] for line in lines[:-1]} == eng.everything | {eng.space.id}
    assert not (tmp_path / "out").exists()


Twice = tuple[Callable[[Sample], object], Callable[[Sample], object], set[str]]


def gone_and_back(eng: Sample) -> dict[str, Twice]:
    """How it goes, how it comes back, and the ids that are missing in between."""
    world = eng.world
    return {
        "trashed": (
            lambda _: world.trash(eng.detail),
            lambda _: world.restore(eng.detail),
            {eng.detail.id},
        ),
        "restricted": (
            lambda _: world.restrict(eng.below),
            lambda _: world.unrestrict(eng.below),
            {eng.below.id},
        ),
        "attachment": (
            lambda _: world.delete_attachment(eng.image),
            lambda _: world.restore_attachment(eng.image),
            {eng.image.id},
        ),
        "with attachment": (
            lambda _: world.restrict(eng.news),
            lambda _: world.unrestrict(eng.news),
            {eng.news.id, eng.notes.id},
        ),
    }


@pytest.mark.parametrize(
    "what",
    [
        "trashed",
        "restricted",
        "attachment",
        "with attachment",
    ],
)
async def test_what_is_gone_is_marked_and_kept_and_unmarked_when_it_is_back(
    what: str, eng: Sample, emulator: Emulator, held: SpaceOnDisk
) -> None:
    go, come_back, ids = gone_and_back(eng)[what]
    before = held.contents()
    go(eng)
    await mirror_here(emulator, held.folder.parent, delete=False)
    since = {key: item.missing_since for key, item in held.items().items() if key[1] in ids}
    assert held.missing() == ids
    await mirror_here(emulator, held.folder.parent, delete=False)
    assert {key: held.items()[key].missing_since for key in since} == since
    assert {name: digest for name, digest in held.contents().items() if name != "tree.json"} == {
        name: digest for name, digest in before.items() if name != "tree.json"
    }
    emulator.requests.clear()
    come_back(eng)
    await mirror_here(emulator, held.folder.parent, full=False)
    assert held.missing() == set()
    assert held.contents() == before
    asked = Asked.of(emulator.requests)
    assert not asked.bodies
    assert not asked.downloads


async def test_a_renamed_attachment_has_its_new_name_and_nothing_of_the_old(
    eng: Sample, emulator: Emulator, held: SpaceOnDisk
) -> None:
    eng.world.rename_attachment(eng.image, "../b?.png")
    run = await mirror_here(emulator, held.folder.parent)
    assert run.exit is Exit.OK
    path = held.attachment(eng.image.id)
    assert path.name == "_.._b_.png"
    assert path.read_bytes() == b"\x89PNG 0123456789"
    assert held.metadata(eng.image.id, "attachment")["title"] == "../b?.png"
    held.assert_whole()


@pytest.mark.fault(9)
@pytest.mark.parametrize("named", ["alike", "after each other"])
async def test_names_that_meet_or_change_places_mix_nothing_up(
    named: str, eng: Sample, emulator: Emulator, held: SpaceOnDisk
) -> None:
    other = eng.world.attach(eng.plan, "b.png", b"another")
    await mirror_here(emulator, held.folder.parent)
    title = eng.image.title
    eng.world.rename_attachment(eng.image, "b.png")
    eng.world.rename(eng.plan, eng.home.title)
    if named == "after each other":
        eng.world.rename_attachment(other, title)
        eng.world.rename(eng.home, eng.plan.title)
    run = await mirror_here(emulator, held.folder.parent)
    assert run.exit is Exit.OK
    assert held.attachment(eng.image.id).name == "b.png"
    assert held.attachment(eng.image.id).read_bytes() == b"\x89PNG 0123456789"
    assert held.attachment(other.id).read_bytes() == b"another"
    assert (held.body(eng.home.id), held.metadata(eng.plan.id)["title"]) == (b"<p>Welcome</p>", "Home")
    held.assert_whole()


async def test_a_version_number_that_falls_is_another_version(
    eng: Sample, emulator: Emulator, held: SpaceOnDisk
) -> None:
    eng.world.edit(eng.plan, "<p>2</p>")
    await mirror_here(emulator, held.folder.parent)
    eng.world.delete_old_version(eng.plan)
    emulator.requests.clear()
    await mirror_here(emulator, held.folder.parent, full=False)
    assert held.items()["page", eng.plan.id].version == 1
    assert set(Asked.of(emulator.requests).bodies) == {eng.plan.id}


@pytest.mark.fault(50)
async def test_the_version_recorded_is_that_of_the_body_when_an_edit_comes_in_between(
    eng: Sample, emulator: Emulator, tmp_path: Path
) -> None:
    def edit_late(asked: Recorded) -> None:
        if "body-format" in asked.query and eng.world.content(eng.plan).version.number == 1:
            eng.world.edit(eng.plan, "<p>edited meanwhile</p>", title="Edited")

    emulator.before_answer = edit_late
    run = await mirror_here(emulator, tmp_path / "out")
    assert run.exit is Exit.OK
    held = SpaceOnDisk(tmp_path / "out" / "ENG")
    assert held.items()["page", eng.plan.id].version == 2
    assert held.metadata(eng.plan.id)["title"] == "Edited"
    assert held.body(eng.plan.id) == b"<p>edited meanwhile</p>"
    held.assert_whole()


@pytest.mark.fault(50)
async def test_an_attachment_replaced_under_way_is_not_mixed_up(
    eng: Sample, emulator: Emulator, tmp_path: Path
) -> None:
    def replace_late(asked: Recorded) -> None:
        if asked.path.endswith("/download") and eng.world.attachment(eng.image).version.number == 1:
            eng.world.replace_attachment(eng.image, b"another, longer image")

    emulator.before_answer = replace_late
    run = await mirror_here(emulator, tmp_path / "out")
    held = SpaceOnDisk(tmp_path / "out" / "ENG")
    held.assert_whole()
    assert run.exit is Exit.OK or [failure.id for failure in run.report.failures] == [eng.image.id]
    assert (await mirror_here(emulator, tmp_path / "out")).exit is Exit.OK
    assert held.attachment(eng.image.id).read_bytes() == b"another, longer image"
    held.assert_whole()


async def test_tree_json_finds_every_file_and_marks_orphans(
    eng: Sample, emulator: Emulator, held: SpaceOnDisk
) -> None:
    nodes = held.nodes()
    assert nodes.keys() == eng.everything - {eng.image.id, eng.notes.id}
    assert all((held.folder / node["path"]).is_file() for node in nodes.values())
    assert nodes[eng.inside.id]["parent"] == eng.folder.id
    assert not any(node["orphan"] for node in nodes.values())
    eng.world.restrict(eng.folder)
    await mirror_here(emulator, held.folder.parent)
    assert [node["id"] for node in held.nodes().values() if node["orphan"]] == [eng.inside.id]
    assert held.nodes()[eng.inside.id]["parent"] == eng.folder.id


async def test_metadata_has_the_same_bytes_whichever_request_it_came_by(
    eng: Sample, emulator: Emulator, held: SpaceOnDisk, tmp_path: Path
) -> None:
    """One by one here, in bulk there."""
    for page in eng.with_body:
        held.folder.joinpath(f"raw/{page.kind}s/{page.id}.storage.xml").unlink()
        await mirror_here(emulator, held.folder.parent)
    bulk = await mirror_here(emulator, tmp_path / "other")
    assert bulk.exit is Exit.OK
    assert held.contents() == SpaceOnDisk(tmp_path / "other" / "ENG").contents()


@pytest.mark.fault(49)
async def test_what_is_there_all_the_time_is_not_missed_while_others_come_and_go(
    serve: Serve, tmp_path: Path
) -> None:
    world = generated_world(pages=600, folders=0, attachments=0, body_bytes=10)
    (space,) = world.spaces.values()
    pages = [each.id for each in world.contents.values() if each.kind == "page"]
    goes = {pages[at] for at in (1, 120, 249, 250, 400)}
    emulator = await serve(world)

    def change(asked: Recorded) -> None:
        if asked.path.endswith(f"/spaces/{space.id}/pages") and "cursor" in asked.query:
            emulator.before_answer = None
            for each in goes:
                world.trash(each)
            world.add_page(space, "Came meanwhile", "")

    emulator.before_answer = change
    skip = "search,labels,properties,likes,versions,restrictions,attachments,comments,tasks"
    run = await mirror_here(emulator, tmp_path / "out", skip=skip)
    assert emulator.before_answer is None
    assert run.exit is Exit.OK, run.problems()
    held = {item_id for kind, item_id in SpaceOnDisk(tmp_path / "out" / "ENG").items() if kind == "page"}
    assert set(pages) - goes <= held
