"""Values as a listing brings them, and fakes for both sides of a crawl."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from exporter.errors import ObstructedError
from exporter.model import (
    AttachmentId,
    AttachmentInfo,
    ContentId,
    ContentInfo,
    Held,
    Kind,
    Page,
    SpaceId,
    Version,
)

T = TypeVar("T")


def info(number: int | str, kind: Kind = Kind.PAGE, **changes: Any) -> ContentInfo:
    fields: dict[str, Any] = {
        "title": f"Title {number}",
        "status": "current",
        "version": Version(1, "2026-11-01T08:00:00.000Z"),
        "space_id": "5",
        "parent_id": None,
        "parent_type": None,
        "position": None,
        **changes,
    }
    fields.setdefault("metadata", json.dumps([str(number), repr(sorted(changes.items()))]).encode())
    fields.setdefault("subtype", None)
    fields["digest"] = hashlib.sha256(fields["metadata"]).digest()
    return ContentInfo(id=ContentId(str(number)), kind=kind, **fields)


def attachment(number: int | str, container: int | str = 1, **changes: Any) -> AttachmentInfo:
    fields: dict[str, Any] = {
        "title": f"{number}.png",
        "status": "current",
        "version": Version(1, "2026-11-01T08:00:00.000Z"),
        "size": 4,
        "media_type": "image/png",
        **changes,
    }
    fields.setdefault("metadata", json.dumps([str(number), repr(sorted(changes.items()))]).encode())
    fields["digest"] = hashlib.sha256(fields["metadata"]).digest()
    return AttachmentInfo(id=AttachmentId(f"att{number}"), container=ContentId(str(container)), **fields)


def held(item: ContentInfo | AttachmentInfo, **changes: Any) -> Held:
    fields: dict[str, Any] = {
        "version": item.version,
        "title": item.title,
        "metadata_sha256": item.digest,
        "has_data": True,
        "missing_since": None,
        **changes,
    }
    return Held(**fields)


class FakeSource:
    """A remote side of dictionaries; an exception in place of a value is raised."""

    def __init__(self) -> None:
        self.listed: dict[Kind, list[ContentInfo | Exception]] = defaultdict(list)
        self.nodes: dict[str, ContentInfo | Exception] = {}
        self.alone: dict[str, Page | Exception] = {}
        self.files: dict[str, list[AttachmentInfo | Exception]] = defaultdict(list)
        self.data: dict[str, bytes | Exception] = {}
        self.without_body: set[str] = set()
        self.chokes_above = 1000
        self.choke: Exception = RuntimeError("unset")
        self.batches: list[list[str]] = []
        self.asked: list[str] = []

    async def contents(self, space: SpaceId, kind: Kind) -> AsyncIterator[ContentInfo]:
        assert space == "5"
        for item in self.listed[kind]:
            if isinstance(item, Exception):
                raise item
            yield item

    async def node(self, kind: Kind, node: ContentId) -> ContentInfo:
        self.asked.append(f"{kind} {node}")
        return _value(self.nodes[node])

    async def pages(self, kind: Kind, wanted: Sequence[ContentInfo]) -> list[Page]:
        assert {each.kind for each in wanted} == {kind}
        self.batches.append([each.id for each in wanted])
        if len(wanted) > self.chokes_above:
            raise self.choke
        return [Page(each, f"<p>{each.id}</p>") for each in wanted if each.id not in self.without_body]

    async def page(self, listed: ContentInfo) -> Page:
        self.asked.append(f"page {listed.id}")
        return _value(self.alone.get(listed.id, Page(listed, f"<p>{listed.id} alone</p>")))

    async def attachments(self, container: ContentInfo) -> AsyncIterator[AttachmentInfo]:
        self.asked.append(f"attachments {container.id}")
        for item in self.files[container.id]:
            if isinstance(item, Exception):
                raise item
            yield item

    async def download(
        self, attachment: AttachmentInfo, receive: Callable[[AsyncIterator[bytes]], Awaitable[T]]
    ) -> T:
        self.asked.append(f"download {attachment.id}")
        data = _value(self.data.get(attachment.id, b"data"))

        async def chunks() -> AsyncIterator[bytes]:
            yield data

        return await receive(chunks())


def _value(value: T | Exception) -> T:
    if isinstance(value, Exception):
        raise value
    return value


class FakeSink:
    """A local side of dictionaries."""

    def __init__(self) -> None:
        self.holds: dict[Kind, dict[str, Held]] = defaultdict(dict)
        self.holds_files: dict[str, dict[str, Held]] = defaultdict(dict)
        self.bodies: dict[str, str] = {}
        self.metadata: list[str] = []
        self.data: dict[str, bytes] = {}
        self.file_metadata: list[str] = []
        self.missing: list[tuple[str, str, str | None]] = []
        self.returned: list[tuple[str, str]] = []
        self.obstructed: set[str] = set()

    def _refuse(self, *ids: str) -> None:
        if blocked := self.obstructed.intersection(ids):
            raise ObstructedError(f"{blocked} is a folder")

    async def held_attachments(self, container: ContentId) -> Mapping[str, Held]:
        return self.holds_files[container]

    async def save_pages(self, pages: Sequence[Page]) -> None:
        self._refuse(*(page.info.id for page in pages))
        self.bodies.update({page.info.id: page.body for page in pages})

    async def save_metadata(self, infos: Sequence[ContentInfo]) -> None:
        self._refuse(*(each.id for each in infos))
        self.metadata += [each.id for each in infos]

    async def save_attachment(self, info: AttachmentInfo, chunks: AsyncIterator[bytes]) -> None:
        self._refuse(info.id)
        self.data[info.id] = b"".join([chunk async for chunk in chunks])

    async def save_attachment_metadata(self, info: AttachmentInfo) -> None:
        self.file_metadata.append(info.id)

    async def mark_missing(
        self, kind: Kind, ids: Iterable[str], *, container: ContentId | None = None
    ) -> None:
        self.missing += [(kind, item_id, container) for item_id in ids]

    async def mark_returned(self, kind: Kind, ids: Iterable[str]) -> None:
        self.returned += [(kind, item_id) for item_id in ids]
