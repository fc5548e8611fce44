"""Killed at any step, a mirror's manifest says what the disk holds, and nothing lies about."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from exporter.mirror.files import Files
from exporter.mirror.manifest import Manifest
from exporter.mirror.mirror import Mirror
from exporter.mirror.opening import open_mirror
from exporter.model import CommentId, CommentInfo, Kind, Page, Version
from tests.crawl.samples import attachment, info
from tests.fake_clock import FakeClock
from tests.mirror.holding import is_true, items, noted, on_disk, recorded

PAGE, OTHER = info(7), info(8)
NEWER = info(7, version=Version(2, "2026-11-02"), metadata=b'{"id": "7", "newer": 1}')
FILE = attachment(9, 7)
STEPS = ("_put", "_move", "_remove", "_set_aside", "_keep")
"""What changes something on disk; a commit is one more."""


class Killed(Exception):
    """Stands for a kill: nothing is done any more after it."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "out" / "ENG"


def _open(folder: Path) -> AbstractAsyncContextManager[Mirror]:
    return open_mirror(folder, mode=0o600, clock=FakeClock(), durable=False)


async def _chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def _comment(number: int) -> CommentInfo:
    metadata = f'{{"id": "{number}"}}'.encode()
    digest = hashlib.sha256(metadata).digest()
    return CommentInfo(CommentId(str(number)), "7", False, None, "Re", Version(1, "2026"), digest, metadata)


async def _first(mirror: Mirror) -> None:
    await mirror.save_pages([Page(PAGE, "<p>one</p>"), Page(OTHER, "<p>other</p>")])
    await mirror.save_adf([Page(PAGE, "{}")])
    await mirror.save_comments(Kind.PAGE, "7", [_comment(1), _comment(2)], complete=True)
    await mirror.save_attachment(FILE, _chunks(b"data"))
    await mirror.save_attachment(attachment(10, 7), _chunks(b"picture"))
    await mirror.save_attachment(attachment(11, 7), _chunks(b"text"))


async def _second(mirror: Mirror) -> None:
    """Another body, so the ADF goes; a comment goes; a new file, a new name, and both."""
    await mirror.save_pages([Page(NEWER, "<p>two</p>"), Page(OTHER, "<p>other</p>")])
    await mirror.save_details(Kind.PAGE, "7", {"labels": []})
    await mirror.save_comments(Kind.PAGE, "7", [_comment(1)], complete=True)
    await mirror.save_comments(Kind.PAGE, "7", [_comment(1), _comment(2)], complete=True)
    version = Version(2, "2026-11-02")
    await mirror.save_attachment(attachment(9, 7, version=version), _chunks(b"newer"))
    await mirror.save_attachment_metadata(attachment(10, 7, title="renamed.png"))
    await mirror.save_attachment(attachment(11, 7, title="both.txt", version=version), _chunks(b"more"))


async def _third(mirror: Mirror) -> None:
    """A page in the trash takes with it what is on it."""
    await mirror.retire(Kind.PAGE, "7", container_kind=None, container=None)
    await mirror.retire(Kind.PAGE, "8", container_kind=None, container=None)


async def _fourth(mirror: Mirror) -> None:
    """Comments go to the trash, one of two, then the last."""
    await mirror.save_comments(Kind.PAGE, "7", [], complete=True)
    for number in ("1", "2"):
        await mirror.retire(Kind.COMMENT, number, container_kind=Kind.PAGE, container="7")


