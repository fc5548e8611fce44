"""Log lines without secrets: one formatter that every handler uses."""

from __future__ import annotations

import base64
import logging
import re
import sys
from collections.abc import Iterable

_SIGNED = re.compile(r"([?&](?:token|jwt|client|signature)=)[^&\s\"']+", re.IGNORECASE)
_HIDDEN = "[hidden]"


class Redacting(logging.Formatter):
    """Hides known secrets, also as base64, and the signatures in URLs; tracebacks included.

    One event is one line: control characters in titles can't forge a second or move the cursor.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._secrets = [form for secret in secrets if secret for form in (secret, _base64(secret))]

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 — the library's name
        return " ".join(super().formatMessage(record).splitlines())

    def format(self, record: logging.LogRecord) -> str:
        return self.redact(super().format(record))

    def redact(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, _HIDDEN)
        text = _SIGNED.sub(rf"\1{_HIDDEN}", text)
        return "".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in text)


def log_to_stderr(level: int, secrets: Iterable[str]) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Redacting(secrets))
    logger = logging.getLogger("exporter")
    logger.handlers = [handler]
    logger.setLevel(level)
    logger.propagate = False


def _base64(secret: str) -> str:
    return base64.b64encode(secret.encode()).decode()
