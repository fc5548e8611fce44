"""The programs that `benchmarks.peers` compares: how each is installed, told where to go, and started."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from exporter.emulator import Emulator, Token

WORKERS = 32
EMAIL = "me@engine-room.example"
SPACE = "ENG"


@dataclass(frozen=True, slots=True)
class Started:
    """A command line, and what it finds in the environment beside the usual."""

    command: Sequence[str]
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a program runs: ``bin`` is where it is installed, ``folder`` its own, at first empty."""

    bin: Path
    folder: Path
    emulator: Emulator
    scoped: Token
    unscoped: Token

    @property
    def out(self) -> Path:
        return self.folder / "out"


@dataclass(frozen=True, slots=True)
class Program:
    """``package`` is its name in the package index, empty for ourselves; ``settings`` is for the reader."""

    name: str
    package: str
    settings: str
    start: Callable[[Place], Started]


class NotInstalled(Exception):
    """A peer that can't be had here; ``str()`` says why in a line."""


@dataclass(frozen=True, slots=True)
class Installed:
    """A program and where it lies, or in ``problem`` why it doesn't."""

    program: Program
    bin: Path
    version: str = ""
    problem: str = ""


def install_all(names: Sequence[str], cache: Path) -> list[Installed]:
    """Ourselves, and the peers of those names, installed into ``cache`` or with what prevented it."""
    bins: dict[str, Installed] = {}
    for program in PEERS:
        if program.package in names and program.package not in bins:
            bins[program.package] = _install_one(program, cache)
    own = [Installed(program, Path(sys.executable).parent) for program in OURSELVES]
    return own + [replace(bins[each.package], program=each) for each in PEERS if each.package in bins]


def _install_one(program: Program, cache: Path) -> Installed:
    print(f"{program.package}: an environment in {cache} …", file=sys.stderr)
    try:
        bin_ = install(program.package, cache)
    except NotInstalled as problem:
        print(f"{program.package}: {problem}", file=sys.stderr)
        return Installed(program, cache, problem=str(problem))
    return Installed(program, bin_, version(program.package, bin_))


def install(package: str, cache: Path) -> Path:
    """The ``bin`` of an environment of its own in ``cache``, made if it isn't there; or `NotInstalled`."""
    folder = cache / package
    python = folder / "bin" / "python"
    if not (folder / "installed").exists():
        venv.create(folder, with_pip=True, clear=True)
        done = _pip(python, "install", "--no-input", package)
        if done.returncode != 0:
            said = done.stderr.strip().splitlines()
            raise NotInstalled(said[-1] if said else f"pip ended with {done.returncode}")
        (folder / "installed").touch()
    return python.parent


def version(package: str, bin_: Path) -> str:
    """As pip knows it."""
    said = _pip(bin_ / "python", "show", package).stdout
    return next((line[9:] for line in said.splitlines() if line.startswith("Version: ")), "?")


def _pip(python: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(python), "-m", "pip", "--disable-pip-version-check", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


# --- ourselves --------------------------------------------------------------------------


def _ourselves(*options: str) -> Callable[[Place], Started]:
    def start(place: Place) -> Started:
        command = [sys.executable, "-m", "exporter", "--space", SPACE, "--workers", str(WORKERS), *options]
        return Started([*command, str(place.out)], place.emulator.environment(place.scoped))

    return start


# --- peers ------------------------------------------------------------------------------


def _markdown_exporter(**settings: str) -> Callable[[Place], Started]:
    """``settings`` are of its section ``export``."""

    def start(place: Place) -> Started:
        site = place.emulator.site_url
        config = place.folder / "config.json"
        account = {"username": EMAIL, "api_token": place.unscoped.secret}
        config.write_text(json.dumps({"auth": {"confluence": {site: account}}}))
        environment = {
            "CME_CONFIG_PATH": str(config),
            "CME_EXPORT__OUTPUT_PATH": str(place.out),
            "CME_EXPORT__ENABLE_JIRA_ENRICHMENT": "false",  # there is no Jira to ask
            "CME_CONNECTION_CONFIG__MAX_WORKERS": str(WORKERS),
            "CI": "true",  # no progress bars
            **{f"CME_EXPORT__{name.upper()}": value for name, value in settings.items()},
        }
        return Started([str(place.bin / "cme"), "spaces", f"{site}/wiki/spaces/{SPACE}"], environment)

    return start


def _space_backup(place: Place) -> Started:
    settings = place.folder / "settings.env"
    settings.write_text("")  # it wants the file; what is in the environment goes first
    environment = {
        "CONFLUENCE_URL": f"{place.emulator.site_url}/wiki",
        "CONFLUENCE_EMAIL": EMAIL,
        "CONFLUENCE_API_TOKEN": place.unscoped.secret,
        "BACKUP_ROOT": str(place.out),
        "API_DELAY": "0",
    }
    command = [str(place.bin / "confluence-backup"), "--env", str(settings), "--backup", SPACE]
    return Started(command, environment)


def _cli_rs(place: Place) -> Started:
    environment = {
        "CONFLUENCE_PROVIDER": "cloud",
        "CONFLUENCE_DOMAIN": place.emulator.site_url,
        "CONFLUENCE_AUTH_TYPE": "basic",
        "CONFLUENCE_TOKEN_KIND": "classic",
        "CONFLUENCE_EMAIL": EMAIL,
        "CONFLUENCE_API_TOKEN": place.unscoped.secret,
        "CONFLUENCE_READ_ONLY": "1",
    }
    return Started([str(place.bin / "confluence"), "pull", "space", SPACE, str(place.out)], environment)


OURSELVES = (
    Program("confluence-export", "", f"`--workers {WORKERS} --no-site`", _ourselves("--no-site")),
    Program("confluence-export, with its site", "", f"`--workers {WORKERS}`", _ourselves()),
)
PEERS = (
    Program(
        "confluence-markdown-exporter",
        "confluence-markdown-exporter",
        f"{WORKERS} workers, else as it comes",
        _markdown_exporter(),
    ),
    Program(
        "confluence-markdown-exporter, all it can",
        "confluence-markdown-exporter",
        f"{WORKERS} workers, all attachments, all comments",
        _markdown_exporter(attachments_export="all", comments_export="all"),
    ),
    Program(
        "confluence-space-backup-restore",
        "confluence-space-backup-restore",
        "`API_DELAY=0`, else as it comes",
        _space_backup,
    ),
    Program("confluence-cli-rs", "confluence-cli-rs", "`pull space`", _cli_rs),
)


def environment(more: Mapping[str, str], home: Path) -> dict[str, str]:
    """This process's own without anything of the user's that a program could take for its settings."""
    foreign = ("CONFLUENCE_", "CME_", "XDG_")
    own = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return {**own, "HOME": str(home), **more}
