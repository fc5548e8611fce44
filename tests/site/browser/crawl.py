"""Every page of a site, read as files and opened in Chromium: ``python -m tests.site.browser.crawl SITE``.

Ends with 1 if anything is found. With ``--axe``, axe looks at each page too, in light and dark (1 s a page).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.site.browser.checks import pages_of, visit_faults
from tests.site.browser.chromium import Chromium
from tests.site.link_checker import faults

BATCH = 50


def crawl(site: Path, *, axe: bool) -> Iterator[str]:
    yield from faults(site)
    pages = pages_of(site)
    with Chromium() as chromium:
        for start in range(0, len(pages), BATCH):
            batch = pages[start : start + BATCH]
            yield from visit_faults(chromium, site, batch, axe=axe)
            if axe:
                yield from visit_faults(chromium, site, batch, axe=True, dark=True, width=1280)


if __name__ == "__main__":
    arguments = [argument for argument in sys.argv[1:] if argument != "--axe"]
    if len(arguments) != 1:
        sys.exit("python -m tests.site.browser.crawl [--axe] SITE")
    root = Path(arguments[0]).resolve()
    began = time.monotonic()
    count = 0
    for fault in crawl(root, axe="--axe" in sys.argv):
        count += 1
        sys.stdout.write(fault + "\n")
    sys.stdout.write(f"{len(pages_of(root))} pages, {count} faults, {time.monotonic() - began:.1f} s\n")
    sys.exit(count > 0)
