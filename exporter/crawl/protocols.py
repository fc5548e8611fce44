"""What a crawl needs of the remote and of the local side; the client and the mirror fit unknowingly."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Protocol, TypeVar

from exporter.model import AttachmentInfo, ContentId, ContentInfo, Held, Kind, Page, SpaceId

T = TypeVar("T")


class Source(Protocol):
    """Where things come from. Every method may raise `RemoteError`, and `AuthError` or `Unavailable`."""

    def contents(self, space: SpaceId, kind: Kind) -> AsyncIterator[ContentInfo]: ...

    async def node(self, kind: Kind, node: ContentId) -> ContentInfo: ...

    async def pages(self, kind: Kind, wanted: Sequence[ContentInfo]) -> list[Page]:
        """Bodies in bulk; what is left out must be asked for alone."""
        ...

    async def page(self, listed: ContentInfo) -> Page: ...

    def attachments(self, container: ContentInfo) -> AsyncIterator[AttachmentInfo]: ...

    async def download(
        self, attachment: AttachmentInfo, receive: Callable[[AsyncIterator[bytes]], Awaitable[T]]
    ) -> T: ...


class Sink(Protocol):
    """Where things go. What a method saved is on disk and recorded when it returns."""

    async def held_attachments(self, container: ContentId) -> Mapping[str, Held]: ...

    async def save_pages(self, pages: Sequence[Page]) -> None: ...

    async def save_metadata(self, infos: Sequence[ContentInfo]) -> None: ...

    async def save_attachment(self, info: AttachmentInfo, chunks: AsyncIterator[bytes]) -> None: ...

    async def save_attachment_metadata(self, info: AttachmentInfo) -> None: ...

    async def mark_missing(
        self, kind: Kind, ids: Iterable[str], *, container: ContentId | None = None
    ) -> None: ...

    async def mark_returned(self, kind: Kind, ids: Iterable[str]) -> None: ...
