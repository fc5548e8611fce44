"""Run a command and write down its peak memory: `python -m benchmarks.peak REPORT COMMAND …`.

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
    Path(report).write_text(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * UNIT))
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
