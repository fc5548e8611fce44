"""A mirror that is only looked at: what is saved to it is written nowhere."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from exporter.clock import Clock
from exporter.mirror.files import Files
from exporter.mirror.manifest import Manifest
from exporter.mirror.mirror import Mirror
from exporter.model import (
    AttachmentInfo,
    CommentInfo,
    ContentInfo,
    Held,
    Kind,
    OldPage,
    OldVersion,
    Page,
    Space,
    State,
    TreeNode,
)


class Rehearsal(Mirror):
    """For a dry run: it reads as a `Mirror` does, and takes everything."""

    def __init__(self, files: Files, manifest: Manifest, clock: Clock) -> None:
        super().__init__(files, manifest, clock)
        self._since: dict[str, str | None] = {}

    async def note(self, values: Mapping[str, str]) -> None: ...

    async def save_space(self, space: Space, parts: Mapping[str, Any]) -> None: ...

    async def save_pages(self, pages: Sequence[Page]) -> None: ...

    async def save_adf(self, pages: Sequence[Page]) -> None: ...

    async def save_metadata(self, infos: Sequence[ContentInfo]) -> None: ...

    async def save_details(self, kind: Kind, item_id: str, parts: Mapping[str, Any]) -> None: ...

    async def save_comments(
        self, kind: Kind, container: str, comments: Sequence[CommentInfo], *, complete: bool
    ) -> None: ...

    async def save_attachment(self, info: AttachmentInfo, chunks: AsyncIterator[bytes]) -> None: ...

    async def save_attachment_metadata(self, info: AttachmentInfo) -> None: ...

    async def save_old_page(self, page: OldPage) -> None: ...

    async def save_old_attachment(
        self, version: OldVersion, info: AttachmentInfo, chunks: AsyncIterator[bytes]
    ) -> None: ...

    async def save_users(self, users: Mapping[str, Any]) -> None: ...

    async def mark_missing(
        self, kind: Kind, states: Mapping[str, State], *, container: str | None = None
    ) -> None: ...

    async def mark_returned(self, kind: Kind, ids: Iterable[str]) -> None:
        """Remembered, as with a page comes back what went missing with it."""
        held = await self.held(kind)
        self._since |= {item_id: held[item_id].missing_since for item_id in ids if item_id in held}

    async def held_in(self, containers: Sequence[str]) -> dict[str, dict[Kind, dict[str, Held]]]:
        found = await super().held_in(containers)
        for container in containers:
            since = self._since.get(container)
            if since is not None:
                found[container] = {
                    kind: {
                        item_id: _back(have) if have.missing_since == since else have
                        for item_id, have in items.items()
                    }
                    for kind, items in found[container].items()
                }
        return found

    async def purge_trash(self, *, days: int) -> None: ...

    async def save_tree(self, nodes: Sequence[TreeNode]) -> None: ...

    async def save_summary(self, document: Mapping[str, Any]) -> None: ...

    async def back_up_manifest(self) -> None: ...

    async def trust_manifest(self) -> None: ...


def _back(have: Held) -> Held:
    return replace(have, missing_since=None, state=None)
