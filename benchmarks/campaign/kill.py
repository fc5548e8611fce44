"""kill -9: at every system call that changes the disk, and at random moments."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.campaign.attempt import Attempt, Lab
from benchmarks.campaign.runs import Call, calls
from exporter import layout

CHANGING = (
    "openat", "write", "pwrite64", "ftruncate", "fsync", "fdatasync", "rename", "renameat", "renameat2",
    "link", "linkat", "unlink", "unlinkat", "mkdir", "mkdirat", "rmdir", "fchmod", "fchmodat", "chmod",
)  # fmt: skip
MEASURED = 3  # runs, before the moments are drawn


@dataclass(frozen=True, slots=True)
class Site:
    """The how manieth call of a name, in whichever thread comes to it first; or among those on the manifest.

    The manifest has a thread of its own: counted together with those of the thread for files, many of its
    calls would never be met.
    """

    call: str
    number: int
    on_manifest: bool

    def __str__(self) -> str:
        return f"{self.call} {self.number}{' on the manifest' if self.on_manifest else ''}"

    def options(self, out: Path, what: str, *, lasting: bool = False) -> list[str]:
        """For strace, to have something injected there, or from there on."""
        when = f"when={self.number}{'+' if lasting else ''}"
        options = [f"--trace={self.call}", f"--inject={self.call}:{what}:{when}"]
        return [*options, *(_on_manifest(out) if self.on_manifest else ())]


@dataclass(frozen=True, slots=True)
class Kill:
    site: Site

    def __str__(self) -> str:
        return f"killed at {self.site}"

    async def attempt(self, lab: Lab) -> Attempt:
        return await lab.attempt(lambda out: self.site.options(out, "signal=KILL"))


@dataclass(frozen=True, slots=True)
class RandomKill:
    seconds: float

    def __str__(self) -> str:
        return f"killed after {self.seconds:.4f} s"

    async def attempt(self, lab: Lab) -> Attempt:
        return await lab.attempt(kill_after=self.seconds)


async def kills(lab: Lab) -> list[Kill]:
    """At each call of a run that nothing disturbs."""
    return [Kill(site) for site in await sites(lab)]


async def random_kills(lab: Lab, *, seed: int, count: int) -> list[RandomKill]:
    """Within the time that a run takes here and now: the seed fixes where in it, not the seconds."""
    usual = median([(await lab.undisturbed()).seconds for _ in range(MEASURED)])
    dice = random.Random(seed)  # noqa: S311
    return [RandomKill(dice.uniform(0, usual)) for _ in range(count)]


async def sites(lab: Lab) -> list[Site]:
    """All of a run, in the order of the calls."""
    everywhere = await _traced(lab, on_manifest=False)
    manifest = await _traced(lab, on_manifest=True)
    own = {
        call.thread
        for call in everywhere
        if layout.MANIFEST in call.arguments or layout.BACKUP in call.arguments
    }
    busiest = {call.thread for call in everywhere if call.name in ("mkdirat", "renameat", "linkat")}
    found = [Site(call.name, call.number, False) for call in everywhere if call.thread not in own - busiest]
    found += [Site(call.name, call.number, True) for call in manifest]
    return list(dict.fromkeys(found))


async def _traced(lab: Lab, *, on_manifest: bool) -> list[Call]:
    trace = lab.folder / "trace"

    def options(out: Path) -> list[str]:
        return [
            f"--trace={','.join(CHANGING)}",
            f"--output={trace}",
            *(_on_manifest(out) if on_manifest else ()),
        ]

    await lab.undisturbed(options)
    return [call for call in calls(trace.read_text()) if _changes(call)]


def _changes(call: Call) -> bool:
    return call.name != "openat" or "O_CREAT" in call.arguments


def _on_manifest(out: Path) -> Iterator[str]:
    temp = f"{layout.TEMP_PREFIX}{layout.BACKUP}"
    for name in (layout.MANIFEST, layout.BACKUP, temp):
        for suffix in ("", "-journal"):
            yield f"--trace-path={out / 'ENG' / (name + suffix)}"
