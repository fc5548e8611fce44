from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import pytest

from exporter.crawl.listing import SpaceListing, list_space
from exporter.crawl.report import Report
from exporter.errors import AuthError, NotFound, RemoteError, ScopeMissing, Unavailable
from exporter.model import Held, Kind, SpaceId
from exporter.progress import Silent
from tests.crawl.samples import FakeSource, held, info


async def _list(
    source: FakeSource,
    report: Report | None = None,
    known: Mapping[Kind, Mapping[str, Held]] | None = None,
) -> SpaceListing:
    return await list_space(
        source, SpaceId("5"), known or defaultdict(dict), workers=3, report=report or Report(),
        progress=Silent()
    )  # fmt: skip


def _ids(listing: SpaceListing, kind: Kind) -> list[str]:
    return [item.id for item in listing.contents[kind]]


async def test_pages_and_blog_posts_are_listed_and_complete() -> None:
    source = FakeSource()
    source.listed = {Kind.PAGE: [info(1), info(2)], Kind.BLOGPOST: [info(3, Kind.BLOGPOST)]}
    listing = await _list(source)
    assert (_ids(listing, Kind.PAGE), _ids(listing, Kind.BLOGPOST)) == (["1", "2"], ["3"])
    assert listing.complete == {Kind.PAGE, Kind.BLOGPOST}
    assert len(listing.everything) == 3


async def test_metadata_is_let_go_of_unless_it_differs_from_what_is_held() -> None:
    source = FakeSource()
    new, same, moved = info(1), info(2), info(3, position=4)
    source.listed[Kind.PAGE] = [new, same, moved]
    known: Mapping[Kind, Mapping[str, Held]] = defaultdict(
        dict, {Kind.PAGE: {"2": held(same), "3": held(moved, metadata_sha256=b"other")}}
    )
    listing = await _list(source, known=known)
    assert [item.metadata for item in listing.contents[Kind.PAGE]] == [b"", b"", moved.metadata]
    assert [item.digest for item in listing.contents[Kind.PAGE]] == [new.digest, same.digest, moved.digest]


@pytest.mark.parametrize("kind", [Kind.PAGE, Kind.BLOGPOST])
async def test_a_listing_that_breaks_off_keeps_what_came_and_is_not_complete(kind: Kind) -> None:
    source, report = FakeSource(), Report()
    source.listed[kind] = [info(1, kind), RemoteError("answered 500")]
    listing = await _list(source, report)
    assert _ids(listing, kind) == ["1"]
    assert kind not in listing.complete
    assert report.faults == [f"the listing of {kind}s is incomplete: answered 500"]


@pytest.mark.parametrize("error", [AuthError("no"), Unavailable("later"), ScopeMissing("tick it")])
async def test_what_ends_the_run_passes(error: Exception) -> None:
    source = FakeSource()
    source.listed[Kind.PAGE] = [info(1), error]
    with pytest.raises(type(error)):
        await _list(source)


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
    assert source.asked == ["folder 10", "whiteboard 11", "database 12", "embed 13"]
    assert [_ids(listing, kind) for kind in (Kind.FOLDER, Kind.WHITEBOARD, Kind.DATABASE, Kind.EMBED)] == [
        ["10"], ["11"], ["12"], ["13"]
    ]  # fmt: skip


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
    source = FakeSource()
    source.listed[Kind.PAGE] = [info(1, parent_id=parent_id, parent_type=parent_type)]
    await _list(source)
    assert source.asked == []


async def test_a_node_that_is_not_visible_is_no_failure() -> None:
    source, report = FakeSource(), Report()
    source.listed[Kind.PAGE] = [info(1, parent_id="10", parent_type="folder")]
    source.nodes["10"] = NotFound("answered 404")
    assert _ids(await _list(source, report), Kind.FOLDER) == []
    assert report == Report()


async def test_a_node_that_fails_costs_itself() -> None:
    source, report = FakeSource(), Report()
    source.listed[Kind.PAGE] = [
        info(1, parent_id="10", parent_type="folder"), info(2, parent_id="11", parent_type="folder")
    ]  # fmt: skip
    source.nodes = {"10": RemoteError("answered 500"), "11": info(11, Kind.FOLDER)}
    listing = await _list(source, report)
    assert _ids(listing, Kind.FOLDER) == ["11"]
    assert [(failure.kind, failure.id) for failure in report.failures] == [("folder", "10")]
    assert listing.complete == {Kind.PAGE, Kind.BLOGPOST}


async def test_a_missing_scope_costs_the_kind_and_is_said_once() -> None:
    source, report = FakeSource(), Report()
    source.listed[Kind.PAGE] = [
        *(info(number, parent_id=str(10 + number), parent_type="folder") for number in range(9)),
        info(99, parent_id="20", parent_type="whiteboard"),
    ]
    source.nodes = {str(10 + number): ScopeMissing("the token lacks a scope") for number in range(9)}
    source.nodes["20"] = info(20, Kind.WHITEBOARD)
    listing = await _list(source, report)
    assert report.not_granted == ["the token lacks a scope"]
    assert _ids(listing, Kind.WHITEBOARD) == ["20"]
    assert len(source.asked) < 9
