"""What Chromium says about a site opened from the disk: the same checks on a good one and on spoilt ones."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from lxml import html

from exporter.demo import demo
from exporter.emulator import Emulator
from exporter.errors import Exit
from exporter.progress import Silent
from tests.end_to_end.running import TOKEN, mirror_here
from tests.site.browser.checks import (
    faults_of,
    pages_of,
    print_faults,
    sample_of,
    search_faults,
    unscripted_faults,
    visit_faults,
)
from tests.site.browser.chromium import Chromium, NoBrowser
from tests.site.browser.shoot import shoot
from tests.site.handmade import TITLES, make_site, page, put_in
from tests.site.payloads import HOST, KEY, PAYLOADS, hostile_world

SAMPLE = 12
HOSTILE_ONE_IN = 48
"""All payloads at once take minutes."""


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    """One for all tests of a process."""
    try:
        browser = Chromium()
    except NoBrowser as missing:
        pytest.skip(str(missing))
    with browser:
        yield browser


@pytest.fixture(scope="session")
def site_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of the sample space, which has something of everything."""
    out = tmp_path_factory.mktemp("demo")
    (run,) = asyncio.run(demo(out, progress=Silent()))
    assert run.exit is Exit.OK
    return out / run.key / "site"


def articles(site: Path) -> list[str]:
    """Pages of the space, the longest among them."""
    return [path for path in sample_of(site, SAMPLE) if path.startswith("pages/")]


@pytest.fixture
def spoilt(tmp_path: Path) -> Path:
    """A site to plant faults in."""
    return make_site(tmp_path)


# --- the good site --------------------------------------------------------------------


def test_every_page_opens_on_a_phone_without_a_request_an_error_or_a_scroll_sideways(
    chromium: Chromium, site_folder: Path
) -> None:
    assert visit_faults(chromium, site_folder, sample_of(site_folder, SAMPLE)) == []


def test_a_site_by_hand_has_no_fault_by_any_check(chromium: Chromium, spoilt: Path) -> None:
    """Else the faults that are planted in it below would prove nothing."""
    pages = pages_of(spoilt)
    assert visit_faults(chromium, spoilt, pages, axe=True) == []
    assert unscripted_faults(chromium, spoilt, pages) == []
    assert search_faults(chromium, spoilt, "pages/3.html", TITLES["3"], within_ms=1000) == []
    assert print_faults(chromium, spoilt, "pages/1.html") == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_serious(dark: bool, chromium: Chromium, site_folder: Path) -> None:
    pages = ["index.html", "people.html", *articles(site_folder)[:2]]
    assert visit_faults(chromium, site_folder, pages, axe=True, dark=dark, width=1280) == []


def test_everything_can_be_read_without_scripts(chromium: Chromium, site_folder: Path) -> None:
    assert unscripted_faults(chromium, site_folder, sample_of(site_folder, 4)) == []


def test_a_page_is_found_by_keyboard_alone(chromium: Chromium, site_folder: Path) -> None:
    goal = articles(site_folder)[-1]
    title = html.parse(site_folder / goal).xpath("string(//h1)").strip()
    assert search_faults(chromium, site_folder, goal, title, within_ms=1000) == []


def test_a_page_prints_without_what_is_for_the_screen(chromium: Chromium, site_folder: Path) -> None:
    for path in articles(site_folder)[:2]:
        assert print_faults(chromium, site_folder, path) == []


# --- planted faults -------------------------------------------------------------------


def unguarded(site: Path) -> None:
    """Takes the policy away from page 1, so that it can do what it wants."""
    path = site / "pages/1.html"
    path.write_text(path.read_text(encoding="utf-8").replace("http-equiv", "name"), encoding="utf-8")


