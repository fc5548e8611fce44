"""Foreign HTML keeps its words, its structure, and links to where we say."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exporter.site.body.foreign import sanitised, words_in
from tests.site.active_content import active_content
from tests.site.memory import PAGE, Memory, a_file, html_of, plain_macro
from tests.site.payloads import PAYLOADS, Payload
from tests.site.strict_html import ids, misread

SPACE = Memory(
    [PAGE],
    held=[a_file("att1", "a.html", "1", "text/plain"), a_file("att2", "a.pdf", "1", "application/pdf")],
)


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("<p>a <b>b</b></p>", "<p>a <b>b</b></p>"),
        ("<p id=a class=b style='color:red' onclick=x data-x=y>a</p>", "<p>a</p>"),
        ("<script>1</script><style>p{}</style><iframe src=x>y</iframe><textarea>z</textarea>a", "a"),
        ("<form action=x><button>a</button><input value=b></form>", "a"),
        ("<svg><text>b</text></svg>a", "a"),
        ("<img src=https://far.example/a.png onerror=x>a", "a"),
        ("<td colspan=2>a", "a"),
        ("<table><tr><td colspan=2 rowspan=x width=9>a",
         '<table><tbody><tr><td colspan="2">a</td></tr></tbody></table>'),
        ("<ol start=3><li>a", '<ol start="3"><li>a</li></ol>'),
        ("<ol start=-3><li>a", "<ol><li>a</li></ol>"),
        ("<a href=x>a</a>", '<a href="to x" rel="noreferrer">a</a>'),
        ("<a href=none>a</a>", '<a rel="noreferrer">a</a>'),
        ("<a href=javascript:x>a</a>", '<a rel="noreferrer">a</a>'),
        ("<p>a", "<p>a</p>"),
        ("a &lt; b", "a &lt; b"),
    ],
)  # fmt: skip
def test_it_is_made_harmless(html: str, shown: str) -> None:
    assert sanitised(html, lambda address: None if address == "none" else f"to {address}") == shown


def test_in_a_link_it_has_none() -> None:
    assert sanitised("<a href=x>a</a>", str, in_link=True) == "a"


@pytest.mark.parametrize(
    ("address", "href"),
    [
        ("/wiki/spaces/ENG/pages/1", '<a href="../pages/1.html" rel="noreferrer">'),
        ("/wiki/download/attachments/1/a.pdf", '<a href="../files/att2/a.pdf" rel="noreferrer">'),
        (
            "/wiki/download/attachments/1/a.html",
            '<a rel="noreferrer">',
        ),  # it would run: nothing marks it a download
        ("https://far.example/", '<a href="https://far.example/" rel="noreferrer">'),
    ],
)
def test_its_links_go_through_the_resolver(address: str, href: str) -> None:
    html = html_of(plain_macro("html", f"<a href='{address}'>a</a>"), SPACE)
    assert html == f"<section>{href}a</a></section>"


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("<p>bo<b>l</b>d</p><p>next</p>", ["bold", "next"]),
        ("<td>a</td>", ["a"]),
        ("<table><tr><td>a<td>b</table>", ["a", "b"]),
        ("a &lt;b&gt; &amp;amp; c", ["a", "<b>", "&amp;", "c"]),
        ("<script>x</script>a<!-- y -->", ["a"]),
        ("<a href='>x'>a</a>", ["a"]),
    ],
)
def test_its_words(html: str, words: list[str]) -> None:
    assert words_in(html).split() == words


PARTS = st.sampled_from(
    [
        "<p>",
        "</p>",
        "<a_href=x>",
        "</a>",
        "<table>",
        "<tr>",
        "<td>",
        "</table>",
        "<li>",
        "<ul>",
        "<svg>",
        "<math>",
        "<style>",
        "</style>",
        "<!--",
        "-->",
        "<title>",
        "<noscript>",
        "</noscript>",
        "<xmp>",
        "<plaintext>",
        "<template>",
        "<mtext>",
        "<mglyph>",
        "<b_onclick=x>",
        "</section>",
        "<details>",
        "x",
        "<h1>",
        "<img_src=x_onerror=y>",
        "<select>",
        "<option>",
        "<frameset>",
        "<body>",
        "</body>",
        "<form>",
        "<![CDATA[",
        "]]",
        "&lt;",
        "&amp;lt;",
    ]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(PARTS, max_size=12).map(lambda parts: "".join(parts).replace("_", " ")))
@example("<li><form><li>")
def test_whatever_it_is_a_page_around_it_stays_whole(html: str) -> None:
    shown = html_of(f"<ul><li>{plain_macro('html', html)}</li></ul><h2>after</h2>", SPACE)
    assert misread(shown) == ""
    assert active_content(shown) == []
    assert ids(shown) == ["Tidetables-after", "after"]


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_nothing_in_it_acts(payload: Payload) -> None:
    shown = sanitised(payload.text, str)
    assert active_content(f"<section>{shown}</section>") == []
