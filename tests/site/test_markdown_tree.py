"""Names in the readable tree: what the pages are called, legal everywhere, never twice."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.model import Kind
from exporter.site.items import Edition, Item
from exporter.site.markdown.mkdocs import mkdocs_yml
from exporter.site.markdown.tree import file_path, paths_of, relative
from tests.site.made_up import file, item

ABOVE = "KEY/markdown/docs"


def page(item_id: str, title: str, parent: str | None = None) -> Item:
    return replace(item(item_id, title=title), parent=parent)


def paths(*items: Item, home: str | None = None) -> dict[str, str]:
    return dict(paths_of(items, home=home, above=ABOVE))


def test_children_lie_in_a_folder_beside_their_parent() -> None:
    plan, budget, years = page("1", "Plan"), page("2", "Budget", "1"), page("3", "2026", "2")
    assert paths(plan, budget, years) == {"1": "Plan.md", "2": "Plan/Budget.md", "3": "Plan/Budget/2026.md"}


def test_what_is_below_the_home_page_is_at_the_top() -> None:
    home, plan, other = page("1", "Home"), page("2", "Plan", "1"), page("3", "Apart")
    assert paths(home, plan, other, home="1") == {"1": "index.md", "2": "Plan.md", "3": "Apart.md"}


def test_blog_posts_lie_in_folders_of_their_years() -> None:
    post = replace(
        item("5", title="News?", kind=Kind.BLOGPOST), created=Edition(None, "2026-01-05T09:12:00.000Z", None)
    )
    assert paths(post, replace(post, id="6")) == {
        "5": "blog/2026/2026-01-05 News_.md",
        "6": "blog/2026/2026-01-05 News_ (6).md",
    }


@pytest.mark.parametrize(
    ("one", "other"),
    [("Plan", "plan"), ("Straße", "STRASSE"), ("\u00fcber", "u\u0308ber"), ("a/b", "a?b"), ("Foo", "foo.md"),
     ("Foo.html", "FOO"), ("x" * 200, "x" * 201)],
)  # fmt: skip
def test_names_that_a_disk_may_take_for_the_same_are_told_apart_by_the_id(one: str, other: str) -> None:
    found = paths(page("12", other), page("3", one))
    assert found["3"] == paths(page("3", one))["3"]
    assert found["12"].endswith(" (12).md")


@pytest.mark.parametrize("title", ["index", "README", "Templates", "files", "blog"])
def test_names_that_mean_something_to_mkdocs_are_left_free(title: str) -> None:
    assert paths(page("7", title)) == {"7": f"{title} (7).md"}


def test_a_page_keeps_its_name_when_another_one_comes() -> None:
    assert paths(page("3", "A"))["3"] == paths(page("3", "A"), page("20", "A"), page("100", "A"))["3"]


def test_a_title_may_be_what_others_are_told_apart_by() -> None:
    found = paths(page("5", "A"), page("4", "A"), page("3", "A (5)"))
    assert found == {"3": "A (5).md", "4": "A.md", "5": "A (5-2).md"}


def test_signs_that_obsidian_has_in_links_are_replaced() -> None:
    assert paths(page("1", "C# [draft] ^a")) == {"1": "C_ (draft) _a.md"}


def test_those_that_are_their_own_ancestors_begin_somewhere() -> None:
    assert paths(page("1", "A", "2"), page("2", "B", "1")) == {"1": "A.md", "2": "A/B.md"}


TITLES = st.text(max_size=8) | st.sampled_from(
    ["A", "a", "index", "Ä" * 90, "Foo.md", "...", "con", "x" * 300]
)


@st.composite
def trees(draw: st.DrawFn) -> Sequence[Item]:
    count = draw(st.integers(1, 14))
    items = []
    for number in range(1, count + 1):
        parent = draw(st.integers(max(0, number - 3), number + 1))
        items.append(page(str(number), draw(TITLES), str(parent) if parent else None))
    return items


@settings(max_examples=100, deadline=None)
@given(items=trees(), above=st.sampled_from([ABOVE, f"~{'k' * 100}/markdown/docs"]))
def test_whatever_titles_are_paths_are_short_and_apart_and_nothing_is_a_file_and_a_folder(
    items: Sequence[Item], above: str
) -> None:
    found = paths_of(items, home="1", above=above)
    assert found.keys() == {each.id for each in items}
    folded = [unicodedata.normalize("NFC", path.casefold()) for path in found.values()]
    folders = {str(folder) for path in folded for folder in PurePosixPath(path).parents}
    built = [path.removesuffix(".md") + ".html" for path in folded]
    for names in (folded, built):
        assert len(set(names)) == len(names)
        assert folders.isdisjoint(names)
    for path in found.values():
        assert len(f"{above}/{path}".encode()) <= 200
        assert all(0 < len(name.encode()) <= 120 and name[0] != "." for name in path.split("/"))


def test_an_attachment_in_markdown_is_no_page() -> None:
    assert file_path(file(href="files/att1/read%20me.MD"), above=ABOVE) == "files/att1/read me.MD.txt"


def test_an_attachment_keeps_its_extension_in_a_deep_folder() -> None:
    path = file_path(file(href=f"files/att1/{'a' * 116}.png"), above=f"~{'k' * 100}/markdown/docs")
    assert path.endswith("aa.png")
    assert len(f"~{'k' * 100}/markdown/docs/{path}".encode()) <= 200


def test_paths_are_relative_to_the_file_that_names_them() -> None:
    assert relative("files/a.png", start="index.md") == "files/a.png"
    assert relative("files/a.png", start="a/b/c.md") == "../../files/a.png"
    assert relative("a/b.md", start="a/b/c.md") == "../b.md"


def test_titles_stay_text_where_mkdocs_takes_html() -> None:
    title = '<b onclick="x">&lt; Q&A'
    pages = [page("1", title), page("2", title, "1")]
    settings = mkdocs_yml(title, pages, home="1", paths=paths(*pages, home="1"))
    shown = "&lt;b onclick=&quot;x&quot;>&amp;lt; Q&A"
    assert f'site_name: "{shown}"' in settings
    assert settings.partition("nav:\n")[2].splitlines() == [
        f'  - "{shown}": "index.md"',
        f'  - "{shown}": "_b onclick=_x__&lt; Q&A.md"',
    ]


def test_the_navigation_is_in_the_order_of_the_tree() -> None:
    pages = [page("9", "B"), page("8", "Z", "9"), page("7", "A", "9"), page("6", "A")]
    settings = mkdocs_yml("Space", pages, home=None, paths=paths(*pages))
    assert settings.partition("nav:\n")[2].splitlines() == [
        '  - "Space": index.md',
        '  - "B":',
        '    - "B": "B.md"',
        '    - "Z": "B/Z.md"',
        '    - "A": "B/A.md"',
        '  - "A": "A.md"',
    ]
