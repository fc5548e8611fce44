"""A short run of the benchmark of the search."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from benchmarks.search import build, in_browser, main, missed_items
from benchmarks.search_pages import Pages, made_up
from tests.site.searching import needs_node


@needs_node
def test_it_prints_tables_and_ends_with_0_where_all_goals_are_met(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CONFLUENCE_EXPORT_REFERENCE", raising=False)
    options = [
        "--documents",
        "40",
        "--documents",
        "90",
        "--asked",
        "20",
        "--no-browser",
        "--keep",
        str(tmp_path),
    ]
    assert main(options) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("200 made-up texts\n")
    assert printed.count("\n| 40 ") == printed.count("\n| 90 ") == 2
    assert printed.endswith("all goals are met\n")
    assert (tmp_path / "90/search/meta.js").is_file()


@needs_node
def test_it_times_a_search_in_a_browser(tmp_path: Path) -> None:
    build(tmp_path, Pages(made_up(50, seed=0), 60))
    timed = in_browser(tmp_path, typed=["bab"], times=1)
    if timed is None:
        pytest.skip("there is no browser")
    assert [len(some) for some in (timed.cold, timed.work, timed.further)] == [2, 2, 2]
    assert all(0 < work <= took + 1000 for work, took in zip(timed.work, timed.cold, strict=True))


def test_a_goal_that_is_missed_is_told() -> None:
    ranks = {"title": [1] * 97 + [2] * 3, "heading": [99], "typo": [1] * 8 + [11] * 2, "four letters": [99]}
    told = ["title in the top 1 in 97.0%, not 98%", "typo in the top 10 in 80.0%, not 85%"]
    assert list(missed_items(ranks, is_real=False)) == told
    assert len(list(missed_items(ranks, is_real=True))) == 4


def test_repeated_pages_differ_in_id_title_and_text() -> None:
    pages = Pages(made_up(20, seed=0), 500)
    assert len({page.id for page in pages}) == 500
    assert len({page.title for page in pages}) == 500
    assert len({page.text for page in pages}) == 500
    assert [pages.document(number) for number in Random(0).sample(range(500), 5)] == [
        [*pages][number] for number in Random(0).sample(range(500), 5)
    ]
