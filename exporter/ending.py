"""How the run on a space ends: what an exception means for it, and its summary, kept whatever happened."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from exporter import signals
from exporter.errors import BugError, Exit, ExportError, Interrupted, TimeUp
from exporter.mirror.uninterrupted import see_through
from exporter.summary import SpaceRun

log = logging.getLogger(__name__)

Save = Callable[[dict[str, Any]], Awaitable[None]]


def errors_of(exc: BaseException) -> Iterator[ExportError]:
    """What an exception means for the exit code: of a cancellation also what went wrong while stopping.

    A cancellation's message is an `Exit`; without one a signal's code stands, or SIGINT's.
    """
    if isinstance(exc, ExportError):
        yield exc
    elif isinstance(exc, asyncio.CancelledError):
        yield _interruption(exc)
        if exc.__cause__ is not None:
            yield from errors_of(exc.__cause__)
    else:
        log.debug("internal error", exc_info=exc)
        yield BugError(f"internal error ({type(exc).__name__}): a bug; --verbose shows where")


def _interruption(exc: asyncio.CancelledError) -> ExportError:
    message = next((each for each in exc.args if isinstance(each, Exit)), Exit.INTERRUPTED)
    code = signals.received() or message
    if code is Exit.TIME_UP:
        return TimeUp("stopped at --max-duration; what was saved is kept, the next run continues")
    return Interrupted(code)


async def conclude(run: SpaceRun, save: Save) -> None:
    """Keep the summary; again, where that failed or a signal came meanwhile, with the worse code.

    Never raises. What can't be kept at all is in the run's exit code.
    """
    said: Exit | None = None
    while run.exit not in (said, run.kept):
        said = run.exit
        try:
            await see_through(_saved(save, run))
        except (Exception, asyncio.CancelledError) as exc:
            for error in errors_of(exc):
                if not isinstance(error, TimeUp):  # the work was done in time
                    run.fail(error)


async def _saved(save: Save, run: SpaceRun) -> None:
    code = run.exit
    await save(run.document())
    run.kept = code
