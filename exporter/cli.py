"""The command line: flags, help, exit codes. The only module that prints."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, TypeVar

from cyclopts import App, CycloptsError, Parameter, validators
from rich.console import Console

from exporter import app as program
from exporter import check as ladder
from exporter import descriptors, forms, rendering, signals, streams, text, verifying
from exporter import status as monitor
from exporter.app import Options
from exporter.clock import SystemClock
from exporter.config import LogFormat, load, load_selection
from exporter.errors import Exit, ExportError, Interrupted, UsageError
from exporter.layout import well_formed
from exporter.logs import Redacting, is_json_log, log_to_stderr
from exporter.options import (
    NO_ACCESS,
    NO_LOG,
    NO_RUN,
    NO_WANTED,
    OUTPUT,
    RUN,
    AccessFlags,
    Config,
    Json,
    LogFlags,
    Quiet,
    RunFlags,
    Spaces,
    Subset,
    Verbose,
    WantedFlags,
    flag,
    given,
)
from exporter.progress import Progress, Silent, live
from exporter.summary import SpaceRun

log = logging.getLogger(__name__)

T = TypeVar("T")

MAX_LINES = 20  # of a failure on stderr: it becomes somebody's mail
EXIT_CODES = "Exit codes:\n\n" + "\n".join(f"- {code.value}: {code.meaning}" for code in Exit)
LEVELS = "Exit codes:\n\n- 0: OK\n- 1: warning\n- 2: critical\n- 3: unknown"

cli = App(
    name="confluence-export",
    help="Mirror Confluence Cloud spaces to disk with a scoped, read-only API token.",
    help_epilogue=EXIT_CODES,
    help_format="markdown",
    version=version("confluence-export"),
    usage="Usage: confluence-export --space ENG ./out\n"
    "       confluence-export check --space ENG\n"
    "       confluence-export verify ./out\n"
    "       confluence-export render ./out\n"
    "       confluence-export status ./out\n"
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
    accept_deletions: Annotated[
        int,
        Parameter(validator=validators.Number(gte=0)),
        flag(RUN, "Let so many withheld deletions pass, this once."),
    ] = 0,
    accept_identity: Annotated[bool, flag(RUN, "Continue a mirror of another account or site.")] = False,
    access: AccessFlags = NO_ACCESS,
    config: Config = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    log_flags: LogFlags = NO_LOG,
    as_json: Json = False,
) -> Exit:
    """Mirror one or more spaces.

    Every option but --config, --dry-run, those that accept something and those of "Output" can also stand in
    the file, as `media_hosts`, or in the environment, as `CONFLUENCE_MEDIA_HOSTS`. Flags win over
    the environment, the environment over the file. The token comes as `CONFLUENCE_API_TOKEN`.
    """
    flags = given(wanted, run, access, log_flags)
    settings = load(flags | ({"out": out} if out else {}), file=config)
    if settings.out is None:
        raise UsageError("no output folder: confluence-export --space ENG ./out")
    if not (settings.space or settings.all_spaces or settings.page):
        raise UsageError(
            "no space: name one by --space ENG, CONFLUENCE_SPACE, or space in a --config file; "
            "or take --all-spaces"
        )
    out = settings.out
    options = Options(dry_run=dry_run, accept_identity=accept_identity, accept_deletions=accept_deletions)
    redacting = Redacting(settings.secrets())
    talk = _Talk(
        quiet=quiet,
        verbose=verbose,
        as_json=as_json,
        log_format=settings.log_format,
        redacting=redacting,
        plan=dry_run,
    )
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
    log_flags: LogFlags = NO_LOG,
    as_json: Json = False,
) -> Exit:
    """Say what the token opens, what it doesn't, and what to do about it.

    One request for each kind of endpoint that the options need, down to one download; nothing is
    written. Ends with 0 if all is granted, 3 if something is not, 7, 10 or 12 as an export would.
    """
    flags = given(wanted, access, log_flags)
    if least:
        selection = load_selection(flags, file=config)
        if as_json:
            print(json.dumps(ladder.least_document(selection), indent=2))
        else:
            print(*text.least(selection.skip), sep="\n")
        return Exit.OK
    settings = load(flags, file=config)
    redacting = Redacting(settings.secrets())
    _start_log(verbose=verbose, log_format=settings.log_format, redacting=redacting)
    with _redacted(redacting):
        diagnosis = _to_its_end(ladder.check(settings, redacting=redacting))
    signals.settle(diagnosis.exit)
    if as_json:
        print(json.dumps(redacting.redact_all(diagnosis.document()), indent=2))
    else:
        print(*map(redacting.redact, text.diagnosis(diagnosis)), sep="\n")
    return diagnosis.exit


@cli.command
def verify(
    out: Annotated[Path, Parameter(help="Output folder.")],
    /,
    *,
    space: Spaces = None,
    subset: Subset = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    as_json: Json = False,
) -> Exit:
    """Compare every file of the mirrors with the size and SHA-256 that were recorded.

    No network, no token. Damaged and missing files are named, and marked, so that the next export
    fetches them anew, and only them; below raw/ also what isn't the mirror's. Ends with 0 if all is
    well, 14 if not, 10 without a mirror, 11 while a run works on one.
    """
    if verbose:
        log_to_stderr(logging.DEBUG, Redacting(()))
    results = _to_its_end(verifying.verify_all(out, space or (), subset))
    code = verifying.exit_code(results)
    if as_json:
        _print_json(code, [result.document() for result in results])
    elif verbose or (sys.stdout.isatty() and not quiet):
        print(*map(_one_line, text.verified(results)), sep="\n")
    for line in text.damages(results, MAX_LINES):
        print(_one_line(line), file=sys.stderr)
    return code


@cli.command
def render(
    out: Annotated[Path, Parameter(help="Output folder.")],
    /,
    *,
    space: Spaces = None,
    markdown: Annotated[bool, flag(RUN, "Also write markdown/, for MkDocs and Obsidian.")] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    as_json: Json = False,
) -> Exit:
    """Make the offline sites anew from the originals; what hasn't changed is left as it is.

    No network, no token. An export does the same at its end. Ends with 0, or as an export would: 6 when
    the disk refuses, 10 without a mirror, 11 while a run works on one.
    """
    if verbose:
        log_to_stderr(logging.DEBUG, Redacting(()))
    done = _to_its_end(rendering.render_all(out, space or (), markdown=markdown))
    code = rendering.exit_code(done)
    if as_json:
        _print_json(code, [each.document() for each in done])
    elif verbose or (sys.stdout.isatty() and not quiet):
        print(*map(_one_line, text.rendered(done, out)), sep="\n")
    for each in done:
        for told in (*each.warnings, *([each.error] if each.error else [])):
            print(_one_line(f"{each.space}: {told}"), file=sys.stderr)
    return code


@cli.command(help_epilogue=LEVELS)
def status(
    out: Annotated[Path, Parameter(help="Output folder.")],
    /,
    *,
    space: Spaces = None,
    max_age: Annotated[str, flag(RUN, "How long ago the last run may have ended (26h).")] = "26h",
    as_json: Json = False,
) -> monitor.Level:
    """Say for a monitor how the last runs ended; one line for each space.

    Ends with 0 if all is well, 1 for a warning, 2 for a mirror that is too old or whose runs fail, 3 if
    that can't be told. Reads only the summaries: it works while a run is under way.
    """
    try:
        age = timedelta(seconds=forms.seconds(max_age))
    except (ValueError, OverflowError) as exc:
        raise UsageError(f"--max-age: {exc}") from exc
    found = monitor.look(out, space or (), max_age=age, now=SystemClock().now())
    level = monitor.worst(found)
    if as_json:
        _print_json(level, [each.document() for each in found])
    else:
        print(*(_one_line(each.line) for each in found), sep="\n")
    return level


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
        print(sample.what_next(out))
    return code


@dataclass(frozen=True)
class _Talk:
    """What a run says, to whom: a person at a terminal, a cron mail, a machine."""

    quiet: bool
    verbose: bool
    as_json: bool
    redacting: Redacting
    log_format: LogFormat = "text"
    plan: bool = False

    @contextlib.contextmanager
    def progress(self) -> Iterator[Progress]:
        console = Console(stderr=True)
        if self.quiet or self.verbose or self.log_format == "json" or not console.is_terminal:
            yield Silent()
        else:
            with live(console) as bars:
                yield bars

    def result(self, runs: Sequence[SpaceRun]) -> None:
        if self.as_json:
            _print_json(program.exit_code(runs), [run.document() for run in runs])
        elif self.plan and not self.quiet:
            for run in runs:
                print(*text.plan(run), sep="\n")
        elif sys.stdout.isatty() and not self.quiet:
            Console().print(text.counts(runs))
        if self.log_format == "json":
            _log_problems(runs)
        else:
            self._failures(runs)

    def _failures(self, runs: Sequence[SpaceRun]) -> None:
        """At most `MAX_LINES` in all; warnings for whoever looks on."""
        said = text.failures(runs, MAX_LINES)
        said += [f"{run.key}: warning: {notice}" for run in runs for notice in run.notices]
        if self.verbose or (sys.stderr.isatty() and not self.quiet):
            warnings = [(run.key, each) for run in runs for each in [*run.warnings, *run.report.warnings]]
            said += [f"{key}: warning: {warning}" for key, warning in warnings]
        for line in said[:MAX_LINES]:
            print(self.redacting.redact(_one_line(line)), file=sys.stderr)


def _log_problems(runs: Sequence[SpaceRun]) -> None:
    """All of them: a machine reads it."""
    for run in runs:
        where = {"space": run.key}
        if run.error is not None:
            log.error("ended: %s", run.error, extra=where)
        for fault in run.report.faults:
            log.error("incomplete: %s", fault, extra=where)
        for scope in run.report.not_granted:
            log.error("not granted: %s", scope, extra=where)
        for each in run.report.failures:
            log.error("failed: %s %s %r: %s", each.kind, each.id, each.title, each.reason, extra=where)
        for warning in [*run.notices, *run.warnings]:
            log.warning("warning: %s", warning, extra=where)


def _run(work: Callable[[Progress], Coroutine[Any, Any, list[SpaceRun]]], talk: _Talk) -> Exit:
    """Do it, stop cleanly on a signal, say what came of it."""
    _start_log(verbose=talk.verbose, log_format=talk.log_format, redacting=talk.redacting)
    with talk.progress() as progress, _redacted(talk.redacting):
        runs = _to_its_end(work(progress))
    code = program.exit_code(runs)
    signals.settle(code)
    talk.result(runs)
    return code


def _start_log(*, verbose: bool, log_format: LogFormat, redacting: Redacting) -> None:
    if verbose or log_format == "json":
        level = logging.DEBUG if verbose else logging.INFO
        log_to_stderr(level, redacting, as_json=log_format == "json")


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
        loop, task = asyncio.get_running_loop(), asyncio.ensure_future(work)

        def stop(code: Exit) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended, and what it did stands
                loop.call_soon_threadsafe(task.cancel, code)

        signals.pass_to(stop)
        try:
            return await task
        finally:
            if signals.received() is not None:  # a name that is still being looked up is not waited for
                loop.set_default_executor(ThreadPoolExecutor(1))

    signals.hold()
    try:
        return asyncio.run(interruptible())
    except asyncio.CancelledError as exc:  # before or after the work itself
        raise Interrupted(signals.received() or Exit.INTERRUPTED) from exc
    finally:
        signals.release()


def _one_line(text: str) -> str:
    return well_formed(" ".join(text.splitlines()))


def _print_json(code: int, spaces: list[dict[str, Any]], error: str | None = None) -> None:
    print(json.dumps({"exit_code": int(code), "error": error, "spaces": spaces}, indent=2))


def run(arguments: Sequence[str] | None = None) -> int:
    """Parse, run, and say what came of it: one of `errors.Exit`, or of `status.Level`; never a traceback."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    streams.prepare()
    descriptors.allow_all()
    code = _done(arguments)
    sys.stdout.flush()
    if isinstance(code, Exit):  # the log's last line
        log.info("exit %d: %s", code, code.meaning, extra={"exit_code": int(code)})
    return code


