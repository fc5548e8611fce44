"""Every fault on every tenth request: the mirror is complete, or the run says what it lacks."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from exporter.confluence.transport import Limits
from exporter.emulator import Emulator, Fault, Recorded, World
from exporter.emulator.generate import generated_world
from exporter.errors import Exit
from exporter.summary import SpaceRun
from tests.end_to_end.asked import Asked, is_preflight
from tests.end_to_end.conftest import Serve
from tests.end_to_end.disk import SpaceOnDisk
from tests.end_to_end.running import IMPATIENT, FastClock, mirror_here
from tests.end_to_end.worlds import Sample

SURVIVED, HONEST = {Exit.OK}, {Exit.OK, Exit.PARTIAL, Exit.UNAVAILABLE}
UNREACHABLE = {Exit.USAGE} | HONEST  # the very first request asks for the cloud id

Rule = dict[str, Any]
BODY = r"/pages(/\d+)?\?.*body-format"
IN_BULK = r"/(pages|blogposts)\?.*body-format"
FAULTS: list[tuple[str, Rule, set[Exit]]] = [
    *((f"status {code}", {"kind": "status", "status": code}, SURVIVED) for code in (408, 500, 502, 503, 504)),
    ("429", {"kind": "status", "status": 429}, SURVIVED),
    ("429 and 60 s", {"kind": "status", "status": 429, "retry_after": "60"}, SURVIVED),
    ("503 and 30 s", {"kind": "status", "status": 503, "retry_after": "30"}, SURVIVED),
    ("429 and nonsense", {"kind": "status", "status": 429, "retry_after": "٣"}, SURVIVED),
    ("delay", {"kind": "delay", "seconds": 0.02}, SURVIVED),
    ("late", {"kind": "delay", "seconds": 0.8}, SURVIVED),
    ("stall", {"kind": "stall"}, SURVIVED),
    ("slow", {"kind": "slow", "seconds": 0.2}, SURVIVED),
    ("reset", {"kind": "reset"}, SURVIVED),
    ("reset in the body", {"kind": "reset_body"}, SURVIVED),
    ("cut", {"kind": "cut"}, SURVIVED),
    ("cut by one byte", {"kind": "chunked_cut", "amount": 40}, SURVIVED),
    ("HTML", {"kind": "login_page"}, SURVIVED),
    ("broken JSON", {"kind": "not_json"}, SURVIVED),
    ("a JSON list", {"kind": "not_json", "body": b"[]", "origin": "gateway"}, SURVIVED),
    ("deep JSON", {"kind": "not_json", "body": b"[" * 100_000, "origin": "gateway"}, SURVIVED),
    ("no results", {"kind": "results"}, SURVIVED),
    ("results null", {"kind": "results", "value": None}, SURVIVED),
    ("results of another shape", {"kind": "results", "value": {"id": "1"}}, SURVIVED),
    ("an item of another shape", {"kind": "results", "value": [{"id": []}]}, HONEST),
    ("no body", {"kind": "body", "match": IN_BULK, "every": 2}, SURVIVED),
    ("body null", {"kind": "body", "value": None, "match": IN_BULK, "every": 2}, SURVIVED),
    ("short file", {"kind": "short_binary"}, SURVIVED),
    ("long file", {"kind": "long_binary"}, SURVIVED),
    ("duplicates", {"kind": "duplicates"}, SURVIVED),
    ("short pages", {"kind": "short_page"}, SURVIVED),
    ("empty pages", {"kind": "empty_page"}, SURVIVED),
    ("a foreign next link", {"kind": "next_link", "location": "https://evil.example{link}"}, SURVIVED),
    ("wrong file size", {"kind": "file_size"}, {Exit.PARTIAL, Exit.OK}),
    ("a body never there", {"kind": "body"}, HONEST),
    ("repeated cursor", {"kind": "repeat_cursor"}, HONEST),
    ("cursor A B A", {"kind": "repeat_cursor", "amount": 2}, HONEST),
    ("a stuck list", {"kind": "stuck_list"}, HONEST),
    ("redirect", {"kind": "redirect"}, UNREACHABLE),
    ("404", {"kind": "status", "status": 404}, UNREACHABLE),
    ("410", {"kind": "status", "status": 410}, UNREACHABLE),
    ("403", {"kind": "status", "status": 403}, UNREACHABLE),
    ("400", {"kind": "status", "status": 400}, HONEST),
    ("token dies", {"kind": "expired"}, {Exit.AUTH}),
]
LISTS_IN_PARTS = Fault("short_page", match=r"/spaces/\d+/(pages|blogposts)\?", amount=8)


def world() -> World:
    return generated_world(
        pages=12, blogposts=2, folders=2, attachments=7, body_bytes=1500, attachment_bytes=3000
    )


@pytest.fixture(scope="module")
def undisturbed() -> dict[str, dict[str, str]]:
    """The files of a mirror that nothing disturbed, once it is made."""
    return {}


async def expected(serve: Serve, tmp_path: Path, undisturbed: dict[str, dict[str, str]]) -> dict[str, str]:
    if "files" not in undisturbed:
        run = await mirror_here(await serve(world()), tmp_path / "undisturbed")
        assert run.exit is Exit.OK
        undisturbed["files"] = SpaceOnDisk(tmp_path / "undisturbed" / "ENG").contents()
    return undisturbed["files"]


@pytest.mark.fault(37, 38, 39, 40, 41, 42, 47, 48, 49)
@pytest.mark.parametrize(("name", "rule", "ends"), FAULTS, ids=[name for name, _, _ in FAULTS])
async def test_a_fault_on_every_tenth_request_is_survived_or_named(
    name: str,
    rule: Rule,
    ends: set[Exit],
    serve: Serve,
    tmp_path: Path,
    undisturbed: dict[str, dict[str, str]],
) -> None:
    files = await expected(serve, tmp_path, undisturbed)
    emulator = await serve(world(), faults=[LISTS_IN_PARTS])
    held = SpaceOnDisk(tmp_path / "out" / "ENG")
    fault = Fault(**{"every": 10, **rule})
    emulator.faults.append(fault)
    impatient = name in ("late", "stall", "slow")
    limits = IMPATIENT if impatient else None
    run = await mirror_here(emulator, tmp_path / "out", limits=limits, clock=FastClock())
    assert fault.hits
    assert run.exit in ends, run.problems()
    assert held.last_run() == run.document()
    held.assert_whole()
    if run.exit is Exit.OK:
        assert lacking(held, files) <= hidden_folders(rule, files)
    elif run.exit is Exit.PARTIAL:
        unnamed = lacking(held, files) - {failure.id for failure in run.report.failures}
        assert not unnamed - below_failed_lists(run, emulator) - hidden_folders(rule, files)
        assert len(held.last_run()["failures"]) == len(run.report.failures)
    else:
        assert held.last_run()["error"] or held.last_run()["faults"]
    emulator.faults[:] = []
    assert (await mirror_here(emulator, tmp_path / "out")).exit is Exit.OK
    assert held.contents() == files
    assert not held.missing()


def lacking(held: SpaceOnDisk, files: dict[str, str]) -> set[str]:
    """The ids of what is not there, or not as it should be."""
    present = held.contents()
    names = {name for name in files if present.get(name) != files[name] and name.startswith("raw/")}
    return {re.sub(r"^raw/\w+/(\w+).*", r"\1", name) for name in names}


def below_failed_lists(run: SpaceRun, emulator: Emulator) -> set[str]:
    """The attachments of containers that are named because their attachments could not be listed."""
    failed = [failure.id for failure in run.report.failures if "attachments" in failure.reason]
    return {each for container in failed for each in emulator.world.by_container.get(container, ())}


def hidden_folders(rule: Rule, files: dict[str, str]) -> set[str]:
    """A folder that answers 404 is one that this token may not see: no failure, its pages are orphans."""
    if rule.get("status") not in (404, 410):
        return set()
    return {name.split("/")[2].split(".")[0] for name in files if name.startswith("raw/folders/")}


@pytest.mark.parametrize("offset", range(1, 10, 3))
@pytest.mark.parametrize("kind", ["reset_body", "login_page"])
async def test_it_does_not_matter_which_of_the_ten_is_hit(
    kind: str, offset: int, serve: Serve, tmp_path: Path, undisturbed: dict[str, dict[str, str]]
) -> None:
    files = await expected(serve, tmp_path, undisturbed)
    rule: Rule = {"kind": kind, "every": 10, "from_index": -offset}
    emulator = await serve(world(), faults=[LISTS_IN_PARTS, Fault(**rule)])
    assert (await mirror_here(emulator, tmp_path / "out")).exit is Exit.OK
    held = SpaceOnDisk(tmp_path / "out" / "ENG")
    assert held.contents() == files
    held.assert_whole()


PERSISTENT: list[tuple[str, Rule]] = [
    ("gone", {"kind": "status", "status": 404}),
    ("broken", {"kind": "status", "status": 500}),
    ("HTML", {"kind": "login_page", "origin": "gateway"}),
    ("reset", {"kind": "reset"}),
]


@pytest.mark.parametrize(("name", "rule"), PERSISTENT, ids=[name for name, _ in PERSISTENT])
async def test_a_page_that_never_comes_costs_that_page_and_keeps_its_good_copy(
    name: str, rule: Rule, eng: Sample, emulator: Emulator, tmp_path: Path
) -> None:
    await mirror_here(emulator, tmp_path / "out")
    held = SpaceOnDisk(tmp_path / "out" / "ENG")
    good = held.body(eng.plan.id)
    eng.world.edit(eng.plan, "<p>never seen</p>")
    eng.world.edit(eng.home, "<p>seen</p>")
    emulator.faults.append(Fault(match=BODY, ids=[eng.plan.id], **rule))
    run = await mirror_here(emulator, tmp_path / "out")
    assert run.exit is Exit.PARTIAL
    assert [failure.id for failure in run.report.failures] == [eng.plan.id]
    assert held.body(eng.plan.id) == good
    assert held.items()["page", eng.plan.id].version == 1
    assert held.body(eng.home.id) == b"<p>seen</p>"
    held.assert_whole()
    emulator.faults.clear()
    assert (await mirror_here(emulator, tmp_path / "out")).exit is Exit.OK
    assert held.body(eng.plan.id) == b"<p>never seen</p>"


@pytest.mark.parametrize("value", [None, {"representation": "storage", "value": None}])
async def test_a_page_without_a_body_is_asked_for_alone_and_then_named(
    value: object, eng: Sample, emulator: Emulator, tmp_path: Path
) -> None:
    await mirror_here(emulator, tmp_path / "out")
    held = SpaceOnDisk(tmp_path / "out" / "ENG")
    good = held.body(eng.plan.id)
    eng.world.edit(eng.plan, "<p>never seen</p>")
    eng.world.edit(eng.home, "")
    emulator.faults.append(Fault("body", ids=[eng.plan.id], value=value))
    emulator.requests.clear()
    run = await mirror_here(emulator, tmp_path / "out")
    assert [failure.id for failure in run.report.failures] == [eng.plan.id]
    alone = [r for r in emulator.requests if r.path.endswith(f"/pages/{eng.plan.id}")]
    assert len(alone) == 1, "what hangs on it was asked for by the same request again"
    assert held.body(eng.plan.id) == good
    assert held.body(eng.home.id) == b""


async def test_a_server_that_chokes_on_many_bodies_is_asked_for_fewer(
    eng: Sample, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.faults.append(Fault("bulk_limit", match=IN_BULK, amount=2))
    assert (await mirror_here(emulator, tmp_path / "out")).exit is Exit.OK
    SpaceOnDisk(tmp_path / "out" / "ENG").assert_whole()


async def test_a_lost_binary_is_a_failed_item_and_asked_for_each_run(
    eng: Sample, emulator: Emulator, tmp_path: Path
) -> None:
    eng.world.lose_binary(eng.image)
    for _ in range(2):
        emulator.requests.clear()
        run = await mirror_here(emulator, tmp_path / "out")
        assert run.exit is Exit.PARTIAL
        assert [(f.kind, f.id, f.title) for f in run.report.failures] == [
            ("attachment", eng.image.id, "a plan.png")
        ]
        lost = [r for r in emulator.requests.of("media") if r.status == 404]
        assert len(lost) == 2
        assert len(emulator.requests.of("gateway", f"{eng.image.id}/download")) == 2
    eng.world.replace_attachment(eng.image, b"found")
    assert (await mirror_here(emulator, tmp_path / "out")).exit is Exit.OK


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_a_media_host_that_refuses_once_is_asked_again_from_the_first_hop(
    status: int, eng: Sample, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.faults.append(Fault("status", origin="media", status=status, times=1))
    assert (await mirror_here(emulator, tmp_path / "out")).exit is Exit.OK
    assert len(emulator.requests.of("media")) == 3
    assert len([r for r in emulator.requests.of("gateway", "/download") if not is_preflight(r)]) == 3


@pytest.mark.fault(43)
async def test_a_wrong_length_after_five_tries_costs_the_item_and_keeps_the_old_copy(
    eng: Sample, emulator: Emulator, tmp_path: Path
) -> None:
    await mirror_here(emulator, tmp_path / "out")
    held = SpaceOnDisk(tmp_path / "out" / "ENG")
    eng.world.replace_attachment(eng.image, b"another image")
    emulator.faults.append(Fault("short_binary", origin="media"))
    emulator.requests.clear()
    run = await mirror_here(emulator, tmp_path / "out")
    assert [failure.id for failure in run.report.failures] == [eng.image.id]
    assert len(emulator.requests.of("media")) == 5
    assert held.attachment(eng.image.id).read_bytes() == b"\x89PNG 0123456789"
    held.assert_whole()


@pytest.mark.fault(47, 55)
async def test_a_listing_that_loops_marks_nothing_missing(
    eng: Sample, emulator: Emulator, tmp_path: Path
) -> None:
    await mirror_here(emulator, tmp_path / "out")
    held = SpaceOnDisk(tmp_path / "out" / "ENG")
    emulator.faults += [
        Fault("short_page", match=r"/spaces/\d+/pages", amount=2),
        Fault("repeat_cursor", match=r"/spaces/\d+/pages", amount=1),
    ]
    run = await mirror_here(emulator, tmp_path / "out")
    assert run.exit is Exit.UNAVAILABLE
    assert len(held.last_run()["faults"]) == 1
    assert held.missing() == set()
    held.assert_whole()


@pytest.mark.fault(37, 38)
@pytest.mark.parametrize("form", ["seconds", "date"])
async def test_nobody_asks_before_the_time_the_server_named(form: str, serve: Serve, tmp_path: Path) -> None:
    clock = FastClock()
    arrivals: list[float] = []
    pause, server_now = 600, datetime(2031, 1, 1, tzinfo=UTC)  # its clock is not ours
    headers = {"Date": format_datetime(server_now, usegmt=True)} if form == "date" else {}
    until = format_datetime(server_now + timedelta(seconds=pause), usegmt=True)
    told = Fault(
        "status",
        match="/attachments",
        status=429,
        times=1,
        retry_after=until if form == "date" else str(pause),
        headers=headers,
    )
    emulator = await serve(world(), faults=[told])

    def note(asked: Recorded) -> None:
        arrivals.append(clock.monotonic())

    emulator.before_answer = note
    run = await mirror_here(emulator, tmp_path / "out", clock=clock)
    assert run.exit is Exit.OK
    assert run.throttled == 1
    gaps = [later - earlier for earlier, later in pairwise(arrivals)]
    assert sum(gap > pause - 30 for gap in gaps) == 1  # one pause, and all waited for it
    assert max(gaps) >= pause - 1  # what was under way when it was told may arrive after


@pytest.mark.fault(37)
async def test_a_wait_longer_than_the_longest_ends_the_run_and_the_next_goes_on(
    eng: Sample, emulator: Emulator, tmp_path: Path
) -> None:
    of_pages = r"/pages/\d{2,}/attachments"
    emulator.faults.append(Fault("status", match=of_pages, status=429, retry_after="7200"))
    run = await mirror_here(emulator, tmp_path / "out")
    assert run.exit is Exit.UNAVAILABLE
    assert "--max-wait" in str(run.error)
    held = SpaceOnDisk(tmp_path / "out" / "ENG")
    held.assert_whole()
    emulator.faults.clear()
    emulator.requests.clear()
    assert (await mirror_here(emulator, tmp_path / "out", full=False)).exit is Exit.OK
    assert not Asked.of(emulator.requests).bodies[eng.plan.id]


@pytest.mark.fault(39)
async def test_a_host_that_never_answers_is_given_up_on(
    eng: Sample, emulator: Emulator, tmp_path: Path
) -> None:
    clock = FastClock()
    emulator.faults.append(Fault("status", match="/attachments|/pages|/blogposts", status=503))
    run = await mirror_here(emulator, tmp_path / "out", clock=clock, give_up_after=1.0)
    assert run.exit is Exit.UNAVAILABLE
    assert "--give-up-after" in str(run.error)
    SpaceOnDisk(tmp_path / "out" / "ENG").assert_whole()


async def test_a_flood_of_429_without_a_time_is_waited_out(
    eng: Sample, emulator: Emulator, tmp_path: Path
) -> None:
    clock = FastClock()
    emulator.faults.append(Fault("status", status=429, match="/attachments", times=4))
    run = await mirror_here(emulator, tmp_path / "out", clock=clock)
    assert run.exit is Exit.OK
    assert clock.ahead >= 4.9


@pytest.mark.fault(39)
async def test_a_trickle_below_the_floor_counts_as_cut(
    eng: Sample, emulator: Emulator, tmp_path: Path
) -> None:
    """Were each byte a sign of life, this would take for ever."""
    limits = Limits(first_byte=0.5, floor_bytes=1024, floor_window=0.5)
    eng.world.replace_attachment(eng.image, bytes(5000))
    file_id = eng.world.attachment(eng.image).file_id
    emulator.faults.append(Fault("slow", origin="media", match=file_id, seconds=0.05, times=1))
    assert (await mirror_here(emulator, tmp_path / "out", limits=limits)).exit is Exit.OK
    assert len(emulator.requests.of("media")) == 3
    SpaceOnDisk(tmp_path / "out" / "ENG").assert_whole()


@pytest.mark.fault(44)
async def test_a_file_that_was_cut_begins_anew_and_no_part_of_it_is_kept(
    eng: Sample, emulator: Emulator, tmp_path: Path
) -> None:
    """Nothing is ever resumed, so that no half of one version meets the other half of another."""
    emulator.faults.append(Fault("cut", origin="media", times=2))
    run = await mirror_here(emulator, tmp_path / "out")
    assert run.exit is Exit.OK
    held = SpaceOnDisk(tmp_path / "out" / "ENG")
    assert held.attachment(eng.image.id).read_bytes() == b"\x89PNG 0123456789"
    held.assert_whole()
    assert not any("Range" in each.headers for each in emulator.requests)
    assert len(emulator.requests.of("media")) == 4
