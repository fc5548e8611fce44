"""Each construct of storage format as a tree; and whatever there is, words are kept and nothing raises."""

from __future__ import annotations

import time

import pytest

from exporter.site.body.document import (
    MAX_DEPTH,
    AdfExtension,
    AdfNode,
    AttachmentRef,
    Cell,
    ContentRef,
    Element,
    Emoticon,
    Heading,
    Image,
    InlineComment,
    Link,
    Macro,
    Node,
    PageRef,
    Parameter,
    Placeholder,
    SamePage,
    Section,
    Table,
    Task,
    TaskList,
    Text,
    Time,
    UrlRef,
    UserRef,
)
from exporter.site.body.storage_format import parse
from tests.site.trees import depth_of, is_clean, words_of

A = (Text("a"),)


def p(*children: Node) -> Element:
    return Element("p", {}, {}, children)


def tree(body: str) -> tuple[Node, ...]:
    parsed = parse(body.encode())
    assert parsed.problems == ()
    return parsed.document.children


CONSTRUCTS: dict[str, Node] = {
    "<p>a</p>": p(*A),
    '<p style="text-align: center; margin-left: 30px;">a</p>': Element(
        "p", {}, {"text-align": "center", "margin-left": "30px"}, A
    ),
    '<ol start="3" onclick="x()"><li>a</li></ol>': Element(
        "ol", {"start": "3"}, {}, (Element("li", {}, {}, A),)
    ),
    "<P>a</P>": p(*A),
    "<p>&auml;&nbsp;&lt;&amp;&#x41;&LT;&nvlt;</p>": p(Text("ä\xa0<&A<<⃒")),
    "<p>a<!-- b -->c<?d e?>f</p>": p(Text("acf")),
    "<p><![CDATA[<b>&amp;]]></p>": p(Text("<b>&amp;")),
    '<h2 id="x">a</h2>': Heading(2, "x", {}, A),
    "<h6>a</h6>": Heading(6, "", {}, A),
    '<a href=" https://example.com/?a=1&amp;b=2 " title="t">a</a>': Link(
        UrlRef("https://example.com/?a=1&b=2"), "", "t", "", A
    ),
    '<a href="https://example.com/" data-card-appearance="block"></a>': Link(
        UrlRef("https://example.com/"), "", "", "block", ()
    ),
    '<a href="https://example.com/"> </a>': Element("span", {}, {}, (Text(" "),)),
    '<a id="x">a</a>': Element("a", {"id": "x"}, {}, A),
    '<ac:link><ri:page ri:content-title="P" ri:space-key="K" /></ac:link>': Link(
        PageRef("K", "P"), "", "", "", ()
    ),
    '<ac:link ac:anchor="x"><ac:plain-text-link-body><![CDATA[a]]></ac:plain-text-link-body></ac:link>': Link(
        SamePage(), "x", "", "", A
    ),
    '<ac:link ac:tooltip="t" ac:card-appearance="inline"><ri:content-entity ri:content-id="7" />'
    "<ac:link-body><b>a</b></ac:link-body></ac:link>": Link(
        ContentRef("7"), "", "t", "inline", (Element("b", {}, {}, A),)
    ),
    '<ri:user ri:account-id="u" />': Link(UserRef("u"), "", "", "", ()),
    '<ac:image ac:width="10" ac:alt="b"><ri:attachment ri:filename="f.png" />'
    "<ac:caption><p>a</p></ac:caption></ac:image>": Image(
        AttachmentRef("f.png", None), {"width": "10", "alt": "b"}, (p(*A),)
    ),
    '<img src="x.png" alt="b" onerror="y()" />': Image(UrlRef("x.png"), {"alt": "b"}, ()),
    '<ac:emoticon ac:name="n" ac:emoji-shortname=":s:" ac:emoji-id="1" ac:emoji-fallback="🙂" />': Emoticon(
        "n", ":s:", "1", "🙂"
    ),
    '<time datetime="2026-01-05" />': Time("2026-01-05"),
    "<time>a</time>": Element("span", {}, {}, A),
    '<ac:placeholder ac:type="mention">a</ac:placeholder>': Placeholder("a"),
    '<ac:inline-comment-marker ac:ref="r">a</ac:inline-comment-marker>': InlineComment("r", A),
    '<ac:layout-section ac:type="two_equal"><ac:layout-cell><p>a</p></ac:layout-cell>\n<ac:layout-cell />'
    "</ac:layout-section>": Section("two_equal", ((p(*A),), ())),
    "<ac:task-list>\n<ac:task><ac:task-id>3</ac:task-id><ac:task-status>complete</ac:task-status>"
    "<ac:task-body>a</ac:task-body></ac:task>\n<ac:task-list><ac:task><ac:task-status>incomplete</ac:task-status>"
    "</ac:task></ac:task-list></ac:task-list>": TaskList(
        (Task("3", True, A), TaskList((Task("", False, ()),)))
    ),
    '<table data-layout="wide" class="numbered"><colgroup><col style="width: 50.5px;" /><col width="20%" />'
    '<col /></colgroup>\n<tbody><tr><th colspan="2" rowspan="0">a</th><td data-highlight-colour="#ffebe6" />'
    "</tr></tbody></table>": Table(
        "wide",
        True,
        ("50.5", "20%", ""),
        (
            Element(
                "tbody",
                {},
                {},
                (Element("tr", {}, {}, (Cell(True, 2, 1, "", {}, A), Cell(False, 1, 1, "#ffebe6", {}, ()))),),
            ),
        ),
    ),
    '<ac:structured-macro ac:name="panel" ac:macro-id="m"><ac:parameter ac:name="title">t</ac:parameter>'
    "<ac:rich-text-body>a</ac:rich-text-body></ac:structured-macro>": Macro(
        "panel", "m", {"title": Parameter("t")}, A, None
    ),
    '<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[<a>]]]]><![CDATA[>]]>'
    "</ac:plain-text-body></ac:structured-macro>": Macro("code", "", {}, None, "<a>]]>"),
    '<ac:structured-macro ac:name="include"><ac:parameter ac:name=""><ac:link>'
    '<ri:page ri:content-title="P" /></ac:link></ac:parameter></ac:structured-macro>': Macro(
        "include", "", {"": Parameter("", (PageRef(None, "P"),))}, None, None
    ),
    '<ac:macro ac:name="x"><ac:default-parameter>d</ac:default-parameter></ac:macro>': Macro(
        "x", "", {"": Parameter("d")}, None, None
    ),
    '<ac:adf-extension><ac:adf-node type="panel"><ac:adf-attribute key="panel-type">note</ac:adf-attribute>'
    "<ac:adf-content><p>a</p></ac:adf-content></ac:adf-node><ac:adf-fallback>a</ac:adf-fallback>"
    "</ac:adf-extension>": AdfExtension(AdfNode("panel", {"panel-type": "note"}, (p(*A),)), A),
    '<ac:adf-node type="list">\n<ac:adf-node type="item"><ac:adf-content>a</ac:adf-content></ac:adf-node>\n'
    "</ac:adf-node>": AdfNode("list", {}, (AdfNode("item", {}, A),)),
}


