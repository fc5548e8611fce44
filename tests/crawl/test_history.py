from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from exporter.errors import NotFound, RemoteError, ScopeMissing
from exporter.mirror.opening import open_mirror
from exporter.model import Kind, OldVersion, Part, State, Version
from tests.crawl.samples import SINCE, Crawl, attachment, held_old, info, old
from tests.fake_clock import FakeClock

LACKING = ScopeMissing("the token lacks a scope")


def _page(versions: Sequence[OldVersion], held: Sequence[OldVersion] = (), **wanted: Any) -> Crawl:
    crawl = Crawl(info(1), **{"history": 9, **wanted})
    crawl.sink.hold(info(1))
    crawl.source.facts["1"] = {
        Part.VERSIONS: [{"number": each.number, "createdAt": each.date} for each in versions]
    }
    crawl.sink.hold_in(1, Kind.VERSION, {each.id: held_old(each) for each in held})
    return crawl


def _file(versions: Sequence[OldVersion | Exception], latest: int = 3, **wanted: Any) -> Crawl:
    crawl = Crawl(info(1), **{"history": 9, **wanted})
    crawl.source.files["1"] = [attachment(1, version=Version(latest, "2026-11-03"))]
    crawl.source.versions["att1"] = [*versions]
    return crawl


def _many(container: int | str, count: int) -> list[OldVersion]:
    return [old(container, number) for number in range(1, count + 1)]


@pytest.mark.parametrize(("count", "days"), [(0, []), (1, [4]), (3, [2, 3, 4]), (9, [1, 2, 3, 4])])
async def test_as_many_former_versions_as_are_wanted_come_the_newest_first(
    count: int, days: list[int]
) -> None:
    crawl = _page(list(reversed(_many(1, 5))), history=count)
    await crawl.run()
    assert crawl.sink.old == {old(1, day).id: f"<p>{old(1, day).id}</p>" for day in days}
    assert sum(verb == "new" and kind == "version" for verb, kind, _ in crawl.done) == len(days)


async def test_a_page_of_one_version_has_no_history() -> None:
    crawl = _page(_many(1, 1))
    await crawl.run()
    assert (crawl.sink.old, crawl.done) == ({}, {("updated", "page", "1")})


async def test_a_former_version_is_fetched_once_though_numbers_shift() -> None:
    shifted = [old(1, 1, 2), old(1, 2, 3), old(1, 3, 4)]
    crawl = _page(shifted, held=[old(1, 2), old(1, 3)])
    await crawl.run()
    assert (crawl.sink.old, crawl.sink.missing) == ({}, [])
    assert crawl.report.counts[Kind.VERSION]["unchanged"] == 2


async def test_a_former_version_that_was_deleted_is_missing_from_its_page() -> None:
    crawl = _page(_many(1, 3), held=[old(1, 1), old(1, 9)])
    await crawl.run()
    assert crawl.sink.missing == [("version", old(1, 9).id, "gone", "1")]
    assert list(crawl.sink.old) == [old(1, 2).id]


async def test_former_versions_beyond_the_number_wanted_are_kept() -> None:
    crawl = _page(_many(1, 5), held=_many(1, 4), history=1)
    await crawl.run()
    assert (crawl.sink.old, crawl.sink.missing) == ({}, [])


@pytest.mark.parametrize("changes", [{"has_data": False}, {"digest": None}])
async def test_a_former_version_whose_file_is_gone_comes_again(changes: dict[str, Any]) -> None:
    crawl = _page(_many(1, 2))
    crawl.sink.hold_in(1, Kind.VERSION, {old(1, 1).id: held_old(old(1, 1), **changes)})
    await crawl.run()
    assert list(crawl.sink.old) == [old(1, 1).id]
    assert ("damaged", "version", old(1, 1).id) in crawl.done


async def test_a_former_version_that_returns_is_marked_as_back() -> None:
    crawl = _page(_many(1, 2))
    before = held_old(old(1, 1), missing_since=SINCE, state=State.GONE)
    crawl.sink.hold_in(1, Kind.VERSION, {old(1, 1).id: before})
    await crawl.run()
    assert (crawl.sink.returned, crawl.sink.old) == ([("version", old(1, 1).id)], {})


