"""What is pinned to pages and spaces: labels, properties, likes, versions, restrictions, permissions;
and the names of people."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from exporter.confluence import scopes
from exporter.confluence.around import (
    FormerVersionWire,
    LabelWire,
    LikeWire,
    PermissionWire,
    PersonWire,
    PropertyWire,
    RestrictionWire,
    RoleAssignmentWire,
    SpacePropertyWire,
)
from exporter.confluence.found import FoundPageWire
from exporter.confluence.reader import MAX_FOUND, Reader, Row, of_limit, quoted
from exporter.confluence.schema import RowWire, read_as
from exporter.confluence.scopes import Endpoint
from exporter.errors import TransientError
from exporter.model import ContentInfo, FoundDetails, Kind, Part, Space

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Section:
    """An optional part of the answer for one page or blog post, and where the whole of it is listed.

    ``order`` sorts what `_shown` makes of its rows.
    """

    name: str
    wire: type[RowWire]
    endpoints: Mapping[Kind, Endpoint]
    order: Callable[[Any], Any]

    def canonical(self, rows: Collection[RowWire]) -> list[Any]:
        """The same for the same rows, in whatever order they came."""
        return sorted((_shown(row) for row in rows), key=self.order)

    def whole(self, document: Json) -> list[RowWire] | None:
        """Its rows in the answer; None if these are not surely all, or not all of the right shape."""
        section = document.get(self.name)
        if not isinstance(section, dict) or not isinstance(section.get("meta"), dict):
            return None
        rows = section.get("results")
        if section["meta"].get("hasMore") is not False or not isinstance(rows, list):
            return None
        try:
            read = [self.wire.model_validate(row) for row in rows]
        except ValidationError:
            return None
        return list({row.identity: row for row in read}.values())


_SECTIONS = {
    Part.LABELS: _Section(
        "labels",
        LabelWire,
        {Kind.PAGE: scopes.PAGE_LABELS, Kind.BLOGPOST: scopes.BLOGPOST_LABELS},
        lambda label: int(label["id"]),
    ),
    Part.PROPERTIES: _Section(
        "properties",
        PropertyWire,
        {Kind.PAGE: scopes.PAGE_PROPERTIES, Kind.BLOGPOST: scopes.BLOGPOST_PROPERTIES},
        lambda each: each["key"],
    ),
    Part.LIKES: _Section(
        "likes",
        LikeWire,
        {Kind.PAGE: scopes.PAGE_LIKES, Kind.BLOGPOST: scopes.BLOGPOST_LIKES},
        lambda account_id: account_id,
    ),
    Part.VERSIONS: _Section(
        "versions",
        FormerVersionWire,
        {Kind.PAGE: scopes.PAGE_VERSIONS, Kind.BLOGPOST: scopes.BLOGPOST_VERSIONS},
        lambda version: (-version["number"], version["createdAt"]),
    ),
}
_ALONE = {Kind.PAGE: scopes.PAGE, Kind.BLOGPOST: scopes.BLOGPOST}
_ID_NAMES = {Kind.PAGE: "page-id", Kind.BLOGPOST: "blogpost-id"}  # of the paths of properties
_OPERATIONS = ("read", "update")
_EXPANDED = {
    Part.LABELS: ("metadata.labels",),
    Part.RESTRICTIONS: tuple(
        f"restrictions.{operation}.restrictions.{who}"
        for operation in _OPERATIONS
        for who in ("user", "group")
    ),
}


class Annotations(Reader):
    # --- of a page or blog post -------------------------------------------------------

    async def details(self, container: ContentInfo, parts: Collection[Part]) -> Mapping[Part, Any]:
        """Labels, properties, likes and versions of a page or blog post: all of those asked for.

        One request shows up to 50 of each; a longer part is listed whole from its own endpoint.
        """
        wanted = {part: _SECTIONS[part] for part in Part if part in parts}
        query = [(f"include-{section.name}", "true") for section in wanted.values()]
        shown = await self._get(
            _ALONE[container.kind], {"id": container.id}, query, lambda answer: _about(answer, container)
        )
        found: dict[Part, Any] = {}
        for part, section in wanted.items():
            rows = section.whole(shown)
            if rows is None:
                rows = [row async for row in self._section(section, container)]
            found[part] = section.canonical(rows)
        return found

    def _section(self, section: _Section, container: ContentInfo) -> AsyncIterator[RowWire]:
        parts = {"id": container.id, _ID_NAMES[container.kind]: container.id}
        return self._collection(section.endpoints[container.kind], parts, of_limit(), section.wire)

    async def labels(self, container: ContentInfo) -> AsyncIterator[str]:
        """The names of the labels of a page or blog post."""
        endpoint = _SECTIONS[Part.LABELS].endpoints[container.kind]
        async for row in self._collection(endpoint, {"id": container.id}, of_limit(), LabelWire):
            yield row.name

    async def found_details(self, space: Space, parts: Collection[Part]) -> AsyncIterator[FoundDetails]:
        """Labels and restrictions of the pages and blog posts of a space that the search index knows.

        The index lags, and has nothing archived: what this shows may start a look, and proves nothing.
        """
        expand = [name for part, names in _EXPANDED.items() if part in parts for name in names]
        query = [
            ("cql", f"space = {quoted(space.key)} and type in (page, blogpost)"),
            *(("expand", name) for name in ("version", *expand)),
            *of_limit(MAX_FOUND),
        ]
        async for row in self._collection(scopes.CONTENT_SEARCH, {}, query, FoundPageWire):
            yield FoundDetails(row.id, row.version.number if row.version else None, _found_parts(row, parts))

    async def restrictions(self, container: ContentInfo) -> Any:
        """``{"read": {"users": [account ids], "groups": [{"id", "name"}]}, "update": …}``; only those of
        the content itself: what it inherits is not in the answer."""
        query = [("expand", "restrictions.user"), ("expand", "restrictions.group")]
        found = await self._get(scopes.RESTRICTIONS, {"id": container.id}, query, _by_operation)
        if any(each.may_be_cut for each in found.values()):
            self.warnings.add(
                f"restrictions of {container.kind} {container.id} may be cut: "
                "Confluence shows no more users or groups than it did"
            )
        return _restricted(found)

    # --- of a space -------------------------------------------------------------------

    async def space_permissions(self, space: Space) -> list[Any]:
        rows = await self._all(scopes.SPACE_PERMISSIONS, {"id": space.id}, PermissionWire)
        return [_shown(row) for row in sorted(rows, key=lambda row: row.id)]

    async def space_role_assignments(self, space: Space) -> list[Any]:
        rows = await self._all(scopes.SPACE_ROLE_ASSIGNMENTS, {"id": space.id}, RoleAssignmentWire)
        return [_shown(row) for row in sorted(rows, key=lambda row: row.identity)]

    async def space_labels(self, space: Space) -> list[Any]:
        rows = await self._all(scopes.SPACE_LABELS, {"id": space.id}, LabelWire)
        return [_shown(row) for row in sorted(rows, key=lambda row: int(row.id))]

    async def space_properties(self, space: Space) -> list[Any]:
        rows = await self._all(scopes.SPACE_PROPERTIES, {"space-id": space.id}, SpacePropertyWire)
        return [_shown(row) for row in sorted(rows, key=lambda row: row.key)]

    async def _all(self, endpoint: Endpoint, parts: Mapping[str, str], wire: type[Row]) -> list[Row]:
        return [row async for row in self._collection(endpoint, parts, of_limit(), wire)]

    # --- people -----------------------------------------------------------------------

    async def users(self, account_ids: Sequence[str]) -> Mapping[str, Any]:
        """At most 250 at once; those that Confluence doesn't know are left out."""
        send = {"accountIds": list(account_ids)}
        rows = self._collection(scopes.USERS, {}, (), PersonWire, send=send)
        return {row.account_id: _shown(row) async for row in rows if row.account_id in account_ids}


