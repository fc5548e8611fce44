"""Queries by label, answered from the mirror or not at all."""

from __future__ import annotations

from contextlib import suppress
from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.model import Kind
from exporter.site.body.links import Links
from exporter.site.macros.cql import MAX_TERMS, matching
from exporter.site.macros.shown import Context, Unshown
from tests.site.memory import ADA, PAGE, Memory, an_item

SPACE = Memory([
    an_item("1", "Tide tables", labels=("a",)),
    an_item("2", "Logbook", labels=("a", "b"), parent="1"),
    an_item("3", "Lamp", labels=("b", "c"), parent="2"),
    an_item("4", "News", labels=("a",), kind=Kind.BLOGPOST),
    an_item("5", "Folder", labels=("a",), kind=Kind.FOLDER),
])  # fmt: skip
CONTEXT = cast("Context", SimpleNamespace(page=PAGE, library=SPACE, links=Links(PAGE, SPACE)))


def found(query: str) -> list[str]:
    return sorted(item.id for item in matching(query, CONTEXT))


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("label = a", "1245"),
        ('label = "A"', "1245"),
        ("label = 'b'", "23"),
        ('label in ("b","c")', "23"),
        ("label in (a, b) and label = c", "3"),
        ("label = a or label = c", "12345"),
        ("label = a AND NOT label = b", "145"),
        ("label = a and label != b", "145"),
        ("label = a and label not in (b, c)", "145"),
        ("not label = c and label = b", "2"),
        ("label = a and (label = b or label = c)", "2"),
        ("label = c or label = a and label = b", "23"),
        ("label = a and type = page", "12"),
        ('label = a and type in ("page", "blogpost")', "124"),
        ("label = a and space = currentSpace() and type != page", "45"),
        ("label = a and space.key in (ENG, OPS)", "1245"),
        ("label = a and space = @self", "1245"),
        ("label = a and space != OPS", "1245"),
        ('label = b and title = "lamp"', "3"),
        ('label = b and title ~ "*LOG*"', "2"),
        ('label = b and title !~ "log"', "3"),
        ("label = b and parent = currentContent()", "2"),
        ("label = b and ancestor = currentContent()", "23"),
        ("label = b and ancestor = 2", "3"),
        (f'label = c and creator = "{ADA}"', "3"),
        ("label = a and creator = nobody", ""),
        ("label = none", ""),
        ("label = c order by lastmodified desc", "3"),
        (r'label = "c" and title = "\Lamp"', "3"),
    ],
)
def test_a_query_finds(query: str, ids: str) -> None:
    assert "".join(found(query)) == ids


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("type = page", "doesn't choose by label"),
        ("label != a", "doesn't choose by label"),
        ("not label = a", "doesn't choose by label"),
        ("label = a or type = page", "doesn't choose by label"),
        ("label = a and text ~ x", "asks for “text”"),
        ("label = a and space = OPS", "asks for another space"),
        ("label = a and creator = currentUser()", r"asks for currentuser\(\)"),
        ("label = currentContent()", r"asks for currentcontent\(\)"),
        ('label = a and lastmodified > now("-4w")', "isn't understood"),
        ('label = a and created = now("-4w")', "isn't understood"),
        ("label", "isn't understood"),
        ("label =", "isn't understood"),
        ("label = a b", "isn't understood"),
        ("label = a and", "isn't understood"),
        ("label in a", "isn't understood"),
        ("label in (a", "isn't understood"),
        ("(label = a", "isn't understood"),
        ('label = "a', "isn't understood"),
        ("", "isn't understood"),
        ("(" * (MAX_TERMS + 1), "too long"),
        ("not " * 5000 + "label = a", "too long"),
    ],
)
def test_what_labels_can_not_answer_is_said(query: str, why: str) -> None:
    with pytest.raises(Unshown, match=why):
        found(query)


def test_parents_that_go_round_in_a_ring_end() -> None:
    ring = Memory([an_item("1", parent="2", labels=("a",)), an_item("2", parent="1", labels=("a",))])
    context = cast("Context", SimpleNamespace(page=PAGE, library=ring, links=Links(PAGE, ring)))
    assert matching("label = a and ancestor = 9", context) == []


@given(
    st.lists(
        st.sampled_from(
            [
                "label",
                "a",
                "=",
                "!=",
                "(",
                ")",
                ",",
                "and",
                "or",
                "not",
                "in",
                "~",
                '"',
                "'",
                "x()",
                "\\",
                "order",
                "space",
            ]
        ),
        max_size=12,
    )
)
def test_any_query_is_answered_or_refused(words: list[str]) -> None:
    with suppress(Unshown):
        assert len(found(" ".join(words))) <= len(SPACE.items)
