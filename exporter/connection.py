"""From the settings to an open transport, and the credentials to use it with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from exporter.clock import Clock
from exporter.config import Settings
from exporter.confluence.access import Credentials
from exporter.confluence.oauth import ClientCredentials
from exporter.confluence.transport import Limits, Transport, open_transport


@dataclass(frozen=True, slots=True)
class Connection:
    transport: Transport
    credentials: Credentials


@asynccontextmanager
async def connect(
    settings: Settings, *, clock: Clock, limits: Limits | None, hide: Callable[[str], None]
) -> AsyncIterator[Connection]:
    """Open as long as the context. `hide` is told secrets that come up on the way."""
    async with open_transport(
        media_hosts=settings.media_hosts,
        workers=settings.workers,
        clock=clock,
        max_wait=settings.max_wait,
        give_up_after=settings.give_up_after,
        proxy=settings.proxy.get_secret_value() if settings.proxy else None,
        ca_file=settings.ca_file,
        limits=limits,
    ) as transport:
        auth, token = settings.auth, settings.api_token.get_secret_value()
        access_tokens = ClientCredentials(
            transport, server=auth.url, client_id=auth.client_id, secret=token, clock=clock, hide=hide
        )
        credentials = Credentials(
            site=settings.site,
            gateway=settings.gateway_url,
            email=settings.email,
            token=token,
            kind=None if auth.kind == "auto" else auth.kind,
            access_tokens=access_tokens if auth.client_id else None,
        )
        yield Connection(transport, credentials)
