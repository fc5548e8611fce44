"""The authorization server: client credentials become access tokens that end."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import ClientSession

from exporter.emulator import FULL_SCOPES, Emulator, Token
from tests.emulator.conftest import TOKEN, Sample

ROBOT = Token("client-secret", "", kind="oauth", client_id="client-1", scopes=FULL_SCOPES)
RIGHT = {"grant_type": "client_credentials", "client_id": "client-1", "client_secret": "client-secret"}


class Asking:
    def __init__(self, emulator: Emulator, session: ClientSession) -> None:
        self._emulator, self._session = emulator, session

    async def token(self, sent: dict[str, str], *, form: bool = False) -> tuple[int, dict[str, Any]]:
        how = {"data": sent} if form else {"json": sent}
        async with self._session.post(f"{self._emulator.urls['auth']}/oauth/token", **how) as answer:  # type: ignore[arg-type]
            return answer.status, await answer.json()

    async def spaces(self, bearer: str) -> int:
        url = f"{self._emulator.gateway_url}/ex/confluence/cloud-1/wiki/api/v2/spaces"
        async with self._session.get(url, headers={"Authorization": f"Bearer {bearer}"}) as answer:
            return answer.status


@pytest.mark.parametrize("form", [False, True])
async def test_client_credentials_become_an_access_token(sample: Sample, form: bool) -> None:
    async with Emulator(sample.world, [TOKEN, ROBOT]) as emulator, ClientSession() as session:
        asking = Asking(emulator, session)
        status, answer = await asking.token(RIGHT, form=form)
        assert (status, answer["token_type"], answer["expires_in"]) == (200, "Bearer", 3600)
        assert await asking.spaces(answer["access_token"]) == 200


@pytest.mark.parametrize(
    "wrong", [{"client_secret": "other"}, {"client_id": "other"}, {"grant_type": "password"}]
)
async def test_wrong_ones_become_none(sample: Sample, wrong: dict[str, str]) -> None:
    async with Emulator(sample.world, [ROBOT]) as emulator, ClientSession() as session:
        status, answer = await Asking(emulator, session).token({**RIGHT, **wrong})
        assert status in (401, 403)
        assert "access_token" not in answer


async def test_an_access_token_ends_and_the_secret_is_none(sample: Sample) -> None:
    async with Emulator(sample.world, [ROBOT]) as emulator, ClientSession() as session:
        asking = Asking(emulator, session)
        emulator.switches.access_token_seconds = 0.0
        _, answer = await asking.token(RIGHT)
        assert await asking.spaces(answer["access_token"]) == 401
        assert await asking.spaces("client-secret") == 401
