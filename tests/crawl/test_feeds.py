"""What listings of the whole site may stand for, and what is asked for page by page all the same."""

from __future__ import annotations

from typing import Any

import pytest

from exporter.crawl import feeds, routes
from exporter.crawl.feeds import Feed, left_out_by
from exporter.crawl.routes import DUE, Sweep
from exporter.crawl.shelf import Shelf
from exporter.errors import NotFound, RemoteError, ScopeMissing, Unavailable
from exporter.model import AttachmentInfo, FoundDetails, Kind, Part, Version
from tests.crawl.samples import NOTHING_OWED, NOW, PAGES, Crawl, attachment, comment, held, info, night

pytestmark = pytest.mark.usefixtures("nothing_is_small")


def _asked_singly(crawl: Crawl, *kinds: str) -> set[str]:
    every = kinds or ("details", "restrictions", "footer", "inline", "attachments", "replies")
    return {each for each in crawl.source.asked if each.split()[0] in every and not each.startswith("site")}


async def test_where_nothing_changed_no_page_is_asked_for() -> None:
    crawl = night()
    crawl.source.site_files = [attachment(1, 3)]
    crawl.sink.hold_in(3, Kind.ATTACHMENT, {"att1": held(attachment(1, 3))})
    await crawl.run()
    assert _asked_singly(crawl) == set()
    assert crawl.done == set()
    assert crawl.report.counts[Kind.ATTACHMENT]["unchanged"] == 1


async def test_what_they_show_is_taken_wherever_it_is_of_this_space() -> None:
    crawl = night()
    crawl.source.site_files = [attachment(1, 3), attachment(2, 999), attachment(3, "")]
    root, answer, elsewhere = comment(1, 4), comment(2, "", parent=1), comment(3, 999)
    crawl.source.site_talk = [root, answer, elsewhere]
    await crawl.run()
    assert crawl.done == {("new", "attachment", "att1"), ("new", "comment", "1"), ("new", "comment", "2")}
    assert crawl.sink.comments == {"4": (["1", "2"], False)}
    assert _asked_singly(crawl) == set()


async def test_what_they_lack_is_asked_for_by_itself_and_only_that_is_evidence() -> None:
    crawl = night()
    crawl.sink.hold_in(3, Kind.ATTACHMENT, {"att1": held(attachment(1, 3))})
    crawl.sink.hold_in(4, Kind.COMMENT, {"1": held(comment(1, 4))})
    crawl.source.talk["4"] = [comment(1, 4)]
    await crawl.run()
    assert _asked_singly(crawl, "attachments") == {"attachments 3"}
    assert _asked_singly(crawl, "footer", "inline") == {"footer 4", "inline 4"}
    assert _asked_singly(crawl, "details") == {"details 3", "details 4"}  # so that they answer themselves
    assert crawl.done == {("missing", "attachment", "att1")}


async def test_what_was_missing_is_asked_for_by_itself_though_it_is_shown_again() -> None:
    crawl = night()
    since = "2026-11-01T08:00:00+00:00"
    crawl.sink.hold_in(3, Kind.ATTACHMENT, {"att1": held(attachment(1, 3), missing_since=since)})
    crawl.source.site_files = crawl.source.files["3"] = [attachment(1, 3)]
    await crawl.run()
    assert _asked_singly(crawl, "attachments") == {"attachments 3"}
    assert crawl.sink.returned == [(Kind.ATTACHMENT, "att1")]


async def test_what_they_show_twice_is_there_once() -> None:
    crawl = night(first=True)
    crawl.source.site_files = [attachment(1, 3)] * 2
    crawl.source.site_talk = [comment(1, 4)] * 2
    crawl.source.counts[Kind.ATTACHMENT, False] = crawl.source.counts[Kind.COMMENT, False] = 2
    await crawl.run()
    assert _asked_singly(crawl, "attachments") == {f"attachments {number}" for number in PAGES}
    assert _asked_singly(crawl, "footer") == {f"footer {number}" for number in PAGES}


