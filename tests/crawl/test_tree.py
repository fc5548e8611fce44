from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.crawl.tree import arrange
from exporter.model import ContentId, ContentInfo, Kind
from tests.crawl.samples import info


def _order(*infos: ContentInfo) -> str:
    return " ".join(node.id for node in arrange(infos))


def test_parents_come_before_their_children_in_reading_order() -> None:
    assert (
        _order(
            info(4, parent_id="3"),
            info(3, parent_id="1", position=1),
            info(2, parent_id="1", position=2),
            info(1),
        )
        == "1 3 4 2"
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"position": 1}, {"position": 2}),
        ({"position": -5}, {"position": 0}),
        ({"position": 9_000_000_000}, {"position": None}),
        ({"position": 3, "title": "a"}, {"position": 3, "title": "B"}),
        ({"position": None, "title": "a"}, {"position": None, "title": "B"}),
        ({"title": "same"}, {"title": "same"}),
    ],
)
def test_siblings_are_ordered_by_position_title_and_id(first: dict[str, Any], second: dict[str, Any]) -> None:
    nodes = (info(9, **first), info(10, **second))
    assert _order(*nodes) == _order(*reversed(nodes)) == "9 10"


def test_blog_posts_come_last() -> None:
    assert _order(info(1, Kind.BLOGPOST, position=0), info(2, position=9), info(3, Kind.FOLDER)) == "2 3 1"


def test_what_has_an_invisible_parent_is_an_orphan_and_keeps_it() -> None:
    (node,) = arrange([info(2, parent_id="99")])
    assert (node.orphan, node.parent) == (True, "99")


def test_a_child_of_an_orphan_is_none() -> None:
    assert [node.orphan for node in arrange([info(2, parent_id="99"), info(3, parent_id="2")])] == [
        True,
        False,
    ]


def test_a_circle_is_cut_at_one_of_its_members() -> None:
    nodes = arrange([info(1), info(2, parent_id="4"), info(3, parent_id="2"), info(4, parent_id="3")])
    assert [(node.id, node.orphan) for node in nodes] == [
        ("1", False),
        ("2", True),
        ("3", False),
        ("4", False),
    ]


def test_a_page_that_is_its_own_parent_is_an_orphan() -> None:
    assert [node.orphan for node in arrange([info(1, parent_id="1")])] == [True]


def test_a_tree_may_be_deep() -> None:
    chain = [info(number, parent_id=str(number - 1) if number else None) for number in range(5000)]
    assert len(arrange(reversed(chain))) == 5000


@given(
    st.dictionaries(
        st.integers(1, 12), st.tuples(st.none() | st.integers(1, 14), st.none() | st.integers(0, 3))
    )
)
def test_every_item_comes_once_after_its_parent(tree: dict[int, tuple[int | None, int | None]]) -> None:
    infos = [
        info(number, parent_id=ContentId(str(parent)) if parent else None, position=position)
        for number, (parent, position) in tree.items()
    ]
    nodes = arrange(infos)
    seen: set[str] = set()
    for node in nodes:
        assert node.id not in seen
        if not node.orphan and node.parent is not None:
            assert node.parent in seen
        seen.add(node.id)
    assert seen == {each.id for each in infos}
    assert arrange(reversed(infos)) == nodes
