from __future__ import annotations

from collections import Counter

import pytest

from exporter.errors import RemoteError, ScopeMissing
from exporter.model import Held, Kind, Part, State, Version
from tests.crawl.samples import SINCE, Crawl, attachment, comment, held, info


def _page(*known: tuple[str, Held]) -> Crawl:
    crawl = Crawl(info(1), info(2))
    for page in (info(1), info(2)):
        crawl.sink.hold(page)
    crawl.sink.hold_in(1, Kind.COMMENT, dict(known))
    return crawl


async def test_footer_and_inline_comments_come_with_all_their_replies() -> None:
    crawl = _page()
    crawl.source.talk["1"] = [comment(10), comment(11, inline=True)]
    crawl.source.answers |= {"10": [comment(12, 1, 10), comment(13, 1, 10)], "13": [comment(14, 1, 13)]}
    await crawl.run()
    assert crawl.sink.comments == {"1": (["10", "11", "12", "13", "14"], True)}
    assert sorted(crawl.source.asked_for("replies")) == ["10", "11", "12", "13", "14"]
    assert crawl.report.counts[Kind.COMMENT]["new"] == 5


async def test_replies_in_a_circle_are_asked_for_once() -> None:
    crawl = _page()
    crawl.source.talk["1"] = [comment(10)]
    crawl.source.answers |= {"10": [comment(11)], "11": [comment(10), comment(11)]}
    await crawl.run()
    assert crawl.sink.comments["1"] == (["10", "11"], True)
    assert sorted(crawl.source.asked_for("replies")) == ["10", "11"]


async def test_comments_that_are_as_before_are_not_saved() -> None:
    crawl = _page(("10", held(comment(10))))
    crawl.source.talk["1"] = [comment(10)]
    await crawl.run()
    assert (crawl.sink.comments, crawl.sink.missing, crawl.done) == ({}, [], set())


@pytest.mark.parametrize(
    ("before", "verb"),
    [
        (held(comment(10), version=Version(0, "")), "changed"),
        (held(comment(10), digest=b"resolved meanwhile"), "updated"),
        (held(comment(10), has_data=False), "damaged"),
        (held(comment(10), missing_since=SINCE, state=State.GONE), ""),
    ],
    ids=["edited", "resolved", "file gone", "returned"],
)
async def test_one_that_differs_costs_the_file_of_all(before: Held, verb: str) -> None:
    crawl = _page(("10", before), ("11", held(comment(11))))
    crawl.source.talk["1"] = [comment(10), comment(11)]
    await crawl.run()
    assert crawl.sink.comments == {"1": (["10", "11"], True)}
    assert crawl.done == ({(verb, "comment", "10")} if verb else set())


async def test_a_comment_that_a_complete_listing_lacks_is_gone() -> None:
    crawl = _page(("10", held(comment(10))), ("11", held(comment(11))))
    crawl.source.talk["1"] = [comment(10)]
    await crawl.run()
    assert crawl.sink.comments == {"1": (["10"], True)}
    assert crawl.sink.missing == [("comment", "11", "gone", "1")]
    assert crawl.source.asked_for("look-up") == []


async def test_a_comment_that_was_missing_before_costs_nothing_more() -> None:
    crawl = _page(("11", held(comment(11), missing_since=SINCE, state=State.GONE, has_data=False)))
    await crawl.run()
    assert (crawl.sink.comments, crawl.sink.missing) == ({}, [])


@pytest.mark.parametrize("breaks", ["listing", "replies"])
async def test_an_incomplete_listing_marks_nothing_missing(breaks: str) -> None:
    crawl = _page(("11", held(comment(11))))
    crawl.source.talk["1"] = [comment(10)]
    if breaks == "listing":
        crawl.source.talk["1"].append(RemoteError("answered 500"))
    else:
        crawl.source.answers["10"] = [RemoteError("answered 500")]
    await crawl.run()
    assert crawl.sink.comments == {"1": (["10"], False)}
    assert (crawl.sink.missing, crawl.failed) == ([], ["1"])
    assert "its comments could not all be listed" in crawl.report.failures[0].reason
    assert crawl.report.listings[Part.COMMENTS] == Counter({"incomplete": 1, "complete": 1})


async def test_a_missing_scope_costs_the_comments_once() -> None:
    crawl = _page(("11", held(comment(11))))
    for container in ("1", "2"):
        crawl.source.talk[container] = [ScopeMissing("the token lacks a scope")]
    await crawl.run()
    assert len(crawl.source.asked_for("footer")) == 1
    assert (crawl.sink.comments, crawl.sink.missing, crawl.failed) == ({}, [], [])
    assert crawl.report.not_granted == ["the token lacks a scope"]


async def test_comments_that_are_skipped_are_not_asked_for() -> None:
    crawl = Crawl(info(1), skip=frozenset({Part.COMMENTS}))
    crawl.source.files["1"] = [attachment(1)]
    await crawl.run()
    assert crawl.source.asked_for("footer") + crawl.source.asked_for("inline") == []
    assert list(crawl.sink.data) == ["att1"]


async def test_something_in_the_way_of_the_file_costs_it_and_marks_nothing() -> None:
    crawl = _page(("11", held(comment(11))))
    crawl.sink.obstructed = {"comments 1"}
    await crawl.run()
    assert (crawl.failed, crawl.sink.missing) == (["1"], [])


async def test_attachments_have_footer_comments_with_replies() -> None:
    crawl = Crawl(info(1))
    crawl.source.files["1"] = [attachment(1)]
    crawl.source.talk["att1"] = [comment(10, "att1")]
    crawl.source.answers["10"] = [comment(11, "att1", 10)]
    crawl.sink.hold_in("att1", Kind.COMMENT, {"12": held(comment(12, "att1"))})
    await crawl.run()
    assert crawl.sink.comments == {"att1": (["10", "11"], True)}
    assert crawl.sink.missing == [("comment", "12", "gone", "att1")]
    assert crawl.source.asked_for("inline") == ["1"]
