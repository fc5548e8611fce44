from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from exporter.errors import AuthError, NotFound, RemoteError, ScopeMissing
from exporter.model import AttachmentInfo, Held, Kind, Part, State, Version
from tests.crawl.samples import SINCE, Crawl, attachment, held, info


def _page(*files: AttachmentInfo | Exception, known: dict[str, Held] | None = None) -> Crawl:
    crawl = Crawl(info(1))
    crawl.sink.hold(info(1))
    crawl.source.files["1"] = [*files]
    crawl.sink.hold_in(1, Kind.ATTACHMENT, known or {})
    return crawl


async def test_what_is_unchanged_costs_no_body_and_no_download() -> None:
    crawl = _page(attachment(1), known={"att1": held(attachment(1))})
    await crawl.run()
    assert (crawl.source.batches, crawl.source.asked_for("page")) == ([], [])
    assert (crawl.source.asked_for("attachments"), crawl.source.asked_for("download")) == (["1"], [])
    assert crawl.done == set()


async def test_new_changed_and_damaged_attachments_are_downloaded_and_renamed_ones_are_not() -> None:
    files = [attachment(number) for number in range(1, 7)]
    crawl = _page(*files)
    known = {
        "att2": held(files[1], version=Version(0, "")),
        "att3": held(files[2], has_data=False),
        "att4": held(files[3], digest=b"x", title="before.png"),
        "att5": held(files[4], digest=b"x"),
        "att6": held(files[5]),
        "att7": held(attachment(7)),
    }
    crawl.sink.hold_in(1, Kind.ATTACHMENT, known)
    await crawl.run()
    assert sorted(crawl.sink.data) == ["att1", "att2", "att3"]
    assert crawl.sink.file_metadata == ["att4", "att5"]
    assert crawl.sink.missing == [("attachment", "att7", "gone", "1")]


async def test_an_attachment_that_fails_costs_itself() -> None:
    crawl = _page(attachment(1), attachment(2))
    crawl.source.data["att1"] = NotFound("Confluence has lost its content")
    await crawl.run()
    assert list(crawl.sink.data) == ["att2"]
    assert crawl.failed == ["att1"]


async def test_attachments_that_cannot_all_be_listed_cost_completeness_only() -> None:
    crawl = _page(attachment(1), RemoteError("answered 500"), known={"att9": held(attachment(9))})
    await crawl.run()
    assert list(crawl.sink.data) == ["att1"]
    assert crawl.failed == ["1"]
    assert (crawl.sink.missing, crawl.source.asked_for("look-up")) == ([], [])
    assert crawl.report.listings[Part.ATTACHMENTS]["incomplete"] == 1


@pytest.mark.parametrize("skipped", [True, False])
async def test_a_scope_that_lists_attachments_is_missed_once(skipped: bool) -> None:
    crawl = Crawl(
        *(info(number) for number in range(9)), skip=frozenset({Part.ATTACHMENTS} if skipped else ())
    )
    for number in range(9):
        crawl.source.files[str(number)] = [ScopeMissing("the token lacks read:attachment")]
        crawl.sink.hold_in(number, Kind.ATTACHMENT, {"att9": held(attachment(9))})
    await crawl.run()
    assert len(crawl.source.asked_for("attachments")) == (0 if skipped else 1)
    assert crawl.report.not_granted == ([] if skipped else ["the token lacks read:attachment"])
    assert len(crawl.sink.bodies) == 9
    assert crawl.sink.missing == []


async def test_a_scope_that_downloads_is_missed_once() -> None:
    crawl = _page(*(attachment(number) for number in range(9)))
    crawl.source.data = {f"att{number}": ScopeMissing("the token lacks a scope") for number in range(9)}
    await crawl.run()
    assert len(crawl.source.asked_for("download")) == 1
    assert crawl.report.not_granted == ["the token lacks a scope"]
    assert crawl.failed == []


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (NotFound("answered 404"), State.GONE),
        (attachment(1, status="trashed"), State.DELETED),
        (attachment(1, 2, status="deleted"), State.DELETED),
        (attachment(1, 2), State.MOVED),
    ],
    ids=["not visible", "trashed", "deleted", "on another page"],
)
async def test_what_is_no_longer_listed_is_looked_up_until_it_is_gone(answer: Any, state: State) -> None:
    crawl = _page(known={"att1": held(attachment(1))})
    crawl.policy = replace(crawl.policy, still_true=None)
    crawl.source.files_elsewhere["att1"] = answer
    await crawl.run()
    assert crawl.sink.missing == [("attachment", "att1", state, "1")]
    assert crawl.failed == []
    crawl.sink.hold_in(1, Kind.ATTACHMENT, {"att1": held(attachment(1), state=state, missing_since=SINCE)})
    await crawl.run()
    times = 1 if state is State.GONE else 2
    assert (crawl.source.asked_for("look-up"), len(crawl.sink.missing)) == (["att1"] * times, 1)
    assert crawl.report.missing[Kind.ATTACHMENT] == {state: 2}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (attachment(1), "the listing of page 1 left it out, but it is there: it is kept"),
        (
            RemoteError("answered 500"),
            "no longer listed, and what became of it could not be found out: answered 500",
        ),
    ],
)
async def test_what_is_not_known_to_be_gone_is_a_failure_and_kept(answer: Any, reason: str) -> None:
    crawl = _page(known={"att1": held(attachment(1))})
    crawl.source.files_elsewhere["att1"] = answer
    await crawl.run()
    assert [(each.id, each.reason) for each in crawl.report.failures] == [("att1", reason)]
    assert crawl.sink.missing == []


async def test_a_scope_that_looks_up_is_missed_without_a_deletion() -> None:
    crawl = _page(known={"att1": held(attachment(1))})
    crawl.source.files_elsewhere["att1"] = ScopeMissing("the token lacks a scope")
    await crawl.run()
    assert (crawl.sink.missing, crawl.failed) == ([], [])
    assert crawl.report.not_granted == ["the token lacks a scope"]


async def test_an_attachment_that_comes_back_is_marked_as_back() -> None:
    crawl = _page(attachment(1), known={"att1": held(attachment(1), missing_since=SINCE)})
    await crawl.run()
    assert crawl.sink.returned == [("attachment", "att1")]
    assert crawl.source.asked_for("download") == []


async def test_something_in_the_way_of_one_file_costs_that_one_alone() -> None:
    files = [attachment(number) for number in (1, 2, 3)]
    crawl = _page(*files, known={"att3": held(files[2], digest=b"x")})
    crawl.sink.obstructed = {"att1", "att3"}
    await crawl.run()
    assert list(crawl.sink.data) == ["att2"]
    assert sorted(crawl.failed) == ["att1", "att3"]


async def test_a_dead_token_stops_the_run_within_one_request_a_worker() -> None:
    pages = [info(number) for number in range(100)]
    crawl = Crawl(*pages, full=True)
    for page in pages:
        crawl.sink.hold(page)
        crawl.source.files[page.id] = [AuthError("no")]
    with pytest.raises(AuthError):
        await crawl.run(workers=4)
    assert len(crawl.source.asked_for("attachments")) <= 4
