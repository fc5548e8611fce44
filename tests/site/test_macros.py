"""Each macro as a page shows it, and none that disappears."""

# ruff: noqa: E501 — tables of markup

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.model import Kind
from exporter.site.items import Task
from exporter.site.macros.names import SHOWN
from exporter.site.macros.resolver import MAX_INCLUDED
from exporter.site.macros.shown import FALLBACK, MIRROR, REPLACED, STATIC
from tests.site.memory import (
    ADA,
    PAGE,
    Memory,
    a_file,
    an_item,
    html_of,
    macro,
    plain_macro,
    rendered,
)

LOGBOOK = an_item("2", "Logbook", parent="1", labels=("tide", "watch"))
LAMP = an_item("3", "Lamp", parent="2", labels=("tide",))
ATLAS = an_item("4", "Atlas", parent="1")
NEWS = an_item("6", "News", kind=Kind.BLOGPOST, labels=("tide",))
BESIDE = an_item("90", "Lights", space_key="OPS")
DETAILS = macro(
    "details",
    "<table><tbody><tr><th>Colour</th><td>red <b>light</b></td></tr><tr><th>Height</th><td>"
    "<table><tbody><tr><td>12</td><td>m</td></tr></tbody></table></td></tr></tbody></table>",
)
SPACE = Memory(
    [PAGE, LOGBOOK, LAMP, ATLAS, NEWS, BESIDE],
    bodies={
        "1": "",
        "2": macro("excerpt", "<p>short</p>") + macro("excerpt", "<p>other</p>", name="two", hidden="true") + "<p>long</p>",
        "3": DETAILS,
        "4": "<p><ac:image><ri:attachment ri:filename='map.png' /></ac:image></p>"
        "<p><ac:link ac:anchor='x'><ac:link-body>there</ac:link-body></ac:link></p>",
        "6": macro("excerpt", "good news"),
        "90": macro("excerpt", "from beside"),
    },
    held=[
        a_file("att1", "a.png", "1"),
        a_file("att2", "b.pdf", "1", "application/pdf"),
        a_file("att3", "map.png", "4"),
        a_file("att4", "flow.drawio", "1", "application/xml"),
        a_file("att5", "flow.drawio.png", "1"),
        a_file("att6", "film.mp4", "1", "video/mp4"),
        a_file("att7", "lines.png", "4"),
    ],
    assigned=[
        Task("1", "2", f"trim <ac:link><ri:user ri:account-id='{ADA}' /></ac:link>".encode(), False, ADA, "2026-02-01"),
        Task("2", "3", b"polish", False, None, ""),
        Task("3", "3", b"done already", True, ADA, ""),
        Task("4", "999", b"of a page that is gone", False, ADA, ""),
    ],
    home="1",
)  # fmt: skip
TO = {
    item.id: f'<a href="../pages/{item.id}.html">{item.title}</a>'
    for item in (PAGE, LOGBOOK, LAMP, ATLAS, NEWS)
}


def shown(body: str) -> str:
    return html_of(body, SPACE)


def link(title: str, attributes: str = "") -> str:
    return f'<ac:link><ri:page ri:content-title="{title}" {attributes}/></ac:link>'


