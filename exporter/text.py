"""What a user reads: tables and sentences. Nothing here prints."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from rich.filesize import decimal
from rich.table import Table

from exporter.check import Diagnosis
from exporter.confluence import scopes
from exporter.errors import Exit
from exporter.layout import well_formed
from exporter.mirror.verify import Damage
from exporter.model import Kind, Part
from exporter.rendering import Rendering
from exporter.summary import SpaceRun
from exporter.verifying import Verification

KINDS = {kind: f"{kind}s" for kind in Kind} | {
    Kind.SPACE: "the space",
    Kind.BLOGPOST: "blog posts",
    Kind.CUSTOM_CONTENT: "custom content",
    Kind.VERSION: "former versions",
    Kind.OTHER: "of unknown types",
}
WIDTH = 100
MAX_EXTRA = 20
_WHERE_TO_TICK = [
    "Scopes can't be added to a token. Make a new one, and tick exactly these:",
    f"{scopes.TOKEN_PAGE}",
    "(Create API token with scopes, app Confluence; of a service account: https://admin.atlassian.com)",
]
_EITHER = (
    "The classic ones (read:confluence-…, search:confluence, readonly:…) stand in for granular ones at the "
    "older endpoints. Which kind opens those isn't known beforehand; both can only read."
)


def counts(runs: Sequence[SpaceRun]) -> Table:
    """What the runs did, a line for each kind."""
    table = Table(box=None, pad_edge=False)
    for column in ("space", "what"):
        table.add_column(column)
    verbs = ("new", "changed", "damaged", "updated", "unchanged", "missing", "retired")
    for column in verbs:
        table.add_column(column, justify="right")
    for run in runs:
        for kind, counted in run.report.counts.items():
            if counted.total():
                table.add_row(run.key, KINDS[kind], *(str(counted[verb] or "") for verb in verbs))
    requests, received = sum(run.requests for run in runs), sum(run.received for run in runs)
    table.caption = f"{requests} requests, {decimal(received)} received"
    return table


def plan(run: SpaceRun) -> list[str]:
    """What a dry run would have done."""
    lines = [
        f"{run.key}: {action.verb} {action.kind} {action.id} {well_formed(action.title)!r}"
        for action in run.report.actions
    ]
    unchanged = sum(counted["unchanged"] for counted in run.report.counts.values())
    return [*lines, f"{run.key}: {len(run.report.actions)} things to do, {unchanged} unchanged"]


def failures(runs: Sequence[SpaceRun], most: int) -> list[str]:
    """At most so many lines in all, each space's cause first."""
    failed = [run for run in runs if run.exit is not Exit.OK]
    share = max(1, most // max(1, len(failed)) - 1)
    return [line for run in failed for line in _sentences(run, share)]


def _sentences(run: SpaceRun, most: int) -> list[str]:
    lines = run.problems()
    if len(lines) > most:
        lines[max(1, most - 1) :] = [f"… and {len(lines) - most + 1} more, in last-run.json"] * (most > 1)
    return [f"{run.key}: {line}" for line in [*lines, f"exit {run.exit.value}: {run.exit.meaning}"]]


def verified(results: Sequence[Verification]) -> list[str]:
    """A line for each mirror that could be looked at, and what is too much in it."""
    lines = []
    for result in results:
        if result.found is None:
            continue
        found, damages = result.found, len(result.damages)
        how = f"{damages} of them not as recorded" if damages else "all as recorded"
        lines.append(f"{result.space}: {found.checked} files, {decimal(found.size)}, {how}")
        shown = [f"{result.space}: {path}: not of the mirror" for path in found.extra[:MAX_EXTRA]]
        more = len(found.extra) - len(shown)
        lines += [*shown, *([f"{result.space}: … and {more} more, shown by --json"] if more else [])]
    return lines


def rendered(done: Sequence[Rendering], out: Path) -> list[str]:
    """A line for each site, and what to open."""
    lines = [
        f"{each.space}: {each.made.pages} pages, {each.made.rendered} of them rendered, "
        f"{each.made.written} files written, {each.made.removed} removed"
        for each in done
        if each.made is not None
    ]
    lines += [
        f"{each.space}: markdown: {each.markdown.pages} pages, {each.markdown.rendered} of them rendered, "
        f"{each.markdown.written} files written, {each.markdown.removed} removed"
        for each in done
        if each.markdown is not None
    ]
    return [*lines, f"open {out / 'index.html'}"] if lines else []


def damages(results: Sequence[Verification], most: int) -> list[str]:
    """What is wrong with mirrors and what to do, at most so many lines in all."""
    wrong = [result for result in results if result.exit is not Exit.OK]
    share = max(2, most // max(1, len(wrong)))
    lines = []
    for result in wrong:
        said = [str(result.error)] if result.error else [*_named(result.damages, share - 1)]
        said.append(f"exit {result.exit.value}: {result.exit.meaning}")
        lines += [f"{result.space}: {line}" for line in said]
    return lines[:most]


def _named(damages: Sequence[Damage], most: int) -> list[str]:
    """First the remedy, then each file."""
    last = [damage for damage in damages if damage.is_last]
    healable = [damage for damage in damages if not damage.is_last]
    parts = (
        (healable, "not as recorded; the next export fetches them anew"),
        (last, "not as recorded, and Confluence no longer has them: put them back from another copy"),
    )
    lines = [
        line
        for some, remedy in parts
        if some
        for line in (f"{_files(len(some))} {remedy}:", *(f"{damage.path} {damage.reason}" for damage in some))
    ]
    if len(lines) > most:
        lines[max(1, most - 1) :] = ["… and more, all of them shown by --json"] * (most > 1)
    return lines


def _files(number: int) -> str:
    return f"{number} file{'s' * (number != 1)}"


def diagnosis(found: Diagnosis) -> list[str]:
    """The ladder, what is wrong with it, and what to tick."""
    lines = _columns([(rung.what, rung.status, rung.answer) for rung in found.rungs])
    sentences = [f"{rung.what}: {rung.said}" for rung in found.rungs if rung.said]
    for sentence in [*sentences, *(f"note: {remark}." for remark in found.remarks)]:
        lines += ["", *_wrapped(sentence)]
    ticked = found.to_tick
    lines += ["", *(_advice(ticked, found.options.skip) if ticked else least(found.options.skip))]
    return [*lines, "", f"exit {found.exit.value}: {found.meaning}"]


def _advice(ticked: Sequence[str], skip: Iterable[Part]) -> list[str]:
    skipped = set(skip)
    purposes = {**scopes.least(skipped), **scopes.alternatives(skipped)}
    lines = [*_WHERE_TO_TICK, "", *_with_purposes({scope: purposes[scope] for scope in ticked})]
    if not set(ticked).isdisjoint(scopes.alternatives(skipped)) and set(ticked).issuperset(
        scopes.least(skipped)
    ):
        lines += ["", *_wrapped(_EITHER)]
    return lines


def least(skip: Iterable[Part]) -> list[str]:
    """The smallest set of scopes."""
    skipped = set(skip)
    return [
        "The smallest set of scopes for these options, by Atlassian's documents:",
        "",
        *_with_purposes(scopes.least(skipped)),
        "",
        "Where a site doesn't open the older endpoints to these (`confluence-export check` tells), tick too:",
        "",
        *_with_purposes(scopes.alternatives(skipped)),
        "",
        *_WHERE_TO_TICK[1:],
    ]


def _with_purposes(found: Mapping[str, Sequence[str]]) -> list[str]:
    return [f"  {line}" for line in _columns([(scope, ", ".join(for_)) for scope, for_ in found.items()])]


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max((len(row[at]) for row in rows), default=0) for at in range(len(rows[0]) if rows else 0)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def _wrapped(sentence: str) -> list[str]:
    return textwrap.wrap(sentence, WIDTH, break_long_words=False, break_on_hyphens=False)
