"""What a run reports while it runs: one small interface; a live display on a terminal, silence elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars


class Progress(Protocol):
    def expect(self, what: str, count: int) -> None:
        """`count` more of `what` ("bodies", "attachments", …) are to be done."""
        ...

    def done(self, what: str, count: int = 1) -> None: ...

    def received(self, what: str, size: int) -> None:
        """`size` more bytes of `what` have arrived."""
        ...


class Silent:
    def expect(self, what: str, count: int) -> None:
        pass

    def done(self, what: str, count: int = 1) -> None:
        pass

    def received(self, what: str, size: int) -> None:
        pass


class _Live:
    """A bar for each thing that is being done, with counts, bytes and the time left."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}
        self._totals: dict[str, int] = {}
        self._sizes: dict[str, int] = {}

    def expect(self, what: str, count: int) -> None:
        self._totals[what] = self._totals.get(what, 0) + count
        self._bars.update(self._task(what), total=self._totals[what])

    def done(self, what: str, count: int = 1) -> None:
        self._bars.advance(self._task(what), count)

    def received(self, what: str, size: int) -> None:
        self._sizes[what] = self._sizes.get(what, 0) + size
        self._bars.update(self._task(what), size=decimal(self._sizes[what]))

    def _task(self, what: str) -> TaskID:
        if what not in self._tasks:
            self._tasks[what] = self._bars.add_task(what, total=None, size="")
        return self._tasks[what]


@contextmanager
def live(console: Console) -> Iterator[Progress]:
    """Bars on a terminal, gone when the context ends."""
    columns = (
        TextColumn("{task.description:<16}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[size]:>9}"),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=console, transient=True) as bars:
        yield _Live(bars)
