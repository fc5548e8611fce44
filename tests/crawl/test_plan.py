from __future__ import annotations

from typing import Any

import pytest

from exporter.crawl.plan import make_plan
from exporter.model import Held, Version
from tests.crawl.samples import held, info

LISTED = info(1, version=Version(5, "2026-11-05"))


def _where(have: Held | None, *, with_data: bool = True) -> str:
    plan = make_plan([LISTED], {"1": have} if have else {}, complete=True, with_data=with_data)
    verbs = [verb for verb in ("new", "changed", "damaged", "updated", "returned") if getattr(plan, verb)]
    assert len(verbs) <= 1 or verbs == ["returned"]
    assert plan.unchanged == (verbs in ([], ["returned"]))
    assert not plan.missing
    return verbs[0] if verbs else "unchanged"


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({}, "unchanged"),
        ({"version": Version(4, "2026-11-04")}, "changed"),
        ({"version": Version(6, "2026-11-06")}, "changed"),
        ({"version": Version(5, "2026-11-06")}, "changed"),
        ({"version": Version(None, "")}, "changed"),
        ({"has_data": False}, "damaged"),
        ({"metadata_sha256": b"other"}, "updated"),
        ({"metadata_sha256": None}, "updated"),
        ({"missing_since": "2026-11-01"}, "returned"),
        ({"missing_since": "2026-11-01", "has_data": False}, "damaged"),
        ({"missing_since": "2026-11-01", "version": Version(4, "")}, "changed"),
        ({"title": "what it was called before"}, "unchanged"),
    ],
    ids=["same", "edited", "number fell", "date only", "no version", "file gone", "moved", "metadata gone",
         "was missing", "missing and gone", "missing and edited", "title"],
)  # fmt: skip
def test_an_item_goes_where_its_version_and_files_say(changes: dict[str, Any], where: str) -> None:
    assert _where(held(LISTED, **changes)) == where


def test_what_is_not_held_is_new() -> None:
    assert _where(None) == "new"


def test_what_has_no_file_is_not_damaged_without_one() -> None:
    assert _where(held(LISTED, has_data=False), with_data=False) == "unchanged"


@pytest.mark.parametrize("complete", [True, False])
def test_only_a_complete_listing_shows_what_is_missing(complete: bool) -> None:
    have = {"1": held(LISTED), "2": held(info(2))}
    plan = make_plan([LISTED], have, complete=complete, with_data=True)
    assert list(plan.missing) == (["2"] if complete else [])


def test_an_empty_complete_listing_misses_everything_and_fetches_nothing() -> None:
    plan: Any = make_plan([], {"1": held(LISTED)}, complete=True, with_data=True)
    assert list(plan.missing) == ["1"]
    assert plan.to_fetch == []


def test_new_changed_and_damaged_items_are_fetched_and_no_others() -> None:
    items = [info(number) for number in range(1, 6)]
    have = {
        "2": held(items[1], version=Version(0, "")),
        "3": held(items[2], has_data=False),
        "4": held(items[3], metadata_sha256=b"other"),
        "5": held(items[4]),
    }
    plan = make_plan(items, have, complete=True, with_data=True)
    assert [item.id for item in plan.to_fetch] == ["1", "2", "3"]
    assert [item.id for item in plan.updated] == ["4"]
    assert plan.unchanged == 1
