"""One API request, understood: what a handler gets to answer it from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from exporter.emulator.access import Viewer
from exporter.emulator.content import Attachment
from exporter.emulator.operations import Operation
from exporter.emulator.switches import Switches
from exporter.emulator.world import World


@dataclass(frozen=True, slots=True)
class Call:
    """``path`` is the site's own (``/wiki/…``), whatever origin was asked.

    ``query`` is the query as sent, in its order; ``arguments`` are all parameters by
    name, checked and typed. ``sign`` makes a media address for an attachment, ``body`` is
    what was sent.
    """

    operation: Operation
    path: str
    query: tuple[tuple[str, str], ...]
    arguments: Mapping[str, Any]
    viewer: Viewer
    world: World
    switches: Switches
    site_url: str
    sign: Callable[[Attachment], str]
    body: bytes = b""

    @property
    def base(self) -> str:
        return self.site_url + "/wiki"
