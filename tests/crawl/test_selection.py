from __future__ import annotations

from typing import Any

import pytest

from exporter.errors import AuthError, RemoteError, SpaceError
from exporter.model import Kind, State, Version
from tests.crawl.samples import Crawl, info

FOLDER = info(10, Kind.FOLDER, parent_id="1", parent_type="page")
SPACE_TREE = (
    info(1),
    FOLDER,
    info(2, parent_id="10", parent_type="folder"),
    info(3, parent_id="2", parent_type="page"),
    info(4),
    info(5, Kind.BLOGPOST),
    info(20, Kind.CUSTOM_CONTENT, parent_id="2", parent_type="page"),
    info(21, Kind.CUSTOM_CONTENT, parent_id="20", parent_type="custom-content"),
    info(22, Kind.CUSTOM_CONTENT, parent_id="4", parent_type="page"),
    info(30, Kind.TASK, parent_id="2"),
    info(31, Kind.TASK, parent_id="4"),
)


def _sets(wanted: dict[str, Any]) -> dict[str, Any]:
    return {name: frozenset(each) if "labels" in name else each for name, each in wanted.items()}


def _saved(crawl: Crawl) -> str:
    return " ".join(sorted([*crawl.sink.bodies, *crawl.sink.metadata], key=int))


@pytest.mark.parametrize(
    ("wanted", "saved"),
    [
        ({"page": "4"}, "4 22 31"),
        ({"page": "1"}, "1"),
        ({"page": "1", "with_descendants": True}, "1 2 3 10 20 21 30"),
        ({"page": "2"}, "2 10 20 21 30"),
        ({"page": "2", "with_descendants": True}, "2 3 10 20 21 30"),
        ({"page": "10"}, "10"),
        ({"page": "10", "with_descendants": True}, "2 3 10 20 21 30"),
        ({"page": "5"}, "5"),
        ({"labels": "a"}, "3 5 10"),
        ({"labels": "ab"}, "3 4 5 10 22 31"),
        ({"exclude_labels": "a"}, "1 2 4 10 20 21 22 30 31"),
        ({"labels": "ab", "exclude_labels": "c"}, "3 5 10"),
        ({"page": "1", "with_descendants": True, "labels": "a"}, "3 10"),
        ({"labels": "z"}, ""),
    ],
)
async def test_what_is_wanted_comes_with_the_folders_above_it(wanted: dict[str, Any], saved: str) -> None:
    crawl = Crawl(*SPACE_TREE, **_sets(wanted))
    crawl.source.named |= {"3": ["a"], "4": ["b", "c"], "5": ["a", "x"]}
    await crawl.run()
    assert _saved(crawl) == saved
    assert crawl.failed == []


async def test_the_tree_shows_what_was_wanted_with_the_pages_above_it() -> None:
    crawl = Crawl(*SPACE_TREE, page="3")
    await crawl.run()
    assert crawl.sink.tree == ["1", "10", "2", "3"]


async def test_the_tree_shows_what_was_wanted_before_too() -> None:
    crawl = Crawl(*SPACE_TREE, page="3")
    crawl.sink.hold(info(4))
    await crawl.run()
    assert crawl.sink.tree == ["1", "10", "2", "3", "4"]


async def test_nothing_is_missing_from_a_selection_and_nothing_looked_up() -> None:
    crawl = Crawl(*SPACE_TREE, page="4")
    crawl.sink.hold(info(2, version=Version(7, "")))
    crawl.sink.hold(info(98))
    crawl.sink.hold(info(99, Kind.FOLDER), state=None)
    crawl.source.nodes["99"] = info(99, Kind.FOLDER, status="trashed")
    await crawl.run()
    assert crawl.sink.missing == []
    assert crawl.source.asked_for("look-up") == []


@pytest.mark.parametrize("wanted", [{"page": "99"}, {"page": "20"}])
async def test_a_page_that_is_not_there_ends_the_run(wanted: dict[str, Any]) -> None:
    crawl = Crawl(*SPACE_TREE, **wanted)
    with pytest.raises(SpaceError, match=f"no page {wanted['page']}"):
        await crawl.run()
    assert _saved(crawl) == ""


@pytest.mark.parametrize("wanted", [{"labels": "a"}, {"exclude_labels": "b"}])
async def test_a_page_whose_labels_cannot_be_listed_is_left_out_and_named(wanted: dict[str, Any]) -> None:
    crawl = Crawl(info(1), info(2), **_sets(wanted))
    crawl.source.named |= {"1": ["a"], "2": ["a", RemoteError("answered 500")]}
    await crawl.run()
    assert _saved(crawl) == "1"
    assert crawl.failed == ["2"]
    assert "its labels could not be listed, so it was left out" in crawl.report.failures[0].reason


async def test_a_dead_token_ends_the_run_at_the_labels() -> None:
    crawl = Crawl(info(1), labels=frozenset("a"))
    crawl.source.named["1"] = [AuthError("no")]
    with pytest.raises(AuthError):
        await crawl.run()


async def test_custom_content_in_a_circle_is_left_out() -> None:
    crawl = Crawl(
        info(1),
        info(20, Kind.CUSTOM_CONTENT, parent_id="21"),
        info(21, Kind.CUSTOM_CONTENT, parent_id="20"),
        page="1",
    )
    await crawl.run()
    assert _saved(crawl) == "1"


@pytest.mark.parametrize(("is_selection", "states"), [(True, []), (False, [State.GONE])])
async def test_only_a_run_over_everything_says_what_is_missing(
    is_selection: bool, states: list[State]
) -> None:
    crawl = Crawl(info(1), page="1" if is_selection else None)
    crawl.sink.hold(info(2))
    await crawl.run()
    assert [state for _, _, state, _ in crawl.sink.missing] == states
