"""All of the endpoints together."""

from __future__ import annotations

from exporter.confluence.annotations import Annotations
from exporter.confluence.comments import Comments
from exporter.confluence.contents import Contents
from exporter.confluence.files import Files


class Client(Contents, Files, Comments, Annotations):
    """Confluence as one token sees it: the endpoints as methods, the collections as async iterators.

    Raises what `Transport` raises.
    """
