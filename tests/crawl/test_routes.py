from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from datetime import UTC, datetime
from typing import Any

import pytest

from exporter.crawl import routes
from exporter.crawl.routes import (
    DOUBTED,
    DUE,
    SAMPLE,
    SMALL,
    SWEPT,
    Sweep,
    is_older,
    lacks,
    make_sweep,
    notes,
    pays,
    so_far,
)
from exporter.crawl.wanted import Wanted
from exporter.model import Part, Version
from tests.crawl.samples import attachment, held

PARTS = (Part.ATTACHMENTS, Part.COMMENTS)
IDS = [str(number) for number in range(1, 5000, 3)]
LARGE = 10_000
TURN, ASKED, CAME, SAMPLED, SINGLY = (f"{name} attachments comments" for name in routes.OWN)


def sweep(noted: Mapping[str, str] | None = None, *, containers: int = LARGE, **wanted: Any) -> Sweep:
    before = {TURN: "1", SWEPT: "attachments comments"} if noted is None else noted
    return make_sweep(Wanted(**wanted), containers, PARTS, before)


def test_everybody_has_a_turn_and_one_only() -> None:
    turns = [{each for each in IDS if Sweep(of=7, turn=turn).takes(each)} for turn in range(7)]
    assert set().union(*turns) == set(IDS)
    assert sum(map(len, turns)) == len(IDS)
    assert all(len(IDS) / 10 < len(each) < len(IDS) / 5 for each in turns)
    assert {each for each in IDS if Sweep(of=7, turn=7).takes(each)} == turns[0]


def test_what_is_due_has_its_turn_at_once() -> None:
    assert all(Sweep(of=36500, due=frozenset(IDS)).takes(each) for each in IDS)


@pytest.mark.parametrize("containers", [1, 100, 5000, 100_000])
def test_a_few_of_those_whose_turn_it_is_are_a_sample(containers: int) -> None:
    ids = list(map(str, range(containers)))
    made = sweep(containers=containers)
    sampled = {each for each in ids if made.samples(each)}
    assert all(map(made.checks, sampled))
    assert len(sampled) < 3 * SAMPLE
    assert containers < 1000 or len(sampled) > SAMPLE / 3
    assert all(map(sweep(full=True).samples, ids))
    assert sweep({TURN: "1", SWEPT: "attachments comments", DUE: "7"}).samples("7")


@pytest.mark.parametrize(
    ("made", "of", "first"),
    [
        (sweep(), 7, False),
        (sweep(full=True), 1, False),
        (sweep(within=30), 30, False),
        (sweep({}), LARGE // SAMPLE, True),
        (sweep({}, containers=100), 7, True),
        (sweep({SWEPT: "comments"}), 7, True),
        (sweep({SWEPT: "attachments comments labels"}), 7, False),
    ],
)
def test_how_many_share_a_turn(made: Sweep, of: int, first: bool) -> None:
    assert (made.of, made.first) == (of, first)
    assert made.is_everything is (of == 1)


def test_on_a_small_space_it_is_everybodys_turn() -> None:
    small, large = sweep(containers=SMALL), sweep(containers=SMALL + 1)
    assert small.is_everything
    assert all(map(small.checks, IDS))
    assert not large.is_everything
    assert not all(map(large.checks, IDS))


def test_a_run_notes_for_the_next_one_whose_turn_it_is() -> None:
    due, doubted = {"5", "4"}, {Part.COMMENTS}
    noted = notes(sweep(), Wanted(), PARTS, due=due, doubted=doubted)
    assert noted == {
        TURN: "2",
        ASKED: "",
        CAME: "",
        SAMPLED: "497 1",
        SINGLY: "",
        SWEPT: "attachments comments",
        DUE: "4 5",
        DOUBTED: "comments",
    }
    following = sweep(noted)
    assert following == Sweep(
        of=7,
        asked_for="attachments comments",
        sample=497,
        since=1,
        turn=2,
        due=frozenset({"4", "5"}),
        doubted=frozenset({"comments"}),
    )


def test_a_narrower_run_takes_nobodys_turn_and_forgets_nothing_that_is_due() -> None:
    before = sweep({TURN: "3", SWEPT: "attachments comments", DUE: "4"})
    noted = notes(before, Wanted(labels=frozenset({"a"})), PARTS, due={"5"}, doubted={Part.COMMENTS})
    assert noted == {DUE: "4 5", DOUBTED: "comments"}


@pytest.mark.parametrize(("turn", "doubted"), [("0", "comments"), ("12", "comments"), ("13", "")])
def test_a_doubt_ends_when_everybody_had_a_turn(turn: str, doubted: str) -> None:
    before = sweep({SWEPT: "attachments comments", DOUBTED: "comments", TURN: turn})
    assert before.doubted == {"comments"}
    assert notes(before, Wanted(), PARTS, due=set(), doubted=set())[DOUBTED] == doubted


@pytest.mark.parametrize(
    ("things", "singly", "expected"),
    [
        (0, 0, True),
        (0, 1, True),
        (1, 1, False),
        (1, 2, True),
        (250, 2, True),
        (251, 2, False),
        (251, 4, True),
    ],
)
def test_a_listing_of_the_site_pays_where_it_costs_at_most_half(
    things: int, singly: int, expected: bool
) -> None:
    assert pays(things, singly) is expected


def test_what_is_held_and_not_shown_or_was_missing_is_lacking() -> None:
    have = held(attachment(1))
    assert not lacks([], {})
    assert not lacks(["att1", "att2"], {"att1": have})
    assert lacks(["att2"], {"att1": have})
    assert lacks(["att1"], {"att1": held(attachment(1), missing_since="2026-11-01T08:00:00+00:00")})


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("2026-11-01T07:59:59.999Z", True),
        ("2026-11-01T08:00:00.000Z", False),
        ("2026-11-01T07:00:00", False),  # of no zone
        ("", False),
        ("yesterday", False),
    ],
)
def test_what_was_surely_there_before_a_run(date: str, expected: bool) -> None:
    assert is_older(Version(1, date), datetime(2026, 11, 1, 8, tzinfo=UTC)) is expected


