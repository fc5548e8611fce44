"""A client without any cleverness: it asks what the test says and shows what came back."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

import aiohttp
from multidict import CIMultiDictProxy
from yarl import URL

from exporter.emulator import Emulator, Token


@dataclass(frozen=True)
class Answer:
    status: int
    headers: CIMultiDictProxy[str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def ids(self) -> list[str]:
        return [each["id"] for each in self.json["results"]]

    @property
    def next(self) -> str | None:
        link = self.json["_links"].get("next")
        assert link is None or isinstance(link, str)
        return link

    @property
    def cursor(self) -> str | None:
        """The cursor of the next page, taken out as a careful client does."""
        if self.next is None:
            return None
        return dict(parse_qsl(urlsplit(self.next).query))["cursor"].replace(" ", "+")


class Client:
    """Asks the gateway with a scoped token unless told otherwise; follows no redirect."""

    def __init__(self, emulator: Emulator, session: aiohttp.ClientSession) -> None:
        self.emulator = emulator
        self.session = session
        self.headers: Mapping[str, str] = authorization(emulator.tokens[0]) if emulator.tokens else {}

    @classmethod
    @asynccontextmanager
    async def of(cls, emulator: Emulator) -> AsyncIterator[Self]:
        timeout = aiohttp.ClientTimeout(total=10)
        async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session:
            yield cls(emulator, session)

    @property
    def root(self) -> str:
        return f"{self.emulator.gateway_url}/ex/confluence/{self.emulator.world.cloud_id}/wiki"

    async def get(self, path: str, **query: str | int) -> Answer:
        """``path`` comes after ``/wiki/api/v2``; query names are written with ``_`` for ``-``."""
        named = {name.replace("_", "-"): str(value) for name, value in query.items()}
        return await self.url(URL(f"{self.root}/api/v2{path}").update_query(named))

    async def post(self, path: str, sent: object) -> Answer:
        data = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
        return await self.url(URL(f"{self.root}/api/v2{path}"), method="POST", data=data)

    async def v1(self, path: str, **query: str | int) -> Answer:
        if not query:
            return await self.url(f"{self.root}/rest/api{path}")
        named = {name: str(value) for name, value in query.items()}
        return await self.url(URL(f"{self.root}/rest/api{path}").update_query(named))

    async def site(self, path: str, token: Token | None = None) -> Answer:
        return await self.url(self.emulator.site_url + path, authorization(token) if token else {})

    async def url(
        self,
        url: str | URL,
        headers: Mapping[str, str] | None = None,
        method: str = "GET",
        data: bytes | None = None,
    ) -> Answer:
        sent = self.headers if headers is None else headers
        target = URL(url, encoded=True) if isinstance(url, str) else url
        async with self.session.request(
            method, target, headers=sent, data=data, allow_redirects=False
        ) as response:
            return Answer(response.status, response.headers, await response.read())

    async def walk(self, path: str, **query: str | int) -> list[Answer]:
        """All pages of a list, or the first fifty."""
        found = [await self.get(path, **query)]
        while (cursor := found[-1].cursor) is not None and len(found) < 50:
            found.append(await self.get(path, **query, cursor=cursor))
        return found

    async def download(self, container_id: str, attachment_id: str, query: str = "") -> Answer:
        """Both hops; the first one's answer if it is no redirect."""
        first = await self.v1(f"/content/{container_id}/child/attachment/{attachment_id}/download{query}")
        return await self.url(first.headers["Location"], {}) if first.status == 302 else first


def authorization(token: Token, scheme: str = "basic") -> dict[str, str]:
    if scheme == "bearer":
        return {"Authorization": f"Bearer {token.secret}"}
    return {"Authorization": aiohttp.encode_basic_auth(token.email, token.secret)}
