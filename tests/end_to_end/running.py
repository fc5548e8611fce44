"""Runs the program: as a process of its own, or in this one where time must fly."""

from __future__ import annotations

import asyncio
import atexit
import json
import os
import signal
import ssl
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from time import monotonic
from typing import Any

import exporter
from exporter.app import Options, export
from exporter.clock import Clock
from exporter.config import load
from exporter.confluence.transport import Limits
from exporter.emulator import FULL_SCOPES, Emulator, Token
from exporter.progress import Silent
from exporter.summary import SpaceRun

TOKEN = Token("canary-scoped-secret", "me@example.com", scopes=FULL_SCOPES)
UNSCOPED = Token("canary-unscoped-secret", "me@example.com", kind="unscoped")
BEARER = Token("canary-service-secret", "", kind="bearer", scopes=FULL_SCOPES)
OAUTH = Token("canary-client-secret", "", kind="oauth", scopes=FULL_SCOPES, client_id="client-1")

STARTED: list[asyncio.subprocess.Process] = []
HARD_LIMIT = 60.0  # seconds, for one process
IMPATIENT = Limits(connect=2.0, first_byte=0.4, floor_window=0.4)
"""For the faults that only time reveals; a busy machine may exceed them on its own."""


@dataclass(frozen=True)
class Result:
    """How a process ended, and what it said."""

    code: int
    stdout: str
    stderr: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on stdout."""
        document = json.loads(self.stdout)
        assert isinstance(document, dict)
        return document


@dataclass
class Running:
    """A process under way."""

    process: asyncio.subprocess.Process

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def command_line(self) -> bytes:
        return Path(f"/proc/{self.process.pid}/cmdline").read_bytes()

    async def ends(self) -> Result:
        try:
            async with asyncio.timeout(HARD_LIMIT):
                stdout, stderr = await self.process.communicate()
        finally:
            if self.process.returncode is None:
                self.process.kill()
                await self.process.wait()
        assert self.process.returncode is not None
        return Result(self.process.returncode, (stdout or b"").decode(), (stderr or b"").decode())


async def start(
    *arguments: str | Path,
    env: Mapping[str, str],
    redirected: str = "",
    stdout: int = asyncio.subprocess.PIPE,
    stderr: int = asyncio.subprocess.PIPE,
) -> Running:
    """Start the command line with these variables, a PATH and few authorities to read; nothing else from
    this environment. `redirected` is what a shell would read after the command."""
    process = await asyncio.create_subprocess_exec(
        *(["sh", "-c", f'exec "$0" "$@" {redirected}'] if redirected else []),
        sys.executable,
        "-m",
        "exporter",
        *map(str, arguments),
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(Path(exporter.__file__).parents[1]),  # the package that these tests import
            "SSL_CERT_FILE": str(one_authority()),
            **env,
        },
        stdin=asyncio.subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
    )
    STARTED.append(process)
    return Running(process)


async def end_all() -> None:
    """Kill what a test that failed left running."""
    for process in STARTED:
        if process.returncode is None:
            process.kill()
            await process.communicate()
    STARTED.clear()


async def cli(*arguments: str | Path, env: Mapping[str, str]) -> Result:
    """Run the command line to its end."""
    return await (await start(*arguments, env=env)).ends()


async def mirror(
    emulator: Emulator,
    out: Path,
    *arguments: str | Path,
    token: Token = TOKEN,
    env: Mapping[str, str] | None = None,
) -> Result:
    """Run `confluence-export --space ENG out` against the emulator; without the site unless told in `env`."""
    told = {"CONFLUENCE_RENDER": "false", **emulator.environment(token), **(env or {})}
    return await cli("--space", "ENG", out, *arguments, env=told)


@dataclass
class FastClock:
    """Nobody sleeps: a wait moves the clock on. What is awaited meanwhile takes its real time."""

    ahead: float = 0.0
    sleeps: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        return monotonic() + self.ahead

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.ahead)

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        until = self.monotonic() + seconds
        await asyncio.sleep(0.001)  # let the others come to their waits, which pass at the same time
        self.ahead += max(0.0, until - self.monotonic())


@cache
def one_authority() -> Path:
    """A file with one certificate: reading all that the system has takes longer than most runs here."""
    certificates = ssl.create_default_context().get_ca_certs(binary_form=True)
    with tempfile.NamedTemporaryFile("w", suffix=".pem", delete=False) as file:
        file.write(ssl.DER_cert_to_PEM_cert(certificates[0]))
    atexit.register(os.unlink, file.name)
    return Path(file.name)


def settings_for(emulator: Emulator, token: Token = TOKEN, **flags: Any) -> dict[str, Any]:
    """What `config.load` takes for a run on the space ENG, whatever the environment says."""
    auth = {"kind": "auto", "client_id": token.client_id, "url": emulator.urls["auth"]}
    return {
        "site": emulator.site_url,
        "email": token.email,
        "api_token": token.secret,
        "cloud_id": "",
        "gateway_url": emulator.gateway_url,
        "media_hosts": emulator.media_host,
        "proxy": None,
        "ca_file": one_authority(),
        "space": ("ENG",),
        "full": True,
        "check_within": 36500,  # where a run isn't full, it is hardly anybody's turn
        "render": False,  # the mirror is what most tests look at
        **flags,
        "auth": {**auth, **flags.get("auth", {})},
    }


async def mirror_here(
    emulator: Emulator,
    out: Path,
    *,
    token: Token = TOKEN,
    clock: Clock | None = None,
    limits: Limits | None = None,
    options: Options | None = None,
    **flags: Any,
) -> SpaceRun:
    """The same run on a clock that flies; any error is in the result."""
    settings = load(settings_for(emulator, token, **flags))
    (run,) = await export(
        settings,
        out,
        options=options or Options(),
        progress=Silent(),
        clock=clock or FastClock(),
        limits=limits,
    )
    return run
