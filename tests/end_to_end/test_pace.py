"""A whole run against limits and latency, in virtual time: what it asks when, and that nothing is lost."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from benchmarks.virtual_time import VirtualClock, run
from exporter.emulator import Emulator, Fault, Recorded, Switches
from exporter.emulator.generate import generated_world
from exporter.errors import Exit
from tests.end_to_end.disk import SpaceOnDisk
from tests.end_to_end.running import TOKEN, mirror_here

WORKERS, LATENCY = 32, 0.1
PAGES, ATTACHMENTS = 120, 120


@dataclass(frozen=True)
class Watched:
    """When each request came to the API, and how long the run took, in seconds of virtual time."""

    asked: list[float]
    requests: int
    seconds: float

    def busy(self) -> list[float]:
        """Without what is asked one after the other at the beginning, and the last of it."""
        asked = sorted(self.asked)
        return asked[len(asked) // 4 : -len(asked) // 20]


def _watch(out: Path, *faults: Fault, **switches: Any) -> Watched:
    async def watched() -> Watched:
        clock = VirtualClock()
        asked: list[float] = []

        def note(recorded: Recorded) -> None:
            if recorded.origin == "gateway":
                asked.append(clock.monotonic() - LATENCY)  # it is looked at after that

        world = generated_world(pages=PAGES, attachments=ATTACHMENTS, body_bytes=200, attachment_bytes=500)
        limited = Switches(latency=LATENCY, **switches)
        serving = Emulator(
            world, [TOKEN], switches=limited, faults=faults, clock=clock.monotonic, before_answer=note
        )
        async with serving as emulator:
            began = clock.monotonic()
            done = await mirror_here(emulator, out, clock=clock, workers=WORKERS)
            seconds = clock.monotonic() - began
            assert done.exit is Exit.OK, done.problems()
            return Watched(asked, len(emulator.requests), seconds)

    return run(watched)


@pytest.fixture(scope="module")
def unlimited(tmp_path_factory: pytest.TempPathFactory) -> Watched:
    return _watch(tmp_path_factory.mktemp("unlimited") / "out")


def test_a_first_run_takes_little_longer_than_its_requests(unlimited: Watched) -> None:
    one_after_the_other = 26  # sign-in, probes, listings: not what workers are for
    least = LATENCY * (unlimited.requests / WORKERS + one_after_the_other)
    assert unlimited.seconds <= 1.3 * least


@pytest.mark.fault(38)
@pytest.mark.parametrize(
    ("switches", "a_second", "held"),
    [
        ({"parallel_limit": 20}, 20 / LATENCY, 0),
        ({"parallel_limit": 20, "retry_after": "1800"}, 20 / LATENCY, 1800),
        ({"rate_limit": 50}, 50, 0),
        ({"rate_limit": 50, "retry_after": "1"}, 50, 0),
    ],
    ids=str,
)
def test_a_limited_server_is_used_well_and_asked_little_more(
    switches: dict[str, Any], a_second: float, held: float, unlimited: Watched, tmp_path: Path
) -> None:
    limited = _watch(tmp_path / "out", **switches)
    assert limited.requests <= 1.05 * unlimited.requests
    busy = limited.busy()
    gaps = [later - earlier for earlier, later in pairwise(busy)]
    pauses = sum(gap for gap in gaps if gap >= 1000)
    assert limited.seconds >= held
    assert len(busy) / (busy[-1] - busy[0] - pauses) >= 0.9 * a_second
    held_on_disk = SpaceOnDisk(tmp_path / "out" / "ENG")
    held_on_disk.assert_whole()
    assert len([kind for kind, _ in held_on_disk.items() if kind == "attachment"]) == ATTACHMENTS


@pytest.mark.fault(38)
def test_a_long_wait_at_the_media_host_ends_signed_urls_and_loses_no_file(tmp_path: Path) -> None:
    waits = [
        Fault("status", origin="media", status=429, retry_after="1800", times=1, from_index=index)
        for index in (10, 30)
    ]
    watched = _watch(tmp_path / "out", *waits, media_ttl=1200)
    assert watched.seconds >= 3600
    SpaceOnDisk(tmp_path / "out" / "ENG").assert_whole()


def test_runs_that_are_cut_come_round_together_and_ask_for_little_twice(tmp_path: Path) -> None:
    world = generated_world(pages=PAGES, body_bytes=200)

    async def nights() -> tuple[list[Exit], Counter[str]]:
        clock = VirtualClock()
        ended: list[Exit] = []
        limited = Switches(latency=LATENCY)
        async with Emulator(world, [TOKEN], switches=limited, clock=clock.monotonic) as emulator:
            while ended.count(Exit.OK) < 2 and len(ended) < 15:
                night = mirror_here(
                    emulator, tmp_path / "out", clock=clock, workers=4, max_duration="4s",
                    full=False, check_within=1,
                )  # fmt: skip
                ended.append((await asyncio.create_task(night)).exit)
            asked = Counter(each.path for each in emulator.requests if re.search(r"/pages/\d+$", each.path))
        return ended, asked

    ended, asked = run(nights)
    assert ended.count(Exit.TIME_UP) == len(ended) - 2
    assert (len(asked), min(asked.values())) == (PAGES, 2)
    assert asked.total() <= 2 * PAGES + (4 + 1) * len(ended)  # those under way when it was cut, and a probe
    SpaceOnDisk(tmp_path / "out" / "ENG").assert_whole()
