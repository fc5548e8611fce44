"""What the browser's answers say against a site: one line a fault."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.site.browser.chromium import Chromium
from tests.site.link_checker import is_page

PHONE = 375
Report = Mapping[str, Any]


def pages_of(site: Path) -> list[str]:
    paths = (path.relative_to(site).as_posix() for path in site.rglob("*.html"))
    return sorted(path for path in paths if is_page(path))


def sample_of(site: Path, count: int, *, seed: int = 0) -> list[str]:
    """Every page outside the folders, and some of the others, the longest among them."""
    paths = pages_of(site)
    top = [path for path in paths if "/" not in path]
    rest = [path for path in paths if "/" in path]
    longest = sorted(rest, key=lambda path: (-(site / path).stat().st_size, path))[: max(count // 4, 1)]
    others = [path for path in rest if path not in longest]
    room = max(count - len(top) - len(longest), 0)
    return sorted({*top, *longest, *random.Random(seed).sample(others, min(room, len(others)))})


def visit_faults(chromium: Chromium, site: Path, pages: Sequence[str], **options: Any) -> list[str]:
    """Opens the pages on a phone: nothing remote, nothing missing, no error, nothing too wide."""
    reports = chromium.ask("visit", site=site, pages=pages, **{"width": PHONE, **options})
    return [f"{report['path']}: {fault}" for report in reports for fault in faults_of(report)]


def faults_of(report: Report) -> Iterator[str]:
    for kind in ("requests", "failed", "errors", "dialogs", "popups", "left"):
        seen: Counter[str] = Counter(report[kind])
        for what, times in seen.items():
            yield f"{kind}: {what}" + f" ({times} times)" * (times > 1)
    if report["pwned"]:
        yield "a payload ran"
    if report["scrollWidth"] > report["innerWidth"]:
        yield f"{report['scrollWidth']} px wide in {report['innerWidth']}: {', '.join(report['wide'])}"
    if not report["main"]:
        yield "nothing to read in <main>"
    for violation in report.get("axe", ()):
        if violation["impact"] in ("serious", "critical"):
            yield f"axe {violation['id']} ({violation['impact']}): {violation['nodes'][0]}"


def unscripted_faults(chromium: Chromium, site: Path, pages: Sequence[str]) -> list[str]:
    """Without scripts all is there to read but what buttons say, and the tree is one click away."""
    plain = chromium.ask("visit", site=site, pages=pages, script=False)
    scripted = chromium.ask("visit", site=site, pages=pages)
    found = []
    for without, with_ in zip(plain, scripted, strict=True):
        found += [f"{without['path']}: without scripts: {fault}" for fault in faults_of(without)]
        missing = _words(with_["main"]) - _words(without["main"], *with_["buttons"])
        if missing:
            found.append(f"{without['path']}: only scripts show {sorted(missing)[:5]}")
        if not any(link.split("#")[0].endswith("tree.html") for link in without["links"]):
            found.append(f"{without['path']}: no link to the tree without scripts")
    return found


def _words(*texts: str) -> set[str]:
    return {word for text in texts for word in text.split()}


def search_faults(
    chromium: Chromium, site: Path, page: str, title: str, *, within_ms: float, patience: float = 3000
) -> list[str]:
    """By keyboard alone, from the home page: "/", the title, arrow, Enter; and by the address `?q=`.

    After `patience`, in milliseconds, nothing more is waited for.
    """
    goal = (site / page).as_uri()
    found = []
    answer = chromium.ask("search", site=site, query=title, patience=patience)
    if answer["focused"] != "search-input":
        found.append(f"'/' leads to {answer['focused']!r}")
    if answer["url"].split("?")[0].split("#")[0] != goal:
        found.append(f"{title!r} led to {answer['url']}, not {goal}")
    if answer["ms"] is None or answer["ms"] > within_ms:
        found.append(f"{title!r}: first result after {answer['ms']} ms")
    asked = chromium.ask("ask", site=site, query=title, patience=patience)
    if asked["field"] != title:
        found.append(f"?q= fills the field with {asked['field']!r}")
    if goal not in _goals(asked["results"]):
        found.append(f"?q={title} doesn't show {goal}")
    for report in (answer, asked):
        found += [
            f"search: {kind}: {each}" for kind in ("requests", "failed", "errors") for each in report[kind]
        ]
    return found


def _goals(results: Iterable[Mapping[str, str]]) -> set[str]:
    return {result["url"].split("?")[0].split("#")[0] for result in results}


def print_faults(chromium: Chromium, site: Path, page: str) -> list[str]:
    printed = chromium.ask("print", site=site, path=page)
    found = [f"{page}: in print: {chrome}" for chrome in printed["chrome"]]
    # A sheet with nothing on it takes about 1 kB.
    if not printed["main"] or printed["sheets"] < 1 or printed["bytes"] < 4000:
        found.append(f"{page}: prints as {printed['bytes']} bytes, {printed['sheets']} sheets")
    return found