@pytest.mark.parametrize(
    ("body", "html"),
    [
        *((macro(kind, "<p>x</p>"), f'<div class="panel panel-{kind}"><p>x</p></div>')
          for kind in ("panel", "info", "note", "tip", "warning")),
        (macro("panel", "x", title="A & B".replace("&", "&amp;"), panelIconText="🌈"),
         '<div class="panel panel-panel"><p class="panel-title">🌈 A &amp; B</p>x</div>'),
        (macro("expand", "x", title="More"), '<details class="expand"><summary>More</summary>x</details>'),
        (macro("expand", "x"), '<details class="expand"><summary>Click here to expand…</summary>x</details>'),
        (plain_macro("code", "a < b", title="T"),
         '<div class="code-block"><p class="code-title">T</p><pre><code>a &lt; b</code></pre></div>'),
        (plain_macro("code", "if x:", language="py"),
         '<div class="code-block"><pre><code><span class="k">if</span> <span class="n">x</span>'
         '<span class="p">:</span></code></pre></div>'),
        (plain_macro("noformat", " a\n b"), '<div class="code-block"><pre><code> a\n b</code></pre></div>'),
        (macro("noformat", "<p>a</p><p>b</p>"), '<div class="code-block"><pre><code>\na\nb</code></pre></div>'),
        (macro("status", title="DONE", colour="Green"), '<span class="lozenge lozenge-green">DONE</span>'),
        (macro("status", colour="Red"), '<span class="lozenge lozenge-red">red</span>'),
        (macro("status", title="X", colour="Pink"), '<span class="lozenge lozenge-neutral">X</span>'),
        (macro("quote", "<p>x</p>"), "<blockquote><p>x</p></blockquote>"),
        (macro("section", macro("column", "a") + macro("column", "b")),
         '<div class="layout layout-columns"><div class="column">a</div><div class="column">b</div></div>'),
        (macro("section", "<p>a</p>"), "<p>a</p>"),
        (macro("anchor", _="n"), '<span id="Tidetables-n"></span><span id="n"></span>'),
        (macro("details", "<p>x</p>"), "<p>x</p>"),
        (macro("details", "<p>x</p>", hidden="true"), ""),
        (macro("excerpt", "x"), "x"),
        (macro("excerpt", "x", hidden="true"), ""),
        (plain_macro("mathblock", "\\[x^2\\]"), '<div class="math"><code>x^2</code></div>'),
        (macro("mathinline", _="$y$"), '<span class="math"><code>y</code></span>'),
        (plain_macro("html", "<script>1</script><b onclick=x>y</b><iframe src=x></iframe>"),
         "<section><b>y</b></section>"),
        (macro("color", "x", _="red"), '<span class="fg-red">x</span>'),
        (macro("div", "x", style="color: red"), "<div>x</div>"),
        (macro("center", "x"), "x"),
        (macro("iframe", src='<ri:url ri:value="https://far.example/" />'),
         '<a href="https://far.example/" class="outside card" rel="noreferrer" title="Not in this mirror">'
         "https://far.example/</a>"),
        (macro("widget", url="javascript:x"),
         '<span class="missing card" title="Not in this mirror">javascript:x</span>'),
        (macro("jira", key="TIDE-1"),
         '<a href="https://example.atlassian.net/browse/TIDE-1" class="outside card card-inline" rel="noreferrer" '
         'title="Not in this mirror">TIDE-1</a>'),
        (macro("jira", key="TIDE-1", server="Other"), '<span class="lozenge lozenge-neutral">TIDE-1</span>'),
    ],
)  # fmt: skip
def test_what_says_all_itself(body: str, html: str) -> None:
    assert shown(body) == html
    assert rendered(body, SPACE).macros[-1][1] in (STATIC, MIRROR, REPLACED)


@pytest.mark.parametrize(
    "body",
    [
        plain_macro("mermaid", "graph TD"),
        plain_macro("plantuml", "a -> b"),
        plain_macro("markdown", "# a"),
        macro("iframe", src="https://far.example/"),
        macro("widget", url="https://far.example/"),
        macro("jira", key="TIDE-1"),
    ],
)
def test_what_is_only_a_source_or_a_link_is_not_counted_as_shown(body: str) -> None:
    assert rendered(body, SPACE).macros[-1][1] == REPLACED


def test_the_contents_of_the_levels_that_were_asked_for() -> None:
    body = macro("toc", minLevel="2", maxLevel="2") + "<h1>a</h1><h2>b</h2><h3>c</h3>"
    assert re.findall(r"<li.*?</li>", shown(body)) == ['<li class="toc-1"><a href="#Tidetables-b">b</a></li>']
    assert shown(macro("toc")) == ""


INCLUDED = '<p><a href="../files/att3/map.png"><img src="../files/att3/map.png" alt="map.png" loading="lazy"></a></p>'


@pytest.mark.parametrize("page", [link("Atlas"), "Atlas", "ENG:Atlas", link("Atlas", 'ri:space-key="ENG" ')])
@pytest.mark.parametrize("name", ["include", "include-page"])
def test_an_included_page_is_shown_with_its_own_files_and_links(name: str, page: str) -> None:
    assert shown(macro(name, _=page)) == f'{INCLUDED}<p><a href="../pages/4.html">there</a></p>'


