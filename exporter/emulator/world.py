"""What the emulated Confluence site holds, and the edits people make to it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal, TypeVar

from exporter.emulator.content import (
    Attachment,
    Binary,
    Content,
    ContentKind,
    CustomContent,
    Space,
    Status,
    User,
    Version,
    timestamp,
)
from exporter.emulator.edits import Annotations, Comments, Customs, Tasks
from exporter.emulator.edits.account import account
from exporter.emulator.store import EPOCH, id_of

__all__ = [
    "EPOCH",
    "Attachment",
    "Binary",
    "Content",
    "ContentKind",
    "Space",
    "Status",
    "User",
    "Version",
    "World",
    "timestamp",
]

T = TypeVar("T", Content, Attachment)
Body = str | Callable[[], str]
Position = int | Literal["last"] | None


class World(Annotations, Comments, Customs, Tasks):
    """One site: read it by the dictionaries and indexes of `Store`, change it by methods.

    Every change moves the world's own clock by a minute: two runs of the same edits give
    the same world, whatever the machine's clock says. Where a method takes a space, a
    content or an attachment, its id does as well. What hangs on content (comments, labels,
    tasks, restrictions …) is changed by the methods of `exporter.emulator.edits`.
    """

    # --- adding -----------------------------------------------------------------------

    def add_user(self, account_id: str, name: str, *, email: str = "", closed: bool = False) -> User:
        user = self.users[account_id] = User(account_id, name, email, closed)
        return user

    def add_space(self, key: str, name: str, **fields: Any) -> Space:
        space = Space(
            id=self.new_id(),
            key=key,
            name=name,
            homepage_id=None,
            alias=key,
            author_id=self.me.account_id,
            created_at=self.tick(),
        )
        return self.put_space(replace(space, **fields))

    def add_page(
        self,
        space: Space | str,
        title: str,
        body: Body = "",
        *,
        parent: Content | str | None = None,
        position: Position = "last",
        **fields: Any,
    ) -> Content:
        return self._add("page", space, title, body, parent=parent, position=position, **fields)

    def add_blogpost(self, space: Space | str, title: str, body: Body = "", **fields: Any) -> Content:
        return self._add("blogpost", space, title, body, position=None, **fields)

    def add_node(
        self,
        space: Space | str,
        title: str,
        *,
        kind: ContentKind = "folder",
        parent: Content | str | None = None,
        position: Position = "last",
        **fields: Any,
    ) -> Content:
        """Add a folder, whiteboard, database or embed (give it an ``embed_url``)."""
        return self._add(kind, space, title, None, parent=parent, position=position, **fields)

    def _add(
        self,
        kind: ContentKind,
        space: Space | str,
        title: str,
        body: Body | None,
        *,
        parent: Content | str | None = None,
        position: Position = None,
        **fields: Any,
    ) -> Content:
        author = fields.setdefault("author_id", self.me.account_id)
        fields.setdefault("owner_id", None if kind == "blogpost" else author)
        moment = fields.setdefault("created_at", self.tick())
        fields.setdefault("version", Version(1, moment, author))
        above = None if parent is None else self.content(parent)
        content = Content(
            id=fields.pop("id", None) or self.new_id(),
            kind=kind,
            space_id=id_of(space),
            title=title,
            parent_id=above.id if above else None,
            parent_kind=above.kind if above else None,
            position=self._place(above, position),
            body=(lambda: body) if isinstance(body, str) else body,
            **fields,
        )
        return self.put_content(content)

    def attach(
        self,
        container: Content | CustomContent | str,
        title: str,
        data: Binary | bytes,
        *,
        media_type: str = "application/octet-stream",
        **fields: Any,
    ) -> Attachment:
        moment = fields.setdefault("created_at", self.tick())
        fields.setdefault("version", Version(1, moment, self.me.account_id))
        attachment_id = fields.pop("id", None) or "att" + self.new_id()
        fields.setdefault("file_id", _file_id(attachment_id, fields["version"].number))
        return self.put_attachment(
            Attachment(
                id=attachment_id,
                container_id=id_of(container),
                title=title,
                media_type=media_type,
                binary=data if isinstance(data, Binary) else Binary.of(data),
                **fields,
            )
        )

    # --- editing content --------------------------------------------------------------

    def edit(
        self,
        content: Content | str,
        body: Body | None = None,
        *,
        title: str | None = None,
        message: str = "",
        minor: bool = False,
        author: User | str | None = None,
    ) -> Content:
        """Publish a new version; what is not given stays as it was."""
        before = self.content(content)
        author_id = self.me.account_id if author is None else account(author)
        return self.put_content(
            replace(
                before,
                title=before.title if title is None else title,
                body=before.body if body is None else (lambda: body) if isinstance(body, str) else body,
                version=Version(before.version.number + 1, self.tick(), author_id, message, minor),
                past=(*before.past, replace(before, past=())),
            )
        )

    def rewrite(self, content: Content | str, body: Body) -> Content:
        """Change the body without a new version, as Confluence does to links when their target is renamed."""
        return self._change(content, body=(lambda: body) if isinstance(body, str) else body)

    def rename(self, content: Content | str, title: str) -> Content:
        return self.edit(content, title=title)

    def move(
        self,
        content: Content | str,
        *,
        parent: Content | str | None = None,
        space: Space | str | None = None,
        position: Position = "last",
    ) -> Content:
        """Put it under ``parent`` (None: top of the space), with all below it. Its version stays."""
        self.tick()
        before = self.content(content)
        above = None if parent is None else self.content(parent)
        goal = above.space_id if above else before.space_id if space is None else id_of(space)
        moved = self.put_content(
            replace(
                before,
                space_id=goal,
                parent_id=above.id if above else None,
                parent_kind=above.kind if above else None,
                position=self._place(above, position),
            )
        )
        if goal != before.space_id:
            self._carry(before.id, goal)
        return moved

    def reorder(self, content: Content | str, position: int | None) -> Content:
        return self._change(content, position=position)

    def archive(self, content: Content | str) -> Content:
        return self._change(content, status="archived")

    def unarchive(self, content: Content | str) -> Content:
        return self._change(content, status="current")

    def trash(self, content: Content | str) -> Content:
        """Only this one: its children keep naming it as their parent."""
        return self._change(content, status="trashed")

    def restore(self, content: Content | str) -> Content:
        return self._change(content, status="current")

    def restrict(self, content: Content | str) -> Content:
        return self._change(content, hidden=True)

    def unrestrict(self, content: Content | str) -> Content:
        return self._change(content, hidden=False)

    def change_owner(self, content: Content | str, owner: User | str) -> Content:
        before = self.content(content)
        return self._change(content, owner_id=account(owner), last_owner_id=before.owner_id)

    def purge(self, content: Content | str) -> None:
        """Delete for good, with its attachments."""
        before = self.content(content)
        self.tick()
        self.revision += 1
        self.forget(before)
        del self.contents[before.id]
        self.drop_attachments(before.id)
        self.drop(before.id)

    def delete_old_version(self, content: Content | str, number: int | None = None) -> Content:
        """Take one former version out (the oldest, if none is named): all later numbers fall by one."""
        self.tick()
        before = self.content(content)
        gone = number if number is not None else before.past[0].version.number if before.past else 1
        if not 1 <= gone < before.version.number:
            raise ValueError(f"{before.id} has no former version {gone}")
        past = tuple(_lowered(old, gone) for old in before.past if old.version.number != gone)
        return self.put_content(replace(_lowered(before, gone), past=past))

    # --- editing attachments ----------------------------------------------------------

    def replace_attachment(
        self, attachment: Attachment | str, data: Binary | bytes, *, media_type: str | None = None
    ) -> Attachment:
        """Upload a new version: a new number, a new file id."""
        before = self.attachment(attachment)
        number = before.version.number + 1
        return self.put_attachment(
            replace(
                before,
                binary=data if isinstance(data, Binary) else Binary.of(data),
                media_type=media_type or before.media_type,
                file_id=_file_id(before.id, number),
                version=Version(number, self.tick(), self.me.account_id),
                lost=False,
                past=(*before.past, replace(before, past=())),
            )
        )

    def delete_old_attachment_version(self, attachment: Attachment | str, number: int = 1) -> Attachment:
        """Take one former version out: all later numbers fall by one."""
        self.tick()
        before = self.attachment(attachment)
        if not 1 <= number < before.version.number:
            raise ValueError(f"{before.id} has no former version {number}")
        past = tuple(_lowered(old, number) for old in before.past if old.version.number != number)
        return self.put_attachment(replace(_lowered(before, number), past=past))

    def rename_attachment(self, attachment: Attachment | str, title: str) -> Attachment:
        return self._change_attachment(attachment, title=title)

    def comment_attachment(self, attachment: Attachment | str, comment: str) -> Attachment:
        return self._change_attachment(attachment, comment=comment)

    def lose_binary(self, attachment: Attachment | str) -> Attachment:
        return self._change_attachment(attachment, lost=True)

    def delete_attachment(self, attachment: Attachment | str) -> Attachment:
        """Move it to the trash, as Confluence does."""
        return self._change_attachment(attachment, status="trashed")

    def restore_attachment(self, attachment: Attachment | str) -> Attachment:
        return self._change_attachment(attachment, status="current")

    def purge_attachment(self, attachment: Attachment | str) -> None:
        self.tick()
        self.revision += 1
        before = self.attachments.pop(id_of(attachment))
        self.by_container[before.container_id].pop(before.id)
        self.drop(before.id)

    # --- editing spaces ---------------------------------------------------------------

    def edit_space(self, space: Space | str, **fields: Any) -> Space:
        self.tick()
        return self.put_space(replace(self.space(space), **fields))

    def rename_space_key(self, space: Space | str, key: str) -> Space:
        """Addresses show the new key from now on; the API keeps the old one as ``key``."""
        return self.edit_space(space, alias=key)

    # --- inside -----------------------------------------------------------------------

    def _change(self, content: Content | str, **fields: Any) -> Content:
        self.tick()
        return self.put_content(replace(self.content(content), **fields))

    def _change_attachment(self, attachment: Attachment | str, **fields: Any) -> Attachment:
        self.tick()
        return self.put_attachment(replace(self.attachment(attachment), **fields))

    def _place(self, parent: Content | None, position: Position) -> int | None:
        if position != "last":
            return position
        return len(self.by_parent.get(parent.id, ())) + 1 if parent else int(self.last_id)

    def _carry(self, content_id: str, space_id: str) -> None:
        waiting = [content_id]
        while waiting:
            children = list(self.by_parent.get(waiting.pop(), ()))
            for child_id in children:
                self.put_content(replace(self.contents[child_id], space_id=space_id))
            waiting += children


def _file_id(attachment_id: str, number: int) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{attachment_id}/{number}"))


def _lowered(thing: T, gone: int) -> T:
    number = thing.version.number
    return replace(thing, version=replace(thing.version, number=number - (number > gone)))
