"""The endpoints as methods, the collections as async iterators."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, TypeVar

from exporter.confluence import schema, scopes
from exporter.confluence.schema import (
    AttachmentWire,
    BlogPostWire,
    Listing,
    PageWire,
    SpaceWire,
    UserWire,
    read_as,
    read_row,
)
from exporter.confluence.scopes import Endpoint
from exporter.confluence.transport import Access, Expected, Query, Receive, Transport
from exporter.errors import RemoteError, TransientError
from exporter.model import AttachmentInfo, ContentId, ContentInfo, Kind, Page, Space, SpaceId, User

log = logging.getLogger(__name__)

T = TypeVar("T")
Row = TypeVar("Row", PageWire, BlogPostWire, AttachmentWire, SpaceWire)

MAX_LIMIT = 250  # of every v2 collection
MAX_BARREN = 3  # answers in a row without a new item, before a listing counts as looping

_LISTED = {
    Kind.PAGE: (scopes.SPACE_PAGES, PageWire, ("current", "archived")),
    Kind.BLOGPOST: (scopes.SPACE_BLOGPOSTS, BlogPostWire, ("current",)),
}
_IN_BULK = {Kind.PAGE: scopes.PAGES, Kind.BLOGPOST: scopes.BLOGPOSTS}
_BY_ID = {
    Kind.PAGE: scopes.PAGE,
    Kind.BLOGPOST: scopes.BLOGPOST,
    Kind.FOLDER: scopes.FOLDER,
    Kind.WHITEBOARD: scopes.WHITEBOARD,
    Kind.DATABASE: scopes.DATABASE,
    Kind.EMBED: scopes.EMBED,
}
_ATTACHMENTS = {Kind.PAGE: scopes.PAGE_ATTACHMENTS, Kind.BLOGPOST: scopes.BLOGPOST_ATTACHMENTS}


class Client:
    """Confluence as one token sees it. Raises what `Transport` raises."""

    def __init__(self, transport: Transport, access: Access) -> None:
        self._transport = transport
        self._access = access
        self.warnings: set[str] = set()

    async def current_user(self) -> User | None:
        """Whose token this is; None when Confluence takes us for an anonymous visitor."""
        return (await self._get(scopes.CURRENT_USER, read_as(UserWire))).to_model()

    async def spaces(self, *, keys: Sequence[str] = (), status: str | None = None) -> AsyncIterator[Space]:
        query = [("limit", str(MAX_LIMIT))]
        if keys:
            query.append(("keys", ",".join(keys)))
        if status:
            query.append(("status", status))
        async for row in self._collection(scopes.SPACES, {}, query, SpaceWire):
            yield row.to_model()

    async def contents(self, space: SpaceId, kind: Kind) -> AsyncIterator[ContentInfo]:
        """Pages (current and archived) or blog posts of a space, without bodies, by id."""
        endpoint, wire, statuses = _LISTED[kind]
        query = [("limit", str(MAX_LIMIT)), ("sort", "id"), *(("status", status) for status in statuses)]
        async for row in self._collection(endpoint, {"id": space}, query, wire):
            yield schema.content_info(row, kind)

    async def node(self, kind: Kind, node: ContentId) -> ContentInfo:
        """A folder, whiteboard, database or embed: they have no listing."""
        wire = await self._get(_BY_ID[kind], read_as(schema.WIRES[kind]), id=node)
        return schema.content_info(wire, kind)

    async def pages(self, kind: Kind, wanted: Sequence[ContentInfo]) -> list[Page]:
        """Bodies in bulk, at most 250. What the answer lacks, or has without a body, is left out.

        Tried twice only: a server that chokes on many wants fewer.
        """
        _, wire, statuses = _LISTED[kind]
        query = [
            ("id", ",".join(info.id for info in wanted)),
            ("body-format", "storage"),
            ("limit", str(len(wanted))),  # the default is 25, whatever the number of ids
            *(("status", status) for status in statuses),
        ]
        listed = {str(info.id): info for info in wanted}
        rows = self._collection(_IN_BULK[kind], {}, query, wire, tries=2, listed=listed)
        pages = [schema.page(row, kind) async for row in rows]
        return [page for page in pages if page is not None]

    async def page(self, listed: ContentInfo) -> Page:
        """One page or blog post with its body. Raises `RemoteError` when there is none."""
        endpoint, (_, wire, _) = _BY_ID[listed.kind], _LISTED[listed.kind]

        def read(document: Any) -> Page:
            row = read_as(wire)(schema.completed(document, listed))
            if row.id != listed.id:
                raise TransientError(f"answered {listed.kind} {row.id} instead")
            page = schema.page(row, listed.kind)
            if page is None:
                raise RemoteError("answered without a body")
            return page

        return await self._get(endpoint, read, query=[("body-format", "storage")], id=listed.id)

    async def attachments(self, container: ContentInfo) -> AsyncIterator[AttachmentInfo]:
        """Current and archived attachments of a page or blog post."""
        query = [("limit", str(MAX_LIMIT)), ("status", "current"), ("status", "archived")]
        rows = self._collection(_ATTACHMENTS[container.kind], {"id": container.id}, query, AttachmentWire)
        async for row in rows:
            yield row.to_model(container.id)

    async def download(self, attachment: AttachmentInfo, receive: Receive[T]) -> T:
        """Stream the attachment's latest version into `receive`.

        By the v1 endpoint: what `downloadLink` says answers 401 to every API token (CHANGE-2735).
        """
        endpoint = scopes.DOWNLOAD
        return await self._transport.download(
            self._access,
            endpoint.at(id=attachment.container, attachmentId=attachment.id),
            [] if attachment.status == "current" else [("status", attachment.status)],
            endpoint=endpoint,
            expected=Expected(
                attachment.size, may_be_html=_may_be_html(attachment.media_type, attachment.title)
            ),
            receive=receive,
        )

    async def _get(
        self, endpoint: Endpoint, read: Callable[[Any], T], *, query: Query = (), **parts: str
    ) -> T:
        return await self._transport.json(
            self._access, endpoint.at(**parts), query, endpoint=endpoint, read=read
        )

    async def _collection(
        self,
        endpoint: Endpoint,
        parts: dict[str, str],
        query: Query,
        wire: type[Row],
        *,
        tries: int | None = None,
        listed: Mapping[str, ContentInfo] | None = None,
    ) -> AsyncIterator[Row]:
        """Every item once, whatever the server does: ends only where no next page is named.

        Raises `RemoteError` when a cursor comes back or pages bring nothing new (a short or even an
        empty page is none of that), so a loop is never taken for the end; and, after the last item,
        when one of them could not be read. `listed` completes what an item leaves out.
        """
        path = endpoint.at(**parts)
        unreadable: str | None = None
        cursor: str | None = None
        cursors: set[str] = set()
        ids: set[str] = set()
        barren = 0
        while True:
            rows, following = await self._transport.json(
                self._access,
                path,
                [*query, ("cursor", cursor)] if cursor else query,
                endpoint=endpoint,
                read=self._rows_and_next,
                tries=tries,
            )
            known = len(ids)
            for document in rows:
                if listed and (info := listed.get(str(document.get("id")))):
                    document = schema.completed(document, info)
                try:
                    row, odd = read_row(wire, document)
                except TransientError as exc:
                    unreadable = f"GET {path}: one item {exc}"
                    continue
                if odd:
                    self.warnings.add(f"GET {path}: item {row.id} was read without its odd {', '.join(odd)}")
                if row.id not in ids:
                    ids.add(row.id)
                    yield row
            if following is None:
                break
            barren = 0 if len(ids) > known else barren + 1
            if following in cursors or barren == MAX_BARREN:
                raise RemoteError(f"GET {path}: the listing goes round in circles after {len(ids)} items")
            cursors.add(following)
            cursor = following
        if unreadable is not None:
            raise RemoteError(unreadable)

    def _rows_and_next(self, document: Any) -> tuple[list[dict[str, Any]], str | None]:
        listing = read_as(Listing)(document)
        host, base = listing.next_host(), self._access.base
        if host not in (None, base.authority, f"{base.host}:{base.port}"):
            self.warnings.add(f"a listing's next link names the host {host}; only its cursor was used")
        return listing.results, listing.next_cursor()


def _may_be_html(media_type: str, title: str) -> bool:
    return "html" in media_type or title.lower().endswith((".html", ".htm", ".xhtml"))