@pytest.mark.parametrize(
    ("markup", "guarded", "fault"),
    [
        ('<img alt="" src="https://far.example/a.png">', False, "requests: https://far.example/a.png"),
        ('<img alt="" src="https://far.example/a.png">', True, "errors: Loading the image"),
        ('<img alt="" src="gone.png">', True, "failed: file://"),
        ('<p style="color: red">x</p>', True, "errors: Applying inline style violates"),
        ("<script>throw Error('x')</script>", False, "errors: Error: x"),
        ("<script>console.error('x')</script>", False, "errors: x"),
        ("<script>alert('x')</script>", False, "dialogs: alert x"),
        ("<script>window.pwned = 1</script>", False, "a payload ran"),
        ("<pre>" + "x" * 200 + "</pre>", True, "px wide in 375: pre"),
    ],
)
def test_a_planted_fault_is_seen(
    markup: str, guarded: bool, fault: str, chromium: Chromium, spoilt: Path
) -> None:
    put_in(spoilt, markup)
    if not guarded:
        unguarded(spoilt)
    found = visit_faults(chromium, spoilt, ["pages/1.html", "pages/2.html"])
    assert any(line.startswith("pages/1.html: ") and fault in line for line in found), found
    assert not any(line.startswith("pages/2.html: ") for line in found)


def test_a_page_with_nothing_to_read_is_seen(chromium: Chromium, spoilt: Path) -> None:
    (spoilt / "pages/1.html").write_text(page("", ""), encoding="utf-8")
    assert visit_faults(chromium, spoilt, ["pages/1.html"]) == ["pages/1.html: nothing to read in <main>"]
    assert print_faults(chromium, spoilt, "pages/1.html") != []


@pytest.mark.parametrize(
    ("css", "dark"),
    [("main { color: #999; background: #fff }", False), ("main { color: #444 }", True)],
)
def test_axe_sees_pale_words(css: str, dark: bool, chromium: Chromium, spoilt: Path) -> None:
    with (spoilt / "assets/site.css").open("a") as sheet:
        sheet.write(css)
    found = visit_faults(chromium, spoilt, ["pages/1.html"], axe=True, dark=dark)
    assert any("axe color-contrast (serious)" in line for line in found), found


def test_axe_sees_a_picture_without_words(chromium: Chromium, spoilt: Path) -> None:
    put_in(spoilt, '<img src="../files/att1/a%20plan.png">')
    found = visit_faults(chromium, spoilt, ["pages/1.html"], axe=True)
    assert any("axe image-alt (critical)" in line for line in found), found


def test_what_only_scripts_show_is_seen(chromium: Chromium, spoilt: Path) -> None:
    put_in(spoilt, '<p id="late"></p>')
    with (spoilt / "assets/site.js").open("a") as script:
        script.write(
            "const late = document.querySelector('#late'); if (late) late.textContent = 'afterthought';"
        )
    put_in(spoilt, '<a href="../index.html">Home</a>', path="pages/2.html", before="</body>")
    tree = spoilt / "pages/2.html"
    tree.write_text(
        tree.read_text(encoding="utf-8").replace("../tree.html", "../index.html"), encoding="utf-8"
    )
    assert unscripted_faults(chromium, spoilt, ["pages/1.html", "pages/2.html"]) == [
        "pages/1.html: only scripts show ['afterthought']",
        "pages/2.html: no link to the tree without scripts",
    ]


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ("event.key === '/'", "event.key === '~'", "'/' leads to ''"),
        ("event.key === 'Enter'", "event.key === 'F9'", "'Lamp room' led to"),
        (".includes(words)", ".includes(words + '!')", "'Lamp room': first result after None ms"),
        ("get('q')", "get('query')", "?q= fills the field with ''"),
        ("const show = () => {", "const show = () => { fetch('x');", "search: errors: "),
    ],
)
def test_a_search_that_fails_is_seen(
    before: str, after: str, fault: str, chromium: Chromium, spoilt: Path
) -> None:
    script = spoilt / "assets/site.js"
    text = script.read_text(encoding="utf-8")
    assert before in text
    script.write_text(text.replace(before, after), encoding="utf-8")
    found = search_faults(chromium, spoilt, "pages/1.html", "Lamp room", within_ms=1000, patience=500)
    assert any(line.startswith(fault) for line in found), found