def _shown(row: RowWire) -> Any:
    """As it is kept: of a like, the account id alone."""
    return row.account_id if isinstance(row, LikeWire) else row.model_dump(by_alias=True)


def _found_parts(row: FoundPageWire, parts: Collection[Part]) -> dict[Part, Any]:
    """Those that are there, and surely whole."""
    found: dict[Part, Any] = {}
    labels = row.metadata.labels if row.metadata else None
    if Part.LABELS in parts and labels is not None and not labels.may_be_cut:
        found[Part.LABELS] = _SECTIONS[Part.LABELS].canonical(labels.results)
    if Part.RESTRICTIONS in parts and row.restrictions is not None:
        try:
            named = _by_operation({name: row.restrictions[name] for name in _OPERATIONS})
        except (KeyError, TransientError):
            return found
        if not any(each.may_be_cut for each in named.values()):
            found[Part.RESTRICTIONS] = _restricted(named)
    return found


def _restricted(found: Mapping[str, RestrictionWire]) -> Json:
    told = {name: each.named() for name, each in found.items()}
    return {**{name: {"users": [], "groups": []} for name in _OPERATIONS}, **told}


def _about(document: Any, container: ContentInfo) -> Json:
    if not isinstance(document, dict) or str(document.get("id")) != container.id:
        raise TransientError(f"answered something else than {container.kind} {container.id}")
    return document


def _by_operation(document: Any) -> dict[str, RestrictionWire]:
    """What a v1 answer says for each operation; beside those it has links."""
    if not isinstance(document, dict) or not any(name in document for name in _OPERATIONS):
        raise TransientError("answered JSON of another shape (no restrictions)")
    read = read_as(RestrictionWire)
    return {name: read(each) for name, each in document.items() if not name.startswith("_")}
