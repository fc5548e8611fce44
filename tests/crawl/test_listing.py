from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from exporter.crawl.listing import KINDS, SpaceListing, list_space, look_up_missing
from exporter.crawl.report import Report
from exporter.crawl.wanted import Parts, Wanted
from exporter.errors import AuthError, NotFound, RemoteError, ScopeMissing, Unavailable
from exporter.model import NODES, FoundContent, Held, Kind, Part, State
from exporter.progress import Silent
from tests.crawl.samples import SINCE, SPACE, FakeSource, held, info

LISTED = (Kind.PAGE, Kind.BLOGPOST, Kind.TASK)


async def _list(
    source: FakeSource,
    report: Report | None = None,
    known: Mapping[Kind, Mapping[str, Held]] | None = None,
    **wanted: Any,
) -> SpaceListing:
    report = report or Report()
    asked = Wanted(**wanted)
    return await list_space(
        source, SPACE, {kind: {} for kind in KINDS} | dict(known or {}), asked, Parts(asked.skip, report),
        workers=3, report=report, progress=Silent()
    )  # fmt: skip


def _ids(listing: SpaceListing, kind: Kind) -> list[str]:
    return [item.id for item in listing.contents[kind]]


def _found(of_type: str, item: str | int, kind: Kind = Kind.OTHER) -> FoundContent:
    return FoundContent(of_type, info(item, kind))


async def test_pages_blog_posts_and_tasks_are_listed_and_complete() -> None:
    source, report = FakeSource(), Report()
    source.listed |= {kind: [info(number, kind)] for number, kind in enumerate(LISTED, 1)}
    listing = await _list(source, report)
    assert [_ids(listing, kind) for kind in LISTED] == [["1"], ["2"], ["3"]]
    assert set(listing.complete) == set(LISTED)
    assert [each.id for each in listing.tree] == ["1", "2"]
    assert set(report.listings) == {*LISTED, Part.SEARCH}
    assert all(ends == Counter({"complete": 1}) for ends in report.listings.values())


async def test_metadata_is_let_go_of_unless_it_differs_from_what_is_held() -> None:
    source = FakeSource()
    new, same, moved = info(1), info(2), info(3, position=4)
    source.listed[Kind.PAGE] = [new, same, moved]
    listing = await _list(source, known={Kind.PAGE: {"2": held(same), "3": held(moved, digest=b"other")}})
    assert [item.metadata for item in listing.contents[Kind.PAGE]] == [b"", b"", moved.metadata]
    assert [item.digest for item in listing.contents[Kind.PAGE]] == [new.digest, same.digest, moved.digest]


async def test_metadata_of_what_has_no_body_is_kept_when_it_is_new() -> None:
    source = FakeSource()
    new, same = info(1, Kind.TASK), info(2, Kind.TASK)
    source.listed[Kind.TASK] = [new, same]
    listing = await _list(source, known={Kind.TASK: {"2": held(same)}})
    assert [item.metadata for item in listing.contents[Kind.TASK]] == [new.metadata, b""]


@pytest.mark.parametrize("kind", LISTED)
async def test_a_listing_that_breaks_off_keeps_what_came_and_is_not_complete(kind: Kind) -> None:
    source, report = FakeSource(), Report()
    source.listed[kind] = [info(1, kind), RemoteError("answered 500")]
    listing = await _list(source, report)
    assert _ids(listing, kind) == ["1"]
    assert set(listing.complete) == {*LISTED} - {kind}
    assert listing.whole is (kind is Kind.TASK)
    assert report.faults == [f"the listing of {kind}s is incomplete: answered 500"]
    assert report.listings[kind] == Counter({"incomplete": 1})


@pytest.mark.parametrize("error", [AuthError("no"), Unavailable("later"), ScopeMissing("tick it")])
async def test_what_ends_the_run_passes(error: Exception) -> None:
    source = FakeSource()
    source.listed[Kind.PAGE] = [info(1), error]
    with pytest.raises(type(error)):
        await _list(source)


