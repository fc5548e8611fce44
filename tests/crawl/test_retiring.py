"""What a crawl retires: on proof, with a witness, and never from a listing that says nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from exporter.errors import ObstructedError, RemoteError
from exporter.model import ContentInfo, Kind, State
from tests.crawl.samples import NOW, Crawl, attachment, comment, held, info

LONG_AGO = (NOW - timedelta(days=2)).isoformat()


def _crawl(*there: ContentInfo, **wanted: Any) -> Crawl:
    """A page in the trash, beside those that are there."""
    crawl = Crawl(*there, **wanted)
    for each in there:
        crawl.sink.hold(each)
    gone = info(9)
    crawl.sink.hold(gone)
    crawl.source.elsewhere = {"9": replace(gone, status="trashed")}
    return crawl


async def test_what_is_in_the_trash_is_retired_after_asking_again() -> None:
    crawl = _crawl(info(1))
    await crawl.run()
    assert crawl.sink.retired == [("page", "9", None)]
    assert crawl.asked_again == ["1"]
    assert [(each.id, each.reason) for each in crawl.report.retired] == [("9", "deleted")]


async def test_without_a_witness_nothing_is_retired() -> None:
    crawl = _crawl(info(1))
    crawl.is_still_true = False
    await crawl.run()
    assert crawl.sink.retired == []
    assert crawl.sink.missing
    assert "nothing was retired" in crawl.report.warnings[0]


@pytest.mark.fault(53)
async def test_an_empty_listing_never_retires_anything() -> None:
    crawl = _crawl()
    await crawl.run()
    assert crawl.sink.retired == []
    assert [each.id for each in crawl.report.withheld] == ["9"]


@pytest.mark.fault(55)
@pytest.mark.parametrize("broken", [Kind.PAGE, Kind.BLOGPOST])
async def test_a_listing_that_breaks_off_retires_nothing_of_its_kind(broken: Kind) -> None:
    crawl = _crawl(info(1), info(2, Kind.BLOGPOST))
    crawl.source.listed[broken].append(RemoteError("cut short"))
    await crawl.run()
    assert bool(crawl.sink.retired) is (broken is not Kind.PAGE)


async def test_nobody_who_looks_on_a_part_retires_and_nobody_who_does_not_know_who_he_is() -> None:
    part = _crawl(info(1), page="1")
    await part.run()
    assert part.sink.retired == []
    unknown = _crawl(info(1))
    unknown.policy = replace(unknown.policy, still_true=None)
    await unknown.run()
    assert unknown.sink.retired == []
    assert unknown.report.withheld == []


async def test_a_dry_run_says_what_it_would_retire_and_does_not() -> None:
    crawl = _crawl(info(1))
    await crawl.run(dry_run=True)
    assert crawl.sink.retired == []
    assert ("retired", "page", "9") in crawl.done


async def test_a_comment_goes_after_two_listings_of_a_page_that_answers() -> None:
    for since, retired in ((None, []), (LONG_AGO, [("comment", "5", "1")])):
        crawl = Crawl(info(1))
        crawl.sink.hold(info(1))
        state = State.GONE if since else None
        crawl.sink.hold_in(1, Kind.COMMENT, {"5": held(comment(5), missing_since=since, state=state)})
        await crawl.run()
        assert crawl.sink.retired == retired


async def test_a_page_whose_own_request_fails_is_no_witness_against_its_comments() -> None:
    crawl = Crawl(info(1))
    crawl.sink.hold(info(1))
    crawl.source.facts["1"] = RemoteError("answered 500")
    crawl.source.closed["1"] = RemoteError("answered 500")
    crawl.sink.hold_in(1, Kind.COMMENT, {"5": held(comment(5), missing_since=LONG_AGO, state=State.GONE)})
    await crawl.run()
    assert crawl.sink.retired == []


async def test_a_task_of_a_page_that_is_not_there_stays() -> None:
    for parent, retired in (("1", [("task", "7", None)]), ("8", [])):
        task = info(7, Kind.TASK, parent_id=parent)
        crawl = Crawl(info(1), info(6, Kind.TASK, parent_id="1"))
        crawl.sink.hold(info(1))
        crawl.sink.hold(task, missing_since=LONG_AGO, state=State.GONE, container=parent)
        await crawl.run()
        assert crawl.sink.retired == retired


@pytest.mark.parametrize(
    ("target", "retired"), [("2", []), ("88", []), ("77", [("attachment", "att5", "1")])]
)
async def test_an_attachment_on_another_page_of_the_space_is_not_retired(
    target: str, retired: list[Any]
) -> None:
    crawl = Crawl(info(1), info(2))
    for number in (1, 2):
        crawl.sink.hold(info(number))
    moved = attachment(5, 1)
    crawl.sink.hold_in(1, Kind.ATTACHMENT, {"att5": held(moved)})
    crawl.source.files_elsewhere["att5"] = replace(moved, container=target)  # type: ignore[arg-type]
    crawl.source.elsewhere = {"2": info(2), "77": info(77, space_id="6")}
    await crawl.run()
    assert crawl.sink.retired == retired


@pytest.mark.fault(54)
@pytest.mark.parametrize(("accept", "retired"), [(0, 0), (11, 0), (12, 12)])
async def test_suspiciously_much_is_withheld_until_it_is_accepted(accept: int, retired: int) -> None:
    crawl = Crawl(*(info(number) for number in range(1, 30)))
    crawl.policy = replace(crawl.policy, accept=accept)
    for number in range(1, 42):
        crawl.sink.hold(info(number))
    gone = {str(number): replace(info(number), status="trashed") for number in range(30, 42)}
    crawl.source.elsewhere = gone
    await crawl.run()
    assert len(crawl.sink.retired) == retired
    assert len(crawl.report.withheld) == (0 if retired else 12)
    assert crawl.report.withheld_of == ({} if retired else {Kind.PAGE: 41})


async def test_what_was_restored_since_the_listing_is_kept() -> None:
    crawl = _crawl(info(1))
    asked = 0

    async def look_up(kind: Kind, ids: Any, *, alone: bool = True) -> Any:
        nonlocal asked
        asked += 1
        return {"9": replace(info(9), status="trashed" if asked == 1 else "current")}

    crawl.source.look_up = look_up  # type: ignore[method-assign]
    await crawl.run()
    assert asked == 2
    assert crawl.sink.retired == []


async def test_a_page_is_kept_while_an_attachment_recorded_on_it_is_on_another() -> None:
    crawl = _crawl(info(1))
    crawl.sink.hold_in(9, Kind.ATTACHMENT, {"att5": held(attachment(5, 9))})
    crawl.source.files_elsewhere["att5"] = attachment(5, 1)
    await crawl.run()
    assert crawl.sink.retired == []


async def test_a_comment_that_answers_is_not_gone_whatever_two_empty_listings_say() -> None:
    crawl = Crawl(info(1))
    crawl.sink.hold(info(1))
    crawl.sink.hold_in(1, Kind.COMMENT, {"5": held(comment(5), missing_since=LONG_AGO, state=State.GONE)})
    crawl.source.talking = {"5"}
    await crawl.run()
    assert crawl.sink.retired == []


@pytest.mark.fault(53)
async def test_a_kind_whose_listing_is_empty_is_withheld() -> None:
    crawl = Crawl(info(1))
    crawl.sink.hold(info(1))
    crawl.sink.hold(info(9, Kind.BLOGPOST))
    crawl.source.elsewhere = {"1": info(1), "9": info(9, Kind.BLOGPOST, status="trashed")}
    await crawl.run()
    assert crawl.sink.retired == []
    assert [each.id for each in crawl.report.withheld] == ["9"]


async def test_an_obstructed_item_costs_itself() -> None:
    crawl = _crawl(info(1))

    async def retire(*_: Any, **__: Any) -> bool:
        raise ObstructedError("a folder is in the way")

    crawl.sink.retire = retire  # type: ignore[method-assign]
    await crawl.run()
    assert crawl.failed == ["9"]
    assert crawl.report.retired == []
