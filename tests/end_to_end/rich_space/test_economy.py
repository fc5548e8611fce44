"""Runs that ask for as little as they can: each change is seen all the same, at once or within its window."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from random import Random
from zlib import crc32

import pytest

from exporter.crawl import routes
from exporter.emulator import Emulator, Fault, Recorded
from exporter.errors import Exit
from tests.end_to_end import changes, changes_around
from tests.end_to_end.changes_around import AROUND
from tests.end_to_end.conftest import Mirrors, Serve
from tests.end_to_end.disk import SpaceOnDisk
from tests.end_to_end.histories import play
from tests.end_to_end.rich import Rich, rich
from tests.end_to_end.running import FastClock, mirror_here
from tests.end_to_end.test_incremental import changes as counted

AROUND_A_PAGE = re.compile(r"/(pages|blogposts|attachments|custom-content|content)/[0-9at]+(/|$)")
IN_TURNS = (
    changes_around.new_property,
    changes_around.property_changed,
    changes_around.property_removed,
    changes_around.liked,
    changes_around.no_longer_liked,
)
"""What only the page's own answer shows."""


@pytest.fixture(autouse=True)
def _nothing_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "SMALL", 0)


@pytest.fixture
async def held(mirrors: Mirrors, tmp_path: Path) -> SpaceOnDisk:
    return await mirrors.copy(rich, tmp_path / "out")


def around_pages(requests: list[Recorded]) -> Counter[str]:
    """What was asked of single pages, attachments and the like, without the preflight."""
    return Counter(
        each.path.partition("/wiki")[2]
        for each in requests
        if AROUND_A_PAGE.search(each.path) and each.path[-2:] != "/1" and "/1/" not in each.path
    )


async def test_a_first_run_brings_the_same_as_one_that_asks_page_by_page(
    it: Rich, emulator: Emulator, held: SpaceOnDisk, tmp_path: Path
) -> None:
    run = await mirror_here(emulator, tmp_path / "other", full=False)
    assert run.exit is Exit.OK, run.problems()
    assert SpaceOnDisk(tmp_path / "other" / "ENG").contents() == held.contents()
    assert run.document()["routes"] == {
        "attachments": "listings of the whole site",
        "comments": "listings of the whole site",
        "labels": "search",
        "restrictions": "search",
    }


async def test_a_run_without_changes_asks_nothing_of_single_pages(
    it: Rich, emulator: Emulator, held: SpaceOnDisk, tmp_path: Path
) -> None:
    before = held.contents()
    run = await mirror_here(emulator, tmp_path / "out", full=False)
    assert (run.exit, counted(run)) == (Exit.OK, {})
    assert held.contents() == before
    assert not around_pages(emulator.requests)
    await mirror_here(emulator, tmp_path / "out", full=True)
    assert around_pages(emulator.requests)


@pytest.mark.parametrize("change", AROUND, ids=lambda change: change.__name__)
async def test_a_change_around_the_pages_is_seen_whosever_turn_it_is(
    change: changes_around.Change, it: Rich, emulator: Emulator, held: SpaceOnDisk, tmp_path: Path
) -> None:
    before, states = held.contents(), held.states()
    owed = change(it)
    counts = Counter[tuple[str, str]]()
    runs = 7 if change in IN_TURNS else 1
    for _ in range(runs):
        within = 36500 if runs == 1 else runs
        run = await mirror_here(
            emulator, tmp_path / "out", full=False, check_within=within, delete=not owed.state
        )
        assert run.exit is Exit.OK, run.problems()
        counts += Counter(counted(run))
    after = held.contents()
    assert {name for name in after if after[name] != before.get(name)} == owed.files
    assert before.keys() - after.keys() == owed.gone
    assert counts == owed.counts
    assert held.states() == states | owed.state
    held.assert_whole()


@pytest.mark.parametrize("change", changes.IN_THE_WORLD + changes.ON_DISK, ids=lambda change: change.__name__)
async def test_a_change_in_the_space_is_seen_whosever_turn_it_is(
    change: changes.Change, it: Rich, emulator: Emulator, held: SpaceOnDisk, tmp_path: Path
) -> None:
    before = held.contents()
    change(it.eng, held.folder)
    assert (await mirror_here(emulator, tmp_path / "out", full=False, delete=False)).exit is Exit.OK
    one = held.contents()
    assert (await mirror_here(emulator, tmp_path / "out", full=True, delete=False)).exit is Exit.OK
    assert held.contents() == one
    held.assert_whole()
    assert one != before or change in (changes.nothing, *changes.ON_DISK) or held.missing()


# --- listings that don't show everything ------------------------------------------------