def _done(arguments: Sequence[str]) -> int:
    try:
        code = cli(arguments, exit_on_error=False, print_error=False)
        return code if isinstance(code, int) else Exit.OK  # --help and --version return nothing
    except CycloptsError as exc:
        return _failed(Exit.USAGE, str(exc), arguments)
    except ExportError as exc:
        return _failed(exc.exit, str(exc), arguments)
    except signals.Stopped as stopped:
        return _failed(stopped.code, stopped.code.meaning, arguments)
    except Exception as exc:
        log.debug("internal error", exc_info=True)
        return _failed(Exit.BUG, f"internal error ({type(exc).__name__}): a bug", arguments)


def _failed(code: Exit, text: str, arguments: Sequence[str]) -> Exit:
    """Nothing came of it. Before there are settings, the arguments say how to tell that."""
    signals.settle(code)
    if "--json" in arguments:
        _print_json(code, [], text)
    verbose, as_json = not {"-v", "--verbose"}.isdisjoint(arguments), _wants_json_log(arguments)
    if not logging.getLogger("exporter").handlers:
        _start_log(verbose=verbose, log_format="json" if as_json else "text", redacting=Redacting(()))
    if as_json:
        log.error("%s", text)
    else:
        print(f"confluence-export: {text}", file=sys.stderr)
    return code


def _wants_json_log(arguments: Sequence[str]) -> bool:
    if is_json_log():
        return True
    last = os.environ.get("CONFLUENCE_LOG_FORMAT", "")
    for before, argument in pairwise(["", *arguments]):
        if before == "--log-format" or argument.startswith("--log-format="):
            last = argument.removeprefix("--log-format=")
    return last == "json"
