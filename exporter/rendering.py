"""`confluence-export render`, and the end of an export: the offline site, made of the originals."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from exporter import layout
from exporter.clock import Clock, SystemClock
from exporter.errors import Exit, ExportError, LocalError, SpaceError, worst
from exporter.mirror.derived import Derived
from exporter.mirror.mirror import Mirror
from exporter.mirror.opening import is_mirror, open_mirror
from exporter.model import WITH_BODY
from exporter.site import addresses
from exporter.site.build import Build, Link, Step, Write
from exporter.site.cache import open_cache
from exporter.site.markdown.build import MarkdownBuild
from exporter.site.originals import Originals, space_of
from exporter.site.pages import templates as pages
from exporter.site.pages.static import fingerprint
from exporter.site.views import SpaceRow

Counts = Mapping[str, int] | None


log = logging.getLogger(__name__)

BATCH = 1 << 18
"""Bytes of pages that are written in one go."""


@dataclass(frozen=True, slots=True)
class Made:
    """What rendering a site came to: pages in it, how many were rendered, files written and removed, and what
    in the bodies could not be shown as it was meant."""

    pages: int
    rendered: int
    written: int
    removed: int
    problems: int = 0


@dataclass(frozen=True, slots=True)
class Rendering:
    """What became of one space's site."""

    space: str
    made: Made | None = None
    markdown: Made | None = None
    error: ExportError | None = None
    warnings: tuple[str, ...] = ()

    @property
    def exit(self) -> Exit:
        return self.error.exit if self.error else Exit.OK

    def document(self) -> dict[str, Any]:
        """For `--json`. Keys may be added, never changed."""
        return {
            "space": self.space,
            "exit_code": int(self.exit),
            "error": str(self.error) if self.error else None,
            "warnings": list(self.warnings),
            "site": asdict(self.made) if self.made else None,
            "markdown": asdict(self.markdown) if self.markdown else None,
        }


async def render_wanted(
    mirror: Mirror, out: Path, *, now: datetime, mode: int, site: bool, markdown: bool
) -> tuple[Counts, Counts]:
    """What an export makes of the originals: the site, the readable tree. Says what they came to."""
    await mirror.note({"mirrored": now.isoformat(timespec="seconds")})  # for a later `render` too
    return (
        asdict(await render(mirror, out, mode=mode)) if site else None,
        asdict(await write_markdown(mirror, out, mode=mode)) if markdown else None,
    )


async def introduce(out: Path, before: Collection[Path], *, clock: Clock) -> None:
    """Make the sites of an output folder know those that a run has brought: `before` are the mirrors that
    were there when it began. What can't be made now, the next run makes."""
    there = _mirrors(out)
    if len(there) > 1 and not set(there) <= set(before):
        for mirror in there:
            if (mirror / layout.SITE).is_dir():
                done = await _rendered(mirror, out, markdown=False, clock=clock)
                if done.error is not None:
                    log.warning("%s: its site doesn't know the new space yet: %s", mirror.name, done.error)


async def render_all(
    out: Path, spaces: Sequence[str], *, markdown: bool = False, clock: Clock | None = None
) -> list[Rendering]:
    """The sites of all mirrors in a folder, or of those named; what goes wrong with one is its error.

    Raises `SpaceError` where there is no mirror at all.
    """
    clock = clock or SystemClock()
    there = {path.name: path for path in _mirrors(out)}
    if not there:
        raise SpaceError(f"there is no mirror in {out}")
    names = [layout.space_folder(key) for key in spaces] or [*there]
    done = []
    for name in dict.fromkeys(names):
        if name in there:
            done.append(await _rendered(there[name], out, markdown=markdown, clock=clock))
        else:
            done.append(Rendering(name, error=SpaceError(f"there is no mirror of {name} in {out}")))
    return done


async def _rendered(folder: Path, out: Path, *, markdown: bool, clock: Clock) -> Rendering:
    mode = _mode_of(folder)
    try:
        async with open_mirror(folder, mode=mode, clock=clock) as mirror:
            made = await render(mirror, out, mode=mode)
            readable = await write_markdown(mirror, out, mode=mode) if markdown else None
            return Rendering(folder.name, made, readable, warnings=tuple(mirror.warnings))
    except ExportError as exc:
        return Rendering(folder.name, error=exc)


def _mode_of(folder: Path) -> int:
    """As the export was told; its manifest may be gone, to be made anew."""
    for name in (layout.MANIFEST, layout.BACKUP, layout.TREE):
        with contextlib.suppress(OSError):
            return (folder / name).stat().st_mode & 0o666
    return 0o600


def exit_code(done: Sequence[Rendering]) -> Exit:
    return worst([each.exit for each in done])


async def render(mirror: Mirror, out: Path, *, mode: int) -> Made:
    """Bring the site of an open mirror up to date. Raises `LocalError` where the disk refuses."""
    folder, noted = mirror.folder, await mirror.meta()
    with (
        ThreadPoolExecutor(1, thread_name_prefix="site") as executor,
        closing(Derived(folder, mode=mode, executor=executor)) as files,
    ):
        files.refuse_links([layout.SITE_CACHE])
        originals = await _originals(mirror, out, executor)
        below = await files.below(layout.SITE)
        present = {str(path.relative_to(layout.SITE)): size for path, size in below.items()}
        with open_cache(folder / layout.SITE_CACHE, version=fingerprint(), mode=mode) as cache:
            build = Build(
                originals,
                cache,
                present=present,
                mirrored_at=noted.get("mirrored", ""),
            )
            written = await _carry_out(build.steps(), files, layout.SITE)
        removed = await _remove_others(files, present, build.made)
    await _write_index(out, mode)
    return Made(build.pages, build.rendered, written, removed, build.problems)


