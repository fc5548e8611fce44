"""Macros: each replaced by what it shows, in nodes that every writer knows.

Four tiers: ``static`` (the macro says all itself), ``mirror`` (answered from the originals), ``replaced``
(its source, or a link to what it shows), ``fallback`` (a visible `Box`). None disappears but what Confluence
hides, too.
"""

from __future__ import annotations

from exporter.site.macros.resolver import Resolved, resolve

__all__ = ["Resolved", "resolve"]
