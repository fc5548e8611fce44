"""The site's own origin, ``https://<name>.atlassian.net``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from exporter.emulator.access import Credentials, Token, site_takes
from exporter.emulator.api import Api
from exporter.emulator.recorded import Recorded
from exporter.emulator.reply import Reply, html
from exporter.emulator.routes import V1, V2


@dataclass(frozen=True, slots=True)
class Site:
    api: Api
    tokens: Sequence[Token]

    def answer(self, asked: Recorded) -> Reply:
        if asked.path == "/_edge/tenant_info" and asked.method == "GET":
            return Reply(json={"cloudId": self.api.world.cloud_id})
        if asked.path.startswith("/wiki/download/"):
            realm = f'OAuth realm="{self.api.site_url}/wiki"'
            return Reply(401, data=b"", headers={"WWW-Authenticate": realm})
        if not asked.path.startswith((V1 + "/", V2 + "/")):
            return html(404, "Page not found")
        credentials = Credentials.read(asked.headers.get("Authorization"))
        token = credentials.token(self.tokens)
        if token is not None and not site_takes(token, credentials.scheme):
            token = None
        if token is None and not self.api.switches.anonymous_site:
            return html(401, "Unauthorized")
        return self.api.answer(asked.method, asked.path, asked.pairs(), token, asked.body)
