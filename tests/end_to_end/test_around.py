"""What hangs on pages is mirrored, each change of it is seen, and nothing else is asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from exporter.app import Options
from exporter.emulator import Emulator, Recorded
from exporter.errors import Exit
from tests.end_to_end.changes_around import AROUND, Change
from tests.end_to_end.conftest import Serve
from tests.end_to_end.disk import SpaceOnDisk
from tests.end_to_end.rich import Rich, rich
from tests.end_to_end.running import mirror_here
from tests.end_to_end.test_incremental import changes

DRY = Options(dry_run=True)


def asked(requests: Iterable[Recorded]) -> Counter[str]:
    """Paths as often as they were asked for, apart from those of pages that are gone."""
    return Counter(
        request.path.partition("/wiki")[1] + request.path.partition("/wiki")[2] for request in requests
    )


@pytest.fixture
def it() -> Rich:
    return rich()


@pytest.fixture
async def emulator(it: Rich, serve: Serve) -> Emulator:
    return await serve(it.eng.world)


@pytest.fixture
async def held(emulator: Emulator, tmp_path: Path) -> SpaceOnDisk:
    """The mirror after two runs; the emulator remembers the second, which had nothing to do."""
    for _ in range(2):
        emulator.requests.clear()
        run = await mirror_here(emulator, tmp_path / "out")
        assert run.exit is Exit.OK, run.problems()
    assert changes(run) == {}
    return SpaceOnDisk(tmp_path / "out" / "ENG")


@pytest.mark.parametrize("change", AROUND, ids=lambda change: change.__name__)
async def test_a_change_around_the_pages_is_seen_and_only_it_is_asked_for(
    change: Change, it: Rich, emulator: Emulator, held: SpaceOnDisk, tmp_path: Path
) -> None:
    usual = asked(emulator.requests)
    before, states = held.contents(), held.states()
    owed = change(it)
    plan = await mirror_here(emulator, tmp_path / "out", options=DRY)
    assert held.contents() == before
    said = Counter((str(action.kind), action.verb) for action in plan.report.actions)
    emulator.requests.clear()
    run = await mirror_here(emulator, tmp_path / "out")
    assert run.exit is Exit.OK, run.problems()
    after = held.contents()
    assert {name for name in after if after[name] != before.get(name)} == owed.files
    assert before.keys() - after.keys() == owed.gone
    assert changes(run) == owed.counts
    assert said == owed.counts, "the dry run said something else"
    assert held.states() == states | owed.state
    assert set(asked(emulator.requests) - usual) == owed.asked
    held.assert_whole()
    emulator.requests.clear()
    again = await mirror_here(emulator, tmp_path / "out")
    assert {key: n for key, n in changes(again).items() if key[1] != "missing"} == {}
    assert held.contents() == after


async def test_two_routes_lead_to_the_same_originals(
    it: Rich, emulator: Emulator, held: SpaceOnDisk, tmp_path: Path
) -> None:
    """Increments here, from scratch there: what is live has the same bytes."""
    for change in AROUND:
        if change.__name__ not in ("folder_purged", "page_purged", "page_hidden", "page_moved_away"):
            try:
                change(it)
            except KeyError:  # a change before took away what this one is about
                continue
            assert (await mirror_here(emulator, tmp_path / "out")).exit is Exit.OK
    scratch = await mirror_here(emulator, tmp_path / "other")
    assert scratch.exit is Exit.OK
    assert held.live() == SpaceOnDisk(tmp_path / "other" / "ENG").live()
