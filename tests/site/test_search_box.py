"""The search box in Chromium: where its results are, and what each key does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.site.browser.checks import search_faults
from tests.site.browser.chromium import Chromium, NoBrowser
from tests.site.searching import document, make_site

LONG = "Minutes of the extraordinary meeting on whether the ordinary meeting may decide " * 3
TITLES = [f"Lamp number {number}" for number in range(1, 16)]
PAGES = [
    *(document(number, title, "The lamp is lit. " * 40) for number, title in enumerate(TITLES, 100)),
    document(200, LONG, "Nothing was decided about the beacon."),
    document(201, "Unbreakable" * 20, "A beacon of a word."),
    document(202, "Fog <b>signals</b> & horns", "Two horns."),
]

State = dict[str, Any]
Press = Callable[..., list[State]]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    try:
        browser = Chromium()
    except NoBrowser as missing:
        pytest.skip(str(missing))
    with browser:
        yield browser


@pytest.fixture(scope="module")
def site_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_site(tmp_path_factory.mktemp("site"), PAGES)


@pytest.fixture
def press(chromium: Chromium, site_folder: Path) -> Press:
    """Takes keys, and texts after a colon; gives the state after each."""

    def press(*steps: str, **options: Any) -> list[State]:
        split = [{"text": step[1:]} if step.startswith(":") else {"key": step} for step in steps]
        answer = chromium.ask("press", site=options.pop("site", site_folder), steps=split, **options)
        errors: Sequence[str] = [*answer["errors"], *answer["requests"], *answer["left"]]
        assert list(errors) == options.get("errors", [])
        assert [each for each in answer["axe"] if each["impact"] in ("serious", "critical")] == []
        states: list[State] = answer["states"]
        return states

    return press


SIZES = [(1280, 800), (375, 812), (320, 480)]


# --- where it is ----------------------------------------------------------------------


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_results_hang_below_the_header_and_within_the_window(width: int, height: int, press: Press) -> None:
    *_, state = press("/", ":lamp", width=width, height=height)
    assert state["shown"]
    assert state["panel"]["top"] >= state["header"]["bottom"] - 1  # it may lie on the border
    assert state["first"]["top"] > state["panel"]["top"]
    assert state["first"]["bottom"] <= state["window"]["height"]
    assert state["panel"]["left"] >= 0
    assert state["panel"]["right"] <= width
    assert state["panel"]["bottom"] <= height
    assert state["window"]["scroll"] <= width


@pytest.mark.parametrize(("width", "height"), SIZES[::2])
def test_the_chosen_result_is_in_sight_down_to_the_last(width: int, height: int, press: Press) -> None:
    for state in press("/", ":lamp", *["ArrowDown"] * 10, width=width, height=height)[2:]:
        assert state["chosen"]["top"] >= state["panel"]["top"]
        assert state["chosen"]["bottom"] <= state["panel"]["bottom"] + 0.5


@pytest.mark.parametrize("text", [":beacon", ":unbreak"])
def test_long_titles_do_not_widen_a_phone(text: str, press: Press) -> None:
    *_, state = press("/", text, width=375, height=812)
    assert state["options"]
    assert state["window"]["scroll"] <= 375


FOUND, NOTHING = ("/", ":lamp", "ArrowDown"), ("/", ":zzzqqq")


@pytest.mark.parametrize(
    ("steps", "width", "dark"),
    [
        (FOUND, 1280, False),
        (FOUND, 1280, True),
        (FOUND, 375, False),
        (FOUND, 375, True),
        (NOTHING, 1280, False),
    ],
)
def test_axe_finds_nothing_serious(steps: Sequence[str], width: int, dark: bool, press: Press) -> None:
    press(*steps, axe=True, width=width, dark=dark)


# --- what keys do ---------------------------------------------------------------------


@pytest.mark.parametrize("key", ["/", "Control+k", "Meta+k"])
def test_a_key_leads_to_the_box(key: str, press: Press) -> None:
    (state,) = press(key)
    assert (state["focused"], state["field"], state["shown"]) == ("search-input", "", False)


def test_a_slash_is_a_slash_where_one_types(press: Press) -> None:
    *_, state = press("/", ":and", "/")
    assert state["field"] == "and/"


def test_it_is_a_combobox_with_a_listbox(press: Press) -> None:
    before, found, chosen = press("/", ":lamp", "ArrowDown")
    assert (before["role"], before["controls"], before["expanded"]) == ("combobox", "listbox", "false")
    assert (found["expanded"], found["active"], found["selected"]) == ("true", None, [])
    assert (chosen["expanded"], chosen["active"]) == ("true", chosen["options"][0])
    assert len(chosen["selected"]) == 1
    assert chosen["focused"] == "search-input"


def test_arrows_go_round_by_way_of_the_box(press: Press) -> None:
    states = press("/", ":beacon", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowUp", "ArrowUp")
    first, second = states[1]["options"]
    assert [state["active"] for state in states[2:]] == [first, second, None, second, first]


def test_how_many_there_are_is_said(press: Press) -> None:
    states = press("/", ":lamp", "Control+k", ":horns", "Control+k", ":zzzqqq", "Control+k", ":horns zzzqqq")
    said = [state["status"] for state in states if state["field"]]
    assert said[0] == "15 pages, the first 10 are shown"
    assert said[-5] == "1 page"
    assert said[-3] == "No page has these words"
    assert said[-1] == "No page has all of these words. All but one: 1 page"


def test_where_nothing_is_found_no_list_is_announced(press: Press) -> None:
    *_, state = press("/", ":zzzqqq")
    assert (state["shown"], state["expanded"], state["options"]) == (True, "false", [])


def test_what_is_typed_anew_is_chosen_anew(press: Press) -> None:
    *_, state = press("/", ":lamp", "ArrowDown", ": number")
    assert (state["active"], state["selected"]) == (None, [])


@pytest.mark.parametrize(
    ("keys", "at"), [(["Enter"], 0), (["ArrowDown", "Enter"], 0), (["ArrowDown", "ArrowDown", "Enter"], 1)]
)
def test_enter_opens_the_chosen_result_or_the_first(
    keys: list[str], at: int, press: Press, site_folder: Path
) -> None:
    states = press("/", ":lamp", *keys)
    title = states[1]["options"][at]
    page = next(page for page in PAGES if page.title == title)
    assert states[-1]["url"] == (site_folder / page.address).as_uri() + "?h=lamp*"
    assert states[-1]["highlights"] > 0


def test_enter_does_nothing_where_nothing_is_found(press: Press) -> None:
    states = press("/", ":zzzqqq", "Enter")
    assert states[-1]["url"] == states[0]["url"]


def test_escape_closes_the_results_and_then_leaves_the_box(press: Press) -> None:
    *_, closed, left = press("/", ":lamp", "ArrowDown", "Escape", "Escape")
    assert (closed["shown"], closed["expanded"], closed["field"]) == (False, "false", "lamp")
    assert closed["focused"] == "search-input"
    assert (left["focused"], left["field"]) == ("body", "")


def test_the_focus_returns_to_where_it_was(press: Press) -> None:
    *_, left = press("Tab", "Tab", "Control+k", "Escape")
    assert left["focused"] == "a"


def test_an_arrow_opens_closed_results_again(press: Press) -> None:
    *_, state = press("/", ":lamp", "Escape", "ArrowDown")
    assert state["shown"]


def test_what_leaves_the_box_closes_the_results(press: Press) -> None:
    *_, state = press("/", ":lamp", "Tab")
    assert (state["focused"], state["shown"], state["field"]) == ("site-theme", False, "lamp")


def test_an_empty_box_shows_nothing(press: Press) -> None:
    *_, state = press("/", ":lamp", "Control+a", "Delete")
    assert (state["shown"], state["status"]) == (False, "")


def test_an_address_can_ask(press: Press) -> None:
    (state,) = press("ArrowDown", search="?q=horns")
    assert (state["field"], state["active"]) == ("horns", "Fog <b>signals</b> & horns")


def test_titles_are_text(chromium: Chromium, site_folder: Path) -> None:
    found = search_faults(
        chromium, site_folder, "pages/202.html", "Fog <b>signals</b> & horns", within_ms=5000
    )
    assert found == []


def test_a_missing_file_of_the_index_is_told(chromium: Chromium, tmp_path: Path) -> None:
    site = make_site(tmp_path, PAGES[:3])
    for path in (site / "search/terms").iterdir():
        path.unlink()
    answer = chromium.ask("press", site=site, steps=[{"key": "/"}, {"text": "lamp"}])
    assert answer["states"][-1]["status"].startswith("Part of the search index is missing (terms/")
    assert answer["states"][-1]["shown"]


def test_what_takes_a_while_is_told_to_take_a_while(chromium: Chromium, tmp_path: Path) -> None:
    site = make_site(tmp_path, PAGES)
    for path in (site / "search/terms").iterdir():
        wait = b"for (const until = performance.now() + 500; performance.now() < until; );"
        path.write_bytes(wait + path.read_bytes())
    answer = chromium.ask("press", site=site, steps=[{"key": "/"}, {"text": "lamp"}])
    assert [text for text in answer["states"][-1]["said"] if text] == [
        "Searching …",
        "15 pages, the first 10 are shown",
    ]