def test_a_title_with_a_colon_is_no_key_of_a_space() -> None:
    space = Memory([PAGE, an_item("2", "ENG:Atlas")], bodies={"2": "x"})
    assert html_of(macro("include", _="ENG:Atlas"), space) == "x"


@pytest.mark.parametrize(
    ("parameters", "html"),
    [
        ({"nopanel": "true"}, "<p>short</p>"),
        ({}, '<div class="panel panel-panel"><p class="panel-title">Logbook</p><p>short</p></div>'),
        ({"nopanel": "true", "name": "two"}, "<p>other</p>"),
    ],
)
def test_an_excerpt_is_shown_in_a_panel_unless_it_is_not_wanted(
    parameters: dict[str, str], html: str
) -> None:
    assert shown(macro("excerpt-include", _=link("Logbook"), **parameters)) == html


def test_an_excerpt_of_a_space_beside_is_shown() -> None:
    assert (
        shown(macro("excerpt-include", _=link("Lights", 'ri:space-key="OPS" '), nopanel="true"))
        == "from beside"
    )


def bullets(*entries: str) -> str:
    return f"<ul>{''.join(f'<li>{each}</li>' for each in entries)}</ul>"


BELOW_LOGBOOK = TO["2"] + bullets(TO["3"])


@pytest.mark.parametrize(
    ("body", "html"),
    [
        (macro("children"), bullets(TO["2"], TO["4"])),
        (macro("children", all="true"), bullets(BELOW_LOGBOOK, TO["4"])),
        (macro("children", depth="2"), bullets(BELOW_LOGBOOK, TO["4"])),
        (macro("children", all="true", depth="1"), bullets(TO["2"], TO["4"])),
        (macro("children", sort="title"), bullets(TO["4"], TO["2"])),
        (macro("children", sort="creation", reverse="true"), bullets(TO["4"], TO["2"])),
        (macro("children", first="1"), bullets(TO["2"])),
        (macro("children", page=link("Logbook")), bullets(TO["3"])),
        (macro("children", page=link("Lamp")), "<p><em>No pages below this one.</em></p>"),
        (macro("children", excerptType="simple", first="1"), bullets(TO["2"] + "<p>short</p>")),
        (macro("pagetree"), bullets(BELOW_LOGBOOK, TO["4"])),
        (macro("pagetree", root="@self"), bullets(BELOW_LOGBOOK, TO["4"])),
        (macro("pagetree", root=link("@self")), bullets(BELOW_LOGBOOK, TO["4"])),
        (macro("pagetree", root=link("@home"), sort="title", reverse="true"), bullets(BELOW_LOGBOOK, TO["4"])),
        (macro("pagetree", root=link("Logbook"), sort="position"), bullets(TO["3"])),
        (macro("contentbylabel", label="tide", sort="title"), bullets(TO["3"], TO["2"], TO["6"])),
        (macro("contentbylabel", label="tide", max="1"), bullets(TO["6"])),
        (macro("contentbylabel", label="tide", max="1", reverse="true"), bullets(TO["2"])),
        (macro("contentbylabel", label="tide,-watch", type="page"), bullets(TO["6"], TO["3"])),
        (macro("contentbylabel", label="tide watch", operator="AND"), bullets(TO["2"])),
        (macro("contentbylabel", label="+tide +watch"), bullets(TO["2"])),
        (macro("contentbylabel", label="none"), "<p><em>No pages with this label.</em></p>"),
        (macro("contentbylabel", cql='label = "watch"', showLabels="true"),
         bullets(TO["2"] + " <small>tide, watch</small>")),
        (macro("contentbylabel", cql='label = "watch"', excerpt="true"), bullets(TO["2"] + "<p>short</p>")),
        (macro("attachments", patterns=".*\\.PDF"), bullets('<a href="../files/att2/b.pdf">b.pdf</a>')),
        (macro("attachments", page=link("Lamp")), "<p><em>No attachments.</em></p>"),
        (macro("gallery", page=link("Atlas"), exclude="l*"),
         '<div class="gallery"><a href="../files/att3/map.png"><img src="../files/att3/map.png" alt="map.png" '
         'loading="lazy"></a></div>'),
        (macro("gallery", include="*.gif"), "<p><em>No images.</em></p>"),
        (macro("profile", user=f'<ri:user ri:account-id="{ADA}" />'),
         '<a href="../people.html#712020%3Aada" class="mention">Ada</a>'),
        (macro("view-file", name='<ri:attachment ri:filename="b.pdf" />'),
         '<a href="../files/att2/b.pdf" class="card">b.pdf</a>'),
        (macro("viewpdf", name="map.png", page=link("Atlas")), '<a href="../files/att3/map.png" class="card">map.png</a>'),
        (macro("multimedia", name='<ri:attachment ri:filename="film.mp4" />'),
         '<a href="../files/att6/film.mp4" class="card">film.mp4</a>'),
        (macro("drawio", diagramName="lines", pageId="4"),
         '<a href="../files/att7/lines.png"><img src="../files/att7/lines.png" alt="lines" loading="lazy"></a>'),
        (macro("drawio", diagramName="flow.drawio", width="90"),
         '<a href="../files/att5/flow.drawio.png"><img src="../files/att5/flow.drawio.png" alt="flow.drawio" width="90" '
         'loading="lazy"></a><a href="../files/att4/flow.drawio" class="card card-inline" download>flow.drawio</a>'),
    ],
)  # fmt: skip
def test_what_is_answered_from_the_mirror(body: str, html: str) -> None:
    assert shown(body) == html
    assert rendered(body, SPACE).macros == ((re.findall(r'ac:name="(.*?)"', body)[0], MIRROR),)


