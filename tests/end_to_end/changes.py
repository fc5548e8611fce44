"""Everything that can happen to a mirrored space between two runs, and what the second run owes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from exporter.emulator import Content
from tests.end_to_end.worlds import Sample


@dataclass(frozen=True)
class Owed:
    """Bodies and files to fetch; mirrored files (below the space's folder) that differ afterwards.

    ``counts`` are those of the summary apart from ``unchanged``; ``gone`` are files that make way.
    """

    counts: dict[tuple[str, str], int]
    files: set[str]
    bodies: set[str] = field(default_factory=set)
    downloads: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    looked_up: set[str] = field(default_factory=set)
    """Pages that were asked for by their ids, as nothing lists them any more."""


Change = Callable[[Sample, Path], Owed]
"""Makes the change in the world or in the space's folder."""

TREE, USERS = "tree.json", "raw/users.json"


def page_file(page: Content) -> str:
    return f"raw/{page.kind}s/{page.id}.json"


def body_file(page: Content) -> str:
    return f"raw/{page.kind}s/{page.id}.storage.xml"


def nothing(eng: Sample, mirror: Path) -> Owed:
    return Owed({}, set())


def edit(eng: Sample, mirror: Path) -> Owed:
    eng.world.edit(eng.plan, "<p>Größe: 4&nbsp;m</p>")
    return Owed({("page", "changed"): 1}, {page_file(eng.plan), body_file(eng.plan)}, bodies={eng.plan.id})


def edit_to_nothing(eng: Sample, mirror: Path) -> Owed:
    eng.world.edit(eng.news, "")
    return Owed(
        {("blogpost", "changed"): 1}, {page_file(eng.news), body_file(eng.news)}, bodies={eng.news.id}
    )


def rename(eng: Sample, mirror: Path) -> Owed:
    eng.world.rename(eng.plan, "Another plan")
    return Owed({("page", "changed"): 1}, {page_file(eng.plan), TREE}, bodies={eng.plan.id})


def move(eng: Sample, mirror: Path) -> Owed:
    eng.world.move(eng.detail, parent=eng.folder)
    return Owed({("page", "updated"): 1}, {page_file(eng.detail), TREE})


def move_folder(eng: Sample, mirror: Path) -> Owed:
    eng.world.move(eng.folder, parent=eng.plan)
    return Owed({("folder", "updated"): 1}, {page_file(eng.folder), TREE})


def rename_folder(eng: Sample, mirror: Path) -> Owed:
    eng.world.rename(eng.folder, "Another drawer")
    return Owed({("folder", "changed"): 1}, {page_file(eng.folder), TREE})


def reorder(eng: Sample, mirror: Path) -> Owed:
    eng.world.reorder(eng.plan, 99)
    return Owed({("page", "updated"): 1}, {page_file(eng.plan), TREE})


def archive(eng: Sample, mirror: Path) -> Owed:
    eng.world.archive(eng.detail)
    return Owed({("page", "updated"): 1}, {page_file(eng.detail), TREE})


def unarchive(eng: Sample, mirror: Path) -> Owed:
    eng.world.unarchive(eng.archived)
    return Owed({("page", "updated"): 1}, {page_file(eng.archived), TREE})


def new_owner(eng: Sample, mirror: Path) -> Owed:
    eng.world.change_owner(eng.plan, "712020:other")
    return Owed({("page", "updated"): 1}, {page_file(eng.plan), USERS})


def new_page(eng: Sample, mirror: Path) -> Owed:
    page = eng.world.add_page(eng.space, "Brand new", "<p>1</p>", parent=eng.inside)
    return Owed({("page", "new"): 1}, {page_file(page), body_file(page), TREE}, bodies={page.id})


def new_folder_with_page(eng: Sample, mirror: Path) -> Owed:
    folder = eng.world.add_node(eng.space, "Outer")
    inner = eng.world.add_node(eng.space, "Inner", parent=folder)
    page = eng.world.add_page(eng.space, "Deep", "<p>1</p>", parent=inner)
    files = {page_file(folder), page_file(inner), page_file(page), body_file(page), TREE}
    return Owed({("page", "new"): 1, ("folder", "new"): 2}, files, bodies={page.id})


def new_post_with_file(eng: Sample, mirror: Path) -> Owed:
    post = eng.world.add_blogpost(eng.space, "More news", "<p>2</p>")
    file = eng.world.attach(post, "more.txt", b"more")
    files = {page_file(post), body_file(post), TREE}
    files |= {f"raw/attachments/{file.id}.json", f"raw/attachments/{file.id}/more.txt"}
    counts = {("blogpost", "new"): 1, ("attachment", "new"): 1}
    return Owed(counts, files, bodies={post.id}, downloads={file.id})


def new_attachment(eng: Sample, mirror: Path) -> Owed:
    file = eng.world.attach(eng.detail, "empty.txt", b"")
    files = {f"raw/attachments/{file.id}.json", f"raw/attachments/{file.id}/empty.txt"}
    return Owed({("attachment", "new"): 1}, files, downloads={file.id})


def replace_attachment(eng: Sample, mirror: Path) -> Owed:
    eng.world.replace_attachment(eng.image, b"\x89PNG 9876543210")
    files = {f"raw/attachments/{eng.image.id}.json", f"raw/attachments/{eng.image.id}/a plan.png"}
    return Owed({("attachment", "changed"): 1}, files, downloads={eng.image.id})


def replace_renamed_attachment(eng: Sample, mirror: Path) -> Owed:
    eng.world.replace_attachment(eng.image, b"\x89PNG 9876543210")
    eng.world.rename_attachment(eng.image, "b.png")
    folder = f"raw/attachments/{eng.image.id}"
    return Owed(
        {("attachment", "changed"): 1},
        {f"{folder}.json", f"{folder}/b.png"},
        downloads={eng.image.id},
        gone={f"{folder}/a plan.png"},
    )


def comment_attachment(eng: Sample, mirror: Path) -> Owed:
    eng.world.comment_attachment(eng.image, "seen")
    return Owed({("attachment", "updated"): 1}, {f"raw/attachments/{eng.image.id}.json"})


def delete_attachment(eng: Sample, mirror: Path) -> Owed:
    eng.world.delete_attachment(eng.image)
    return Owed({("attachment", "missing"): 1}, set(), missing={eng.image.id})


def purge_attachment(eng: Sample, mirror: Path) -> Owed:
    eng.world.purge_attachment(eng.notes)
    return Owed({("attachment", "missing"): 1}, set(), missing={eng.notes.id})


def trash(eng: Sample, mirror: Path) -> Owed:
    eng.world.trash(eng.detail)
    return Owed({("page", "missing"): 1}, {TREE}, missing={eng.detail.id}, looked_up={eng.detail.id})


def purge(eng: Sample, mirror: Path) -> Owed:
    eng.world.purge(eng.below)
    return Owed({("page", "missing"): 1}, {TREE}, missing={eng.below.id}, looked_up={eng.below.id})


def restrict(eng: Sample, mirror: Path) -> Owed:
    eng.world.restrict(eng.home)
    return Owed({("page", "missing"): 1}, {TREE}, missing={eng.home.id}, looked_up={eng.home.id})


def move_away(eng: Sample, mirror: Path) -> Owed:
    other = eng.world.add_space("OPS", "Operations")
    eng.world.move(eng.detail, space=other)
    return Owed({("page", "missing"): 1}, {TREE}, missing={eng.detail.id}, looked_up={eng.detail.id})


def rename_space(eng: Sample, mirror: Path) -> Owed:
    eng.world.edit_space(eng.space, name="Engineering & Co.")
    return Owed({("space", "updated"): 1}, {"raw/space.json"})


def lose_body(eng: Sample, mirror: Path) -> Owed:
    (mirror / body_file(eng.plan)).unlink()
    return Owed({("page", "damaged"): 1}, set(), bodies={eng.plan.id})


def cut_body(eng: Sample, mirror: Path) -> Owed:
    (mirror / body_file(eng.news)).write_bytes(b"<p>")
    return Owed({("blogpost", "damaged"): 1}, set(), bodies={eng.news.id})


def lose_pages_folder(eng: Sample, mirror: Path) -> Owed:
    for file in (mirror / "raw/pages").iterdir():
        file.unlink()
    (mirror / "raw/pages").rmdir()
    pages = {page.id for page in eng.with_body if page.kind == "page"}
    return Owed({("page", "damaged"): len(pages)}, set(), bodies=pages)


def lose_metadata(eng: Sample, mirror: Path) -> Owed:
    (mirror / page_file(eng.plan)).unlink()
    return Owed({("page", "updated"): 1}, set())


def cut_metadata(eng: Sample, mirror: Path) -> Owed:
    (mirror / page_file(eng.plan)).write_bytes(b"{")
    return Owed({("page", "updated"): 1}, set())


def lose_folder_metadata(eng: Sample, mirror: Path) -> Owed:
    (mirror / page_file(eng.folder)).unlink()
    return Owed({("folder", "updated"): 1}, set())


def lose_attachment(eng: Sample, mirror: Path) -> Owed:
    (mirror / f"raw/attachments/{eng.image.id}/a plan.png").unlink()
    return Owed({("attachment", "damaged"): 1}, set(), downloads={eng.image.id})


def cut_attachment_metadata(eng: Sample, mirror: Path) -> Owed:
    (mirror / f"raw/attachments/{eng.image.id}.json").write_bytes(b"{")
    return Owed({("attachment", "updated"): 1}, set())


def lose_space_and_tree(eng: Sample, mirror: Path) -> Owed:
    (mirror / "raw/space.json").unlink()
    (mirror / TREE).unlink()
    return Owed({("space", "updated"): 1}, set())


IN_THE_WORLD: tuple[Change, ...] = (
    nothing,
    edit,
    edit_to_nothing,
    rename,
    move,
    move_folder,
    rename_folder,
    reorder,
    archive,
    unarchive,
    new_owner,
    new_page,
    new_folder_with_page,
    new_post_with_file,
    new_attachment,
    replace_attachment,
    replace_renamed_attachment,
    comment_attachment,
    delete_attachment,
    purge_attachment,
    trash,
    purge,
    restrict,
    move_away,
    rename_space,
)
ON_DISK: tuple[Change, ...] = (
    lose_body,
    cut_body,
    lose_pages_folder,
    lose_metadata,
    cut_metadata,
    lose_folder_metadata,
    lose_attachment,
    cut_attachment_metadata,
    lose_space_and_tree,
)
