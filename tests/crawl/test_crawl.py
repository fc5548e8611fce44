# ruff: noqa: ASYNC240 — tests look at the disk between their awaits

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exporter.crawl import crawl as crawling
from exporter.crawl.people import BULK
from exporter.errors import Forbidden, NotFound, RemoteError, ScopeMissing, TransientError
from exporter.mirror.opening import look_at_mirror, open_mirror
from exporter.model import Kind, Part, State, Version
from tests.crawl.samples import SINCE, SPACE, Crawl, attachment, comment, held, info, old
from tests.fake_clock import FakeClock

LACKING = ScopeMissing("the token lacks a scope")


async def test_a_move_costs_metadata_only() -> None:
    crawl = Crawl(info(1, parent_id="2"))
    crawl.sink.hold(info(1, parent_id="2"), digest=b"before")
    await crawl.run()
    assert (crawl.sink.metadata, crawl.source.batches, crawl.sink.bodies) == (["1"], [], {})
    assert crawl.done == {("updated", "page", "1")}


@pytest.mark.parametrize("kind", [Kind.PAGE, Kind.BLOGPOST, Kind.TASK])
@pytest.mark.parametrize("is_complete", [True, False])
async def test_only_a_complete_listing_marks_what_is_missing(kind: Kind, is_complete: bool) -> None:
    crawl = Crawl(info(1, kind))
    if not is_complete:
        crawl.source.listed[kind].append(RemoteError("answered 500"))
    crawl.sink.hold(info(2, kind))
    crawl.sink.hold(info(3, kind), state=State.GONE, missing_since=SINCE)
    await crawl.run()
    assert crawl.sink.missing == ([(kind, "2", "gone", None)] if is_complete else [])
    assert crawl.report.counts[kind]["missing"] == (2 if is_complete else 0)
    assert ("missing", str(kind), "3") not in crawl.done


async def test_a_folder_that_is_gone_is_missing() -> None:
    crawl = Crawl()
    crawl.sink.hold(info(10, Kind.FOLDER))
    crawl.source.nodes["10"] = NotFound("answered 404")
    await crawl.run()
    assert crawl.sink.missing == [("folder", "10", "gone", None)]


async def test_what_was_found_of_an_unknown_type_is_never_missing() -> None:
    crawl = Crawl()
    crawl.sink.hold(info(7, Kind.OTHER))
    await crawl.run()
    assert crawl.sink.missing == []


async def test_what_comes_back_is_marked_as_back() -> None:
    crawl = Crawl(info(1))
    crawl.sink.hold(info(1), missing_since=SINCE, state=State.DELETED)
    await crawl.run()
    assert (crawl.sink.returned, crawl.sink.bodies) == ([("page", "1")], {})


async def test_metadata_is_saved_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crawling, "METADATA_BATCH", 2)
    crawl = Crawl(*(info(number, Kind.TASK) for number in range(5)))
    await crawl.run()
    assert crawl.sink.metadata == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("has_tree", "is_whole", "is_saved"), [(False, False, True), (True, False, False), (True, True, True)]
)
async def test_a_tree_with_holes_replaces_none(has_tree: bool, is_whole: bool, is_saved: bool) -> None:
    crawl = Crawl(info(1), info(2))
    if not is_whole:
        crawl.source.listed[Kind.PAGE].append(RemoteError("answered 500"))
    crawl.sink.holds_tree = has_tree
    await crawl.run()
    assert crawl.sink.tree == (["1", "2"] if is_saved else None)


async def test_a_space_that_is_new_is_saved_with_all_parts() -> None:
    crawl = Crawl()
    crawl.source.of_space |= {"labels": ["a"]}
    await crawl.run()
    assert crawl.sink.space == [{"permissions": [], "roleAssignments": [], "labels": ["a"], "properties": []}]
    assert crawl.report.counts[Kind.SPACE] == {"new": 1}


@pytest.mark.parametrize(
    ("before", "verb"),
    [
        ({}, "unchanged"),
        ({"labels": ["gone"]}, "updated"),
        ({"id": "other"}, "updated"),
        (None, "updated"),
        ({"once known": 1}, "unchanged"),
    ],
)
async def test_a_space_is_saved_when_it_says_something_new(before: dict[str, Any] | None, verb: str) -> None:
    crawl = Crawl(skip=frozenset({Part.PERMISSIONS}))
    crawl.sink.holds[Kind.SPACE][SPACE.id] = held(info(5, Kind.SPACE))
    if before is not None:
        crawl.sink.holds_details[SPACE.id] = {"id": "5", "labels": [], "properties": [], **before}
    await crawl.run()
    assert crawl.report.counts[Kind.SPACE] == {verb: 1}
    assert crawl.sink.space == ([] if verb == "unchanged" else [{"labels": [], "properties": []}])
    assert crawl.source.asked_for("space") == ["labels", "properties"]


@pytest.mark.parametrize(
    ("name", "error", "is_failure"),
    [
        ("permissions", NotFound("answered 404"), True),
        ("permissions", LACKING, False),
        ("roleAssignments", NotFound("answered 404"), False),
        ("roleAssignments", Forbidden("answered 403"), False),
        ("roleAssignments", RemoteError("answered 500"), True),
        ("labels", Forbidden("answered 403"), True),
        ("properties", RemoteError("answered 500"), True),
    ],
)
async def test_a_part_of_the_space_that_fails_costs_itself(
    name: str, error: Exception, is_failure: bool
) -> None:
    crawl = Crawl()
    crawl.source.of_space[name] = error
    await crawl.run()
    assert set(crawl.sink.space[0]) == {"permissions", "roleAssignments", "labels", "properties"} - {name}
    reasons = [each.reason for each in crawl.report.failures]
    assert reasons == ([f"its {name} could not be listed: {error}"] if is_failure else [])
    assert crawl.report.not_granted == ([str(error)] if error is LACKING else [])


