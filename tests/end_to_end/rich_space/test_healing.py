"""What was damaged on disk, or said too early, is put right, and what was kept stays kept."""

from __future__ import annotations

import json

import pytest

from exporter.app import Options
from exporter.emulator import Emulator, Fault
from exporter.errors import Exit
from tests.end_to_end.disk import SpaceOnDisk
from tests.end_to_end.rich import Rich
from tests.end_to_end.running import mirror_here


async def test_comments_whose_file_was_lost_come_back_though_a_listing_broke_off_in_between(
    it: Rich, emulator: Emulator, held: SpaceOnDisk
) -> None:
    file = held.folder / "raw/comments" / f"{it.eng.plan.id}.json"
    before = file.read_bytes()
    file.unlink()
    emulator.faults.append(Fault("status", match="/inline-comments", status=500))
    assert (await mirror_here(emulator, held.folder.parent)).exit is Exit.PARTIAL
    assert file.read_bytes() != before
    emulator.faults.clear()
    assert (await mirror_here(emulator, held.folder.parent)).exit is Exit.OK
    assert file.read_bytes() == before
    held.assert_whole()


@pytest.mark.parametrize("damage", ["zeros", "another document"])
async def test_metadata_that_is_damaged_at_the_same_size_is_restored(
    damage: str, it: Rich, emulator: Emulator, held: SpaceOnDisk
) -> None:
    file = held.folder / "raw/pages" / f"{it.eng.plan.id}.json"
    before = file.read_bytes()
    file.write_bytes(bytes(len(before)) if damage == "zeros" else before.replace(b"Plan", b"Plot"))
    assert len(file.read_bytes()) == len(before)
    assert (await mirror_here(emulator, held.folder.parent)).exit is Exit.OK
    assert file.read_bytes() == before
    held.assert_whole()


async def test_nothing_is_missing_from_a_page_that_does_not_answer(
    it: Rich, emulator: Emulator, held: SpaceOnDisk
) -> None:
    """Its lists are empty then, and could be taken for complete ones."""
    plan = it.eng.plan.id
    for comment in (it.footer, it.inline):
        it.eng.world.delete_comment(comment)
    it.eng.world.purge_attachment(it.eng.image)
    emulator.faults.append(Fault("status", match=rf"/pages/{plan}\?", status=404))
    run = await mirror_here(emulator, held.folder.parent)
    assert run.exit is Exit.PARTIAL
    assert held.missing() == set()
    emulator.faults.clear()
    assert (await mirror_here(emulator, held.folder.parent)).exit is Exit.OK
    assert held.missing() >= {it.footer.id, it.inline.id, it.eng.image.id}


async def test_what_is_still_missing_when_its_page_comes_back_stays_missing(
    it: Rich, emulator: Emulator, held: SpaceOnDisk
) -> None:
    it.eng.world.trash(it.eng.plan)
    await mirror_here(emulator, held.folder.parent, delete=False)
    assert {it.task.id, it.poll.id, it.inline.id} <= held.missing()
    it.eng.world.restore(it.eng.plan)
    it.eng.world.remove_task(it.task)
    plan = await mirror_here(emulator, held.folder.parent, options=Options(dry_run=True), delete=False)
    run = await mirror_here(emulator, held.folder.parent, delete=False)
    assert held.missing() == {it.task.id}
    assert [str(each) for each in plan.report.actions if each.verb == "missing"] == []
    assert run.report.newly_missing == []
    again = await mirror_here(emulator, held.folder.parent, delete=False)
    assert (again.report.newly_missing, held.missing()) == ([], {it.task.id})


async def test_a_page_restored_and_hidden_is_no_longer_called_deleted(
    it: Rich, emulator: Emulator, held: SpaceOnDisk
) -> None:
    it.eng.world.trash(it.eng.plan)
    await mirror_here(emulator, held.folder.parent, delete=False)
    assert held.states()[it.eng.plan.id] == held.states()[it.inline.id] == "deleted"
    it.eng.world.restore(it.eng.plan)
    it.eng.world.restrict(it.eng.plan)
    await mirror_here(emulator, held.folder.parent, delete=False)
    assert held.states()[it.eng.plan.id] == held.states()[it.inline.id] == "gone"


async def test_an_attachment_whose_file_is_lost_is_kept_as_far_as_it_goes(
    it: Rich, emulator: Emulator, held: SpaceOnDisk
) -> None:
    """It is new once, not every night."""
    lost = it.eng.world.attach(it.eng.detail, "lost.bin", b"12345")
    it.eng.world.lose_binary(lost)
    first = await mirror_here(emulator, held.folder.parent)
    second = await mirror_here(emulator, held.folder.parent)
    for run, verb in ((first, "new"), (second, "damaged")):
        assert run.exit is Exit.PARTIAL
        assert run.document()["counts"]["attachment"][verb] == 1
    assert json.loads((held.folder / f"raw/attachments/{lost.id}.json").read_bytes())["title"] == "lost.bin"
    held.assert_whole()
