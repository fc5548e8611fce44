"""The three kinds of run: a world, what the mirror holds before, and how an undisturbed run leaves it."""

from __future__ import annotations

import base64
import re
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from exporter.emulator import Emulator
from exporter.errors import Exit
from tests.end_to_end.disk import SpaceOnDisk
from tests.end_to_end.rich import Rich, rich
from tests.end_to_end.running import TOKEN, mirror_here, one_authority

FLAGS: dict[str, Any] = {
    "history": "all",
    "raw": "storage,adf",
    "workers": 1,
}  # one worker: the same order every time
ARGUMENTS = ("--space", "ENG", "--history", "all", "--raw", "storage,adf", "--workers", "1")
FOREIGN = "notes of mine.txt"  # in the mirror's folder, and none of ours
SECRETS = (
    TOKEN.secret.encode(),
    base64.b64encode(f"{TOKEN.email}:{TOKEN.secret}".encode()),
    b"canary-",  # cookies, signatures of download addresses
)

Key = tuple[str, str]


@dataclass(frozen=True)
class Calm:
    """What undisturbed runs leave of a mirror: the same however often and whenever they run."""

    raw: dict[str, str]
    tree: str
    rows: dict[str, list[tuple[object, ...]]]
    trash: frozenset[str]
    """Without the day, and the number of a second copy."""


def state_of(folder: Path) -> Calm:
    contents = SpaceOnDisk(folder).contents()
    return Calm(
        {path: digest for path, digest in contents.items() if path.startswith("raw/")},
        contents.get("tree.json", ""),
        rows(folder / "manifest.sqlite"),
        frozenset(in_trash(contents)),
    )


def in_trash(paths: Iterable[str]) -> Iterator[str]:
    for path in paths:
        if path.startswith("trash/"):
            yield re.sub(r"\.\d+$", "", path.split("/", 2)[2])


def rows(manifest: Path) -> dict[str, list[tuple[object, ...]]]:
    """All that it records, without moments: of the mirror, and at which something was first missed."""
    with closing(sqlite3.connect(manifest)) as connection:
        return {table: sorted(connection.execute(query), key=repr) for table, query in _ROWS.items()}


_ITEM = (
    "kind, id, container, title, version_number, version_date, missing_since IS NULL, state, listed_sha256"
)
_ROWS = {
    "items": f"SELECT {_ITEM} FROM items",
    **{table: f"SELECT * FROM {table}" for table in ("files", "people", "writing", "leaving")},
    # a run that was killed took nobody's turn; moments differ
    "meta": "SELECT * FROM meta WHERE key <> 'mirrored'"
    " AND key NOT LIKE 'sweep_turn %' AND key NOT LIKE 'sweep_sample %'",
}


@dataclass(frozen=True)
class Scene:
    """One kind of run: the emulator with the world as it is now, and copies of what was mirrored before."""

    name: str
    emulator: Emulator
    base: Path
    """The output folder before the run; absent before a first run."""
    may_retire: frozenset[Key]
    """The items that the world no longer has."""
    held: frozenset[Key]
    """The items held before."""
    calm: Calm

    def lay_out(self, place: Path) -> Path:
        """A fresh place for one run; returns the output folder in it, as it was before."""
        shutil.rmtree(place, ignore_errors=True)
        for name in ("home", "tmp", "work"):
            (place / name).mkdir(parents=True)
        _copy(self.base, place / "out")
        return place / "out"

    def environment(self, place: Path) -> dict[str, str]:
        """Of the command line. Whatever it writes elsewhere than in the output folder will be found."""
        return {
            "PATH": "/usr/bin:/bin",
            "HOME": str(place / "home"),
            "TMPDIR": str(place / "tmp"),
            "SSL_CERT_FILE": str(one_authority()),
            **self.emulator.environment(TOKEN),
            "CONFLUENCE_RENDER": "false",  # what derives from the mirror can be made anew
        }


def _before_first(_: Rich) -> None:
    """Nothing is held yet."""


