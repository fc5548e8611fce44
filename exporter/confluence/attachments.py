"""Attachments: their listings, their former versions, their bytes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, TypeVar

from exporter.confluence import schema, scopes
from exporter.confluence.around import FormerVersionWire, container_of
from exporter.confluence.reader import Reader, of_limit
from exporter.confluence.schema import AttachmentWire, read_as
from exporter.confluence.transport import Receive
from exporter.confluence.whole import Expected
from exporter.model import AttachmentInfo, ContentId, ContentInfo, Kind, OldVersion

T = TypeVar("T")

_BY_AGE = ("sort", "created-date")
_ATTACHMENTS = {
    Kind.PAGE: scopes.PAGE_ATTACHMENTS,
    Kind.BLOGPOST: scopes.BLOGPOST_ATTACHMENTS,
    Kind.CUSTOM_CONTENT: scopes.CUSTOM_CONTENT_ATTACHMENTS,
}


class Attachments(Reader):
    async def attachments(self, container: ContentInfo) -> AsyncIterator[AttachmentInfo]:
        """Current and archived attachments of a page, blog post or custom content."""
        query = [*of_limit(), ("status", "current"), ("status", "archived")]
        rows = self._collection(_ATTACHMENTS[container.kind], {"id": container.id}, query, AttachmentWire)
        async for row in rows:
            yield row.to_model(container.id)

    async def site_attachments(self) -> AsyncIterator[AttachmentInfo]:
        """Current and archived attachments of the whole site, with "" where one names no container.

        By the day they were made, which doesn't change while the listing is read. The same may come twice.
        """
        query = [*of_limit(), _BY_AGE, ("status", "current"), ("status", "archived")]
        async for row in self._collection(scopes.ATTACHMENTS, {}, query, AttachmentWire, is_long=True):
            yield row.to_model(ContentId(container_of(row)[0] or ""))

    async def look_up_attachment(self, attachment: str) -> AttachmentInfo:
        """An attachment, whatever its status; its container is "" where the answer names none, as
        it may be in the trash."""
        row = await self._single(scopes.ATTACHMENT, attachment, (), AttachmentWire)
        return row.to_model(ContentId(container_of(row)[0] or ""))

    async def attachment_versions(self, attachment: AttachmentInfo) -> AsyncIterator[OldVersion]:
        """All versions, the latest too."""
        endpoint, parts = scopes.ATTACHMENT_VERSIONS, {"id": attachment.id}
        async for row in self._collection(endpoint, parts, of_limit(), FormerVersionWire):
            yield row.to_model(attachment.id)

    async def old_attachment(self, attachment: AttachmentInfo, version: OldVersion) -> AttachmentInfo:
        """As it was; raises `RemoteError` when that number is another version by now."""

        def read(document: Any) -> AttachmentInfo:
            row = read_as(AttachmentWire)(document)
            schema.must_be(row, attachment.id)
            old = row.to_model(attachment.container)
            schema.must_be_version(old.version, version)
            return replace(old, metadata=schema.without_number(old.metadata))

        query = [("version", str(version.number))]
        return await self._get(scopes.ATTACHMENT, {"id": attachment.id}, query, read)

    async def download(
        self, attachment: AttachmentInfo, receive: Receive[T], *, version: int | None = None
    ) -> T:
        """Stream the attachment's latest version, or the one of that number, into `receive`.

        By the v1 endpoint: what `downloadLink` says answers 401 to every API token (CHANGE-2735).
        For a former version, `attachment` is what `old_attachment` told of it.
        """
        endpoint = scopes.DOWNLOAD
        query = [] if attachment.status in ("current", "historical") else [("status", attachment.status)]
        if version is not None:
            query.append(("version", str(version)))
        return await self._transport.download(
            self._access,
            endpoint.at(id=attachment.container, attachmentId=attachment.id),
            query,
            endpoint=endpoint,
            expected=Expected(
                attachment.size, may_be_html=_may_be_html(attachment.media_type, attachment.title)
            ),
            receive=receive,
        )


def _may_be_html(media_type: str, title: str) -> bool:
    return "html" in media_type or title.lower().endswith((".html", ".htm", ".xhtml"))
