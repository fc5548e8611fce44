"""A listing is complete, or it is an error, or it was not asked for: the three are never mixed up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from exporter.emulator import FULL_SCOPES, Emulator, Fault, Recorded, Switches, Token
from exporter.errors import Exit
from tests.end_to_end.conftest import Serve
from tests.end_to_end.disk import SpaceOnDisk
from tests.end_to_end.rich import Rich
from tests.end_to_end.running import mirror_here
from tests.end_to_end.test_incremental import changes

# --- listings that fail -----------------------------------------------------------------

FAILING: dict[str, tuple[str, str, str, str]] = {
    "comments of a page": (r"/pages/{plan}/footer-comments", "plan", "comments", "comments"),
    "inline comments": (r"/pages/{plan}/inline-comments", "plan", "comments", "comments"),
    "replies": (r"/footer-comments/{footer}/children", "plan", "comments", "comments"),
    "comments of a post": (r"/blogposts/{news}/footer-comments", "news", "comments", "comments"),
    "comments of a file": (r"/attachments/{image}/footer-comments", "image", "comments", "comments"),
    "attachments of a page": (r"/pages/{plan}/attachments", "plan", "attachments", "attachments"),
    "attachments of a post": (r"/blogposts/{news}/attachments", "news", "attachments", "attachments"),
    "labels and the like": (r"/pages/{plan}\?include-", "plan", "labels", "labels"),
    "restrictions": (r"/content/{plan}/restriction", "plan", "restrictions", "restrictions"),
}


@pytest.mark.fault(55)
@pytest.mark.parametrize("kind", ["status", "results"], ids=["500", "another shape"])
@pytest.mark.parametrize("what", FAILING)
async def test_a_listing_that_fails_is_named_and_nothing_is_missing(
    what: str, kind: str, it: Rich, emulator: Emulator, held: SpaceOnDisk
) -> None:
    pattern, name, part, said = FAILING[what]
    ids = {"plan": it.eng.plan.id, "news": it.eng.news.id, "image": it.eng.image.id, "footer": it.footer.id}
    match = pattern.format(**ids)
    # what is deleted in it meanwhile can't be known
    it.eng.world.delete_comment(it.answer)
    before, states = held.contents(), held.states()
    if kind == "results" and part in ("labels", "restrictions"):
        emulator.faults.append(Fault("not_json", match=match))
    else:
        emulator.faults.append(Fault(kind, match=match, status=500))  # type: ignore[arg-type]
    run = await mirror_here(emulator, held.folder.parent)
    assert run.exit is Exit.PARTIAL
    assert {failure.id for failure in run.report.failures} == {ids[name]}
    assert said in run.report.failures[0].reason
    assert run.document()["listings"][part]["incomplete"] == 1
    if name == "plan" and part in ("comments", "labels"):  # a page that fails itself is no witness
        assert held.states() == states
        assert held.contents() == before
    else:
        assert held.missing() == {it.answer.id}
    held.assert_whole()
    emulator.faults.clear()
    again = await mirror_here(emulator, held.folder.parent)
    assert again.exit is Exit.OK
    assert held.states() == {it.answer.id: "gone"}


SPACE_WIDE: dict[str, tuple[str, Callable[[Rich], str]]] = {
    "pages": (r"/spaces/{space}/pages", lambda it: it.linking.id),
    "blogposts": (r"/spaces/{space}/blogposts", lambda it: it.eng.news.id),
    "tasks": (r"/api/v2/tasks", lambda it: it.task.id),
    "custom content": (r"/spaces/{space}/custom-content", lambda it: it.poll.id),
    "search": (r"/rest/api/search", lambda it: it.empty.id),
}


@pytest.mark.parametrize("what", SPACE_WIDE)
async def test_a_listing_of_the_space_that_fails_makes_nothing_missing(
    what: str, it: Rich, emulator: Emulator, held: SpaceOnDisk
) -> None:
    pattern, _ = SPACE_WIDE[what]
    before, states = held.contents(), held.states()
    match = pattern.format(space=it.eng.space.id)
    emulator.faults.append(Fault("status", match=match, status=500))
    run = await mirror_here(emulator, held.folder.parent)
    assert run.exit is Exit.UNAVAILABLE
    assert run.report.faults
    assert (held.contents(), held.states()) == (before, states)
    held.assert_whole()


# --- listings that leave something out and don't say so ---------------------------------


def without(emulator: Emulator, listing: str, item_id: str) -> None:
    """From now on, answers to this listing lack the item, as if nothing were amiss."""
    right = emulator._right

    def left_out(asked: Recorded) -> object:
        reply = right(asked)
        if asked.path.endswith(listing) and "id" not in asked.query and isinstance(reply.json, dict):
            results = reply.json.get("results", [])
            reply.json["results"] = [each for each in results if each.get("id") != item_id]
        return reply

    emulator._right = left_out  # type: ignore[method-assign,assignment]


LEFT_OUT: dict[str, tuple[str, Callable[[Rich], str]]] = {
    "a page": ("/pages", lambda it: it.linking.id),
    "an archived page": ("/pages", lambda it: it.eng.archived.id),
    "a post": ("/blogposts", lambda it: it.eng.news.id),
}


@pytest.mark.fault(54)
@pytest.mark.parametrize("what", LEFT_OUT)
async def test_a_listing_that_leaves_out_what_is_there_is_a_fault(
    what: str, it: Rich, emulator: Emulator, held: SpaceOnDisk
) -> None:
    listing, pick = LEFT_OUT[what]
    before, nodes = held.contents(), held.nodes()
    without(emulator, f"/spaces/{it.eng.space.id}{listing}", pick(it))
    run = await mirror_here(emulator, held.folder.parent)
    assert run.exit is Exit.UNAVAILABLE
    assert pick(it) in " ".join(run.report.faults)
    assert held.missing() == set()
    after = held.contents()
    assert {name for name in before if before[name] != after.get(name)} <= {"tree.json"}
    assert held.nodes() == nodes
    held.assert_whole()


async def test_a_list_of_attachments_that_leaves_one_out_which_is_there(
    it: Rich, emulator: Emulator, held: SpaceOnDisk
) -> None:
    without(emulator, f"/pages/{it.eng.plan.id}/attachments", it.eng.image.id)
    before = held.contents()
    run = await mirror_here(emulator, held.folder.parent)
    assert run.exit is Exit.PARTIAL
    assert [failure.id for failure in run.report.failures] == [it.eng.image.id]
    assert (held.missing(), held.contents()) == (set(), before)


# --- inline comments that are hidden unasked --------------------------------------------


async def test_resolved_comments_are_there_though_a_plain_list_hides_them(
    it: Rich, serve: Serve, tmp_path: Path
) -> None:
    world = it.eng.world
    made = {it.inline.id}
    for resolve in (world.resolve_comment, world.reopen_comment, world.dangle_comment):
        comment = world.add_comment(it.eng.plan, "<p>?</p>", kind="inline", selection="3")
        made |= {comment.id, world.reply(comment, "<p>!</p>").id}
        resolve(comment)
    hidden = Switches(hidden_resolutions=frozenset({"open", "resolved", "reopened", "dangling"}))
    emulator = await serve(world, switches=hidden)
    run = await mirror_here(emulator, tmp_path / "out")
    assert run.exit is Exit.OK
    held = SpaceOnDisk(tmp_path / "out" / "ENG")
    comments = {item_id for kind, item_id in held.items() if kind == "comment"}
    assert made <= comments
    assert comments == set(world.comments)


# --- what goes while a run is under way -------------------------------------------------

GOES: dict[str, Callable[[Rich], object]] = {
    "purged": lambda it: it.eng.world.purge(it.eng.plan),
    "trashed": lambda it: it.eng.world.trash(it.eng.plan),
    "hidden": lambda it: it.eng.world.restrict(it.eng.plan),
}
MOMENTS = {
    "at its body": "body-format=storage",
    "at its details": "include-labels",
    "at its comments": "/footer-comments",
    "at its attachments": "/attachments",
}


@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize("when", MOMENTS)
@pytest.mark.parametrize("what", GOES)
async def test_a_page_that_goes_under_way_takes_nothing_with_it(
    what: str, when: str, full: bool, it: Rich, emulator: Emulator, held: SpaceOnDisk
) -> None:
    before, done, plan = held.contents(), False, it.eng.plan

    def go(asked: Recorded) -> None:
        nonlocal done
        if not done and MOMENTS[when] in asked.target and plan.id in asked.target:
            done = True
            GOES[what](it)

    emulator.before_answer = go
    run = await mirror_here(emulator, held.folder.parent, full=full)
    assert done or not full
    assert run.exit in (Exit.OK, Exit.PARTIAL), run.problems()
    assert {failure.id for failure in run.report.failures} <= {plan.id, it.eng.image.id, it.poll.id}
    assert held.missing() == set()
    assert held.contents() == before
    held.assert_whole()
    emulator.before_answer = None
    if not done:
        GOES[what](it)
    again = await mirror_here(emulator, held.folder.parent, delete=False)
    assert again.exit is Exit.OK, again.problems()
    hanging = {it.eng.image.id, it.footer.id, it.answer.id, it.inline.id, it.on_image.id}
    assert held.missing() >= {plan.id} | hanging
    assert held.states()[plan.id] == ("deleted" if what == "trashed" else "gone")


# --- what the token may not ask for -----------------------------------------------------

DENIED: dict[str, str] = {
    "comments": "read:comment:confluence",
    "attachments": "read:attachment:confluence",
    "folders": "read:folder:confluence",
    "tasks": "read:task:confluence",
    "custom-content": "read:custom-content:confluence",
}


@pytest.mark.parametrize("part", DENIED)
async def test_a_scope_lost_costs_its_part_and_nothing_is_missing(
    part: str, it: Rich, emulator: Emulator, held: SpaceOnDisk
) -> None:
    assert DENIED[part] in FULL_SCOPES
    before = held.contents()
    emulator.tokens[:] = [
        Token("less", "me@example.com", scopes=frozenset(FULL_SCOPES) - {DENIED[part]}),
    ]
    it.eng.world.delete_comment(it.footer)
    it.eng.world.delete_attachment(it.eng.notes)
    run = await mirror_here(emulator, held.folder.parent, token=emulator.tokens[0], delete=False)
    assert run.exit is Exit.PARTIAL
    assert DENIED[part] in " ".join(run.report.not_granted)
    kinds = {kind for kind, verb in changes(run) if verb == "missing"}
    assert part.rstrip("s") not in kinds
    if part in ("folders", "tasks", "custom-content"):
        singular = part.rstrip("s")
        assert set(held.last_run()["listings"][singular]) == {"not asked"}
    after = held.contents()
    assert {name for name in before if name not in after} <= {f"raw/comments/{it.eng.plan.id}.json"}
    assert after["tree.json"] == before["tree.json"]
    again = await mirror_here(emulator, held.folder.parent, token=emulator.tokens[0], skip=part, delete=False)
    assert again.exit is Exit.OK, again.problems()
