"""Comments and the replies to them, always with their bodies."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from exporter.confluence import scopes
from exporter.confluence.around import CommentWire
from exporter.confluence.reader import Reader, of_limit
from exporter.confluence.schema import must_be, read_as
from exporter.confluence.scopes import Endpoint
from exporter.confluence.transport import Query
from exporter.errors import NotFound, RemoteError
from exporter.model import CommentId, CommentInfo, Kind

_ROOTS = {
    (Kind.PAGE, False): scopes.PAGE_FOOTER_COMMENTS,
    (Kind.PAGE, True): scopes.PAGE_INLINE_COMMENTS,
    (Kind.BLOGPOST, False): scopes.BLOGPOST_FOOTER_COMMENTS,
    (Kind.BLOGPOST, True): scopes.BLOGPOST_INLINE_COMMENTS,
    (Kind.ATTACHMENT, False): scopes.ATTACHMENT_COMMENTS,
    (Kind.CUSTOM_CONTENT, False): scopes.CUSTOM_CONTENT_COMMENTS,
}
_STORAGE = ("body-format", "storage")
# Every one there is: which of them a listing leaves out unasked is not documented.
_RESOLUTIONS = tuple(("resolution-status", each) for each in ("resolved", "open", "dangling", "reopened"))


@dataclass(frozen=True, slots=True)
class _Place:
    """What the comments of one listing have in common."""

    container: str
    inline: bool
    parent: CommentId | None = None

    def of(self, row: CommentWire) -> CommentInfo:
        return row.to_model(self.container, inline=self.inline, parent=self.parent)


@dataclass(frozen=True, slots=True)
class _Site:
    """Each names its own."""

    inline: bool

    def of(self, row: CommentWire) -> CommentInfo:
        container = row.container or ""
        if row.parent_comment_id is None:
            return row.to_model(container, inline=self.inline, parent=None)
        parent = CommentId(row.parent_comment_id)
        return row.without_container().to_model(container, inline=self.inline, parent=parent)


class Comments(Reader):
    async def comments(
        self, kind: Kind, container: str, *, inline: bool = False
    ) -> AsyncIterator[CommentInfo]:
        """Comments of a page, blog post, custom content or attachment, without the replies to them."""
        endpoint, more = _ROOTS[kind, inline], _RESOLUTIONS if inline else ()
        query = [*of_limit(), _STORAGE, *more]
        async for comment in self._comments(endpoint, {"id": container}, query, _Place(container, inline)):
            yield comment

    async def site_comments(self, *, inline: bool) -> AsyncIterator[CommentInfo]:
        """Comments of the whole site, with "" where one names no container.

        By the day they were made, which doesn't change while the listing is read. The same may come twice.
        Whether replies, and what is resolved, are among them is not documented.
        """
        endpoint = scopes.INLINE_COMMENTS if inline else scopes.FOOTER_COMMENTS
        query = [*of_limit(), _STORAGE, ("sort", "created-date")]
        async for comment in self._comments(endpoint, {}, query, _Site(inline)):
            yield comment

    async def replies(self, comment: CommentInfo) -> AsyncIterator[CommentInfo]:
        endpoint = scopes.INLINE_REPLIES if comment.inline else scopes.FOOTER_REPLIES
        place = _Place(comment.container, comment.inline, comment.id)
        query = [*of_limit(), _STORAGE]
        async for reply in self._comments(endpoint, {"id": comment.id}, query, place):
            yield reply

    async def has_comment(self, comment: str) -> bool:
        """Whether a comment of that id answers, footer or inline."""
        for inline in (False, True):
            try:
                await self._comment(comment, inline=inline)
            except NotFound:
                continue
            return True
        return False

    async def _comments(
        self, endpoint: Endpoint, parts: Mapping[str, str], query: Query, place: _Place | _Site
    ) -> AsyncIterator[CommentInfo]:
        """What a listing shows without a body is read alone; where that has none either, `RemoteError`
        is raised after the last item."""
        without: str | None = None
        is_long = isinstance(place, _Site)
        async for row in self._collection(endpoint, parts, query, CommentWire, is_long=is_long):
            whole = row
            if not row.has_body:
                try:
                    whole = row.filled_from(await self._comment(row.id, inline=place.inline))
                except RemoteError as exc:
                    without = str(exc)
                    continue
            yield place.of(whole)
        if without is not None:
            raise RemoteError(without)

    async def _comment(self, comment: str, *, inline: bool) -> CommentWire:
        def read(document: object) -> CommentWire:
            row = read_as(CommentWire)(document)
            must_be(row, comment)
            if not row.has_body:
                raise RemoteError("answered without a body")
            return row

        endpoint = scopes.INLINE_COMMENT if inline else scopes.FOOTER_COMMENT
        return await self._get(endpoint, {"comment-id": comment}, [_STORAGE], read)