@pytest.mark.parametrize("index", [True, False], ids=["search", "no search"])
@pytest.mark.parametrize(
    "switches",
    [{"site_replies": False}, {"hidden_resolutions": frozenset({"resolved", "dangling"})}, {}],
    ids=["without replies", "without resolved ones", "whole"],
)
async def test_a_first_run_misses_nothing_that_the_listings_of_the_site_leave_out(
    index: bool, switches: dict[str, object], serve: Serve, mirrors: Mirrors, tmp_path: Path
) -> None:
    it = rich()
    it.eng.world.resolve_comment(it.inline)
    emulator = await serve(it.eng.world)
    for name, value in switches.items():
        setattr(emulator.switches, name, value)
    for out, full in (("one", True), ("other", False)):
        skip = "" if index else "search"
        run = await mirror_here(emulator, tmp_path / out, full=full, skip=skip)
        assert run.exit is Exit.OK, run.problems()
    assert SpaceOnDisk(tmp_path / "other/ENG").contents() == SpaceOnDisk(tmp_path / "one/ENG").contents()


@pytest.mark.parametrize("status", [404, 410, 500])
@pytest.mark.parametrize(
    "path",
    ["api/v2/attachments", "api/v2/footer-comments", "api/v2/inline-comments", "rest/api/content/search"],
)
async def test_a_listing_of_the_site_that_fails_costs_requests_and_nothing_else(
    path: str, status: int, it: Rich, emulator: Emulator, held: SpaceOnDisk, tmp_path: Path
) -> None:
    before, page = held.contents(), it.eng.detail
    emulator.faults.append(Fault("status", match=rf"/wiki/{path}\?", status=status))
    it.eng.world.add_comment(page, "<p>!</p>")
    it.eng.world.add_label(page, "final")
    file = it.eng.world.attach(page, "new.txt", b"new")
    written = set[str]()
    for _ in range(7 if path.startswith("rest") else 1):  # without the search, a label is seen in its turn
        run = await mirror_here(emulator, tmp_path / "out", full=False, check_within=7)
        assert run.exit is Exit.OK, run.problems()
        after = held.contents()
        written |= {name for name in after if after[name] != before.get(name)}
    assert any("broke off" in route or "failed" in route for route in run.report.routes.values())
    assert written == {
        f"raw/comments/{page.id}.json",
        f"raw/pages/{page.id}.json",
        f"raw/attachments/{file.id}.json",
        f"raw/attachments/{file.id}/new.txt",
    }
    assert held.missing() == set()


@pytest.mark.parametrize("what", ["attachments", "footer-comments", "inline-comments"])
async def test_what_a_listing_of_the_site_lacks_is_not_missing(
    what: str, it: Rich, emulator: Emulator, held: SpaceOnDisk, tmp_path: Path
) -> None:
    """Empty, and well formed, two nights long."""
    before = held.contents()
    emulator.faults.append(Fault("results", match=rf"/wiki/api/v2/{what}\?", value=[]))
    for ahead in (0.0, 24 * 3600.0):
        clock = FastClock(ahead=ahead)
        emulator.switches.clock_ahead = ahead
        run = await mirror_here(emulator, tmp_path / "out", full=False, clock=clock)
        assert (run.exit, run.report.retired) == (Exit.OK, [])
    assert (held.contents(), held.missing()) == (before, set())


async def test_a_listing_of_the_site_that_left_something_out_is_no_longer_used(
    it: Rich, emulator: Emulator, held: SpaceOnDisk, tmp_path: Path
) -> None:
    """It and the search index agree on nothing; a page whose turn it is shows that both are wrong."""
    emulator.switches.index_lag = 1e9
    emulator.faults.append(Fault("results", match=r"/wiki/api/v2/attachments\?", value=[]))
    within = next(each for each in range(2, 99) if crc32(it.eng.plan.id.encode()) % each == 0)
    run = await mirror_here(emulator, tmp_path / "other", full=False, check_within=within)
    assert run.exit is Exit.UNAVAILABLE
    assert "left out attachment" in run.report.faults[0]
    other = SpaceOnDisk(tmp_path / "other" / "ENG")
    assert other.contents() != held.contents()
    emulator.switches.index_lag = 0.0
    run = await mirror_here(emulator, tmp_path / "other", full=False, check_within=within)
    assert run.exit is Exit.OK, run.problems()
    assert other.contents() == held.contents()
    assert "left something out" in run.report.routes["attachments"]


@pytest.mark.parametrize("seed", range(1000, 1012))
async def test_histories_are_told_the_same_way(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is deleted, restored and hidden for some nights, as in the model histories, on the cheap ways."""
    monkeypatch.setattr("tests.end_to_end.histories.FULL", False)
    played = await play(Random(seed))
    assert played.nights
