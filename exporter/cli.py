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
from typing import Annotated, Any, Literal

from cyclopts import App, CycloptsError, Group, Parameter
from rich.console import Console
from rich.filesize import decimal
from rich.table import Table

from exporter import app as program
from exporter import signals
from exporter.app import Options
from exporter.config import load
from exporter.errors import Exit, ExportError, Interrupted, UsageError
from exporter.layout import well_formed
from exporter.logs import Redacting, log_to_stderr
from exporter.model import Kind, Part
from exporter.progress import Progress, Silent, live
from exporter.summary import SpaceRun

MAX_LINES = 20  # of a failure on stderr: it becomes somebody's mail
EXIT_CODES = "Exit codes:\n\n" + "\n".join(f"- {code.value}: {code.meaning}" for code in Exit)

RUN = Group("Run", sort_key=1)
WANTED = Group("What is mirrored", sort_key=2)
KINDS = {kind: f"{kind}s" for kind in Kind} | {
    Kind.SPACE: "the space",
    Kind.BLOGPOST: "blog posts",
    Kind.CUSTOM_CONTENT: "custom content",
    Kind.VERSION: "former versions",
    Kind.OTHER: "of unknown types",
}

ACCESS = Group("Access", sort_key=3)
OUTPUT = Group("Output", sort_key=4)

cli = App(
    name="confluence-export",
    help="Mirror Confluence Cloud spaces to disk with a scoped, read-only API token.",
    help_epilogue=EXIT_CODES,
    help_format="markdown",
    version=version("confluence-export"),
    usage="Usage: confluence-export --space ENG ./out\n       confluence-export demo ./out",
    default_parameter=Parameter(negative=(), show_default=False),
    result_action="return_value",
)


def _flag(group: Group, help_text: str) -> Parameter:
    return Parameter(group=group, help=help_text)


Quiet = Annotated[bool, Parameter(name=["--quiet", "-q"], group=OUTPUT, help="Print nothing but failures.")]
Verbose = Annotated[bool, Parameter(name=["--verbose", "-v"], group=OUTPUT, help="Log every step to stderr.")]
Json = Annotated[bool, Parameter(name="--json", group=OUTPUT, help="Print the summary as one JSON document.")]


