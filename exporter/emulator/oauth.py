"""Atlassian's authorization server: access tokens for a service account's client credentials."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import Any
from urllib.parse import parse_qsl

from exporter.emulator.access import Token
from exporter.emulator.recorded import Recorded
from exporter.emulator.reply import Reply, html
from exporter.emulator.switches import Switches


class OAuth:
    def __init__(self, switches: Switches, *, clock: Callable[[], float] = monotonic) -> None:
        self.switches = switches
        self._clock = clock
        self._issued: dict[str, tuple[Token, float]] = {}

    def answer(self, asked: Recorded, tokens: Sequence[Token]) -> Reply:
        if asked.path != "/oauth/token" or asked.method != "POST":
            return html(404, "Not found")
        if "Authorization" in asked.headers:
            return _refusal(400, "invalid_request", "credentials belong into the body")
        sent = _sent(asked)
        if sent.get("grant_type") != "client_credentials":
            return _refusal(403, "unsupported_grant_type", "Unsupported grant type")
        for token in tokens:
            if token.kind == "oauth" and token.valid and _names(token, sent):
                return self._issue(token)
        return _refusal(401, "access_denied", "Unauthorized")

    def token(self, access_token: str) -> Token | None:
        """Whose access token it is, while it is good."""
        token, until = self._issued.get(access_token, (None, 0.0))
        return token if token is not None and token.valid and self._clock() < until else None

    def _issue(self, token: Token) -> Reply:
        seconds = self.switches.access_token_seconds
        access_token = _jwt({"sub": token.client_id, "nr": len(self._issued)})
        self._issued[access_token] = (token, self._clock() + seconds)
        return Reply(
            json={
                "access_token": access_token,
                "expires_in": int(seconds) if seconds >= 1 else seconds,
                "token_type": "Bearer",
                "scope": " ".join(sorted(token.scopes)),
            }
        )


def _names(token: Token, sent: Mapping[str, Any]) -> bool:
    return (sent.get("client_id"), sent.get("client_secret")) == (token.client_id, token.secret)


def _sent(asked: Recorded) -> Mapping[str, Any]:
    """JSON or a form, by its media type."""
    if "json" not in asked.headers.get("Content-Type", ""):
        return dict(parse_qsl(asked.body.decode(errors="replace")))
    try:
        sent = json.loads(asked.body)
    except ValueError:
        return {}
    return sent if isinstance(sent, dict) else {}


def _refusal(status: int, error: str, description: str) -> Reply:
    return Reply(status, {"error": error, "error_description": description})


def _jwt(claims: Mapping[str, Any]) -> str:
    """Looks like a JSON web token, and is as secret as one."""
    parts = [json.dumps(part).encode() for part in ({"alg": "RS256", "typ": "JWT"}, claims)]
    encoded = [base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, "canary-access-signature"])
