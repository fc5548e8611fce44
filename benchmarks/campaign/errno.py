"""A disk that refuses: at each system call that changes it, once or from there on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.campaign.attempt import Attempt, Lab
from benchmarks.campaign.kill import Site, sites
from exporter.errors import Exit

_NAMES = ("openat", "mkdir", "mkdirat", "rename", "renameat", "linkat", "unlink", "unlinkat", "fchmod")
_ROOM = (
    "openat",
    "mkdir",
    "mkdirat",
    "rename",
    "renameat",
    "linkat",
    "write",
    "pwrite64",
    "fsync",
    "fdatasync",
)
_CALLS: dict[str, Sequence[str]] = {
    "ENOSPC": _ROOM,
    "EDQUOT": _ROOM,
    "EIO": (*_ROOM, "unlink", "unlinkat", "ftruncate", "fchmod"),
    "EROFS": _NAMES,
    "EMFILE": ("openat",),
}
"""Which call can fail so."""

ENDS = (Exit.LOCAL, Exit.OK)
"""OK, where nothing was lost: of a temporary file that could not be removed, or of a call that isn't ours."""


@dataclass(frozen=True, slots=True)
class Refusal:
    site: Site
    error: str
    lasting: bool

    def __str__(self) -> str:
        return f"{self.error} at {self.site}{' and ever after' if self.lasting else ''}"

    async def attempt(self, lab: Lab) -> Attempt:
        what = f"error={self.error}"
        return await lab.attempt(lambda out: self.site.options(out, what, lasting=self.lasting), ends=ENDS)


async def refusals(lab: Lab) -> list[Refusal]:
    """Every site once, each with another error than the one before; then again with the next, and so on."""
    found = await sites(lab)
    return [
        refusal
        for turn in range(2 * len(_CALLS))
        for number, site in enumerate(found)
        for refusal in _of(site, number + turn, turn)
    ]


def _of(site: Site, number: int, turn: int) -> list[Refusal]:
    """At most one: the `turn`-th of those that this call can meet."""
    possible = [
        (error, lasting) for error, of in _CALLS.items() if site.call in of for lasting in (False, True)
    ]
    if turn >= len(possible):
        return []
    error, lasting = possible[number % len(possible)]
    return [Refusal(site, error, lasting)]
