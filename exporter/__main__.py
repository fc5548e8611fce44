"""`python -m exporter` and the console script: ready for signals before anything heavy is imported."""

from __future__ import annotations

import sys

from exporter import signals


def main() -> None:
    signals.arm()
    try:
        from exporter.cli import run

        sys.exit(run())
    except signals.Stopped as stopped:
        sys.exit(stopped.code)


if __name__ == "__main__":
    main()
