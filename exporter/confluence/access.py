"""Which address accepts the token, and who it belongs to."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal

import aiohttp
from yarl import URL

from exporter.confluence.client import Client
from exporter.confluence.schema import TenantWire, read_as
from exporter.confluence.transport import Access, Transport
from exporter.errors import (
    AuthError,
    Forbidden,
    NotFound,
    Refused,
    ScopeMissing,
    SpaceError,
    Unauthorized,
    UsageError,
)
from exporter.model import NODES, WITH_BODY, ContentId, Space, User

log = logging.getLogger(__name__)

TokenKind = Literal["scoped", "unscoped", "bearer"]
TOKEN_KINDS: tuple[TokenKind, ...] = ("scoped", "unscoped", "bearer")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the user gave. `kind` None: find out how the token wants to be used."""

    site: URL
    gateway: URL
    email: str
    token: str = field(repr=False)
    kind: TokenKind | None = None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A client whose credentials were accepted. `user` None: the token may not say whose it is."""

    client: Client
    kind: TokenKind
    user: User | None
    warnings: tuple[str, ...]


async def find_cloud_id(transport: Transport, site: URL) -> str:
    """The site's cloud id, asked without credentials. Raises `UsageError` where no site answers.

    `/_edge/tenant_info` is no documented API, but what Atlassian's own guides use.
    """
    try:
        tenant = await transport.json(Access(site, None), "/_edge/tenant_info", read=read_as(TenantWire))
    except (NotFound, Refused, Forbidden, AuthError) as exc:
        raise UsageError(
            f"{site} doesn't say its cloud id ({exc}): is it a Confluence Cloud site? "
            "Check CONFLUENCE_SITE, or give CONFLUENCE_CLOUD_ID"
        ) from exc
    return tenant.cloud_id


async def sign_in(
    transport: Transport,
    credentials: Credentials,
    *,
    cloud_id: str,
    key: str | None,
    remembered: TokenKind | None,
) -> SignedIn:
    """Find where the token is accepted, by asking for the space (or for any), and whose it is.

    Goes on to the site only when the gateway refuses the credentials as such; where it is known how
    the token was accepted (`remembered`), nothing else is tried. Raises `AuthError` with every refusal.
    """
    refusals = []
    for kind in _worth_trying(credentials, remembered):
        client = Client(transport, _access(credentials, kind, cloud_id))
        try:
            return await _try(client, kind, key)
        except Unauthorized as exc:
            refusals.append(f"{_WHERE[kind]}: {exc}")
        except (NotFound, Forbidden) as exc:  # not about the credentials, so no reason to try elsewhere
            raise AuthError(
                f"{_WHERE[kind]}: {exc}; is CONFLUENCE_CLOUD_ID right, and does it take this kind of token?"
            ) from exc
    if remembered is not None and credentials.kind is None:
        refusals.append("with another kind of token than before, set CONFLUENCE_AUTH_KIND once")
    raise AuthError("; ".join(refusals))


_WHERE = {
    "scoped": "as a scoped token at the gateway",
    "unscoped": "as an unscoped token at the site",
    "bearer": "as a bearer token at the gateway",
}


def _worth_trying(credentials: Credentials, remembered: TokenKind | None) -> list[TokenKind]:
    if credentials.kind is not None:
        return [credentials.kind]
    if remembered is not None:
        return [remembered]
    return ["scoped", "unscoped"] if credentials.email else ["bearer"]


def _access(credentials: Credentials, kind: TokenKind, cloud_id: str) -> Access:
    if kind == "bearer":
        authorization = f"Bearer {credentials.token}"
    else:
        authorization = aiohttp.encode_basic_auth(credentials.email, credentials.token)
    base = credentials.site if kind == "unscoped" else credentials.gateway / "ex/confluence" / cloud_id
    return Access(base, authorization)


async def _try(client: Client, kind: TokenKind, key: str | None) -> SignedIn:
    if kind == "unscoped":
        # The site answers wrong credentials like an anonymous visitor's, so who we are comes first.
        return SignedIn(client, kind, _known(await client.current_user()), ())
    async for _ in client.spaces(keys=[key] if key else []):
        break
    try:
        user = await client.current_user()
    except (AuthError, ScopeMissing, Forbidden, NotFound) as exc:  # the token works, as the spaces show
        return SignedIn(client, kind, None, (f"whose token this is could not be verified: {exc}",))
    return SignedIn(client, kind, _known(user), ())


def _known(user: User | None) -> User:
    if user is None:
        raise AuthError(
            "Confluence takes this token for an anonymous visitor, who sees public pages only: "
            "the token is wrong, revoked or expired, or the e-mail address is not its owner's"
        )
    return user


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
    for kind in NODES:
        try:
            return (await client.by_id(kind, page)).space_id
        except (NotFound, ScopeMissing):
            continue
    return None