@pytest.mark.parametrize(("body", "node"), CONSTRUCTS.items())
def test_a_construct_is_one_node(body: str, node: Node) -> None:
    assert tree(body) == (node,)


@pytest.mark.parametrize("body", ["", " \n", "\x00", "<!-- a -->"])
def test_an_empty_body_is_an_empty_document(body: str) -> None:
    assert tree(body) == ()


def test_a_layout_without_a_cell_and_centred_text_show_what_they_hold() -> None:
    assert tree("<center>a</center><article>a</article>") == (*A, *A)


# Content in a place where nothing reads it.

MISPLACED = [
    "<ac:link><ac:link-body>WORD</ac:link-body><ac:link-body>b</ac:link-body></ac:link>",
    "<ac:image><ac:caption>WORD</ac:caption><ac:caption>b</ac:caption></ac:image>",
    "<ac:macro><ac:rich-text-body>WORD</ac:rich-text-body><ac:rich-text-body /></ac:macro>",
    "<ac:macro><ac:plain-text-body>WORD</ac:plain-text-body><ac:plain-text-body /></ac:macro>",
    "<ac:task><ac:task-body>WORD</ac:task-body><ac:task-body>b</ac:task-body></ac:task>",
    "<ac:adf-extension><ac:adf-fallback>WORD</ac:adf-fallback><ac:adf-fallback /></ac:adf-extension>",
    '<ac:parameter ac:name="">WORD</ac:parameter>',
    "<ac:plain-text-body>WORD</ac:plain-text-body>",
    "<ac:task>WORD<ac:task-id>1</ac:task-id></ac:task>",
    "<ac:task-list>WORD</ac:task-list>",
    "<ac:task-list><p>WORD</p></ac:task-list>",
    "<table>WORD<tbody /></table>",
    "<table><p>WORD</p></table>",
    "<table><tbody>WORD<tr>WORD<td /></tr></tbody></table>",
    "<ac:layout-section><p>WORD</p></ac:layout-section>",
    '<ac:link><ri:page ri:content-title="P" />WORD</ac:link>',
    '<ac:link><ri:page ri:content-title="P">WORD</ri:page></ac:link>',
    '<ri:user ri:account-id="u">WORD</ri:user>',
    "<ac:image>WORD</ac:image>",
    '<ac:emoticon ac:name="smile">WORD</ac:emoticon>',
    '<ac:structured-macro ac:name="info">WORD</ac:structured-macro>',
    "<ac:adf-extension>WORD</ac:adf-extension>",
    '<ac:adf-node type="x">WORD</ac:adf-node>',
    "<ac:unheard-of>WORD</ac:unheard-of>",
    "<other:thing other:key='v'>WORD</other:thing>",
    "<marquee>WORD</marquee>",
]