CUT = {TURN: "3", SWEPT: "attachments comments"}


def cut(before: Sweep, came: Set[str], *, parts: Iterable[Part] = PARTS, **noted: Set[Any]) -> dict[str, str]:
    given: dict[str, Set[Any]] = {"due": set(), "failed": set(), "doubted": set(), **noted}
    return so_far(before, Wanted(), parts, came=came, everybody=IDS, **given)


def test_runs_that_were_cut_are_a_first_one_together() -> None:
    before = sweep({})
    *most, last = IDS
    noted = cut(before, {*most})
    assert SWEPT not in noted
    noted |= cut(sweep(noted), {last})
    following = {TURN: "1", SAMPLED: f"{before.sample} 0", SWEPT: "attachments comments"}
    assert sweep(noted) == sweep(following)


def test_a_narrower_run_that_was_cut_ends_nobodys_turn() -> None:
    noted = so_far(
        sweep(CUT), Wanted(labels=frozenset({"a"})), PARTS,
        due=set(), failed=set(), came={*IDS}, everybody=IDS, doubted=set(),
    )  # fmt: skip
    assert TURN not in noted


def test_a_run_that_was_cut_leaves_the_rest_of_its_turn_to_the_next() -> None:
    before = sweep({**CUT, DUE: "4 6", ASKED: "8"})
    turn = {each for each in IDS if before.takes(each)} - {"4"}
    done = {*list(turn)[:9], "4", "5"}
    noted = cut(before, done, due={"4", "6"}, failed={"5"})
    assert noted[DUE] == "5 6"
    following = sweep({**CUT, **noted})
    assert {each for each in IDS if following.takes(each)} - {"4"} == turn - done
    assert following.came == done | {"8"}


def test_where_a_run_was_cut_when_its_turn_was_over_the_next_one_begins() -> None:
    before = sweep(CUT)
    *turn, last = filter(before.takes, IDS)
    assert TURN not in cut(before, {*turn})
    assert TURN not in cut(before, {*turn}, due={last})
    assert cut(before, {*turn, last}, failed={last})[TURN] == "4"
    noted = cut(before, {*turn, last})
    ended = notes(before, Wanted(), PARTS, due=set(), doubted=set())
    assert noted == ended
    assert not {*turn, last} & {*filter(sweep({**CUT, **noted}).takes, IDS)}


