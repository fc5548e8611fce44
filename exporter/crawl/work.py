"""What the jobs of one crawl share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from exporter.crawl.evidence import Candidate, candidates
from exporter.crawl.plan import Missing
from exporter.crawl.protocols import Sink, Source
from exporter.crawl.report import Report
from exporter.crawl.routes import Sweep
from exporter.crawl.wanted import Parts, Policy, Wanted
from exporter.errors import ObstructedError
from exporter.model import ContentInfo, Kind, Part
from exporter.progress import Progress

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Work:
    """`settled` are the ids of contents that already count as new, changed, damaged or updated,
    `candidates` what there is proof against, `came` those that this run has come to, and `due` those of
    which something failed: the next run asks for all that hangs on them. `doubted` are the parts whose
    listing of the whole site left something out.
    """

    source: Source
    sink: Sink
    wanted: Wanted
    parts: Parts
    report: Report
    progress: Progress
    policy: Policy
    sweep: Sweep
    dry_run: bool
    settled: set[str] = field(default_factory=set)
    candidates: list[Candidate] = field(default_factory=list)
    came: set[str] = field(default_factory=set)
    due: set[str] = field(default_factory=set)
    doubted: set[Part] = field(default_factory=set)

    def proved(
        self,
        kind: Kind,
        missing: Mapping[str, Missing],
        *,
        container_kind: Kind | None = None,
        container: str | None = None,
    ) -> None:
        """Take what there is proof enough against for the end of the crawl."""
        self.candidates.extend(
            candidates(
                kind,
                missing,
                now=self.policy.now,
                missing_after=self.policy.missing_after,
                container_kind=container_kind,
                container=container,
            )
        )

    def doubt(self, part: Part, what: str) -> None:
        """A listing of the whole site left out what is there, and was before."""
        if part not in self.doubted:
            self.doubted.add(part)
            self.report.faults.append(
                f"the listing of {part} of the whole site left out {what}: the next runs ask page by page"
            )

    def found(self, verb: str, info: ContentInfo) -> None:
        """Something differs that the listing of the space didn't show."""
        if info.id not in self.settled:
            self.settled.add(info.id)
            self.report.found(verb, info.kind, info)

    async def save(
        self,
        save: Callable[[Sequence[T]], Awaitable[None]],
        items: Sequence[T],
        info_of: Callable[[T], ContentInfo],
    ) -> None:
        """Save several at once; one that something is in the way of costs itself, not the others."""
        if not items:
            return
        try:
            await save(items)
        except ObstructedError as exc:
            if len(items) == 1:
                info = info_of(items[0])
                self.report.failed(info.kind, info.id, info.title, exc)
            else:
                for item in items:
                    await self.save(save, [item], info_of)
