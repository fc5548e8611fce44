"""Real bodies and hostile ones in Markdown: as much is in it as in the HTML, and nothing that acts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from lxml import html

from exporter.site.html.body import render_body
from tests.emulator.conformance import REFERENCE, reference_folder
from tests.site import shown
from tests.site.active_content import active_content
from tests.site.markdown_read import PARSER, READERS, Reader, markdown_of_storage
from tests.site.payloads import PAYLOADS, quoted_body
from tests.site.shelf import read_shelf

CORPUS = (folder / "corpus") if (folder := reference_folder()) else Path("nowhere")
ONE_IN = 8
MATH = re.compile(r'<(div|span) class="math">.*?</\1>', re.DOTALL)
"""Whoever doesn't know dollars reads a formula as words and signs."""


@pytest.mark.parametrize("reader", READERS)
def test_no_payload_comes_alive(reader: Reader) -> None:
    found = {}
    for payload in PAYLOADS[::20]:
        document = html.tostring(reader(markdown_of_storage(quoted_body(payload.text))), encoding="unicode")
        if lines := active_content(document):
            found[payload.text] = lines
    assert not found


@pytest.mark.skipif(not CORPUS.is_dir(), reason=f"{REFERENCE} names no folder with real bodies")
def test_of_real_bodies_nothing_is_lost_on_the_way_to_markdown() -> None:
    shelf = read_shelf(CORPUS)
    lost = {}
    words = 0
    for item_id in [*shelf.stems][::ONE_IN]:
        page, body = shelf.item(item_id), shelf.body(item_id) or b""
        assert page is not None
        written = markdown_of_storage(body.decode(), library=shelf, page=page)
        if b"<math" in body:
            continue
        ours = shown.of_ours(MATH.sub("", render_body(body, page=page, library=shelf, root="").html))
        again = shown.of_ours(PARSER.render(written))
        words += ours.words.total()
        missing = ours.words - again.words
        structure = [(getattr(ours, what), getattr(again, what)) for what in ("headings", "codes")]
        if missing or any(before != after for before, after in structure):
            lost[shelf.stems[item_id]] = (missing, structure)
    assert words > 5000
    assert not lost
