"""All of the endpoints together."""

from __future__ import annotations

from exporter.confluence.annotations import Annotations
from exporter.confluence.attachments import Attachments
from exporter.confluence.comments import Comments
from exporter.confluence.contents import Contents


class Client(Contents, Attachments, Comments, Annotations):
    """Confluence as one token sees it: the endpoints as methods, the collections as async iterators.

    Raises what `Transport` raises.
    """
