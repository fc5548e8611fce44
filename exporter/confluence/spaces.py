"""Which spaces are meant: by key, by the id of a page, or all that the token sees."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from fnmatch import fnmatchcase

from exporter.confluence.access import SignedIn
from exporter.confluence.client import Client
from exporter.errors import NotFound, RemoteError, ScopeMissing, SpaceError
from exporter.model import IN_TRASH, NODES, WITH_BODY, ContentId, ContentInfo, Space


async def find_space(client: Client, key: str) -> Space:
    """The space whose `key` or `currentActiveAlias` is `key`. Raises `SpaceError` naming the nearest."""
    async for space in client.spaces(keys=[key]):
        if key in (space.key, space.alias):
            return space
    visible: dict[str, str] = {}
    for status in ("current", "archived"):
        async for space in client.spaces(status=status):
            if key in (space.key, space.alias):
                return space
            visible[space.key.casefold()] = space.key
    near = [visible[name] for name in difflib.get_close_matches(key.casefold(), visible, n=3, cutoff=0.5)]
    hint = f"the nearest are {', '.join(near)}" if near else f"it sees {len(visible)} spaces"
    raise SpaceError(f"there is no space {key!r}, or this token may not see it; {hint}")


async def all_spaces(
    client: Client, *, include: Sequence[str], exclude: Sequence[str], personal: bool
) -> list[str]:
    """The keys of all spaces the token sees, archived ones too, in order.

    `include` and `exclude` are patterns as of file names, against the key or its alias, whatever the
    case. Raises `SpaceError` when none is left.
    """
    keys: dict[str, None] = {}
    seen = 0
    for status in ("current", "archived"):
        async for space in client.spaces(status=status):
            seen += 1
            if space.key.startswith("~") and not personal:
                continue
            if (not include or _fits(space, include)) and not _fits(space, exclude):
                keys[space.key] = None
    if not keys:
        raise SpaceError(f"of the {seen} spaces that this token sees, none fits what was asked for")
    return sorted(keys)


def _fits(space: Space, patterns: Sequence[str]) -> bool:
    names = {space.key.casefold(), space.alias.casefold()}
    return any(fnmatchcase(name, pattern.casefold()) for name in names for pattern in patterns)


async def answers_as_before(signed_in: SignedIn, space: Space, page: ContentInfo) -> bool:
    """Whether this is still the same account, which sees this space and this page in it."""
    client = signed_in.client
    try:
        user = await client.current_user()
        spaces = [each.id async for each in client.spaces(ids=[space.id])]
        found = await client.look_up(page.kind, [page.id])
    except RemoteError:
        return False
    there = found.get(page.id)
    return (
        user is not None
        and user == signed_in.user
        and spaces == [space.id]
        and there is not None
        and there.space_id == space.id
        and there.status not in IN_TRASH
    )


async def space_of(client: Client, page: ContentId) -> Space:
    """The space that a page, blog post or folder is in. Raises `SpaceError` when there is none."""
    space_id = await _space_id_of(client, page)
    if space_id:
        async for space in client.spaces(ids=[space_id]):
            return space
    raise SpaceError(f"there is no page {page}, or this token may not see it")


async def _space_id_of(client: Client, page: ContentId) -> str | None:
    for kind in WITH_BODY:
        found = await client.look_up(kind, [page])
        if page in found:
            return found[page].space_id
    closed: ScopeMissing | None = None
    for kind in NODES:
        try:
            return (await client.by_id(kind, page)).space_id
        except NotFound:
            continue
        except ScopeMissing as exc:
            closed = exc
    if closed is not None:  # it may be one of these
        raise closed
    return None
