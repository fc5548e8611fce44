"""What is written is what a browser reads: whatever stands in whatever, ids are unique and nothing acts."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.site.items import Comment, Edition
from tests.site.active_content import active_content
from tests.site.memory import ADA, PAGE, Memory, a_file, an_item, html_of, macro, plain_macro
from tests.site.strict_html import ids, misread

OTHER = an_item("2", "Page 2")
COMMENT = Comment("77", True, Edition(1, "", ADA), b"<p>why?</p>", False, "r1", "q", ())
SPACE = Memory(
    [PAGE, OTHER],
    bodies={"1": "", "2": "<h2>Tide</h2><p>in <ac:link ac:anchor='Tide' /></p>"},
    held=[a_file("att1", "a.png", "1")],
    said={"1": [COMMENT]},
)
TO_PAGE = '<ac:link><ri:page ri:content-title="Page 2" /><ac:link-body>{}</ac:link-body></ac:link>'
IMAGE = (
    '<ac:image ac:align="center"><ri:attachment ri:filename="a.png" /><ac:caption>{}</ac:caption></ac:image>'
)


@pytest.mark.parametrize(
    ("body", "html"),
    [
        # blocks in paragraphs
        ("<p>a<div>b</div></p>", "<div>a<div>b</div></div>"),
        ("<p><td>b</td></p>", "<div><div>b</div></div>"),
        (f"<p>{macro('info', '<p>b</p>')}</p>", '<div><div class="panel panel-info"><p>b</p></div></div>'),
        # items without a list, and lists of what is no item
        ("<div><li>a</li></div>", "<div><div>a</div></div>"),
        ("<ul><li>a</li> <ul><li>b</li></ul></ul>", "<ul><li>a<ul><li>b</li></ul></li></ul>"),
        ("<ul> <p>a</p><li>b</li></ul>", '<ul><li class="no-marker"><p>a</p></li><li>b</li></ul>'),
        ("<dl><dt>a</dt><dd>b</dd></dl>", "<dl><dt>a</dt><dd>b</dd></dl>"),
        ("<dl>a</dl>", "<dl><dd>a</dd></dl>"),
        # headings in headings, parts of tables without one, a formula with markup in it
        ("<h2>a<h3>b</h3></h2>", '<h2 id="Tidetables-ab"><span id="ab"></span>ab</h2>'),
        ("<tbody><tr><td>a</td></tr></tbody>", "<div><div><div>a</div></div></div>"),
        ("<math><mi>x</mi><b>y</b></math>", "<math><mi>x</mi>y</math>"),
        ("<p><mi>x</mi></p>", "<p>x</p>"),
        # links and places in links
        (TO_PAGE.format(TO_PAGE.format("a")), '<a href="../pages/2.html"><span>a</span></a>'),
        (
            TO_PAGE.format('<a id="n"></a>a'),
            '<a href="../pages/2.html"><span id="n"></span>a</a>',
        ),
        (
            TO_PAGE.format(plain_macro("html", "<a href='https://far.example'>a</a>")),
            '<a href="../pages/2.html"><section>a</section></a>',
        ),
        (
            TO_PAGE.format(f"<h2>a</h2>{macro('toc')}").replace("<h2>a</h2>", "a"),
            '<a href="../pages/2.html">a</a>',
        ),
    ],
)
def test_what_stands_in_a_wrong_place_keeps_its_words(body: str, html: str) -> None:
    assert html_of(body, SPACE) == html


def test_a_block_in_a_caption_is_its_words() -> None:
    shown = html_of(f"<p>{IMAGE.format('<p>a</p>' + macro('info', '<p>b</p>'))}</p>", SPACE)
    assert shown.endswith('<span class="caption">a b  </span></p>')


# --- whatever stands in whatever ------------------------------------------------------

_TEXTS = st.sampled_from(
    ["x", " ", "Tide", "&lt;b&gt;", "&amp;amp;", "\n", "\n\n", "a b", "é", "&quot;'", "n1"]
)
_NAMES = """
    p div span strong blockquote ul ol li dl dt dd pre code h1 h2 h3 table tbody thead tfoot tr td th caption
    figure figcaption sub u q big font center em math mrow mi mtable mtr mtd mtext semantics annotation small
    tt
