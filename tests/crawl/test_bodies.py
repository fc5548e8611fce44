from __future__ import annotations

from collections.abc import Sequence

import pytest

from exporter.crawl.bodies import BATCH
from exporter.errors import (
    AuthError,
    ExportError,
    LocalError,
    NotFound,
    RemoteError,
    ScopeMissing,
    Unavailable,
)
from exporter.model import ContentInfo, HeldBody, Kind, Page, Version
from tests.crawl.samples import Crawl, FakeSink, adf_of, body_of, info, sha256

EDITED = Version(0, "2026-10-01")


def _many(count: int) -> Sequence[ContentInfo]:
    return [info(number) for number in range(1, count + 1)]


async def test_bodies_come_in_batches() -> None:
    crawl = Crawl(*_many(2 * BATCH + 1))
    await crawl.run()
    assert [len(batch) for batch in crawl.source.batches] == [BATCH, BATCH]
    assert crawl.source.asked_for("page") == [str(2 * BATCH + 1)]
    assert len(crawl.sink.bodies) == 2 * BATCH + 1
    assert crawl.failed == []


async def test_pages_and_blog_posts_are_asked_for_apart() -> None:
    crawl = Crawl(info(1), info(2), info(3, Kind.BLOGPOST), info(4, Kind.BLOGPOST))
    await crawl.run()
    assert sorted(crawl.source.batches) == [["1", "2"], ["3", "4"]]


async def test_batches_shrink_when_the_server_chokes_and_stay_small() -> None:
    crawl = Crawl(*_many(2 * BATCH))
    crawl.source.chokes_above, crawl.source.choke = 13, RemoteError("answered 504")
    await crawl.run()
    assert len(crawl.sink.bodies) == 2 * BATCH
    sizes = [len(batch) for batch in crawl.source.batches]
    assert sizes[0] == BATCH
    assert max(sizes[-4:]) <= 13
    assert [size for size in sizes if size > 13] == [250, 125, 62, 31, 15]
    assert crawl.failed == []


async def test_a_server_that_chokes_on_everything_is_asked_one_by_one() -> None:
    crawl = Crawl(*_many(5))
    crawl.source.chokes_above, crawl.source.choke = 0, RemoteError("answered 504")
    await crawl.run()
    assert sorted(crawl.sink.bodies) == ["1", "2", "3", "4", "5"]


async def test_a_body_that_a_batch_lacks_is_asked_for_alone() -> None:
    crawl = Crawl(*_many(3))
    crawl.source.without_body = {"2"}
    crawl.source.alone["2"] = Page(info(2), "<p>alone</p>")
    await crawl.run()
    assert crawl.sink.bodies["2"] == "<p>alone</p>"
    assert crawl.source.asked_for("page") == ["2"]


@pytest.mark.parametrize("error", [RemoteError("answered without a body"), NotFound("answered 404")])
async def test_a_body_that_is_lacking_even_then_costs_its_page_and_is_no_deletion(error: Exception) -> None:
    crawl = Crawl(*_many(3))
    crawl.source.without_body = {"2"}
    crawl.source.alone["2"] = error
    await crawl.run()
    assert sorted(crawl.sink.bodies) == ["1", "3"]
    assert crawl.failed == ["2"]
    assert crawl.sink.missing == []
    assert sorted(crawl.source.asked_for("attachments")) == ["1", "2", "3"]


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


async def test_a_disk_that_is_full_ends_the_run() -> None:
    class FullDisk(FakeSink):
        async def save_pages(self, pages: Sequence[Page]) -> None:
            raise LocalError(f"no space left for {len(pages)} pages")

    crawl = Crawl(*_many(3 * BATCH))
    crawl.sink = FullDisk()
    with pytest.raises(LocalError):
        await crawl.run()
    assert len(crawl.source.batches) == 1


@pytest.mark.parametrize("full", [True, False])
async def test_a_full_run_asks_for_every_body_and_saves_those_that_differ(full: bool) -> None:
    crawl = Crawl(*_many(4), full=full)
    for page in _many(4):
        crawl.sink.hold(page)
    crawl.source.bodies = {"2": "<p>rewritten without a version</p>"}
    crawl.sink.holds_bodies["3"] = HeldBody(None, None)
    await crawl.run()
    assert crawl.source.batches == ([["1", "2", "3", "4"]] if full else [])
    assert sorted(crawl.sink.bodies) == (["2", "3"] if full else [])
    assert crawl.done == ({("changed", "page", "2"), ("changed", "page", "3")} if full else set())
    assert crawl.report.counts[Kind.PAGE]["unchanged"] == (2 if full else 4)


