"""What this program has never heard of is kept as it came, and counted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from exporter.emulator import Emulator, Fault
from exporter.errors import Exit
from tests.end_to_end.disk import SpaceOnDisk
from tests.end_to_end.rich import Rich
from tests.end_to_end.running import mirror_here
from tests.end_to_end.test_incremental import changes

FIELDS: dict[str, tuple[str, str, str, str]] = {
    "status of a page": ("pages", "plan", "status", "status 'frozen'"),
    "status of a post": ("blogposts", "news", "status", "status 'frozen'"),
    "status of a folder": ("folders", "folder", "status", "status 'frozen'"),
    "status of custom content": ("custom-content", "poll", "status", "status 'frozen'"),
    "parent type of a page": ("pages", "plan", "parentType", "parent type 'frozen'"),
    "parent type of a folder": ("folders", "folder", "parentType", "parent type 'frozen'"),
}


@pytest.mark.fault(51)
@pytest.mark.parametrize("what", FIELDS)
async def test_an_unknown_word_is_kept_and_counted(
    what: str, it: Rich, emulator: Emulator, tmp_path: Path
) -> None:
    folder, name, field, counted = FIELDS[what]
    item = getattr(it if hasattr(it, name) else it.eng, name)
    emulator.faults.append(Fault("field", ids=[item.id], name=field, value="frozen"))
    for _ in range(2):
        run = await mirror_here(emulator, tmp_path / "out")
        assert run.exit is Exit.OK, run.problems()
        held = SpaceOnDisk(tmp_path / "out" / "ENG")
        document = json.loads((held.folder / "raw" / folder / f"{item.id}.json").read_bytes())
        assert document[field] == "frozen"
        assert held.last_run()["unknown"] == {counted: 1}
        assert item.id not in held.missing()
        held.assert_whole()
    assert changes(run) == {}


async def test_known_words_are_not_counted(it: Rich, emulator: Emulator, tmp_path: Path) -> None:
    it.eng.world.add_node(it.eng.space, "Below", parent=it.eng.board)
    assert (await mirror_here(emulator, tmp_path / "out")).exit is Exit.OK
    assert SpaceOnDisk(tmp_path / "out" / "ENG").last_run()["unknown"] == {}


STRANGE: dict[str, Any] = {
    "slide": {"type": "slide", "status": "current", "title": "Slides"},
    "no title": {"type": "canvas"},
    "an odd status": {"type": "canvas", "status": "frozen", "title": "C"},
}


@pytest.mark.fault(51)
@pytest.mark.parametrize("what", STRANGE)
async def test_content_of_an_unknown_type_is_kept_as_it_was_found(
    what: str, it: Rich, emulator: Emulator, tmp_path: Path
) -> None:
    found = {"content": {"id": "77001", "_links": {"webui": "/x"}, **STRANGE[what]}, "title": "Slides"}
    emulator.faults.append(Fault("results", match="/rest/api/search", value=[found]))
    for _ in range(2):
        run = await mirror_here(emulator, tmp_path / "out")
        assert run.exit is Exit.OK, run.problems()
        held = SpaceOnDisk(tmp_path / "out" / "ENG")
        document = json.loads((held.folder / "raw" / "other" / "77001.json").read_bytes())
        assert {name: document[name] for name in STRANGE[what]} == STRANGE[what]
        assert held.last_run()["unknown"] == {f"content type {STRANGE[what]['type']!r}": 1}
        held.assert_whole()
    assert changes(run) == {}
    emulator.faults.clear()
    assert (await mirror_here(emulator, tmp_path / "out")).exit is Exit.OK
    assert held.missing() == set()  # the search proves nothing
    assert it.empty.id in {item_id for kind, item_id in held.items() if kind == "folder"}


async def test_an_unknown_kind_of_parent_makes_no_request_and_an_orphan(
    it: Rich, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.faults += [
        Fault("field", ids=[it.eng.plan.id], name="parentType", value="portal"),
        Fault("field", ids=[it.eng.plan.id], name="parentId", value="77002"),
    ]
    run = await mirror_here(emulator, tmp_path / "out")
    assert run.exit is Exit.OK
    assert not [each for each in emulator.requests if "77002" in each.target]
    held = SpaceOnDisk(tmp_path / "out" / "ENG")
    assert [node["id"] for node in held.nodes().values() if node["orphan"]] == [it.eng.plan.id]
    assert held.metadata(it.eng.plan.id)["parentType"] == "portal"
