"""Whatever happens to a small world, in whatever order: after each run the mirror has what the token sees."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from exporter.emulator import Content, Emulator, User, World
from exporter.errors import Exit
from exporter.summary import SpaceRun
from tests.end_to_end.disk import SpaceOnDisk
from tests.end_to_end.running import TOKEN, mirror_here
from tests.end_to_end.test_incremental import changes
from tests.end_to_end.views import in_mirror, in_world

APP = "ac:com.example.polls:poll"
PICK = st.integers(0, 7)
STATUS_CHANGES = ["archive", "unarchive", "trash", "restore", "restrict", "unrestrict"]
NAMES = st.sampled_from(["alpha", "beta", "gamma"])
BODIES = st.sampled_from(["", "<p>1</p>", "<p>2</p>", '<p><ri:user ri:account-id="712020:other" /></p>'])


class Mirrored(RuleBasedStateMachine):
    """Changes and runs, in the order that hypothesis likes."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.out = Path(tempfile.mkdtemp())
        self.world = World("cloud-eng", "example", User("712020:me", "Me", "me@example.com"))
        self.world.add_user("712020:other", "Somebody Else")
        self.space = self.world.add_space("ENG", "Engineering")
        self.other = self.world.add_space("OPS", "Operations")
        self.world.add_page(self.space, "Home", "<p>Home</p>")
        self.emulator = Emulator(self.world, [TOKEN])
        self.runner.run(self.emulator.__aenter__())
        self.titles = 0
        self.changed = True

    def teardown(self) -> None:
        self.runner.run(self.emulator.__aexit__(None, None, None))
        self.runner.close()
        shutil.rmtree(self.out)

    def one_of(self, things: dict[str, Any], pick: int, fits: Callable[[Any], bool] = lambda _: True) -> Any:
        """One of them, or None where none fits."""
        found = [each for each in things.values() if fits(each)]
        self.changed = self.changed or bool(found)
        return found[pick % len(found)] if found else None

    def content(self, pick: int, *kinds: str, status: str | None = None) -> Content | None:
        found: Content | None = self.one_of(
            self.world.contents,
            pick,
            lambda each: (not kinds or each.kind in kinds) and status in (None, each.status),
        )
        return found

    def title(self, name: str) -> str:
        self.titles += 1
        return f"{name} {self.titles}"

    # --- content ----------------------------------------------------------------------

    @rule(pick=PICK, body=BODIES, name=NAMES, at_top=st.booleans())
    def add_page(self, pick: int, body: str, name: str, at_top: bool) -> None:
        above = self.content(pick, "page", "folder", "whiteboard")
        if at_top or above is None or above.space_id != self.space.id:
            self.world.add_page(self.space, self.title(name), body)
        else:
            self.world.add_page(self.space, self.title(name), body, parent=above)
        self.changed = True

    @rule(body=BODIES, name=NAMES)
    def add_post(self, body: str, name: str) -> None:
        self.world.add_blogpost(self.space, self.title(name), body)
        self.changed = True

    @rule(kind=st.sampled_from(["folder", "whiteboard", "database", "embed"]), name=NAMES)
    def add_node(self, kind: Any, name: str) -> None:
        fields: dict[str, Any] = {"embed_url": "https://example.com/"} if kind == "embed" else {}
        self.world.add_node(self.space, self.title(name), kind=kind, **fields)
        self.changed = True

    @rule(pick=PICK, body=BODIES)
    def edit(self, pick: int, body: str) -> None:
        if page := self.content(pick, "page", "blogpost", status="current"):
            self.world.edit(page, body)

    @rule(pick=PICK, body=BODIES)
    def rewrite(self, pick: int, body: str) -> None:
        if page := self.content(pick, "page", "blogpost"):
            self.world.rewrite(page, body)

    @rule(pick=PICK, name=NAMES)
    def rename(self, pick: int, name: str) -> None:
        if page := self.content(pick, status="current"):
            self.world.rename(page, self.title(name))

    @rule(pick=PICK, goal=PICK)
    def move(self, pick: int, goal: int) -> None:
        page, above = self.content(pick, "page", status="current"), self.content(goal, "page", "folder")
        if page and above and not self.is_above(page, above):
            self.world.move(page, parent=above)

    def is_above(self, page: Content, other: Content) -> bool:
        at: Content | None = other
        while at is not None and at.id != page.id:
            at = self.world.contents.get(at.parent_id or "")
        return at is not None

    @rule(pick=PICK, there=st.booleans())
    def move_to_a_space(self, pick: int, there: bool) -> None:
        if page := self.content(pick, "page", status="current"):
            self.world.move(page, space=self.other if there else self.space)

    @rule(
        pick=PICK,
        what=st.sampled_from(["archive", "unarchive", "trash", "restore", "restrict", "unrestrict"]),
    )
    def set_status(self, pick: int, what: str) -> None:
        kinds = ("page",) if "archive" in what else ("page", "blogpost", "folder", "whiteboard")
        if page := self.content(pick, *kinds):
            getattr(self.world, what)(page)

    @rule(pick=PICK)
    def purge(self, pick: int) -> None:
        if page := self.content(pick, "page", "folder", status="trashed"):
            self.world.purge(page)
            for each in [c for c in self.world.customs.values() if c.container_id == page.id]:
                self.world.delete_custom_content(each)

    @rule(pick=PICK)
    def delete_old_version(self, pick: int) -> None:
        page = self.one_of(self.world.contents, pick, lambda each: each.body is not None and each.past)
        if page:
            self.world.delete_old_version(page)

    # --- what hangs on it -------------------------------------------------------------

    @rule(pick=PICK, name=NAMES, on=st.booleans())
    def label(self, pick: int, name: str, on: bool) -> None:
        if page := self.content(pick, "page", "blogpost"):
            held = self.world.labels.get(page.id, {})
            if on:
                self.world.add_label(page, name)
            elif ("global", name) in held:
                self.world.remove_label(page, name)

    @rule(pick=PICK, name=NAMES, value=PICK)
    def set_property(self, pick: int, name: str, value: int) -> None:
        if page := self.content(pick, "page", "blogpost"):
            self.world.set_property(page, name, value)

    @rule(pick=PICK)
    def like(self, pick: int) -> None:
        if page := self.content(pick, "page", "blogpost"):
            liked = "712020:other" in self.world.likes.get(page.id, ())
            (self.world.unlike if liked else self.world.like)(page, "712020:other")

    @rule(pick=PICK, operation=st.sampled_from(["read", "update"]), users=st.booleans())
    def restrict_to(self, pick: int, operation: Any, users: bool) -> None:
        if page := self.content(pick, "page", "blogpost"):
            self.world.set_restriction(page, operation, users=["712020:me"] if users else [])

    @rule(pick=PICK, data=st.binary(max_size=3), name=NAMES)
    def attach(self, pick: int, data: bytes, name: str) -> None:
        if page := self.content(pick, "page", "blogpost"):
            self.world.attach(page, self.title(name), data)

    @rule(pick=PICK, data=st.binary(max_size=3))
    def replace_attachment(self, pick: int, data: bytes) -> None:
        if file := self.one_of(self.world.attachments, pick, lambda each: each.status == "current"):
            self.world.replace_attachment(file, data)

    @rule(pick=PICK, what=st.sampled_from(["delete_attachment", "restore_attachment", "purge_attachment"]))
    def remove_attachment(self, pick: int, what: str) -> None:
        if file := self.one_of(self.world.attachments, pick):
            getattr(self.world, what)(file)

    @rule(pick=PICK, name=NAMES)
    def rename_attachment(self, pick: int, name: str) -> None:
        if file := self.one_of(self.world.attachments, pick):
            self.world.rename_attachment(file, self.title(name))

    @rule(pick=PICK, kind=st.sampled_from(["footer", "inline"]), body=BODIES)
    def comment(self, pick: int, kind: Any, body: str) -> None:
        if page := self.content(pick, "page", "blogpost"):
            self.world.add_comment(page, body, kind=kind)

    @rule(pick=PICK, body=BODIES)
    def comment_on_attachment(self, pick: int, body: str) -> None:
        if file := self.one_of(self.world.attachments, pick):
            self.world.add_comment(file, body)

    @rule(pick=PICK, what=st.sampled_from(["reply", "edit_comment"]), body=BODIES)
    def discuss(self, pick: int, what: str, body: str) -> None:
        if comment := self.one_of(self.world.comments, pick):
            getattr(self.world, what)(comment, body)

    @rule(pick=PICK, what=st.sampled_from(["resolve_comment", "reopen_comment", "dangle_comment"]))
    def resolve(self, pick: int, what: str) -> None:
        roots = lambda each: each.kind == "inline" and each.parent_id is None  # noqa: E731
        if comment := self.one_of(self.world.comments, pick, roots):
            getattr(self.world, what)(comment)

    @rule(pick=PICK, with_replies=st.booleans())
    def delete_comment(self, pick: int, with_replies: bool) -> None:
        if comment := self.one_of(self.world.comments, pick):
            self.world.delete_comment(comment, with_replies=with_replies)

    @rule(pick=PICK)
    def add_task(self, pick: int) -> None:
        if page := self.content(pick, "page", "blogpost"):
            self.world.add_task(page, "<p>Do</p>", assigned_to="712020:other")

    @rule(pick=PICK, what=st.sampled_from(["complete_task", "reopen_task", "remove_task"]))
    def change_task(self, pick: int, what: str) -> None:
        if task := self.one_of(self.world.tasks, pick):
            getattr(self.world, what)(task)

    @rule(pick=PICK)
    def add_custom_content(self, pick: int) -> None:
        if page := self.content(pick, "page", status="current"):
            self.world.add_custom_content(page, APP, self.title("Poll"), "{}")

    @rule(pick=PICK, what=st.sampled_from(["edit_custom_content", "trash_custom_content"]))
    def change_custom_content(self, pick: int, what: str) -> None:
        if custom := self.one_of(self.world.customs, pick):
            getattr(self.world, what)(custom)

    # --- runs -------------------------------------------------------------------------

    @precondition(lambda self: self.changed)
    @rule()
    def run(self) -> None:
        run = self.mirror()
        assert in_mirror(self.held) == in_world(self.world, self.space)
        self.held.assert_whole()
        assert run.document()["counts"]
        self.changed = False

    def mirror(self) -> SpaceRun:
        run = self.runner.run(mirror_here(self.emulator, self.out, custom_content_types=APP))
        assert run.exit is Exit.OK, run.problems()
        return run

    @precondition(lambda self: not self.changed)
    @rule()
    def run_again(self) -> None:
        """Nothing changed, so nothing is done."""
        before = self.held.contents()
        assert {key: n for key, n in changes(self.mirror()).items() if key[1] != "missing"} == {}
        assert self.held.contents() == before

    @property
    def held(self) -> SpaceOnDisk:
        return SpaceOnDisk(self.out / "ENG")


HISTORIES = settings(
    max_examples=100,
    stateful_step_count=8,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("half", ["a hundred histories", "and a hundred more, for a second core"])
def test_the_mirror_has_what_the_token_sees(half: str) -> None:
    run_state_machine_as_test(Mirrored, settings=HISTORIES)
