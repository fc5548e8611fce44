"""What every site has, and the mark of the version that made it."""

from __future__ import annotations

import re
from pathlib import Path

import exporter.site
from exporter.site.pages.static import assets, fingerprint


def test_assets_are_those_of_the_package_in_the_order_of_their_names() -> None:
    found = dict(assets())
    assert list(found) == sorted(found)
    assert {"site.css", "site.js"} <= found.keys()
    folder = Path(exporter.site.__file__).parent / "pages" / "assets"
    assert found["site.js"] == (folder / "site.js").read_bytes()


def test_the_fingerprint_is_the_same_each_time() -> None:
    first = fingerprint()
    fingerprint.cache_clear()
    assert fingerprint() == first
    assert re.fullmatch("[0-9a-f]{24}", first)


def test_the_fingerprint_is_another_when_anything_of_the_package_is(tmp_path: Path) -> None:
    changes = [("a.py", "1"), ("a.py", "2"), ("deep/er/b.css", "1"), ("c.py", "1"), ("a.pyc", "1")]
    found = []
    for path, content in changes:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content)
        fingerprint.cache_clear()
        found.append(fingerprint(tmp_path))
    assert len({*found[:4]}) == 4
    assert found[4] == found[3]
