from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

import exporter
from exporter import descriptors

SHOW = """
import resource
from exporter import app, cli
def show(*_, **__):
    print(resource.getrlimit(resource.RLIMIT_NOFILE))
cli.cli = show
cli.run([])
"""


@pytest.mark.fault(70)
@pytest.mark.parametrize(("soft", "hard"), [(64, 128), (128, 128)])
def test_the_command_line_may_open_as_many_files_as_it_is_allowed(soft: int, hard: int) -> None:
    code = f"import resource; resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard})){SHOW}"
    root = Path(exporter.__file__).parents[1]
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(root)}
    ended = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert ended.stdout == f"({hard}, {hard})\n"


@pytest.mark.fault(70)
@pytest.mark.parametrize("error", [ValueError, PermissionError])
def test_a_limit_that_cannot_be_raised_is_lived_with(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def refused(*_: object) -> None:
        raise error

    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, resource.RLIM_INFINITY))
    monkeypatch.setattr(resource, "setrlimit", refused)
    descriptors.allow_all()
