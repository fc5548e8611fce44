"""The JSON of what a v1 search shows: content, and what hangs on pages, with how much there is of it."""

from __future__ import annotations

import hashlib
import sys
from typing import Any

from pydantic import Field

from exporter.confluence.around import LabelWire
from exporter.confluence.schema import ItemWire, Links, Number, WireModel, canonical
from exporter.model import ContentId, ContentInfo, FoundContent, Kind, Space, Version


class FoundWire(ItemWire):
    """Content as a v1 search shows it, without anything expanded."""

    type: str
    status: str | None = None
    title: str | None = None
    links: Links | None = Field(default=None, alias="_links")

    def to_model(self, space: Space) -> FoundContent:
        metadata = canonical(self)
        info = ContentInfo(
            id=ContentId(self.id),
            kind=Kind.OTHER,
            title=self.title or "",
            status=sys.intern(self.status or "current"),
            version=Version(None, ""),
            space_id=space.id,
            parent_id=None,
            parent_type=None,
            position=None,
            subtype=None,
            digest=hashlib.sha256(metadata).digest(),
            metadata=metadata,
        )
        return FoundContent(self.type, info)


class CountWire(WireModel):
    """Of the answer to a search, how many it finds in all."""

    total_size: Number


class _LabelsWire(WireModel):
    """Those of content as a search shows them."""

    results: list[LabelWire]
    size: Number | None = None
    limit: Number | None = None

    @property
    def may_be_cut(self) -> bool:
        return bool(self.limit) and max(self.size or 0, len(self.results)) >= (self.limit or 0)


class _MetadataWire(WireModel):
    labels: _LabelsWire | None = None


class _FoundVersionWire(WireModel):
    number: Number | None = None


class FoundPageWire(ItemWire):
    """A page or blog post as a v1 search shows it, with version, labels and restrictions expanded."""

    type: str
    version: _FoundVersionWire | None = None
    metadata: _MetadataWire | None = None
    restrictions: dict[str, Any] | None = None
