"""A small space with one of everything."""

from __future__ import annotations

from dataclasses import dataclass

from exporter.emulator import Attachment, Content, Space, User, World


@dataclass(frozen=True)
class Sample:
    """The world of most tests, with names for what is in it."""

    world: World
    space: Space
    home: Content
    plan: Content
    """A page with the attachment ``image`` and the child ``detail``."""
    detail: Content
    archived: Content
    folder: Content
    inside: Content
    """The page in the folder."""
    board: Content
    """A whiteboard with the page ``below``."""
    below: Content
    news: Content
    image: Attachment
    notes: Attachment
    """Of the blog post."""

    @property
    def everything(self) -> set[str]:
        contents = (
            self.home,
            self.plan,
            self.detail,
            self.archived,
            self.folder,
            self.inside,
            self.board,
            self.below,
            self.news,
        )
        return {each.id for each in contents} | {self.image.id, self.notes.id}

    @property
    def with_body(self) -> list[Content]:
        pages = self.home, self.plan, self.detail, self.archived, self.inside, self.below, self.news
        return [self.world.content(each) for each in pages]


def sample() -> Sample:
    world = World("cloud-eng", "example", User("712020:me", "Me", "me@example.com"))
    world.add_user("712020:other", "Somebody Else")
    space = world.add_space("ENG", "Engineering")
    home = world.add_page(space, "Home", "<p>Welcome</p>")
    world.edit_space(space, homepage_id=home.id)
    plan = world.add_page(space, "Plan & more", "<p>Größe: 3&nbsp;m</p>", parent=home)
    detail = world.add_page(space, "Detail", "", parent=plan)
    archived = world.archive(world.add_page(space, "Old", "<p>Old</p>", parent=home))
    folder = world.add_node(space, "Drawer", parent=home)
    inside = world.add_page(space, "Inside", "<p>In the drawer</p>\r\n", parent=folder)
    board = world.add_node(space, "Board", kind="whiteboard", parent=home)
    below = world.add_page(space, "Below the board", "<p>Below</p>", parent=board)
    news = world.add_blogpost(space, "News", "<p>New</p>")
    image = world.attach(plan, "a plan.png", b"\x89PNG 0123456789", media_type="image/png")
    notes = world.attach(news, "notes.txt", b"Notes\n", media_type="text/plain")
    return Sample(
        world, space, home, plan, detail, archived, folder, inside, board, below, news, image, notes
    )
