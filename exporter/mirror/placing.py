"""Files put in place so that the manifest is true at every moment, and nobody's own work is lost."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from pathlib import PurePosixPath

from exporter import layout
from exporter.clock import Clock
from exporter.errors import ObstructedError
from exporter.mirror.entry import Entry
from exporter.mirror.files import Files, Incoming, Stored
from exporter.mirror.manifest import Manifest

log = logging.getLogger(__name__)


class Placing:
    """Whatever goes to a recorded path goes through this.

    What lies in the way and is neither what was recorded nor what is coming, somebody else has changed: it
    is set aside, whether by hand or by a bad disk, and `warnings` names it.
    """

    def __init__(self, files: Files, manifest: Manifest, clock: Clock) -> None:
        self._files, self._manifest, self._clock = files, manifest, clock
        self.warnings: list[str] = []

    async def write_all(self, files: Sequence[tuple[PurePosixPath, bytes]]) -> list[Stored]:
        await self._make_way(_coming(files))
        return await self._files.write_all(files)

    async def place(
        self,
        incoming: Incoming,
        *beside: tuple[PurePosixPath, bytes],
        before: Stored | None = None,
    ) -> list[Stored]:
        """A received file and what is written beside it. `before` is what is recorded of the same file,
        perhaps under another name."""
        await self._make_way([incoming.stored, *_coming(beside)], renamed=before is not None)
        return await self._files.place(incoming, beside)

    async def rename(self, before: Stored, to: PurePosixPath) -> Stored:
        """Another name for a recorded file."""
        renamed = Stored(to, before.size, before.sha256)
        await self._make_way([renamed], renamed=True)
        await self._files.rename(before.path, to)
        return renamed

    async def record(self, *entries: Entry, leaving: Sequence[Stored] = ()) -> None:
        """Record what is in place, and remove the files that are thereby no longer recorded."""
        await self._set_aside_strangers(leaving, leaving)
        await self._manifest.record(*entries)
        if leaving:
            await remove(self._files, self._manifest, [each.path for each in leaving])

    async def _make_way(self, coming: Sequence[Stored], *, renamed: bool = False) -> None:
        recorded, under_way = await self._manifest.known([each.path for each in coming])
        if under_way:  # of a save that failed half-way
            await settle_overwrites(self._files, self._manifest, under_way)
            recorded, _ = await self._manifest.known([each.path for each in coming])
        await self._set_aside_strangers(coming, [*recorded, *coming])
        held = {each.path for each in recorded}
        same = set(recorded)
        overwriting = [each for each in coming if (renamed or each.path in held) and each not in same]
        if overwriting:
            await self._manifest.begin(overwriting)

    async def _set_aside_strangers(self, at: Sequence[Stored], known: Sequence[Stored]) -> None:
        if not at:
            return
        there = await self._files.digests([each.path for each in at])
        ours = set(known)
        for stranger in there:
            if stranger is not None and stranger not in ours:
                folder = layout.SET_ASIDE / f"{self._clock.now():%Y-%m-%d}"
                aside = await self._files.set_aside(stranger.path, folder)
                self.warnings.append(
                    f"{stranger.path} is not what was saved there, somebody or something changed it: "
                    f"it is set aside as {aside}"
                )


def _coming(files: Sequence[tuple[PurePosixPath, bytes]]) -> list[Stored]:
    return [Stored(path, len(data), hashlib.sha256(data).hexdigest()) for path, data in files]


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
