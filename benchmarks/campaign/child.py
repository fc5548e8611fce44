"""Forks a process for each run of the command line, so that the imports are paid for once.

Reads lines of JSON on stdin: ``{"arguments", "environment", "folder", "log"}``. Answers with the new
process's id, which waits for the next line (so that a tracer can take hold of it), then runs; and at its end
answers with its wait status. One thread writes files, as strace counts system calls by the thread.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from typing import Any

import exporter.__main__
import exporter.cli
from exporter.mirror import opening

WRITERS = 1


def main() -> None:
    assert hasattr(opening, "WRITERS")  # else this would change nothing
    opening.WRITERS = WRITERS
    while line := sys.stdin.readline():
        _serve(json.loads(line))


def _serve(wanted: dict[str, Any]) -> None:
    waiting, go = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(go)
        _run(wanted, waiting)
    os.close(waiting)
    _answer(child)
    sys.stdin.readline()
    os.close(go)
    _answer(os.waitpid(child, 0)[1])


def _run(wanted: dict[str, Any], waiting: int) -> None:
    """Never returns: what the parent has open and buffered is none of this process's business."""
    code = 1
    try:
        log = os.open(wanted["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for descriptor, target in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(descriptor, target)
        os.environ.clear()
        os.environ.update(wanted["environment"])
        os.chdir(wanted["folder"])
        sys.argv = ["confluence-export", *wanted["arguments"]]
        os.read(waiting, 1)
        exporter.__main__.main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    finally:
        with contextlib.suppress(Exception):  # whatever was done to it
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
        os._exit(code)


def _answer(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
