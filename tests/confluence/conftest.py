"""A transport on a clock that the test moves, against answers from aioresponses or from a wire server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

import pytest
from aioresponses import aioresponses

from exporter.clock import Clock
from exporter.confluence.client import Client
from exporter.confluence.transport import Access, Limits, Transport, open_transport
from tests.confluence.scripted import BASE, Scripted
from tests.fake_clock import FakeClock

MEDIA_HOSTS = ("api.media.atlassian.com", ".atlassian.net", "media.example:8443", "127.0.0.1")


class OpenTransport(Protocol):
    def __call__(
        self, *, clock: Clock | None = None, limits: Limits | None = None, max_wait: float = 3600
    ) -> AbstractAsyncContextManager[Transport]: ...


@pytest.fixture
def opening(clock: FakeClock) -> OpenTransport:
    own = clock

    def opened(
        *, clock: Clock | None = None, limits: Limits | None = None, max_wait: float = 3600
    ) -> AbstractAsyncContextManager[Transport]:
        return open_transport(
            media_hosts=MEDIA_HOSTS,
            workers=8,
            clock=clock or own,
            max_wait=max_wait,
            give_up_after=300,
            limits=limits,
        )

    return opened


@pytest.fixture
async def transport(opening: OpenTransport, responses: Any) -> AsyncIterator[Transport]:
    async with opening() as opened:
        yield opened


@pytest.fixture
def script(responses: aioresponses) -> Scripted:
    return Scripted(responses)


@pytest.fixture
def client(transport: Transport) -> Client:
    return Client(transport, Access(BASE, "Basic canary"))
