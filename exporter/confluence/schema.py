"""The JSON of content on the wire, its way into the model, and the form in which metadata is kept.

Fields are those of the list schemas in Atlassian's OpenAPI document (`PageBulk`, `BlogPostBulk`,
`AttachmentBulk`, `FolderSingle`, `SpaceBulk` …). Live answers differ from it: unknown fields are
ignored, absent ones are null, so an item has the same bytes whichever request it came by.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Callable
from typing import Annotated, Any, TypeVar
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from exporter import canonical as json_form
from exporter.errors import RemoteError, TransientError
from exporter.model import (
    AttachmentId,
    AttachmentInfo,
    ContentId,
    ContentInfo,
    Kind,
    OldVersion,
    Page,
    Space,
    SpaceId,
    User,
    Version,
)

Wire = TypeVar("Wire", bound=BaseModel)


def _safe_id(value: str) -> str:
    """Ids become file names: nothing but digits passes."""
    if not re.fullmatch(r"[0-9]{1,20}", value):
        raise ValueError("not an id")
    return value


def _attachment_id(value: str) -> str:
    """Always with the prefix: a bare number was reported to be answered 400."""
    return "att" + _safe_id(value.removeprefix("att"))


Id = Annotated[str, AfterValidator(_safe_id)]
Number = Annotated[int, Field(ge=-(2**53), le=2**53)]  # what JSON numbers are exact for, and SQLite holds


class WireModel(BaseModel):
    model_config = ConfigDict(
        extra="ignore", alias_generator=to_camel, validate_by_name=True, coerce_numbers_to_str=True
    )


class RowWire(WireModel):
    """One of a listing."""

    @property
    def identity(self) -> str:
        """What tells it from the others of the same listing."""
        raise NotImplementedError


class ItemWire(RowWire):
    """One of a listing of things with ids that become file names."""

    id: Id

    @property
    def identity(self) -> str:
        return self.id


class VersionWire(WireModel):
    number: Number | None = None
    message: str | None = None
    minor_edit: bool | None = None
    author_id: str | None = None
    created_at: str | None = None

    def to_model(self) -> Version:
        return Version(self.number, self.created_at or "")


class Links(WireModel):
    webui: str | None = None


class _PageLinks(Links):
    editui: str | None = None
    tinyui: str | None = None


class _AttachmentLinks(Links):
    download: str | None = None


class ContentWire(ItemWire):
    status: str | None = None
    title: str | None = None
    space_id: str | None = None
    author_id: str | None = None
    created_at: str | None = None
    version: VersionWire | None = None

    def parent(self) -> tuple[str | None, str | None]:
        """Its id and type."""
        return None, None


class BlogPostWire(ContentWire):
    body: Any = Field(default=None, exclude=True)
    links: _PageLinks | None = Field(default=None, alias="_links")


class PageWire(BlogPostWire):
    parent_id: str | None = None
    parent_type: str | None = None
    position: Number | None = None
    owner_id: str | None = None
    last_owner_id: str | None = None
    subtype: str | None = None

    def parent(self) -> tuple[str | None, str | None]:
        return self.parent_id, self.parent_type


class NodeWire(ContentWire):
    """A folder, whiteboard, database or embed."""

    type: str | None = None
    parent_id: str | None = None
    parent_type: str | None = None
    position: Number | None = None
    owner_id: str | None = None
    links: Links | None = Field(default=None, alias="_links")

    def parent(self) -> tuple[str | None, str | None]:
        return self.parent_id, self.parent_type


class EmbedWire(NodeWire):
    embed_url: str | None = None


class AttachmentWire(RowWire):
    id: Annotated[str, AfterValidator(_attachment_id)]
    status: str | None = None
    title: str | None = None
    created_at: str | None = None
    page_id: str | None = None
    blog_post_id: str | None = None
    custom_content_id: str | None = None
    media_type: str | None = None
    media_type_description: str | None = None
    comment: str | None = None
    file_id: str | None = None
    file_size: Number | None = None
    webui_link: str | None = None
    download_link: str | None = None
    version: VersionWire | None = None
    links: _AttachmentLinks | None = Field(default=None, alias="_links")

    @property
    def identity(self) -> str:
        return self.id

    def to_model(self, container: ContentId) -> AttachmentInfo:
        metadata = canonical(self)
        return AttachmentInfo(
            id=AttachmentId(self.id),
            container=container,
            title=self.title or "",
            status=self.status or "current",
            version=(self.version or VersionWire()).to_model(),
            size=self.file_size,
            media_type=self.media_type or "",
            digest=hashlib.sha256(metadata).digest(),
            metadata=metadata,
        )


class SpaceWire(ItemWire):
    key: str
    name: str | None = None
    type: str | None = None
    status: str | None = None
    author_id: str | None = None
    space_owner_id: str | None = None
    current_active_alias: str | None = None
    created_at: str | None = None
    homepage_id: str | None = None
    description: Any = None
    icon: Any = None
    links: Links | None = Field(default=None, alias="_links")

    def to_model(self) -> Space:
        return Space(
            id=SpaceId(self.id),
            key=self.key,
            alias=self.current_active_alias or self.key,
            name=self.name or self.key,
            metadata=canonical(self),
        )


class UserWire(WireModel):
    type: str
    account_id: str | None = None

    def to_model(self) -> User | None:
        """None where the answer is about nobody: an anonymous visitor."""
        return User(self.account_id) if self.type != "anonymous" and self.account_id else None


class TenantWire(WireModel):
    cloud_id: Annotated[str, Field(pattern="^[A-Za-z0-9-]{1,64}$")]  # becomes part of every address


class Listing(WireModel):
    """One answer of a paginated collection; its rows are read one by one, so that a bad one costs one."""

    results: list[dict[str, Any]]
    links: dict[str, Any] = Field(default_factory=dict, alias="_links")

    def next_host(self) -> str | None:
        """The host, with its port where one is named, that `_links.next` names; usually it names none."""
        return self._next().netloc.rpartition("@")[2] or None

    def next_cursor(self) -> str | None:
        """The cursor of `_links.next`, decoded once; None on the last page.

        Only the cursor is taken: the link lacks the gateway's prefix, may name another host, and a
        raw `+` in it is a plus. Raises `TransientError` when there is a link without a cursor.
        """
        if not self.links.get("next"):
            return None
        for part in self._next().query.split("&"):
            name, _, value = part.partition("=")
            if name == "cursor" and value:
                return unquote(value)
        raise TransientError("answered a next link without a cursor")

    def _next(self) -> SplitResult:
        try:
            return urlsplit(str(self.links.get("next") or ""))
        except ValueError:
            raise TransientError("answered a next link that is no URL") from None


def read_as(wire: type[Wire]) -> Callable[[Any], Wire]:
    """A reader that takes a JSON document of that shape, and raises `TransientError` for any other."""

    def read(document: Any) -> Wire:
        try:
            return wire.model_validate(document)
        except ValidationError as exc:
            error = exc.errors(include_input=False, include_url=False)[0]
            where = ".".join(map(str, error["loc"])) or "the document"
            raise TransientError(f"answered JSON of another shape ({where}: {error['msg']})") from None

    return read


def read_row(wire: type[Wire], document: Any) -> tuple[Wire, list[str]]:
    """One item of a listing, and the names of fields left out because they were of another shape.

    Raises `TransientError` for an item without a usable id.
    """
    if not isinstance(document, dict):
        return read_as(wire)(document), []
    try:
        return wire.model_validate(document), []
    except ValidationError as exc:
        odd = sorted({str(error["loc"][0]) for error in exc.errors(include_input=False, include_url=False)})
    rest = {name: value for name, value in document.items() if name not in odd}
    return read_as(wire)(rest), odd


def must_be(wire: RowWire, item: str) -> None:
    """Raise `TransientError` if the answer is about something else."""
    if wire.identity != item:
        raise TransientError(f"answered {wire.identity} instead")


def must_be_version(answered: Version, wanted: OldVersion) -> None:
    """Raise `RemoteError` if it isn't that version: numbers fall when an older one is deleted."""
    if answered != Version(wanted.number, wanted.date):
        raise RemoteError(f"version {wanted.number} of {wanted.container} is another version by now")


