"""A Chromium for the tests: brought onto the machine if it can be, started once, asked in JSON."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

HERE = Path(__file__).parent
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
BRIEFLY = ("-o", "Acquire::Retries=0", "-o", "Acquire::http::Timeout=15")  # where there is no network
UPDATE = ("apt-get", "update", "-qq", *BRIEFLY)
INSTALL = ("apt-get", "install", "-y", "--no-install-recommends", *BRIEFLY, "chromium", "fonts-dejavu-core")
NPM = ("npm", "install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund")


class NoBrowser(Exception):
    """Says in one line what is missing."""


class Chromium:
    """A running browser; one job at a time."""

    def __init__(self) -> None:
        program, packages = installed()
        command = ("node", str(HERE / "serve.mjs"), str(packages), program)
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            self._answer()
        except NoBrowser:
            self.__exit__(None, None, None)
            raise

    def __enter__(self) -> Chromium:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._process:  # closing its input ends it
            pass

    def ask(self, job: str, **details: Any) -> Any:
        """The answer to one job of `serve.mjs`; paths may be `Path`."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": job, **details}, default=os.fspath) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise NoBrowser("no browser tests: Chromium ended unasked; its words are on stderr")
        answer = json.loads(line)
        if "error" in answer:
            raise AssertionError(answer["error"])
        return answer["result"]


def installed() -> tuple[str, Path]:
    """The browser's program and the folder of the npm packages, both installed at need."""
    with _alone():
        if shutil.which("node") is None or shutil.which("npm") is None:
            raise NoBrowser("no browser tests: node and npm aren't installed")
        return _program(), _packages()


def _program() -> str:
    found = _found_program()
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        for command in (UPDATE, INSTALL):
            _run(command, seconds=240)
        found = _found_program()
    if found is None:
        raise NoBrowser("no browser tests: chromium isn't installed (as root: apt-get install chromium)")
    return found


def _found_program() -> str | None:
    return next((path for name in PROGRAMS if (path := shutil.which(name))), None)


def _packages() -> Path:
    wanted = HERE / "package.json"
    folder = _cache() / hashlib.sha256(wanted.read_bytes()).hexdigest()[:16]
    if (folder / "node_modules").is_dir():
        return folder
    with tempfile.TemporaryDirectory(dir=_cache()) as fresh:
        shutil.copy(wanted, fresh)
        why = _run(NPM, seconds=120, folder=fresh)
        if why is not None:
            raise NoBrowser(f"no browser tests: npm can't install playwright-core and axe-core: {why}")
        shutil.copytree(fresh, folder, dirs_exist_ok=True)
    return folder


def _run(command: Sequence[str], *, seconds: float, folder: str | None = None) -> str | None:
    """The first line of what it had to say, if it failed."""
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        run = subprocess.run(
            command, cwd=folder, env=env, capture_output=True, text=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return f"not done in {seconds:.0f} s"
    return (run.stderr.strip().splitlines() or [""])[0] if run.returncode else None


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base) / "confluence-export-tests"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def _alone() -> Iterator[None]:
    """Tests run in several processes; one of them installs."""
    with (_cache() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
