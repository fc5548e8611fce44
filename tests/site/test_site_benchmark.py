"""A short sample of `benchmarks.site`."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import site
from tests.emulator.conformance import REFERENCE, reference_folder

CORPUS = (folder / "corpus") if (folder := reference_folder()) else Path("nowhere")


@pytest.mark.skipif(not CORPUS.is_dir(), reason=f"{REFERENCE} names no folder with real bodies")
def test_it_prints_a_table_and_ends_with_0_where_all_bounds_are_kept(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert site.main([str(CORPUS), "--pages", "20"]) == 0
    printed = capsys.readouterr().out
    assert "| rendering 20 pages, MiB of memory " in printed
    assert "| files that it wrote  " in printed
