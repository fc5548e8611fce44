"""The shelves of an emulated site: everything by id, and indexes that stay fast for 100,000 pages."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from exporter.emulator.content import Attachment, Content, ContentKind, Space, User, timestamp

EPOCH = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


@dataclass
class Store:
    """``sorted_ids`` lists each kind of content of a space by number; ``revision`` counts changes."""

    cloud_id: str
    site_name: str
    me: User
    users: dict[str, User] = field(default_factory=dict, repr=False)
    spaces: dict[str, Space] = field(default_factory=dict, repr=False)
    contents: dict[str, Content] = field(default_factory=dict, repr=False)
    attachments: dict[str, Attachment] = field(default_factory=dict, repr=False)
    by_space: dict[str, dict[str, None]] = field(default_factory=dict, repr=False)
    by_parent: dict[str, dict[str, None]] = field(default_factory=dict, repr=False)
    by_container: dict[str, dict[str, None]] = field(default_factory=dict, repr=False)
    sorted_ids: dict[tuple[str, ContentKind], list[int]] = field(default_factory=dict, repr=False)
    now: datetime = EPOCH
    last_id: int = 98304
    revision: int = 0
    _orders: dict[tuple[str, ContentKind, str], tuple[int, list[tuple[str, int]]]] = field(
        default_factory=dict, init=False, repr=False
    )

    def __post_init__(self) -> None:
        self.users.setdefault(self.me.account_id, self.me)

    def tick(self) -> str:
        self.now += timedelta(minutes=1)
        return timestamp(self.now)

    def new_id(self) -> str:
        self.last_id += 1
        return str(self.last_id)

    def put_space(self, space: Space) -> Space:
        self.revision += 1
        self.spaces[space.id] = space
        self.by_space.setdefault(space.id, {})
        return space

    def put_content(self, content: Content) -> Content:
        self.revision += 1
        before = self.contents.get(content.id)
        if before is not None and _place(before) != _place(content):
            self.forget(before)
            before = None
        self.contents[content.id] = content
        if before is None:
            self.by_space.setdefault(content.space_id, {})[content.id] = None
            insort(self.sorted_ids.setdefault((content.space_id, content.kind), []), int(content.id))
            if content.parent_id is not None:
                self.by_parent.setdefault(content.parent_id, {})[content.id] = None
        return content

    def put_attachment(self, attachment: Attachment) -> Attachment:
        self.revision += 1
        before = self.attachments.get(attachment.id)
        if before is not None and before.container_id != attachment.container_id:
            self.by_container[before.container_id].pop(attachment.id, None)
        self.attachments[attachment.id] = attachment
        self.by_container.setdefault(attachment.container_id, {})[attachment.id] = None
        return attachment

    def space(self, space: Space | str) -> Space:
        return self.spaces[id_of(space)]

    def content(self, content: Content | str) -> Content:
        """The content as it is now, whatever snapshot of it the caller holds."""
        return self.contents[id_of(content)]

    def attachment(self, attachment: Attachment | str) -> Attachment:
        return self.attachments[id_of(attachment)]

    def in_order(
        self, space_id: str, kind: ContentKind, field_name: str, value: Callable[[Content], str]
    ) -> list[tuple[str, int]]:
        """One kind of content of a space sorted by a field; made anew only after a change."""
        revision, keys = self._orders.get((space_id, kind, field_name), (-1, []))
        if revision != self.revision:
            numbers = self.sorted_ids.get((space_id, kind), [])
            keys = sorted((value(self.contents[str(number)]), number) for number in numbers)
            self._orders[space_id, kind, field_name] = self.revision, keys
        return keys

    def forget(self, content: Content) -> None:
        """Take it out of the indexes."""
        self.by_space[content.space_id].pop(content.id)
        ids = self.sorted_ids[content.space_id, content.kind]
        del ids[bisect_left(ids, int(content.id))]
        if content.parent_id is not None:
            self.by_parent[content.parent_id].pop(content.id)


def id_of(thing: Space | Content | Attachment | str) -> str:
    return thing if isinstance(thing, str) else thing.id


def _place(content: Content) -> tuple[str, str | None]:
    return content.space_id, content.parent_id