"""
_TAGS = _NAMES.split()
_ATTRIBUTES = st.sampled_from(
    ["", ' id="n1"', ' id="Tide"', ' style="text-align: center; color: red"', ' class="x"']
)
_ADDRESSES = st.sampled_from(
    [
        "https://far.example/",
        "#Tide",
        "#n1",
        "#?",
        "/wiki/spaces/ENG/pages/2",
        "javascript:x",
        "&quot;&gt;",
        "",
    ]
)
_MACROS = """
    info expand section column quote excerpt toc anchor status span html unheard-of attachments children
    gallery include noformat
"""
_RICH = st.sampled_from(_MACROS.split())
_SOURCES = st.sampled_from(
    ["x < y", "\nfoo\n", "<p>a<div>b</p>", "<a href='x'>y<a href='z'>w", "<table><td>x", "<li>x",
     "</div></div>", "<h1>a<h2>b", "</section><li>", "<details><summary>"]
)  # fmt: skip
_PLAIN = st.sampled_from(["html", "code", "quote", "mathinline", "mathblock", "unheard-of"])


def _task(inner: str) -> str:
    body = f"<ac:task-status>complete</ac:task-status><ac:task-body>{inner}</ac:task-body>"
    return f"<ac:task-list><ac:task>{body}</ac:task></ac:task-list>"


def _layout(inner: str) -> str:
    cells = f"<ac:layout-cell>{inner}</ac:layout-cell>" * 2
    return f'<ac:layout><ac:layout-section ac:type="two_equal">{cells}</ac:layout-section></ac:layout>'


def _decision(inner: str) -> str:
    item = f'<ac:adf-node type="decision-item"><ac:adf-content>{inner}</ac:adf-content></ac:adf-node>'
    return f'<ac:adf-extension><ac:adf-node type="decision-list">{item}</ac:adf-node></ac:adf-extension>'


_WRAPPERS = (
    _task,
    _layout,
    _decision,
    TO_PAGE.format,
    IMAGE.format,
    '<ac:inline-comment-marker ac:ref="r1">{}</ac:inline-comment-marker>'.format,
)


def _containing(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    held = st.lists(inner, max_size=3).map("".join)
    return st.one_of(
        st.builds(
            lambda tag, given, text: f"<{tag}{given}>{text}</{tag}>",
            st.sampled_from(_TAGS),
            _ATTRIBUTES,
            held,
        ),
        st.builds(lambda href, text: f'<a href="{href}">{text}</a>', _ADDRESSES, held),
        st.builds(lambda name, text, value: macro(name, text, _=value, page="Page 2"), _RICH, held, _TEXTS),
        st.builds(lambda wrap, text: wrap(text), st.sampled_from(_WRAPPERS), held),
    )


_BODIES = st.recursive(
    st.one_of(
        _TEXTS,
        st.sampled_from(
            ["<br />", "<hr />", "<ac:emoticon ac:name='smile' />", "<time datetime='2026-01-05' />"]
        ),
        st.builds(plain_macro, _PLAIN, _SOURCES),
    ),
    _containing,
    max_leaves=12,
)


@settings(max_examples=100, deadline=None)
@given(_BODIES)
def test_a_browser_reads_what_was_written(body: str) -> None:
    html = html_of(body, SPACE)
    assert misread(html) == ""
    found = ids(html)
    assert len(found) == len(set(found))


_SHOWING = "panel", "status", "iframe", "?"
HOSTILE = st.text(st.sampled_from("\"'<>&=/`\\ \t\n\x00\u2028;:#%ajavscript()onx"), max_size=30)


@settings(max_examples=50, deadline=None)
@given(HOSTILE)
def test_no_value_leaves_its_attribute(value: str) -> None:
    shown = value.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    attributes = " ".join(
        f'{name}="{shown}"' for name in ("id", "title", "style", "class", "href", "lang", "start")
    )
    body = "".join((
        *(f"<{tag} {attributes}>x</{tag}>" for tag in ("p", "a", "ol", "h2", "td", "span", "font", "abbr")),
        *(macro(name, "<p>x</p>", title=shown, _=shown, url=shown) for name in _SHOWING),
        f'<ac:link ac:anchor="{shown}" ac:tooltip="{shown}"><ri:page ri:content-title="{shown}" /></ac:link>',
        f'<ac:image ac:alt="{shown}" ac:width="{shown}"><ri:url ri:value="{shown}" /></ac:image>',
        f'<ac:emoticon ac:name="{shown}" /><time datetime="{shown}" />',
        plain_macro("html", value.replace("]]>", "").replace("\x00", "")),
    ))  # fmt: skip
    html = html_of(body, SPACE)
    assert misread(html) == ""
    assert active_content(f"<main>{html}</main>") == []
