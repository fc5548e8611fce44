"""`python -m exporter` and the console script: ready for signals before anything heavy is imported."""

from __future__ import annotations

import os
import sys

from exporter import signals


def main() -> None:
    signals.arm()
    try:
        from exporter.cli import run

        code = run()
    except signals.Stopped as stopped:
        code = stopped.code
    if signals.received() is not None:  # the interpreter would wait for threads, such as a name's look-up
        for stream in filter(None, (sys.stdout, sys.stderr)):
            stream.flush()
        os._exit(code)
    sys.exit(code)


if __name__ == "__main__":
    main()
