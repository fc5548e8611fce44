"""What an answer of the API means: its JSON, or the error its status and body stand for. No I/O."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from exporter.confluence.scopes import DOWNLOAD, TOKEN_PAGE, Endpoint
from exporter.errors import (
    DownloadClosed,
    ExportError,
    Forbidden,
    NoProductAccess,
    NotFound,
    RemoteError,
    Removed,
    ScopeMissing,
    TransientError,
    Unauthorized,
)

TRANSIENT = (408, 500, 502, 503, 504)
TROUBLED = (*TRANSIENT, 429)  # the host's own trouble, or with us
MAX_SAID = 200  # characters of what the API says itself


def parse(body: bytes, content_type: str) -> Any:
    """The JSON document. Raises `TransientError`: a login or maintenance page passes, as a cut body does.

    Read by the standard library: titles hold lone surrogates, which pydantic's own reader refuses.
    """
    try:
        return json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        what = "HTML" if "html" in content_type or body.lstrip()[:1] == b"<" else "something unreadable"
        raise TransientError(f"answered {what} instead of JSON") from None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def error_of(status: int, headers: Mapping[str, str], body: bytes, endpoint: Endpoint | None) -> ExportError:
    """The error a status other than 200 stands for.

    A 401 is ambiguous: "scope does not match" costs one feature, any other ends the run. 404 and
    410 mean absent, hidden or removed. (Bodies: reported for kovetskiy/mark#917, hunyadi/md2conf#113.)
    """
    said = _message(body)
    if status == 401:
        return _unauthorized(headers, said, endpoint)
    if status == 403 and "not permitted to use Confluence" in said:
        return NoProductAccess(
            "Confluence refuses this account (403, not permitted to use Confluence): it has no access to the "
            "product, or the e-mail address and the token don't belong together"
        )
    text = f"answered {status}" + (f" ({said})" if said else "")
    if status in TRANSIENT:
        return TransientError(text)
    if status == 403:
        return Forbidden(f"{text}; {endpoint.forbidden()}" if endpoint else text)
    if status == 404:
        return NotFound(text)
    if status == 410:
        return Removed(
            f"{text}: Atlassian has removed this endpoint; a newer confluence-export may know another"
        )
    return RemoteError(text)


def _unauthorized(headers: Mapping[str, str], said: str, endpoint: Endpoint | None) -> ExportError:
    if "scope does not match" in said or "FAILURE_CLIENT_SCOPE_CHECK" in headers.get(
        "X-Failure-Category", ""
    ):
        return ScopeMissing(endpoint.missing() if endpoint else "the token lacks a scope")
    where = f" at {endpoint.method} {endpoint.path}" if endpoint else ""
    if endpoint is DOWNLOAD and headers.get("WWW-Authenticate", "").startswith("OAuth realm"):
        # Reported of downloads only (epam/dm.ai#252); the token may be good for everything else.
        return DownloadClosed(
            f"Confluence refuses the token{where} as it does at its old download addresses, which are closed "
            f"to API tokens (401, OAuth realm): {endpoint.forbidden()}"
        )
    return Unauthorized(
        f"Confluence refuses the credentials (401{where}): the token is wrong, revoked or expired (these "
        f"look alike), or the e-mail address is not its owner's; `confluence-export check` looks closer, and "
        f"a new token is made at {TOKEN_PAGE}"
    )


def _message(body: bytes) -> str:
    """What the API says itself, in one short printable line; "" when it says nothing of the kind."""
    try:
        document = json.loads(body)
        if isinstance(document, dict) and isinstance(document.get("errors"), list):
            document = document["errors"][0]
        said = document.get("message") or document.get("title") or ""
    except (ValueError, RecursionError, AttributeError, IndexError):
        return ""
    return _shortened("".join(c if c.isprintable() else " " for c in str(said)))


def _shortened(text: str) -> str:
    """Cut between words: what hides secrets afterwards wouldn't know half of one."""
    if len(text) <= MAX_SAID:
        return text
    return text[:MAX_SAID].rpartition(" ")[0] + " …"
