"""The machine's clock, time zone and locale, and the order of Python's sets, change nothing."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from exporter.emulator import Emulator
from exporter.errors import Exit
from exporter.model import Kind
from tests.end_to_end.asked import is_preflight
from tests.end_to_end.conftest import Mirrors
from tests.end_to_end.disk import SpaceOnDisk
from tests.end_to_end.rich import Rich, rich
from tests.end_to_end.running import FastClock, mirror, mirror_here

DAY = 86400.0
EVERYTHING: dict[str, Any] = {"history": "all", "raw": "storage,adf"}

ENVIRONMENTS: dict[str, dict[str, str]] = {
    "far west, no locale": {"TZ": "Etc/GMT+12", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "half an hour, ascii": {"TZ": "Asia/Kathmandu", "LC_ALL": "POSIX", "PYTHONIOENCODING": "ascii"},
    "no such zone, dotless i": {"TZ": "No/Where", "LC_ALL": "tr_TR.UTF-8", "PYTHONHASHSEED": "3"},
}

CLOCKS = {
    "a day ahead": DAY,
    "years ahead": 20 * 366 * DAY,
    "years behind": -40 * 366 * DAY,
}


def with_words() -> Rich:
    """With words and names that a locale would sort and change another way."""
    it = rich()
    world = it.eng.world
    for number, title in enumerate(("IŞIK", "ışık", "İzmir", "irmak", "Äpfel", "Zebra", "\U0001f30a")):
        page = world.add_page(it.eng.space, title, f"<p>{title}</p>", parent=it.eng.home, position=None)
        world.attach(page, f"{title}.TXT", title.encode(), media_type="text/plain")
        world.add_label(page, f"i-{number}")
    world.replace_attachment(it.eng.image, b"second image")
    return it


@pytest.fixture
def it() -> Rich:
    return with_words()


@pytest.fixture
async def expected(mirrors: Mirrors, tmp_path: Path) -> dict[str, str]:
    return (await mirrors.copy(with_words, tmp_path / "plain", **EVERYTHING)).contents()


def fetched(emulator: Emulator) -> Counter[str]:
    """What was asked for that only new or changed things need, since the last look."""
    found = Counter(
        each.target
        for each in emulator.requests
        if not is_preflight(each)
        and ("version" in each.query or each.path.endswith("/download") or each.origin == "media")
    )
    found.update(each.target for each in emulator.requests if "atlas_doc_format" in each.target)
    emulator.requests.clear()
    return found


@pytest.mark.parametrize("where", ENVIRONMENTS)
async def test_zone_locale_and_hash_seed_change_nothing(
    where: str, emulator: Emulator, expected: dict[str, str], tmp_path: Path
) -> None:
    out, flags = tmp_path / "out", ("--history", "all", "--raw", "storage,adf", "--check-within", "36500")
    first = await mirror(emulator, out, *flags, env=ENVIRONMENTS[where])
    assert (first.code, first.stderr) == (0, "")
    held = SpaceOnDisk(out / "ENG")
    assert held.contents() == expected
    assert fetched(emulator)
    second = await mirror(emulator, out, *flags, env={"TZ": "UTC"})
    assert second.code == 0
    assert not fetched(emulator)
    assert held.contents() == expected
    assert held.last_run()["counts"]["page"]["changed"] == 0


@pytest.mark.parametrize("when", CLOCKS)
async def test_the_clock_changes_nothing(
    when: str, emulator: Emulator, expected: dict[str, str], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    for ahead in (CLOCKS[when], 0.0, CLOCKS[when]):
        run = await mirror_here(emulator, out, clock=FastClock(ahead=ahead), full=False, **EVERYTHING)
        assert run.exit is Exit.OK, run.problems()
        assert SpaceOnDisk(out / "ENG").contents() == expected
        assert bool(fetched(emulator)) == (run.report.counts[Kind.PAGE]["new"] > 0)


@pytest.mark.parametrize("when", CLOCKS)
async def test_what_changes_is_seen_whatever_the_clock_says(
    when: str, it: Rich, emulator: Emulator, expected: dict[str, str], tmp_path: Path
) -> None:
    out = tmp_path / "plain"
    held = SpaceOnDisk(out / "ENG")
    assert held.contents() == expected
    it.eng.world.edit(it.eng.plan, "<p>2</p>")
    it.eng.world.trash(it.linking)
    it.eng.world.replace_attachment(it.eng.notes, b"2")
    run = await mirror_here(emulator, out, clock=FastClock(ahead=CLOCKS[when]), full=False)
    assert run.exit is Exit.OK
    assert held.body(it.eng.plan.id) == b"<p>2</p>"
    assert held.attachment(it.eng.notes.id).read_bytes() == b"2"
    assert held.states() == {it.linking.id: "deleted"}
    (since,) = {item.missing_since for item in held.items().values() if item.missing_since}
    await mirror_here(emulator, out, clock=FastClock(ahead=-CLOCKS[when]), full=False)
    assert {item.missing_since for item in held.items().values() if item.missing_since} == {since}
