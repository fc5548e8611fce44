"""Every shape of a link, through the one resolver: what is in the mirror is relative, the rest absolute."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from exporter.model import Kind
from exporter.site.body.links import tiny_id
from exporter.site.html.body import render_body
from exporter.site.items import Comment, Edition
from tests.site.memory import ADA, HOST, PAGE, WIKI, Memory, a_file, an_item, html_of, macro, rendered

TIDES, POST, OPS = an_item("65607", "Tide & Time"), an_item("4", "News", kind=Kind.BLOGPOST), "OPS"
LIGHTS = an_item("90", "Lights", space_key=OPS, address=f"{WIKI}/spaces/{OPS}/pages/90")
OTHERS = [
    an_item(str(number), kind.value, kind=kind, has_body=False)
    for number, kind in enumerate((Kind.FOLDER, Kind.WHITEBOARD, Kind.DATABASE, Kind.EMBED), 20)
]
HOME, OPS_HOME = an_item("2", "Home"), an_item("91", "Ops", space_key=OPS)
COMMENT = Comment("77", False, Edition(1, "", ADA), b"<p>x</p>", False, None, "", ())
REPLIED = Comment("76", False, Edition(1, "", ADA), b"<p>x</p>", False, None, "", (COMMENT,))
SPACE = Memory(
    [HOME, PAGE, TIDES, POST, LIGHTS, OPS_HOME, *OTHERS],
    bodies={
        "1": "",
        "65607": "<h2>High water</h2><h2>High water</h2><p><a id='low' />x</p>" + macro("anchor", _="neap"),
        "90": "<h2>Red one</h2>",
    },
    held=[
        a_file("att5", "a b+c.pdf", "65607", "application/pdf"),
        a_file("att6", "own.pdf", "1", "application/pdf"),
        a_file("att7", "gone.pdf", "1", "application/pdf", held=False),
    ],
    said={"65607": [REPLIED]},
    home="2",
    homes={OPS: "91"},
)
TIDE_PAGE, LIGHT_PAGE = "../pages/65607.html", "../../../OPS/site/pages/90.html"
TITLE = '<ri:page ri:content-title="Tide &amp; Time" />'
LIGHT = '<ri:page ri:space-key="OPS" ri:content-title="Lights" />'


def ac_link(target: str, body: str = "", anchor: str = "") -> str:
    return f'<ac:link ac:anchor="{anchor}">{target}{body}</ac:link>'


def a_href(address: str, card: str = "") -> str:
    shown = address.replace("&", "&amp;")
    return f'<a href="{shown}" data-card-appearance="{card}">{"" if card else "words"}</a>'


def link_of(body: str) -> tuple[str | None, str, str]:
    """Address, class and words of what the body links with."""
    found = html.fragment_fromstring(html_of(f"<p>{body}</p>", SPACE)).xpath("//a|//span[@class]")
    assert len(found) == 1
    return found[0].get("href"), found[0].get("class", ""), found[0].text_content()


@pytest.mark.parametrize(
    ("target", "href", "words"),
    [
        (TITLE, TIDE_PAGE, "Tide & Time"),
        ('<ri:page ri:content-title="tide &amp; TIME" />', TIDE_PAGE, "tide & TIME"),
        ('<ri:page ri:space-key="ENG" ri:content-title="Tide &amp; Time" />', TIDE_PAGE, "Tide & Time"),
        (LIGHT, LIGHT_PAGE, "Lights"),
        ('<ri:blog-post ri:content-title="News" ri:posting-day="2026/01/05" />', "../pages/4.html", "News"),
        ('<ri:content-entity ri:content-id="65607" />', TIDE_PAGE, "Tide & Time"),
        ('<ri:content-entity ri:content-id="22" />', "../pages/22.html", "database"),
        ('<ri:space ri:space-key="ENG" />', "../pages/2.html", "Home"),
        ('<ri:space ri:space-key="OPS" />', "../../../OPS/site/pages/91.html", "Ops"),
        ('<ri:user ri:account-id="712020:ada" />', "../people.html#712020%3Aada", "Ada"),
        ('<ri:url ri:value="/wiki/spaces/ENG/pages/65607" />', TIDE_PAGE, "Tide & Time"),
        ('<ri:attachment ri:filename="own.pdf" />', "../files/att6/own.pdf", "own.pdf"),
        ('<ri:attachment ri:filename="OWN.PDF" />', "../files/att6/own.pdf", "own.pdf"),
        (
            f'<ri:attachment ri:filename="a b+c.pdf">{TITLE}</ri:attachment>',
            "../files/att5/a%20b+c.pdf",
            "a b+c.pdf",
        ),
    ],
)
def test_an_identifier_leads_into_the_mirror(target: str, href: str, words: str) -> None:
    name = "mention" if "ri:user" in target else ""
    assert link_of(ac_link(target)) == (href, name, words)
    text = "<ac:plain-text-link-body><![CDATA[a < b]]></ac:plain-text-link-body>"
    assert link_of(ac_link(target, text)) == (href, name, "a < b")
    rich = "<ac:link-body>a <b>b</b></ac:link-body>"
    assert link_of(ac_link(target, rich)) == (href, name, "a b")


@pytest.mark.parametrize(
    ("target", "href", "kind", "words"),
    [
        ('<ri:page ri:content-title="No &amp; where" />',
         f"{WIKI}/pages/viewpage.action?spaceKey=ENG&title=No%20%26%20where", "outside", "No & where"),
        ('<ri:page ri:space-key="OPS" ri:content-title="Gone" />',
         f"{WIKI}/pages/viewpage.action?spaceKey=OPS&title=Gone", "outside", "Gone"),
        ('<ri:content-entity ri:content-id="5" />', f"{WIKI}/pages/viewpage.action?pageId=5", "outside", "5"),
        ('<ri:space ri:space-key="~ada" />', f"{WIKI}/spaces/~ada", "outside", "~ada"),
        ('<ri:url ri:value="https://far.example/?a=1&amp;b" />', "https://far.example/?a=1&b", "outside",
         "https://far.example/?a=1&b"),
        ('<ri:url ri:value="mailto:ada@far.example" />', "mailto:ada@far.example", "outside",
         "mailto:ada@far.example"),
        ('<ri:blog-post ri:content-title="News" ri:posting-day="2020/01/01" />', None, "missing", "News"),
        ('<ri:attachment ri:filename="gone.pdf" />', None, "missing", "gone.pdf"),
        (f'<ri:attachment ri:filename="own.pdf">{TITLE}</ri:attachment>', None, "missing", "own.pdf"),
        ('<ri:shortcut ri:key="JIRA" ri:parameter="A-1" />', None, "missing", "A-1@JIRA"),
        ('<ri:user ri:account-id="9" />', None, "mention", "Former user"),
        ('<ri:user ri:userkey="8a" />', None, "mention", "Former user"),
    ],
)  # fmt: skip
def test_an_identifier_of_what_is_not_in_the_mirror(
    target: str, href: str | None, kind: str, words: str
) -> None:
    assert link_of(ac_link(target)) == (href, kind, words)


ITSELF = "/wiki/spaces/ENG/pages/65607"
IN_THE_MIRROR = {
    ITSELF: TIDE_PAGE,
    f"{ITSELF}/Tide+Time": TIDE_PAGE,
    f"{ITSELF}/Tide+Time?atlOrigin=x&src=y": TIDE_PAGE,
    "/wiki/spaces/OLD/pages/65607/It+was+moved": TIDE_PAGE,
    "/wiki/spaces/ENG/pages/edit-v2/65607": TIDE_PAGE,
    "/wiki/spaces/ENG/pages/edit/65607": TIDE_PAGE,
    "/wiki/pages/viewpage.action?pageId=65607": TIDE_PAGE,
    "/wiki/pages/viewpage.action?spaceKey=ENG&title=Tide+%26+Time": TIDE_PAGE,
    "/wiki/pages/editpage.action?pageId=65607": TIDE_PAGE,
    "/wiki/pages/resumedraft.action?draftId=65607": TIDE_PAGE,
    "/wiki/pages/viewpageattachments.action?pageId=65607": TIDE_PAGE,
    "/wiki/pages/releaseview.action?pageId=65607": TIDE_PAGE,
    "/wiki/display/ENG/Tide+%26+Time": TIDE_PAGE,
    "/display/ENG/Tide%20%26%20Time": TIDE_PAGE,
    "/wiki/x/RwAB": TIDE_PAGE,
    "/wiki/x/RwAB/": TIDE_PAGE,
    "/wiki/spaces/ENG/overview?homepageId=2": "../pages/2.html",
    "/wiki/spaces/ENG": "../pages/2.html",
    "/wiki/display/ENG": "../pages/2.html",
    "/wiki/spaces/viewspace.action?key=ENG": "../pages/2.html",
    "/wiki/spaces/OPS/overview": "../../../OPS/site/pages/91.html",
    "/wiki/spaces/ENG/blog/2026/01/05/4/News": "../pages/4.html",
    "/wiki/spaces/ENG/blog/4": "../pages/4.html",
    "/wiki/display/ENG/2026/01/05/News": "../pages/4.html",
    "/wiki/spaces/ENG/folder/20": "../pages/20.html",
    "/wiki/spaces/ENG/whiteboard/21": "../pages/21.html",
    "/wiki/spaces/ENG/database/22?x=y": "../pages/22.html",
    "/wiki/spaces/ENG/embed/23": "../pages/23.html",
    "/wiki/download/attachments/65607/a%20b%2Bc.pdf?version=1&api=v2": "../files/att5/a%20b+c.pdf",
    "/wiki/download/thumbnails/65607/a+b%2Bc.pdf": "../files/att5/a%20b+c.pdf",
    f"{ITSELF}/Tide?preview=/65607/5/a%20b.pdf": "../files/att5/a%20b+c.pdf",
    f"{ITSELF}/Tide?preview=%2F65607%2Fatt5%2Fa.pdf": "../files/att5/a%20b+c.pdf",
    f"{ITSELF}?preview=/65607/99/unknown.pdf": TIDE_PAGE,
    f"{ITSELF}?focusedCommentId=76": f"{TIDE_PAGE}#comment-76",
    "/wiki/pages/viewpage.action?pageId=65607&focusedCommentId=77#comment-77": f"{TIDE_PAGE}#comment-77",
    f"{ITSELF}?focusedCommentId=78": TIDE_PAGE,
    f"{ITSELF}/T#Tide%26Time-Highwater.1": f"{TIDE_PAGE}#Tide%26Time-Highwater.1",
    f"{ITSELF}/T#High-water": f"{TIDE_PAGE}#Tide%26Time-Highwater",
    f"{ITSELF}#neap": f"{TIDE_PAGE}#Tide%26Time-neap",
    f"{ITSELF}#low": f"{TIDE_PAGE}#low",
    f"{ITSELF}#nowhere": TIDE_PAGE,
    f"{ITSELF}#top": TIDE_PAGE,
    "/wiki/spaces/OPS/pages/90#Red-one": f"{LIGHT_PAGE}#Lights-Redone",
    "/wiki/people/712020:ada": "../people.html#712020%3Aada",
}  # fmt: skip


@pytest.mark.parametrize("address", IN_THE_MIRROR)
@pytest.mark.parametrize("host", ["", f"https://{HOST}", f"http://{HOST.upper()}", "https://old.example.com"])
def test_an_address_of_the_site_leads_into_the_mirror(address: str, host: str) -> None:
    href, kind, words = link_of(a_href(host + address))
    assert (href, words) == (IN_THE_MIRROR[address], "words")
    assert kind == ("mention" if "/people/" in address else "")


def test_a_card_shows_what_it_leads_to() -> None:
    assert link_of(a_href(ITSELF, "inline")) == (TIDE_PAGE, "card card-inline", "Tide & Time")
    assert link_of(a_href(ITSELF, "block")) == (TIDE_PAGE, "card", "Tide & Time")
    far = "https://far.example/a"
    assert link_of(a_href(far, "embed")) == (far, "outside card", far)


@pytest.mark.parametrize(
    "address",
    [
        f"{WIKI}/spaces/ENG/pages/5/Gone#Somewhere",
        f"{WIKI}/pages/viewpage.action?pageId=5",
        f"{WIKI}/display/ENG/Gone",
        f"{WIKI}/x/AAAB",
        f"{WIKI}/x/-_-_-_-_-_-_-_-_",
        f"{WIKI}/download/attachments/1/gone.pdf",
        f"{WIKI}/label/ENG/tide",
        f"{WIKI}/people/9",
        f"https://{HOST}/browse/ENG-1",
        f"https://{HOST}/jira/projects",
        "https://far.example/wiki/spaces/OTHER/pages/65607",  # another wiki's page of the same id
        "https://far.example/wiki/pages/viewpage.action?pageId=65607",
        "https://far.example/wiki/x/RwAB",
        "https://far.example/display/ENG/Tide+%26+Time",
        "https://[::1",
        "http://far.example:port/",
        "tel:+49-30",
        "ftp://far.example/a",
    ],
)
def test_what_is_not_in_the_mirror_stays_absolute_and_is_marked(address: str) -> None:
    broken = address == "https://[::1"
    expected = (None, "missing", "words") if broken else (address, "outside", "words")
    assert link_of(a_href(address)) == expected
    shown = html_of(a_href(address), SPACE)
    assert 'title="Not in this mirror' in shown
    assert broken or 'rel="noreferrer"' in shown


def test_only_what_leads_to_the_site_counts_as_missing_from_the_mirror() -> None:
    body = "".join(map(a_href, (f"{WIKI}/x/AAAB", f"https://{HOST}/browse/ENG-1", "https://far.example/")))
    assert rendered(body, SPACE).unresolved == (f"{WIKI}/x/AAAB",)


def test_a_known_space_on_another_host_is_the_site_under_a_name_it_had() -> None:
    assert link_of(a_href("https://renamed.example/wiki/spaces/ENG/pages/65607"))[0] == TIDE_PAGE


@pytest.mark.parametrize(
    "address",
    ["javascript:x", " JavaScript:x", "java&#9;script:x", "&#10;data:text/html,x", "vbscript:x", "file:///etc/passwd",
     "intent:x", "ms-word:x", "blob:x", "view-source:https://far.example/"],
)  # fmt: skip
def test_what_could_act_is_no_link_but_says_what_it_was(address: str) -> None:
    href, kind, words = link_of(f'<a href="{address}">words</a>')
    assert (href, kind, words) == (None, "missing", "words")
    assert 'title="Not in this mirror: ' in html_of(f'<a href="{address}">words</a>', SPACE)


ANCHORS = {
    "High water": "Tide%26Time-Highwater",
    "Highwater": "Tide%26Time-Highwater",
    "High-water": "Tide%26Time-Highwater",
    "Tide&amp;Time-Highwater": "Tide%26Time-Highwater",
    "Tide&amp;Time-Highwater.1": "Tide%26Time-Highwater.1",
    "neap": "Tide%26Time-neap",
    "low": "low",
}


@pytest.mark.parametrize("anchor", ANCHORS)
def test_an_anchor_is_found_from_elsewhere_and_on_its_page(anchor: str) -> None:
    assert link_of(ac_link(TITLE, anchor=anchor))[0] == f"{TIDE_PAGE}#{ANCHORS[anchor]}"
    for target in ("", TITLE, '<ri:content-entity ri:content-id="65607" />'):
        body = f"{SPACE.bodies['65607']}{ac_link(target, anchor=anchor)}"
        found = rendered(body, SPACE, page=TIDES)
        assert f'href="#{ANCHORS[anchor]}"' in found.html
        assert not found.problems


@pytest.mark.parametrize(
    ("target", "shown", "problem"),
    [
        ("", '<span class="missing" title="Not in this mirror">x</span>',
         "a link to “x”, which is no place of this page"),
        (TITLE, f'<a href="{TIDE_PAGE}">Tide &amp; Time</a>',
         "a link to “x”, which is no place of “Tide & Time”"),
    ],
)  # fmt: skip
def test_an_anchor_that_is_nowhere_is_reported(target: str, shown: str, problem: str) -> None:
    found = rendered(ac_link(target, anchor="x"), SPACE)
    assert found.html == shown
    assert found.problems == (problem,)


@pytest.mark.parametrize("address", ["#", "#top"])
def test_the_top_of_the_page(address: str) -> None:
    assert link_of(a_href(address)) == ("#", "", "words")


def test_a_comment_names_places_of_the_page_around_it() -> None:
    shown = render_body(
        ac_link("", anchor="High water").encode(), page=TIDES, library=SPACE, root="../", anchored=False
    )
    assert shown.html == '<a href="#Tide%26Time-Highwater">High water</a>'


def test_links_and_what_is_missing_are_told() -> None:
    body = ac_link(TITLE) + ac_link(LIGHT) + ac_link('<ri:page ri:content-title="Gone" />') + a_href("#x")
    found = rendered(body, SPACE)
    assert found.links == ("65607", "90")
    assert found.unresolved == ("Gone",)


def test_without_an_address_of_the_site_nothing_is_made_up() -> None:
    nowhere = Memory([PAGE], site_url="", hosts=frozenset())
    here = an_item("1", "Tide tables", address="")
    body = ac_link('<ri:page ri:content-title="Gone" />') + a_href("/wiki/x/RwAB")
    assert html_of(body, nowhere, page=here).count('class="missing"') == 2


@given(st.integers(1, 2**63 - 1))
def test_a_short_address_is_its_id_in_other_digits(number: int) -> None:
    data = number.to_bytes(8, "little").rstrip(b"\0")
    code = base64.b64encode(data).decode().replace("/", "-").replace("+", "_").rstrip("=").rstrip("A")
    assert tiny_id(code) == str(number)


@pytest.mark.parametrize("code", ["", "A", "AAAA", "_-_-_-_-_-_-_-_-", "ä"])
def test_what_is_no_short_address(code: str) -> None:
    assert tiny_id(code) is None
