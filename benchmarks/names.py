"""Titles by the million, and the paths that are made of them: `python -m benchmarks.names`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from random import Random

from tests.names import a_title, check_paths

AT_ONCE = 1_000


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser("python -m benchmarks.names", description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000, help="titles")
    parser.add_argument("--seed", type=int, default=0)
    wanted = parser.parse_args(arguments)
    draw = Random(wanted.seed)  # noqa: S311 — chance, no secret
    seen: set[int] = set()  # hashes: a million paths would be what memory is made of
    wrong = 0
    for at in range(0, wanted.count, AT_ONCE):
        some = [(f"att{number}", a_title(draw)) for number in range(at, min(at + AT_ONCE, wanted.count))]
        wrong += _check(some, seen)
    equal = wanted.count - wrong - len(seen)
    print(f"{wanted.count:,} titles from seed {wanted.seed}: {wrong} bad paths, {equal} equal to another")
    return 1 if wrong or equal else 0


def _check(some: Sequence[tuple[str, str]], seen: set[int]) -> int:
    """How many are bad; if any is, each is looked at alone and named."""
    try:
        seen.update(map(hash, check_paths(some)))
    except AssertionError as exc:
        if len(some) == 1:
            print(f"{some[0]!a}: {exc}", flush=True)
            return 1
        return sum(_check([each], seen) for each in some)
    return 0


if __name__ == "__main__":
    sys.exit(main())
