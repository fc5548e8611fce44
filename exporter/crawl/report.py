"""What a crawl did: counts, failures, warnings. Filled while it runs, read when it ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from exporter.crawl.evidence import Candidate
from exporter.crawl.plan import Listed, Plan
from exporter.model import Failure, Kind, Part, State

Outcome = Literal["complete", "incomplete", "not asked"]


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a run does, or would do: `verb` is new, changed, damaged, updated or missing."""

    verb: str
    kind: Kind
    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Loss:
    """Something that was still there in the run before."""

    kind: Kind
    id: str
    title: str
    state: State


@dataclass
class Report:
    """`listings` counts, for each kind and part, how its listings ended; `missing` the states of what
    is missing; `unknown` the types and statuses that this program doesn't know."""

    counts: dict[Kind, Counter[str]] = field(default_factory=dict)
    missing: dict[Kind, Counter[str]] = field(default_factory=dict)
    newly_missing: list[Loss] = field(default_factory=list)
    listings: dict[str, Counter[Outcome]] = field(default_factory=dict)
    unknown: Counter[str] = field(default_factory=Counter)
    actions: list[Action] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)  # listings that could not be completed
    not_granted: list[str] = field(default_factory=list)  # what the token's scopes leave out
    retired: list[Candidate] = field(default_factory=list)
    withheld: list[Candidate] = field(default_factory=list)
    withheld_of: dict[Kind, int] = field(default_factory=dict)  # how much is recorded of each such kind
    warnings: list[str] = field(default_factory=list)
    routes: dict[str, str] = field(default_factory=dict)  # which way parts were found out
    within: int = 1  # runs, in which everything is asked for by itself
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
        news = {item_id: each for item_id, each in plan.missing.items() if each.is_news}
        self.newly_missing += [
            Loss(kind, item_id, each.held.title, each.state) for item_id, each in news.items()
        ]
        if plan.missing:
            self.missing.setdefault(kind, Counter()).update(each.state for each in plan.missing.values())
        if self.keep_actions:
            self.actions += [
                Action("missing", kind, item_id, each.held.title) for item_id, each in news.items()
            ]

    def found(self, verb: str, kind: Kind, item: Listed) -> None:
        """Something that its listing showed as unchanged isn't."""
        counts = self.counts.setdefault(kind, Counter())
        counts["unchanged"] -= 1
        counts[verb] += 1
        if self.keep_actions:
            self.actions.append(Action(verb, kind, item.id, item.title))

    def counted(self, verb: str, kind: Kind, item_id: str, title: str) -> None:
        """One thing that isn't part of any listing."""
        self.counts.setdefault(kind, Counter())[verb] += 1
        if self.keep_actions and verb != "unchanged":
            self.actions.append(Action(verb, kind, item_id, title))

    def listed(self, what: Kind | Part, outcome: Outcome) -> None:
        self.listings.setdefault(what, Counter())[outcome] += 1

    def failed(self, kind: Kind, item_id: str, title: str, reason: object) -> None:
        self.failures.append(Failure(kind, item_id, title, str(reason)))

    def retire(self, each: Candidate) -> None:
        self.retired.append(each)
        self.counted("retired", each.kind, each.id, each.title)

    def withhold(self, some: Sequence[Candidate], recorded: Mapping[Kind, int]) -> None:
        self.withheld += some
        self.withheld_of |= {each.kind: recorded[each.kind] for each in some}

    def warn(self, warning: str) -> None:
        if warning not in self.warnings:
            self.warnings.append(warning)

    def deny(self, reason: object) -> None:
        """A scope is missing: said once, whatever the number of things it costs."""
        if str(reason) not in self.not_granted:
            self.not_granted.append(str(reason))

    def not_known(self, what: str, values: Iterable[str]) -> None:
        """Types and statuses that nobody told us of: kept as they are, and counted."""
        self.unknown.update(f"{what} {value!r}" for value in values)
