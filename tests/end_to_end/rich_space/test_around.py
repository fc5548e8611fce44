"""What hangs on pages is mirrored, each change of it is seen, and nothing else is asked for."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from exporter.app import Options
from exporter.emulator import Emulator, Recorded
from exporter.errors import Exit
from tests.end_to_end.changes_around import AROUND, Change
from tests.end_to_end.disk import SpaceOnDisk
from tests.end_to_end.rich import Rich, rich
from tests.end_to_end.running import TOKEN, mirror_here
from tests.end_to_end.test_incremental import changes

DRY = Options(dry_run=True)


def asked(requests: Iterable[Recorded]) -> Counter[str]:
    """Paths as often as they were asked for, apart from those of pages that are gone."""
    return Counter(
        request.path.partition("/wiki")[1] + request.path.partition("/wiki")[2] for request in requests
    )


@dataclass(frozen=True)
class Quiet:
    """A mirror after two runs, and what the second, which had nothing to do, asked for."""

    out: Path
    asked: Counter[str]


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Quiet:
    """Made once: the world is the same each time, so each test works on a copy."""
    return asyncio.run(_quiet(tmp_path_factory.mktemp("quiet") / "out"))


async def _quiet(out: Path) -> Quiet:
    async with Emulator(rich().eng.world, [TOKEN]) as emulator:
        for _ in range(2):
            emulator.requests.clear()
            run = await mirror_here(emulator, out)
            assert run.exit is Exit.OK, run.problems()
        assert changes(run) == {}
        return Quiet(out, asked(emulator.requests))


@pytest.fixture
def held(quiet: Quiet, tmp_path: Path) -> SpaceOnDisk:
    shutil.copytree(quiet.out, tmp_path / "out")
    return SpaceOnDisk(tmp_path / "out" / "ENG")


@pytest.mark.parametrize("change", AROUND, ids=lambda change: change.__name__)
async def test_a_change_around_the_pages_is_seen_and_only_it_is_asked_for(
    change: Change, it: Rich, emulator: Emulator, quiet: Quiet, held: SpaceOnDisk, tmp_path: Path
) -> None:
    before, states = held.contents(), held.states()
    owed = change(it)
    retire = not owed.state  # what becomes of it then is the matter of test_retiring
    plan = await mirror_here(emulator, tmp_path / "out", options=DRY, delete=retire)
    assert held.contents() == before
    said = Counter((str(action.kind), action.verb) for action in plan.report.actions)
    emulator.requests.clear()
    run = await mirror_here(emulator, tmp_path / "out", delete=retire)
    assert run.exit is Exit.OK, run.problems()
    after = held.contents()
    assert {name for name in after if after[name] != before.get(name)} == owed.files
    assert before.keys() - after.keys() == owed.gone
    assert changes(run) == owed.counts
    assert said == owed.counts, "the dry run said something else"
    assert held.states() == states | owed.state
    assert set(asked(emulator.requests) - quiet.asked) == owed.asked
    held.assert_whole()


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
            assert (await mirror_here(emulator, tmp_path / "out", delete=False)).exit is Exit.OK
    scratch = await mirror_here(emulator, tmp_path / "other")
    assert scratch.exit is Exit.OK
    assert held.live() == SpaceOnDisk(tmp_path / "other" / "ENG").live()
