"""The command line: flags, help, exit codes. The only module that prints."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import logging
import os
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, TypeVar

from cyclopts import App, CycloptsError, Parameter
from rich.console import Console

from exporter import app as program
from exporter import check as ladder
from exporter import signals, text
from exporter.app import Options
from exporter.config import load, load_selection
from exporter.errors import Exit, ExportError, Interrupted, UsageError
from exporter.layout import well_formed
from exporter.logs import Redacting, log_to_stderr
from exporter.options import (
    NO_ACCESS,
    NO_RUN,
    NO_WANTED,
    OUTPUT,
    RUN,
    AccessFlags,
    Config,
    Json,
    Quiet,
    RunFlags,
    Verbose,
    WantedFlags,
    flag,
    given,
)
from exporter.progress import Progress, Silent, live
from exporter.summary import SpaceRun

T = TypeVar("T")

MAX_LINES = 20  # of a failure on stderr: it becomes somebody's mail
EXIT_CODES = "Exit codes:\n\n" + "\n".join(f"- {code.value}: {code.meaning}" for code in Exit)

cli = App(
    name="confluence-export",
    help="Mirror Confluence Cloud spaces to disk with a scoped, read-only API token.",
    help_epilogue=EXIT_CODES,
    help_format="markdown",
    version=version("confluence-export"),
    usage="Usage: confluence-export --space ENG ./out\n"
    "       confluence-export check --space ENG\n"
    "       confluence-export demo ./out",
    default_parameter=Parameter(negative=(), show_default=False),
    result_action="return_value",
)


@cli.default
def export(
    out: Annotated[Path | None, Parameter(help="Output folder; each space gets a folder in it.")] = None,
    /,
    *,
    wanted: WantedFlags = NO_WANTED,
    run: RunFlags = NO_RUN,
    dry_run: Annotated[bool, flag(RUN, "Print what would be done; write nothing.")] = False,
    accept_identity: Annotated[bool, flag(RUN, "Continue a mirror of another account or site.")] = False,
    access: AccessFlags = NO_ACCESS,
    config: Config = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    as_json: Json = False,
) -> Exit:
    """Mirror one or more spaces.

    Every option but --config, --dry-run, --accept-identity and those of "Output" can also stand in
    the file, as `media_hosts`, or in the environment, as `CONFLUENCE_MEDIA_HOSTS`. Flags win over
    the environment, the environment over the file. The token comes as `CONFLUENCE_API_TOKEN`.
    """
    flags = given(wanted, run, access)
    settings = load(flags | ({"out": out} if out else {}), file=config)
    if settings.out is None:
        raise UsageError("no output folder: confluence-export --space ENG ./out")
    if not (settings.space or settings.all_spaces or settings.page):
        raise UsageError(
            "no space: name one by --space ENG, CONFLUENCE_SPACE, or space in a --config file; "
            "or take --all-spaces"
        )
    out = settings.out
    options = Options(dry_run=dry_run, accept_identity=accept_identity)
    redacting = Redacting(settings.secrets())
    talk = _Talk(quiet=quiet, verbose=verbose, as_json=as_json, redacting=redacting, plan=dry_run)
    return _run(
        lambda progress: program.export(
            settings, out, options=options, progress=progress, redacting=redacting
        ),
        talk,
    )


@cli.command
def check(
    *,
    wanted: WantedFlags = NO_WANTED,
    access: AccessFlags = NO_ACCESS,
    config: Config = None,
    least: Annotated[bool, flag(OUTPUT, "Print the smallest set of scopes; ask nobody.")] = False,
    verbose: Verbose = False,
    as_json: Json = False,
) -> Exit:
    """Say what the token opens, what it doesn't, and what to do about it.

    One request for each kind of endpoint that the options need, down to one download; nothing is
    written. Ends with 0 if all is granted, 3 if something is not, 7, 10 or 12 as an export would.
    """
    flags = given(wanted, access)
    if least:
        selection = load_selection(flags, file=config)
        with _stdout_may_close():
            if as_json:
                print(json.dumps(ladder.least_document(selection), indent=2))
            else:
                print(*text.least(selection.skip), sep="\n")
        return Exit.OK
    settings = load(flags, file=config)
    redacting = Redacting(settings.secrets())
    if verbose:
        log_to_stderr(logging.DEBUG, redacting)
    with _redacted(redacting):
        diagnosis = _to_its_end(ladder.check(settings, redacting=redacting))
    with _stdout_may_close():
        if as_json:
            print(json.dumps(redacting.redact_all(diagnosis.document()), indent=2))
        else:
            print(*map(redacting.redact, text.diagnosis(diagnosis)), sep="\n")
    return diagnosis.exit


@cli.command
def demo(
    out: Annotated[Path, Parameter(help="Output folder.")] = Path("out"),
    /,
    *,
    quiet: Quiet = False,
    verbose: Verbose = False,
    as_json: Json = False,
) -> Exit:
    """Mirror a sample space from a small Confluence on this machine: no account, no network."""
    from exporter import demo as sample

    talk = _Talk(quiet=quiet, verbose=verbose, as_json=as_json, redacting=Redacting(()))
    code = _run(lambda progress: sample.demo(out, progress=progress), talk)
    if code is Exit.OK and not (quiet or as_json):
        with _stdout_may_close():
            print(sample.what_next(out))
    return code


@dataclass(frozen=True)
class _Talk:
    """What a run says, to whom: a person at a terminal, a cron mail, a machine."""

    quiet: bool
    verbose: bool
    as_json: bool
    redacting: Redacting
    plan: bool = False

    @contextlib.contextmanager
    def progress(self) -> Iterator[Progress]:
        console = Console(stderr=True)
        if self.quiet or self.verbose or not console.is_terminal:
            yield Silent()
        else:
            with live(console) as bars:
                yield bars

    def result(self, runs: Sequence[SpaceRun]) -> None:
        with _stdout_may_close():
            if self.as_json:
                _print_json(program.exit_code(runs), [run.document() for run in runs])
            elif self.plan and not self.quiet:
                for run in runs:
                    print(*text.plan(run), sep="\n")
            elif sys.stdout.isatty() and not self.quiet:
                Console().print(text.counts(runs))
        self._failures(runs)

    def _failures(self, runs: Sequence[SpaceRun]) -> None:
        """At most `MAX_LINES` in all; warnings for whoever looks on."""
        said = text.failures(runs, MAX_LINES)
        said += [f"{run.key}: warning: {notice}" for run in runs for notice in run.notices]
        if self.verbose or (sys.stderr.isatty() and not self.quiet):
            said += [f"{run.key}: warning: {warning}" for run in runs for warning in run.warnings]
        for line in said[:MAX_LINES]:
            print(self.redacting.redact(well_formed(" ".join(line.splitlines()))), file=sys.stderr)


def _run(work: Callable[[Progress], Coroutine[Any, Any, list[SpaceRun]]], talk: _Talk) -> Exit:
    """Do it, stop cleanly on a signal, say what came of it."""
    if talk.verbose:
        log_to_stderr(logging.DEBUG, talk.redacting)
    with talk.progress() as progress, _redacted(talk.redacting):
        runs = _to_its_end(work(progress))
    talk.result(runs)
    return program.exit_code(runs)


@contextlib.contextmanager
def _redacted(redacting: Redacting) -> Iterator[None]:
    """What a run ends with before it has a summary goes through the same filter."""
    try:
        yield
    except ExportError as exc:
        exc.args = (redacting.redact(str(exc)),)
        raise


def _to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """Or to a signal's, which it is cancelled with."""

    async def interruptible() -> T:
        task = asyncio.ensure_future(work)
        for number, code in signals.wanted().items():
            asyncio.get_running_loop().add_signal_handler(number, task.cancel, code)
        return await task

    try:
        return asyncio.run(interruptible())
    except asyncio.CancelledError as exc:  # before or after the work itself
        raise Interrupted(exc.args[0] if exc.args else Exit.INTERRUPTED) from None
    finally:
        signals.arm()


