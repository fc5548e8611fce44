"""Listing against manifest: what is new, changed, moved, unchanged, missing. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from exporter.model import Held, State, Version


class Listed(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def version(self) -> Version: ...
    @property
    def digest(self) -> bytes: ...


L = TypeVar("L", bound=Listed)


@dataclass(frozen=True, slots=True)
class Missing:
    """Something recorded but no longer listed, and what became of it."""

    held: Held
    state: State

    @property
    def is_news(self) -> bool:
        return self.held.missing_since is None

    @property
    def must_be_noted(self) -> bool:
        return self.held.missing_since is None or self.held.state is not self.state


@dataclass(frozen=True, slots=True)
class Plan(Generic[L]):
    """What to do about one listing."""

    new: Sequence[L]
    changed: Sequence[L]  # another version
    damaged: Sequence[L]  # same version, but a file is gone from the disk
    updated: Sequence[L]  # same version, other metadata: moved, reordered, another owner
    returned: Sequence[str]  # listed, but was missing
    unchanged: int
    missing: Mapping[str, Missing]

    @property
    def to_fetch(self) -> list[L]:
        """Those whose body or file is needed."""
        return [*self.new, *self.changed, *self.damaged]

    @property
    def newly_missing(self) -> dict[str, State]:
        """What has to be noted of those missing."""
        return {item_id: each.state for item_id, each in self.missing.items() if each.must_be_noted}


def make_plan(
    listed: Sequence[L], held: Mapping[str, Held], *, gone: Mapping[str, State], with_data: bool
) -> Plan[L]:
    """Sort a listing's items by what they need. Nothing is missing but what is known to be `gone`."""
    new, changed, damaged, updated, returned = [], [], [], [], []
    unchanged = 0
    for item in listed:
        have = held.get(item.id)
        if have is None:
            new.append(item)
            continue
        if have.missing_since is not None:
            returned.append(item.id)
        if have.version != item.version or (with_data and item.version.number is None):
            # != : numbers fall when an old version is deleted; an unknown one tells nothing
            changed.append(item)
        elif with_data and not have.has_data:
            damaged.append(item)
        elif have.digest != item.digest:
            updated.append(item)
        else:
            unchanged += 1
    missing = {item_id: Missing(held[item_id], state) for item_id, state in gone.items() if item_id in held}
    return Plan(new, changed, damaged, updated, returned, unchanged, missing)


def news_in(found: Mapping[Any, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """What of some metadata isn't as it was."""
    return {str(name): value for name, value in found.items() if name not in before or before[name] != value}
