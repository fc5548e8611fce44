"""A sample of real bodies against Confluence's own rendering of them; all of it is `benchmarks.fidelity`."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from benchmarks import fidelity
from tests.emulator.conformance import REFERENCE, reference_folder
from tests.site import shown
from tests.site.shelf import Shelf, read_shelf, read_views

CORPUS = (folder / "corpus") if (folder := reference_folder()) else Path("nowhere")
SAMPLE = 40

real = pytest.mark.skipif(not CORPUS.is_dir(), reason=f"{REFERENCE} names no folder with real bodies")

VIEW = """
<p><b>One</b>two, <a class="external-link" href="https://example.com/">three</a></p>
<div class="toc-macro client-side-toc-macro"><ul><li><a href="#T-Four">Four</a></li></ul></div>
<h2 id="Apage-Four">Four</h2>
<div class="code panel"><div class="codeHeader"><b>Five</b></div>
<script class="brush: java" type="syntaxhighlighter"><![CDATA[ six &lt;seven&gt; ]]></script></div>
<div class="confluence-information-macro"><span class="aui-icon">Icon:</span><ul><li>eight</li></ul></div>
<table class="confluenceTable"><tbody><tr><th>nine</th><td>ten<br>eleven</td></tr></tbody></table>
<p><img class="confluence-embedded-image" src="x.png"><img class="emoticon" src="smile.png"></p>
<div class="expand-container"><span class="expand-control-text">Click here to expand...</span></div>
"""
OURS = """
<p><b>One</b>two, <a href="https://example.com/">three</a></p>
<div class="toc-macro"><ul><li><a href="#Apage-Four">Four</a></li></ul></div>
<h2 id="Apage-Four"><a id="Four"></a>Four</h2>
<p class="code-title">Five</p><pre><code>six &lt;<span>seven</span>&gt;</code></pre>
<div class="panel"><ul><li>eight</li></ul></div>
<table><tbody><tr><th>nine</th><td>ten<br>eleven</td></tr></tbody></table>
<p><a class="no-image outside" href="https://example.com/x.png">x.png</a><span class="emoji">🙂</span></p>
<details class="expand"><summary>Click here to expand…</summary></details>
"""


def test_what_only_looks_different_is_the_same() -> None:
    view, ours = shown.of_view(VIEW), shown.of_ours(OURS)
    assert view.words.keys() == {
        "Onetwo", "three", "Four", "Five", "six", "seven", "eight", "nine", "ten", "eleven",
    }  # fmt: skip
    assert ours.words == view.words
    assert [(getattr(ours, what), getattr(view, what)) for what in shown.STRUCTURE] == [
        (1, 1), (1, 1), (2, 2), (1, 1), (1, 1), (1, 1),
    ]  # fmt: skip
    assert shown.ids_expected(ours, view) == ["Apage-Four"]
    assert shown.title_told_by(view) == "Apage"


@pytest.mark.parametrize(
    ("lost", "instead"),
    [("eight", ""), ("Five", ""), ("seven", ""), ("<th>nine</th>", ""), ("three", "3"), ("<h2", "<p")],
)
def test_what_is_lost_is_noticed(lost: str, instead: str) -> None:
    ours, view = shown.of_ours(OURS.replace(lost, instead, 1)), shown.of_view(VIEW)
    page = fidelity.Compared("a-page", ours, view, static=True, titled=True)
    assert page.recall < 1 or not all(map(page.same, shown.STRUCTURE))
    found = fidelity.Findings(bodies=1, pages=[page])
    assert list(fidelity.differences(found))


def test_macros_are_counted_without_a_parser() -> None:
    body = (
        '<ac:structured-macro ac:macro-id="1" ac:name="info"><ac:rich-text-body><ac:macro ac:name="toc"/>'
        '</ac:rich-text-body></ac:structured-macro><ac:structured-macro ac:name="code"><ac:plain-text-body>'
        '<![CDATA[<ac:structured-macro ac:name="jira"/>]]></ac:plain-text-body></ac:structured-macro>'
    )
    assert fidelity.macros_in(body) == {"info": 1, "toc": 1, "code": 1}


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    for name, text in {
        "INDEX.tsv": "file\tpath\nstorage/activemq__a.xml\ta.xml\nview/activemq__a.html\ta.xml\n",
        "activemq-titles.tsv": "path\ttitle\na.xml\tA page\n",
        "storage/activemq__a.xml": "<h2>One</h2><p>two</p>",
        "view/activemq__a.html": '<h2 id="Apage-One">One</h2><p>two</p>',
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_the_command_says_whether_all_goals_are_met(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert fidelity.main([str(corpus.parent)]) == 0
    told = capsys.readouterr().out
    assert "recall, mean of 1 static pages" in told
    assert "ids kept of 1 headings" in told
    (corpus / "view/activemq__a.html").write_text('<h2 id="Apage-Other">One</h2><p>two <b>three</b></p>')
    assert fidelity.main([str(corpus.parent), "--differences"]) == 1
    told = capsys.readouterr().out
    assert told.count("NOT MET") == 2
    assert "activemq__a: missing three" in told
    assert "activemq__a: no id Apage-Other" in told


@real
def test_real_bodies_are_shown_as_confluence_shows_them() -> None:
    shelf = read_shelf(CORPUS)
    found = fidelity.findings(shelf, read_views(CORPUS), _sample(shelf), cuts=2)
    assert not found.crashes
    assert not found.lost
    missed = {each.name: each.value for each in fidelity.figures(found) if not each.met}
    assert not missed, "\n".join(fidelity.differences(found))


def _sample(shelf: Shelf) -> list[str]:
    """Always the same ones, whatever their order; such as have nothing to be compared with as well."""

    def drawn(item_id: str) -> bytes:
        return hashlib.sha256(shelf.stems[item_id].encode()).digest()

    return sorted(shelf.stems, key=drawn)[:SAMPLE]
