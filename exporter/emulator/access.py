"""Tokens and scopes: who asks, and what the token opens."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from exporter.emulator.content import Content, Space, User
from exporter.emulator.operations import Operation
from exporter.emulator.store import Store
from exporter.emulator.switches import Switches

LEAST_SCOPES = frozenset(
    {
        "read:space:confluence",
        "read:page:confluence",
        "read:attachment:confluence",
        "readonly:content.attachment:confluence",
        "read:content-details:confluence",
    }
)
"""The least for pages, blog posts and attachments, and for asking who one is."""

TREE_SCOPES = frozenset(f"read:{kind}:confluence" for kind in ("folder", "whiteboard", "database", "embed"))
"""What reading the other content of the tree needs besides."""

FULL_SCOPES = (
    LEAST_SCOPES
    | TREE_SCOPES
    | frozenset(
        f"read:{name}:confluence"
        for name in (
            "comment",
            "content.metadata",
            "hierarchical-content",
            "custom-content",
            "label",
            "task",
            "user",
            "space.permission",
        )
    )
    | {"search:confluence", "read:confluence-content.all", "read:confluence-user"}
)
"""What reading everything needs: all that is recommended for an export."""


@dataclass(frozen=True, slots=True)
class Token:
    """``account_id`` empty is the world's ``me``; ``valid`` False is expired or revoked.

    Kind ``scoped`` goes to the gateway as Basic, ``unscoped`` to the site as Basic, and
    ``bearer`` (a service account's) to the gateway as Bearer. Of ``oauth``, ``secret`` is the
    secret of ``client_id``, for which the authorization server gives access tokens.
    """

    secret: str
    email: str
    kind: Literal["scoped", "unscoped", "bearer", "oauth"] = "scoped"
    scopes: frozenset[str] = LEAST_SCOPES
    valid: bool = True
    account_id: str = ""
    client_id: str = ""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at the world; nobody is anonymous."""

    user: User | None
    store: Store

    def sees_space(self, space: Space) -> bool:
        return space.visible and (self.user is not None or space.public)

    def sees(self, content: Content) -> bool:
        space = self.store.spaces.get(content.space_id)
        return not content.hidden and space is not None and self.sees_space(space)


@dataclass(frozen=True, slots=True)
class Credentials:
    """An Authorization header taken apart; ``scheme`` is empty when there was none."""

    scheme: str = ""
    email: str = ""
    secret: str = ""

    @classmethod
    def read(cls, header: str | None) -> Credentials:
        scheme, _, rest = (header or "").partition(" ")
        if scheme.lower() == "bearer":
            return cls("bearer", secret=rest.strip())
        if scheme.lower() != "basic":
            return cls(scheme.lower())
        try:
            email, _, secret = base64.b64decode(rest.strip(), validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return cls("basic")
        return cls("basic", email, secret)

    def token(self, tokens: Iterable[Token]) -> Token | None:
        """The valid token they name, whatever its kind; client credentials are none."""
        for token in tokens:
            if token.kind == "oauth":
                continue
            if token.valid and token.secret == self.secret and self.scheme in ("basic", "bearer"):
                return token if self.scheme == "bearer" or token.email == self.email else None
        return None


def site_takes(token: Token, scheme: str) -> bool:
    return scheme == "basic" and token.kind == "unscoped"


def gateway_takes(token: Token, scheme: str, switches: Switches) -> bool:
    if token.kind == "bearer":
        return scheme == "bearer" or switches.bearer_as_basic
    if token.kind == "oauth":
        return scheme == "bearer"
    if token.kind == "unscoped":
        return scheme == "basic" and switches.unscoped_on_gateway
    return scheme == "basic"


def opens(token: Token, operation: Operation, switches: Switches) -> bool:
    """Whether the token has every scope of one of the operation's lists."""
    if token.kind == "unscoped":
        return True
    states = {"current", "beta"}
    if operation.is_v1 and not switches.classic_opens_v1:
        states.discard("current")
    if operation.is_v1 and not switches.granular_opens_v1:
        states.discard("beta")
    return any(scopes <= token.scopes for state, scopes in operation.scopes.items() if state in states)
