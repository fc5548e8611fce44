"""Files put in place so that the manifest is true at every moment, and nobody's own work is lost."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Awaitable, Callable, Container, Iterable, Sequence
from collections.abc import Set as AbstractSet
from pathlib import PurePosixPath
from typing import TypeVar

from exporter import layout
from exporter.clock import Clock
from exporter.errors import ObstructedError
from exporter.mirror.entry import Entry
from exporter.mirror.files import Files, Incoming, InTheWay, Stored
from exporter.mirror.journal import Known
from exporter.mirror.manifest import Manifest
from exporter.model import Kind

T = TypeVar("T")

log = logging.getLogger(__name__)


class Placing:
    """Whatever goes to a recorded path goes through this.

    What lies in the way and is neither what was recorded nor what is coming, somebody else has changed: it
    is set aside, whether by hand or by a bad disk, and `warnings` names it.
    """

    def __init__(self, files: Files, manifest: Manifest, clock: Clock) -> None:
        self._files, self._manifest, self._clock = files, manifest, clock
        self.warnings: list[str] = []

    async def known(self, paths: Sequence[PurePosixPath], of: tuple[Kind, str] | None = None) -> Known:
        """What is recorded at some paths and of one item, once a save that failed half-way is settled."""
        known = await self._manifest.known(paths, of)
        if not known.under_way:
            return known
        await settle_overwrites(self._files, self._manifest, known.under_way)
        return await self._manifest.known(paths, of)

    async def write_all(
        self, files: Sequence[tuple[PurePosixPath, bytes]], *, known: Known | None = None
    ) -> list[Stored]:
        """`known` of the same paths, where the caller has looked already."""
        coming = [_coming(*each) for each in files]
        expected = await self._announce(coming, known)
        return await self._unhindered(lambda: self._files.write_all(files, known=expected))

    async def place(
        self,
        incoming: Incoming,
        *beside: tuple[PurePosixPath, bytes],
        known: Known | None = None,
        before: Stored | None = None,
    ) -> list[Stored]:
        """A received file and what is written beside it. `before` is what is recorded of the same file,
        perhaps under another name."""
        coming = [incoming.stored, *(_coming(*each) for each in beside)]
        expected = await self._announce(coming, known, renamed=before is not None)
        return await self._unhindered(lambda: self._files.place(incoming, beside, known=expected))

    async def rename(self, before: Stored, to: PurePosixPath) -> Stored:
        """Another name for a recorded file."""
        renamed = Stored(to, before.size, before.sha256)
        await self._set_aside_strangers([renamed], await self._announce([renamed], renamed=True))
        await self._files.rename(before.path, to)
        return renamed

    async def record(self, *entries: Entry, leaving: Sequence[Stored] = ()) -> None:
        """Record what is in place, and remove the files that are thereby no longer recorded."""
        await self._set_aside_strangers(leaving, leaving)
        await self._manifest.record(*entries)
        if leaving:
            await remove(self._files, self._manifest, [each.path for each in leaving])

    async def _announce(
        self, coming: Sequence[Stored], known: Known | None = None, *, renamed: bool = False
    ) -> AbstractSet[Stored]:
        """Note what is about to be overwritten. Returns what may lie there: all else is a stranger's."""
        known = known or await self.known([each.path for each in coming])
        recorded = set(known.recorded)
        held = {each.path for each in recorded}
        overwriting = [each for each in coming if (renamed or each.path in held) and each not in recorded]
        if overwriting:
            await self._manifest.begin(overwriting)
        return recorded.union(coming)

    async def _unhindered(self, write: Callable[[], Awaitable[T]]) -> T:
        while True:
            try:
                return await write()
            except InTheWay as exc:
                await self._set_aside(exc.strangers)

    async def _set_aside_strangers(self, at: Sequence[Stored], known: Container[Stored]) -> None:
        there = await self._files.digests([each.path for each in at]) if at else []
        await self._set_aside([each.path for each in there if each is not None and each not in known])

    async def _set_aside(self, strangers: Iterable[PurePosixPath]) -> None:
        for stranger in strangers:
            folder = layout.SET_ASIDE / f"{self._clock.now():%Y-%m-%d}"
            aside = await self._files.set_aside(stranger, folder)
            self.warnings.append(
                f"{stranger} is not what was saved there, somebody or something changed it: "
                f"it is set aside as {aside}"
            )


def _coming(path: PurePosixPath, data: bytes) -> Stored:
    return Stored(path, len(data), hashlib.sha256(data).hexdigest())


async def settle(files: Files, manifest: Manifest) -> None:
    """End what a killed run began: afterwards nothing is noted, and what is recorded is what is there."""
    await settle_overwrites(files, manifest, await manifest.under_way())
    leaving = [path for path in await manifest.leaving() if layout.owner_of(path)]  # else it is none of ours
    if leaving:
        await remove(files, manifest, leaving)


async def settle_overwrites(files: Files, manifest: Manifest, noted: Sequence[Stored]) -> None:
    if noted:
        there = set(await files.digests([each.path for each in noted]))
        arrived = [each for each in noted if each in there]
        await manifest.ended(arrived=arrived, not_arrived=[each for each in noted if each not in there])


async def remove(files: Files, manifest: Manifest, leaving: Sequence[PurePosixPath]) -> None:
    for path in leaving:
        try:
            await files.remove(path)
        except ObstructedError as exc:  # somebody put a folder there: it is theirs, and ours is gone
            log.warning("%s", exc)
    await manifest.left(leaving)
