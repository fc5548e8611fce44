"""What the emulator remembers of each request."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import monotonic
from typing import Literal

from multidict import CIMultiDictProxy, MultiMapping

Origin = Literal["site", "gateway", "media", "auth"]
API = ("site", "gateway")
"""The origins that Confluence's API has."""


@dataclass(slots=True)
class Recorded:
    """``target`` is the path and query as they were sent; ``path`` and ``query`` are decoded.

    ``status`` is 0 as long as nothing was answered, and stays so when the connection was
    broken instead. ``at`` and ``until`` are readings of `time.monotonic`; ``body`` is what was sent.
    """

    origin: Origin
    method: str
    path: str
    query: MultiMapping[str]
    headers: CIMultiDictProxy[str]
    target: str
    status: int = 0
    at: float = field(default_factory=monotonic)
    until: float = 0.0
    body: bytes = b""

    def pairs(self) -> tuple[tuple[str, str], ...]:
        return tuple(self.query.items())
