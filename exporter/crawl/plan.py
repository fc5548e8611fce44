"""Listing against manifest: what is new, changed, moved, unchanged, missing. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from exporter.model import Held, Version


class Listed(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def version(self) -> Version: ...
    @property
    def digest(self) -> bytes: ...


L = TypeVar("L", bound=Listed)


@dataclass(frozen=True, slots=True)
class Plan(Generic[L]):
    """What to do about one listing."""

    new: Sequence[L]
    changed: Sequence[L]  # another version
    damaged: Sequence[L]  # same version, but a file is gone from the disk
    updated: Sequence[L]  # same version, other metadata: moved, reordered, another owner
    returned: Sequence[str]  # unchanged, but was missing
    unchanged: int
    missing: Mapping[str, Held]  # recorded, but not listed

    @property
    def to_fetch(self) -> list[L]:
        """Those whose body or file is needed."""
        return [*self.new, *self.changed, *self.damaged]


def make_plan(listed: Sequence[L], held: Mapping[str, Held], *, complete: bool, with_data: bool) -> Plan[L]:
    """Sort a listing's items by what they need. Nothing is missing by a listing that is not complete."""
    new, changed, damaged, updated, returned = [], [], [], [], []
    unchanged = 0
    for item in listed:
        have = held.get(item.id)
        if have is None:
            new.append(item)
        elif have.version != item.version or item.version.number is None:
            # != : numbers fall when an old version is deleted; an unknown one tells nothing
            changed.append(item)
        elif with_data and not have.has_data:
            damaged.append(item)
        elif have.metadata_sha256 != item.digest:
            updated.append(item)
        else:
            unchanged += 1
            if have.missing_since is not None:
                returned.append(item.id)
    ids = {item.id for item in listed}
    missing = {item_id: have for item_id, have in held.items() if item_id not in ids} if complete else {}
    return Plan(new, changed, damaged, updated, returned, unchanged, missing)
