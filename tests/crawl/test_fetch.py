from __future__ import annotations

from collections.abc import Sequence

import pytest

from exporter.crawl.fetch import BATCH, Fetcher, plan_contents
from exporter.crawl.listing import SpaceListing
from exporter.crawl.report import Report
from exporter.errors import (
    AuthError,
    ExportError,
    LocalError,
    NotFound,
    RemoteError,
    ScopeMissing,
    Unavailable,
)
from exporter.model import ContentInfo, Kind, Page, Version
from exporter.progress import Silent
from tests.crawl.samples import FakeSink, FakeSource, attachment, held, info


class Crawl:
    """A run over some pages, from fakes into fakes."""

    def __init__(self, *pages: ContentInfo, complete: bool = True) -> None:
        self.source, self.sink, self.report = FakeSource(), FakeSink(), Report()
        contents = {
            kind: [page for page in pages if page.kind is kind] for kind in Kind if kind != "attachment"
        }
        self.listing = SpaceListing(contents, frozenset(contents) if complete else frozenset(), complete)

    async def run(self, *, workers: int = 1, dry_run: bool = False) -> None:
        plans = plan_contents(self.listing, self.sink.holds, self.report)
        fetcher = Fetcher(
            self.source, self.sink, report=self.report, progress=Silent(), workers=workers, dry_run=dry_run
        )
        await fetcher.run(self.listing, plans)

    @property
    def failed(self) -> list[str]:
        return [failure.id for failure in self.report.failures]


def _many(count: int) -> Sequence[ContentInfo]:
    return [info(number) for number in range(1, count + 1)]


async def test_bodies_come_in_batches() -> None:
    crawl = Crawl(*_many(2 * BATCH + 1))
    await crawl.run()
    assert [len(batch) for batch in crawl.source.batches] == [BATCH, BATCH]
    assert len(crawl.sink.bodies) == 2 * BATCH + 1
    assert crawl.failed == []


async def test_batches_shrink_when_the_server_chokes_and_stay_small() -> None:
    crawl = Crawl(*_many(2 * BATCH))
    crawl.source.chokes_above, crawl.source.choke = 13, RemoteError("answered 504")
    await crawl.run()
    assert len(crawl.sink.bodies) == 2 * BATCH
    sizes = [len(batch) for batch in crawl.source.batches]
    assert sizes[0] == BATCH
    assert max(sizes[-4:]) <= 13
    assert sum(size > 13 for size in sizes) <= 3
    assert crawl.failed == []


async def test_a_server_that_chokes_on_everything_is_asked_one_by_one() -> None:
    crawl = Crawl(*_many(5))
    crawl.source.chokes_above, crawl.source.choke = 0, RemoteError("answered 504")
    await crawl.run()
    assert sorted(crawl.sink.bodies) == ["1", "2", "3", "4", "5"]


async def test_a_body_that_a_batch_lacks_is_asked_for_alone() -> None:
    crawl = Crawl(*_many(3))
    crawl.source.without_body = {"2"}
    await crawl.run()
    assert crawl.sink.bodies["2"] == "<p>2 alone</p>"
    assert [name for name in crawl.source.asked if name.startswith("page")] == ["page 2"]


async def test_a_body_that_is_lacking_even_then_costs_its_page() -> None:
    crawl = Crawl(*_many(3))
    crawl.source.without_body = {"2"}
    crawl.source.alone["2"] = RemoteError("answered without a body")
    await crawl.run()
    assert sorted(crawl.sink.bodies) == ["1", "3"]
    assert crawl.failed == ["2"]


async def test_a_page_that_is_gone_by_now_is_a_failure_and_no_deletion() -> None:
    crawl = Crawl(*_many(2))
    crawl.source.without_body = {"2"}
    crawl.source.alone["2"] = NotFound("answered 404")
    await crawl.run()
    assert crawl.failed == ["2"]
    assert crawl.sink.missing == []


