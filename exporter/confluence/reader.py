"""What every endpoint is read by: one document, or a collection page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, TypeVar

from exporter.confluence.schema import Listing, RowWire, must_be, read_as, read_row
from exporter.confluence.scopes import Endpoint
from exporter.confluence.transport import Access, Query, Transport
from exporter.errors import RemoteError, TransientError

T = TypeVar("T")
Row = TypeVar("Row", bound=RowWire)
# Makes an item of what a listing holds in its place; None passes over it.
Prepare = Callable[[dict[str, Any]], Any]

MAX_LIMIT = 250  # of every v2 collection
MAX_FOUND = 200  # results of a search in one answer; beyond it limits depend on what is expanded
MAX_BARREN = 3  # answers in a row without a new item, before a listing counts as looping


class Reader:
    """Confluence as one token sees it. Raises what `Transport` raises."""

    def __init__(self, transport: Transport, access: Access) -> None:
        self._transport = transport
        self._access = access
        self.warnings: set[str] = set()

    async def _get(
        self, endpoint: Endpoint, parts: Mapping[str, str], query: Query, read: Callable[[Any], T]
    ) -> T:
        return await self._transport.json(
            self._access, endpoint.at(**parts), query, endpoint=endpoint, read=read
        )

    async def probe(
        self,
        endpoint: Endpoint,
        parts: Mapping[str, str],
        query: Query = (),
        *,
        send: Mapping[str, Any] | None = None,
    ) -> None:
        """Ask, and look at nothing but whether it is answered."""
        await self._transport.json(
            self._access,
            endpoint.at(**parts),
            query,
            endpoint=endpoint,
            read=lambda _: None,
            tries=2,
            send=send,
        )

    async def _single(self, endpoint: Endpoint, item: str, query: Query, wire: type[Row]) -> Row:
        """What is asked for by its id."""

        def read(document: Any) -> Row:
            row = read_as(wire)(document)
            must_be(row, item)
            return row

        return await self._get(endpoint, {"id": item}, query, read)

    async def _collection(
        self,
        endpoint: Endpoint,
        parts: Mapping[str, str],
        query: Query,
        wire: type[Row],
        *,
        tries: int | None = None,
        prepare: Prepare | None = None,
        send: Mapping[str, Any] | None = None,
        is_long: bool = False,
    ) -> AsyncIterator[Row]:
        """Every item once, whatever the server does: ends only where no next page is named.

        Raises `RemoteError` when a cursor comes back or pages bring nothing new (a short or even an
        empty page is none of that), so a loop is never taken for the end; and, after the last item,
        when one of them could not be read. One that `is_long` may be too long for memory: there an item
        comes again if the server shows it again later than on the next page.
        """
        path = endpoint.at(**parts)
        request = f"{endpoint.method} {path}"
        unreadable: str | None = None
        cursor: str | None = None
        cursors: set[str] = set()
        seen: set[str] = set()
        items = barren = 0
        while True:
            documents, following = await self._transport.json(
                self._access,
                path,
                [*query, ("cursor", cursor)] if cursor else query,
                endpoint=endpoint,
                read=self._rows_and_next,
                tries=tries,
                send=send,
            )
            here: set[str] = set()
            for document in documents:
                item = prepare(document) if prepare else document
                if item is None:
                    continue
                try:
                    row = self._row(wire, item, request)
                except TransientError as exc:
                    unreadable = f"{request}: one item {exc}"
                    continue
                if row.identity not in seen and row.identity not in here:
                    yield row
                here.add(row.identity)
            if following is None:
                break
            new = len(here - seen)
            items += new
            barren = 0 if new else barren + 1
            if following in cursors or barren == MAX_BARREN:
                raise RemoteError(f"{request}: the listing goes round in circles after {items} items")
            if is_long:
                seen.clear()
            seen |= here
            cursors.add(following)
            cursor = following
        if unreadable is not None:
            raise RemoteError(unreadable)

    def _row(self, wire: type[Row], item: Any, request: str) -> Row:
        row, odd = read_row(wire, item)
        if odd:
            names = ", ".join(odd)
            self.warnings.add(f"{request}: item {row.identity} was read without its odd {names}")
        return row

    def _rows_and_next(self, document: Any) -> tuple[list[dict[str, Any]], str | None]:
        listing = read_as(Listing)(document)
        host, base = listing.next_host(), self._access.base
        if host not in (None, base.authority, f"{base.host}:{base.port}"):
            self.warnings.add(f"a listing's next link names the host {host}; only its cursor was used")
        return listing.results, listing.next_cursor()


def of_limit(limit: int = MAX_LIMIT) -> list[tuple[str, str]]:
    return [("limit", str(limit))]


def quoted(text: str) -> str:
    """As a value in CQL, whatever is in it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