async def test_a_former_version_that_fails_costs_itself() -> None:
    crawl = _page(_many(1, 3))
    crawl.source.old[old(1, 2).id] = NotFound("that number is another version by now")
    await crawl.run()
    assert (list(crawl.sink.old), crawl.failed) == ([old(1, 1).id], [old(1, 2).id])


async def test_a_former_version_that_is_obstructed_costs_itself() -> None:
    crawl = _page(_many(1, 3))
    crawl.sink.obstructed = {old(1, 2).id}
    await crawl.run()
    assert (list(crawl.sink.old), crawl.failed) == ([old(1, 1).id], [old(1, 2).id])


async def test_a_scope_for_former_versions_is_said_once() -> None:
    crawl = _page(_many(1, 3))
    crawl.source.old = {each.id: LACKING for each in _many(1, 3)}
    await crawl.run()
    assert (crawl.report.not_granted, crawl.failed, crawl.sink.old) == ([str(LACKING)], [], {})


async def test_a_dry_run_counts_former_versions_and_fetches_none() -> None:
    crawl = _page(_many(1, 3))
    await crawl.run(dry_run=True)
    assert ("new", "version", old(1, 2).id) in crawl.done
    assert (crawl.source.asked_for("old"), crawl.sink.old) == ([], {})


@pytest.mark.parametrize(("count", "numbers"), [(0, []), (1, [2]), (9, [1, 2])])
async def test_former_versions_of_an_attachment_are_downloaded(count: int, numbers: list[int]) -> None:
    crawl = _file(_many("att1", 3), history=count)
    await crawl.run()
    assert crawl.sink.old == {old("att1", number).id: b"data" for number in numbers}
    downloads = sorted(crawl.source.asked_for("download"))
    assert downloads == ["att1", *(f"att1 {number}" for number in numbers)]
    assert len(crawl.source.asked_for("versions")) == bool(count)


@pytest.mark.parametrize("is_held", [True, False])
async def test_an_attachment_of_one_version_is_asked_only_when_more_are_held(is_held: bool) -> None:
    crawl = _file([old("att1", 1, 3)])
    crawl.source.files["1"] = [attachment(1, version=Version(1, old("att1", 1, 3).date))]
    if is_held:
        crawl.sink.hold_in("att1", Kind.VERSION, {old("att1", 1).id: held_old(old("att1", 1))})
    await crawl.run()
    assert crawl.source.asked_for("versions") == (["att1"] if is_held else [])
    gone = ("version", old("att1", 1).id, "gone", "att1")
    assert crawl.sink.missing == ([gone] if is_held else [])


async def test_versions_that_cannot_all_be_listed_cost_themselves_and_mark_nothing() -> None:
    crawl = _file([old("att1", 3), RemoteError("answered 500")])
    crawl.sink.hold_in("att1", Kind.VERSION, {old("att1", 1).id: held_old(old("att1", 1))})
    await crawl.run()
    assert (crawl.failed, crawl.sink.missing, crawl.sink.old) == (["att1"], [], {})


async def test_a_scope_for_versions_of_attachments_is_said_once() -> None:
    crawl = _file([LACKING])
    await crawl.run()
    assert (crawl.report.not_granted, crawl.failed) == ([str(LACKING)], [])
    assert list(crawl.sink.data) == ["att1"]


async def test_a_second_run_into_a_mirror_fetches_no_former_version_again(tmp_path: Path) -> None:
    crawl = _page(_many(1, 3))
    crawl.source.files["1"] = [attachment(1, version=Version(2, "2026-11-02"))]
    crawl.source.versions["att1"] = [*_many("att1", 2)]
    async with open_mirror(tmp_path, mode=0o600, clock=FakeClock(), durable=False) as mirror:
        await crawl.run(sink=mirror)
        asked = ["1 1", "1 2", "att1 1"]
        assert sorted(crawl.source.asked_for("old")) == asked
        crawl.report.actions.clear()
        await crawl.run(sink=mirror)
    assert sorted(crawl.source.asked_for("old")) == asked
    assert (crawl.done, crawl.failed) == (set(), [])
