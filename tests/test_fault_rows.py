"""Every row of the table of faults has a test that carries its number, or a reason why it has none."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parent
ROWS = frozenset(range(1, 77))

LEFT_OUT = {
    36: "repeated bad logins, over many nights: a run stops at the first refusal, but none remembers those "
    "of the nights before, so each asks anew, once for each way of signing in",
    65: "a power cut: no test can cut the power of its machine; that data, folders and manifest are synced "
    "in this order is tested where they are written",
    74: "retention of snapshots: there are none yet, a mirror is one folder that is kept up to date",
    75: "the memory that 100,000 pages take: too much for the suite, `python -m benchmarks.growth` tells",
}


def _named(path: Path) -> Iterator[int]:
    """The rows that the marks in one file name."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.fault":
            assert node.args, f"{path.name}:{node.lineno} names no row"
            yield from (ast.literal_eval(each) for each in node.args)


def _marked() -> set[int]:
    return {row for path in TESTS.rglob("test_*.py") for row in _named(path)}


def test_every_row_is_proved_or_left_out_for_a_reason() -> None:
    marked = _marked()
    assert marked <= ROWS, "there are no such rows"
    assert ROWS - marked == LEFT_OUT.keys()
