"""The media origin: signed addresses, and the bytes behind them for who comes without credentials."""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from urllib.parse import quote

from exporter.emulator.content import Attachment
from exporter.emulator.recorded import Recorded
from exporter.emulator.reply import Reply
from exporter.emulator.switches import Switches

COOKIE = "media-session=canary-media; Path=/; HttpOnly"


@dataclass(slots=True)
class Grant:
    """What a signed address opens, until when, and how often it was used."""

    attachment: Attachment
    file_id: str
    signed_at: float
    uses: int = 0


class Media:
    """``url`` must be set before the first address is signed."""

    def __init__(self, switches: Switches, *, clock: Callable[[], float] = monotonic) -> None:
        self.switches = switches
        self.url = ""
        self._clock = clock
        self._grants: dict[str, Grant] = {}

    def sign(self, attachment: Attachment) -> str:
        """An address of its own for this version of the attachment."""
        file_id = attachment.file_id or attachment.id
        token = _jwt(len(self._grants), file_id)
        self._grants[token] = Grant(attachment, file_id, self._clock())
        client = uuid.uuid5(uuid.NAMESPACE_URL, "confluence")
        name = quote(attachment.title, safe="")
        return f"{self.url}/file/{file_id}/binary?token={token}&client={client}&name={name}&max-age=2940"

    def answer(self, asked: Recorded) -> Reply:
        if asked.method != "GET":
            return _refusal(405, "method not allowed")
        if "Authorization" in asked.headers or "Cookie" in asked.headers:
            return _refusal(403, "credentials do not belong here")
        grant = self._grants.get(asked.query.get("token", ""))
        if grant is None or not self._is_good(grant):
            return _refusal(403, "token is not valid")
        if asked.path != f"/file/{grant.file_id}/binary" or grant.attachment.lost:
            return _refusal(404, "no such file")
        grant.uses += 1
        name = quote(grant.attachment.title, safe="")
        return Reply(
            binary=grant.attachment.binary,
            media_type=grant.attachment.media_type,
            headers={"Set-Cookie": COOKIE, "Content-Disposition": f"attachment; filename*=UTF-8''{name}"},
        )

    def _is_good(self, grant: Grant) -> bool:
        ttl, uses = self.switches.media_ttl, self.switches.media_uses
        in_time = ttl is None or self._clock() - grant.signed_at <= ttl
        return in_time and (uses is None or grant.uses < uses)


def _refusal(status: int, message: str) -> Reply:
    return Reply(status, {"error": message}, headers={"Set-Cookie": COOKIE})


def _jwt(number: int, file_id: str) -> str:
    """Looks like a JSON web token; is as secret as one to whoever tests for leaks."""
    claims = {"iss": "emulated-media", "access": {f"urn:filestore:file:{file_id}": ["read"]}, "nbf": number}
    parts = [_base64url(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": "HS256"}, claims)]
    return ".".join([*parts, _base64url(hashlib.sha256(f"{number} {file_id}".encode()).digest())])


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
