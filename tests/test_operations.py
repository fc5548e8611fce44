"""`docs/operations.md` shows the units as they are, and speaks of every exit code."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from exporter.errors import Exit

DOCS = Path(__file__).parents[1] / "docs"
PAGE = (DOCS / "operations.md").read_text("utf-8")
UNITS = sorted((DOCS / "systemd").iterdir())


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_the_page_shows_each_unit_as_it_is(unit: Path) -> None:
    assert f"`{unit.name}`:\n\n```ini\n{unit.read_text('utf-8')}```\n" in PAGE


def test_the_page_says_of_each_exit_code_what_to_do() -> None:
    rows = re.findall(r"^\| ([\d, ]+) \| [^|]+ \|$", PAGE, re.MULTILINE)
    assert [int(code) for row in rows for code in row.split(",")] == [code.value for code in Exit]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_understands_the_units(tmp_path: Path) -> None:
    program = tmp_path / "confluence-export"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for unit in UNITS:
        text = unit.read_text("utf-8").replace("/opt/confluence-export/bin/confluence-export", str(program))
        (tmp_path / unit.name.replace("@.", "@ENG.")).write_text(text)
        (tmp_path / unit.name).write_text(text)
    units = [str(path) for path in sorted(tmp_path.glob("*.*")) if "@." not in path.name]
    result = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (result.returncode, result.stderr) == (0, "")
