"""What is recorded of one item, as the statements that do it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from exporter import canonical, people
from exporter.layout import Role as Role
from exporter.layout import well_formed
from exporter.mirror.files import Stored
from exporter.model import AttachmentInfo, ContentInfo, Kind, OldVersion, Version

Statement = tuple[str, tuple[Any, ...]]
Named = Mapping[Role, Iterable[str]]  # the people in each of an item's files

_LEAVES = "INSERT OR REPLACE INTO leaving SELECT path FROM files"


@dataclass(frozen=True, slots=True)
class Entry:
    """What `record` notes of one item: `files` replace those recorded under the same role, `people`
    those named in the file of that role; `dropped` files are no longer recorded.
    A path that so stops being recorded is noted as `leaving` in the same commit.

    Without a version nothing but that is noted.
    """

    kind: Kind
    id: str
    files: Mapping[Role, Stored]
    title: str = ""
    version: Version | None = None
    listed: bytes | None = None
    container: str | None = None
    people: Mapping[Role, Iterable[str]] = field(default_factory=dict)
    dropped: Sequence[Role] = ()

    def statements(self) -> list[Statement]:
        return [*self._item(), *self._files(), *self._people()]

    def _item(self) -> Iterator[Statement]:
        if self.version is not None:
            listed = self.listed.hex() if self.listed else None
            version = (self.version.number, well_formed(self.version.date))
            container = well_formed(self.container) if self.container else self.container
            item = (self.kind, self.id, container, well_formed(self.title), *version, None, None, listed)
            yield "INSERT OR REPLACE INTO items VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", item

    def _files(self) -> Iterator[Statement]:
        for role in self.dropped:
            of = self._of(role)
            yield f"{_LEAVES} WHERE kind = ? AND id = ? AND role = ?", of
            yield "DELETE FROM files WHERE kind = ? AND id = ? AND role = ?", of
            yield "DELETE FROM people WHERE kind = ? AND id = ? AND role = ?", of
        for role, stored in self.files.items():
            path = str(stored.path)
            yield f"{_LEAVES} WHERE kind = ? AND id = ? AND role = ? AND path != ?", (*self._of(role), path)
            row = (*self._of(role), path, stored.size, stored.sha256)
            yield "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, 0)", row
            yield "DELETE FROM writing WHERE path = ?", (path,)
            yield "DELETE FROM leaving WHERE path = ?", (path,)

    def _of(self, role: Role) -> tuple[str, str, str]:
        return self.kind, self.id, role

    def _people(self) -> Iterator[Statement]:
        for role, accounts in self.people.items():
            yield "DELETE FROM people WHERE kind = ? AND id = ? AND role = ?", (self.kind, self.id, role)
            for account in accounts:
                row = (self.kind, self.id, role, well_formed(account))
                yield "INSERT OR REPLACE INTO people VALUES (?, ?, ?, ?)", row


def content_entry(
    info: ContentInfo,
    metadata: Stored,
    data: bytes,
    files: Mapping[Role, Stored] | None = None,
    named: Named | None = None,
) -> Entry:
    return Entry(
        info.kind,
        info.id,
        {"metadata": metadata, **(files or {})},
        info.title,
        info.version,
        listed=info.digest,
        container=info.parent_id if info.kind in (Kind.TASK, Kind.CUSTOM_CONTENT) else None,
        people={"metadata": people.in_metadata(canonical.load(data)), **(named or {})},
    )


def attachment_entry(info: AttachmentInfo, files: Mapping[Role, Stored]) -> Entry:
    return Entry(
        Kind.ATTACHMENT,
        info.id,
        files,
        info.title,
        info.version,
        listed=info.digest,
        container=info.container,
        people={"metadata": people.in_metadata(canonical.load(info.metadata))},
    )


def old_entry(version: OldVersion, title: str, files: Mapping[Role, Stored], named: Iterable[str]) -> Entry:
    return Entry(
        Kind.VERSION,
        version.id,
        files,
        title,
        Version(version.number, version.date),
        listed=bytes.fromhex(files["metadata"].sha256),  # without it, the file would count as lost
        container=version.container,
        people={"metadata": named},
    )