@pytest.mark.parametrize("indexed", [0, 1, NotFound("answered 404")])
async def test_a_first_run_trusts_them_where_the_index_knows_of_no_more(indexed: Any) -> None:
    crawl = night(first=True)
    crawl.source.counts[Kind.ATTACHMENT, False] = crawl.source.counts[Kind.COMMENT, False] = indexed
    await crawl.run()
    by_itself = indexed != 0
    for what in ("attachments", "footer", "inline"):
        assert _asked_singly(crawl, what) == {f"{what} {number}" for number in PAGES if by_itself}


@pytest.mark.parametrize(("indexed", "replies"), [(1, set[str]()), (2, {"replies 1"})])
async def test_replies_are_asked_for_where_nothing_shows_that_they_are_there(
    indexed: int, replies: set[str]
) -> None:
    crawl = night()
    crawl.source.counts[Kind.COMMENT, False] = indexed
    crawl.source.site_talk = [comment(1, 4)]
    await crawl.run()
    assert _asked_singly(crawl) == replies


async def test_a_new_page_is_asked_for_what_only_it_tells() -> None:
    crawl = night()
    crawl.source.listed[Kind.PAGE].append(info(9))
    crawl.source.pinned = [FoundDetails("9", 1, {Part.RESTRICTIONS: {"read": ["ann"]}})]
    await crawl.run()
    assert _asked_singly(crawl) == {"details 9"}
    assert crawl.sink.details_saved["9"][Part.RESTRICTIONS] == {"read": ["ann"]}


async def test_labels_alone_come_from_the_search() -> None:
    skip = frozenset({Part.PROPERTIES, Part.LIKES, Part.VERSIONS})
    crawl = night(first=True, skip=skip)
    crawl.source.pinned = [
        FoundDetails(str(number), 1, {Part.LABELS: ["a"], Part.RESTRICTIONS: {}}) for number in PAGES
    ]
    await crawl.run()
    assert _asked_singly(crawl, "details", "restrictions") == set()
    assert crawl.sink.details_saved["1"] == {Part.LABELS: ["a"], Part.RESTRICTIONS: {}}


async def test_what_the_search_shows_otherwise_is_looked_at_and_not_believed() -> None:
    crawl = night()
    crawl.source.pinned = [
        FoundDetails("1", 1, {Part.LABELS: ["stale"], Part.RESTRICTIONS: {}}),
        FoundDetails("2", 1, {Part.LABELS: ["new"], Part.RESTRICTIONS: {}}),
        FoundDetails("3", 7, {Part.LABELS: ["of another version"], Part.RESTRICTIONS: {}}),
    ]
    crawl.source.facts["2"] = {Part.LABELS: ["new"]}
    await crawl.run()
    assert _asked_singly(crawl) == {"details 1", "restrictions 1", "details 2", "restrictions 2"}
    assert crawl.sink.details_saved == {"2": {Part.LABELS: ["new"]}}


@pytest.mark.parametrize("error", [RemoteError("answered 500"), ScopeMissing("no scope")])
async def test_a_listing_that_breaks_off_is_used_for_nothing(error: Exception) -> None:
    crawl = night()
    crawl.source.site_files = [attachment(1, 3), error]
    await crawl.run()
    assert _asked_singly(crawl, "attachments") == {f"attachments {number}" for number in PAGES}
    assert "broke off" in crawl.report.routes["attachments"]
    assert (crawl.done, crawl.report.faults) == (set(), [])


@pytest.mark.parametrize("counted", [True, False])
async def test_a_site_that_is_mostly_other_spaces_is_not_listed(counted: bool) -> None:
    crawl = night()
    rows = 2000
    crawl.source.counts[Kind.ATTACHMENT, True] = rows if counted else NotFound("answered 404")
    crawl.source.site_files = [attachment(number, 999) for number in range(rows)]
    await crawl.run()
    assert _asked_singly(crawl, "attachments") == {f"attachments {number}" for number in PAGES}
    assert crawl.report.routes["attachments"].startswith("page by page: the ")


async def test_whose_turn_it_is_shows_what_they_leave_out() -> None:
    crawl = night(within=2)
    crawl.source.files["1"] = crawl.source.files["2"] = [attachment(1, 1)]
    for number in PAGES:
        crawl.source.files[str(number)] = [
            attachment(number, number, version=Version(1, "2026-10-01T08:00:00Z"))
        ]
    await crawl.run()
    assert len(crawl.report.faults) == 1
    assert "left out attachment" in crawl.report.faults[0]
    assert crawl.sink.noted["sweep_doubted"] == "attachments"