@pytest.mark.parametrize(("kind", "part"), [(Kind.BLOGPOST, Part.BLOGPOSTS), (Kind.TASK, Part.TASKS)])
@pytest.mark.parametrize("skipped", [True, False])
async def test_a_kind_that_is_skipped_or_denied_is_not_asked_and_not_complete(
    kind: Kind, part: Part, skipped: bool
) -> None:
    source, report = FakeSource(), Report()
    source.listed[kind] = [ScopeMissing("the token lacks a scope")]
    listing = await _list(source, report, skip=frozenset({part} if skipped else ()))
    assert (f"contents {kind}" in source.asked) is not skipped
    assert set(listing.complete) == {*LISTED} - {kind}
    assert listing.whole
    assert report.listings[kind] == Counter({"not asked": 1})
    assert report.not_granted == ([] if skipped else ["the token lacks a scope"])
    assert report.faults == []


async def test_each_node_above_is_read_once_and_those_above_it_in_turn() -> None:
    source = FakeSource()
    source.listed[Kind.PAGE] = [info(number, parent_id="10", parent_type="folder") for number in (1, 2, 3)]
    source.nodes = {
        "10": info(10, Kind.FOLDER, parent_id="11", parent_type="whiteboard"),
        "11": info(11, Kind.WHITEBOARD, parent_id="12", parent_type="database"),
        "12": info(12, Kind.DATABASE, parent_id="13", parent_type="embed"),
        "13": info(13, Kind.EMBED, parent_id="1", parent_type="page"),
    }
    listing = await _list(source)
    assert source.asked[-4:] == ["folder 10", "whiteboard 11", "database 12", "embed 13"]
    assert [_ids(listing, kind) for kind in NODES] == [["10"], ["11"], ["12"], ["13"]]


async def test_nodes_in_a_circle_are_read_once() -> None:
    source = FakeSource()
    source.listed[Kind.PAGE] = [info(1, parent_id="10", parent_type="folder")]
    source.nodes = {
        "10": info(10, Kind.FOLDER, parent_id="11", parent_type="folder"),
        "11": info(11, Kind.FOLDER, parent_id="10", parent_type="folder"),
    }
    assert _ids(await _list(source), Kind.FOLDER) == ["10", "11"]


@pytest.mark.parametrize(
    ("parent_id", "parent_type"),
    [("2", "page"), ("2", "hologram"), (None, "folder"), ("../2", "folder"), ("٣", "folder")],
)
async def test_other_parents_are_not_asked_for(parent_id: str | None, parent_type: str) -> None:
    source, report = FakeSource(), Report()
    source.listed[Kind.PAGE] = [info(1, parent_id=parent_id, parent_type=parent_type)]
    await _list(source, report)
    assert source.asked_for("folder") == []
    assert report.unknown == Counter(["parent type 'hologram'"] if parent_type == "hologram" else [])


async def test_statuses_that_nobody_told_us_of_are_kept_and_counted() -> None:
    source, report = FakeSource(), Report()
    source.listed[Kind.PAGE] = [info(1, status="odd"), info(2, status="archived"), info(3, status="odd")]
    assert len(_ids(await _list(source, report), Kind.PAGE)) == 3
    assert report.unknown == Counter({"status 'odd'": 2})


@pytest.mark.parametrize("kind", NODES)
async def test_a_search_finds_nodes_that_hold_no_page(kind: Kind) -> None:
    source = FakeSource()
    source.found = [_found(str(kind), 10), _found(str(kind), 10)]
    source.nodes["10"] = info(10, kind)
    assert _ids(await _list(source), kind) == ["10"]
    assert source.asked_for(str(kind)) == ["10"]


async def test_custom_content_is_listed_by_each_type_that_was_found_or_named() -> None:
    source, report = FakeSource(), Report()
    source.found = [_found("b:found", 1), _found("b:found", 2)]
    source.customs = {
        "b:found": [info(number, Kind.CUSTOM_CONTENT) for number in (1, 2, 3)],
        "a:named": [info(4, Kind.CUSTOM_CONTENT)],
    }
    listing = await _list(source, report, custom_content_types=("a:named",))
    assert source.asked[-2:] == ["contents a:named", "contents b:found"]
    assert _ids(listing, Kind.CUSTOM_CONTENT) == ["1", "2", "3", "4"]
    assert Kind.CUSTOM_CONTENT not in listing.complete
    assert report.listings[Kind.CUSTOM_CONTENT] == Counter({"complete": 2})


