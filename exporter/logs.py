"""Log lines without secrets: one formatter that every handler uses."""

from __future__ import annotations

import base64
import json
import logging
import re
import sys
from collections.abc import Iterable
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, quote_plus

_SIGNED = re.compile(r"([?&](?:token|jwt|client|signature)=)[^&\s\"']+", re.IGNORECASE)
_AUTHORIZATION = re.compile(r"\b(Basic|Bearer) [A-Za-z0-9+/=._~-]{20,}")
_JWT = re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*")
_HIDDEN = "[hidden]"

SPACE: ContextVar[str | None] = ContextVar("space", default=None)
"""The key of the space that is worked on."""


class Redacting(logging.Formatter):
    """Hides known secrets, also as base64 or in a URL; what looks like one; and the signatures in URLs.

    The one filter of all that is logged, printed of a failure, or kept in a summary.

    One event is one line: control characters in titles can't forge a second or move the cursor.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._secrets: set[str] = set()
        for secret in secrets:
            self.hide(secret)

    def hide(self, secret: str) -> None:
        """From now on, this one as well."""
        if secret:
            encoded = _base64(secret)
            self._secrets |= {secret, encoded, quote(secret, safe=""), quote_plus(secret)}
            self._secrets.add(encoded.rstrip("="))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 — the library's name
        return " ".join(super().formatMessage(record).splitlines())

    def format(self, record: logging.LogRecord) -> str:
        return self.redact(super().format(record))

    def redact(self, text: str) -> str:
        for secret in sorted(self._secrets, key=len, reverse=True):  # one may be part of another
            text = text.replace(secret, _HIDDEN)
        text = _AUTHORIZATION.sub(rf"\1 {_HIDDEN}", text)
        text = _JWT.sub(_HIDDEN, _SIGNED.sub(rf"\1{_HIDDEN}", text))
        return "".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in text)

    def redact_all(self, value: Any) -> Any:
        """Every text in a document, but not the keys."""
        if isinstance(value, dict):
            return {key: self.redact_all(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.redact_all(each) for each in value]
        return self.redact(value) if isinstance(value, str) else value


class JsonLines(logging.Formatter):
    """An event a line, as JSON, through the same filter.

    `time`, `level`, `event` (the message before its values are put in: the same for each event of a
    kind), `message`; `space` while one is worked on; `exit_code` in the last line; `traceback` of a bug.
    """

    def __init__(self, redacting: Redacting) -> None:
        super().__init__()
        self._redacting = redacting

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, Any] = {
            "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "event": str(record.msg),
            "message": record.getMessage(),
        }
        space = getattr(record, "space", None) or SPACE.get()
        if space is not None:
            line["space"] = space
        if hasattr(record, "exit_code"):
            line["exit_code"] = record.exit_code
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(self._redacting.redact_all(line))


def log_to_stderr(level: int, redacting: Redacting, *, as_json: bool = False) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(redacting) if as_json else redacting)
    logger = logging.getLogger("exporter")
    logger.handlers = [handler]
    logger.setLevel(level)
    logger.propagate = False


def is_json_log() -> bool:
    """Whether the log was started, as JSON."""
    return any(isinstance(each.formatter, JsonLines) for each in logging.getLogger("exporter").handlers)


def _base64(secret: str) -> str:
    return base64.b64encode(secret.encode()).decode()
