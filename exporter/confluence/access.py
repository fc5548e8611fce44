"""Which address accepts the token, and who it belongs to."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

import aiohttp
from yarl import URL

from exporter.confluence.client import Client
from exporter.confluence.schema import TenantWire, read_as
from exporter.confluence.transport import Access, Transport
from exporter.errors import (
    Anonymous,
    AuthError,
    ExportError,
    Forbidden,
    NotFound,
    Refused,
    RemoteError,
    ScopeMissing,
    Unauthorized,
    UsageError,
)
from exporter.model import User

TokenKind = Literal["scoped", "unscoped", "bearer", "oauth"]
TOKEN_KINDS: tuple[TokenKind, ...] = get_args(TokenKind)
SERVICE_ACCOUNTS = "@serviceaccount.atlassian.com"
"""How their addresses end (sooperset/mcp-atlassian#781). Their tokens only work at the gateway; some
report Basic, some Bearer (tagoro9/fotingo#1112), so both are tried."""

WHERE: Mapping[TokenKind, str] = {
    "scoped": "as a scoped token at the gateway",
    "unscoped": "as an unscoped token at the site",
    "bearer": "as a bearer token at the gateway",
    "oauth": "as an OAuth 2.0 credential at the gateway",
}


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the user gave. `kind` None: find out how the token wants to be used. With `access_tokens`,
    those are used instead of the token."""

    site: URL
    gateway: URL
    email: str
    token: str = field(repr=False)
    kind: TokenKind | None = None
    access_tokens: Callable[[], Awaitable[str]] | None = None

    def worth_trying(self) -> list[TokenKind]:
        """The likeliest ways first, and no more than two: repeated refusals may lock the account."""
        if self.kind is not None:
            return [self.kind]
        if self.access_tokens is not None:
            return ["oauth"]
        if not self.email:
            return ["bearer"]
        return ["scoped", "bearer" if self.email.endswith(SERVICE_ACCOUNTS) else "unscoped"]


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A client whose credentials were accepted. `user` None: the token may not say whose it is."""

    client: Client
    kind: TokenKind
    user: User | None
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A way of using the token that doesn't work."""

    kind: TokenKind
    error: ExportError

    def __str__(self) -> str:
        return f"{WHERE[self.kind]}: {self.error}"


class NotAccepted(AuthError):
    """No way of using the token worked."""

    def __init__(self, refusals: Sequence[Refusal], advice: str = "") -> None:
        super().__init__("; ".join([*map(str, refusals), *([advice] if advice else [])]))
        self.refusals = list(refusals)


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

    Goes on to the next way only when the credentials are refused as such, first of all in the way that
    was accepted before (`remembered`). Raises `NotAccepted` with every refusal.
    """
    refusals: list[Refusal] = []
    for kind in _in_order(credentials.worth_trying(), remembered):
        tried = await try_one(
            transport, credentials, kind, cloud_id=cloud_id, key=key, after_others=bool(refusals)
        )
        if isinstance(tried, SignedIn):
            return tried
        refusals.append(tried)
        if isinstance(tried.error, (NotFound, Forbidden)):  # not about the credentials: nowhere is better
            raise NotAccepted(refusals, "is CONFLUENCE_CLOUD_ID right, and does it take this kind of token?")
        if not isinstance(tried.error, Unauthorized):
            break
    raise NotAccepted(refusals)


def _in_order(kinds: list[TokenKind], remembered: TokenKind | None) -> list[TokenKind]:
    return sorted(kinds, key=lambda kind: kind != remembered)


async def try_one(
    transport: Transport,
    credentials: Credentials,
    kind: TokenKind,
    *,
    cloud_id: str,
    key: str | None,
    after_others: bool = False,
) -> SignedIn | Refusal:
    """Use the token in this one way. A scope that is missing is no refusal.

    Raises what other trouble there is, unless other ways were refused, which is then what matters.
    """
    client = Client(transport, _access(credentials, kind, cloud_id))
    try:
        if kind == "unscoped":
            # The site answers wrong credentials like an anonymous visitor's, so who we are comes first.
            return SignedIn(client, kind, _known(await client.current_user()), ())
        with contextlib.suppress(ScopeMissing):  # who asks for a space will be told
            async for _ in client.spaces(keys=[key] if key else []):
                break
        return await _named(client, kind)
    except (AuthError, NotFound, Forbidden) as exc:
        return Refusal(kind, exc)
    except RemoteError as exc:
        if not after_others:
            raise
        return Refusal(kind, exc)


async def _named(client: Client, kind: TokenKind) -> SignedIn:
    try:
        user = await client.current_user()
    except (AuthError, ScopeMissing, Forbidden, NotFound) as exc:  # the token works, as the spaces show
        return SignedIn(
            client,
            kind,
            None,
            (f"whose token this is could not be verified, so nothing will be retired: {exc}",),
        )
    return SignedIn(client, kind, _known(user), ())


def _access(credentials: Credentials, kind: TokenKind, cloud_id: str) -> Access:
    if kind == "unscoped":
        return Access(credentials.site, _basic(credentials))
    base = credentials.gateway / "ex/confluence" / cloud_id
    if kind == "oauth":
        return Access(base, credentials.access_tokens)
    return Access(base, f"Bearer {credentials.token}" if kind == "bearer" else _basic(credentials))


def _basic(credentials: Credentials) -> str:
    return aiohttp.encode_basic_auth(credentials.email, credentials.token)


def _known(user: User | None) -> User:
    if user is None:
        raise Anonymous(
            "Confluence takes this token for an anonymous visitor, who sees public pages only: "
            "the token is wrong, revoked or expired, or the e-mail address is not its owner's"
        )
    return user