@pytest.mark.parametrize("body", MISPLACED)
def test_words_in_a_wrong_place_are_kept(body: str) -> None:
    assert "WORD" in words_of(parse(body.encode()).document.children)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("<marquee>a</marquee><marquee>b</marquee>", "unknown element <marquee>"),
        ("<p>a<script>b</script></p>", "<script> left out"),
        ("<table>a</table>", "content out of place in <table>"),
        ("<p>a", "not well-formed: read as HTML"),
        ("<p>a &unheardof; b</p>", "not well-formed: read as HTML"),
    ],
)
def test_what_is_wrong_is_said_once(body: str, problem: str) -> None:
    assert parse(body.encode()).problems == (problem,)


def test_scripts_and_styles_are_no_words() -> None:
    assert words_of(parse(b"<script>a</script><style>b</style><p>c</p>").document.children).split() == ["c"]


# Not well-formed.

BROKEN: dict[str, tuple[Node, ...]] = {
    "<p>a<br>b</p>": (p(Text("a"), Element("br", {}, {}, ()), Text("b")),),
    "<p>a & b</p>": (p(Text("a & b")),),
    "<p>a</p></div>": (p(*A),),
    '<p><ri:user ri:account-id="u" /> a<br></p>': (
        p(Link(UserRef("u"), "", "", "", ()), Text(" a"), Element("br", {}, {}, ())),
    ),
    '<br><ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[<a>&lt;]]></ac:plain-text-body>'
    "</ac:structured-macro>": (Element("br", {}, {}, ()), Macro("code", "", {}, None, "<a>&lt;")),
    "<p>a</p><p><![CDATA[<b> cut": (p(*A), p(Text("<b> cut"))),
    "</root><p>a</p>": (p(*A),),
}


