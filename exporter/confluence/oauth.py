"""Access tokens for a service account's OAuth 2.0 credential: fetched, and renewed before they end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

from pydantic import BaseModel, Field
from yarl import URL

from exporter.clock import Clock
from exporter.confluence.schema import read_as
from exporter.confluence.transport import Access, Transport
from exporter.errors import AuthError, NotFound, Refused, RemoteError, TransientError, Unauthorized

EARLY = 300.0  # seconds before its end that an access token is renewed, or half its life if that is shorter

LONGEST = 86400.0  # seconds that one is used, whatever its server says


class AccessTokenWire(BaseModel):
    access_token: str = Field(pattern=r"^[\x21-\x7e]+$")
    expires_in: float = Field(gt=0, allow_inf_nan=False)


class ClientCredentials:
    """Gives the Authorization header; called before each request.

    `hide` is told each access token before it is used, so that no log shows it. Raises `AuthError` when
    the credential is refused.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        server: URL,
        client_id: str,
        secret: str,
        clock: Clock,
        hide: Callable[[str], None],
    ) -> None:
        self._transport, self._clock, self._hide = transport, clock, hide
        self._server = Access(server)
        self._sent = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
        self._lock = asyncio.Lock()
        self._header = ""
        self._until = clock.now()

    async def __call__(self) -> str:
        async with self._lock:
            if not self._header or self._clock.now() >= self._until:
                await self._renew()
            return self._header

    async def _renew(self) -> None:
        asked_at = self._clock.now()
        try:
            token = await self._transport.json(
                self._server,
                "/oauth/token",
                read=read_as(AccessTokenWire),
                send=self._sent,
                tries=1,  # the request that needs it is tried again itself
            )
        except TransientError:
            raise
        except (NotFound, Refused) as exc:
            raise AuthError(f"{self._server.base}: {exc}: is CONFLUENCE_AUTH_URL right?") from None
        except (Unauthorized, RemoteError):
            raise AuthError(
                f"{self._server.base.host} gives no access token for this client id: the id or the secret is "
                "wrong, or the credential was revoked; a new one is made at https://admin.atlassian.com"
            ) from None
        self._hide(token.access_token)
        lifetime = min(token.expires_in, LONGEST)
        self._until = asked_at + timedelta(seconds=lifetime - min(EARLY, lifetime / 2))
        self._header = f"Bearer {token.access_token}"