async def write_markdown(mirror: Mirror, out: Path, *, mode: int) -> Made:
    """Bring the readable tree of an open mirror up to date. Raises `LocalError` where the disk refuses.

    Which files are ours is written down before the first of them is there: no other one is ever removed.
    """
    folder, root = mirror.folder, layout.MARKDOWN
    with (
        ThreadPoolExecutor(1, thread_name_prefix="markdown") as executor,
        closing(Derived(folder, mode=mode, executor=executor)) as files,
    ):
        files.refuse_links([layout.MARKDOWN_CACHE])
        originals = await _originals(mirror, out, executor)
        below = await files.below(root)
        present = {str(path.relative_to(root)): size for path, size in below.items()}
        with open_cache(folder / layout.MARKDOWN_CACHE, version=fingerprint(), mode=mode) as cache:
            build = MarkdownBuild(originals, cache, folder=folder.name, present=present)
            recorded = (await files.read(layout.MARKDOWN_FILES) or b"").decode(errors="replace")
            ours = present.keys() & set(recorded.splitlines())
            await files.write(layout.MARKDOWN_FILES, _lines(ours | build.made))
            # Before anything is written: on some disks an old name is the new one in another case.
            stale = sorted(ours - build.made)
            for path in stale:
                await files.remove(root / path)
            await files.remove_empty_folders({(root / path).parent for path in stale})
            written = await _carry_out(build.steps(), files, root)
        await files.write(layout.MARKDOWN_FILES, _lines(build.made))
    return Made(build.pages, build.rendered, written, len(stale))


def _lines(paths: set[str]) -> bytes:
    return "".join(f"{path}\n" for path in sorted(paths)).encode()


async def _originals(mirror: Mirror, out: Path, executor: Executor) -> Originals:
    folder, noted = mirror.folder, await mirror.meta()
    site = noted.get("site", "")
    aliases = [name for name in noted.get("site_aliases", "").split(",") if name]
    beside = {
        str(space_of(mirror).get("key") or mirror.name): mirror / layout.TREE
        for mirror in _mirrors(out)
        if mirror != folder
    }

    def read() -> Originals:
        return Originals(folder, site_url=site, aliases=aliases, beside=beside)

    return await asyncio.get_running_loop().run_in_executor(executor, read)


async def _carry_out(steps: Iterator[Step], files: Derived, root: PurePosixPath) -> int:
    """How many files were written."""
    written = 0
    waiting: list[tuple[PurePosixPath, bytes]] = []
    size = 0
    for step in steps:
        match step:
            case Write(path, data):
                waiting.append((root / path, data))
                size += len(data)
                if size >= BATCH:
                    written += await files.write_several(waiting)
                    waiting, size = [], 0
            case Link(original, path):
                written += await files.write_several(waiting)
                waiting, size = [], 0
                written += await files.link(PurePosixPath(original), root / path)
            case None:
                await asyncio.sleep(0)  # for signals, while there is much to compute and nothing to write
    return written + await files.write_several(waiting)


async def _remove_others(files: Derived, present: Iterable[str], made: set[str]) -> int:
    """What isn't made any more. What lies beside our files and folders in `site/` is somebody else's, and
    stays."""
    others = [PurePosixPath(path) for path in sorted(present) if path not in made and addresses.is_ours(path)]
    for path in others:
        await files.remove(layout.SITE / path)
    folders = {layout.SITE / folder for path in others for folder in path.parents if folder.name}
    await files.remove_empty_folders(sorted(folders, reverse=True))
    return len(others)


async def _write_index(out: Path, mode: int) -> None:
    """`index.html` of the output folder: the spaces that have a site."""
    rows = [_row(mirror) for mirror in _mirrors(out) if (mirror / layout.SITE / "index.html").is_file()]
    with (
        ThreadPoolExecutor(1, thread_name_prefix="site") as executor,
        closing(Derived(out, mode=mode, executor=executor)) as files,
    ):
        await files.write(layout.INDEX, pages.spaces(rows).encode())


def _row(mirror: Path) -> SpaceRow:
    space = space_of(mirror)
    written = sum(
        1 for kind in WITH_BODY for path in (mirror / layout.storage_path(kind, "0")).parent.glob("*.xml")
    )
    return SpaceRow(space.get("key") or mirror.name, space.get("name") or mirror.name, mirror.name, written)


def _mirrors(out: Path) -> list[Path]:
    try:
        return [path for path in sorted(out.iterdir()) if not path.is_symlink() and is_mirror(path)]
    except NotADirectoryError as exc:
        raise SpaceError(f"there is no mirror in {out}: it is a file") from exc
    except FileNotFoundError:
        return []
    except OSError as exc:
        raise LocalError(f"cannot read {out}: {exc.strerror}") from exc