def test_a_slow_search_is_seen(chromium: Chromium, spoilt: Path) -> None:
    script = spoilt / "assets/site.js"
    text = script.read_text(encoding="utf-8").replace("'input', show", "'input', () => setTimeout(show, 300)")
    script.write_text(text, encoding="utf-8")
    found = search_faults(chromium, spoilt, "pages/1.html", "Lamp room", within_ms=250)
    assert [line.split(":")[0] for line in found] == ["'Lamp room'"]


def test_what_prints_beside_the_text_is_seen(chromium: Chromium, spoilt: Path) -> None:
    put_in(spoilt, "<button>Copy</button>")
    sheet = spoilt / "assets/site.css"
    sheet.write_text(sheet.read_text(encoding="utf-8").replace("header, button", "header"), encoding="utf-8")
    assert print_faults(chromium, spoilt, "pages/1.html") == ["pages/1.html: in print: <button>Copy</button>"]


# --- payloads -------------------------------------------------------------------------

Wrap = Callable[[str], str]


@pytest.mark.parametrize(
    "payload",
    [
        "<script>window.pwned=1</script>",
        "<img src=x onerror=window.pwned=1>",
        "<p onmouseover=window.pwned=1>x</p>",
        "<a href='java&#9;script:window.pwned=1'>x</a>",
        "<details open ontoggle=window.pwned=1>x</details>",
        "<svg><animate onbegin=window.pwned=1 attributeName=x dur=1s></svg>",
    ],
)
def test_a_payload_that_runs_is_seen_even_if_the_policy_would_stop_it(
    payload: str, chromium: Chromium, spoilt: Path
) -> None:
    put_in(spoilt, payload)
    (report,) = chromium.ask("visit", site=spoilt, pages=["pages/1.html"], poke=True, policy=False)
    assert "a payload ran" in list(faults_of(report))
    (report,) = chromium.ask("visit", site=spoilt, pages=["pages/1.html"], poke=True)
    assert not report["pwned"]
    assert any("Content Security Policy" in error for error in report["errors"])


def test_many_payloads_do_act_when_nothing_stops_them(chromium: Chromium, tmp_path: Path) -> None:
    """Else a site that they can't harm would prove nothing."""
    breaking = [payload for payload in PAYLOADS if payload.kind == "tag breakout"]
    pages = {f"pages/{number}.html": payload for number, payload in enumerate(breaking[::4])}
    (tmp_path / "pages").mkdir()
    for path, payload in pages.items():
        text = page("x", payload.text)
        (tmp_path / path).write_text(text, encoding="utf-8", errors="replace")
    reports = chromium.ask("visit", site=tmp_path, pages=list(pages), poke=True, policy=False)
    acted = [
        report["path"]
        for report in reports
        if report["pwned"] or report["dialogs"] or any(HOST in url for url in report["requests"])
    ]
    assert len(acted) > len(pages) * 0.6


def test_payloads_in_a_rendered_site_do_nothing_even_without_a_policy(
    chromium: Chromium, tmp_path: Path
) -> None:
    async def mirrored() -> None:
        async with Emulator(hostile_world(PAYLOADS[::HOSTILE_ONE_IN]), [TOKEN]) as emulator:
            run = await mirror_here(emulator, tmp_path, render=True)
        assert run.exit is Exit.OK, run.problems()

    asyncio.run(mirrored())
    site = tmp_path / KEY / "site"
    assert visit_faults(chromium, site, pages_of(site), poke=True, policy=False) == []


def test_pictures_are_taken(chromium: Chromium, site_folder: Path, tmp_path: Path) -> None:
    pictures = shoot(chromium, site_folder, tmp_path, query="fog", only="search")
    assert [picture.name for picture in pictures] == ["search.png", "search-dark.png", "search-phone.png"]
    assert all(picture.read_bytes().startswith(b"\x89PNG") for picture in pictures)