@pytest.mark.parametrize("indexed", [1, 2, RemoteError("answered 500")])
async def test_whose_turn_it_is_is_asked_for_all_but_the_replies_that_two_sources_show(
    indexed: int | Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "SAMPLE", 1)  # so that only few are asked for everything
    crawl = night(within=2)
    turn = {number for number in PAGES if Sweep(of=2, turn=1).takes(str(number))}
    sample = {number for number in PAGES if Sweep(of=2, sample=8, turn=1).samples(str(number))}
    assert sample < turn
    on = min(turn - sample)
    crawl.source.site_talk = crawl.source.talk[str(on)] = [comment(1, on)]
    crawl.source.counts[Kind.COMMENT, False] = indexed
    await crawl.run()
    for what in ("details", "attachments", "footer", "inline"):
        assert _asked_singly(crawl, what) == {f"{what} {number}" for number in turn}
    assert _asked_singly(crawl, "replies") == (set() if indexed == 1 else {"replies 1"})


async def test_nothing_stays_open_where_reading_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    is_open: list[bool] = []

    class Watched(Shelf[Any]):
        def __init__(self) -> None:
            super().__init__()
            self._number = len(is_open)
            is_open.append(True)

        def close(self) -> None:
            super().close()
            is_open[self._number] = False

    monkeypatch.setattr(feeds, "Shelf", Watched)
    crawl = night()
    crawl.source.site_files = [attachment(1, 3)]
    crawl.source.site_talk = [Unavailable("gone")]
    with pytest.raises(Unavailable):
        await crawl.run()
    assert is_open
    assert not any(is_open)


def test_comparing_a_container_reads_the_rows_of_it_once() -> None:
    feed: Feed[AttachmentInfo] = Feed(Shelf())
    files = [attachment(number, 3, version=Version(1, "2026-10-01T08:00:00Z")) for number in range(50)]
    for file in files[1:]:
        feed.put(file, current=True)
    feed.compare(49)
    reads = 0
    rows_of = feed.rows.of

    def counted(key: str) -> list[AttachmentInfo]:
        nonlocal reads
        reads += 1
        return rows_of(key)

    feed.rows.of = counted  # type: ignore[method-assign]
    assert left_out_by(feed, files, "3", NOW) == ["att0"]
    assert reads == 1


@pytest.mark.parametrize(
    ("now", "saved"),
    [
        ({"version": Version(2, "2026-11-02T08:00:00.000Z")}, True),
        ({}, False),
        ({"version": Version(2, ""), "status": "trashed"}, False),
        ({"version": Version(2, ""), "container": 4}, False),
    ],
)
async def test_a_file_that_was_replaced_since_the_site_was_listed_is_fetched_as_it_is_now(
    now: dict[str, Any], saved: bool
) -> None:
    crawl = night()
    crawl.source.site_files = [attachment(1, 3)]
    crawl.source.files_elsewhere["att1"] = attachment(1, **{"container": 3, **now})
    crawl.source.breaks_once["att1"] = RemoteError("the file has 5 bytes")
    await crawl.run()
    assert (crawl.sink.data, crawl.failed) == (({"att1": b"data"}, []) if saved else ({}, ["att1"]))


async def test_what_failed_is_due_in_the_next_run() -> None:
    crawl = night()
    crawl.source.site_files = [attachment(1, 3)]
    crawl.source.data["att1"] = RemoteError("answered 500")
    crawl.source.listed[Kind.PAGE].append(info(9))
    crawl.source.facts["9"] = RemoteError("answered 500")
    await crawl.run()
    assert crawl.sink.noted[DUE] == "3 9"
    crawl.source.asked.clear()
    await crawl.run()
    assert {"details 3", "attachments 3", "details 9", "attachments 9"} <= _asked_singly(crawl)


async def test_what_changed_is_due_until_the_run_is_through() -> None:
    crawl = night()
    crawl.sink.holds[Kind.PAGE]["2"] = held(info(2), version=Version(0, ""))
    crawl.source.site_files = [LookupError("a bug")]
    with pytest.raises(LookupError):
        await crawl.run()
    assert crawl.sink.noted == {**NOTHING_OWED, DUE: "2"}
