"""What was begun is ended, even when the run is cancelled meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def see_through(work: Coroutine[Any, Any, T] | asyncio.Task[T]) -> T:
    """Await `work`; a cancellation is passed on only after it has ended: what is on disk gets recorded.

    Of several cancellations the last is passed on. If `work` fails meanwhile, its error is the cause.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError as exc:
        stopped = exc
        while not task.done():
            try:
                await asyncio.wait([task])
            except asyncio.CancelledError as again:
                stopped = again
        raise stopped from (None if task.cancelled() else task.exception())
