"""Stylesheet and scripts: their size, their colours, what they must not do."""

from __future__ import annotations

import gzip
import re
from itertools import product
from pathlib import Path

import pytest

import exporter.site
from exporter.site.pages import navigation

ASSETS = Path(exporter.site.__file__).parent / "pages" / "assets"
CSS = (ASSETS / "site.css").read_text("utf-8")
SCRIPTS = {name: (ASSETS / name).read_text("utf-8") for name in ("site.js", "theme.js")}
COLOURS = {
    name: (light, dark)
    for name, light, dark in re.findall(r"--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", CSS)
}
TONES = ("grey", "red", "orange", "yellow", "green", "teal", "blue", "purple", "magenta")


def luminance(colour: str) -> float:
    """As WCAG 2.2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


GROUNDS = ("bg", "surface", "raised")
PAIRS = [
    *product(("fg", "muted", "accent", *TONES), GROUNDS),
    *((tone, f"{tone}-soft") for tone in TONES),
    *(("fg", f"{tone}-soft") for tone in TONES),
    ("accent", "accent-soft"),
    ("fg", "accent-soft"),
    ("fg", "mark"),
    ("fg", "grey-soft"),
]


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_can_be_read_on_its_ground(text: str, ground: str, mode: str) -> None:
    at = ("light", "dark").index(mode)
    assert contrast(COLOURS[text][at], COLOURS[ground][at]) >= 4.5


@pytest.mark.parametrize("at", [0, 1])
@pytest.mark.parametrize("ground", ["bg", "surface"])
def test_the_edge_of_what_can_be_filled_in_can_be_seen(ground: str, at: int) -> None:
    assert contrast(COLOURS["strong-border"][at], COLOURS[ground][at]) >= 3


def test_files_are_small() -> None:
    assert len(gzip.compress(CSS.encode())) <= 12 * 1024
    assert len(gzip.compress(SCRIPTS["site.js"].encode())) <= 5 * 1024


def test_nothing_is_loaded_from_elsewhere() -> None:
    assert set(re.findall(r"url\(\"([a-z]+:)", CSS)) == {"data:"}
    assert "@import" not in CSS
    for script in SCRIPTS.values():
        assert not re.search(r"https?:|\bfetch\(|XMLHttpRequest|\bimport\b|innerHTML|\beval\b", script)


def test_what_is_stored_has_a_prefix_since_all_files_share_one_storage() -> None:
    for script in SCRIPTS.values():
        keys = re.findall(r"localStorage\.\w+\(([^,)]+)", script)
        assert keys
        assert all(key.startswith('"confluence-export:') for key in keys)


def test_scripts_answer_to_what_the_shared_files_call() -> None:
    called = {navigation.nav_files([], lambda _: ())[navigation.NAV], navigation.mirrored_js("", shown="")}
    names = {script.partition("(")[0] for script in called}
    assert names == set(re.findall(r"window\.(confluence\w+) = function", SCRIPTS["site.js"]))


def test_every_variable_that_is_used_is_set() -> None:
    used = set(re.findall(r"var\(--([a-z-]+)", CSS))
    assert used <= set(re.findall(r"--([a-z-]+):", CSS))
    assert {"fg", "bg", "muted", "accent", "border", "surface"} <= set(COLOURS)
