"""`confluence-export status`: what a monitor wants to know, from the summaries of the last runs alone."""

from __future__ import annotations

import enum
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from exporter import canonical, layout
from exporter.errors import Exit
from exporter.mirror.opening import is_mirror

TOLERABLE = (Exit.PARTIAL, Exit.WITHHELD, Exit.TIME_UP)
"""How a run may end that mirrored what it could."""


class Level(enum.IntEnum):
    """The codes of Nagios and those who came after it."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


SEVERITY = (Level.CRITICAL, Level.UNKNOWN, Level.WARNING, Level.OK)
"""Of several spaces the first of these is the code."""


@dataclass(frozen=True, slots=True)
class Status:
    """How one space stands, in a sentence."""

    level: Level
    space: str | None
    said: str
    ended: datetime | None = None
    exit_code: int | None = None
    last_good: datetime | None = None
    within: int | None = None  # runs, in which everything is asked for by itself

    @property
    def line(self) -> str:
        return f"{self.level.name}{f' {self.space}' if self.space else ''}: {self.said}"

    def document(self) -> dict[str, Any]:
        """For `--json`. Keys may be added, never changed."""
        return {
            "space": self.space,
            "level": int(self.level),
            "said": self.said,
            "ended": self.ended.isoformat() if self.ended else None,
            "exit_code": self.exit_code,
            "last_good": self.last_good.isoformat() if self.last_good else None,
            "checked_within_runs": self.within,
        }


@dataclass(frozen=True, slots=True)
class _Ending:
    at: datetime
    code: int
    within: int | None = None


def look(out: Path, spaces: Sequence[str], *, max_age: timedelta, now: datetime) -> list[Status]:
    """Every mirror in a folder, or those of the spaces that are named; takes no lock, writes nothing."""
    names = list(dict.fromkeys(layout.space_folder(key) for key in spaces))
    try:
        names = names or sorted(path.name for path in out.iterdir() if is_mirror(path))
    except OSError as exc:
        return [Status(Level.UNKNOWN, None, f"{out} can't be read: {exc.strerror or exc}")]
    if not names:
        return [Status(Level.UNKNOWN, None, f"there is no mirror in {out}")]
    return [_status(out / name, max_age, now) for name in names]


def worst(found: Sequence[Status]) -> Level:
    return min((each.level for each in found), key=SEVERITY.index, default=Level.UNKNOWN)


def _status(folder: Path, max_age: timedelta, now: datetime) -> Status:
    if not is_mirror(folder):
        return Status(Level.UNKNOWN, folder.name, f"there is no mirror of it in {folder.parent}")
    try:
        last = _ending(folder / layout.LAST_RUN)
    except FileNotFoundError:
        return Status(Level.UNKNOWN, folder.name, "no run has ended yet")
    except (OSError, ValueError) as exc:
        said = f"{folder / layout.LAST_RUN} can't be read: {getattr(exc, 'strerror', None) or exc}"
        return Status(Level.UNKNOWN, folder.name, said)
    level, said, good = _judged(last, folder, max_age, now)
    return Status(level, folder.name, said + _window(last), last.at, last.code, good, last.within)


def _judged(
    last: _Ending, folder: Path, max_age: timedelta, now: datetime
) -> tuple[Level, str, datetime | None]:
    """The level, why, and when the last run ended in which all went well."""
    if last.at > now:
        said = f"the last run ended {_moment(last.at)}, which is yet to come: look at the clock"
        return Level.CRITICAL, said, None
    good = last.at if last.code == Exit.OK else _last_good(folder, now)
    age = now - last.at
    if age > max_age:
        said = f"the last run ended {_moment(last.at)}, {_ago(age)}, with {last.code}{_good(good, last)}"
        return Level.CRITICAL, said, good
    if last.code == Exit.OK:
        return Level.OK, f"mirrored {_moment(last.at)}, {_ago(age)}", good
    still_young = good is not None and now - good <= max_age
    level = Level.WARNING if last.code in TOLERABLE or still_young else Level.CRITICAL
    said = f"exit {last.code} at {_moment(last.at)}, {_ago(age)}: {_meaning(last.code)}{_good(good, last)}"
    return level, said, good


def _last_good(folder: Path, now: datetime) -> datetime | None:
    """By the summaries that are kept of the runs before."""
    return max((each.at for each in _kept(folder) if each.code == Exit.OK and each.at <= now), default=None)


def _kept(folder: Path) -> Iterator[_Ending]:
    try:
        paths = [path for path in (folder / layout.RUNS).iterdir() if path.suffix == ".json"]
    except OSError:  # none are kept yet
        return
    for path in paths:
        try:
            yield _ending(path)
        except (OSError, ValueError):
            continue  # tells nothing; the others may


def _ending(path: Path) -> _Ending:
    """Raises `OSError` or `ValueError` where there is no summary of a run."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("it is no file")
        document = canonical.load(file.read()) or {}
    code, ended = document.get("exit_code"), document.get("ended")
    if type(code) is not int or not isinstance(ended, str):
        raise ValueError("it is no summary of a run")
    at = datetime.fromisoformat(ended)
    if at.tzinfo is None:
        raise ValueError("it names a moment without its time zone")
    within = document.get("checked_within_runs")
    return _Ending(at, code, within if type(within) is int else None)


def _window(last: _Ending) -> str:
    """How long what no listing shows may stay unseen."""
    if last.within is None or last.within <= 1:
        return ""
    return f"; each page is looked at within {last.within} runs"


def _meaning(code: int) -> str:
    return next((known.meaning for known in Exit if known == code), "a code of a newer version")


def _good(good: datetime | None, last: _Ending) -> str:
    if good == last.at:
        return ""
    return f"; last good run {_moment(good)}" if good else "; no good run is known"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _ago(age: timedelta) -> str:
    minutes = int(age.total_seconds() // 60)
    if minutes < 120:
        return f"{minutes} min ago"
    return f"{minutes // 60} h ago" if minutes < 48 * 60 else f"{minutes // (24 * 60)} days ago"
