"""Where a token can come from besides a setting: a file, a command, systemd, the system's keyring."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import threading
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from pydantic import SecretStr

from exporter import signals
from exporter.errors import UsageError

COMMAND_SECONDS = 60.0
MAX_PRINTED = 64 << 10  # bytes
SYSTEMD_NAME = "confluence-api-token"
"""As in `LoadCredential=confluence-api-token:/etc/…`."""


def check_private(file: Path, what: str) -> None:
    """Refuse a file with a secret in it that others can read, or that somebody else put there.

    Raises `UsageError`, also where there is no such file.
    """
    try:
        status = file.stat()
    except OSError as exc:
        raise UsageError(f"cannot read {what} {file}: {exc.strerror}") from exc
    if stat.S_ISDIR(status.st_mode):
        raise UsageError(f"{what} {file} is a folder")
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise UsageError(f"{what} {file} can be read by others: chmod 600 {file}")
    if status.st_uid not in (os.getuid(), 0):
        raise UsageError(f"{what} {file} belongs to another user: it must be yours or root's")


def from_file(file: Path) -> SecretStr:
    """The file's text without the line break at its end."""
    check_private(file, "the token's file")
    return _read(file)


def from_systemd() -> SecretStr | None:
    """What the service's unit names by LoadCredential; systemd itself keeps it from others."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    file = Path(folder, SYSTEMD_NAME) if folder else None
    return _read(file) if file is not None and file.is_file() else None


def from_command(command: Sequence[str]) -> SecretStr:
    """What a password manager prints. It may ask at the terminal; its stderr is not ours."""
    what = f"token_command: {command[0]}"
    signals.hold()  # until it would be stopped with us
    try:
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
    except (OSError, ValueError) as exc:
        signals.release()
        raise UsageError(f"token_command: cannot run {command[0]}: {exc}") from None
    late = threading.Timer(COMMAND_SECONDS, process.kill)
    late.start()
    try:
        with process:
            try:
                signals.release()
                printed = process.stdout.read(MAX_PRINTED + 1) if process.stdout else b""
            except BaseException:  # a signal; leaving the context waits for the command
                process.kill()
                raise
            if len(printed) > MAX_PRINTED:
                process.kill()
    finally:
        late.cancel()
    if len(printed) > MAX_PRINTED:
        raise UsageError(f"{what} prints more than a token: over {MAX_PRINTED} bytes")
    if process.returncode != 0:
        took = f"failed with exit code {process.returncode}"
        killed = f"was stopped after {COMMAND_SECONDS} seconds"
        raise UsageError(f"{what} {killed if process.returncode == -signal.SIGKILL else took}")
    return _text(printed, f"token_command: what {command[0]} printed")


def from_keyring(service: str, user: str) -> SecretStr:
    """What the system's keyring holds for this service and user."""
    try:
        keyring = import_module("keyring")
    except ImportError:
        raise UsageError(
            "token_keyring needs the keyring library: pip install 'confluence-export[keyring]'"
        ) from None
    try:
        secret = keyring.get_password(service, user)
    except Exception as exc:  # each backend has errors of its own
        raise UsageError(f"token_keyring: the keyring cannot be read ({type(exc).__name__})") from None
    if secret is None:
        raise UsageError(
            f"token_keyring: the keyring has nothing for {user!r} in {service!r}: "
            f"keyring set {service} {user}"
        )
    return SecretStr(secret)


def _read(file: Path) -> SecretStr:
    try:
        return _text(file.read_bytes(), f"the token's file {file}")
    except OSError as exc:
        raise UsageError(f"cannot read the token's file {file}: {exc.strerror}") from exc


def _text(data: bytes, what: str) -> SecretStr:
    try:
        return SecretStr(data.decode("ascii"))
    except UnicodeDecodeError:
        raise UsageError(f"{what} is no token: it has characters that are not ASCII") from None