@pytest.mark.parametrize("full", [True, False])
async def test_a_changed_body_is_counted_once_and_saved_though_it_is_the_same(full: bool) -> None:
    crawl = Crawl(info(1), info(2), full=full)
    crawl.sink.hold(info(1), version=EDITED)
    crawl.sink.hold(info(2))
    await crawl.run()
    assert list(crawl.sink.bodies) == ["1"]
    assert crawl.done == {("changed", "page", "1")}
    assert +crawl.report.counts[Kind.PAGE] == {"changed": 1, "unchanged": 1}


@pytest.mark.parametrize(
    ("body", "is_asked"),
    [
        ('<ri:page ri:content-title="Old name" />', True),
        ('<ri:page ri:space-key="X" ri:content-title="OLD NAME"/>', True),
        ('<ri:page ri:content-title="A &amp; B" />', True),
        ('<ri:page ri:content-title="Title 1" />', False),
        ("<p>Old name</p>", False),
        ("", False),
    ],
)
async def test_a_body_that_refers_to_a_renamed_page_is_asked_for(body: str, is_asked: bool) -> None:
    crawl = Crawl(info(1), info(2, Kind.BLOGPOST), info(3))
    crawl.sink.hold(info(1), title="Old name", version=EDITED)
    crawl.sink.hold(info(2, Kind.BLOGPOST), title="A & B", version=EDITED)
    crawl.sink.hold(info(3))
    crawl.sink.holds_texts["3"] = body
    await crawl.run()
    pages = {*crawl.source.asked_for("page")}.union(*crawl.source.batches)
    assert pages == {"1", "2", "3"} - set("" if is_asked else "3")


async def test_a_page_that_was_edited_but_not_renamed_costs_no_other_body() -> None:
    crawl = Crawl(info(1), info(2))
    crawl.sink.hold(info(1), version=EDITED)
    crawl.sink.hold(info(2))
    crawl.sink.holds_texts["2"] = '<ri:page ri:content-title="Title 1" />'
    await crawl.run()
    assert crawl.source.asked_for("page") == ["1"]


@pytest.mark.parametrize("full", [True, False])
async def test_adf_comes_beside_storage_where_it_is_new_changed_or_absent(full: bool) -> None:
    crawl = Crawl(*_many(4), adf=True, full=full)
    for page in _many(3):
        crawl.sink.hold(page, version=EDITED if page.id == "1" else page.version)
        crawl.sink.holds_bodies[page.id] = HeldBody(sha256(body_of(page)), sha256(adf_of(page)))
    crawl.sink.holds_bodies["2"] = HeldBody(sha256(body_of(info(2))), None)
    await crawl.run()
    assert sorted(crawl.sink.bodies) == ["1", "4"]
    assert crawl.sink.adf == {page.id: adf_of(page) for page in _many(4) if page.id != "3"}
    assert sum("3" in batch for batch in crawl.source.batches) == (2 if full else 0)


async def test_without_adf_no_adf_is_asked_for() -> None:
    crawl = Crawl(*_many(3), full=True)
    await crawl.run()
    assert (len(crawl.source.batches), crawl.source.asked_for("adf"), crawl.sink.adf) == (1, [], {})


async def test_adf_that_fails_costs_itself_alone() -> None:
    crawl = Crawl(info(1), adf=True)
    crawl.source.alone["1"] = Page(info(1), "<p/>")
    await crawl.run()
    assert crawl.source.asked_for("adf") == ["1"]
    crawl.source.alone["1"] = RemoteError("answered 500")
    crawl.sink.hold(info(1))
    await crawl.run()
    assert crawl.failed == ["1"]
    assert crawl.source.asked_for("attachments") == ["1", "1"]


async def test_something_in_the_way_of_one_file_costs_that_item_alone() -> None:
    crawl = Crawl(*_many(3), info(10, Kind.FOLDER), info(11, Kind.FOLDER))
    crawl.sink.obstructed = {"2", "10"}
    await crawl.run()
    assert sorted(crawl.sink.bodies) == ["1", "3"]
    assert crawl.sink.metadata == ["11"]
    assert sorted(crawl.failed) == ["10", "2"]