@pytest.mark.parametrize(
    ("body", "ids"),
    [
        (macro("recently-updated", max="2"), ["6", "4"]),
        (macro("recently-updated", labels="tide", types="page"), ["3", "2"]),
        (macro("recently-updated", types="blogpost"), ["6"]),
        (macro("blog-posts"), ["6"]),
        (macro("blog-posts", labels="tide, x", content="titles"), ["6"]),
    ],
)
def test_what_is_new(body: str, ids: list[str]) -> None:
    own = replace(SPACE, items=[each for each in SPACE.items if each.space_key == "ENG"])
    assert re.findall(r"pages/(\d+)\.html", html_of(body, own)) == ids
    assert ("good news" in html_of(body, own)) == (body == macro("blog-posts"))


def test_a_report_of_properties_takes_those_of_the_page_and_not_what_stands_in_them() -> None:
    html = shown(macro("detailssummary", label="tide", headings="Height, Colour", firstcolumn="Name"))
    assert re.findall(r"<th.*?>(.*?)</th>", html) == ["Name", "Height", "Colour"]
    assert f"<td>{TO['3']}</td>" in html
    assert "<td>red <b>light</b></td>" in html
    assert "<table><tbody><tr><td>12</td><td>m</td></tr></tbody></table>" in html
    assert TO["2"] not in html  # it has none
    assert re.findall(r"<th.*?>(.*?)</th>", shown(macro("detailssummary", label="tide"))) == [
        "Title",
        "Colour",
        "Height",
    ]


def test_properties_may_stand_in_columns() -> None:
    table = "<table><tbody><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td></tr></tbody></table>"
    space = Memory([PAGE, an_item("2", labels=("x",))], bodies={"2": macro("details", table, id="n")})
    report = html_of(macro("detailssummary", label="x", id="n"), space)
    assert re.findall(r"<t[hd].*?>(?:<a.*?>)?(.*?)<", report) == ["Title", "A", "B", "Page 2", "1", "2"]
    assert (
        html_of(macro("detailssummary", label="x"), space) == "<p><em>No pages with such properties.</em></p>"
    )


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({}, ["trim", "polish"]),
        ({"status": "complete"}, ["done already"]),
        ({"status": "complete,incomplete", "reverseSort": "true"}, ["done already", "polish", "trim"]),
        ({"assignees": ADA}, ["trim"]),
        ({"assignees": f'<ri:user ri:account-id="{ADA}" />'}, ["trim"]),
        ({"labels": "watch"}, ["trim"]),
        ({"sortBy": "assignee"}, ["polish", "trim"]),
        ({"sortBy": "page title"}, ["polish", "trim"]),
        ({"assignees": "nobody"}, []),
    ],
)
def test_a_report_of_tasks(parameters: dict[str, str], found: list[str]) -> None:
    html = shown(macro("tasks-report-macro", **parameters))
    assert re.findall("trim|polish|done already|of a page", html) == found
    assert found or html == "<p><em>No tasks.</em></p>"


