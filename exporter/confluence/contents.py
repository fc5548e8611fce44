"""Spaces, and what is in them: pages and blog posts, folders and the like, custom content, tasks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from exporter.confluence import schema, scopes
from exporter.confluence.around import CustomContentWire, TaskWire
from exporter.confluence.found import CountWire, FoundWire
from exporter.confluence.reader import MAX_FOUND, MAX_LIMIT, Reader, of_limit, quoted
from exporter.confluence.schema import (
    BlogPostWire,
    ContentWire,
    EmbedWire,
    NodeWire,
    PageWire,
    SpaceWire,
    UserWire,
    read_as,
)
from exporter.confluence.scopes import Endpoint
from exporter.errors import NotFound, RemoteError
from exporter.model import ContentInfo, FoundContent, Kind, OldPage, OldVersion, Page, Space, User

_LISTED: Mapping[Kind, tuple[Endpoint, type[PageWire] | type[BlogPostWire], tuple[str, ...]]] = {
    Kind.PAGE: (scopes.SPACE_PAGES, PageWire, ("current", "archived")),
    Kind.BLOGPOST: (scopes.SPACE_BLOGPOSTS, BlogPostWire, ("current",)),
}
_IN_BULK = {Kind.PAGE: scopes.PAGES, Kind.BLOGPOST: scopes.BLOGPOSTS}
_ALONE = {Kind.PAGE: scopes.PAGE, Kind.BLOGPOST: scopes.BLOGPOST}
_EVERY_STATUS = {
    Kind.PAGE: ("current", "archived", "trashed", "deleted"),
    Kind.BLOGPOST: ("current", "trashed", "deleted"),
}
_BY_ID: Mapping[Kind, tuple[Endpoint, type[ContentWire]]] = {
    Kind.FOLDER: (scopes.FOLDER, NodeWire),
    Kind.WHITEBOARD: (scopes.WHITEBOARD, NodeWire),
    Kind.DATABASE: (scopes.DATABASE, NodeWire),
    Kind.EMBED: (scopes.EMBED, EmbedWire),
    Kind.CUSTOM_CONTENT: (scopes.CUSTOM_CONTENT, CustomContentWire),
}
_RAW = ("body-format", "raw")  # the one format that every custom content can be asked for


class Contents(Reader):
    async def current_user(self) -> User | None:
        """Whose token this is; None when Confluence takes us for an anonymous visitor."""
        return (await self._get(scopes.CURRENT_USER, {}, (), read_as(UserWire))).to_model()

    async def spaces(
        self, *, ids: Sequence[str] = (), keys: Sequence[str] = (), status: str | None = None
    ) -> AsyncIterator[Space]:
        query = of_limit()
        if ids:
            query.append(("ids", ",".join(ids)))
        if keys:
            query.append(("keys", ",".join(keys)))
        if status:
            query.append(("status", status))
        async for row in self._collection(scopes.SPACES, {}, query, SpaceWire):
            yield row.to_model()

    # --- in a space -------------------------------------------------------------------

    async def contents(self, space: Space, kind: Kind, *, of_type: str = "") -> AsyncIterator[ContentInfo]:
        """Pages (current and archived) or blog posts without bodies, by id; tasks or custom content
        of a type with theirs."""
        if kind is Kind.TASK:
            async for task in self._tasks(space):
                yield task.to_model()
        elif kind is Kind.CUSTOM_CONTENT:
            async for custom in self._custom_content(space, of_type):
                yield schema.content_info(custom, kind)
        else:
            endpoint, wire, statuses = _LISTED[kind]
            query = [*of_limit(), ("sort", "id"), *(("status", status) for status in statuses)]
            async for row in self._collection(endpoint, {"id": space.id}, query, wire):
                yield schema.content_info(row, kind)

    def _tasks(self, space: Space) -> AsyncIterator[TaskWire]:
        query = [("space-id", space.id), ("body-format", "storage"), ("include-blank-tasks", "true")]
        return self._collection(scopes.TASKS, {}, [*query, *of_limit()], TaskWire)

    def _custom_content(self, space: Space, of_type: str) -> AsyncIterator[CustomContentWire]:
        query = [("type", of_type), _RAW, *of_limit()]
        return self._collection(scopes.SPACE_CUSTOM_CONTENT, {"id": space.id}, query, CustomContentWire)

    async def search(self, space: Space) -> AsyncIterator[FoundContent]:
        """What the search index knows of in a space besides pages, blog posts, comments and attachments.

        v2 lists none of it. The index lags behind, and has nothing that is archived or in the trash.
        """
        query = [
            ("cql", f"space = {quoted(space.key)} and type not in (page, blogpost, comment, attachment)"),
            ("includeArchivedSpaces", "true"),
            *of_limit(MAX_FOUND),
        ]
        rows = self._collection(scopes.SEARCH, {}, query, FoundWire, prepare=_content_of)
        async for row in rows:
            yield row.to_model(space)

    async def count(self, kind: Kind, space: Space | None = None) -> int:
        """How many comments or attachments the search index knows of in a space, or on the whole site."""
        of_kind = f"type = {kind}"
        cql = of_kind if space is None else f"space = {quoted(space.key)} and {of_kind}"
        query = [("cql", cql), ("includeArchivedSpaces", "true"), *of_limit(1)]
        return (await self._get(scopes.SEARCH, {}, query, read_as(CountWire))).total_size

    # --- by id ------------------------------------------------------------------------

    async def by_id(self, kind: Kind, item: str) -> ContentInfo:
        """A folder, whiteboard, database, embed or custom content, whatever its status and space."""
        endpoint, wire = _BY_ID[kind]
        query = [_RAW] if kind is Kind.CUSTOM_CONTENT else []
        return schema.content_info(await self._single(endpoint, item, query, wire), kind)

    async def look_up(
        self, kind: Kind, ids: Sequence[str], *, alone: bool = True
    ) -> Mapping[str, ContentInfo]:
        """Those pages or blog posts that this token can see, whatever their status and space.

        First in bulk. What is missing there is asked for `alone`: which statuses the bulk listing
        really answers is documented, not proven, and being left out of it must not count as being gone.
        """
        found: dict[str, ContentInfo] = {}
        for start in range(0, len(ids), MAX_LIMIT):
            found |= await self._look_up_in_bulk(kind, ids[start : start + MAX_LIMIT])
        for each in ids:
            if alone and each not in found:
                try:
                    row = await self._single(_ALONE[kind], each, (), _LISTED[kind][1])
                except NotFound:
                    continue
                found[each] = schema.content_info(row, kind)
        return found

    async def _look_up_in_bulk(self, kind: Kind, ids: Sequence[str]) -> dict[str, ContentInfo]:
        query = [
            ("id", ",".join(ids)),
            *(("status", status) for status in _EVERY_STATUS[kind]),
            *of_limit(len(ids)),
        ]
        rows = self._collection(_IN_BULK[kind], {}, query, _LISTED[kind][1])
        return {row.id: schema.content_info(row, kind) async for row in rows if row.id in ids}

    # --- bodies -----------------------------------------------------------------------

    async def pages(self, kind: Kind, wanted: Sequence[ContentInfo], *, adf: bool = False) -> list[Page]:
        """Bodies in bulk, at most 250. What the answer lacks, or has without a body, is left out.

        Tried twice only: a server that chokes on many wants fewer.
        """
        _, wire, statuses = _LISTED[kind]
        form = _form(adf)
        query = [
            ("id", ",".join(info.id for info in wanted)),
            ("body-format", form),
            *of_limit(len(wanted)),  # the default is 25, whatever the number of ids
            *(("status", status) for status in statuses),
        ]
        listed = {str(info.id): info for info in wanted}

        def completed(document: dict[str, Any]) -> Any:
            info = listed.get(str(document.get("id")))
            return schema.completed(document, info) if info else document

        rows = self._collection(_IN_BULK[kind], {}, query, wire, tries=2, prepare=completed)
        pages = [schema.page(row, kind, form) async for row in rows]
        return [page for page in pages if page is not None]

    async def page(self, listed: ContentInfo, *, adf: bool = False) -> Page:
        """One page or blog post with its body. Raises `RemoteError` when there is none."""
        wire, form = _LISTED[listed.kind][1], _form(adf)

        def read(document: Any) -> Page:
            row = read_as(wire)(schema.completed(document, listed))
            schema.must_be(row, listed.id)
            return _with_body(schema.page(row, listed.kind, form))

        return await self._get(_ALONE[listed.kind], {"id": listed.id}, [("body-format", form)], read)

    async def old_page(self, container: ContentInfo, version: OldVersion) -> OldPage:
        """Raises `RemoteError` when that number is another version by now."""

        def read(document: Any) -> OldPage:
            row = read_as(_LISTED[container.kind][1])(document)
            schema.must_be(row, container.id)
            page = _with_body(schema.page(row, container.kind))
            schema.must_be_version(page.info.version, version)
            metadata = schema.without_number(page.info.metadata)
            return OldPage(version, page.info.title, metadata, page.body)

        query = [("version", str(version.number)), ("body-format", "storage")]
        return await self._get(_ALONE[container.kind], {"id": container.id}, query, read)


def _content_of(result: dict[str, Any]) -> Any:
    """None for a result that is about something else: a space, a user."""
    return result.get("content") or (None if result.get("space") or result.get("user") else {})


def _form(adf: bool) -> str:
    return "atlas_doc_format" if adf else "storage"


def _with_body(page: Page | None) -> Page:
    if page is None:
        raise RemoteError("answered without a body")
    return page
