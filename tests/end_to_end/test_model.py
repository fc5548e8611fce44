"""Whatever happens to a small world: after each clean run the mirror has what the token sees, and in none is
anything retired but what is proved to be gone. `python -m benchmarks.histories` plays more of these.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from exporter.crawl.evidence import Candidate
from exporter.crawl.report import Report
from exporter.emulator import User, World
from exporter.logs import Redacting
from exporter.model import Kind
from exporter.summary import SpaceRun
from tests.end_to_end.disk import Item, Key
from tests.end_to_end.histories import play
from tests.end_to_end.oracle import Night, Oracle

SEEDS = (range(17), range(28, 45))
NOW = datetime(2026, 1, 10, tzinfo=UTC)


@pytest.mark.fault(35, 54, 55, 56)
@pytest.mark.parametrize("seeds", SEEDS, ids=["some histories", "and some more, for a second core"])
def test_the_mirror_has_what_the_token_sees_and_loses_nothing(seeds: range) -> None:
    for seed in seeds:
        asyncio.run(play(Random(seed)))


# --- the oracle itself: it must be able to say no ---------------------------------------


class Retired:
    """A space with one page, a comment and an attachment on it, and a night that retires one of them."""

    def __init__(self) -> None:
        self.world = World("cloud-eng", "example", User("712020:me", "Me", "me@example.com"))
        self.space = self.world.add_space("ENG", "Engineering")
        self.page = self.world.add_page(self.space, "Home", "")
        self.comment = self.world.add_comment(self.page, "")
        self.file = self.world.attach(self.page, "a.txt", b"a")
        self.oracle = Oracle(self.world, self.space)

    @property
    def keys(self) -> dict[Key, Item]:
        above = {("page", self.page.id): None}
        below = {("comment", self.comment.id): self.page.id, ("attachment", self.file.id): self.page.id}
        return {key: Item("", 1, "", None, on, {}) for key, on in {**above, **below}.items()}

    def wrong(self, *gone: Key, reason: str = "", hours: float = 0, is_clean: bool = False) -> list[str]:
        """What the oracle says of a night that retires these for this reason."""
        report = Report()
        if reason:
            report.retired = [Candidate(Kind(kind), each, "", reason) for kind, each in gone]  # type: ignore[arg-type]
        after = {key: item for key, item in self.keys.items() if key not in gone}
        now = NOW + timedelta(hours=hours)
        run = SpaceRun("ENG", now, report, Redacting([]))
        return self.oracle.wrong(Night(now, self.keys, after, set(), run, is_clean))


@pytest.fixture
def it() -> Retired:
    return Retired()


def test_the_oracle_tells_a_page_that_is_there_from_one_in_the_trash(it: Retired) -> None:
    gone = [*it.keys]
    assert it.wrong(gone[0], reason="deleted")
    it.world.restrict(it.page)
    assert it.wrong(gone[0], reason="deleted"), "not to be seen is not to be gone"
    it.world.trash(it.page)
    assert it.wrong(gone[0], reason="deleted") == []
    it.world.purge(it.page)
    assert it.wrong(gone[0], reason="deleted"), "404 is no proof"


def test_the_oracle_wants_two_nights_for_a_comment(it: Retired) -> None:
    key = ("comment", it.comment.id)
    it.world.delete_comment(it.comment)
    assert it.wrong(key, reason="no longer shown")
    assert it.wrong(key, reason="no longer shown", hours=11)
    assert it.wrong(key, reason="no longer shown", hours=13) == []


def test_the_oracle_sees_what_goes_without_a_word_and_what_stays(it: Retired) -> None:
    key = ("attachment", it.file.id)
    it.world.delete_attachment(it.file)
    assert it.wrong(key) == [f"{key} left without a word"]
    assert it.wrong(is_clean=True) == [f"{key} should have been retired"]
