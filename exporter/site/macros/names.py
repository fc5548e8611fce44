"""The name of each macro that is known here, and how it is shown. All others become a box."""

from __future__ import annotations

from exporter.site.macros.elsewhere import ELSEWHERE
from exporter.site.macros.embeds import EMBEDS
from exporter.site.macros.mirrored import MIRRORED
from exporter.site.macros.reports import REPORTS
from exporter.site.macros.static import STATIC_MACROS
from exporter.site.macros.tasks import TASKS

SHOWN = {**STATIC_MACROS, **MIRRORED, **REPORTS, **TASKS, **EMBEDS, **ELSEWHERE}
