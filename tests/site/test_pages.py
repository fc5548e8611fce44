"""Each kind of page as a browser would read it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import reduce
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from exporter.model import Kind
from exporter.site.items import Item, Person
from exporter.site.pages.templates import MAX_DEPTH, Templates, spaces
from exporter.site.views import HomeView, Made, ReportView, SpaceRow, TocEntry, TreeRow
from tests.site.made_up import MADE, Words, comment, documents, file, item, page, parsed, site, texts

DOCUMENTS = documents()
TEMPLATES = Templates(site())
HOSTILE = (
    "<script>alert(1)</script>",
    "\"' onmouseover=alert(1) x='",
    "</title></textarea><img src=x onerror=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)",
    "--><svg/onload=alert(1)>",
    "a\x00b\x1b\ud800\u202e",
    "",
)


def assert_is_safe(document: str) -> None:
    tree = parsed(document)
    assert not tree.xpath("//@style | //style | //iframe | //object | //embed | //base | //svg")
    assert not [name for name in tree.xpath("//@*") if name.attrname.startswith("on")]
    assert all(script.get("src") and not script.text for script in tree.xpath("//script"))
    assert len(tree.xpath("//script")) in (1, 6)
    for address in tree.xpath("//@href | //@src"):
        assert address.startswith(("https://", "http://")) or ":" not in address.split("/")[0]
    assert all(image.startswith(("../files/", "files/")) for image in tree.xpath("//img/@src"))


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_every_page_forbids_what_it_does_not_need_before_it_loads_anything(kind: str) -> None:
    policy = parsed(DOCUMENTS[kind]).xpath("/html/head/meta[@http-equiv='Content-Security-Policy']")[0]
    assert "default-src 'none'" in policy.get("content")
    assert "unsafe" not in policy.get("content")
    assert "http:" not in policy.get("content")
    assert not [each for each in policy.itersiblings(preceding=True) if each.tag in ("script", "link")]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_people_wrote_stays_text(text: str) -> None:
    for document in documents(Words(text, live=text)).values():
        assert_is_safe(document)
        document.encode()


@settings(max_examples=25, deadline=None)
@given(st.text(alphabet=st.characters() | st.sampled_from("<>&\"'`={}%\x00\ud800"), max_size=40))
def test_no_text_at_all_changes_a_page_s_structure(text: str) -> None:
    for kind, document in documents(Words(text)).items():
        assert_is_safe(document)
        if kind == "page" and text.strip():
            assert len(parsed(document).xpath("//*")) == len(parsed(DOCUMENTS["page"]).xpath("//*"))


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_ids_are_unique_and_what_is_referred_to_is_there(kind: str) -> None:
    tree = parsed(DOCUMENTS[kind])
    ids = tree.xpath("//@id")
    assert len(ids) == len(set(ids))
    named = tree.xpath("//@aria-labelledby") + tree.xpath("//@aria-controls")
    assert set(named) <= set(ids)
    assert kind == "spaces" or tree.xpath("//a[@class='skip']/@href") == ["#site-main"]


@pytest.mark.parametrize("kind", ["page", "home"])
def test_ids_around_the_body_leave_its_own_alone(kind: str) -> None:
    """A heading called "Main" or "Files" has an id of that name."""
    ids = parsed(DOCUMENTS[kind]).xpath("//@id")
    assert all(each.startswith(("site-", "search-", "comment-")) for each in ids)


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_landmarks_and_headings_are_in_order(kind: str) -> None:
    tree = parsed(DOCUMENTS[kind])
    assert len(tree.xpath("//main")) == len(tree.xpath("//h1")) == 1
    names = tree.xpath("//nav/@aria-label")
    assert len(names) == len(tree.xpath("//nav")) == len(set(names))
    levels = [int(each.tag[1]) for each in tree.xpath("//h1 | //h2 | //h3")]
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert all(each.get("aria-label") for each in tree.xpath("//button | //input"))


def test_addresses_are_relative_to_where_a_page_is() -> None:
    inside, top = parsed(DOCUMENTS["page"]), parsed(DOCUMENTS["tree"])
    assert inside.xpath("//link/@href")[0] == "../assets/site.css"
    assert top.xpath("//link/@href")[0] == "assets/site.css"
    assert inside.xpath("//a[@rel='next']/@href") == ["../pages/3.html"]
    assert inside.xpath("//body/@data-root") == ["../"]
    assert top.xpath("//script[contains(@src, 'search')]/@data-root") == [""]


def test_a_link_to_another_space_leaves_this_one() -> None:
    document = TEMPLATES.page(replace(page(), next=item("8", space_key="~ada")))
    assert parsed(document).xpath("//a[@rel='next']/@href") == ["../../../~ada/site/pages/8.html"]


def test_a_page_says_who_made_it_and_when() -> None:
    view = replace(page(), created=replace(MADE, by=None, number=1), edited=MADE, owner=None)
    meta = texts(TEMPLATES.page(view), "//p[@class='meta']/span")
    assert meta == [
        "By Former user, 5 January 2026",
        "Edited by Ada, 5 January 2026",
        "Version 3",
        "Open in Confluence",
    ]
    times = parsed(TEMPLATES.page(view)).xpath("//p[@class='meta']//time/@datetime")
    assert times == ["2026-01-05T09:12:00Z"] * 2


def test_a_page_that_was_never_edited_does_not_say_who_edited_it() -> None:
    first = replace(MADE, number=1)
    view = replace(page(), created=first, edited=first, owner=first.by)
    assert "Edited by" not in TEMPLATES.page(view)
    assert "Owned by" not in TEMPLATES.page(view)


@pytest.mark.parametrize("address", ["", "javascript:alert(1)", "//example.org", "file:///etc/passwd"])
def test_no_reader_is_sent_to_what_is_no_web_address(address: str) -> None:
    document = TEMPLATES.page(page(item(address=address)))
    assert "Open in Confluence" not in document
    assert not address or address not in document


@pytest.mark.parametrize(
    ("of", "notices"),
    [
        (item(), 0),
        (item(status="archived"), 1),
        (item(orphan=True), 1),
        (item(status="archived", orphan=True), 2),
    ],
)
def test_archived_pages_and_orphans_are_marked(of: Item, notices: int) -> None:
    view = replace(page(of), notices=())
    assert len(texts(TEMPLATES.page(view), "//p[@class='notice']")) == notices


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (Kind.WHITEBOARD, "what is in a whiteboard"),
        (Kind.DATABASE, "what is in a database"),
        (Kind.EMBED, "what is in an embed"),
        (Kind.PAGE, "The text of this page isn’t in this copy."),
    ],
)
def test_what_has_no_body_says_so_and_leads_to_confluence(kind: Kind, words: str) -> None:
    document = TEMPLATES.page(page(item(kind=kind), body=None))
    assert words in texts(document, "//div[@class='placeholder']")[0]
    assert parsed(document).xpath("//div[@class='placeholder']//a[@class='outside']")


def test_a_folder_shows_what_is_in_it_and_misses_nothing() -> None:
    assert not texts(DOCUMENTS["folder"], "//div[@class='placeholder']")
    assert texts(DOCUMENTS["folder"], "//h2[@id='site-children']") == ["In this folder"]


def test_the_body_is_taken_as_it_is() -> None:
    body = Markup('<h1 id="x">A &amp; B</h1>\n<pre>  two\n    four</pre>')
    assert body in TEMPLATES.page(page(body=body))


def test_the_table_of_contents_starts_at_the_highest_heading_of_the_page() -> None:
    toc = tuple(TocEntry(level, f"h{level}", str(level)) for level in (3, 2, 6))
    document = TEMPLATES.page(replace(page(), toc=toc))
    assert parsed(document).xpath("//details[@class='toc']//li/@class") == ["toc-2", "toc-1", "toc-4"]


def test_one_heading_is_no_table_of_contents() -> None:
    assert "On this page" not in TEMPLATES.page(replace(page(), toc=(TocEntry(1, "a", "A"),)))


def test_breadcrumbs_name_the_home_page_once() -> None:
    assert texts(DOCUMENTS["page"], "//nav[@class='breadcrumbs']//li") == ["Tide & Table"] * 2


def test_a_blog_post_is_in_the_blog() -> None:
    post = replace(page(item(kind=Kind.BLOGPOST)), breadcrumbs=())
    assert texts(TEMPLATES.page(post), "//nav[@class='breadcrumbs']//li") == ["Tide & Table", "Blog"]


def test_on_paper_a_page_says_where_it_comes_from() -> None:
    assert texts(DOCUMENTS["page"], "//p[@class='print-only']") == [Words().live]


def test_threads_of_comments_are_shown_to_a_depth_and_counted_to_the_last() -> None:
    thread = reduce(
        lambda below, number: comment(below, comment_id=str(number)), range(2000), comment(comment_id="x")
    )
    tree = parsed(TEMPLATES.page(replace(page(), comments=(thread,))))
    ids = tree.xpath("//article[@class='comment']/@id")
    assert ids == [f"comment-{number}" for number in reversed(range(2000))] + ["comment-x"]
    deepest = max(len(each.xpath("ancestor::ol")) for each in tree.xpath("//article[@class='comment']"))
    assert deepest == MAX_DEPTH
    assert tree.xpath("//h2[@id='site-comments']/span")[0].text == "2001"


def test_an_inline_comment_shows_the_words_it_hangs_on() -> None:
    view = replace(page(), comments=(comment(quoted="a <b> c"), comment(comment_id="10")))
    assert texts(TEMPLATES.page(view), "//blockquote") == ["a <b> c"]
    assert texts(TEMPLATES.page(view), "//article[@id='comment-10']//span[@class='tag']") == ["resolved"]


def test_what_could_run_scripts_is_offered_for_download() -> None:
    view = replace(page(), files=(file(title="x.html", media_type="text/html; charset=utf-8"), file()))
    tree = parsed(TEMPLATES.page(view))
    assert tree.xpath("//ul[@class='files']//a/@download") == ["x.html"]
    assert len(tree.xpath("//ul[@class='files']//img")) == 1


def test_a_file_that_is_not_in_the_mirror_is_listed_without_a_link() -> None:
    tree = parsed(TEMPLATES.page(replace(page(), files=(file(href=None),))))
    assert not tree.xpath("//ul[@class='files']//a | //ul[@class='files']//img")
    assert "not in this copy" in tree.xpath("//ul[@class='files']")[0].text_content()


def test_the_tree_is_nested_as_its_rows_are() -> None:
    depths = [0, 1, 2, 3, 1, 0, 1]
    rows = [TreeRow(item(str(number)), depth) for number, depth in enumerate(depths)]
    tree = parsed(TEMPLATES.tree(rows))
    links = tree.xpath("//div[@class='whole-tree']//a")
    assert [len(link.xpath("ancestor::ul")) - 1 for link in links] == depths
    assert len(links[0].xpath("../ul")) == 1


@pytest.mark.parametrize(
    "render", [TEMPLATES.tree, TEMPLATES.changes, TEMPLATES.labels, TEMPLATES.attachments]
)
def test_an_empty_list_says_so(render: Callable[[list[Any]], str]) -> None:
    assert texts(render([]), "//main//p")


def test_changes_stand_under_their_day() -> None:
    assert texts(DOCUMENTS["changes"], "//h2") == ["5 January 2026"]
    assert len(texts(DOCUMENTS["changes"], "//ul[@class='changes']/li")) == 2


def test_a_person_s_name_leads_to_their_pages() -> None:
    people = TEMPLATES.people([])
    assert "No names" in people
    link = parsed(DOCUMENTS["blog"]).xpath("//a[@class='person']/@href")[0]
    assert link == "people.html#712020%3A1"


def test_the_report_has_no_date_where_none_is_known() -> None:
    assert "made on" not in TEMPLATES.report(ReportView(""))
    assert "made on" in TEMPLATES.report(ReportView(MADE.at))


def test_pages_do_not_depend_on_when_the_mirror_was_made_or_on_each_other() -> None:
    again = documents()
    assert again == DOCUMENTS
    assert "mirrored_at" not in DOCUMENTS["page"]
    assert len(TEMPLATES.home(HomeView(None))) < 4500


def test_a_page_s_frame_is_small() -> None:
    view = replace(
        page(body=Markup("")),
        toc=(),
        comments=(),
        files=(),
        versions=(),
        backlinks=(),
        children=(),
        notices=(),
    )
    assert len(TEMPLATES.page(view).encode()) < 6 * 1024


def test_spaces_are_listed_with_where_they_are() -> None:
    document = spaces([SpaceRow("~a b", "", "~a b", 1), SpaceRow("KEY", "Key", "KEY", 2)])
    assert parsed(document).xpath("//ul//a/@href") == ["~a%20b/site/index.html", "KEY/site/index.html"]
    assert parsed(document).xpath("//link/@href") == ["~a%20b/site/assets/site.css"]
    assert texts(document, "//strong") == ["~a b", "Key"]


def test_an_unknown_moment_is_shown_as_it_came() -> None:
    view = replace(page(), created=Made("last week", Person("1", "B", True), 1))
    document = TEMPLATES.page(view)
    assert "By B, last week" in texts(document, "//p[@class='meta']/span")
    assert "last week" not in parsed(document).xpath("//time/@datetime")
