"""The tree as pages load it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.model import Kind
from exporter.site.items import Item
from exporter.site.pages import navigation
from tests.site.made_up import item

Row = list[str | int]
Tree = dict[str, list[Item]]


def read(script: str) -> tuple[str, list[Row]]:
    """As a browser reads it: a call with two strings, the second of which is JSON."""
    found = re.fullmatch(r"confluenceNav\((\"[^\"]*\"),(\".*\")\);\n", script)
    assert found
    return json.loads(found[1]), json.loads(json.loads(found[2]))


def tree(parents: Sequence[int | None]) -> tuple[list[Item], Tree]:
    """Item n hangs below item `parents[n]`."""
    items = [item(str(number)) for number in range(len(parents))]
    below: Tree = {each.id: [] for each in items}
    for each, parent in zip(items, parents, strict=True):
        if parent is not None:
            below[str(parent)].append(each)
    return [each for each, parent in zip(items, parents, strict=True) if parent is None], below


def joined(files: Mapping[str, str]) -> dict[str, str | None]:
    """Each item's parent, from all files."""
    parents: dict[str, str | None] = {}
    for script in files.values():
        of, rows = read(script)
        for row in rows:
            assert isinstance(row[2], int)
            assert str(row[0]) not in parents
            parents[str(row[0])] = str(rows[row[2]][0]) if row[2] >= 0 else of or None
    return parents


def test_rows_are_in_the_order_of_the_tree() -> None:
    below = {"1": [item("2", title="B"), item("3", title="A", kind=Kind.FOLDER)], "2": [item("4", title="C")]}
    files = navigation.nav_files(
        [item("1", title="Top"), item("5", title="Z")], lambda each: below.get(each, ())
    )
    assert list(files) == ["assets/nav.js"]
    assert read(files["assets/nav.js"]) == (
        "",
        [
            ["1", "Top", -1, "p"],
            ["2", "B", 0, "p"],
            ["4", "C", 1, "p"],
            ["3", "A", 0, "f"],
            ["5", "Z", -1, "p"],
        ],
    )


def test_a_circle_of_parents_ends() -> None:
    below = {"1": [item("2")], "2": [item("1"), item("2"), item("3")]}
    files = navigation.nav_files([item("1")], lambda each: below.get(each, ()))
    assert joined(files) == {"1": None, "2": "1", "3": "2"}


def test_a_tree_deeper_than_the_stack_is_written() -> None:
    roots, below = tree([None, *range(5000)])
    assert len(joined(navigation.nav_files(roots, below.__getitem__))) == 5001


@pytest.mark.parametrize("title", ['"', "\\", "</script>", "\u2028\u2029", "\ud800", "日本", "\n", "\x00"])
def test_any_title_is_a_string_of_one_line(title: str) -> None:
    script = navigation.nav_files([item("1", title=title)], lambda _: ())["assets/nav.js"]
    script.encode()
    assert len(script.splitlines()) == 1
    assert read(script)[1][0][1] == title.replace("\ud800", "\ufffd")


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_large_tree_in_pieces_is_still_the_same_tree(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 400))
    wide = data.draw(st.integers(1, 200))
    parents = [None, *(data.draw(st.integers(max(0, n - wide), n)) for n in range(size))]
    roots, below = tree(parents)
    files = navigation.nav_files(roots, below.__getitem__, whole=100, shard=60)
    whole = navigation.nav_files(roots, below.__getitem__)
    assert joined(files) == joined(whole)
    assert len(files) <= 1 + size / navigation._SMALL
    for address, script in files.items():
        of, rows = read(script)
        assert address == (f"assets/nav/{of}.js" if of else "assets/nav.js")
        for row in rows:
            assert (f"assets/nav/{row[0]}.js" in files) == (row[4:] == [1])


def test_pieces_of_an_even_tree_are_small() -> None:
    roots, below = tree([None, *((n // 10) for n in range(20_000))])
    files = navigation.nav_files(roots, below.__getitem__)
    assert 3 < len(files) < 60
    assert max(len(read(script)[1]) for script in files.values()) <= navigation.SHARD


def test_when_the_mirror_was_made_is_a_script_too() -> None:
    script = navigation.mirrored_js("2026-02-01T03:00:00Z", shown="1 February 2026")
    found = re.fullmatch(r"confluenceMirrored\((\".*\")\);\n", script)
    assert found
    assert json.loads(json.loads(found[1])) == ["2026-02-01T03:00:00Z", "1 February 2026"]
