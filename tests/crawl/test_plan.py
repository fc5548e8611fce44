from __future__ import annotations

from typing import Any

import pytest

from exporter.crawl.plan import make_plan
from exporter.model import Held, State, Version
from tests.crawl.samples import SINCE, held, info

LISTED = info(1, version=Version(5, "2026-11-05"))
NOWHERE = info(1, version=Version(None, ""))


def _where(listed: Any, have: Held | None, *, with_data: bool = True) -> str:
    plan = make_plan([listed], {"1": have} if have else {}, gone={}, with_data=with_data)
    verbs = [verb for verb in ("new", "changed", "damaged", "updated") if getattr(plan, verb)]
    assert plan.unchanged == (not verbs)
    assert list(plan.returned) == (["1"] if have is not None and have.missing_since else [])
    assert not plan.missing
    return " ".join(verbs) or "unchanged"


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({}, "unchanged"),
        ({"version": Version(4, "2026-11-04")}, "changed"),
        ({"version": Version(6, "2026-11-06")}, "changed"),
        ({"version": Version(5, "2026-11-06")}, "changed"),
        ({"version": Version(None, "")}, "changed"),
        ({"has_data": False}, "damaged"),
        ({"has_data": False, "digest": b"other"}, "damaged"),
        ({"digest": b"other"}, "updated"),
        ({"digest": None}, "updated"),
        ({"missing_since": SINCE}, "unchanged"),
        ({"missing_since": SINCE, "state": State.DELETED, "has_data": False}, "damaged"),
        ({"missing_since": SINCE, "version": Version(4, "")}, "changed"),
        ({"missing_since": SINCE, "digest": b"other"}, "updated"),
        ({"title": "what it was called before"}, "unchanged"),
    ],
    ids=["same", "edited", "number fell", "date only", "no version", "file gone", "moved and file gone",
         "moved", "metadata gone", "returned", "returned and gone", "returned and edited",
         "returned and moved", "title"],
)  # fmt: skip
def test_an_item_goes_where_its_version_and_files_say(changes: dict[str, Any], where: str) -> None:
    assert _where(LISTED, held(LISTED, **changes)) == where


@pytest.mark.parametrize("with_data", [True, False])
def test_what_is_not_held_is_new(with_data: bool) -> None:
    assert _where(LISTED, None, with_data=with_data) == "new"


def test_what_has_no_file_is_not_damaged_without_one() -> None:
    assert _where(LISTED, held(LISTED, has_data=False), with_data=False) == "unchanged"


@pytest.mark.parametrize(("with_data", "where"), [(True, "changed"), (False, "unchanged")])
def test_a_version_without_a_number_tells_nothing_of_a_body(with_data: bool, where: str) -> None:
    assert _where(NOWHERE, held(NOWHERE), with_data=with_data) == where


@pytest.mark.parametrize(
    ("changes", "is_news", "is_noted"),
    [
        ({}, True, True),
        ({"missing_since": SINCE, "state": State.GONE}, False, False),
        ({"missing_since": SINCE, "state": State.DELETED}, False, True),
        ({"missing_since": SINCE}, False, True),
    ],
    ids=["was there", "as before", "in another state", "nobody knew why"],
)
def test_what_is_gone_is_missing_and_noted_when_it_is_news(
    changes: dict[str, Any], is_news: bool, is_noted: bool
) -> None:
    plan: Any = make_plan([], {"1": held(LISTED, **changes)}, gone={"1": State.GONE}, with_data=True)
    assert plan.missing["1"].is_news is is_news
    assert plan.newly_missing == ({"1": State.GONE} if is_noted else {})
    assert plan.to_fetch == []


def test_what_is_not_known_to_be_gone_is_not_missing_and_what_was_never_held_neither() -> None:
    have = {"1": held(LISTED), "2": held(info(2))}
    plan = make_plan([LISTED], have, gone={"9": State.GONE}, with_data=True)
    assert plan.missing == {}


def test_new_changed_and_damaged_items_are_fetched_and_no_others() -> None:
    items = [info(number) for number in range(1, 6)]
    have = {
        "2": held(items[1], version=Version(0, "")),
        "3": held(items[2], has_data=False),
        "4": held(items[3], digest=b"other"),
        "5": held(items[4]),
    }
    plan = make_plan(items, have, gone={}, with_data=True)
    assert [item.id for item in plan.to_fetch] == ["1", "2", "3"]
    assert [item.id for item in plan.updated] == ["4"]
    assert plan.unchanged == 1
