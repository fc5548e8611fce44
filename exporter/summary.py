"""What a run on one space came to: the exit code, and the summary for people and monitors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from importlib.metadata import version
from typing import Any

from exporter.crawl.report import Report
from exporter.errors import Exit, ExportError, rank, worst
from exporter.logs import Redacting
from exporter.model import Space

SCHEMA = 1
VERSION = version("confluence-export")


@dataclass
class SpaceRun:
    """The run on one space, as far as it got; filled while it runs."""

    key: str
    started: datetime
    report: Report
    redacting: Redacting
    space: Space | None = None
    ended: datetime | None = None
    error: ExportError | None = None
    skipped: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    notices: list[str] = field(
        default_factory=list
    )  # warnings that somebody should read although all went well
    requests: int = 0
    received: int = 0  # bytes
    throttled: int = 0
    site: Mapping[str, int] | None = None  # what rendering came to
    markdown: Mapping[str, int] | None = None
    kept: Exit | None = None  # the code in the summary on disk

    def fail(self, error: ExportError) -> None:
        """Note what ends the run. The worst is its error, whenever it came; the others are warnings."""
        less: ExportError | None = error
        if self.error is None or rank(error) < rank(self.error):
            less, self.error = self.error, error
        if less is not None and str(less) != str(self.error):
            self.warnings.append(f"besides: {less}")

    @property
    def exit(self) -> Exit:
        """The worst of everything that happened."""
        return worst(
            [
                self.error.exit if self.error else Exit.OK,
                Exit.UNAVAILABLE if self.report.faults else Exit.OK,
                Exit.WITHHELD if self.report.withheld else Exit.OK,
                Exit.PARTIAL if self.report.failures or self.report.not_granted else Exit.OK,
            ]
        )

    def document(self) -> dict[str, Any]:
        """`last-run.json`. Keys may be added, never changed."""
        report = self.report
        document: dict[str, Any] = {
            "schema": SCHEMA,
            "version": VERSION,
            "space": self.key,
            "space_id": self.space.id if self.space else None,
            "space_name": self.space.name if self.space else None,
            "started": self.started.isoformat(timespec="seconds"),
            "ended": self.ended.isoformat(timespec="seconds") if self.ended else None,
            "exit_code": int(self.exit),
            "complete": self.exit is Exit.OK,
            "error": str(self.error) if self.error else None,
            "counts": {str(kind): dict(counts) for kind, counts in report.counts.items()},
            "missing": {str(kind): dict(states) for kind, states in report.missing.items()},
            "newly_missing": [asdict(loss) for loss in report.newly_missing],
            "retired": [asdict(each) for each in report.retired],
            "withheld": [asdict(each) for each in report.withheld],
            "listings": {name: dict(outcomes) for name, outcomes in report.listings.items()},
            "routes": report.routes,
            "checked_within_runs": report.within,
            "skipped": self.skipped,
            "unknown": dict(report.unknown),
            "failures": [asdict(failure) for failure in report.failures],
            "faults": report.faults,
            "not_granted": report.not_granted,
            "warnings": [*self.notices, *self.warnings, *report.warnings],
            "requests": self.requests,
            "bytes_received": self.received,
            "throttled": self.throttled,
            "site": dict(self.site) if self.site is not None else None,
            "markdown": dict(self.markdown) if self.markdown is not None else None,
        }
        if report.keep_actions:
            document["plan"] = [asdict(action) for action in report.actions]
        redacted: dict[str, Any] = self.redacting.redact_all(document)
        return redacted

    def _withheld(self) -> list[str]:
        if not self.report.withheld:
            return []
        counts = Counter(each.kind for each in self.report.withheld)
        of = self.report.withheld_of
        what = ", ".join(f"{count} of {of.get(kind, count)} {kind}s" for kind, count in counts.items())
        return [
            f"{what} look deleted in Confluence, which is suspiciously much: they were kept. Look what "
            f"happened there; --accept-deletions {counts.total()} lets them go to the trash"
        ]

    def problems(self) -> list[str]:
        """What is wrong, in sentences: first the cause and what to do, then everything that is missing."""
        report = self.report
        lines = [str(self.error)] if self.error else []
        lines += self._withheld()
        lines += [*report.faults, *report.not_granted]
        if report.failures:
            lines.append(
                f"{len(report.failures)} items could not be mirrored; good copies of before were kept, "
                "the next run tries again:"
            )
        lines += [
            f"{failure.kind} {failure.id} {failure.title!r}: {failure.reason}" for failure in report.failures
        ]
        return lines
