"""The shelves of an emulated site: everything by id, and indexes that stay fast for 100,000 pages."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from exporter.emulator.content import (
    Attachment,
    Comment,
    Content,
    ContentKind,
    CustomContent,
    Label,
    LabelPrefix,
    Permission,
    Property,
    Restriction,
    RoleAssignment,
    Space,
    Task,
    User,
    timestamp,
)

EPOCH = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
MOST_ORDERS = 100
Thing = Space | Content | Attachment | Comment | CustomContent | Task
Operation = Literal["read", "update"]


@dataclass
class Store:
    """``sorted_ids`` lists each kind of content of a space by number; ``revision`` counts changes.

    ``labels``, ``properties``, ``likes`` and ``restrictions`` are by the id of what has them,
    and know nothing of those without.
    """

    cloud_id: str
    site_name: str
    me: User
    users: dict[str, User] = field(default_factory=dict, repr=False)
    spaces: dict[str, Space] = field(default_factory=dict, repr=False)
    contents: dict[str, Content] = field(default_factory=dict, repr=False)
    attachments: dict[str, Attachment] = field(default_factory=dict, repr=False)
    comments: dict[str, Comment] = field(default_factory=dict, repr=False)
    customs: dict[str, CustomContent] = field(default_factory=dict, repr=False)
    tasks: dict[str, Task] = field(default_factory=dict, repr=False)
    site_labels: dict[tuple[LabelPrefix, str], Label] = field(default_factory=dict, repr=False)
    labels: dict[str, dict[tuple[LabelPrefix, str], Label]] = field(default_factory=dict, repr=False)
    properties: dict[str, dict[str, Property]] = field(default_factory=dict, repr=False)
    likes: dict[str, dict[str, None]] = field(default_factory=dict, repr=False)
    restrictions: dict[str, dict[Operation, Restriction]] = field(default_factory=dict, repr=False)
    permissions: dict[str, dict[str, Permission]] = field(default_factory=dict, repr=False)
    role_assignments: dict[str, dict[str, RoleAssignment]] = field(default_factory=dict, repr=False)
    by_space: dict[str, dict[str, None]] = field(default_factory=dict, repr=False)
    by_parent: dict[str, dict[str, None]] = field(default_factory=dict, repr=False)
    by_container: dict[str, dict[str, None]] = field(default_factory=dict, repr=False)
    comments_on: dict[str, dict[str, None]] = field(default_factory=dict, repr=False)
    customs_in: dict[str, dict[str, None]] = field(default_factory=dict, repr=False)
    sorted_ids: dict[tuple[str, ContentKind], list[int]] = field(default_factory=dict, repr=False)
    now: datetime = EPOCH
    last_id: int = 98304
    revision: int = 0
    _orders: dict[tuple[str, ...], tuple[int, list[tuple[str, int]]]] = field(
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

        def keys() -> Iterator[tuple[str, int]]:
            for number in self.sorted_ids.get((space_id, kind), []):
                yield value(self.contents[str(number)]), number

        return self.kept_order((space_id, kind, field_name), keys)

    def kept_order(
        self, name: tuple[str, ...], keys: Callable[[], Iterable[tuple[str, int]]]
    ) -> list[tuple[str, int]]:
        """The keys sorted; made anew only after a change."""
        revision, found = self._orders.get(name, (-1, []))
        if revision != self.revision:
            found = sorted(keys())
            if len(self._orders) >= MOST_ORDERS:
                self._orders.clear()
            self._orders[name] = self.revision, found
        return found

    def drop(self, thing_id: str) -> None:
        """Forget what hangs on something that is gone: comments, labels, properties and so on."""
        for shelf in self._shelves():
            shelf.pop(thing_id, None)
        for comment_id in self.comments_on.pop(thing_id, {}):
            del self.comments[comment_id]
            self.drop(comment_id)
        for task_id in [each.id for each in self.tasks.values() if each.container_id == thing_id]:
            del self.tasks[task_id]
        for custom_id in self.customs_in.pop(thing_id, {}):
            self.drop_attachments(custom_id)
            self.drop(custom_id)
            del self.customs[custom_id]

    def drop_attachments(self, container_id: str) -> None:
        for attachment_id in self.by_container.pop(container_id, {}):
            del self.attachments[attachment_id]
            self.drop(attachment_id)

    def _shelves(self) -> tuple[dict[str, Any], ...]:
        return self.labels, self.properties, self.likes, self.restrictions

    def forget(self, content: Content) -> None:
        """Take it out of the indexes."""
        self.by_space[content.space_id].pop(content.id)
        ids = self.sorted_ids[content.space_id, content.kind]
        del ids[bisect_left(ids, int(content.id))]
        if content.parent_id is not None:
            self.by_parent[content.parent_id].pop(content.id)


def id_of(thing: Thing | str) -> str:
    return thing if isinstance(thing, str) else thing.id


def _place(content: Content) -> tuple[str, str | None]:
    return content.space_id, content.parent_id