@pytest.mark.parametrize(("body", "nodes"), BROKEN.items())
def test_what_is_not_well_formed_is_read_as_html(body: str, nodes: tuple[Node, ...]) -> None:
    parsed = parse(body.encode())
    assert parsed.document.children == nodes
    assert "not well-formed: read as HTML" in parsed.problems


def test_a_bad_byte_costs_one_character() -> None:
    assert parse(b"<p>caf\xe9 \xed\xa0\x80!</p>").document.children == (
        p(Text("caf\ufffd \ufffd\ufffd\ufffd!")),
    )
    assert parse(b"<p>\xed\xa0\xbd\xed\xb8\x80 \xed\xa0\x80!</p>").document.children == (
        p(Text("😀 \ufffd!")),
    )


# Hostile.

LAUGHS = '<!DOCTYPE r [<!ENTITY a "haha"><!ENTITY b "&a;&a;&a;&a;">]><p>before &b;</p>'
OUTSIDE = '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><p>before &x;</p>'
HOSTILE = {
    "entities that expand": LAUGHS,
    "entities from elsewhere": OUTSIDE,
    "a document type from elsewhere": '<!DOCTYPE r SYSTEM "http://127.0.0.1:9/r.dtd"><p>before</p>',
    "an include": '<p>before</p><xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>',
    "nul": "<p>be\x00fore\x00</p>",
    "control characters": "<p>before &#1;&#0;&#xFFFF;&#xD800;\x0b\x1b</p>",
    "deep": "<p>before</p>" + "<div>" * 100_000 + "x" + "</div>" * 100_000,
    "deep and open": "<p>before</p>" + "<div>" * 100_000 + "x",
    "deep tables": "<p>before</p>" + "<table><tr><td>" * 600 + "x" + "</td></tr></table>" * 600,
    "deep macros": "<p>before</p>" + '<ac:structured-macro ac:name="info"><ac:rich-text-body>' * 900
    + "x" + "</ac:rich-text-body></ac:structured-macro>" * 900,
    "deep tasks": "<p>before</p>" + "<ac:task-list><ac:task><ac:task-body>" * 600
    + "x" + "</ac:task-body></ac:task></ac:task-list>" * 600,
    "deep nodes": "<p>before</p>" + '<ac:adf-node type="x">' * 1900 + "x" + "</ac:adf-node>" * 1900,
    "deep extensions": "<p>before</p>" + "<ac:adf-extension><ac:adf-node>" * 900
    + "x" + "</ac:adf-node></ac:adf-extension>" * 900,
    "deep links": "<p>before</p>" + "<ac:link>" * 1900 + "x" + "</ac:link>" * 1900,
    "deep files": "<p>before</p>" + "<ri:attachment>" * 1900 + "x" + "</ri:attachment>" * 1900,
    "deep sections": "<p>before</p>" + "<ac:layout-section><ac:layout-cell>" * 900
    + "x" + "</ac:layout-cell></ac:layout-section>" * 900,
    "open sections of text": "<p>before</p>" + "<![CDATA[" * 50_000,
    "open tags": "<p>before</p>" + "<a " * 50_000,
    "open comments": "<p>before</p>" + "<!--" * 50_000,
    "many attributes": "<p>before</p><p " + " ".join(f'a{n}="1"' for n in range(60_000)) + ">x</p>",
    "many prefixes": "<p>before</p>" + "".join(f"<x{n}:y>" for n in range(20_000)),
    "many unknown entities": "<p>before</p>" + "".join(f"&e{n};" for n in range(20_000)),
}  # fmt: skip


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_body_is_bounded(body: str) -> None:
    started = time.process_time()
    nodes = parse(body.encode("utf-8", "surrogatepass")).document.children
    words = words_of(nodes)
    assert "before" in words
    assert "haha" not in words
    assert "root:" not in words
    assert "x" in words or "x</" not in body
    assert len(words) <= len(body)
    assert depth_of(nodes) <= MAX_DEPTH
    assert is_clean(words)
    assert time.process_time() - started < 5  # a quadratic reading of any of them takes longer
