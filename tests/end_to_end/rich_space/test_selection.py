"""A run that is asked for less brings less, and touches nothing else."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from exporter.app import Options, export
from exporter.config import load
from exporter.emulator import Emulator, Fault, Switches
from exporter.errors import Exit, SpaceError
from exporter.model import Part
from exporter.progress import Silent
from tests.end_to_end.conftest import Mirrors, Serve
from tests.end_to_end.disk import SpaceOnDisk
from tests.end_to_end.rich import Rich, rich
from tests.end_to_end.running import TOKEN, cli, mirror, mirror_here, one_authority
from tests.end_to_end.test_incremental import changes

CONTENTS = ("page", "blogpost", "folder", "whiteboard", "database", "embed")


async def runs(emulator: Emulator, out: Path, **flags: Any) -> dict[str, Exit]:
    """A run that finds out by itself which spaces are meant, and how each ended."""
    settings = load(
        {
            "site": emulator.site_url,
            "email": TOKEN.email,
            "api_token": TOKEN.secret,
            "gateway_url": emulator.gateway_url,
            "media_hosts": emulator.media_host,
            "ca_file": one_authority(),
            **flags,
        }
    )
    return {run.key: run.exit for run in await export(settings, out, options=Options(), progress=Silent())}


def contents(held: SpaceOnDisk) -> set[str]:
    return {item_id for kind, item_id in held.items() if kind in CONTENTS}


def rows(held: SpaceOnDisk) -> dict[tuple[str, str], tuple[Any, ...]]:
    """Everything that the manifest says of each item."""
    with closing(sqlite3.connect(held.folder / "manifest.sqlite")) as connection:
        return {(row[0], row[1]): row for row in connection.execute("SELECT * FROM items")}


# --- one page ---------------------------------------------------------------------------


def ids(*names: str) -> Callable[[Rich], set[str]]:
    def of(it: Rich) -> set[str]:
        return {getattr(it if hasattr(it, name) else it.eng, name).id for name in names}

    return of


PAGES: dict[str, tuple[str, bool, Callable[[Rich], set[str]]]] = {
    "alone": ("plan", False, ids("plan", "home")),
    "with descendants": ("plan", True, ids("plan", "detail")),
    "a post": ("news", True, ids("news")),
    "an archived one": ("archived", False, ids("archived")),
    "below a folder": ("inside", False, ids("inside", "folder")),
    "a folder with what is in it": ("folder", True, ids("folder", "inside")),
    "a folder alone": ("folder", False, ids("folder")),
    "an empty folder": ("empty", True, ids("empty")),
    "a whiteboard with what is below": ("board", True, ids("board", "below")),
    "everything below the homepage": (
        "home",
        True,
        ids("home", "plan", "detail", "archived", "folder", "inside", "board", "below", "linking"),
    ),
}


@pytest.mark.parametrize("with_space", [True, False], ids=["--space", "no --space"])
@pytest.mark.parametrize("what", PAGES)
async def test_a_page_or_folder_and_what_is_below_it(
    what: str, with_space: bool, it: Rich, emulator: Emulator, tmp_path: Path
) -> None:
    name, descendants, expected = PAGES[what]
    (root,) = ids(name)(it)
    space = {"space": ("ENG",)} if with_space else {}
    flags = {"page": root, "with_descendants": descendants, **space}
    assert await runs(emulator, tmp_path / "out", **flags) == {"ENG": Exit.OK}
    held = SpaceOnDisk(tmp_path / "out" / "ENG")
    bodies = {path.name.partition(".")[0] for path in held.folder.rglob("*.storage.xml")}
    with_body = {each.id for each in it.eng.with_body} | {it.linking.id}
    assert bodies == expected(it) & with_body - ({it.eng.home.id} if name == "plan" else set())
    if descendants:
        assert contents(held) - {it.eng.home.id} >= expected(it) - {it.eng.home.id}
    held.assert_whole()
    assert held.missing() == set()


@pytest.mark.parametrize("with_space", [True, False], ids=["--space", "no --space"])
async def test_a_page_that_is_not_there_is_said(with_space: bool, emulator: Emulator, tmp_path: Path) -> None:
    space = ("--space", "ENG") if with_space else ()
    result = await cli(*space, "--page", "4711", tmp_path / "out", env=emulator.environment(TOKEN))
    assert result.code == Exit.SPACE
    assert "no page 4711, or this token may not see it" in result.stderr
    assert "Traceback" not in result.stderr


async def test_a_page_of_another_space_is_not_in_this_one(
    it: Rich, emulator: Emulator, held: SpaceOnDisk
) -> None:
    other = it.eng.world.add_space("OPS", "Operations")
    page = it.eng.world.add_page(other, "Elsewhere", "<p>E</p>")
    before, states = held.contents(), rows(held)
    run = await mirror_here(emulator, held.folder.parent, page=page.id)
    assert run.exit is Exit.SPACE
    assert page.id in str(run.error)
    assert held.contents() == before
    assert rows(held) == states


async def test_a_page_that_a_broken_listing_lacks_is_not_said_to_be_absent(
    it: Rich, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.faults.append(Fault("status", match=f"/spaces/{it.eng.space.id}/pages", status=500))
    run = await mirror_here(emulator, tmp_path / "out", page=it.eng.plan.id)
    assert run.exit is Exit.UNAVAILABLE, run.problems()


async def test_a_folder_that_the_search_does_not_know_yet_is_read_by_its_id(
    it: Rich, serve: Serve, tmp_path: Path
) -> None:
    emulator = await serve(it.eng.world, switches=Switches(index_lag=1e6))
    assert await runs(emulator, tmp_path / "out", page=it.empty.id) == {"ENG": Exit.OK}
    assert it.empty.id in contents(SpaceOnDisk(tmp_path / "out" / "ENG"))


# --- labels -----------------------------------------------------------------------------

LABELS: dict[str, tuple[dict[str, Any], Callable[[Rich], set[str]]]] = {
    "one": ({"label": ("draft",)}, ids("plan")),
    "any of two": ({"label": ("draft", "note")}, ids("plan", "news", "detail")),
    "but not": ({"label": ("note",), "exclude_label": ("secret",)}, ids("news")),
    "none of": (
        {"exclude_label": ("note", "draft")},
        ids("home", "archived", "inside", "below", "linking"),
    ),
    "of a subtree": ({"label": ("note",), "page": "plan", "with_descendants": True}, ids("detail")),
    "nobody has it": ({"label": ("nothing",)}, ids()),
}


@pytest.fixture
def labelled(it: Rich) -> Rich:
    world = it.eng.world
    world.add_label(it.eng.news, "note")
    world.add_label(it.eng.detail, "note")
    world.add_label(it.eng.detail, "secret")
    return it


@pytest.mark.parametrize("what", LABELS)
async def test_labels_choose_pages_and_posts(
    what: str, labelled: Rich, emulator: Emulator, tmp_path: Path
) -> None:
    flags, expected = LABELS[what]
    if "page" in flags:
        flags = {**flags, "page": labelled.eng.plan.id}
    run = await mirror_here(emulator, tmp_path / "out", **flags)
    assert run.exit is Exit.OK, run.problems()
    held = SpaceOnDisk(tmp_path / "out" / "ENG")
    bodies = {path.name.partition(".")[0] for path in held.folder.rglob("*.storage.xml")}
    assert bodies == expected(labelled)
    held.assert_whole()


async def test_a_label_taken_away_makes_nothing_missing(
    labelled: Rich, emulator: Emulator, tmp_path: Path
) -> None:
    await mirror_here(emulator, tmp_path / "out", label=("note",))
    held = SpaceOnDisk(tmp_path / "out" / "ENG")
    before = held.contents()
    labelled.eng.world.remove_label(labelled.eng.news, "note")
    run = await mirror_here(emulator, tmp_path / "out", label=("note",))
    assert run.exit is Exit.OK
    assert held.missing() == set()
    assert held.contents() == before


async def test_labels_that_cannot_be_listed_leave_that_one_out_and_say_so(
    labelled: Rich, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.faults.append(Fault("status", match=f"/pages/{labelled.eng.plan.id}/labels", status=500))
    run = await mirror_here(emulator, tmp_path / "out", label=("draft", "note"))
    assert run.exit is Exit.PARTIAL
    assert [failure.id for failure in run.report.failures] == [labelled.eng.plan.id]


# --- a narrower run on a mirror of everything -------------------------------------------

NARROWER: dict[str, Callable[[Rich], dict[str, Any]]] = {
    "a page": lambda it: {"page": it.eng.plan.id},
    "a page with all below": lambda it: {"page": it.eng.plan.id, "with_descendants": True},
    "a folder": lambda it: {"page": it.eng.folder.id, "with_descendants": True},
    "a label": lambda _: {"label": ("draft",)},
    "not a label": lambda _: {"exclude_label": ("nothing",)},
}


@pytest.mark.parametrize("what", NARROWER)
async def test_a_narrower_run_leaves_the_rest_as_it_is_and_a_full_one_sees_it(
    what: str, it: Rich, emulator: Emulator, held: SpaceOnDisk
) -> None:
    before, states, nodes = held.contents(), rows(held), held.nodes()
    world = it.eng.world
    gone = {
        it.linking.id: "deleted",
        it.eng.below.id: "gone",
        it.eng.news.id: "deleted",
        it.empty.id: "gone",
    }
    world.trash(it.linking)
    world.purge(it.eng.below)
    world.trash(it.eng.news)
    world.purge(it.empty)
    run = await mirror_here(emulator, held.folder.parent, **NARROWER[what](it))
    assert run.exit is Exit.OK, run.problems()
    assert changes(run) == {}
    after = held.contents()
    assert {name: after[name] for name in after if name != "tree.json"} == {
        name: before[name] for name in before if name != "tree.json"
    }
    assert rows(held) == states
    assert nodes.keys() - held.nodes().keys() <= gone.keys()
    assert (await mirror_here(emulator, held.folder.parent, delete=False)).exit is Exit.OK
    assert held.states().items() >= gone.items()
    held.assert_whole()


async def test_a_narrower_run_still_sees_what_changed_in_what_it_asks_for(
    it: Rich, emulator: Emulator, held: SpaceOnDisk
) -> None:
    world = it.eng.world
    world.edit(it.eng.plan, "<p>New</p>")
    world.edit(it.eng.detail, "<p>New, too</p>")
    world.delete_comment(it.footer)
    old = held.body(it.eng.detail.id)
    run = await mirror_here(emulator, held.folder.parent, page=it.eng.plan.id)
    assert run.exit is Exit.OK
    assert held.body(it.eng.plan.id) == b"<p>New</p>"
    assert held.body(it.eng.detail.id) == old
    assert held.missing() == {it.footer.id, it.answer.id}


# --- parts left out ---------------------------------------------------------------------

ASKED_BY: dict[str, str] = {
    "blogposts": r"/blogposts",
    "folders": r"/folders/",
    "whiteboards": r"/whiteboards/",
    "databases": r"/databases/",
    "embeds": r"/embeds/",
    "custom-content": r"custom-content",
    "attachments": r"/attachments|/attachment/",
    "comments": r"comments",
    "tasks": r"/tasks",
    "labels": r"labels",
    "properties": r"properties",
    "likes": r"likes",
    "versions": r"include-versions|/versions",
    "restrictions": r"/restriction",
    "permissions": r"/permissions|/role-assignments",
    "users": r"/users-bulk",
    "search": r"/search",
}
"""What the address of a request holds that is made for a part alone."""

KIND_OF = {"blogposts": "blogpost", "folders": "folder", "whiteboards": "whiteboard", "databases": "database"}
KIND_OF |= {"embeds": "embed", "tasks": "task", "search": "search"}
KIND_OF |= {"custom-content": "custom-content", "users": "users"}


def test_every_part_is_in_the_table() -> None:
    assert ASKED_BY.keys() == set(Part)


def furnish(it: Rich) -> Rich:
    """With a database and an embed, too."""
    for kind in ("database", "embed"):
        node = it.eng.world.add_node(it.eng.space, kind, kind=kind, parent=it.eng.home)
        it.eng.world.add_page(it.eng.space, f"Below the {kind}", "<p>B</p>", parent=node)
    return it


def with_furniture() -> Rich:
    return furnish(rich())


@pytest.fixture
async def furnished(it: Rich, mirrors: Mirrors, tmp_path: Path) -> SpaceOnDisk:
    furnish(it)
    return await mirrors.copy(with_furniture, tmp_path / "out")


@pytest.mark.parametrize("part", Part)
async def test_a_part_that_is_skipped_is_not_asked_for_and_stays(
    part: Part, furnished: SpaceOnDisk, emulator: Emulator
) -> None:
    usual, before, states = len(emulator.requests), furnished.contents(), rows(furnished)
    assert usual == 0
    run = await mirror_here(emulator, furnished.folder.parent, skip=part)
    assert run.exit is Exit.OK, run.problems()
    asked = [f"{each.path}?{each.target}" for each in emulator.requests]
    assert [each for each in asked if re.search(ASKED_BY[part], each)] == []
    assert furnished.contents() == before
    assert rows(furnished) == states
    last = furnished.last_run()
    assert last["skipped"] == [part]
    listed = last["listings"].get(KIND_OF.get(part, part), {})
    assert set(listed) == {"not asked"}


async def test_the_requests_of_a_part_are_made_where_it_is_not_skipped(
    furnished: SpaceOnDisk, emulator: Emulator
) -> None:
    """The table above is no table of addresses that nobody asks."""
    await mirror_here(emulator, furnished.folder.parent)
    asked = [f"{each.path}?{each.target}" for each in emulator.requests]
    assert [part for part in Part if not any(re.search(ASKED_BY[part], each) for each in asked)] == []


async def test_what_is_deleted_meanwhile_in_a_skipped_part_is_seen_later(
    it: Rich, emulator: Emulator, held: SpaceOnDisk
) -> None:
    world = it.eng.world
    world.delete_comment(it.on_news)
    world.delete_attachment(it.eng.image)
    world.trash(it.empty)
    world.remove_task(it.task)
    before, states = held.contents(), rows(held)
    skip = "comments,attachments,folders,tasks"
    run = await mirror_here(emulator, held.folder.parent, skip=skip)
    assert run.exit is Exit.OK, run.problems()
    assert (held.contents(), rows(held)) == (before, states)
    await mirror_here(emulator, held.folder.parent, delete=False)
    assert held.missing() >= {it.on_news.id, it.eng.image.id, it.empty.id, it.task.id}


async def test_a_first_run_without_parts_has_the_rest(it: Rich, emulator: Emulator, tmp_path: Path) -> None:
    every = ",".join(Part)
    assert (await mirror_here(emulator, tmp_path / "out", skip=every)).exit is Exit.OK
    held = SpaceOnDisk(tmp_path / "out" / "ENG")
    assert {kind for kind, _ in held.items()} == {"space", "page"}
    assert "labels" not in held.metadata(it.eng.plan.id)
    held.assert_whole()
    assert (await mirror_here(emulator, tmp_path / "out")).exit is Exit.OK
    assert (await mirror_here(emulator, tmp_path / "other")).exit is Exit.OK
    assert held.contents() == SpaceOnDisk(tmp_path / "other" / "ENG").contents()


# --- all spaces -------------------------------------------------------------------------

SPACES: dict[str, tuple[dict[str, Any], set[str]]] = {
    "all": ({}, {"ENG", "OPS", "OLD"}),
    "included": ({"include_spaces": "eng,o*"}, {"ENG", "OPS", "OLD"}),
    "by pattern": ({"include_spaces": "O*"}, {"OPS", "OLD"}),
    "excluded": ({"exclude_spaces": "ol?"}, {"ENG", "OPS"}),
    "both": ({"include_spaces": "O*", "exclude_spaces": "OLD"}, {"OPS"}),
    "personal": ({"personal_spaces": True}, {"ENG", "OPS", "OLD", "~712020me"}),
    "only a personal one": ({"personal_spaces": True, "include_spaces": "~*"}, {"~712020me"}),
    "none fits": ({"include_spaces": "X*"}, set()),
    "personal ones are off": ({"include_spaces": "~*"}, set()),
}


@pytest.mark.parametrize("what", SPACES)
async def test_all_spaces_but(what: str, it: Rich, emulator: Emulator, tmp_path: Path) -> None:
    world = it.eng.world
    for key, fields in {"OPS": {}, "OLD": {"status": "archived"}, "~712020me": {"type": "personal"}}.items():
        world.add_page(world.add_space(key, f"Space {key}", **fields), "Home", "<p>H</p>")
    world.add_space("HID", "Hidden", visible=False)
    flags, expected = SPACES[what]
    if expected:
        assert await runs(emulator, tmp_path / "out", all_spaces=True, **flags) == dict.fromkeys(
            expected, Exit.OK
        )
        assert {each.name for each in (tmp_path / "out").iterdir() if each.is_dir()} == expected
        for key in expected:
            held = SpaceOnDisk(tmp_path / "out" / key)
            held.assert_whole()
            assert contents(held)
    else:
        with pytest.raises(SpaceError, match="none fits"):
            await runs(emulator, tmp_path / "out", all_spaces=True, **flags)
        assert not (tmp_path / "out").exists()


# --- the command line -------------------------------------------------------------------

CONFLICTS: dict[str, tuple[tuple[str, ...], str]] = {
    "all and one": (("--all-spaces", "--space", "ENG"), "all_spaces can't be combined"),
    "two spaces and a page": (("--space", "ENG", "--space", "OPS", "--page", "1"), "page is in one space"),
    "descendants of nothing": (("--space", "ENG", "--with-descendants"), "with_descendants needs page"),
    "no such part": (("--space", "ENG", "--skip", "coments"), "did you mean comments?"),
    "history without versions": (("--space", "ENG", "--history", "all", "--skip", "versions"), "versions"),
    "no number": (("--space", "ENG", "--history", "some"), "neither all nor a number"),
    "adf alone": (("--space", "ENG", "--raw", "adf"), "storage,adf"),
    "no id": (("--page", "abc"), "--page"),
}


@pytest.mark.parametrize("what", CONFLICTS)
async def test_options_that_contradict_each_other_are_refused(
    what: str, emulator: Emulator, tmp_path: Path
) -> None:
    arguments, said = CONFLICTS[what]
    result = await cli(*arguments, tmp_path / "out", env=emulator.environment(TOKEN))
    assert result.code == Exit.USAGE
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert not emulator.requests
    assert not (tmp_path / "out").exists()


async def test_none_fits_ends_with_its_code(emulator: Emulator, tmp_path: Path) -> None:
    arguments = ("--all-spaces", "--include-spaces", "X*", tmp_path / "out")
    result = await cli(*arguments, env=emulator.environment(TOKEN))
    assert result.code == Exit.SPACE
    assert "none fits" in result.stderr


async def test_everything_can_be_said_by_the_environment(
    labelled: Rich, emulator: Emulator, tmp_path: Path
) -> None:
    env = {
        "CONFLUENCE_PAGE": labelled.eng.plan.id,
        "CONFLUENCE_WITH_DESCENDANTS": "true",
        "CONFLUENCE_LABEL": "draft,note",
        "CONFLUENCE_EXCLUDE_LABEL": "secret",
        "CONFLUENCE_SKIP": "comments,likes",
        "CONFLUENCE_HISTORY": "all",
        "CONFLUENCE_RAW": "storage,adf",
        "CONFLUENCE_FULL": "false",
        "CONFLUENCE_OUT": str(tmp_path / "out"),
    }
    result = await cli("--json", env={**emulator.environment(TOKEN), **env})
    assert (result.code, result.stderr) == (0, "")
    held = SpaceOnDisk(tmp_path / "out" / "ENG")
    assert {path.name.partition(".")[0] for path in held.folder.rglob("*.storage.xml")} == {
        labelled.eng.plan.id
    }
    assert (held.folder / f"raw/pages/{labelled.eng.plan.id}.adf.json").is_file()
    assert not (held.folder / "raw/comments").exists()
    assert held.last_run()["skipped"] == ["comments", "likes"]


async def test_all_spaces_can_be_said_by_the_environment(
    it: Rich, emulator: Emulator, tmp_path: Path
) -> None:
    it.eng.world.add_space("OPS", "Operations")
    env = {"CONFLUENCE_ALL_SPACES": "1", "CONFLUENCE_INCLUDE_SPACES": "E*", "CONFLUENCE_OUT": str(tmp_path)}
    assert (await cli("--quiet", env={**emulator.environment(TOKEN), **env})).code == 0
    assert (tmp_path / "ENG" / "tree.json").is_file()
    assert not (tmp_path / "OPS").exists()


async def test_by_flags_a_page_is_what_lands(it: Rich, emulator: Emulator, tmp_path: Path) -> None:
    flags = ("--page", it.eng.folder.id, "--with-descendants", "--skip", "comments")
    assert (await mirror(emulator, tmp_path / "out", *flags)).code == 0
    held = SpaceOnDisk(tmp_path / "out" / "ENG")
    assert [path.name for path in held.folder.rglob("*.storage.xml")] == [f"{it.eng.inside.id}.storage.xml"]