def _edits(it: Rich) -> None:
    """One of each kind of change that leaves nothing behind."""
    eng, world = it.eng, it.eng.world
    world.edit(eng.detail, "<p>Now with text</p>", message="more")
    world.edit(it.linking, "<p>No link any more</p>")
    world.rename(eng.inside, "Inside out")
    world.move(eng.below, parent=eng.home)
    world.replace_attachment(eng.image, b"\x89PNG another picture")
    world.rename_attachment(eng.image, "another plan.png")
    world.rename_attachment(eng.notes, "renamed.txt")
    world.attach(eng.detail, "new.bin", bytes(range(256)) * 40)
    world.add_comment(it.linking, "<p>Why not any more?</p>")
    world.add_label(eng.plan, "final")
    world.add_page(eng.space, "Brand new", "<p>Hello</p>", parent=eng.plan)
    world.add_blogpost(eng.space, "More news", "<p>Newer</p>")


def _deletions(it: Rich) -> None:
    """A page with all that is on it, and an attachment; a comment went yesterday."""
    it.eng.world.trash(it.eng.plan)
    it.eng.world.delete_attachment(it.eng.notes)


def _deleted(it: Rich) -> set[Key]:
    comments = [("comment", each.id) for each in (it.footer, it.answer, it.inline, it.on_image, it.on_news)]
    attachments = [("attachment", each.id) for each in (it.eng.image, it.eng.notes)]
    return {("page", it.eng.plan.id), ("custom-content", it.poll.id), *comments, *attachments}


_OF_OTHERS = ("version", "task")  # which go with what they are of


@dataclass(frozen=True)
class _Kind:
    change: Callable[[Rich], None]
    held_before: bool
    retires: bool = False


KINDS = {
    "first": _Kind(_before_first, held_before=False),
    "incremental": _Kind(_edits, held_before=True),
    "retiring": _Kind(_deletions, held_before=True, retires=True),
}


@asynccontextmanager
async def open_scene(name: str, folder: Path) -> AsyncIterator[Scene]:
    """The scene of this name, prepared in a folder. Raises `RuntimeError` where a run that nothing disturbs
    doesn't end as it should: whatever came of the others would mean nothing."""
    kind, it = KINDS[name], rich()
    base = folder / "base"
    async with Emulator(it.eng.world, [TOKEN]) as emulator:
        if kind.held_before:
            await clean_run(emulator, base)
            (base / "ENG" / FOREIGN).write_text("mine")
        if kind.retires:
            it.eng.world.delete_comment(it.on_news)
            await clean_run(emulator, base)
            _date_back(base / "ENG" / "manifest.sqlite")
        kind.change(it)
        held = frozenset(SpaceOnDisk(base / "ENG").items()) if kind.held_before else frozenset()
        calm = await _undisturbed(emulator, base, folder / "calm")
        gone = held - {(str(row[0]), str(row[1])) for row in calm.rows["items"]}
        if {key for key in gone if key[0] not in _OF_OTHERS} != (_deleted(it) if kind.retires else set()):
            raise RuntimeError(f"an undisturbed run retired {sorted(gone)}")
        yield Scene(name, emulator, base, gone, held, calm)


async def _undisturbed(emulator: Emulator, base: Path, out: Path) -> Calm:
    _copy(base, out)
    for _ in range(2):
        await clean_run(emulator, out)
    return state_of(out / "ENG")


async def clean_run(emulator: Emulator, out: Path) -> None:
    """A run that nothing disturbs."""
    run = await mirror_here(emulator, out, **FLAGS)
    if run.exit is not Exit.OK:
        raise RuntimeError(f"an undisturbed run ended with {run.exit}: {run.problems()}")


def _date_back(manifest: Path) -> None:
    """What is missing has been so since yesterday."""
    since = (datetime.now(UTC) - timedelta(hours=13)).isoformat(timespec="seconds")
    with closing(sqlite3.connect(manifest)) as connection, connection:
        connection.execute("UPDATE items SET missing_since = ? WHERE missing_since IS NOT NULL", (since,))


def _copy(base: Path, out: Path) -> None:
    if base.exists():
        shutil.copytree(base, out, symlinks=True)