@contextlib.contextmanager
def _stdout_may_close() -> Iterator[None]:
    """That nobody reads any more, or can, is no reason to call a run a failure."""
    try:
        yield
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _print_json(code: Exit, spaces: list[dict[str, Any]], error: str | None = None) -> None:
    print(json.dumps({"exit_code": int(code), "error": error, "spaces": spaces}, indent=2))


def _prepare_streams() -> None:
    """Survive what cron hands us: closed descriptors, an ASCII locale."""
    if sys.getfilesystemencoding() != "utf-8":  # file names would not be those of another night
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:  # else the next file opened would take its number
            os.open(os.devnull, os.O_RDWR)
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115, PTH123 — open as long as the process
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115, PTH123
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def run(arguments: Sequence[str] | None = None) -> Exit:
    """Parse, run, and say what came of it: one of `errors.Exit`, never a traceback."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    _prepare_streams()
    try:
        with _stdout_may_close():
            code = cli(arguments, exit_on_error=False, print_error=False)
            return code if isinstance(code, Exit) else Exit.OK  # --help and --version return nothing
        return Exit.OK  # of --help, which somebody stopped reading
    except CycloptsError as exc:
        return _failed(Exit.USAGE, str(exc), arguments)
    except ExportError as exc:
        return _failed(exc.exit, str(exc), arguments)
    except Exception as exc:
        logging.getLogger(__name__).debug("internal error", exc_info=True)
        return _failed(Exit.BUG, f"internal error ({type(exc).__name__}): a bug", arguments)


def _failed(code: Exit, text: str, arguments: Sequence[str]) -> Exit:
    with _stdout_may_close():
        if "--json" in arguments:
            _print_json(code, [], text)
    print(f"confluence-export: {text}", file=sys.stderr)
    return code
