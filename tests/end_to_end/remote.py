"""What people do to a small Confluence space, drawn by chance: the world of the model histories."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, TypeVar

from exporter.emulator import Attachment, Comment, Content, User, World
from exporter.emulator.content import ContentKind

T = TypeVar("T")

APP = "ac:com.example.polls:poll"
BODIES = ("", "<p>1</p>", "<p>2</p>", '<p><ri:user ri:account-id="712020:other" /></p>')
NODES: tuple[ContentKind, ...] = ("folder", "whiteboard", "database", "embed")
TRASHED_KINDS = ("page", "blogpost", "folder", "whiteboard")
MANY = range(11, 15)
"""So many at once that somebody should look first."""


def _any(_: object) -> bool:
    return True


class Remote:
    """One world with the space that is mirrored and another one; `told` is what happened, in words."""

    def __init__(self, draw: Random, *, is_large: bool) -> None:
        self.draw, self.told = draw, list[str]()
        self.world = World("cloud-eng", "example", User("712020:me", "Me", "me@example.com"))
        self.world.add_user("712020:other", "Somebody Else")
        self.space = self.world.add_space("ENG", "Engineering")
        self.other = self.world.add_space("OPS", "Operations")
        self.world.add_page(self.space, "Home", "<p>Home</p>")
        self._titles = 0
        self._start()
        self._add: list[Callable[[], None]] = [
            self.add_page, self.add_post, self.add_node, self.attach, self.comment,
            self.comment_on_attachment, self.reply,
        ]  # fmt: skip
        self._remove: list[Callable[[], None]] = [
            self.trash, self.trash, self.trash, self.restore, self.restore_hidden, self.purge,
            self.move_to_a_space, self.restrict, self.unrestrict, self.remove_attachment,
            self.remove_attachment, self.delete_comment, self.delete_comment,
        ]  # fmt: skip
        self._seldom: list[Callable[[], None]] = [
            self.edit, self.rename, self.move, self.replace_attachment, self.rewrite, self.archive,
            self.unarchive, self.delete_old_version, self.rename_attachment, self.edit_comment,
            self.resolve, self.label, self.set_property, self.like, self.restrict_to, self.add_task,
            self.change_task, self.add_custom_content, self.change_custom_content,
        ]  # fmt: skip
        if is_large:
            self._fill()
            self._remove += [*[self.trash_many] * 5, *[self.delete_many_comments] * 3]

    def change(self) -> None:
        """One thing that somebody does, if there is anything to do it to."""
        lot = self.draw.random()
        self.draw.choice(self._add if lot < 0.2 else self._remove if lot < 0.7 else self._seldom)()

    # --- drawing ----------------------------------------------------------------------

    def tell(self, what: str, *things: object) -> None:
        self.told.append(" ".join([what, *map(str, things)]))

    def one_of(self, things: Mapping[str, T], fits: Callable[[T], bool] = _any) -> T | None:
        found = [each for each in things.values() if fits(each)]
        return self.draw.choice(found) if found else None

    def content(self, *kinds: str, status: str | None = None) -> Content | None:
        return self.one_of(
            self.world.contents,
            lambda each: (not kinds or each.kind in kinds) and status in (None, each.status),
        )

    def with_body(self) -> Content | None:
        return self.content("page", "blogpost")

    def file(self) -> Attachment | None:
        return self.one_of(self.world.attachments)

    def title(self) -> str:
        self._titles += 1
        return f"{self.draw.choice(('alpha', 'beta', 'gamma'))} {self._titles}"

    def body(self) -> str:
        return self.draw.choice(BODIES)

    def data(self) -> bytes:
        return self.draw.choice((b"", b"1", b"22", b"333"))

    def _start(self) -> None:
        """A little of everything that can go."""
        for each in (self.add_page, self.add_post, self.attach, self.comment, self.comment, self.reply):
            each()

    def _fill(self) -> None:
        for _ in range(MANY.stop):
            page = self.world.add_page(self.space, self.title(), "<p>One of many</p>")
            self.world.add_comment(page, "<p>One of many</p>")

    # --- content ----------------------------------------------------------------------

    def add_page(self) -> None:
        above = self.content("page", "folder", "whiteboard")
        if above is None or above.space_id != self.space.id or self.draw.random() < 0.3:
            above = None
        page = self.world.add_page(self.space, self.title(), self.body(), parent=above)
        self.tell("add page", page.id, "below", above.id if above else "nothing")

    def add_post(self) -> None:
        self.tell("add post", self.world.add_blogpost(self.space, self.title(), self.body()).id)

    def add_node(self) -> None:
        kind = self.draw.choice(NODES)
        fields: dict[str, Any] = {"embed_url": "https://example.com/"} if kind == "embed" else {}
        self.tell("add", kind, self.world.add_node(self.space, self.title(), kind=kind, **fields).id)

    def edit(self) -> None:
        if page := self.content(self.draw.choice(("page", "blogpost")), status="current"):
            self.world.edit(page, self.body())
            self.tell("edit", page.id)

    def rewrite(self) -> None:
        if page := self.with_body():
            self.world.rewrite(page, self.body())
            self.tell("rewrite", page.id)

    def rename(self) -> None:
        if page := self.content(status="current"):
            self.world.rename(page, self.title())
            self.tell("rename", page.id)

    def move(self) -> None:
        page, above = self.content("page", status="current"), self.content("page", "folder")
        if page and above and not self._is_above(page, above):
            self.world.move(page, parent=above)
            self.tell("move", page.id, "below", above.id)

    def _is_above(self, page: Content, other: Content) -> bool:
        at: Content | None = other
        while at is not None and at.id != page.id:
            at = self.world.contents.get(at.parent_id or "")
        return at is not None

    def move_to_a_space(self) -> None:
        if page := self.content("page", status="current"):
            goal = self.draw.choice((self.other, self.space))
            self.world.move(page, space=goal)
            self.tell("move", page.id, "to", goal.key)

    def archive(self) -> None:
        self._set("archive", self.content("page"))

    def unarchive(self) -> None:
        self._set("unarchive", self.content("page"))

    def trash(self) -> None:
        self._set("trash", self.content(*TRASHED_KINDS))

    def trash_many(self) -> None:
        pages = [each for each in self.world.contents.values() if each.kind == "page"]
        for page in pages[-self.draw.choice(MANY) :]:
            self._set("trash", page)

    def restore(self) -> None:
        self._set("restore", self.content(*TRASHED_KINDS, status="trashed"))

    def restrict(self) -> None:
        self._set("restrict", self.content(*TRASHED_KINDS))

    def unrestrict(self) -> None:
        self._set("unrestrict", self.one_of(self.world.contents, lambda each: each.hidden))

    def restore_hidden(self) -> None:
        """Back from the trash, but where the token doesn't see it."""
        if content := self.content(*TRASHED_KINDS, status="trashed"):
            self._set("restore", content)
            self._set("restrict", content)

    def _set(self, what: str, content: Content | None) -> None:
        if content is not None:
            getattr(self.world, what)(content)
            self.tell(what, content.kind, content.id)

    def purge(self) -> None:
        if page := self.content("page", "folder", status="trashed"):
            self.world.purge(page)
            for each in [c for c in self.world.customs.values() if c.container_id == page.id]:
                self.world.delete_custom_content(each)
            self.tell("purge", page.id)

    def delete_old_version(self) -> None:
        page = self.one_of(self.world.contents, lambda each: each.body is not None and bool(each.past))
        if page:
            self.world.delete_old_version(page)
            self.tell("delete an old version of", page.id)

    # --- what hangs on it -------------------------------------------------------------

    def attach(self) -> None:
        if page := self.with_body():
            self.tell("attach", self.world.attach(page, self.title(), self.data()).id, "to", page.id)

    def replace_attachment(self) -> None:
        if file := self.one_of(self.world.attachments, lambda each: each.status == "current"):
            self.world.replace_attachment(file, self.data())
            self.tell("replace", file.id)

    def remove_attachment(self) -> None:
        if file := self.file():
            what = self.draw.choice(("delete_attachment", "restore_attachment", "purge_attachment"))
            getattr(self.world, what)(file)
            self.tell(what, file.id)

    def rename_attachment(self) -> None:
        if file := self.file():
            self.world.rename_attachment(file, self.title())
            self.tell("rename", file.id)

    def comment(self) -> None:
        if page := self.with_body():
            comment = self.world.add_comment(
                page, self.body(), kind="footer" if self.draw.random() < 0.5 else "inline"
            )
            self.tell("comment", comment.id, "on", page.id)

    def comment_on_attachment(self) -> None:
        if file := self.file():
            self.tell("comment", self.world.add_comment(file, self.body()).id, "on", file.id)

    def reply(self) -> None:
        if comment := self._comment():
            self.tell("reply", self.world.reply(comment, self.body()).id, "to", comment.id)

    def edit_comment(self) -> None:
        if comment := self._comment():
            self.world.edit_comment(comment, self.body())
            self.tell("edit comment", comment.id)

    def _comment(self) -> Comment | None:
        return self.one_of(self.world.comments)

    def resolve(self) -> None:
        if comment := self.one_of(
            self.world.comments, lambda each: each.kind == "inline" and each.parent_id is None
        ):
            what = self.draw.choice(("resolve_comment", "reopen_comment", "dangle_comment"))
            getattr(self.world, what)(comment)
            self.tell(what, comment.id)

    def delete_comment(self) -> None:
        if comment := self._comment():
            with_replies = self.draw.random() < 0.5
            self.world.delete_comment(comment, with_replies=with_replies)
            self.tell("delete comment", comment.id, "and its replies" if with_replies else "alone")

    def delete_many_comments(self) -> None:
        for comment in list(self.world.comments)[-self.draw.choice(MANY) :]:
            if comment in self.world.comments:
                self.world.delete_comment(comment)
                self.tell("delete comment", comment)

    def label(self) -> None:
        if page := self.with_body():
            if ("global", "red") in self.world.labels.get(page.id, {}):
                self.world.remove_label(page, "red")
            else:
                self.world.add_label(page, "red")

    def set_property(self) -> None:
        if page := self.with_body():
            self.world.set_property(page, "colour", self.draw.randrange(3))

    def like(self) -> None:
        if page := self.with_body():
            liked = "712020:other" in self.world.likes.get(page.id, ())
            (self.world.unlike if liked else self.world.like)(page, "712020:other")

    def restrict_to(self) -> None:
        if page := self.with_body():
            operation: Any = self.draw.choice(("read", "update"))
            self.world.set_restriction(page, operation, users=self.draw.choice((["712020:me"], [])))

    def add_task(self) -> None:
        if page := self.with_body():
            task = self.world.add_task(page, "<p>Do</p>", assigned_to="712020:other")
            self.tell("add task", task.id, "to", page.id)

    def change_task(self) -> None:
        if task := self.one_of(self.world.tasks):
            what = self.draw.choice(("complete_task", "reopen_task", "remove_task"))
            getattr(self.world, what)(task)
            self.tell(what, task.id)

    def add_custom_content(self) -> None:
        if page := self.content("page", status="current"):
            custom = self.world.add_custom_content(page, APP, self.title(), "{}")
            self.tell("add custom content", custom.id, "to", page.id)

    def change_custom_content(self) -> None:
        if custom := self.one_of(self.world.customs):
            what = self.draw.choice(("edit_custom_content", "trash_custom_content"))
            getattr(self.world, what)(custom)
            self.tell(what, custom.id)
