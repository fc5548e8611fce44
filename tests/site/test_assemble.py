"""What the templates are given: names resolved, and what hangs on a page brought to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from exporter.model import Kind
from exporter.site.assemble import EXCERPT, MAX_VERSIONS, UNLISTED, Assembly
from exporter.site.bodies import Bodies
from exporter.site.cache import open_cache
from exporter.site.items import Item
from exporter.site.views import PageView
from tests.site.folder import URL, Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    folder = Folder(tmp_path / "ENG")
    folder.page("1", "Home")
    return folder


@contextmanager
def assembling(folder: Folder) -> Iterator[Assembly]:
    """While its bodies can be read."""
    with open_cache(folder.root.parent / "cache", version="1") as cache:
        originals = folder.read()
        bodies = Bodies(originals, cache)
        assert list(bodies.made()) == [None] * sum(item.has_body for item in originals.reading_order)
        yield Assembly(originals, bodies)


def assembled(folder: Folder) -> Assembly:
    with assembling(folder) as assembly:
        return assembly


def view(folder: Folder, page: str) -> PageView:
    item = folder.read().item(page)
    assert item is not None
    return assembled(folder).page(item)


def titles(items: Any) -> list[str]:
    return [item.title if isinstance(item, Item) else item.item.title for item in items]


def test_neighbours_are_those_in_the_tree_and_posts_have_their_own(folder: Folder) -> None:
    folder.page("2", "Lamp", parent="1")
    folder.page("90", "New", kind="blogpost", createdAt="2026-01-09T08:00:00.000Z")
    folder.page("91", "Old", kind="blogpost", createdAt="2026-01-08T08:00:00.000Z")
    folder.page("3", "Gone", parent="1", listed=False)
    around = {page: (view(folder, page).previous, view(folder, page).next) for page in ("1", "2", "90", "91")}
    assert {page: [each and each.id for each in pair] for page, pair in around.items()} == {
        "1": [None, "2"],
        "2": ["1", None],
        "90": [None, "91"],
        "91": ["90", None],
    }
    gone = view(folder, "3")
    assert (gone.previous, gone.next, gone.notices) == (None, None, (UNLISTED,))


def test_a_page_knows_what_is_above_and_below_it_and_what_links_to_it(folder: Folder) -> None:
    link = '<ac:link><ri:page ri:content-title="Lamp" /></ac:link>'
    folder.page("2", "Lamp", parent="1", body=f"<p>{link}</p>")
    folder.page("3", "Wick", parent="2", body=f"<p>{link}</p>")
    folder.page("4", "Oil", parent="2")
    lamp = view(folder, "2")
    assert titles(lamp.breadcrumbs) == ["Home"]
    assert titles(lamp.children) == ["Wick", "Oil"]
    assert titles(lamp.backlinks) == ["Wick"]
    assert titles(view(folder, "3").breadcrumbs) == ["Home", "Lamp"]


def test_authors_are_named_and_versions_are_the_former_ones_up_to_a_limit(folder: Folder) -> None:
    folder.put("users.json", {"a": {"displayName": "Ada"}})
    versions = [
        {"number": number, "createdAt": f"2026-01-01T00:00:{number % 60:02}.000Z", "authorId": "a"}
        for number in range(MAX_VERSIONS + 10, 0, -1)
    ]
    folder.page("2", "Lamp", version=versions[0], versions=versions, authorId="b", ownerId="a")
    lamp = view(folder, "2")
    assert lamp.edited.by is not None
    assert (lamp.edited.by.name, lamp.edited.number) == ("Ada", MAX_VERSIONS + 10)
    assert lamp.owner == lamp.edited.by
    assert lamp.created.by is None
    assert [each.number for each in lamp.versions] == list(range(MAX_VERSIONS + 9, 9, -1))


def test_comments_keep_their_replies_and_say_who_wrote_them(folder: Folder) -> None:
    folder.put("users.json", {"a": {"displayName": "Ada"}})
    reply = {"id": "12", "version": {"authorId": "a", "createdAt": "2026-01-02T00:00:00.000Z"}}
    folder.put("comments/1.json", {"footer": [{"id": "11", "replies": [reply]}]})
    assembly = assembled(folder)
    (comment,) = assembly.comments(assembly.tree()[0].item, {"11": "<p>why</p>"})
    assert (comment.id, comment.body, comment.made.by) == ("11", "<p>why</p>", None)
    assert comment.replies[0].made.by is not None
    assert (comment.replies[0].made.by.name, comment.replies[0].body) == ("Ada", "")


def test_the_tree_has_depths_without_holes_and_nothing_unlisted(folder: Folder) -> None:
    folder.page("2", "Lamp", parent="1")
    folder.page("3", "Wick", parent="2")
    folder.page("4", "Lost", parent="77")
    folder.page("5", "Gone", parent="1", listed=False)
    folder.page("90", "Post", kind="blogpost")
    assembly = assembled(folder)
    assert [(row.item.title, row.depth) for row in assembly.tree()] == [
        ("Home", 0),
        ("Lamp", 1),
        ("Wick", 2),
        ("Lost", 0),
    ]
    assert titles(assembly.roots()) == ["Home", "Lost"]


def test_posts_come_latest_first_with_the_first_words_of_them(folder: Folder) -> None:
    long = " ".join(["fog"] * EXCERPT)
    folder.page("90", "Old", kind="blogpost", createdAt="2026-01-08T08:00:00.000Z", body=f"<p>{long}</p>")
    folder.page(
        "91", "New", kind="blogpost", createdAt="2026-01-09T08:00:00.000Z", body="<p>All\n is  well</p>"
    )
    with assembling(folder) as assembly:
        new, old = assembly.posts()
    assert (new.item.title, new.excerpt) == ("New", "All is well")
    assert old.excerpt.endswith("fog …")
    assert EXCERPT - 5 < len(old.excerpt) <= EXCERPT + 2


def test_people_are_listed_with_what_they_wrote_or_edited_last(folder: Folder) -> None:
    folder.put("users.json", {"b": {"displayName": "bob"}, "a": {"displayName": "Ada"}, "c": {}})
    folder.page("2", "Lamp", authorId="a", version={"authorId": "b"})
    folder.page("3", "Wick", authorId="a", version={"authorId": "a"})
    rows = [(row.person.name, titles(row.pages)) for row in assembled(folder).people()]
    assert rows == [("Ada", ["Lamp", "Wick"]), ("bob", ["Lamp"])]


def test_files_are_listed_by_title_whatever_its_case(folder: Folder) -> None:
    for number, title in enumerate(("b.png", "A.png", "a.txt")):
        folder.put(f"attachments/att{number}.json", {"title": title, "pageId": "1" if number else "77"})
    rows = assembled(folder).files()
    assert [(row.file.title, row.container and row.container.title) for row in rows] == [
        ("A.png", "Home"),
        ("a.txt", "Home"),
        ("b.png", None),
    ]


def test_the_report_counts_kinds_and_names_the_macros_that_are_only_a_box(folder: Folder) -> None:
    folder.page("2", "Lamp", body='<ac:structured-macro ac:name="unheard-of" />' * 2)
    folder.page("90", "Post", kind="blogpost")
    folder.put("attachments/att1.json", {"title": "a.png", "pageId": "1"})
    report = assembled(folder).report("2026-01-05T09:12:00Z")
    assert report.counts == (("page", 2), ("blogpost", 1), ("attachment", 1))
    (unheard,) = [each for each in report.macros if each.name == "unheard-of"]
    assert (unheard.tier, unheard.count, titles(unheard.pages)) == ("fallback", 2, ["Lamp"])


def test_the_report_names_what_could_not_be_fetched(folder: Folder) -> None:
    folder.page("2", "Lamp", parent="1")
    folder.remove("2")
    folder.tree.append({"id": "2", "kind": "page", "title": "Lamp", "parent": "1", "path": None})
    (absent,) = assembled(folder).report("").absent
    assert (absent.item.title, absent.text) == ("Lamp", "its body is not in the mirror")


def test_the_site_has_a_blog_and_an_address_where_there_is_one(folder: Folder) -> None:
    site = assembled(folder).site
    assert (site.space_key, site.space_name, site.space_address, site.has_blog) == (
        "ENG",
        "Engineering",
        "",
        False,
    )
    folder.put("space.json", {"key": "ENG", "_links": {"webui": "/spaces/ENG"}})
    folder.page("90", "Post", kind=Kind.BLOGPOST)
    site = assembled(folder).site
    assert (site.space_name, site.space_address, site.has_blog) == ("ENG", f"{URL}/spaces/ENG", True)


def test_without_a_home_page_the_top_of_the_tree_stands_in_its_place(folder: Folder) -> None:
    folder.page("2", "Lamp", parent="1")
    folder.page("3", "Top")
    home = assembled(folder).home(None)
    assert home.page is None
    assert titles(home.top) == ["Home", "Top"]
