from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter import canonical
from exporter.mirror.threads import Comment, arrange, merge, parse
from tests.crawl.samples import comment


def _comment(number: int, parent: int | None = None, *, inline: bool = False) -> Comment:
    document: dict[str, Any] = {
        "id": str(number),
        "body": "<p/>",
        "parentCommentId": None if parent is None else str(parent),
    }
    return Comment(str(number), inline, document["parentCommentId"], document)


def _shape(arranged: Any) -> Any:
    return [{each["id"]: _shape(each["replies"])} if each["replies"] else each["id"] for each in arranged]


def test_replies_are_below_what_they_reply_to_and_threads_in_their_order() -> None:
    arranged = arrange(
        [
            _comment(10),
            _comment(9),
            _comment(11, 9),
            _comment(8, inline=True),
            _comment(12, 11),
            _comment(13, 9),
        ]
    )
    assert _shape(arranged["footer"]) == [{"9": [{"11": ["12"]}, "13"]}, "10"]
    assert _shape(arranged["inline"]) == ["8"]


@pytest.mark.parametrize("parent", [99, 1])
def test_a_reply_whose_parent_is_not_there_stands_for_itself_and_names_it(parent: int) -> None:
    (alone,) = arrange([_comment(1, parent)])["footer"]
    assert (alone["id"], alone["parentCommentId"]) == ("1", str(parent))


@given(st.lists(st.integers(-1, 15), max_size=16))  # whom each replies to, circles and strangers too
def test_what_is_arranged_and_parsed_again_are_the_same_comments(parents: list[int]) -> None:
    every = {
        str(number): _comment(number, None if parent < 0 else parent) for number, parent in enumerate(parents)
    }
    assert parse(canonical.dump(arrange(every.values()))) == every


@given(st.lists(st.integers(-1, 15), max_size=16), st.booleans())
def test_a_thread_keeps_its_place(parents: list[int], inline: bool) -> None:
    every = {
        str(number): _comment(number, None if parent < 0 or parent >= number else parent, inline=inline)
        for number, parent in enumerate(parents)
    }
    arranged = arrange(every.values())
    assert arranged["footer" if inline else "inline"] == []
    assert parse(canonical.dump(arranged)) == every


@pytest.mark.parametrize(
    "data", [None, b"", b"[]", b"no JSON", b'{"footer": 1}', b'{"footer": [1, null]}', b"[" * 100_000]
)
def test_a_file_that_is_none_of_ours_holds_no_comment(data: bytes | None) -> None:
    assert parse(data) == {}


@pytest.mark.parametrize(
    ("complete", "live", "missing"), [(True, "1 2 5", "3 4"), (False, "1 2 3 5", "4")], ids=["all", "some"]
)
def test_only_a_complete_listing_takes_one_away_and_any_brings_one_back(
    complete: bool, live: str, missing: str
) -> None:
    before = {str(number): _comment(number) for number in (1, 2, 3)}
    gone = {str(number): _comment(number) for number in (4, 5)}
    listed = [comment(number, body="new") for number in (1, 2, 5)]
    now, then = merge(before, gone, listed, complete=complete)
    assert (" ".join(sorted(each.id for each in now)), " ".join(sorted(each.id for each in then))) == (
        live,
        missing,
    )
    documents = {each.id: each.document for each in now}
    assert documents["5"] == json.loads(listed[2].metadata)
