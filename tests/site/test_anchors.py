"""Places have the names that Confluence's editors gave them, each once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.site.body import storage_format
from exporter.site.body.anchors import Ids, Place, legacy, places
from tests.site.memory import PAGE, Memory, an_item, html_of, macro, rendered
from tests.site.strict_html import ids

SPACE = Memory([PAGE, an_item("2", "Page 2")], bodies={"2": "<h2>Same</h2><h2>Only there</h2>"})
INCLUDED = macro("include", _="Page 2")


@pytest.mark.parametrize(
    ("title", "words", "name"),
    [
        ("Tide tables", "High water", "Tidetables-Highwater"),
        ("T", "a\u00a0b\n c", "T-abc"),
        ("2026 plan", "Why?", "id-2026plan-Why?"),
        ("¿Qué?", "x", "id-¿Qué?-x"),
        ("Über", "x", "Über-x"),
        ("", "x", "id--x"),
        ("site", "x", "id-site-x"),  # what surrounds a body has ids of that kind
    ],
)
def test_the_old_name_of_a_heading(title: str, words: str, name: str) -> None:
    assert legacy(title, words) == name


def test_a_repeated_heading_is_counted_and_only_the_first_has_the_new_name() -> None:
    ids = Ids()
    assert [ids.heading("T", "A b") for _ in range(3)] == [
        Place("T-Ab", "A-b"),
        Place("T-Ab.1", ""),
        Place("T-Ab.2", ""),
    ]
    assert ids.heading("T", "A b.1") == Place("T-Ab.1.1", "A-b.1")
    assert ids.element("A-b") == ""
    assert ids.element("comment-1") == ""


@pytest.mark.parametrize(
    "heading",
    [
        "High <b>water</b>",
        "High <ac:emoticon ac:name='smile' ac:emoji-fallback='x' />",
        f"High {macro('status', title='DONE', colour='Green')}",
        f"High {macro('status', colour='Green')}",
        f"High {macro('jira', key='TIDE-1')}",
        f"High {macro('anchor', _='x')}",
        f"High {macro('unheard-of', a='b')}",
        f"High {macro('include', _='Page 2')}",
        "High <ac:image><ri:attachment ri:filename='a.png' /></ac:image>",
        "High <ac:link><ri:page ri:content-title='Page 2' /></ac:link>",
        "High <time datetime='2026-01-05' />",
        "High <ac:placeholder>x</ac:placeholder>",
    ],
)
def test_a_place_has_one_id_whether_or_not_its_macros_are_replaced(heading: str) -> None:
    """The first is what a link from another page goes by."""
    body = f"<h2>{heading}</h2>"
    named = places(storage_format.parse(body.encode()).document.children, PAGE.title)
    assert set(named.values()) - {"Tidetables-x"} <= set(ids(html_of(body, SPACE)))
    assert rendered(body, SPACE).toc[0].id in named.values()


def test_the_contents_show_what_the_heading_shows() -> None:
    body = f"<h2>High {macro('anchor', _='unseen')}{macro('status', title='DONE')}</h2>{macro('toc')}"
    assert [entry.text for entry in rendered(body, SPACE).toc] == ["High DONE"]
    assert ">High DONE</a>" in html_of(body, SPACE)


def test_of_a_heading_that_shows_no_words_the_contents_show_its_name() -> None:
    body = "<h2><ac:image><ri:attachment ri:filename='a.png' /></ac:image></h2>"
    assert [entry.text for entry in rendered(body, SPACE).toc] == ["a.png"]


def test_an_included_heading_leaves_the_new_name_to_one_of_the_page_itself() -> None:
    found = ids(html_of(f"{INCLUDED}<h2>Same</h2>", SPACE))
    assert found == ["Tidetables-Same", "Tidetables-Onlythere", "Tidetables-Same.1", "Same"]


@pytest.mark.parametrize("name", ["excerpt", "details"])
def test_what_is_hidden_is_no_place(name: str) -> None:
    body = macro(name, "<h2>Unseen</h2>", hidden="true")
    assert places(storage_format.parse(body.encode()).document.children, "T") == {}
    assert ids(html_of(body, SPACE)) == []


_WORDS = st.sampled_from(["a", "a b", "a-b", "ab", "ab.1", "b", "T-ab", "1", " "])
_PARTS = st.one_of(
    st.builds("<h2>{}</h2>".format, _WORDS),
    st.builds('<h2 id="{}">{}</h2>'.format, _WORDS, _WORDS),
    st.builds('<p id="{}">x</p>'.format, _WORDS),
    st.builds(lambda name: macro("anchor", _=name), _WORDS),
)


@given(st.lists(_PARTS, max_size=8).map("".join))
def test_ids_are_unique_and_every_name_leads_to_one(body: str) -> None:
    page = an_item("1", "T")
    found = ids(html_of(body, Memory([page]), page=page))
    assert len(found) == len(set(found))
    named = places(storage_format.parse(body.encode()).document.children, "T")
    assert set(named.values()) <= set(found)
