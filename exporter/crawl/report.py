"""What a crawl did: counts, failures, warnings. Filled while it runs, read when it ends."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from exporter.crawl.plan import Plan
from exporter.model import Failure, Kind


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a run does, or would do: `verb` is new, changed, damaged, updated or missing."""

    verb: str
    kind: Kind
    id: str
    title: str


@dataclass
class Report:
    counts: dict[Kind, Counter[str]] = field(default_factory=dict)
    actions: list[Action] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)  # listings that could not be completed
    not_granted: list[str] = field(default_factory=list)  # what the token's scopes leave out
    keep_actions: bool = False

    def planned(self, kind: Kind, plan: Plan[Any]) -> None:
        counts = self.counts.setdefault(kind, Counter())
        counts["unchanged"] += plan.unchanged
        counts["missing"] += len(plan.missing)
        for verb in ("new", "changed", "damaged", "updated"):
            items = getattr(plan, verb)
            counts[verb] += len(items)
            if self.keep_actions:
                self.actions += [Action(verb, kind, item.id, item.title) for item in items]
        if self.keep_actions:
            self.actions += [
                Action("missing", kind, item_id, held.title)
                for item_id, held in plan.missing.items()
                if held.missing_since is None
            ]

    def failed(self, kind: Kind, item_id: str, title: str, reason: object) -> None:
        self.failures.append(Failure(kind, item_id, title, str(reason)))

    def deny(self, reason: object) -> None:
        """A scope is missing: said once, whatever the number of things it costs."""
        if str(reason) not in self.not_granted:
            self.not_granted.append(str(reason))