def test_on_a_small_space_the_turn_is_over_when_everybody_was_asked() -> None:
    small = sweep(CUT, containers=SMALL)
    assert TURN not in cut(small, {*filter(small.takes, IDS)})
    assert cut(small, {*IDS})[TURN] == "4"


def test_what_changed_and_a_run_that_was_cut_did_not_come_to_counts_as_if_none_had() -> None:
    noted = cut(sweep({**CUT, ASKED: "8 9", CAME: "7", DUE: "9"}), {"6"}, due={"7", "8", "9"})
    assert sweep({**CUT, **noted}).came == {"6", "9"}
    assert noted[DUE] == "7 8 9"


def test_what_a_run_came_to_and_did_not_ask_for_by_itself_is_asked_by_one_that_is_to() -> None:
    before = sweep(CUT)
    noted = {**CUT, **cut(before, {*IDS[:900]})}
    following = sweep(noted, within=1)
    assert [each for each in IDS if not before.checks(each) and not following.checks(each)] == []
    assert TURN not in cut(following, {*IDS[900:]})


def test_a_run_that_was_cut_doubts_what_it_has_reason_to() -> None:
    noted = cut(sweep({**CUT, DOUBTED: "comments"}), set(), doubted={Part.ATTACHMENTS})
    assert noted[DOUBTED] == "attachments comments"


def test_the_sample_stays_while_the_space_grows_between_runs_that_are_cut() -> None:
    noted = {**CUT, **cut(sweep(CUT), set())}
    assert sweep(noted, containers=3 * LARGE).sample == sweep(CUT).sample


@pytest.mark.parametrize(
    ("came", "before", "containers", "expected"),
    [
        (set(), {}, LARGE, True),
        ({"1"}, {}, LARGE, False),
        ({"1"}, {SINGLY: "yes"}, LARGE, True),
        (set(), {}, SMALL, False),
    ],
)
def test_where_a_run_was_cut_before_it_came_to_anybody_the_next_reads_nothing_of_the_site(
    came: set[str], before: dict[str, str], containers: int, expected: bool
) -> None:
    noted = cut(sweep({**CUT, **before}, containers=containers), came)
    assert sweep({**CUT, **noted}).singly is expected
    ended = notes(sweep({**CUT, SINGLY: "yes"}), Wanted(), PARTS, due=set(), doubted=set())
    assert not sweep(ended).singly


@pytest.mark.parametrize(
    "other", [(Wanted(), PARTS[:1]), (Wanted(), [*PARTS, Part.LABELS]), (Wanted(adf=True), PARTS)], ids=str
)
def test_a_run_that_asks_for_something_else_has_turns_of_its_own(other: tuple[Wanted, list[Part]]) -> None:
    wanted, parts = other
    noted = {**CUT, **cut(sweep(CUT), {*IDS[:900]})}
    it = make_sweep(wanted, LARGE, parts, noted)
    assert (it.turn, it.asked, it.came) == (0, frozenset(), frozenset())
    ended = so_far(it, wanted, parts, due=set(), failed=set(), came={*IDS}, everybody=IDS, doubted=set())
    assert sweep({**noted, **ended}).asked == sweep(noted).asked


def test_a_run_that_asks_for_everything_asks_for_what_was_asked_in_one_that_was_cut() -> None:
    noted = {**CUT, ASKED: " ".join(IDS)}
    assert not any(map(sweep(noted).takes, IDS))
    assert all(map(sweep(noted, full=True).takes, IDS))


def test_what_was_asked_in_a_run_that_was_cut_need_not_be_asked_page_by_page() -> None:
    assert sweep(CUT, within=1).is_everything
    assert not sweep({**CUT, ASKED: "1"}, within=1).is_everything
    assert sweep({**CUT, ASKED: "1"}, within=1, full=True).is_everything


def test_everybody_is_in_a_sample_while_the_space_grows() -> None:
    noted = {SWEPT: "attachments comments"}
    last = dict.fromkeys(IDS, 0)
    widest = 0
    for turn in range(400):
        made = sweep({**noted, TURN: str(turn)}, containers=2000 + 3 * turn)
        noted = notes(made, Wanted(), PARTS, due=set(), doubted=set())
        for each in filter(made.samples, IDS):
            widest = max(widest, turn - last[each])
            last[each] = turn
    widest = max(widest, *(400 - each for each in last.values()))
    assert widest <= 2 * (2000 + 3 * 400) / SAMPLE
