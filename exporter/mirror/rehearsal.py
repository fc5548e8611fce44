"""A mirror that is only looked at: what is saved to it is written nowhere."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any

from exporter.mirror.mirror import Mirror
from exporter.model import (
    AttachmentInfo,
    CommentInfo,
    ContentInfo,
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

    async def mark_returned(self, kind: Kind, ids: Iterable[str]) -> None: ...

    async def save_tree(self, nodes: Sequence[TreeNode]) -> None: ...

    async def save_summary(self, document: Mapping[str, Any]) -> None: ...