@cli.default
def export(
    out: Annotated[Path | None, Parameter(help="Output folder; each space gets a folder in it.")] = None,
    /,
    *,
    space: Annotated[list[str] | None, _flag(WANTED, "Key of a space; repeat it for more.")] = None,
    all_spaces: Annotated[bool | None, _flag(WANTED, "Every space the token sees.")] = None,
    include_spaces: Annotated[str | None, _flag(WANTED, "Of those only keys like these: `ENG,DOC*`.")] = None,
    exclude_spaces: Annotated[str | None, _flag(WANTED, "Of those not keys like these.")] = None,
    personal_spaces: Annotated[bool | None, _flag(WANTED, "Of those also the personal ones.")] = None,
    page: Annotated[str | None, _flag(WANTED, "Only the page (or folder) with this id.")] = None,
    with_descendants: Annotated[bool | None, _flag(WANTED, "And all pages below it.")] = None,
    label: Annotated[list[str] | None, _flag(WANTED, "Only what has this label, or another named.")] = None,
    exclude_label: Annotated[list[str] | None, _flag(WANTED, "Nothing that has this label.")] = None,
    skip: Annotated[list[str] | None, _flag(WANTED, f"Parts to leave out: {', '.join(Part)}.")] = None,
    custom_content_types: Annotated[
        str | None, _flag(WANTED, "Types of custom content that the search doesn't find.")
    ] = None,
    history: Annotated[str | None, _flag(WANTED, "Former versions to keep: `all`, or how many (0).")] = None,
    raw: Annotated[str | None, _flag(WANTED, "Formats of bodies: `storage`, or `storage,adf`.")] = None,
    full: Annotated[
        bool | None,
        Parameter(
            group=WANTED,
            negative="--no-full",
            help="Compare every body with what is held, changed or not (the default).",
        ),
    ] = None,
    workers: Annotated[int | None, _flag(RUN, "Requests under way at once (8).")] = None,
    max_wait: Annotated[str | None, _flag(RUN, "Longest wait Confluence may ask for (60m).")] = None,
    give_up_after: Annotated[str | None, _flag(RUN, "End when nothing succeeded for so long (5m).")] = None,
    mode: Annotated[str | None, _flag(RUN, "Mode of new files (600); folders follow.")] = None,
    dry_run: Annotated[bool, _flag(RUN, "Print what would be done; write nothing.")] = False,
    accept_identity: Annotated[bool, _flag(RUN, "Continue a mirror made with another account.")] = False,
    site: Annotated[str | None, _flag(ACCESS, "`acme`, `acme.atlassian.net` or a URL.")] = None,
    email: Annotated[str | None, _flag(ACCESS, "Whose token it is.")] = None,
    auth_kind: Annotated[
        Literal["auto", "scoped", "unscoped", "bearer"] | None,
        _flag(ACCESS, "How the token is used (auto). The token itself is never a flag."),
    ] = None,
    cloud_id: Annotated[str | None, _flag(ACCESS, "The site's cloud id; found by itself.")] = None,
    gateway_url: Annotated[str | None, _flag(ACCESS, "Atlassian's API gateway.")] = None,
    media_hosts: Annotated[str | None, _flag(ACCESS, "Hosts a download may be redirected to.")] = None,
    proxy: Annotated[str | None, _flag(ACCESS, "Proxy URL; the environment's is not used.")] = None,
    ca_file: Annotated[Path | None, _flag(ACCESS, "A private CA's certificates.")] = None,
    config: Annotated[Path | None, _flag(ACCESS, "Settings from this TOML file.")] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    as_json: Json = False,
) -> Exit:
    """Mirror one or more spaces.

    Every option but --config, --dry-run, --accept-identity and those of "Output" can also stand in
    the file, as `media_hosts`, or in the environment, as `CONFLUENCE_MEDIA_HOSTS`. Flags win over
    the environment, the environment over the file. The token comes as `CONFLUENCE_API_TOKEN`.
    """
    flags: dict[str, Any] = {
        "space": space,
        "all_spaces": all_spaces,
        "include_spaces": include_spaces,
        "exclude_spaces": exclude_spaces,
        "personal_spaces": personal_spaces,
        "page": page,
        "with_descendants": with_descendants,
        "label": label,
        "exclude_label": exclude_label,
        "skip": skip,
        "custom_content_types": custom_content_types,
        "history": history,
        "raw": raw,
        "full": full,
        "workers": workers,
        "max_wait": max_wait,
        "give_up_after": give_up_after,
        "mode": mode,
        "site": site,
        "email": email,
        "auth": {"kind": auth_kind} if auth_kind else None,
        "cloud_id": cloud_id,
        "gateway_url": gateway_url,
        "media_hosts": media_hosts,
        "proxy": proxy,
        "ca_file": ca_file,
        "out": out,
    }
    settings = load({name: value for name, value in flags.items() if value is not None}, file=config)
    if settings.out is None:
        raise UsageError("no output folder: confluence-export --space ENG ./out")
    if not (settings.space or settings.all_spaces or settings.page):
        raise UsageError(
            "no space: name one by --space ENG, CONFLUENCE_SPACE, or space in a --config file; "
            "or take --all-spaces"
        )
    out = settings.out
    options = Options(dry_run=dry_run, accept_identity=accept_identity)
    return _run(
        lambda progress: program.export(settings, out, options=options, progress=progress),
        _Talk(quiet=quiet, verbose=verbose, as_json=as_json, secrets=settings.secrets(), plan=dry_run),
    )


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

    talk = _Talk(quiet=quiet, verbose=verbose, as_json=as_json, secrets=())
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
    secrets: Sequence[str]
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
                    _print_plan(run)
            elif sys.stdout.isatty() and not self.quiet:
                Console().print(_table(runs))
        self._failures(runs)

    def _failures(self, runs: Sequence[SpaceRun]) -> None:
        """At most `MAX_LINES` in all, each space's cause first; warnings for whoever looks on."""
        clean = Redacting(self.secrets).redact
        failed = [run for run in runs if run.exit is not Exit.OK]
        share = max(1, MAX_LINES // max(1, len(failed)) - 1)
        said = [line for run in failed for line in _sentences(run, share)]
        if self.verbose or (sys.stderr.isatty() and not self.quiet):
            said += [f"{run.key}: warning: {warning}" for run in runs for warning in run.warnings]
        for line in said[:MAX_LINES]:
            print(clean(well_formed(" ".join(line.splitlines()))), file=sys.stderr)


def _sentences(run: SpaceRun, most: int) -> list[str]:
    lines = run.problems()
    if len(lines) > most:
        lines[max(1, most - 1) :] = [f"… and {len(lines) - most + 1} more, in last-run.json"] * (most > 1)
    return [f"{run.key}: {line}" for line in [*lines, f"exit {run.exit.value}: {run.exit.meaning}"]]


def _run(work: Callable[[Progress], Coroutine[Any, Any, list[SpaceRun]]], talk: _Talk) -> Exit:
    """Do it, stop cleanly on a signal, say what came of it."""
    if talk.verbose:
        log_to_stderr(logging.DEBUG, talk.secrets)

    async def interruptible() -> list[SpaceRun]:
        task = asyncio.ensure_future(work(progress))
        for number, code in signals.wanted().items():
            asyncio.get_running_loop().add_signal_handler(number, task.cancel, code)
        return await task

    try:
        with talk.progress() as progress:
            runs = asyncio.run(interruptible())
    except asyncio.CancelledError as exc:  # before or after the export itself
        raise Interrupted(exc.args[0] if exc.args else Exit.INTERRUPTED) from None
    finally:
        signals.arm()
    talk.result(runs)
    return program.exit_code(runs)


@contextlib.contextmanager
def _stdout_may_close() -> Iterator[None]:
    """That nobody reads any more is no reason to call a run a failure."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _print_json(code: Exit, spaces: list[dict[str, Any]], error: str | None = None) -> None:
    print(json.dumps({"exit_code": int(code), "error": error, "spaces": spaces}, indent=2))


def _print_plan(run: SpaceRun) -> None:
    for action in run.report.actions:
        print(f"{run.key}: {action.verb} {action.kind} {action.id} {well_formed(action.title)!r}")
    unchanged = sum(counts["unchanged"] for counts in run.report.counts.values())
    print(f"{run.key}: {len(run.report.actions)} things to do, {unchanged} unchanged")


def _table(runs: Sequence[SpaceRun]) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in ("space", "what"):
        table.add_column(column)
    verbs = ("new", "changed", "damaged", "updated", "unchanged", "missing")
    for column in verbs:
        table.add_column(column, justify="right")
    for run in runs:
        for kind, counts in run.report.counts.items():
            if counts.total():
                table.add_row(run.key, KINDS[kind], *(str(counts[verb] or "") for verb in verbs))
    requests, received = sum(run.requests for run in runs), sum(run.received for run in runs)
    table.caption = f"{requests} requests, {decimal(received)} received"
    return table


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
