from __future__ import annotations

from typing import Any

import pytest

from exporter.crawl.hanging import DETAILS
from exporter.errors import NotFound, RemoteError, ScopeMissing
from exporter.model import Kind, Part, Version
from tests.crawl.samples import Crawl, info

LACKING = ScopeMissing("the token lacks a scope")


def _held_page(**wanted: Any) -> Crawl:
    crawl = Crawl(info(1), **wanted)
    crawl.sink.hold(info(1))
    return crawl


async def test_details_of_a_new_page_are_saved_after_its_body() -> None:
    crawl = Crawl(info(1))
    crawl.source.facts["1"] = {Part.LABELS: ["a"]}
    crawl.source.closed["1"] = {"read": ["ann"]}
    await crawl.run()
    assert crawl.sink.details_saved["1"] == {
        **{part: [] for part in DETAILS},
        Part.LABELS: ["a"],
        Part.RESTRICTIONS: {"read": ["ann"]},
    }
    assert crawl.done == {("new", "page", "1")}


async def test_details_that_are_as_before_are_not_saved() -> None:
    crawl = _held_page()
    await crawl.run()
    assert (crawl.sink.details_saved, crawl.done) == ({}, set())
    assert (crawl.source.asked_for("details"), crawl.source.asked_for("restrictions")) == (["1"], ["1"])


@pytest.mark.parametrize(
    ("before", "saved"),
    [
        ({Part.LABELS: ["old"]}, {Part.LABELS: ["a"]}),
        ({Part.LABELS: ["a"], Part.RESTRICTIONS: {"read": []}}, {Part.RESTRICTIONS: {}}),
        ({Part.LABELS: ["a"]}, {}),
    ],
)
async def test_only_details_that_differ_are_saved_and_make_the_page_an_updated_one(
    before: dict[str, Any], saved: dict[str, Any]
) -> None:
    crawl = _held_page()
    crawl.source.facts["1"] = {Part.LABELS: ["a"]}
    crawl.sink.holds_details["1"] |= before
    await crawl.run()
    assert crawl.sink.details_saved == ({"1": saved} if saved else {})
    assert crawl.done == ({("updated", "page", "1")} if saved else set())
    assert crawl.report.counts[Kind.PAGE]["unchanged"] == (not saved)


async def test_a_part_that_was_never_saved_is() -> None:
    crawl = _held_page()
    del crawl.sink.holds_details["1"][Part.LIKES]
    await crawl.run()
    assert crawl.sink.details_saved == {"1": {Part.LIKES: []}}


async def test_a_changed_page_with_other_details_is_counted_once() -> None:
    crawl = Crawl(info(1))
    crawl.sink.hold(info(1), version=Version(0, ""))
    crawl.source.facts["1"] = {Part.LABELS: ["a"]}
    await crawl.run()
    assert crawl.done == {("changed", "page", "1")}
    assert +crawl.report.counts[Kind.PAGE] == {"changed": 1}


@pytest.mark.parametrize("part", [*DETAILS, Part.RESTRICTIONS])
async def test_a_part_that_is_skipped_is_left_as_it_was(part: Part) -> None:
    crawl = _held_page(skip=frozenset({part}))
    crawl.source.facts["1"] = {each: [{"number": 1, "createdAt": "2026-11-01"}] for each in DETAILS}
    crawl.source.closed["1"] = {"read": ["ann"]}
    await crawl.run()
    assert set(crawl.sink.details_saved["1"]) == {*DETAILS, Part.RESTRICTIONS} - {part}


async def test_when_all_details_are_skipped_none_are_asked_for() -> None:
    crawl = _held_page(skip=frozenset({*DETAILS, Part.RESTRICTIONS}))
    await crawl.run()
    assert (crawl.source.asked_for("details"), crawl.source.asked_for("restrictions")) == ([], [])


async def test_a_scope_costs_its_parts_once_and_leaves_the_others() -> None:
    crawl = Crawl(*(info(number) for number in range(5)))
    for number in range(5):
        crawl.sink.hold(info(number))
        crawl.source.closed[str(number)] = {"read": ["ann"]}
        crawl.source.facts[str(number)] = LACKING
    await crawl.run()
    assert len(crawl.source.asked_for("details")) == 1
    assert list(crawl.sink.details_saved.values()) == [{Part.RESTRICTIONS: {"read": ["ann"]}}] * 5
    assert (crawl.report.not_granted, crawl.failed) == ([str(LACKING)], [])


async def test_a_scope_for_restrictions_costs_only_them() -> None:
    crawl = Crawl(info(1), info(2))
    for page in (info(1), info(2)):
        crawl.sink.hold(page)
        crawl.source.closed[page.id] = LACKING
        crawl.source.facts[page.id] = {Part.LABELS: ["a"]}
    await crawl.run()
    assert len(crawl.source.asked_for("restrictions")) == 1
    assert list(crawl.sink.details_saved.values()) == [{Part.LABELS: ["a"]}] * 2
    assert (crawl.report.not_granted, crawl.failed) == ([str(LACKING)], [])


async def test_details_that_fail_cost_themselves() -> None:
    crawl = _held_page()
    crawl.source.facts["1"], crawl.source.closed["1"] = NotFound("answered 404"), RemoteError("answered 500")
    await crawl.run()
    assert crawl.sink.details_saved == {}
    assert [each.reason for each in crawl.report.failures] == [
        "its labels, properties, likes, versions could not be read: answered 404",
        "its restrictions could not be read: answered 500",
    ]
    for part in (*DETAILS, Part.RESTRICTIONS):
        assert crawl.report.listings[part]["incomplete"] == 1
    assert crawl.source.asked_for("attachments") == ["1"]


async def test_something_in_the_way_of_details_costs_them_alone() -> None:
    crawl = Crawl(info(1))
    crawl.sink.obstructed = {"details 1"}
    await crawl.run()
    assert (crawl.failed, list(crawl.sink.bodies)) == (["1"], ["1"])


async def test_a_page_whose_body_failed_gets_no_details() -> None:
    crawl = Crawl(info(1))
    crawl.source.alone["1"] = RemoteError("answered 500")
    await crawl.run()
    assert (crawl.failed, crawl.sink.details_saved) == (["1"], {})


async def test_custom_content_has_comments_and_attachments_but_no_details() -> None:
    crawl = Crawl(info(20, Kind.CUSTOM_CONTENT))
    await crawl.run()
    asked = [name for name in crawl.source.asked if name.endswith(" 20")]
    assert asked == ["footer 20", "attachments 20"]


async def test_nodes_are_saved_without_a_body_and_nothing_hangs_on_them() -> None:
    crawl = Crawl(info(10, Kind.FOLDER), info(11, Kind.WHITEBOARD))
    await crawl.run()
    assert crawl.sink.metadata == ["10", "11"]
    assert not {"footer", "attachments", "details"} & {name.split()[0] for name in crawl.source.asked}
