"""What each run came to: the last summary, and those of the runs before it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from exporter import layout
from exporter.mirror.files import Files

KEPT = 30
_NAME = re.compile(r"\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\dZ\.json", re.ASCII)


async def save_summary(files: Files, document: Mapping[str, Any]) -> None:
    """Write `last-run.json`, and the same under the run's moment; the oldest beyond `KEPT` go.

    Needs the lock, but no manifest. The first is in place also where the second can't be written.
    """
    text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    data = text.encode(errors="backslashreplace")
    mine = layout.run_path(document["started"])
    await files.write_all([(layout.LAST_RUN, data)])
    await files.write_all([(mine, data)])
    for path in await _superfluous(files, mine):
        await files.remove(path)


async def _superfluous(files: Files, mine: PurePosixPath) -> list[PurePosixPath]:
    """Never the one just written: a clock that was set back would make it the oldest."""
    ours = [name for name in await files.names_in(layout.RUNS) if _NAME.fullmatch(name) and name != mine.name]
    superfluous = [layout.RUNS / name for name in ours[: max(0, len(ours) - (KEPT - 1))]]
    return [path for path in superfluous if files.is_file(path)]
