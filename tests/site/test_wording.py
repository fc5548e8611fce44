"""Dates, sizes and kinds, the same on every machine."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.site import wording


@pytest.mark.parametrize(
    ("at", "day", "time", "machine"),
    [
        ("2026-01-05T09:12:00.000Z", "5 January 2026", "5 January 2026, 09:12 UTC", "2026-01-05T09:12:00Z"),
        ("2026-01-05T00:30:00+02:00", "4 January 2026", "4 January 2026, 22:30 UTC", "2026-01-04T22:30:00Z"),
        ("2026-01-05T09:12:00", "5 January 2026", "5 January 2026, 09:12 UTC", "2026-01-05T09:12:00Z"),
        ("0999-12-31T23:59:59Z", "31 December 999", "31 December 999, 23:59 UTC", "0999-12-31T23:59:59Z"),
        ("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+14:00", ""),
        ("yesterday", "yesterday", "yesterday", ""),
        ("", "", "", ""),
    ],
)
def test_a_moment_is_shown_in_utc_and_in_words(at: str, day: str, time: str, machine: str) -> None:
    assert (wording.day(at), wording.day_and_time(at)) == (day, time)
    assert wording.machine_time(at).partition(".")[0] == machine


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (1023, "1023 bytes"),
        (1024, "1.0 KB"),
        (6758, "6.6 KB"),
        (1024**2 - 1, "1.0 MB"),
        (5 * 1024**3, "5.0 GB"),
        (3 * 1024**4, "3.0 TB"),
    ],
)
def test_sizes_are_shown_in_the_unit_that_fits(number: int, words: str) -> None:
    assert wording.size(number) == words


@given(st.integers(0, 10**15))
def test_no_size_is_longer_than_a_column(number: int) -> None:
    assert len(wording.size(number)) <= 10


@pytest.mark.parametrize(
    ("media_type", "kind", "is_image", "runs_scripts"),
    [
        ("image/png", "PNG image", True, False),
        ("IMAGE/PNG", "PNG image", True, False),
        ("image/svg+xml", "SVG image", True, True),
        ("image/x-icon", "X-ICON image", False, False),
        ("text/html; charset=utf-8", "HTML", False, True),
        ("application/pdf", "PDF", False, False),
        ("video/mp4", "MP4 video", False, False),
        ("image", "File", False, False),
        ("", "File", False, False),
    ],
)
def test_a_media_type_is_named(media_type: str, kind: str, *, is_image: bool, runs_scripts: bool) -> None:
    assert wording.file_kind(media_type) == kind
    assert wording.is_image(media_type) is is_image
    assert wording.runs_scripts(media_type, "a") is runs_scripts


@pytest.mark.parametrize(
    ("title", "extension"),
    [
        ("a.pdf", "PDF"),
        ("a.tar.gz", "GZ"),
        ("README", "FILE"),
        (".env", "FILE"),
        ("a.long one", "FILE"),
        ("a.", "FILE"),
    ],
)
def test_a_tile_shows_the_extension(title: str, extension: str) -> None:
    assert wording.extension(title) == extension


@pytest.mark.parametrize("title", ["a.html", "a.XHTML", "a.svg", "a.mht.", "a.xml "])
def test_from_a_disk_a_name_tells_what_runs(title: str) -> None:
    assert wording.runs_scripts("application/octet-stream", title)
    assert not wording.runs_scripts("application/octet-stream", f"{title}.zip")
