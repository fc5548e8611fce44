"""Run a command, and note its peak memory and processor time: `python -m benchmarks.peak REPORT COMMAND …`.

A process of its own, because the system counts what a process was before `exec` as its own memory:
a command started straight from a process that holds a large world would seem as large as that.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

UNIT = 1 if sys.platform == "darwin" else 1024  # of `ru_maxrss`, in bytes


def main(arguments: Sequence[str]) -> int:
    report, *command = arguments
    code = subprocess.run(command, check=False).returncode
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    Path(report).write_text(f"{used.ru_maxrss * UNIT} {used.ru_utime + used.ru_stime}")
    return code


def read_report(report: Path) -> tuple[int, float]:
    """Bytes, and seconds."""
    peak, processor = report.read_text().split()
    return int(peak), float(processor)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
