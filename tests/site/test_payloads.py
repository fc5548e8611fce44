"""The payloads are many, different, and stand in the hostile space as they are."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from exporter.emulator import Emulator
from exporter.errors import Exit
from tests.end_to_end.disk import SpaceOnDisk
from tests.end_to_end.running import TOKEN, mirror_here
from tests.site.payloads import KEY, MAX_TITLE, PAYLOADS, hostile_world, in_xml, quoted_body

_HEAD = '<!DOCTYPE x [<!ENTITY nbsp " ">]><x xmlns:ac="urn:ac" xmlns:ri="urn:ri">'


def test_there_are_many_and_none_twice() -> None:
    assert len(PAYLOADS) >= 300
    assert len({payload.text[:MAX_TITLE] for payload in PAYLOADS}) == len(PAYLOADS)


@pytest.mark.parametrize("start", range(0, len(PAYLOADS), 50))
def test_quoted_it_is_well_formed_and_comes_back_whole(start: int) -> None:
    for payload in PAYLOADS[start : start + 50]:
        root = etree.fromstring(f"{_HEAD}{quoted_body(payload.text)}</x>")
        seen = etree.fromstring(f"<x y='{in_xml(payload.text)}'/>").get("y")
        assert root.findtext("h2") == root.find("p").get("class") == seen  # type: ignore[union-attr]
        assert {str(element.tag) for element in root.iter(etree.Element)} & {"script", "iframe"} == set()


async def test_the_hostile_space_can_be_mirrored(tmp_path: Path) -> None:
    payloads = PAYLOADS[::12]
    async with Emulator(hostile_world(payloads), [TOKEN]) as emulator:
        run = await mirror_here(emulator, tmp_path)
    assert run.exit is Exit.OK, run.problems()
    titles = {node["title"] for node in SpaceOnDisk(tmp_path / KEY).nodes().values()}
    assert {payload.text[:MAX_TITLE] for payload in payloads} <= titles