@pytest.mark.parametrize("status", ["trashed", "deleted"])
async def test_a_page_that_was_trashed_meanwhile_is_neither_saved_nor_failed(status: str) -> None:
    crawl = Crawl(*_many(2))
    crawl.source.without_body = {"2"}
    crawl.source.alone["2"] = Page(info(2, status=status), "<p>old</p>")
    await crawl.run()
    assert list(crawl.sink.bodies) == ["1"]
    assert crawl.failed == []


@pytest.mark.parametrize("error", [AuthError("no"), Unavailable("later"), ScopeMissing("read:page")])
async def test_what_ends_the_run_is_not_halved(error: ExportError) -> None:
    crawl = Crawl(*_many(4))
    crawl.source.chokes_above, crawl.source.choke = 0, error
    with pytest.raises(type(error)):
        await crawl.run()
    assert len(crawl.source.batches) == 1


async def test_a_dead_token_stops_the_run_within_one_request_a_worker() -> None:
    crawl = Crawl(*_many(100))
    for page in crawl.listing.contents[Kind.PAGE]:
        crawl.sink.holds[Kind.PAGE][page.id] = held(page)
        crawl.source.files[page.id] = [AuthError("no")]
    with pytest.raises(AuthError):
        await crawl.run(workers=4)
    assert len(crawl.source.asked) <= 4


async def test_what_is_unchanged_costs_no_body_and_no_download() -> None:
    page, file = info(1), attachment(1)
    crawl = Crawl(page)
    crawl.sink.holds[Kind.PAGE]["1"] = held(page)
    crawl.source.files["1"] = [file]
    crawl.sink.holds_files["1"]["att1"] = held(file)
    await crawl.run()
    assert (crawl.source.batches, crawl.source.asked) == ([], ["attachments 1"])


async def test_a_move_costs_metadata_only() -> None:
    page = info(1, parent_id="2")
    crawl = Crawl(page)
    crawl.sink.holds[Kind.PAGE]["1"] = held(page, metadata_sha256=b"before")
    await crawl.run()
    assert (crawl.sink.metadata, crawl.source.batches, crawl.sink.bodies) == (["1"], [], {})


async def test_nodes_are_saved_without_a_body() -> None:
    crawl = Crawl(info(10, Kind.FOLDER), info(11, Kind.WHITEBOARD))
    await crawl.run()
    assert crawl.sink.metadata == ["10", "11"]
    assert crawl.source.asked == []


@pytest.mark.parametrize("complete", [True, False])
async def test_only_a_complete_listing_marks_what_is_missing(complete: bool) -> None:
    crawl = Crawl(info(1), complete=complete)
    crawl.sink.holds[Kind.PAGE] = {"2": held(info(2)), "3": held(info(3), missing_since="2026-11-01")}
    await crawl.run()
    assert crawl.sink.missing == ([("page", "2", None)] if complete else [])


async def test_what_comes_back_is_marked_as_back() -> None:
    page = info(1)
    crawl = Crawl(page)
    crawl.sink.holds[Kind.PAGE]["1"] = held(page, missing_since="2026-11-01")
    await crawl.run()
    assert crawl.sink.returned == [("page", "1")]


async def test_new_changed_damaged_and_renamed_attachments_are_downloaded() -> None:
    crawl = Crawl(info(1))
    files = [attachment(number) for number in range(1, 7)]
    crawl.source.files["1"] = [*files]
    crawl.sink.holds_files["1"] = {
        "att2": held(files[1], version=Version(0, "")),
        "att3": held(files[2], has_data=False),
        "att4": held(files[3], metadata_sha256=b"x", title="before.png"),
        "att5": held(files[4], metadata_sha256=b"x"),
        "att6": held(files[5]),
        "att7": held(attachment(7)),
    }
    await crawl.run()
    assert sorted(crawl.sink.data) == ["att1", "att2", "att3", "att4"]
    assert crawl.sink.file_metadata == ["att5"]
    assert crawl.sink.missing == [("attachment", "att7", "1")]


