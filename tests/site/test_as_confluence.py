"""What holding real pages against Confluence's own rendering has taught, each on its own."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from lxml import html

from exporter.site.html.body import Rendered, render_body
from tests.site.shelf import Shelf

TITLE = "My Page"
BODIES = {
    "include.xml": '<h2>Own</h2><ac:structured-macro ac:name="include"><ac:parameter ac:name=""><ac:link>'
    '<ri:page ri:content-title="Other" /></ac:link></ac:parameter></ac:structured-macro>',
    "other.xml": '<h2>Theirs</h2><p><ac:structured-macro ac:name="anchor"><ac:parameter ac:name="">there'
    "</ac:parameter></ac:structured-macro></p>",
}


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    for name, body in BODIES.items():
        (tmp_path / name).write_text(body)
    return Shelf([*tmp_path.iterdir()], {"include": TITLE, "other": "Other"})


def rendered(shelf: Shelf, body: str) -> Rendered:
    page = shelf.titled(None, TITLE)
    assert page is not None
    return render_body(body.encode(), page=page, library=shelf, root="../")


def ids_in(html: str) -> list[str]:
    return re.findall(r' id="([^"]*)"', html)


@pytest.mark.parametrize(
    ("heading", "id_"),
    [
        ("<h2>Some words</h2>", "MyPage-Somewords"),
        (
            '<h4><ac:structured-macro ac:name="anchor"><ac:parameter ac:name="">Some words</ac:parameter>'
            "</ac:structured-macro> Some words</h4>",
            "MyPage-SomewordsSomewords",
        ),
        ('<h2>See <ac:link><ri:page ri:content-title="Other" /></ac:link></h2>', "MyPage-SeeOther"),
        ('<h2><ac:image><ri:attachment ri:filename="a.png" /></ac:image>b</h2>', "MyPage-a.pngb"),
    ],
)
def test_a_heading_has_the_id_that_confluence_gave_it(shelf: Shelf, heading: str, id_: str) -> None:
    body = f'{heading}<p><a href="#{id_}">link</a></p>'
    made = rendered(shelf, body)
    assert id_ in ids_in(made.html)
    assert f'<a href="#{id_}">link</a>' in made.html
    assert not made.problems


def test_headings_and_anchors_of_an_included_page_are_named_after_the_page_that_shows_them(
    shelf: Shelf,
) -> None:
    made = rendered(shelf, BODIES["include.xml"])
    assert {"MyPage-Own", "MyPage-Theirs", "MyPage-there"} <= {*ids_in(made.html)}


def test_an_id_written_on_a_heading_leads_there(shelf: Shelf) -> None:
    made = rendered(
        shelf, '<h2 id="own-id">Words</h2><h2 id="own-id">More</h2><p><a href="#own-id">link</a></p>'
    )
    assert ids_in(made.html).count("own-id") == 1
    assert '<a href="#own-id">link</a>' in made.html
    assert not made.problems


@pytest.mark.parametrize("body", ["<h2> </h2>", "<h2><b>a<h3>b</h3></b></h2>"])
def test_what_is_no_heading_is_no_place(shelf: Shelf, body: str) -> None:
    nested = rendered(shelf, f'{body}<p><a href="#MyPage-">x</a><a href="#MyPage-b">y</a></p>')
    assert 'href="#MyPage-"' not in nested.html
    assert 'href="#MyPage-b"' not in nested.html


def test_a_link_without_words_shows_the_title_as_it_was_written(shelf: Shelf) -> None:
    made = rendered(shelf, '<p><ac:link><ri:page ri:content-title="oTHER" /></ac:link></p>')
    assert re.search(r'<a href="\.\./pages/\d+\.html"[^>]*>oTHER</a>', made.html)


def test_an_empty_link_shows_nothing(shelf: Shelf) -> None:
    made = rendered(
        shelf, '<p>a<a href="https://example.com/"></a>b<a href="https://example.com/"> </a>c</p>'
    )
    assert made.html == "<p>a<span></span>b<span> </span>c</p>"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://example.com/a/b%20c.png?x=1", "b c.png"),
        ("https://example.com/%00a.png#f", "a.png"),
        ("https://example.com/", "example.com"),
        ("file:///C:/pictures/a.png", "a.png"),
        ("data:image/png;base64,iVBORw0KGgo/AAA", "image"),
        ("", "image"),
    ],
)
def test_a_picture_elsewhere_is_named_and_not_shown(shelf: Shelf, url: str, shown: str) -> None:
    made = rendered(shelf, f'<p><ac:image><ri:url ri:value="{url}" /></ac:image></p>').html
    assert "<img" not in made
    assert re.search(r'<(a|span)[^>]* class="no-image [a-z]+"[^>]*>([^<]*)</\1>', made)[2] == shown  # type: ignore[index]


@pytest.mark.parametrize("card", ["", ' data-card-appearance="inline"'])
def test_a_fragment_brings_no_control_character(shelf: Shelf, card: str) -> None:
    made = rendered(shelf, f'<p><a href="#%00%1Fx"{card}>y</a><a href="#%00"{card}></a></p>')
    assert not re.search("[\x00\x1f]", made.html + "".join(made.problems))


def test_the_old_link_macro_is_a_link(shelf: Shelf) -> None:
    made = rendered(
        shelf,
        '<ac:structured-macro ac:name="link"><ac:parameter ac:name="">Chat</ac:parameter>'
        '<ac:parameter ac:name="url">irc://example.com/room</ac:parameter></ac:structured-macro>',
    )
    assert re.search(r'<a href="irc://example.com/room"[^>]*>Chat</a>', made.html)
    assert made.macros == (("link", "static"),)


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("<ul><li>a</li><ul><li>b</li></ul>\n<li>c</li></ul>",
         "<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>"),
        ("<ol><p>a</p>b<li>c</li></ol>", '<ol><li class="no-marker"><p>a</p>b</li><li>c</li></ol>'),
        ("<ul> </ul>", "<ul></ul>"),
    ],
)  # fmt: skip
def test_only_items_stand_in_a_list(shelf: Shelf, body: str, shown: str) -> None:
    assert rendered(shelf, body).html == shown


def test_tasks_below_a_task_stand_in_it(shelf: Shelf) -> None:
    task = "<ac:task><ac:task-status>complete</ac:task-status><ac:task-body>{}</ac:task-body></ac:task>"
    inner = f"<ac:task-list>{task.format('b')}</ac:task-list>"
    made = rendered(shelf, f"<ac:task-list>{task.format('a')}{inner}{task.format('c')}</ac:task-list>").html
    tree = html.fromstring(made)
    assert [len(tree.xpath(path)) for path in ("//ul", "//ul/ul", "//ul/li", "//li/ul/li")] == [
        2,
        0,
        3,
        1,
    ]
    assert "".join(tree.itertext()).split() == ["a", "b", "c"]


@pytest.mark.parametrize(
    "caption",
    ["<p>a <b>b</b></p><p>c</p>", "<ul><li>a</li><li><p>b</p></li></ul>c", "<div><pre>a b</pre></div>c"],
)
def test_a_caption_is_a_line_whatever_is_in_it(shelf: Shelf, caption: str) -> None:
    image = f'<ac:image><ri:attachment ri:filename="a.png" /><ac:caption>{caption}</ac:caption></ac:image>'
    tree = html.fromstring(rendered(shelf, f"<p>{image}</p>").html)
    shown = tree.find_class("caption")[0]
    assert shown.text_content().split() == ["a", "b", "c"]
    assert {each.tag for each in shown.iterdescendants()} <= {"b"}


def test_what_a_link_can_name_is_there_even_where_it_is_not_shown(shelf: Shelf) -> None:
    body = '<table><tbody id="b"><tr id="r"><td>a</td></tr></tbody></table><p><a href="#r">x</a></p>'
    made = rendered(shelf, body).html
    assert {"b", "r"} <= {*ids_in(made)}
    assert '<a href="#r">x</a>' in made


def test_an_anchor_without_a_name_is_no_place(shelf: Shelf) -> None:
    assert ids_in(rendered(shelf, '<p><ac:structured-macro ac:name="anchor" /></p>').html) == []


def test_an_image_without_a_source_leads_nowhere(shelf: Shelf) -> None:
    assert "href" not in rendered(shelf, "<p><ac:image /></p>").html


def test_ten_thousand_headings_of_one_name_are_numbered_in_no_time(shelf: Shelf) -> None:
    started = time.process_time()
    made = rendered(shelf, "<h2>a</h2>" * 10_000)
    assert made.toc[-1].id == "MyPage-a.9999"
    assert time.process_time() - started < 5


def test_a_page_repeats_its_headings_so_often_and_no_more(shelf: Shelf) -> None:
    body = '<ac:structured-macro ac:name="toc" />' * 500 + "".join(f"<h2>a{n}</h2>" for n in range(500))
    assert len(rendered(shelf, body).html) < 30 * len(body)
