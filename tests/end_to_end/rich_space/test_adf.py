"""The Atlassian Document Format beside the storage body, for those who ask for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exporter.app import Options
from exporter.emulator import Content, Emulator, Fault, adf
from exporter.errors import Exit
from tests.end_to_end.conftest import Mirrors
from tests.end_to_end.disk import SpaceOnDisk
from tests.end_to_end.rich import Rich, rich
from tests.end_to_end.running import mirror_here
from tests.end_to_end.test_incremental import changes

BOTH: dict[str, Any] = {"raw": "storage,adf"}
FORM = "atlas_doc_format"


@pytest.fixture
async def held(mirrors: Mirrors, tmp_path: Path) -> SpaceOnDisk:
    return await mirrors.copy(rich, tmp_path / "out", **BOTH)


def bodies(it: Rich) -> list[Content]:
    return [*it.eng.with_body, it.eng.world.content(it.linking)]


def path(held: SpaceOnDisk, of: Content) -> Path:
    return held.folder / "raw" / f"{of.kind}s" / f"{of.id}.adf.json"


def assert_all(it: Rich, held: SpaceOnDisk) -> None:
    for each in bodies(it):
        assert each.body is not None
        assert path(held, each).read_bytes() == adf.document(each.body()).encode()
        assert held.body(each.id, each.kind) == each.body().encode()
    held.assert_whole()


def asked(emulator: Emulator, form: str = FORM) -> list[str]:
    """The ids of all bodies of a form asked for since the last look, in groups of a request."""
    found = [each for each in emulator.requests if each.query.get("body-format") == form]
    emulator.requests.clear()
    found = [each for each in found if each.path.endswith("s") or each.path.rpartition("/")[2].isdigit()]
    return [each.query.get("id", each.path.rpartition("/")[2]) for each in found]


async def test_both_are_kept_and_nothing_is_written_twice(
    it: Rich, emulator: Emulator, held: SpaceOnDisk
) -> None:
    assert_all(it, held)
    before = held.contents()
    run = await mirror_here(emulator, held.folder.parent, **BOTH)
    assert (run.exit, changes(run)) == (Exit.OK, {})
    asked(emulator)
    await mirror_here(emulator, held.folder.parent, full=False, **BOTH)
    assert asked(emulator) == []
    assert held.contents() == before


@pytest.mark.parametrize(
    "text", ['{"type":"doc","content":[]}', '{ "b" : 1,\r\n "a" : "\u2028 \U0001f30a" }', "", "no JSON {"]
)
async def test_the_bytes_are_those_of_the_api(
    text: str, it: Rich, emulator: Emulator, tmp_path: Path
) -> None:
    body = {FORM: {"representation": FORM, "value": text}}
    emulator.faults.append(
        Fault("field", match=f"body-format={FORM}", ids=[it.eng.plan.id], name="body", value=body)
    )
    assert (await mirror_here(emulator, tmp_path / "out", **BOTH)).exit is Exit.OK
    held = SpaceOnDisk(tmp_path / "out" / "ENG")
    assert path(held, it.eng.plan).read_bytes() == text.encode()
    held.assert_whole()


@pytest.mark.parametrize("full", [True, False])
async def test_switched_on_later_only_adf_is_fetched_in_bulk(
    full: bool, it: Rich, emulator: Emulator, tmp_path: Path
) -> None:
    await mirror_here(emulator, tmp_path / "out")
    held = SpaceOnDisk(tmp_path / "out" / "ENG")
    before = held.contents()
    emulator.requests.clear()
    plan = await mirror_here(emulator, tmp_path / "out", full=full, options=Options(dry_run=True), **BOTH)
    assert plan.exit is Exit.OK
    assert held.contents() == before
    emulator.requests.clear()
    run = await mirror_here(emulator, tmp_path / "out", full=full, **BOTH)
    assert run.exit is Exit.OK
    assert changes(plan) == changes(run)
    storage = [each for each in emulator.requests if each.query.get("body-format") == "storage"]
    assert full or not [each for each in storage if each.path.endswith(("/pages", "/blogposts"))]
    groups = asked(emulator)
    assert sorted(",".join(groups).split(",")) == sorted(each.id for each in bodies(it))
    assert len(groups) == 2  # pages and posts
    assert_all(it, held)
    after = held.contents()
    assert {name: after[name] for name in before} == before


@pytest.mark.parametrize("full", [True, False])
async def test_a_file_lost_is_fetched_again_and_no_other(
    full: bool, it: Rich, emulator: Emulator, held: SpaceOnDisk
) -> None:
    path(held, it.eng.plan).unlink()
    asked(emulator)
    run = await mirror_here(emulator, held.folder.parent, full=full, **BOTH)
    assert run.exit is Exit.OK
    assert full or asked(emulator) == [it.eng.plan.id]
    assert_all(it, held)


@pytest.mark.parametrize("full", [True, False])
async def test_an_edit_brings_both_anew(full: bool, it: Rich, emulator: Emulator, held: SpaceOnDisk) -> None:
    it.eng.world.edit(it.eng.plan, "<p>Another</p>")
    asked(emulator)
    run = await mirror_here(emulator, held.folder.parent, full=full, **BOTH)
    assert run.exit is Exit.OK
    assert changes(run) == {("page", "changed"): 1}
    assert full or asked(emulator) == [it.eng.plan.id]
    assert_all(it, held)


async def test_an_edit_unseen_by_a_run_without_adf_is_made_up_for(
    it: Rich, emulator: Emulator, held: SpaceOnDisk
) -> None:
    it.eng.world.edit(it.eng.plan, "<p>Another</p>")
    await mirror_here(emulator, held.folder.parent, full=False)
    held.assert_whole()
    assert (await mirror_here(emulator, held.folder.parent, full=False, **BOTH)).exit is Exit.OK
    assert_all(it, held)


async def test_a_body_rewritten_without_a_version_is_seen(
    it: Rich, emulator: Emulator, held: SpaceOnDisk
) -> None:
    it.eng.world.rewrite(it.linking, "<p>See elsewhere</p>")
    run = await mirror_here(emulator, held.folder.parent, **BOTH)
    assert changes(run) == {("page", "changed"): 1}
    assert_all(it, held)


async def test_adf_that_fails_costs_itself_and_is_tried_again(
    it: Rich, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.faults.append(Fault("status", match=f"body-format={FORM}", ids=[it.eng.plan.id], status=500))
    run = await mirror_here(emulator, tmp_path / "out", **BOTH)
    assert run.exit is Exit.PARTIAL
    assert [failure.id for failure in run.report.failures] == [it.eng.plan.id]
    held = SpaceOnDisk(tmp_path / "out" / "ENG")
    assert held.body(it.eng.plan.id)
    assert not path(held, it.eng.plan).exists()
    held.assert_whole()
    emulator.faults.clear()
    assert (await mirror_here(emulator, tmp_path / "out", full=False, **BOTH)).exit is Exit.OK
    assert_all(it, held)