async def test_an_attachment_that_fails_costs_itself() -> None:
    crawl = Crawl(info(1))
    crawl.source.files["1"] = [attachment(1), attachment(2)]
    crawl.source.data["att1"] = NotFound("Confluence has lost its content")
    await crawl.run()
    assert list(crawl.sink.data) == ["att2"]
    assert crawl.failed == ["att1"]


async def test_attachments_that_cannot_all_be_listed_cost_completeness_only() -> None:
    crawl = Crawl(info(1), info(2))
    crawl.source.files["1"] = [attachment(1), RemoteError("answered 500")]
    crawl.source.files["2"] = [attachment(2, 2)]
    crawl.sink.holds_files["1"]["att9"] = held(attachment(9))
    await crawl.run()
    assert sorted(crawl.sink.data) == ["att1", "att2"]
    assert crawl.failed == ["1"]
    assert crawl.sink.missing == []


async def test_a_scope_that_lists_attachments_is_missed_once() -> None:
    crawl = Crawl(*_many(9))
    for number in range(1, 10):
        crawl.source.files[str(number)] = [ScopeMissing("the token lacks read:attachment")]
    await crawl.run()
    assert crawl.source.asked == ["attachments 1"]
    assert crawl.report.not_granted == ["the token lacks read:attachment"]
    assert len(crawl.sink.bodies) == 9
    assert crawl.sink.missing == []


async def test_a_scope_that_downloads_is_missed_once() -> None:
    crawl = Crawl(info(1))
    crawl.source.files["1"] = [attachment(number) for number in range(9)]
    crawl.source.data = {f"att{number}": ScopeMissing("the token lacks a scope") for number in range(9)}
    await crawl.run()
    assert len([name for name in crawl.source.asked if name.startswith("download")]) == 1
    assert crawl.report.not_granted == ["the token lacks a scope"]
    assert crawl.failed == []


async def test_a_disk_that_is_full_ends_the_run() -> None:
    class FullDisk(FakeSink):
        async def save_pages(self, pages: Sequence[Page]) -> None:
            raise LocalError(f"no space left for {len(pages)} pages")

    crawl = Crawl(*_many(3 * BATCH))
    crawl.sink = FullDisk()
    with pytest.raises(LocalError):
        await crawl.run()
    assert len(crawl.source.batches) == 1


async def test_a_dry_run_plans_everything_and_touches_nothing() -> None:
    crawl = Crawl(*_many(2), info(10, Kind.FOLDER))
    crawl.report.keep_actions = True
    crawl.source.files["1"] = [attachment(1)]
    crawl.sink.holds[Kind.PAGE]["9"] = held(info(9))
    await crawl.run(dry_run=True)
    actions = {(action.verb, action.kind.value, action.id) for action in crawl.report.actions}
    assert actions == {
        ("new", "page", "1"), ("new", "page", "2"), ("new", "folder", "10"), ("missing", "page", "9"),
        ("new", "attachment", "att1"),
    }  # fmt: skip
    assert vars(crawl.sink) | {"holds": 0, "holds_files": 0} == vars(FakeSink()) | {
        "holds": 0,
        "holds_files": 0,
    }
    assert sorted(crawl.source.asked) == ["attachments 1", "attachments 2"]
    assert crawl.source.batches == []


async def test_something_in_the_way_of_one_file_costs_that_item_alone() -> None:
    crawl = Crawl(*_many(3), info(10, Kind.FOLDER), info(11, Kind.FOLDER))
    crawl.source.files["1"] = [attachment(1), attachment(2)]
    crawl.sink.obstructed = {"2", "10", "att1"}
    await crawl.run()
    assert sorted(crawl.sink.bodies) == ["1", "3"]
    assert crawl.sink.metadata == ["11"]
    assert list(crawl.sink.data) == ["att2"]
    assert sorted(crawl.failed) == ["10", "2", "att1"]
