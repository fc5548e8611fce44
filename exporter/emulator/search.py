"""Search by CQL: an index of what is current, which may lag behind the world."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from exporter.emulator import found
from exporter.emulator.call import Call
from exporter.emulator.content import Attachment, Comment, Content, Space, timestamp
from exporter.emulator.cql import MINUTE, CqlError, Query, parse
from exporter.emulator.found import Found
from exporter.emulator.lookup import is_shown, number_of, space_id_of
from exporter.emulator.paging import Keys, answer_list
from exporter.emulator.reply import Reply, v1_error
from exporter.emulator.shapes import Json

LIMITS = (("body.export_view", 25), ("body.styled_view", 25), ("body", 50), ("", 200))
MOST = 1000
PREFIX = "_sa_"


def search_content(call: Call) -> Reply:
    """Items of content; ``expand`` lowers the limit silently."""
    expand = call.arguments.get("expand", ())
    return _search(call, expand, lambda item: found.content(call, item, expand))


def search(call: Call) -> Reply:
    """Items with the content in them; ``expand`` is of ``content.…``."""
    if call.arguments["start"] or call.arguments["sitePermissionTypeFilter"] != "none":
        return v1_error(501, "The emulator knows neither 'start' nor 'sitePermissionTypeFilter'")
    asked: list[str] = call.arguments.get("expand", [])
    if not all(each.startswith("content") for each in asked):
        return v1_error(501, "The emulator expands only what is in 'content'")
    expand = [each.removeprefix("content").removeprefix(".") for each in asked if each != "content"]
    reply = _search(call, expand, lambda item: found.result(call, item, expand))
    if reply.status == 200:
        reply.json |= {"cqlQuery": call.arguments["cql"], "searchDuration": 1}
    return reply


def _search(call: Call, expand: Sequence[str], render: Callable[[Found], Json]) -> Reply:
    if "cql" not in call.arguments:
        return v1_error(400, "Required parameter 'cql' is missing")
    try:
        query = parse(call.arguments["cql"])
    except CqlError as error:
        return v1_error(400, str(error))
    unknown = [each for each in expand if each not in found.EXPANDED]
    if unknown:
        return v1_error(501, f"The emulator does not expand {', '.join(unknown)}")
    index = _Index(call, query)
    cap = _most(expand)
    listing = replace(call, path=call.path.removeprefix("/wiki"))
    reply = answer_list(listing, index.keys(), index.item, render, cap=cap, prefix=PREFIX)
    if reply.status != 200:
        return v1_error(400, "The cursor is not one of this search")
    reply.json |= {
        "start": 0,
        "limit": min(call.arguments["limit"], cap),
        "size": len(reply.json["results"]),
        "totalSize": len(index.keys().sequences[0]),
        "_links": {**reply.json["_links"], "context": "/wiki", "self": f"{call.site_url}{call.path}"},
    }
    return reply


def _most(expand: Sequence[str]) -> int:
    """1000 without expand, 200 with, 50 with a body, 25 with a rendered one."""
    return min(
        (most for start, most in LIMITS if any(each.startswith(start) for each in expand)), default=MOST
    )


class _Index:
    """What the search engine knows of the items that the query finds."""

    def __init__(self, call: Call, query: Query) -> None:
        self._call = call
        self._query = query
        self._zone = ZoneInfo(call.switches.time_zone)
        lag = call.switches.index_lag
        self._horizon = timestamp(call.world.now - timedelta(seconds=lag)) if lag else ""

    def keys(self) -> Keys:
        """Kept until the world changes."""
        call, query = self._call, self._query
        who = call.viewer.user.account_id if call.viewer.user else ""
        archived = str(call.arguments.get("includeArchivedSpaces"))
        name = ("cql", call.arguments["cql"], who, archived, self._horizon, call.switches.time_zone)
        pairs = call.world.kept_order(name, self._matches)
        if query.order == "id":
            return Keys([[number for _, number in pairs]], "id", query.descending)
        return Keys([pairs], query.order, query.descending)

    def item(self, number: int) -> Any:
        world = self._call.world
        plain, attached = str(number), f"att{number}"
        held = world.contents.get(plain) or world.comments.get(plain) or world.customs.get(plain)
        return self._known(held or world.attachments[attached])

    def _matches(self) -> Iterator[tuple[str, int]]:
        world = self._call.world
        shelves: tuple[dict[str, Found], ...] = (
            {**world.contents},
            {**world.attachments},
            {**world.comments},
            {**world.customs},
        )
        for shelf in shelves:
            for each in shelf.values():
                item = self._known(each)
                if item is not None and self._is_live(item) and self._query.holds(_Fields(self, item)):
                    yield self._order_of(item), number_of(item)

    def _known(self, item: Found) -> Found | None:
        """The item as it was when it was last indexed."""
        if not self._horizon or item.version.created_at <= self._horizon:
            return item
        past: Sequence[Found] = item.past
        return next((each for each in reversed(past) if each.version.created_at <= self._horizon), None)

    def _is_live(self, item: Found) -> bool:
        space = self.space(item)
        if space.status != "current" and not self._call.arguments.get("includeArchivedSpaces"):
            return False
        if item.status != "current":
            return False
        above = item.container_id if isinstance(item, Attachment | Comment) else item.id
        return is_shown(self._call, above, ("current",))

    def space(self, item: Found) -> Space:
        world = self._call.world
        while isinstance(item, Attachment | Comment):
            item = found.container(self._call, item)
        return world.spaces[space_id_of(self._call, item)]

    def local(self, moment: str) -> str:
        return datetime.fromisoformat(moment).astimezone(self._zone).strftime(MINUTE)

    def ancestors(self, item: Found) -> list[str]:
        """The nearest first."""
        above: list[str] = []
        at = item.parent_id if isinstance(item, Content) else None
        while at is not None and at not in above:
            above.append(at)
            parent = self._call.world.contents.get(at)
            at = parent.parent_id if parent else None
        return above

    def labels(self, item: Found) -> list[str]:
        return [each.name for each in self._call.world.labels.get(item.id, {}).values()]

    def _order_of(self, item: Found) -> str:
        match self._query.order:
            case "created":
                return item.created_at
            case "lastmodified":
                return item.version.created_at
            case "title":
                return item.title.casefold()
        return f"{number_of(item):020}"


class _Fields:
    """An item's values of each field of CQL."""

    def __init__(self, index: _Index, item: Found) -> None:
        self._index = index
        self._item = item

    def __call__(self, field: str) -> Sequence[str]:
        item, index = self._item, self._index
        match field:
            case "space":
                space = index.space(item)
                return (space.key, space.alias)
            case "type":
                return (found.type_of(item),)
            case "title":
                return (item.title,)
            case "label":
                return index.labels(item)
            case "lastmodified":
                return (index.local(item.version.created_at),)
            case "created":
                return (index.local(item.created_at),)
            case "parent":
                return index.ancestors(item)[:1]
            case "ancestor":
                return index.ancestors(item)
            case "container":
                return () if isinstance(item, Content) else (item.container_id or "",)
        return (item.id, item.id.removeprefix("att"))
