"""Large attachments: peak memory, and throughput against `curl`: `python -m benchmarks.downloads`."""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import monotonic

from benchmarks.bench import SPACE, Bench, open_bench
from benchmarks.table import table
from exporter.emulator import World
from exporter.emulator.generate import empty_world, generated_binary

NUMBER, MEGABYTES = 41, 50
LIMIT, SHARE = 128, 0.6  # MiB of memory; of the throughput of curl, one file after the other
MIB = 1 << 20

# What somebody would write who wants the files, their hashes, and both on disk.
_BY_CURL = """
while read -r name url; do
    curl --silent --show-error --fail --location --user "$1" --output "$2/$name" "$url" || exit 1
    (cd "$2" && sha256sum "$name" && sync "$name") >> "$2/SHA256SUMS" || exit 1
done
"""

HEADINGS = ("way", "files", "MB", "seconds", "of curl", "peak MiB")


def _world(number: int, megabytes: int) -> tuple[World, list[tuple[str, str]]]:
    """A page for each file, and each file's page and id."""
    world = empty_world()
    space = world.add_space(SPACE, "Engine Room")
    files = []
    for each in range(number):
        page = world.add_page(space, f"Recording {each}", "<p>Listen.</p>")
        binary = generated_binary(megabytes * 1_000_000, seed=each)
        files.append((page.id, world.attach(page, f"recording {each}.bin", binary).id))
    return world, files


async def measure(number: int, megabytes: int, rounds: int) -> tuple[list[float], list[float], int]:
    """Seconds of each round by curl and by us, in turns, as both depend on what else the machine does;
    and the highest peak of ours."""
    world, files = _world(number, megabytes)
    by_curl, by_us, peak = [], [], 0
    for _ in range(rounds):
        async with open_bench(world) as bench:
            by_curl.append(await _by_curl(bench, files))
            began = monotonic()
            run = await bench.run()
            by_us.append(monotonic() - began)
            peak = max(peak, run.peak)
            if run.counts["new"] < 2 * number or run.received < number * megabytes * 1_000_000:
                raise RuntimeError(f"the run counted {run.counts}, and received {run.received} bytes")
    return by_curl, by_us, peak


async def _by_curl(bench: Bench, files: Sequence[tuple[str, str]]) -> float:
    addresses = "".join(f"{each} {bench.download_url(*each_of)}\n" for each, each_of in enumerate(files))
    with tempfile.TemporaryDirectory(prefix="confluence-export-curl-") as folder:
        began = monotonic()
        await asyncio.to_thread(
            subprocess.run,
            ["sh", "-c", _BY_CURL, "sh", bench.credentials, folder],
            input=addresses,
            text=True,
            check=True,
        )
        seconds = monotonic() - began
        if len((Path(folder) / "SHA256SUMS").read_text().splitlines()) != len(files):
            raise RuntimeError("curl did not bring all files")
    return seconds


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser("python -m benchmarks.downloads", description=__doc__)
    parser.add_argument("--number", type=int, default=NUMBER, help=f"of attachments ({NUMBER})")
    parser.add_argument("--megabytes", type=int, default=MEGABYTES, help=f"of each ({MEGABYTES})")
    parser.add_argument(
        "--rounds", type=int, default=3, help="of both, in turns; the best of each counts (3)"
    )
    wanted = parser.parse_args(arguments)
    by_curl, by_us, peak = asyncio.run(measure(wanted.number, wanted.megabytes, wanted.rounds))
    share = min(by_curl) / min(by_us)
    files = str(wanted.number), f"{wanted.number * wanted.megabytes:,}"
    rows = [
        ("curl, sha256sum, sync", *files, f"{min(by_curl):.1f}", "1.00", ""),
        ("confluence-export", *files, f"{min(by_us):.1f}", f"{share:.2f}", f"{peak / MIB:.0f}"),
    ]
    print(table(HEADINGS, rows))
    return 0 if share >= SHARE and peak <= LIMIT * MIB else 1


if __name__ == "__main__":
    sys.exit(main())
