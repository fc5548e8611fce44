"""What must hold of a mirror whatever happened to a run: I1 to I8 of `benchmarks/README.md`."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from benchmarks.campaign.stage import FOREIGN, SECRETS, Scene, in_trash, rows, state_of
from exporter.errors import Exit
from tests.mirror.holding import on_disk

_DATABASES = ("manifest.sqlite", "manifest.backup.sqlite")


def broken_after(scene: Scene, place: Path) -> list[str]:
    """What doesn't hold right after the run, before another one has healed anything."""
    folder = place / "out" / "ENG"
    broken = [*_outside(place), *_secrets(place)]
    if folder.exists():
        broken += [*_torn(folder), *_foreign(scene, folder), *_wrongly_retired(scene, folder)]
        broken += _untrue(scene, folder, place / "copy")
    elif scene.base.exists():
        broken.append("I2 the mirror is gone")
    return broken


def broken_after_healing(scene: Scene, place: Path) -> list[str]:
    """What doesn't hold after one more run, which nothing disturbed."""
    folder = place / "out" / "ENG"
    now, calm = state_of(folder), scene.calm
    broken = [f"I8 {path}" for path in place.rglob(".tmp-*")]
    if now.raw != calm.raw:
        broken.append(f"I7 raw/ differs: {_difference(now.raw, calm.raw)}")
    if now.tree != calm.tree:
        broken.append("I7 tree.json differs")
    for table, recorded in calm.rows.items():
        if now.rows[table] != recorded:
            wrong = set(now.rows[table]) ^ set(recorded)
            broken.append(f"I7 {table} differ: {sorted(wrong, key=repr)[:4]}")
    if not calm.trash <= now.trash:
        broken.append(f"I7 not in the trash: {sorted(calm.trash - now.trash)}")
    if (folder / "set-aside").exists():
        broken.append("I7 something of ours was taken for somebody else's")
    return [*broken, *broken_after(scene, place)]


def dishonest(place: Path, scene: Scene, code: int) -> list[str]:
    """I6: exit code and summary agree. Only where the disk refused may it be that of the run before."""
    folder = place / "out" / "ENG"
    summary = folder / "last-run.json"
    if not summary.exists():
        no_mirror = not (folder / ".confluence-export.lock").exists()
        return [] if code in (Exit.LOCAL, Exit.BUG) or no_mirror else [f"I6 ended with {code}, says nothing"]
    before = scene.base / "ENG" / "last-run.json"
    if code == Exit.LOCAL and before.exists() and before.read_bytes() == summary.read_bytes():
        return []
    said = json.loads(summary.read_bytes())["exit_code"]
    return [] if said == code else [f"I6 ended with {code}, last-run.json says {said}"]


def _torn(folder: Path) -> Iterator[str]:
    """I1 of what isn't recorded by its hash yet: of JSON no part is JSON. The rest is up to I2 and I7."""
    for path in folder.rglob("*.json"):
        if not path.name.startswith(".tmp-"):
            try:
                json.loads(path.read_bytes())
            except ValueError:
                yield f"I1 torn: {path.relative_to(folder)}"


def _untrue(scene: Scene, folder: Path, copy: Path) -> Iterator[str]:
    """I2, on copies of the databases: SQLite ends a killed run's transaction in any file it opens."""
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    for name in _DATABASES:
        for path in folder.glob(f"{name}*"):
            shutil.copy2(path, copy)
        if (copy / name).exists() and (copy / name).stat().st_size:
            with closing(sqlite3.connect(copy / name)) as connection:
                (said,) = connection.execute("PRAGMA integrity_check").fetchone()
            if said != "ok":
                yield f"I1 {name}: {said}"
                return
    manifest = copy / "manifest.sqlite"
    if not manifest.exists() or not _has_tables(manifest):
        if scene.held:
            yield "I2 the manifest is gone"
        return
    recorded = rows(manifest)
    yield from _not_as_recorded(folder, recorded["files"], recorded["writing"])
    forgotten = scene.held - scene.may_retire - {(str(row[0]), str(row[1])) for row in recorded["items"]}
    yield from (f"I3 no longer recorded: {kind} {item_id}" for kind, item_id in sorted(forgotten))


def _not_as_recorded(
    folder: Path, files: list[tuple[object, ...]], writing: list[tuple[object, ...]]
) -> Iterator[str]:
    """A file is what is recorded, or what was noted as about to come there, or as renamed."""
    there = on_disk(folder) if (folder / "raw").exists() else {}
    noted = {str(path): (size, sha256) for path, size, sha256 in writing}
    renamed = {file for path, file in noted.items() if there.get(path) == file}
    for _, _, _, path, size, sha256, _ in files:
        found = there.get(str(path))
        if found not in ((size, sha256), noted.get(str(path), ())) and (size, sha256) not in renamed:
            yield f"I2 {path} is {found}, recorded is {(size, sha256)}"


def _wrongly_retired(scene: Scene, folder: Path) -> Iterator[str]:
    paths = [path.relative_to(folder).as_posix() for path in folder.glob("trash/**/*") if path.is_file()]
    for path in set(in_trash(paths)) - scene.calm.trash:
        if not path.rpartition("/")[2].startswith(".tmp-"):
            yield f"I3 in the trash: {path}"


def _outside(place: Path) -> Iterator[str]:
    """I4: where the command line could write, if it strayed."""
    for name in ("home", "tmp", "work"):
        yield from (f"I4 {path}" for path in (place / name).iterdir())
    if (place / "out").exists():
        yield from (f"I4 {path}" for path in (place / "out").iterdir() if path.name != "ENG")


def _secrets(place: Path) -> Iterator[str]:
    """I5, in what was said as well."""
    for path in place.rglob("*"):
        if path.is_file() and not path.is_symlink():
            data = path.read_bytes()
            yield from (f"I5 {secret!r} in {path}" for secret in SECRETS if secret in data)


def _foreign(scene: Scene, folder: Path) -> Iterator[str]:
    if scene.base.exists() and (folder / FOREIGN).read_text() != "mine":
        yield f"I4 {FOREIGN} was touched"


def _has_tables(manifest: Path) -> bool:
    with closing(sqlite3.connect(manifest)) as connection:
        (objects,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return bool(objects)


def _difference(now: dict[str, str], calm: dict[str, str]) -> list[str]:
    return sorted(path for path in now.keys() | calm.keys() if now.get(path) != calm.get(path))[:5]
