"""Comments and the replies to them, always with their bodies."""

from __future__ import annotations

from collections.abc import AsyncIterator
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


class Comments(Reader):
    async def comments(
        self, kind: Kind, container: str, *, inline: bool = False
    ) -> AsyncIterator[CommentInfo]:
        """Comments of a page, blog post, custom content or attachment, without the replies to them."""
        endpoint, more = _ROOTS[kind, inline], _RESOLUTIONS if inline else ()
        async for comment in self._comments(endpoint, container, more, _Place(container, inline)):
            yield comment

    async def replies(self, comment: CommentInfo) -> AsyncIterator[CommentInfo]:
        endpoint = scopes.INLINE_REPLIES if comment.inline else scopes.FOOTER_REPLIES
        place = _Place(comment.container, comment.inline, comment.id)
        async for reply in self._comments(endpoint, comment.id, (), place):
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
        self, endpoint: Endpoint, of: str, more: Query, place: _Place
    ) -> AsyncIterator[CommentInfo]:
        """What a listing shows without a body is read alone; where that has none either, `RemoteError`
        is raised after the last item."""
        without: str | None = None
        query = [*of_limit(), _STORAGE, *more]
        async for row in self._collection(endpoint, {"id": of}, query, CommentWire):
            whole = row
            if not row.has_body:
                try:
                    whole = row.filled_from(await self._comment(row.id, inline=place.inline))
                except RemoteError as exc:
                    without = str(exc)
                    continue
            yield whole.to_model(place.container, inline=place.inline, parent=place.parent)
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
