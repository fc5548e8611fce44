"""One generated world behind the emulator, one output folder, and runs of the command line on them."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from benchmarks.peak import read_report
from exporter.emulator import FULL_SCOPES, Emulator, Recorded, Switches, Token, World

ROOT = Path(__file__).parents[1]
SPACE = "ENG"


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of the command line came to."""

    requests: int  # as the emulator counted them, on all three origins
    received: int  # bytes, as the run counted them
    peak: int  # bytes of memory
    processor: float  # seconds
    counts: Counter[str]  # things by what the plan said of them: new, changed, unchanged …

    def check(self, **expected: int) -> None:
        """Raises `RuntimeError` where other things were done than those."""
        counted = {verb: count for verb, count in self.counts.items() if count}
        if counted != {verb: count for verb, count in expected.items() if count}:
            raise RuntimeError(f"the run counted {counted}, the space asks for {expected}")


class Bench:
    """Runs the command line, each time in a process of its own, into the same folder."""

    def __init__(self, emulator: Emulator, token: Token, folder: Path) -> None:
        self._emulator, self._token, self._folder = emulator, token, folder
        self._requests = 0

    def count(self, _: Recorded) -> None:
        self._requests += 1
        self._emulator.requests.clear()  # a hundred thousand of them are half a gigabyte

    async def run(self, *options: str) -> Run:
        """Raises `RuntimeError` when the run ends otherwise than with 0: the figures would mislead."""
        before = self._requests
        report = self._folder / "peak"
        command = [sys.executable, "-m", "benchmarks.peak", str(report)]
        command += [sys.executable, "-m", "exporter", "--json", "--space", SPACE, *options]
        command.append(str(self._folder / "out"))
        done = await asyncio.to_thread(
            subprocess.run, command, env=self._environment(), cwd=ROOT, capture_output=True, text=True
        )
        if done.returncode != 0:
            raise RuntimeError(f"the run ended with {done.returncode}:\n{done.stderr}")
        peak, processor = read_report(report)
        (summary,) = json.loads(done.stdout)["spaces"]
        return Run(
            requests=self._requests - before,
            received=summary["bytes_received"],
            peak=peak,
            processor=processor,
            counts=_total(summary["counts"]),
        )

    @property
    def light_url(self) -> str:
        """What costs the server next to nothing."""
        return f"{self._emulator.site_url}/_edge/tenant_info"

    @property
    def credentials(self) -> str:
        """As `curl --user` takes them."""
        return f"{self._token.email}:{self._token.secret}"

    def download_url(self, container: str, attachment: str) -> str:
        """Where the API answers an attachment, by a redirect."""
        base = f"{self._emulator.gateway_url}/ex/confluence/{self._emulator.world.cloud_id}/wiki/rest/api"
        return f"{base}/content/{container}/child/attachment/{attachment}/download"

    def _environment(self) -> dict[str, str]:
        others = {name: value for name, value in os.environ.items() if not name.startswith("CONFLUENCE_")}
        of_mirror = {"CONFLUENCE_RENDER": "false"}  # `benchmarks.site` measures the rest
        return {**others, **self._emulator.environment(self._token), **of_mirror}


@asynccontextmanager
async def open_bench(world: World, *, latency: float = 0.0) -> AsyncIterator[Bench]:
    """A bench on that world; its folder goes when the context ends. `latency`: seconds a request."""
    token = Token("benchmark-token", "me@engine-room.example", scopes=FULL_SCOPES)
    with tempfile.TemporaryDirectory(prefix="confluence-export-") as folder:
        async with Emulator(world, [token], switches=Switches(latency=latency)) as emulator:
            bench = Bench(emulator, token, Path(folder))
            emulator.before_answer = bench.count
            yield bench


def edit(world: World, pages: int) -> None:
    """Edit so many pages, all over the space."""
    every = [content.id for content in world.contents.values() if content.kind == "page"]
    for page_id in islice(every, 0, len(every) // pages * pages, len(every) // pages):
        world.edit(page_id, "<p>Another text.</p>")


def _total(counts: Mapping[str, Mapping[str, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for kind, of_kind in counts.items():
        if kind != "space":
            total.update(of_kind)
    return total
