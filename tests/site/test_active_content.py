"""Both parsers see what would act; a page that can't is clean."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.site.active_content import active_content
from tests.site.handmade import make_site, page
from tests.site.link_checker import read_page
from tests.site.payloads import HOST, PAYLOADS, Payload, in_xml

BOTH = {"libxml2", "lexbor"}


def found(markup: str) -> list[str]:
    return active_content(page("x", markup))


def test_a_whole_site_has_nothing_active(tmp_path: Path) -> None:
    for path in make_site(tmp_path).rglob("*.html"):
        assert active_content(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("markup", "finding"),
    [
        ("<script>1</script>", "script '1'"),
        ("<SCRIPT SRC=//far.example></SCRIPT>", "script '//far.example'"),
        ("<script src='../assets/../files/1/x.js'></script>", "script '../assets/../files/1/x.js'"),
        ("<script src='../assets/site.js'>1</script>", "script '../assets/site.js'"),
        ("<p ONCLICK=x>", "onclick in <p>"),
        ("<p style='color:red'>", "style in <p>"),
        ("<a href='java&#9;script:x'>", "javascript: in href of <a>"),
        ("<a href='&#1;JAVASCRIPT&colon;x'>", "javascript: in href of <a>"),
        ("<a href='vbscript:x'>", "vbscript: in href of <a>"),
        ("<a href='data:text/html,x'>", "data: in href of <a>"),
        ("<img src='data:image/svg+xml,x'>", "data: in src of <img>"),
        ("<a href='data:image/png,x'>", "data: in href of <a>"),
        ("<form action=x></form>", "<form>"),
        ("<button formaction='javascript:x'>x</button>", "javascript: in formaction of <button>"),
        ("<iframe></iframe>", "<iframe>"),
        ("<iframe srcdoc=x></iframe>", "srcdoc in <iframe>"),
        ("<object></object>", "<object>"),
        ("<embed>", "<embed>"),
        ("<base href=x>", "<base>"),
        ("<meta http-equiv=' Refresh' content=0>", "meta http-equiv=' Refresh'"),
        ("<link rel=preload href=x>", "link rel='preload'"),
        ("<link rel=stylesheet href=../files/1/x.css>", "stylesheet '../files/1/x.css'"),
        ("<style>p{}</style>", "<style>"),
        ("<svg></svg>", "<svg>"),
        ("<math></math>", "<math>"),
        ("<template></template>", "<template>"),
    ],
)
def test_both_parsers_see_it(markup: str, finding: str) -> None:
    assert {f"{parser}: {finding}" for parser in BOTH} <= set(found(markup))


def test_what_only_one_kind_of_reader_sees_is_found() -> None:
    assert found("<noscript><i title='</noscript><img src=x onerror=x>'></i></noscript>") == [
        "lexbor, scripting: onerror in <img>"
    ]
    assert "libxml2: onerror in <img>" in found("<template><img src=x onerror=x></template>")


def test_elements_of_the_site_itself_can_be_allowed_but_not_what_runs_in_them() -> None:
    allowed = frozenset({"svg", "form"})
    assert (
        active_content(page("x", "<form role=search></form><svg><path d=x /></svg>"), allowed=allowed) == []
    )
    assert active_content(page("x", "<svg><use href=x /></svg>"), allowed=allowed) != []
    assert active_content(page("x", "<svg onload=x></svg>"), allowed=allowed) != []


@pytest.mark.parametrize(
    "markup",
    [
        "<a href='../pages/1.html#a'>x</a><a href='https://far.example/javascript:x'>x</a>",
        "<img src='data:image/png;base64,x' alt=''>",
        "<pre>&lt;script&gt;x&lt;/script&gt;</pre><p title='&lt;img onerror=x>'>x</p>",
        "<noscript><p>Search needs scripts.</p></noscript>",
    ],
)
def test_what_cannot_act_is_not_reported(markup: str) -> None:
    assert found(markup) == []


HARMLESS = (
    "<scr<script>ipt>",  # an element of that name
    "<img/src=x/onerror=",  # all of it is the value of src
    '<meta http-equiv="Content-Security-Policy"',  # a second policy can only forbid more
)


def loaded(markup: str) -> list[str]:
    """What the link checker is there for."""
    return [link.address for link in read_page("x", page("x", markup).encode()).links if HOST in link.address]


ACTING = [payload for payload in PAYLOADS if payload.kind in ("tag breakout", "vector graphics and formulas")]


@pytest.mark.parametrize("payload", ACTING, ids=range(len(ACTING)))
def test_a_payload_left_as_it_is_is_seen_and_an_escaped_one_is_not(payload: Payload) -> None:
    shown = found(f"<h1>{in_xml(payload.text)}</h1><p title='{in_xml(payload.text)}'>x</p>")
    assert shown == []
    if not payload.text.startswith(("<%", "<?", "<!", "<<", "<x:", "<html:", *HARMLESS)):
        assert found(payload.text) + loaded(payload.text) != []