def _killed_at(step: int, patch: pytest.MonkeyPatch) -> None:
    """Let `step` steps pass, and nothing after them."""
    left = step

    def counted(work: Callable[..., Any]) -> Callable[..., Any]:
        def do(*arguments: Any, **named: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                raise Killed
            return work(*arguments, **named)

        return do

    for name in STEPS:
        patch.setattr(Files, name, counted(getattr(Files, name)))
    patch.setattr(Manifest, "_write", counted(Manifest._write))


async def _run_until(folder: Path, step: int, run: Callable[[Mirror], Awaitable[None]]) -> bool:
    """Whether the run came to its end."""
    with pytest.MonkeyPatch.context() as patch:
        async with _open(folder) as mirror:
            _killed_at(step, patch)
            try:
                await run(mirror)
            except Killed:
                return False
    return True


@pytest.mark.fault(64)
@pytest.mark.parametrize("run", [_first, _second, _third, _fourth])
async def test_a_kill_at_any_step_leaves_a_manifest_that_is_true(
    folder: Path, run: Callable[[Mirror], Awaitable[None]]
) -> None:
    before, undisturbed = folder.with_name("before"), folder.with_name("undisturbed")
    async with _open(before) as mirror:
        if run is not _first:
            await _first(mirror)
    shutil.copytree(before, undisturbed)
    async with _open(undisturbed) as mirror:
        await run(mirror)
    step, ended = 0, False
    while not ended:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(before, folder)
        ended = await _run_until(folder, step, run)
        assert is_true(folder), f"right after step {step}"
        async with _open(folder) as mirror:
            assert not noted(folder)
            held = recorded(folder)
            there = on_disk(folder)
            assert held == {path: there.get(path) for path in held}, f"at the opening after step {step}"
            await run(mirror)
            assert not mirror.warnings, f"nobody changed anything: {step}"
        assert recorded(folder) == on_disk(folder) == on_disk(undisturbed), f"a run after step {step}"
        assert items(folder) == items(undisturbed), f"a run after step {step}"
        step += 1
    assert step > (25 if run is _second else 8)


@pytest.mark.fault(64)
async def test_what_arrived_unrecorded_is_looked_at_again(folder: Path) -> None:
    async with _open(folder) as mirror:
        await mirror.save_pages([Page(PAGE, "<p>one</p>"), Page(OTHER, "x")])
    await _run_until(folder, 3, lambda mirror: mirror.save_pages([Page(NEWER, "<p>two</p>")]))
    assert noted(folder) == ["raw/pages/7.json", "raw/pages/7.storage.xml"]
    async with _open(folder) as mirror:
        held = await mirror.held(Kind.PAGE)
        assert (held["7"].version.number, held["7"].digest) == (None, None)
        assert held["8"].version == OTHER.version
        assert (await mirror.held_bodies(Kind.PAGE, ["7"]))["7"].storage == (
            hashlib.sha256(b"<p>two</p>").digest()
        )


async def _commits(folder: Path, run: Callable[[Mirror], Awaitable[None]]) -> int:
    done = 0
    write = Manifest._write

    def counted(self: Manifest, batch: Any) -> None:
        nonlocal done
        done += 1
        write(self, batch)

    with pytest.MonkeyPatch.context() as patch:
        async with _open(folder) as mirror:
            patch.setattr(Manifest, "_write", counted)
            await run(mirror)
    return done


async def test_only_what_is_overwritten_costs_a_commit_more(folder: Path) -> None:
    pages = [Page(PAGE, "<p>one</p>"), Page(OTHER, "x")]
    changed = [Page(NEWER, "<p>two</p>"), Page(info(8, metadata=b"{}"), "y")]
    assert await _commits(folder, lambda mirror: mirror.save_pages(pages)) == 1
    assert await _commits(folder, lambda mirror: mirror.save_pages(pages)) == 1, "the same bytes"
    assert await _commits(folder, lambda mirror: mirror.save_pages(changed)) == 2, "for the whole batch"


@pytest.mark.fault(60)
async def test_a_file_changed_by_hand_is_set_aside_and_named(folder: Path) -> None:
    page, file = folder / "raw/pages/7.storage.xml", folder / "raw/attachments/att9/9.png"
    async with _open(folder) as mirror:
        await _first(mirror)
        for text in (b"mine", b"mine too"):
            page.write_bytes(text)
            await mirror.save_pages([Page(NEWER, "<p>two</p>")])
        file.write_bytes(b"painted over")
        await mirror.save_attachment(attachment(9, 7, version=Version(2, "2026")), _chunks(b"newer"))
        warnings = mirror.warnings
    aside = folder / "set-aside/2026-11-25/raw"
    assert (aside / "pages/7.storage.xml").read_bytes() == b"mine"
    assert (aside / "pages/7.storage.xml.2").read_bytes() == b"mine too"
    assert (aside / "attachments/att9/9.png").read_bytes() == b"painted over"
    assert (page.read_bytes(), file.read_bytes()) == (b"<p>two</p>", b"newer")
    assert len(warnings) == 3
    assert "set-aside/2026-11-25/raw/pages/7.storage.xml.2" in warnings[1]


@pytest.mark.fault(60)
async def test_a_file_changed_by_hand_that_goes_is_set_aside(folder: Path) -> None:
    async with _open(folder) as mirror:
        await _first(mirror)
        (folder / "raw/pages/7.adf.json").write_bytes(b"mine")
        await mirror.save_pages([Page(NEWER, "<p>two</p>")])
    assert (folder / "set-aside/2026-11-25/raw/pages/7.adf.json").read_bytes() == b"mine"
    assert not (folder / "raw/pages/7.adf.json").exists()


async def test_what_is_as_it_was_or_as_it_will_be_is_not_set_aside(folder: Path) -> None:
    async with _open(folder) as mirror:
        await _first(mirror)
        await _second(mirror)
        (folder / "raw/pages/8.storage.xml").write_bytes(b"<p>restored</p>")
        await mirror.save_pages([Page(OTHER, "<p>restored</p>")])
        assert not mirror.warnings
    assert not (folder / "set-aside").exists()