async def test_everybody_who_is_named_is_looked_up_and_the_unknown_are_left_out() -> None:
    crawl = Crawl()
    crawl.sink.names = [f"a{number}" for number in range(BULK + 1)]
    crawl.source.accounts = {"a0": {"name": "Ann"}, f"a{BULK}": {"name": "Zoe"}, "b": {"name": "Nobody asks"}}
    await crawl.run()
    assert crawl.source.asked_for("users") == [str(BULK), "1"]
    assert crawl.sink.people_saved == {"a0": {"name": "Ann"}, f"a{BULK}": {"name": "Zoe"}}


async def test_users_that_are_as_before_are_not_saved_and_those_nobody_names_go() -> None:
    crawl = Crawl()
    crawl.sink.names, crawl.source.accounts = ["a"], {"a": {"name": "Ann"}}
    crawl.sink.holds_users = {"a": {"name": "Ann"}}
    await crawl.run()
    assert crawl.sink.people_saved is None
    crawl.sink.names = []
    await crawl.run()
    assert crawl.sink.people_saved == {}


@pytest.mark.parametrize("is_skipped", [True, False])
async def test_users_that_may_not_be_read_stay_as_they_were(is_skipped: bool) -> None:
    crawl = Crawl(skip=frozenset({Part.USERS} if is_skipped else ()))
    crawl.sink.names, crawl.source.accounts = ["a"] * (2 * BULK), LACKING
    crawl.sink.holds_users = {"b": {}}
    await crawl.run()
    assert crawl.sink.people_saved is None
    assert crawl.source.asked_for("users") == ([] if is_skipped else [str(BULK)])
    assert crawl.report.not_granted == ([] if is_skipped else [str(LACKING)])
    assert crawl.report.listings[Part.USERS] == {"not asked": 1}


async def test_users_that_cannot_be_read_are_those_of_before() -> None:
    crawl = Crawl()
    crawl.sink.names, crawl.source.accounts = ["a", "new"], TransientError("answered 500")
    crawl.sink.holds_users = {"a": {"name": "Ann"}, "gone": {}}
    await crawl.run()
    assert crawl.sink.people_saved == {"a": {"name": "Ann"}}
    assert [each.reason for each in crawl.report.failures] == ["2 users could not be read: answered 500"]


def _full_of_news() -> Crawl:
    changed = info(2, version=Version(2, "2026-11-02"))
    crawl = Crawl(info(1), changed, info(3), info(10, Kind.FOLDER), full=True, history=3, adf=True)
    crawl.source.files["1"] = [attachment(1, version=Version(2, "2026-11-02"))]
    crawl.source.versions["att1"] = [old("att1", 1), old("att1", 2)]
    crawl.source.talk["1"] = [comment(20)]
    crawl.source.bodies["3"] = "<p>rewritten</p>"
    return crawl


async def test_a_dry_run_plans_everything_and_asks_for_no_body_that_is_only_to_be_saved() -> None:
    crawl = _full_of_news()
    crawl.sink.hold(info(2))
    crawl.sink.hold(info(3))
    crawl.sink.hold(info(9))
    await crawl.run(dry_run=True)
    assert crawl.done == {
        ("new", "page", "1"), ("changed", "page", "2"), ("changed", "page", "3"), ("new", "folder", "10"),
        ("missing", "page", "9"), ("new", "attachment", "att1"), ("new", "comment", "20"),
        ("new", "version", old("att1", 1).id),
    }  # fmt: skip
    assert crawl.source.asked_for("page") == ["3"]
    assert {*crawl.source.asked_for("adf")} <= {"3"}
    assert (crawl.source.batches, crawl.source.asked_for("download"), crawl.source.asked_for("old")) == (
        [],
        [],
        [],
    )


async def test_a_dry_run_that_is_not_full_asks_for_no_body() -> None:
    crawl = Crawl(info(1), info(2))
    crawl.sink.hold(info(2))
    await crawl.run(dry_run=True)
    assert (crawl.source.batches, crawl.source.asked_for("page")) == ([], [])


@pytest.mark.parametrize("is_there", [True, False])
async def test_a_rehearsal_leaves_no_trace(tmp_path: Path, is_there: bool) -> None:
    folder = tmp_path / "ENG"
    if is_there:
        async with open_mirror(folder, mode=0o600, clock=FakeClock(), durable=False) as mirror:
            await Crawl(info(2), info(9)).run(sink=mirror)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    crawl = _full_of_news()
    async with look_at_mirror(folder, clock=FakeClock()) as rehearsal:
        await crawl.run(sink=rehearsal, dry_run=True)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
    assert ("missing", "page", "9") in crawl.done or not is_there
    assert crawl.failed == []


async def test_a_second_run_into_a_mirror_finds_nothing_to_do(tmp_path: Path) -> None:
    crawl = _full_of_news()
    crawl.source.talk["att1"] = [comment(30, "att1")]
    crawl.source.answers["30"] = [comment(31, "att1", 30)]
    async with open_mirror(tmp_path, mode=0o600, clock=FakeClock(), durable=False) as mirror:
        await crawl.run(sink=mirror)
        assert len(crawl.done) > 5
        files = {path: path.stat().st_ino for path in (tmp_path / "raw").rglob("*.json")}
        crawl.report.actions.clear()
        crawl.wanted = Crawl(full=True, adf=True).wanted
        await crawl.run(sink=mirror)
    assert (crawl.done, crawl.failed) == (set(), [])
    assert {path: path.stat().st_ino for path in (tmp_path / "raw").rglob("*.json")} == files
