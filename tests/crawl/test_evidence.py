from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import pytest

from exporter.crawl.evidence import (
    APART,
    Candidate,
    CompleteListing,
    candidates,
    joined,
    judge,
    to_the_end,
)
from exporter.crawl.plan import Missing
from exporter.errors import RemoteError
from exporter.model import ContentInfo, Kind, State
from tests.crawl.samples import NOW, held, info


async def _rows(*rows: ContentInfo | Exception) -> AsyncIterator[ContentInfo]:
    for row in rows:
        if isinstance(row, Exception):
            raise row
        yield row


async def test_a_complete_listing_is_made_by_seeing_its_end_and_in_no_other_way() -> None:
    taken: list[ContentInfo] = []
    listing = await to_the_end(_rows(info(1), info(2)), taken.append)
    assert [each.id for each in taken] == ["1", "2"]
    assert "1" in listing
    assert "3" not in listing
    assert list(listing.lacks({"2": held(info(2)), "3": held(info(3))})) == ["3"]
    with pytest.raises(TypeError):
        CompleteListing(["1"])
    with pytest.raises(TypeError):
        CompleteListing(["1"], made=object())


async def test_after_an_error_there_is_no_complete_listing_but_what_came_before_is_taken() -> None:
    taken: list[ContentInfo] = []
    with pytest.raises(RemoteError):
        await to_the_end(_rows(info(1), RemoteError("cut")), taken.append)
    assert [each.id for each in taken] == ["1"]


async def test_listings_in_parts_are_joined_and_an_empty_one_is_false() -> None:
    one = await to_the_end(_rows(info(1)), lambda _: None)
    nothing = await to_the_end(_rows(), lambda _: None)
    assert not nothing
    assert "1" in joined([nothing, one])
    assert not joined([nothing, nothing])


def _missing(state: State, since: str | None, kind: Kind = Kind.PAGE) -> dict[str, Missing]:
    return {"7": Missing(held(info(7, kind), missing_since=since, state=state), state)}


def _ago(ago: timedelta) -> str:
    return (NOW - ago).isoformat()


DAY = timedelta(days=1)
ALL = (Kind.PAGE, Kind.BLOGPOST, Kind.FOLDER, Kind.CUSTOM_CONTENT, Kind.ATTACHMENT, Kind.COMMENT, Kind.TASK)
ONLY_SHOWN = (Kind.ATTACHMENT, Kind.COMMENT, Kind.TASK, Kind.VERSION)


@pytest.mark.fault(56)
@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize(("state", "reason"), [(State.DELETED, "deleted"), (State.MOVED, "moved")])
def test_what_the_lookup_says_is_proof_at_once(kind: Kind, state: State, reason: str) -> None:
    (found,) = candidates(kind, _missing(state, None), now=NOW, missing_after=None)
    assert (found.kind, found.id, found.title, found.reason) == (kind, "7", "Title 7", reason)


@pytest.mark.fault(56)
@pytest.mark.parametrize("kind", [kind for kind in ALL if kind not in ONLY_SHOWN])
@pytest.mark.parametrize("since", [None, _ago(DAY), _ago(1000 * DAY)])
def test_not_found_is_never_proof(kind: Kind, since: str | None) -> None:
    assert candidates(kind, _missing(State.GONE, since), now=NOW, missing_after=None) == []


@pytest.mark.fault(56, 73)
@pytest.mark.parametrize("kind", ONLY_SHOWN)
@pytest.mark.parametrize(
    ("since", "is_proof"),
    [
        (None, False),
        (_ago(timedelta()), False),
        (_ago(APART - timedelta(seconds=1)), False),
        (_ago(APART), True),
        (_ago(DAY), True),
        (_ago(-DAY), False),
        ("yesterday", False),
        ("2026-11-01", False),
    ],
)
def test_what_is_only_shown_is_proved_gone_by_two_listings_half_a_day_apart(
    kind: Kind, since: str | None, is_proof: bool
) -> None:
    found = candidates(kind, _missing(State.GONE, since), now=NOW, missing_after=None)
    assert [each.reason for each in found] == (["no longer shown"] if is_proof else [])


@pytest.mark.parametrize(("days", "is_proof"), [(89, False), (90, True)])
def test_what_is_missing_for_longer_than_anybody_wants_goes_too(days: int, is_proof: bool) -> None:
    after = timedelta(days=90)
    found = candidates(Kind.PAGE, _missing(State.GONE, _ago(days * DAY)), now=NOW, missing_after=after)
    assert [each.reason for each in found] == (["missing too long"] if is_proof else [])


def _some(count: int, kind: Kind = Kind.PAGE) -> list[Candidate]:
    return [Candidate(kind, str(number), "", "deleted") for number in range(count)]


@pytest.mark.fault(54)
@pytest.mark.parametrize(
    ("count", "recorded", "withheld"),
    [
        (1, 1, False),
        (10, 10, False),
        (10, 11, False),
        (11, 11, True),
        (11, 109, True),
        (11, 110, False),
        (11, 111, False),
        (100, 1000, False),
        (101, 1000, True),
    ],
)
def test_more_than_ten_and_more_than_a_tenth_are_withheld(count: int, recorded: int, withheld: bool) -> None:
    verdict = judge(_some(count), {Kind.PAGE: recorded}, accept=0)
    assert len(verdict.withheld) == (count if withheld else 0)
    assert len(verdict.retire) == (0 if withheld else count)


@pytest.mark.parametrize(("accept", "passes"), [(0, False), (10, False), (11, True), (50, True)])
def test_what_is_accepted_is_a_ceiling(accept: int, passes: bool) -> None:
    verdict = judge(_some(11), {Kind.PAGE: 20}, accept=accept)
    assert bool(verdict.retire) is passes


def test_one_kind_withheld_does_not_hold_the_others() -> None:
    found: Sequence[Candidate] = [*_some(11), *_some(2, Kind.COMMENT)]
    verdict = judge(found, {Kind.PAGE: 20, Kind.COMMENT: 5000}, accept=0)
    assert {each.kind for each in verdict.withheld} == {Kind.PAGE}
    assert [each.kind for each in verdict.retire] == [Kind.COMMENT] * 2
