"""The checker finds nothing in a whole site, and each fault that is planted."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.site.handmade import make_site, page, put_in
from tests.site.link_checker import faults

FAR = "https://far.example/"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return make_site(tmp_path)


def test_a_whole_site_has_no_fault(site: Path) -> None:
    assert faults(site) == []


@pytest.mark.parametrize(
    ("markup", "fault"),
    [
        ('<a href="9.html">x</a>', "dead link to 'pages/9.html' in <a>"),
        ('<a href="../Tree.html">x</a>', "dead link to 'Tree.html' in <a>"),
        ('<a href="../pages/">x</a>', "leads to a folder 'pages' in <a>"),
        ('<a href="2.html#nowhere">x</a>', "no #nowhere in 'pages/2.html'"),
        ('<a href="#nowhere">x</a>', "no #nowhere in 'pages/1.html'"),
        ('<a href="../files/att1/a%2520plan.png">x</a>', "dead link to 'files/att1/a%20plan.png' in <a>"),
        ('<img alt="" src="gone.png">', "dead link to 'pages/gone.png' in <img>"),
        (f'<img alt="" src="{FAR}a.png">', f"loads '{FAR}a.png' in <img>"),
        ('<img alt="" src="//far.example/a.png">', "loads '//far.example/a.png' in <img>"),
        ('<img alt="" src="\\\\far.example\\a.png">', "loads '\\\\\\\\far.example\\\\a.png' in <img>"),
        (f'<img alt="" srcset="../files/att1/a%20plan.png 1x, {FAR}b 2x">', f"loads '{FAR}b' in <img>"),
        (f'<iframe src="{FAR}"></iframe>', f"loads '{FAR}' in <iframe>"),
        (f'<object data="{FAR}"></object>', f"loads '{FAR}' in <object>"),
        (f'<video poster="{FAR}"></video>', f"loads '{FAR}' in <video>"),
        (f'<table background="{FAR}"><tr><td></table>', f"loads '{FAR}' in <table>"),
        (f'<svg><image xlink:href="{FAR}"/></svg>', f"loads '{FAR}' in <image>"),
        (f'<link rel="preconnect" href="{FAR}">', f"loads '{FAR}' in <link>"),
        (f"<p style=\"background: url('{FAR}')\">x</p>", f"loads '{FAR}' in <p>"),
        ('<p style="color: red">x</p>', "inline style in <p>"),
        ("<style>p {}</style>", "inline style in <style>"),
        ("<script>1</script>", "inline script"),
        ('<p onclick="x">x</p>', "onclick in <p>"),
        ('<base href="x/">', "<base> turns its links"),
        ('<a href=" jAva\tscript:x">x</a>', "javascript: in <a>: 'jAvascript:x'"),
        ('<a href="VBSCRIPT:x">x</a>', "vbscript: in <a>: 'VBSCRIPT:x'"),
        ('<a href="data:text/html,x">x</a>', "data: in <a>: 'data:text/html,x'"),
        ('<a href="data:image/png;base64,x">x</a>', "data: in <a>: 'data:image/png;base64,x'"),
        ('<a href="/etc/passwd">x</a>', "leaves the site: '/etc/passwd'"),
        ('<a href="../../raw/space.json">x</a>', "leaves the site: '../raw/space.json'"),
        ('<a href="../../../NONE/site/index.html">x</a>', "dead link to '../../NONE/site/index.html'"),
        ('<a href="../../../HAND/raw/x.html">x</a>', "leaves the site: '../../HAND/raw/x.html'"),
        ('<p id="start">x</p>', "id 'start' occurs 2 times"),
        ('<label for="none">x</label>', "refers to id 'none', which isn't there"),
    ],
)
def test_a_planted_fault_is_found(markup: str, fault: str, site: Path) -> None:
    put_in(site, markup)
    assert f"pages/1.html: {fault}" in faults(site)


@pytest.mark.parametrize(
    "markup",
    [
        f'<a href="{FAR}?a=b#c">x</a>',
        '<a href="mailto:x@far.example">x</a>',
        '<a href="">x</a><a href="#">x</a><a href="#top">x</a><a href="?q=x">x</a>',
        '<a href="2.html?h=lamp#start:~:text=lamp">x</a>',
        '<img alt="" src="data:image/png;base64,AAAA">',
        '<a id="größe&amp;"></a><a href="#gr%C3%B6%C3%9Fe%26">x</a>',
        '<a name="old"></a><a href="#old">x</a>',
        f'<blockquote cite="{FAR}">x</blockquote><link rel="canonical" href="{FAR}">',
        '<!-- <img src="gone.png"> --><pre>&lt;img src="gone.png"&gt;</pre>',
    ],
)
def test_what_is_no_fault_is_not_reported(markup: str, site: Path) -> None:
    put_in(site, markup)
    assert faults(site) == []


def test_a_page_of_the_space_beside_is_a_target(site: Path, tmp_path: Path) -> None:
    shutil.copytree(tmp_path / "HAND", tmp_path / "BESIDE")
    put_in(site, '<a href="../../../BESIDE/site/pages/1.html">x</a>')
    assert faults(site) == []


def policy(value: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        start = text.index('content="default-src')
        end = text.index('">', start)
        return f'{text[:start]}content="{value}{text[end:]}'

    return change


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda text: text.replace("Content-Security-Policy", "Policy"), "no Content-Security-Policy"),
        (policy("script-src 'self'"), "Content-Security-Policy without default-src"),
        (
            policy("default-src 'none'; style-src 'unsafe-inline'"),
            "Content-Security-Policy allows 'unsafe-inline'",
        ),
        (policy("default-src 'none'; img-src *"), "Content-Security-Policy allows *"),
        (policy("default-src data:"), "Content-Security-Policy allows made-up sources in default-src"),
        (
            lambda text: text.replace('<meta charset="utf-8">', '<script src="../assets/site.js"></script>'),
            "Content-Security-Policy comes after what it should govern",
        ),
        (lambda _: "", "is no HTML"),
    ],
)
def test_a_page_without_a_good_policy_is_found(change: Callable[[str], str], fault: str, site: Path) -> None:
    path = site / "pages/1.html"
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    assert f"pages/1.html: {fault}" in faults(site)


def test_a_drawing_in_the_style_sheet_is_no_fault_and_in_a_page_it_is(site: Path) -> None:
    drawing = "data:image/svg+xml,%3Csvg/%3E"
    with (site / "assets/site.css").open("a") as sheet:
        sheet.write(f'.icon {{ --icon: url("{drawing}") }}')
    assert faults(site) == []
    put_in(site, f'<img alt="" src="{drawing}">')
    assert faults(site) == [f"pages/1.html: data: in <img>: {drawing!r}"]


@pytest.mark.parametrize(
    ("css", "fault"),
    [
        (f"p {{ background: url('{FAR}') }}", f"loads '{FAR}' in <css>"),
        (f'@import "{FAR}";', f"loads '{FAR}' in <css>"),
        ("p { background: url(gone.png) }", "dead link to 'assets/gone.png' in <css>"),
    ],
)
def test_what_a_style_sheet_loads_is_judged(css: str, fault: str, site: Path) -> None:
    with (site / "assets/site.css").open("a") as sheet:
        sheet.write(f"/* url({FAR}unused) */ {css}")
    assert faults(site) == [f"assets/site.css: {fault}"]


@pytest.mark.parametrize(
    ("names", "fault"),
    [
        (["a/Lamp.html", "a/lamp.html"], "differ only in case or accents: ['a/Lamp.html', 'a/lamp.html']"),
        (["a/é.txt", "a/e\u0301.txt"], "differ only in case or accents: ['a/e\u0301.txt', 'a/é.txt']"),
        (["A/x.txt", "a/y.txt"], "differ only in case or accents: ['A', 'a']"),
        (["files/1/" + "é" * 61], f"files/1/{'é' * 61}: name of more than 120 bytes"),
        (["files/1/a:b"], "files/1/a:b: name 'a:b' isn't legal on Windows"),
        (["files/1./b"], "files/1./b: name '1.' isn't legal on Windows"),
    ],
)  # fmt: skip
def test_names_fit_every_disk(names: list[str], fault: str, site: Path) -> None:
    for name in names:
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(page("x", "<p>x</p>") if name.endswith(".html") else "x", encoding="utf-8")
    assert fault in faults(site)


def test_an_attachment_is_a_target_and_no_page(site: Path) -> None:
    (site / "files/att2").mkdir()
    (site / "files/att2/evil.html").write_text(f"<script src={FAR}></script>")
    put_in(site, '<a href="../files/att2/evil.html" download>x</a>')
    assert faults(site) == []
    put_in(site, '<a href="../files/att2/evil.html">x</a>')
    assert faults(site) == [
        "pages/1.html: opens 'files/att2/evil.html', which may hold scripts, without download"
    ]