def without_number(metadata: bytes) -> bytes:
    """Of a former version, whose number shifts when an older one is deleted; a file's links hold it, too."""
    document = json_form.load(metadata) or {}
    if "downloadLink" in document:
        document |= {"downloadLink": None, "_links": None}
    return json_form.dump({**document, "version": {**(document.get("version") or {}), "number": None}})


def content_info(wire: ContentWire, kind: Kind) -> ContentInfo:
    parent_id, parent_type = wire.parent()
    metadata = canonical(wire)
    return ContentInfo(
        id=ContentId(wire.id),
        kind=kind,
        title=wire.title or "",
        status=sys.intern(wire.status or "current"),  # a hundred thousand times the same few
        version=(wire.version or VersionWire()).to_model(),
        space_id=sys.intern(wire.space_id or ""),
        parent_id=ContentId(parent_id) if parent_id else None,
        parent_type=sys.intern(parent_type) if parent_type else None,
        position=wire.position if isinstance(wire, (PageWire, NodeWire)) else None,
        subtype=wire.subtype if isinstance(wire, PageWire) else None,
        digest=hashlib.sha256(metadata).digest(),
        metadata=metadata,
    )


def page(wire: PageWire | BlogPostWire, kind: Kind, form: str = "storage") -> Page | None:
    """The page with its body in that format; None when the answer has none. An empty body is a body."""
    value = wire.body
    for name in (form, "value"):
        value = value.get(name) if isinstance(value, dict) else None
    return Page(content_info(wire, kind), value) if isinstance(value, str) else None


def completed(document: Any, listed: ContentInfo) -> Any:
    """An answer, with what it leaves out (a single one has no `subtype`) taken from the item's listing."""
    if not isinstance(document, dict):
        return document
    told = {
        "id": listed.id,
        "title": listed.title,
        "status": listed.status,
        "spaceId": listed.space_id or None,
        "parentId": listed.parent_id,
        "parentType": listed.parent_type,
        "position": listed.position,
        "subtype": listed.subtype,
        "version": {"number": listed.version.number, "createdAt": listed.version.date or None},
    }
    return {**told, **document}


def canonical(wire: BaseModel) -> bytes:
    """The file that is kept of it: the same bytes for the same values, whichever request they came by."""
    return json_form.dump(wire.model_dump(by_alias=True))
