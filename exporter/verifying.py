"""`confluence-export verify`: every mirror in an output folder, or those of the spaces that are named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exporter import layout
from exporter.clock import Clock, SystemClock
from exporter.errors import Exit, ExportError, SpaceError, UsageError, worst
from exporter.mirror.opening import is_mirror
from exporter.mirror.verify import Damage, Subset, Verified, verify


@dataclass(frozen=True, slots=True)
class Verification:
    """What became of one mirror: what was found in it, or why it could not be looked at."""

    space: str  # the folder's name, which is the key that the space was first mirrored under
    found: Verified | None = None
    error: ExportError | None = None

    @property
    def exit(self) -> Exit:
        if self.error is not None:
            return self.error.exit
        return Exit.DAMAGED if self.damages else Exit.OK

    @property
    def damages(self) -> Sequence[Damage]:
        return self.found.damages if self.found else ()

    def document(self) -> dict[str, Any]:
        """For `--json`. Keys may be added, never changed."""
        found = self.found or Verified()
        return {
            "space": self.space,
            "exit_code": int(self.exit),
            "error": str(self.error) if self.error else None,
            "checked": found.checked,
            "bytes": found.size,
            "missing": [_document(damage) for damage in found.damages if damage.is_missing],
            "damaged": [_document(damage) for damage in found.damages if not damage.is_missing],
            "extra": found.extra,
        }


async def verify_all(
    out: Path, spaces: Sequence[str], subset: str | None, *, clock: Clock | None = None
) -> list[Verification]:
    """One mirror after the other; what goes wrong with one becomes its error.

    `subset` is `Subset.parse`'s text. Raises `UsageError` for another one, `SpaceError` where there is no
    mirror at all.
    """
    clock = clock or SystemClock()
    try:
        part = Subset() if subset is None else Subset.parse(subset, today=clock.now().date())
    except ValueError as exc:
        raise UsageError(f"--subset: {exc}") from exc
    there = mirrors(out)
    if not there:
        raise SpaceError(f"there is no mirror in {out}")
    return [await _verified(there.get(name), name, part, clock) for name in _names(spaces) or there]


def mirrors(out: Path) -> dict[str, Path]:
    """The mirrors in a folder by name; nothing where it can't be read."""
    try:
        return {path.name: path for path in sorted(out.iterdir()) if is_mirror(path)}
    except OSError:
        return {}


def _names(spaces: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(layout.space_folder(key) for key in spaces))


async def _verified(folder: Path | None, name: str, subset: Subset, clock: Clock) -> Verification:
    if folder is None:
        return Verification(name, error=SpaceError("there is no mirror of this space"))
    try:
        return Verification(name, await verify(folder, subset, clock=clock))
    except ExportError as exc:
        return Verification(name, error=exc)


def exit_code(results: Sequence[Verification]) -> Exit:
    """The code of highest precedence."""
    return worst([result.exit for result in results])


def _document(damage: Damage) -> dict[str, Any]:
    return {"path": str(damage.path), "reason": damage.reason, "healable": not damage.is_last}