async def test_what_is_of_an_unknown_type_is_kept_as_it_was_found_and_counted() -> None:
    source, report = FakeSource(), Report()
    source.found = [_found("hologram", 7)]
    assert _ids(await _list(source, report), Kind.OTHER) == ["7"]
    assert report.unknown == Counter({"content type 'hologram'": 1})


async def test_a_search_that_breaks_off_is_a_fault_and_what_came_counts() -> None:
    source, report = FakeSource(), Report()
    source.found = [_found("folder", 10), RemoteError("answered 500")]
    source.nodes["10"] = info(10, Kind.FOLDER)
    listing = await _list(source, report)
    assert _ids(listing, Kind.FOLDER) == ["10"]
    assert set(listing.complete) == {*LISTED}
    assert report.faults == ["the search for folders and the like is incomplete: answered 500"]


@pytest.mark.parametrize("skipped", [True, False])
async def test_a_search_that_is_skipped_or_denied_costs_what_only_it_finds(skipped: bool) -> None:
    source, report = FakeSource(), Report()
    source.found = [ScopeMissing("the token lacks a scope")]
    source.listed[Kind.PAGE] = [info(1, parent_id="10", parent_type="folder")]
    source.nodes["10"] = info(10, Kind.FOLDER)
    listing = await _list(source, report, skip=frozenset({Part.SEARCH} if skipped else ()))
    assert _ids(listing, Kind.FOLDER) == ["10"]
    assert report.listings[Part.SEARCH] == Counter({"not asked": 1})
    assert report.not_granted == ([] if skipped else ["the token lacks a scope"])


@pytest.mark.parametrize("kind", [Kind.FOLDER, Kind.EMBED, Kind.CUSTOM_CONTENT])
@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ({}, None),
        ({"status": "trashed"}, State.DELETED),
        ({"status": "deleted", "space_id": "6"}, State.DELETED),
        ({"space_id": "6"}, State.MOVED),
        ({"space_id": ""}, None),
        (NotFound("answered 404"), State.GONE),
    ],
    ids=["there", "trashed", "deleted", "moved", "space not told", "not visible"],
)
async def test_what_is_held_is_read_by_its_id(kind: Kind, answer: Any, state: State | None) -> None:
    source, report = FakeSource(), Report()
    source.nodes["10"] = answer if isinstance(answer, Exception) else info(10, kind, **answer)
    listing = await _list(source, report, {kind: {"10": held(info(10, kind))}})
    assert _ids(listing, kind) == ([] if state else ["10"])
    assert listing.gone[kind] == ({"10": state} if state else {})
    assert listing.whole
    assert (report.failures, report.faults) == ([], [])


async def test_custom_content_that_was_listed_is_not_read_by_its_id() -> None:
    source = FakeSource()
    custom = info(10, Kind.CUSTOM_CONTENT)
    source.customs["app:type"] = [custom]
    known = {Kind.CUSTOM_CONTENT: {"10": held(custom)}}
    await _list(source, known=known, custom_content_types=("app:type",))
    assert source.asked_for("custom-content") == []


async def test_a_folder_is_not_gone_because_an_error_hid_it() -> None:
    source, report = FakeSource(), Report()
    source.nodes["10"] = RemoteError("answered 500")
    listing = await _list(source, report, {Kind.FOLDER: {"10": held(info(10, Kind.FOLDER, title="Plans"))}})
    assert (_ids(listing, Kind.FOLDER), listing.gone[Kind.FOLDER], listing.whole) == ([], {}, False)
    assert [(each.kind, each.id, each.title) for each in report.failures] == [("folder", "10", "Plans")]
    assert report.listings[Kind.FOLDER] == Counter({"incomplete": 1})


async def test_custom_content_that_fails_leaves_the_tree_whole() -> None:
    source, report = FakeSource(), Report()
    source.nodes["10"] = RemoteError("answered 500")
    known = {Kind.CUSTOM_CONTENT: {"10": held(info(10, Kind.CUSTOM_CONTENT))}}
    assert (await _list(source, report, known)).whole
    assert [each.id for each in report.failures] == ["10"]