def test_a_task_is_told_with_its_day_its_person_and_its_page() -> None:
    row = re.findall("<tr>.*?</tr>", shown(macro("tasks-report-macro", assignees=ADA)))[1]
    ada = '<a href="../people.html#712020%3Aada" class="mention">Ada</a>'
    day = '<time datetime="2026-02-01">1 February 2026</time>'
    assert row == f"<tr><td>trim {ada}</td><td>{day}</td><td>{ada}</td><td>{TO['2']}</td></tr>"


# --- what can't be shown --------------------------------------------------------------


def test_an_unknown_macro_is_a_box_with_its_name_parameters_and_body() -> None:
    body = macro(
        "unheard-of", "<p>body</p>", _="v", page=link("Lamp"), file='<ri:attachment ri:filename="f.x" />'
    )
    assert shown(body) == (
        '<div class="macro-unknown"><p><strong>unheard-of</strong> This macro is shown in Confluence only.</p>'
        "<ul><li><code>value</code> v</li><li><code>page</code> Lamp</li><li><code>file</code> f.x</li></ul>"
        "<p>body</p></div>"
    )
    assert rendered(body, SPACE).macros == (("unheard-of", FALLBACK),)
    assert "<code>a &lt; b</code>" in shown(plain_macro("unheard-of", "a < b"))
    assert "unheard-of" in rendered(body, SPACE).text


def test_a_macro_in_a_box_is_shown_and_counted() -> None:
    body = macro("unheard-of", macro("status", title="x"))
    assert rendered(body, SPACE).macros == (("status", STATIC), ("unheard-of", FALLBACK))
    assert "lozenge" in shown(body)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (macro("include"), "it names no page"),
        (macro("include", _="Gone"), "“Gone” is not in this mirror"),
        (macro("include", _="Tide tables"), "“Tide tables” includes this page"),
        (macro("excerpt-include", _="Lamp"), "“Lamp” has no such excerpt"),
        (macro("pagetree", root="@parent"), "the page it starts from is not in this mirror"),
        (macro("contentbylabel"), "it names no label"),
        (macro("contentbylabel", cql="type = page"), "its query doesn't choose by label"),
        (
            macro("contentbylabel", cql='label = "x" and creator = currentUser()'),
            "its query asks for currentuser()",
        ),
        (macro("viewpdf"), "it names no file"),
        (macro("iframe"), "it has no address"),
        (macro("drawio", diagramName="x"), "no picture of it is attached to this page"),
        (macro("jira", jqlQuery="project = TIDE"), "the issues are in Jira"),
        (macro("jiraissues", _="http://far-off.example/x-y"), "the issues are in Jira"),
        (macro("profile"), "it names nobody"),
        (plain_macro("mathblock", " "), "it holds no formula"),
        (plain_macro("mermaid", " "), "it holds no text"),
        (macro("livesearch"), "the search of this site is at the top of each page"),
        (macro("change-history"), "the versions of a page and their authors are listed below it"),
    ],
)
def test_what_can_not_be_shown_says_why(body: str, why: str) -> None:
    name = re.findall(r'ac:name="(.*?)"', body)[0]
    assert f"<strong>{name}</strong> Not shown: {why}.</p>" in shown(body)
    assert rendered(body, SPACE).problems == (f"macro {name}: {why}",)
    assert rendered(body, SPACE).macros == ((name, FALLBACK),)


