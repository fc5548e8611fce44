"""What was deleted in Confluence: kept in `trash/<date>/` for a while, then removed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import PurePosixPath

from exporter import canonical, layout
from exporter.clock import Clock
from exporter.mirror import threads
from exporter.mirror.files import Files, Stored
from exporter.mirror.manifest import Entry, Manifest, Role
from exporter.mirror.placing import Placing, remove
from exporter.model import Kind

_DAY = re.compile(r"\d{4}-\d\d-\d\d")


class Trash:
    """Files get a second name in the trash first, then the manifest forgets them, then the first name goes:
    at every moment what is recorded is there, and what was is somewhere."""

    def __init__(self, files: Files, manifest: Manifest, placing: Placing, clock: Clock) -> None:
        self._files, self._manifest, self._placing, self._clock = files, manifest, placing, clock

    async def retire(
        self, kind: Kind, item_id: str, container_kind: Kind | None, container: str | None
    ) -> bool:
        """False where it isn't recorded, or is in another container by now."""
        if not await self._manifest.recorded_in(kind, item_id, container):
            return False
        if kind is Kind.COMMENT and container_kind is not None and container is not None:
            return await self._retire_comment(item_id, container_kind, container)
        files = await self._manifest.files_of_all(kind, item_id)
        await self._files.keep_all([(file.path, self._place(file.path)) for file in files])
        await self._manifest.forget(kind, item_id)
        await self._remove(files)
        return True

    async def purge(self, *, days: int) -> None:
        """Remove the folders of days longer ago."""
        oldest = (self._clock.now() - timedelta(days=days)).date().isoformat()
        for name in await self._files.names_in(layout.TRASH):
            if _DAY.fullmatch(name) and name < oldest:
                await self._files.remove_folder(layout.TRASH / name)

    async def _retire_comment(self, comment: str, container_kind: Kind, container: str) -> bool:
        """Comments share a file: this one goes to the trash as a document of its own. False where it is
        neither in that file, which may be damaged, nor in the trash, where a killed run may have put it."""
        path = layout.missing_comments_path(container)
        role: Role = "missing-comments"
        before = (await self._manifest.files(container_kind, [container])).get(container, {}).get(role)
        missing = threads.parse(await self._files.read(path))
        gone = missing.pop(comment, None)
        alone = path.with_name(f"{container}.{comment}.json")
        if gone is None:
            if not await self._holds(alone):
                return False
        else:
            document = canonical.dump(threads.arrange([gone]))
            await self._files.write_all([(self._place(alone), document)])
        if missing:
            rest = threads.arrange(missing.values())
            (stored,) = await self._placing.write_all([(path, canonical.dump(rest))])
            await self._placing.record(Entry(container_kind, container, {role: stored}))
        elif before is not None:
            await self._placing.record(
                Entry(container_kind, container, {}, dropped=(role,)), leaving=[before]
            )
        await self._manifest.forget(Kind.COMMENT, comment)
        return True

    async def _holds(self, path: PurePosixPath) -> bool:
        days = await self._files.names_in(layout.TRASH)
        return any(self._files.is_file(layout.TRASH / day / path) for day in days)

    async def _remove(self, files: Sequence[Stored]) -> None:
        paths = [file.path for file in files]
        await remove(self._files, self._manifest, paths)
        await self._files.remove_empty_folders({path.parent for path in paths if len(path.parts) > 3})

    def _place(self, path: PurePosixPath) -> PurePosixPath:
        return layout.TRASH / self._clock.now().date().isoformat() / path
