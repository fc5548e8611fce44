"""What people do to a site, and what the API shows of it: trap 11."""

from __future__ import annotations

from collections.abc import Callable
from time import process_time

import pytest

from exporter.emulator import Content, User, World
from tests.emulator.conftest import Sample


@pytest.mark.parametrize("change", ["edit", "rename"])
def test_edits_make_a_new_version(sample: Sample, change: str) -> None:
    before = sample.world.content(sample.page)
    after = getattr(sample.world, change)(sample.page, "other")
    assert after.version.number == before.version.number + 1
    assert after.version.created_at > before.version.created_at
    assert after.past == (before,)


CHANGES: dict[str, Callable[[World, Content], object]] = {
    "move": lambda world, page: world.move(page),
    "reorder": lambda world, page: world.reorder(page, 99),
    "archive": lambda world, page: world.archive(page),
    "trash": lambda world, page: world.trash(page),
    "restrict": lambda world, page: world.restrict(page),
    "attach": lambda world, page: world.attach(page, "new.txt", b""),
    "owner": lambda world, page: world.change_owner(page, "712020:other"),
    "ancestor": lambda world, page: world.rename(page.parent_id or "", "Renamed"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_other_changes_leave_the_version(sample: Sample, name: str) -> None:
    CHANGES[name](sample.world, sample.page)
    assert sample.world.content(sample.page).version == sample.page.version


def test_deleting_an_old_version_lowers_the_number(sample: Sample) -> None:
    for text in ("two", "three"):
        sample.world.edit(sample.page, text)
    before = sample.world.content(sample.page)
    after = sample.world.delete_old_version(sample.page, 2)
    assert (before.version.number, after.version.number) == (3, 2)
    assert after.version.created_at == before.version.created_at
    assert [old.version.number for old in after.past] == [1]
    with pytest.raises(ValueError, match="no former version"):
        sample.world.delete_old_version(sample.page, 2)


def test_a_body_can_change_without_a_version(sample: Sample) -> None:
    rewritten = sample.world.rewrite(sample.page, "<p>To the new title</p>")
    assert (rewritten.version, rewritten.past) == (sample.page.version, ())
    assert rewritten.body is not None
    assert rewritten.body() == "<p>To the new title</p>"


def test_deleting_an_old_version_of_an_attachment_lowers_the_number(sample: Sample) -> None:
    for data in (b"two", b"three"):
        sample.world.replace_attachment(sample.image, data)
    after = sample.world.delete_old_attachment_version(sample.image, 2)
    assert (after.version.number, [old.version.number for old in after.past]) == (2, [1])
    with pytest.raises(ValueError, match="no former version"):
        sample.world.delete_old_attachment_version(sample.image, 2)


def test_a_move_to_another_space_takes_everything_below_along(sample: Sample) -> None:
    other = sample.world.add_space("TWO", "Second")
    below = sample.world.add_page(sample.space, "Below", parent=sample.page)
    sample.world.move(sample.page, space=other)
    assert sample.world.content(below).space_id == other.id
    assert list(sample.world.by_space[other.id]) == [sample.page.id, below.id]
    assert sample.world.sorted_ids[other.id, "page"] == [int(sample.page.id), int(below.id)]
    assert sample.page.id not in sample.world.by_parent[sample.home.id]


def test_a_purge_takes_the_attachments_along(sample: Sample) -> None:
    sample.world.purge(sample.page)
    assert sample.page.id not in sample.world.contents
    assert not sample.world.attachments


def test_attachments_change_like_confluence_ones(sample: Sample) -> None:
    world = sample.world
    replaced = world.replace_attachment(sample.image, b"12")
    assert (replaced.version.number, replaced.binary.size) == (2, 2)
    assert replaced.file_id != sample.image.file_id
    assert world.rename_attachment(sample.image, "b.png").version == replaced.version
    assert world.comment_attachment(sample.image, "why").comment == "why"
    assert world.delete_attachment(sample.image).status == "trashed"
    assert world.restore_attachment(sample.image).status == "current"
    world.purge_attachment(sample.image)
    assert not world.by_container[sample.page.id]


def test_the_same_edits_make_the_same_world() -> None:
    def build() -> World:
        world = World("cloud", "site", User("me", "Me"))
        space = world.add_space("A", "A")
        page = world.add_page(space, "P")
        world.rename(page, "Q")
        world.attach(page, "a.txt", b"a")
        return world

    one, two = build(), build()
    assert (one.now, one.last_id, list(one.contents)) == (two.now, two.last_id, list(two.contents))
    assert [each.file_id for each in one.attachments.values()] == [
        each.file_id for each in two.attachments.values()
    ]


def test_large_worlds_are_made_in_linear_time() -> None:
    world = World("cloud", "site", User("me", "Me"))
    space = world.add_space("A", "A")
    home = world.add_page(space, "Home")
    started = process_time()
    for number in range(20_000):
        world.add_page(space, f"Page {number}", parent=home)
    assert process_time() - started < 5
