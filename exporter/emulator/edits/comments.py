"""Comments and their replies: made, edited, resolved, deleted."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from exporter.emulator.content import (
    Attachment,
    Comment,
    CommentKind,
    Content,
    CustomContent,
    Resolution,
    User,
    Version,
)
from exporter.emulator.edits.account import account
from exporter.emulator.store import Store, id_of

Body = str | Callable[[], str]


class Comments(Store):
    """No change of a comment makes a new version of what it is on."""

    def add_comment(
        self,
        container: Content | Attachment | CustomContent | str,
        body: Body,
        *,
        kind: CommentKind = "footer",
        author: User | str | None = None,
        selection: str = "",
        **fields: Any,
    ) -> Comment:
        """A root comment; an inline one marks ``selection`` in the body."""
        if kind == "inline":
            fields.setdefault("selection", selection or "text")
        return self._put_new(id_of(container), kind, body, author, fields)

    def reply(
        self, comment: Comment | str, body: Body, *, author: User | str | None = None, **fields: Any
    ) -> Comment:
        above = self.comment(comment)
        fields |= {"parent_id": above.id, "marker_ref": above.marker_ref, "selection": above.selection}
        return self._put_new(above.container_id, above.kind, body, author, fields)

    def edit_comment(
        self, comment: Comment | str, body: Body, *, author: User | str | None = None
    ) -> Comment:
        before = self.comment(comment)
        author_id = before.author_id if author is None else account(author)
        return self._put_comment(
            replace(
                before,
                body=_callable(body),
                version=Version(before.version.number + 1, self.tick(), author_id),
                past=(*before.past, replace(before, past=())),
            )
        )

    def resolve_comment(
        self, comment: Comment | str, *, by: User | str | None = None, resolution: Resolution = "resolved"
    ) -> Comment:
        """Set an inline comment to ``resolved``, or to another ``resolution``; its version stays."""
        before = self.comment(comment)
        if before.kind != "inline" or before.parent_id is not None:
            raise ValueError(f"{before.id} is no inline comment that can be {resolution}")
        moment = self.tick()
        by_id = self.me.account_id if by is None else account(by)
        return self._put_comment(
            replace(before, resolution=resolution, resolved_by=by_id, resolved_at=moment)
        )

    def reopen_comment(self, comment: Comment | str, *, by: User | str | None = None) -> Comment:
        return self.resolve_comment(comment, by=by, resolution="reopened")

    def dangle_comment(self, comment: Comment | str) -> Comment:
        """What happens when the marked text is edited away."""
        return self.resolve_comment(comment, resolution="dangling")

    def delete_comment(self, comment: Comment | str, *, with_replies: bool = True) -> None:
        """Gone for good; without their parent, replies go up to where it was."""
        self.tick()
        self.revision += 1
        gone = self.comment(comment)
        for each in self.replies_to(gone):
            if with_replies:
                self.delete_comment(each)
            else:
                self._put_comment(replace(each, parent_id=gone.parent_id))
        del self.comments[gone.id]
        del self.comments_on[gone.container_id][gone.id]
        self.drop(gone.id)

    # --- reading ----------------------------------------------------------------------

    def comment(self, comment: Comment | str) -> Comment:
        """The comment as it is now."""
        return self.comments[id_of(comment)]

    def replies_to(self, comment: Comment | str) -> list[Comment]:
        above = self.comment(comment)
        held = (self.comments[each] for each in self.comments_on.get(above.container_id, ()))
        return [each for each in held if each.parent_id == above.id]

    # --- inside -----------------------------------------------------------------------

    def _put_new(
        self,
        container_id: str,
        kind: CommentKind,
        body: Body,
        author: User | str | None,
        fields: dict[str, Any],
    ) -> Comment:
        held = self.contents.get(container_id) or self.customs.get(container_id)
        on = held or self.attachments[container_id]
        if kind == "inline" and container_id not in self.contents:
            raise ValueError(f"{container_id} takes no inline comments")
        author_id = self.me.account_id if author is None else account(author)
        moment = fields.setdefault("created_at", self.tick())
        fields.setdefault("version", Version(1, moment, author_id))
        comment_id = fields.pop("id", None) or self.new_id()
        if kind == "inline" and not fields.get("marker_ref"):
            fields["marker_ref"] = str(uuid.uuid5(uuid.NAMESPACE_URL, f"marker/{comment_id}"))
        return self._put_comment(
            Comment(
                id=comment_id,
                kind=kind,
                container_id=container_id,
                title=fields.pop("title", f"Re: {on.title}"),
                body=_callable(body),
                author_id=author_id,
                **fields,
            )
        )

    def _put_comment(self, comment: Comment) -> Comment:
        self.revision += 1
        self.comments[comment.id] = comment
        self.comments_on.setdefault(comment.container_id, {})[comment.id] = None
        return comment


def _callable(body: Body) -> Callable[[], str]:
    return (lambda: body) if isinstance(body, str) else body
