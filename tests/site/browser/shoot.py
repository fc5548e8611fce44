"""Pictures of a site for a person to look at: ``python -m tests.site.browser.shoot SITE OUT``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from tests.site.browser.checks import pages_of
from tests.site.browser.chromium import Chromium

PHONE = {"width": 375, "height": 812}


def shoot(chromium: Chromium, site: Path, out: Path, *, query: str, only: str = "") -> list[Path]:
    """The pictures whose names begin with `only`."""
    out.mkdir(parents=True, exist_ok=True)
    pages = [path for path in pages_of(site) if path.startswith("pages/")]
    longest = max(pages, key=lambda path: (site / path).stat().st_size)
    table = max(pages, key=lambda path: (site / path).read_bytes().count(b"<tr"))
    wanted: dict[str, dict[str, Any]] = {
        "home": {"path": "index.html"},
        "home-dark": {"path": "index.html", "dark": True},
        "home-phone": {"path": "index.html", **PHONE},
        "tree": {"path": "tree.html"},
        "page": {"path": longest},
        "page-whole": {"path": longest, "whole": True},
        "page-dark": {"path": longest, "dark": True},
        "page-phone": {"path": longest, **PHONE},
        "page-phone-dark": {"path": longest, "dark": True, **PHONE},
        "table": {"path": table},
        "table-phone": {"path": table, **PHONE},
        "search": {"path": "index.html", "query": query},
        "search-dark": {"path": "index.html", "query": query, "dark": True},
        "search-phone": {"path": "index.html", "query": query, **PHONE},
    }
    names = [name for name, details in wanted.items() if (site / details["path"]).is_file()]
    names = [name for name in names if name.startswith(only)]
    for name in names:
        chromium.ask("shoot", site=site, out=out / f"{name}.png", **wanted[name])
    return [out / f"{name}.png" for name in names]


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit("python -m tests.site.browser.shoot SITE OUT [WORDS TO SEARCH]")
    site, out, query = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve(), (*sys.argv[3:], "the")[0]
    with Chromium() as chromium:
        pictures = shoot(chromium, site, out, query=query)
    sys.stdout.writelines(f"{picture}\n" for picture in pictures)
