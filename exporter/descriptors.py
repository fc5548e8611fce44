"""How many files this process may have open: as many as whoever started it allows."""

from __future__ import annotations

import contextlib
import resource


def allow_all() -> None:
    """Raise the soft limit to the hard one: shells and cron give 256 or 1024, which old `select` needs
    and we don't."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(ValueError, OSError):  # macOS calls its limit infinite, and refuses that
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
