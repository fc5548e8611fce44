"""Deletions: only what Confluence really deleted goes to the trash, and it comes back when it is restored."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from exporter.app import Options
from exporter.emulator import Emulator, Fault
from exporter.emulator.generate import generated_world
from exporter.errors import Exit
from exporter.summary import SpaceRun
from tests.end_to_end.conftest import Serve
from tests.end_to_end.disk import SpaceOnDisk
from tests.end_to_end.rich import rich
from tests.end_to_end.running import TOKEN, FastClock, mirror, mirror_here
from tests.end_to_end.worlds import Sample


class Nights:
    """One run a night; the clocks of both sides go on in between."""

    def __init__(self, emulator: Emulator, out: Path) -> None:
        self.emulator, self.out, self.clock = emulator, out, FastClock()
        self.held = SpaceOnDisk(out / "ENG")

    async def run(self, *, after: float = 24.0, options: Options | None = None, **flags: object) -> SpaceRun:
        self.clock.ahead += after * 3600
        self.emulator.switches.clock_ahead = self.clock.ahead
        run = await mirror_here(self.emulator, self.out, clock=self.clock, options=options, **flags)  # type: ignore[arg-type]
        self.held.assert_whole()
        return run

    def ids(self) -> set[str]:
        """What is recorded."""
        return {item_id for _, item_id in self.held.items()}

    def raw(self) -> dict[str, str]:
        return {path: data for path, data in self.held.contents().items() if path.startswith("raw/")}

    def trash(self) -> set[str]:
        """What is in the trash, by its path without the day."""
        paths = (path for path in (self.out / "ENG" / "trash").rglob("*") if path.is_file())
        return {"/".join(path.relative_to(self.out / "ENG" / "trash").parts[1:]) for path in paths}


@pytest.fixture
def nights(emulator: Emulator, tmp_path: Path) -> Nights:
    return Nights(emulator, tmp_path / "out")


@pytest.mark.fault(56)
async def test_a_page_in_the_trash_goes_with_all_that_is_on_it_and_comes_back(
    eng: Sample, nights: Nights
) -> None:
    await nights.run()
    page, image = eng.plan.id, eng.image.id
    before = {path: data for path, data in nights.raw().items() if page in path or image in path}
    eng.world.trash(eng.plan)
    run = await nights.run()
    assert run.exit is Exit.OK
    assert [(each.kind, each.id, each.reason) for each in run.report.retired] == [("page", page, "deleted")]
    assert {f"raw/pages/{page}.json", f"raw/pages/{page}.storage.xml"} < nights.trash()
    assert any(path.startswith(f"raw/attachments/{image}/") for path in nights.trash())
    assert not [path for path in nights.raw() if page in path or image in path]
    assert page not in nights.ids()
    assert eng.detail.id in nights.ids(), "what is below it is not in it"
    quiet = await nights.run()
    assert quiet.report.retired == []
    eng.world.restore(eng.plan)
    assert (await nights.run()).exit is Exit.OK
    after = nights.raw()
    assert {path for path in after if page in path or image in path} == set(before)
    assert nights.trash(), "and stays in the trash for a while"


@pytest.mark.fault(56)
async def test_what_is_purged_or_hidden_stays_for_ever_unless_it_is_wanted_otherwise(
    eng: Sample, nights: Nights
) -> None:
    await nights.run()
    eng.world.restrict(eng.plan)
    eng.world.purge(eng.below)
    held = nights.raw()
    for _ in range(4):
        run = await nights.run(after=24 * 40)
        assert run.report.retired == []
    assert held.keys() <= nights.raw().keys()
    assert nights.trash() == set()
    run = await nights.run(retire_missing_after="90d")
    assert {(each.id, each.reason) for each in run.report.retired} == {
        (eng.plan.id, "missing too long"), (eng.below.id, "missing too long")
    }  # fmt: skip


@pytest.mark.fault(56)
async def test_a_comment_goes_after_two_listings_half_a_day_apart(serve: Serve, tmp_path: Path) -> None:
    it = rich()
    world, gone = it.eng.world, it.answer
    nights = Nights(await serve(world), tmp_path / "out")
    await nights.run()
    world.delete_comment(gone)
    for after in (24.0, 1.0, 10.0):
        run = await nights.run(after=after)
        assert run.report.retired == []
        assert f"raw/comments/{it.eng.plan.id}.missing.json" in nights.raw()
    run = await nights.run(after=2.0)
    assert gone.id in {each.id for each in run.report.retired}
    assert {each.reason for each in run.report.retired} == {"no longer shown"}
    assert f"raw/comments/{it.eng.plan.id}.{gone.id}.json" in nights.trash()
    assert f"raw/comments/{it.eng.plan.id}.missing.json" not in nights.raw()
    assert (await nights.run()).report.retired == []


async def test_an_attachment_in_the_trash_goes_at_once_and_a_purged_one_in_the_second_night(
    eng: Sample, nights: Nights
) -> None:
    await nights.run()
    eng.world.delete_attachment(eng.image)
    eng.world.purge_attachment(eng.notes)
    first, second = await nights.run(), await nights.run()
    assert [(each.id, each.reason) for each in first.report.retired] == [(eng.image.id, "deleted")]
    assert [(each.id, each.reason) for each in second.report.retired] == [(eng.notes.id, "no longer shown")]
    assert not (nights.held.folder / "raw" / "attachments" / eng.image.id).exists()


@pytest.mark.fault(54)
async def test_too_many_deletions_are_withheld_every_night_until_they_are_accepted(
    serve: Serve, tmp_path: Path
) -> None:
    world = generated_world(pages=30, folders=0, attachments=0, body_bytes=100, attachment_bytes=10)
    nights = Nights(await serve(world), tmp_path / "out")
    await nights.run()
    pages = [each for each in world.contents.values() if each.kind == "page" and each.parent_id][-12:]
    for page in pages:
        world.trash(page)
    ids = {page.id for page in pages}
    for _ in range(2):
        run = await nights.run()
        assert run.exit is Exit.WITHHELD
        assert {each.id for each in run.report.withheld} == ids
        assert run.report.retired == []
        assert "--accept-deletions 12" in run.problems()[0]
        assert ids <= nights.ids()
    few = await nights.run(options=Options(accept_deletions=11))
    assert few.exit is Exit.WITHHELD
    accepted = await nights.run(options=Options(accept_deletions=12))
    assert accepted.exit is Exit.OK
    assert {each.id for each in accepted.report.retired} == ids
    assert ids.isdisjoint(nights.ids())


@pytest.mark.fault(35, 53)
async def test_a_token_that_sees_nothing_any_more_takes_nothing_away(eng: Sample, nights: Nights) -> None:
    await nights.run()
    held = nights.raw()
    for content in [*eng.with_body]:
        eng.world.restrict(content)
    run = await nights.run()
    assert run.report.retired == []
    assert nights.trash() == set()
    assert held.keys() <= nights.raw().keys()


@pytest.mark.fault(34)
async def test_who_is_not_known_retires_nothing(eng: Sample, emulator: Emulator, nights: Nights) -> None:
    await nights.run()
    emulator.switches.classic_opens_v1 = False
    emulator.tokens[:] = [replace(TOKEN, scopes=TOKEN.scopes - {"read:content-details:confluence"})]
    eng.world.trash(eng.plan)
    run = await nights.run(skip="search,restrictions,attachments")
    assert run.report.retired == []
    assert "so nothing will be retired" in run.warnings[0]
    assert eng.plan.id in nights.ids()


@pytest.mark.fault(34)
@pytest.mark.parametrize("when", ["account", "space", "page"])
async def test_nothing_is_retired_when_the_witness_no_longer_answers(
    when: str, eng: Sample, emulator: Emulator, nights: Nights
) -> None:
    await nights.run()
    eng.world.trash(eng.plan)
    match = {"account": "/user/current", "space": r"/spaces\?.*ids=", "page": r"/pages\?id="}[when]
    spared = {"account": 1, "space": 0, "page": 1}[when]
    emulator.faults.append(Fault("status", match=match, status=404, from_index=spared))
    run = await nights.run(full=False)
    assert run.report.retired == []
    assert any("nothing was retired" in each for each in run.report.warnings)
    assert eng.plan.id in nights.ids()


@pytest.mark.fault(55, 56)
async def test_what_was_seen_in_the_trash_some_nights_ago_is_no_proof(
    eng: Sample, emulator: Emulator, nights: Nights
) -> None:
    await nights.run()
    eng.world.trash(eng.plan)
    await nights.run(delete=False)
    eng.world.restore(eng.plan)
    eng.world.restrict(eng.plan)
    emulator.faults.append(Fault("status", match=r"/pages\?", ids=[eng.plan.id], status=400))
    run = await nights.run()
    assert run.exit is Exit.UNAVAILABLE
    assert run.report.retired == []
    assert eng.plan.id in nights.ids()


@pytest.mark.fault(73)
@pytest.mark.parametrize("years", [-10, 10])
async def test_a_clock_that_jumped_retires_and_purges_nothing(
    years: int, eng: Sample, emulator: Emulator, nights: Nights
) -> None:
    await nights.run()
    eng.world.trash(eng.plan)
    old = nights.held.folder / "trash" / "2020-01-01" / "raw" / "x"
    old.parent.mkdir(parents=True)
    old.write_text("kept")
    nights.clock.ahead += years * 365 * 86400
    run = await mirror_here(emulator, nights.out, clock=nights.clock)
    assert run.report.retired == []
    assert "this machine's clock is" in run.report.warnings[0]
    assert old.exists()
    assert eng.plan.id in nights.ids()


async def test_no_delete_keeps_all(eng: Sample, nights: Nights) -> None:
    await nights.run()
    eng.world.trash(eng.plan)
    run = await nights.run(delete=False)
    assert (run.report.retired, run.exit) == ([], Exit.OK)
    assert eng.plan.id in nights.ids()


async def test_the_trash_is_emptied_after_its_days_and_nothing_else_is(eng: Sample, nights: Nights) -> None:
    await nights.run()
    trash = nights.held.folder / "trash"
    eng.world.trash(eng.plan)
    await nights.run()
    (day,) = trash.iterdir()
    (trash / "notes of mine").mkdir()
    (trash / "2020-01-01.txt").write_text("mine")
    await nights.run(after=24 * 29)
    assert day.exists()
    await nights.run(after=48)
    assert {each.name for each in trash.iterdir()} == {"notes of mine", "2020-01-01.txt"}


async def test_what_is_retired_twice_on_one_day_is_there_twice(eng: Sample, nights: Nights) -> None:
    await nights.run()
    for _ in range(2):
        eng.world.trash(eng.plan)
        await nights.run(after=0.2)
        eng.world.restore(eng.plan)
        await nights.run(after=0.2)
    eng.world.trash(eng.plan)
    await nights.run(after=0.2)
    assert {f"raw/pages/{eng.plan.id}.json", f"raw/pages/{eng.plan.id}.json.2"} < nights.trash()


async def test_the_command_line_tells_of_retired_and_withheld(
    eng: Sample, emulator: Emulator, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    await mirror(emulator, out)
    eng.world.trash(eng.plan)
    dry = await mirror(emulator, out, "--dry-run")
    assert f"retired page {eng.plan.id}" in dry.stdout
    assert eng.plan.id in {item_id for _, item_id in SpaceOnDisk(out / "ENG").items()}
    result = await mirror(emulator, out, "--json")
    (space,) = result.document["spaces"]
    assert [each["id"] for each in space["retired"]] == [eng.plan.id]
    assert space["withheld"] == []
    assert json.loads((out / "ENG" / "last-run.json").read_text())["retired"] == space["retired"]
    (day,) = (out / "ENG" / "trash").iterdir()
    assert abs(date.fromisoformat(day.name) - datetime.now(UTC).date()) <= timedelta(days=1)