async def test_a_node_that_is_not_visible_is_no_failure() -> None:
    source, report = FakeSource(), Report()
    source.listed[Kind.PAGE] = [info(1, parent_id="10", parent_type="folder")]
    source.nodes["10"] = NotFound("answered 404")
    listing = await _list(source, report)
    assert (_ids(listing, Kind.FOLDER), listing.whole) == ([], True)
    assert (report.failures, report.faults) == ([], [])


@pytest.mark.parametrize("skipped", [True, False])
async def test_a_missing_scope_costs_the_kind_and_is_said_once(skipped: bool) -> None:
    source, report = FakeSource(), Report()
    source.listed[Kind.PAGE] = [
        *(info(number, parent_id=str(10 + number), parent_type="folder") for number in range(9)),
        info(99, parent_id="20", parent_type="whiteboard"),
    ]
    source.nodes = {str(10 + number): ScopeMissing("the token lacks a scope") for number in range(9)}
    source.nodes["20"] = info(20, Kind.WHITEBOARD)
    known = {Kind.FOLDER: {"10": held(info(10, Kind.FOLDER))}}
    listing = await _list(source, report, known, skip=frozenset({Part.FOLDERS} if skipped else ()))
    assert report.not_granted == ([] if skipped else ["the token lacks a scope"])
    assert (_ids(listing, Kind.WHITEBOARD), listing.gone[Kind.FOLDER]) == (["20"], {})
    assert len(source.asked_for("folder")) < (1 if skipped else 9)
    assert report.listings[Kind.FOLDER]["not asked"] >= 1


@pytest.mark.parametrize(
    ("seen", "state"),
    [
        ({}, State.GONE),
        ({"1": info(1, status="trashed")}, State.DELETED),
        ({"1": info(1, status="deleted")}, State.DELETED),
        ({"1": info(1, space_id="6")}, State.MOVED),
    ],
    ids=["not visible", "trashed", "deleted", "moved"],
)
@pytest.mark.parametrize("before", [None, State.GONE, State.MOVED])
async def test_what_became_of_a_page_is_looked_up(seen: Any, state: State, before: State | None) -> None:
    source, report = FakeSource(), Report()
    source.elsewhere = seen
    have = held(info(1), state=before, missing_since=SINCE if before else None)
    assert await look_up_missing(source, SPACE, Kind.PAGE, {"1": have}, report) == {"1": state}
    assert source.asked == ["look-up 1"]
    assert report.faults == []


@pytest.mark.parametrize("seen", [{}, {"1": info(1, status="trashed")}], ids=["purged or hidden", "trashed"])
async def test_what_was_found_deleted_is_looked_up_again_in_bulk(seen: Any) -> None:
    """It may have been restored and hidden, or purged: no one can tell."""
    source = FakeSource()
    source.elsewhere = seen
    missing = {"1": held(info(1), state=State.DELETED, missing_since=SINCE)}
    state = State.DELETED if seen else State.GONE
    assert await look_up_missing(source, SPACE, Kind.PAGE, missing, Report()) == {"1": state}


async def test_a_listing_that_left_something_out_is_a_fault_and_nothing_is_missing() -> None:
    source, report = FakeSource(), Report()
    source.elsewhere = {"1": info(1)}
    assert await look_up_missing(source, SPACE, Kind.PAGE, {"1": held(info(1))}, report) == {}
    assert report.faults == ["the listing of pages left out 1, which is there: it is kept"]


@pytest.mark.fault(55, 56)
async def test_a_look_up_that_fails_is_a_fault_and_what_was_seen_before_proves_nothing() -> None:
    source, report = FakeSource(), Report()
    source.elsewhere = RemoteError("answered 500")
    missing = {
        "1": held(info(1)),
        "2": held(info(2), state=State.MOVED, missing_since=SINCE),
        "3": held(info(3), state=State.DELETED, missing_since=SINCE),
        "4": held(info(4), state=State.GONE, missing_since=SINCE),
    }
    states = await look_up_missing(source, SPACE, Kind.PAGE, missing, report)
    assert states == {"4": State.GONE}
    assert report.faults == ["what became of 4 missing pages could not be found out: answered 500"]


async def test_a_task_that_is_no_longer_listed_is_gone() -> None:
    source = FakeSource()
    missing = {"1": held(info(1, Kind.TASK))}
    assert await look_up_missing(source, SPACE, Kind.TASK, missing, Report()) == {"1": State.GONE}
    assert source.asked == []
