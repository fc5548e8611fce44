"""What is seen within the window, whatever fails meanwhile, and however well two sources agree by chance."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest

from exporter.crawl import routes
from exporter.crawl.routes import ASKED, DUE, SWEPT
from exporter.errors import RemoteError, ScopeMissing, Unavailable
from exporter.model import ContentInfo, FoundDetails, Kind, Part, State, Version
from tests.crawl.samples import (
    ALL_PARTS,
    PAGES,
    SINCE,
    Crawl,
    attachment,
    comment,
    held,
    held_old,
    info,
    night,
    old,
)

pytestmark = pytest.mark.usefixtures("nothing_is_small")

BEFORE = Version(1, "2026-10-01T08:00:00Z")
ODD = RemoteError("one item is odd")
NIGHTS = 8


def _everybody() -> set[str]:
    return set(map(str, PAGES))


async def test_a_fault_each_night_holds_up_nobodys_turn() -> None:
    crawl = night(within=2)
    crawl.source.listed[Kind.TASK] = [ODD]
    for _ in range(2):
        await crawl.run()
    assert {*crawl.source.asked_for("details")} == _everybody()


async def test_a_fault_on_the_first_night_leaves_it_the_first_all_the_same() -> None:
    crawl = night(first=True)
    crawl.source.listed[Kind.TASK] = [ODD]
    await crawl.run()
    assert crawl.sink.noted[SWEPT] == ALL_PARTS


async def test_what_was_due_is_asked_for_until_it_answers() -> None:
    crawl = night()
    crawl.source.listed[Kind.TASK] = [ODD]
    crawl.source.facts["3"] = RemoteError("answered 500")
    crawl.sink.noted[DUE] = "3"
    await crawl.run()
    crawl.source.facts.pop("3")
    await crawl.run()
    assert crawl.sink.noted[DUE] == ""


async def test_where_the_listing_broke_off_those_whose_turn_it_was_are_due() -> None:
    crawl = night(within=2)
    crawl.source.listed[Kind.PAGE].insert(4, ODD)
    await crawl.run()
    crawl.source.listed[Kind.PAGE].remove(ODD)
    await crawl.run()
    assert {*crawl.source.asked_for("details")} == _everybody()


class Budget(list[str]):
    """Of what is asked for of single pages: beyond it, a night is over."""

    left = 0

    def append(self, request: str) -> None:
        self.left -= request.split()[0] in ("details", "restrictions", "attachments", "footer", "inline")
        if self.left < 0:
            raise Unavailable("no more tonight")
        super().append(request)


SITE_IS_LARGE = {(kind, True): 100_000 for kind in (Kind.ATTACHMENT, Kind.COMMENT)}


async def _is_cut(crawl: Crawl, asked: Budget, *, budget: int = 16) -> bool:
    """What a night saves is held in the next."""
    crawl.source.asked, asked.left = asked, budget
    try:
        await crawl.run()
    except Unavailable:
        return True
    finally:
        for each in {*crawl.sink.bodies, *crawl.sink.metadata}:
            crawl.sink.hold(info(each))
        crawl.sink.bodies.clear()
        crawl.sink.metadata.clear()
    return False


@pytest.mark.parametrize(("within", "cut"), [(1, [True, True, False]), (2, [True, False, True, False])])
async def test_what_a_run_that_was_cut_came_to_costs_the_next_one_nothing(
    within: int, cut: list[bool]
) -> None:
    crawl, asked = night(within=within), Budget()
    assert [await _is_cut(crawl, asked) for _ in cut] == cut
    assert {*crawl.source.asked_for("details")} == _everybody()
    assert len(crawl.source.asked_for("details")) <= len(PAGES) + cut.count(True)


def _nothing_special(crawl: Crawl) -> None:
    """All are asked for page by page: the rest of the site is large."""


def _details_fail(crawl: Crawl) -> None:
    crawl.source.facts |= {str(number): RemoteError("answered 500") for number in range(1, 5)}


def _bodies_fail(crawl: Crawl) -> None:
    for number in range(1, 5):
        crawl.source.without_body.add(str(number))
        crawl.source.alone[str(number)] = RemoteError("answered 500")
        crawl.sink.hold(info(number), version=Version(0, ""))


def _all_were_updated(crawl: Crawl) -> None:
    for number in PAGES:
        crawl.sink.hold(info(number), digest=b"before")


def _one_is_new(crawl: Crawl) -> None:
    crawl.source.listed[Kind.PAGE].insert(0, info(9))  # what comes first in a batch is asked for last


def _a_scope_is_missing(crawl: Crawl) -> None:
    async def refused(container: ContentInfo) -> None:
        raise ScopeMissing("the token lacks a scope")

    crawl.source.restrictions = refused  # type: ignore[method-assign]


def _reading_the_site_takes_the_night(crawl: Crawl) -> None:
    crawl.source.counts.clear()
    crawl.source.site_talk = [Unavailable("no more tonight")]


@pytest.mark.parametrize("is_small", [False, True])
@pytest.mark.parametrize("wanted", [{"within": 1}, {"within": 2}, {"full": True}], ids=str)
@pytest.mark.parametrize(
    "arrange",
    [
        _nothing_special, _details_fail, _bodies_fail, _all_were_updated, _one_is_new, _a_scope_is_missing,
        _reading_the_site_takes_the_night,
    ],
)  # fmt: skip
async def test_runs_that_are_cut_each_night_come_round_all_the_same(
    arrange: Callable[[Crawl], None], wanted: dict[str, Any], is_small: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "SMALL", 1000 if is_small else 0)
    crawl = night(**wanted)
    crawl.source.counts |= SITE_IS_LARGE
    arrange(crawl)
    for _ in range(2):
        asked = Budget()
        assert all([await _is_cut(crawl, asked) for _ in range(3 * NIGHTS)])
        for what in ("attachments", "footer", "details"):
            if what != "details" or arrange is not _bodies_fail:  # of which they are no news
                assert {*crawl.source.asked_for(what)} >= _everybody(), what
    assert arrange is not _one_is_new or "9" in crawl.source.asked_for("footer")


@pytest.mark.parametrize("is_narrow_cut", [True, False])
@pytest.mark.parametrize("wanted", [{"within": 1}, {"within": 2}, {"full": True}], ids=str)
async def test_runs_that_ask_for_less_in_between_hold_up_nothing(
    wanted: dict[str, Any], is_narrow_cut: bool
) -> None:
    crawl = night(**wanted)
    crawl.source.counts |= SITE_IS_LARGE
    wide, narrow = crawl.wanted, replace(crawl.wanted, skip=frozenset({Part.ATTACHMENTS}))
    asked = Budget()
    for _ in range(2 * NIGHTS):
        crawl.wanted = wide
        assert await _is_cut(crawl, asked)
        crawl.wanted = narrow
        assert await _is_cut(crawl, asked, budget=16 if is_narrow_cut else 1000) is is_narrow_cut
    assert {*crawl.source.asked_for("attachments")} == _everybody()


async def test_what_a_run_that_was_cut_came_to_is_last_but_for_news() -> None:
    crawl = night(within=1)
    crawl.sink.noted |= {f"{ASKED} {ALL_PARTS}": "1 2 3 4", DUE: "3"}
    crawl.sink.hold(info(2), version=Version(0, ""))
    crawl.source.counts[Kind.COMMENT, True] = 100_000
    await crawl.run()
    asked = crawl.source.asked_for("footer")
    assert [asked[0], {*asked[1:5]}, asked[5], {*asked[6:]}] == ["2", {"5", "6", "7", "8"}, "3", {"1", "4"}]


async def test_those_whose_turn_it_is_are_first() -> None:
    crawl = night(within=2)
    crawl.source.counts |= SITE_IS_LARGE
    await crawl.run()
    turn = {*crawl.source.asked_for("details")}
    asked = crawl.source.asked_for("footer")
    assert {*asked[: len(turn)]} == turn < {*asked}


async def test_where_a_first_listing_broke_off_all_that_it_did_not_show_is_due() -> None:
    crawl = night(first=True, within=36500)
    for number in PAGES:
        crawl.sink.hold(info(number))
    crawl.source.listed[Kind.PAGE].insert(4, ODD)
    await crawl.run()
    assert crawl.sink.noted[DUE] == "5 6 7 8"


@pytest.mark.parametrize("first", [False, True])
async def test_replies_that_two_sources_leave_out_are_found(first: bool) -> None:
    crawl = night(first=first, within=2)
    root, reply = comment(1, 4, version=BEFORE), comment(2, 4, parent=1, version=BEFORE)
    crawl.source.site_talk = crawl.source.talk["4"] = [root]
    crawl.source.answers["1"] = [reply]
    crawl.source.counts[Kind.COMMENT, False] = 1
    for _ in range(NIGHTS):
        await crawl.run()
    assert "1" in crawl.source.asked_for("replies")


async def test_comments_on_attachments_that_two_sources_leave_out_are_found() -> None:
    crawl = night(within=2)
    crawl.source.site_files = crawl.source.files["3"] = [attachment(1, 3)]
    crawl.sink.hold_in(3, Kind.ATTACHMENT, {"att1": held(attachment(1, 3))})
    crawl.source.talk["att1"] = [comment(9, "att1", version=BEFORE)]
    crawl.source.counts[Kind.ATTACHMENT, False] = 1
    for _ in range(2):
        await crawl.run()
    assert "att1" in crawl.source.asked_for("footer")
    assert len(crawl.report.faults) == 1


async def test_attachments_that_two_sources_leave_out_are_found_when_it_is_their_pages_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(routes, "SAMPLE", 1)
    crawl = night(within=2)
    archived, lacking = attachment(1, 3, status="archived"), attachment(2, 5, version=BEFORE)
    crawl.source.site_files = [archived]
    crawl.source.files |= {"3": [archived], "5": [lacking]}
    crawl.sink.hold_in(3, Kind.ATTACHMENT, {"att1": held(archived)})
    crawl.source.counts[Kind.ATTACHMENT, False] = 1
    for _ in range(2):
        await crawl.run()
    assert ("new", "attachment", "att2") in crawl.done


async def test_what_is_on_archived_pages_is_asked_for_at_first() -> None:
    crawl = night(first=True, pages=range(3, 9))
    crawl.source.listed[Kind.PAGE] += [info(1, status="archived"), info(2, status="archived")]
    crawl.source.site_files = crawl.source.files["1"] = [attachment(1, 1)]
    await crawl.run()
    assert {"1", "2"} <= {*crawl.source.asked_for("attachments")}
    assert {"1", "2", "att1"} <= {*crawl.source.asked_for("footer")}


@pytest.mark.parametrize("indexed", [10, RemoteError("answered 500")])
async def test_a_first_run_asks_for_what_the_index_does_not_confirm(indexed: int | Exception) -> None:
    crawl = night(first=True)
    crawl.source.site_files = crawl.source.files["3"] = [attachment(number, 3) for number in range(9)]
    crawl.source.files["5"] = [attachment(99, 5)]
    crawl.source.counts[Kind.ATTACHMENT, False] = indexed
    await crawl.run()
    assert ("new", "attachment", "att99") in crawl.done


_TWO = [{"number": 2, "createdAt": info(1).version.date}, {"number": 1, "createdAt": old(1, 1).date}]


async def test_a_former_version_that_is_lost_is_fetched_by_the_next_run() -> None:
    crawl = night(history=5)
    crawl.sink.hold_in(1, Kind.VERSION, {old(1, 1).id: held_old(old(1, 1), has_data=False)})
    crawl.source.facts["1"] = {Part.VERSIONS: _TWO}
    await crawl.run()
    assert crawl.source.asked_for("old")


async def test_a_page_of_which_a_cut_run_left_a_file_stays_due() -> None:
    crawl = night()
    crawl.sink.hold(info(1), version=Version(0, ""))
    crawl.source.site_files = [attachment(1, 1)]
    crawl.source.data["att1"] = Unavailable("no more tonight")
    with pytest.raises(Unavailable):
        await crawl.run()
    assert "1" in crawl.sink.noted[DUE].split()


@pytest.mark.parametrize("first", [True, False])
async def test_a_former_version_that_a_cut_run_had_not_come_to_is_fetched_by_the_next(first: bool) -> None:
    crawl = night(first=first, history=5)
    if not first:
        crawl.sink.hold(info(1), version=Version(0, ""))
    crawl.source.facts["1"] = {Part.VERSIONS: _TWO}
    crawl.source.old[old(1, 1).id] = Unavailable("no more tonight")
    with pytest.raises(Unavailable):
        await crawl.run()
    crawl.sink.hold(info(1))
    crawl.sink.holds_details["1"] |= crawl.sink.details_saved["1"]
    crawl.source.old.clear()
    await crawl.run()
    assert old(1, 1).id in crawl.sink.old


async def test_a_longer_history_is_fetched_though_nothing_else_differs() -> None:
    crawl = night(history=5)
    crawl.sink.holds_details["1"] |= {Part.VERSIONS: _TWO}
    crawl.source.facts["1"] = {Part.VERSIONS: _TWO}
    await crawl.run()
    assert old(1, 1).id in crawl.sink.old


async def test_a_former_version_that_failed_is_due() -> None:
    crawl = night(history=5)
    crawl.sink.noted[DUE] = "1"
    crawl.source.facts["1"] = {Part.VERSIONS: _TWO}
    crawl.source.old[old(1, 1).id] = RemoteError("answered 500")
    await crawl.run()
    assert (crawl.failed, crawl.sink.noted[DUE]) == ([old(1, 1).id], "1")


async def test_a_former_version_that_waits_for_its_second_listing_gets_it_in_the_next_run() -> None:
    crawl = night(history=5)
    before = held_old(old(1, 2), missing_since=SINCE, state=State.GONE)
    crawl.sink.hold_in(1, Kind.VERSION, {old(1, 2).id: before})
    crawl.source.facts["1"] = {Part.VERSIONS: _TWO[:1]}
    await crawl.run()
    assert crawl.sink.retired


async def test_a_changed_page_takes_nothing_from_the_index_that_is_held() -> None:
    crawl = night()
    crawl.sink.holds[Kind.PAGE]["2"] = held(info(2), version=Version(0, ""))
    closed = {"read": ["ann"]}
    crawl.sink.holds_details["2"][Part.RESTRICTIONS] = crawl.source.closed["2"] = closed
    crawl.source.pinned = [FoundDetails("2", 1, {Part.LABELS: [], Part.RESTRICTIONS: {"read": []}})]
    await crawl.run()
    assert Part.RESTRICTIONS not in crawl.sink.details_saved.get("2", {})


async def test_what_only_metadata_tells_of_is_due_before_that_is_saved() -> None:
    """Else a kill in between leaves a page that moved or returned looking as if it were unchanged."""
    crawl = night()
    crawl.source.listed[Kind.PAGE][1] = info(2, position=7)
    crawl.sink.holds[Kind.PAGE]["3"] = held(info(3), missing_since=SINCE)

    async def killed(kind: Kind, ids: Iterable[str]) -> None:
        raise KeyboardInterrupt

    crawl.sink.mark_returned = killed  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        await crawl.run()
    assert crawl.sink.noted[DUE] == "2 3"


async def test_where_comments_on_an_attachment_could_not_be_listed_its_page_is_due() -> None:
    crawl = night()
    crawl.source.site_files = [attachment(1, 3)]
    crawl.source.counts[Kind.ATTACHMENT, False], crawl.source.counts[Kind.COMMENT, False] = 1, 1
    crawl.source.talk["att1"] = [RemoteError("answered 500")]
    await crawl.run()
    assert (crawl.failed, crawl.sink.noted[DUE]) == (["att1"], "3")


async def test_attachments_of_archived_pages_that_only_these_show_are_no_fault() -> None:
    crawl = night(first=True, pages=range(3, 9))
    crawl.source.listed[Kind.PAGE].append(info(1, status="archived"))
    crawl.source.files["1"] = [attachment(1, 1, version=BEFORE)]
    await crawl.run()
    assert ("new", "attachment", "att1") in crawl.done
    assert crawl.report.faults == []


async def test_archived_attachments_that_only_their_page_shows_are_no_fault_nor_comments_on_them() -> None:
    crawl = night(first=True)
    crawl.source.files["1"] = [attachment(1, 1, status="archived", version=BEFORE)]
    crawl.source.talk["att1"] = [comment(1, "att1", version=BEFORE)]
    crawl.sink.noted[DUE] = "1"
    await crawl.run()
    assert crawl.sink.comments["att1"] == (["1"], True)
    assert crawl.report.faults == []


@pytest.mark.parametrize("on", [1, "att1"])
async def test_comments_on_archived_pages_that_only_these_show_are_no_fault(on: int | str) -> None:
    crawl = night(first=True, pages=range(3, 9))
    crawl.source.listed[Kind.PAGE].append(info(1, status="archived"))
    crawl.source.files["1"] = [attachment(1, 1, version=BEFORE)]
    crawl.source.talk[str(on)] = [comment(1, on, version=BEFORE)]
    await crawl.run()
    assert crawl.report.faults == []


async def test_resolved_comments_that_only_their_page_shows_are_no_fault() -> None:
    crawl = night(within=2)
    resolved = comment(1, 4, inline=True, version=BEFORE, resolutionStatus="resolved")
    crawl.source.talk["4"] = [resolved]
    crawl.source.answers["1"] = [comment(2, 4, parent=1, inline=True, version=BEFORE)]
    crawl.sink.hold_in(4, Kind.COMMENT, {"1": held(resolved)})
    for _ in range(2):
        await crawl.run()
    assert crawl.report.faults == []