def test_pages_that_include_each_other_end_in_a_box() -> None:
    space = Memory(
        [PAGE, LAMP], bodies={"1": macro("include", _="Lamp"), "3": "x" + macro("include", _="Tide tables")}
    )
    assert html_of(space.bodies["1"], space).startswith(
        'x<div class="macro-unknown"><p><strong>include</strong>'
    )


def test_what_is_included_is_bounded() -> None:
    pages = [PAGE, *(an_item(str(number)) for number in range(2, 30))]
    twice = {each.id: macro("include", _=f"Page {int(each.id) + 1}") * 2 for each in pages}
    html = html_of(twice["1"], Memory(pages, bodies=twice))
    assert "too much is included on this page" in html
    assert html.count("macro-unknown") <= 2 * MAX_INCLUDED


def test_what_is_included_deep_in_what_is_included_is_bounded() -> None:
    def deep(number: int) -> str:
        return "<div>" * 60 + macro("include", _=f"Page {number}") + "</div>" * 60

    pages = [PAGE, *(an_item(str(number)) for number in range(2, 12))]
    bodies = {each.id: deep(int(each.id) + 1) for each in pages}
    assert "too much is included on this page" in html_of(bodies["1"], Memory(pages, bodies=bodies))


def adf(node: str, fallback: str = "") -> str:
    return f"<ac:adf-extension>{node}<ac:adf-fallback>{fallback}</ac:adf-fallback></ac:adf-extension>"


@pytest.mark.parametrize(
    ("body", "html", "macros"),
    [
        (adf('<ac:adf-node type="panel"><ac:adf-attribute key="panel-type">note</ac:adf-attribute><ac:adf-content>'
             f'<p>{macro("status", title="x")}</p></ac:adf-content></ac:adf-node>', "<p>fallback</p>"),
         '<div class="panel panel-note"><p><span class="lozenge lozenge-neutral">x</span></p></div>',
         (("status", STATIC),)),
        (adf('<ac:adf-node type="decision-list"><ac:adf-node type="decision-item"><ac:adf-content>x</ac:adf-content>'
             "</ac:adf-node></ac:adf-node>"), '<ul class="decisions"><li>x</li></ul>', ()),
        (adf('<ac:adf-node type="sync"></ac:adf-node>', "<p>fallback</p>"), "<p>fallback</p>", ()),
        (adf('<ac:adf-node type="sync"><ac:adf-attribute key="id">7</ac:adf-attribute></ac:adf-node>'),
         '<div class="macro-unknown"><p><strong>sync</strong> This part is shown in Confluence only.</p>'
         "<ul><li><code>id</code> 7</li></ul></div>", (("sync", FALLBACK),)),
        (adf("", "<p>fallback</p>"), "<p>fallback</p>", ()),
    ],
)  # fmt: skip
def test_parts_of_the_new_editor(body: str, html: str, macros: tuple[tuple[str, str], ...]) -> None:
    assert shown(body) == html
    assert rendered(body, SPACE).macros == macros


_VALUES = st.sampled_from(
    ["", "true", "false", "1", "999999999999", "-1", "@self", "Atlas", "Gone", "x:y", '"', "*[", "a.png", "tide",
     link("Lamp"), link("@parent"), '<ri:attachment ri:filename="a.png" />', '<ri:user ri:account-id="9" />',
     '<ri:url ri:value="https://far.example/" />', '<ri:space ri:space-key="OPS" />']
)  # fmt: skip
_PARAMETERS = st.dictionaries(
    st.sampled_from(
        ["_", "page", "name", "root", "label", "labels", "cql", "sort", "sortBy", "reverse", "max", "depth", "first",
         "all", "patterns", "url", "key", "diagramName", "status", "headings", "excerptType", "title", "minLevel"]
    ),
    _VALUES,
    max_size=4,
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(SHOWN)), _PARAMETERS, st.sampled_from(["", "<p>words</p>", "words"]))
def test_no_macro_fails_and_each_is_counted(name: str, parameters: dict[str, str], body: str) -> None:
    found = rendered(macro(name, body, **parameters), SPACE)
    assert [each for each, _ in found.macros] == [name]
    assert found.macros[0][1] != FALLBACK or f"<strong>{name}</strong>" in found.html
