"""What a run asked for, sorted by purpose."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from exporter.confluence.probes import NOBODY, NOWHERE
from exporter.emulator import Recorded

BODIES = re.compile(r"/api/v2/(?:pages|blogposts)(?:/(\d+))?$")
ATTACHMENTS = re.compile(r"/api/v2/(?:pages|blogposts)/(\d+)/attachments$")
NODE = re.compile(r"/api/v2/(?:folders|whiteboards|databases|embeds)/(\d+)$")
DOWNLOAD = re.compile(r"/rest/api/content/\d+/child/attachment/(att\d+)/download$")
PREFLIGHT = re.compile(rf"/{NOWHERE}(?:/|$)")
COLLECTION = re.compile(r"/api/v2/(?:spaces/\d+/)?(spaces|pages|blogposts|tasks)$")


def is_preflight(request: Recorded) -> bool:
    """Whether it only asks what the token opens."""
    return bool(PREFLIGHT.search(request.path)) or NOBODY.encode() in request.body


@dataclass
class Asked:
    """Each id as often as it was asked for."""

    bodies: Counter[str] = field(default_factory=Counter)
    downloads: Counter[str] = field(default_factory=Counter)
    media: int = 0
    attachment_lists: Counter[str] = field(default_factory=Counter)
    nodes: Counter[str] = field(default_factory=Counter)
    collections: Counter[str] = field(default_factory=Counter)
    other: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, requests: Iterable[Recorded]) -> Asked:
        asked = cls()
        for request in requests:
            if not is_preflight(request):
                asked._add(request)
        return asked

    def _add(self, request: Recorded) -> None:
        if request.origin == "media":
            self.media += 1
        elif "body-format" in request.query and (found := BODIES.search(request.path)):
            self.bodies.update([found[1]] if found[1] else request.query["id"].split(","))
        elif found := DOWNLOAD.search(request.path):
            self.downloads[found[1]] += 1
        elif found := ATTACHMENTS.search(request.path):
            self.attachment_lists[found[1]] += 1
        elif found := NODE.search(request.path):
            self.nodes[found[1]] += 1
        elif found := COLLECTION.search(request.path):
            self.collections[found[1]] += 1
        else:
            self.other[request.path] += 1
