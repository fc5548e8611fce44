"""What was begun is ended, even when the run is cancelled meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

log = logging.getLogger(__name__)


async def see_through(work: Coroutine[Any, Any, T]) -> T:
    """Await `work`; a cancellation is passed on only after it has ended: what is on disk gets recorded."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([task])
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("while stopping: %s", error)
        raise
