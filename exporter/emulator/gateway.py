"""The gateway, ``https://api.atlassian.com/ex/confluence/{cloudId}``, with or without ``/wiki`` after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from exporter.emulator.access import Credentials, Token, gateway_takes
from exporter.emulator.api import Api
from exporter.emulator.content import timestamp
from exporter.emulator.oauth import OAuth
from exporter.emulator.recorded import Recorded
from exporter.emulator.reply import Reply, no_such_route, scope_mismatch, unauthorized


@dataclass(frozen=True, slots=True)
class Gateway:
    api: Api
    tokens: Sequence[Token]
    oauth: OAuth

    def answer(self, asked: Recorded) -> Reply:
        prefix = f"/ex/confluence/{self.api.world.cloud_id}"
        path = "/wiki" + asked.path.removeprefix(prefix).removeprefix("/wiki")
        leads = path.startswith(("/wiki/api/v2/", "/wiki/rest/api/", "/wiki/download/"))
        if not asked.path.startswith(prefix + "/") or not leads:
            return _nowhere()
        credentials = Credentials.read(asked.headers.get("Authorization"))
        token = credentials.token(self.tokens)
        if token is None and credentials.scheme == "bearer":
            token = self.oauth.token(credentials.secret)
        if token is None:
            return unauthorized()
        if token.kind == "scoped" and credentials.scheme == "bearer":
            return _nowhere()
        if not gateway_takes(token, credentials.scheme, self.api.switches):
            return unauthorized()
        if path.startswith("/wiki/download/"):
            return scope_mismatch()
        return self.api.answer(asked.method, path, asked.pairs(), token, asked.body)


def _nowhere() -> Reply:
    return no_such_route(timestamp(datetime.now(UTC)))
