"""What is shown of real pages, held against Confluence's own rendering: `python -m benchmarks.fidelity`."""

from __future__ import annotations

import argparse
import re
import sys
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import fmean

from exporter.site.html.body import Rendered, render_body
from tests.site import shown
from tests.site.shelf import Shelf, read_shelf, read_views
from tests.site.shown import Shown

LIVE = frozenset(
    """
    attachments blog-posts change-history children content-tree contentbylabel contributors
    contributors-summary detailssummary excerpt-include favpages gallery gliffy include index jira
    jirachart jiraissues labels livesearch multiexcerpt-include navmap pagetree pagetreesearch
    popular-labels profile profile-picture recently-updated recently-updated-dashboard related-labels rss
    space-attachments space-details spaces tasks-report-macro userlister view-file viewdoc viewpdf viewppt
    viewxls
    """.split()  # noqa: SIM905 — a list that is read
)
"""Macros that show what isn't in the body: other pages, files, another system, the day. Pages with one
can't be held against what Confluence showed on some day."""

RECALL, PRECISION, SHARE = 0.9998, 0.999, 0.99

_CDATA = re.compile(r"<!\[CDATA\[.*?\]\]>", re.DOTALL)
_MACRO = re.compile(r"<ac:(?:structured-)?macro\b[^>]*?\bac:name=\"([^\"]*)\"")


@dataclass(frozen=True, slots=True)
class Compared:
    """A page: ours beside Confluence's."""

    stem: str
    ours: Shown
    view: Shown
    static: bool
    titled: bool
    """Its title is known, so that the ids of its headings can be."""

    @property
    def recall(self) -> float:
        return shown.recall(self.ours.words, self.view.words)

    @property
    def precision(self) -> float:
        return shown.recall(self.view.words, self.ours.words)

    @property
    def ids(self) -> list[str]:
        """Of Confluence's headings, where ours could have the same."""
        return shown.ids_expected(self.ours, self.view) if self.titled else []

    @property
    def ids_lost(self) -> list[str]:
        return [each for each in self.ids if each not in self.ours.ids]

    def same(self, what: str) -> bool:
        return bool(getattr(self.ours, what) == getattr(self.view, what))


@dataclass(slots=True)
class Findings:
    bodies: int = 0
    crashes: list[str] = field(default_factory=list)
    macros: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    pages: list[Compared] = field(default_factory=list)

    @property
    def static(self) -> list[Compared]:
        return [page for page in self.pages if page.static]


def macros_in(body: str) -> Counter[str]:
    """The names of all macros in a body, found without our parser. What stands in code isn't one."""
    return Counter(_MACRO.findall(_CDATA.sub("", body)))


def findings(shelf: Shelf, views: Mapping[str, str], ids: Iterable[str], *, cuts: int = 0) -> Findings:
    """Of the bodies of these `ids`, each also cut off at so many places. `views` are Confluence's renderings
    by the stems of the bodies."""
    found = Findings()
    for item_id in ids:
        stem, body = shelf.stems[item_id], shelf.body(item_id) or b""
        draw = Random(stem)  # noqa: S311 — chance, no secret
        for end in [draw.randrange(len(body)) for _ in range(cuts) if body]:
            _tried(found, shelf, item_id, body[:end])
        rendered = _tried(found, shelf, item_id, body)
        if rendered is None:
            continue
        macros = macros_in(body.decode(errors="replace"))
        found.macros += macros
        found.lost += macros - Counter(name for name, _ in rendered.macros)
        if stem in views:
            ours, view = shown.of_ours(rendered.html), shown.of_view(views[stem])
            static, titled = not LIVE & macros.keys(), stem in shelf.titled_stems
            found.pages.append(Compared(stem, ours, view, static=static, titled=titled))
    return found


def _tried(found: Findings, shelf: Shelf, item_id: str, body: bytes) -> Rendered | None:
    page = shelf.item(item_id)
    assert page is not None
    found.bodies += 1
    try:
        return render_body(body, page=page, library=shelf, root="../")
    except Exception:
        found.crashes.append(f"{shelf.stems[item_id]}, {len(body)} bytes: {traceback.format_exc(limit=-3)}")
        return None


@dataclass(frozen=True, slots=True)
class Figure:
    name: str
    value: str
    goal: str
    met: bool


def figures(found: Findings) -> Iterator[Figure]:
    pages = found.static
    yield Figure(
        f"crashes on {found.bodies} bodies, whole or cut", str(len(found.crashes)), "0", not found.crashes
    )
    lost = found.lost.total()
    yield Figure(f"macros lost of {found.macros.total()}", str(lost), "0", not lost)
    yield _share(f"recall, mean of {len(pages)} static pages", fmean(page.recall for page in pages), RECALL)
    yield Figure("recall, least", f"{min(page.recall for page in pages):.5f}", "", True)
    yield _share("precision, mean", fmean(page.precision for page in pages), PRECISION)
    yield Figure("precision, least", f"{min(page.precision for page in pages):.5f}", "", True)
    for what in shown.STRUCTURE:
        total = sum(getattr(page.view, what) for page in pages)
        yield _share(f"pages with all of {total} {what}", fmean(page.same(what) for page in pages), SHARE)
    ids, lost_ids = (
        sum(map(len, each)) for each in zip(*((p.ids, p.ids_lost) for p in found.pages), strict=True)
    )
    yield _share(f"ids kept of {ids} headings", 1 - lost_ids / max(ids, 1), SHARE)


def _share(name: str, value: float, goal: float) -> Figure:
    return Figure(name, f"{value:.5f}", f"≥ {goal}", value >= goal)


def differences(found: Findings) -> Iterator[str]:
    """What keeps a page from being the same, a line each."""
    yield from found.crashes
    yield from (f"lost macro {name}: {count}" for name, count in sorted(found.lost.items()))
    for page in found.pages:
        yield from (f"{page.stem}: no id {each}" for each in page.ids_lost)
    for page in found.static:
        missing, surplus = page.view.words - page.ours.words, page.ours.words - page.view.words
        if missing:
            yield f"{page.stem}: missing {_listed(missing)}"
        if surplus:
            yield f"{page.stem}: surplus {_listed(surplus)}"
        for what in shown.STRUCTURE:
            if not page.same(what):
                yield f"{page.stem}: {getattr(page.ours, what)} {what}, not {getattr(page.view, what)}"


def _listed(words: Counter[str]) -> str:
    return ", ".join(f"{word} ×{count}" if count > 1 else word for word, count in words.most_common(8))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser("python -m benchmarks.fidelity", description=__doc__)
    parser.add_argument("reference", type=Path, help="the folder that holds corpus/")
    parser.add_argument("--differences", action="store_true", help="say on which pages, and what")
    parser.add_argument("--cuts", type=int, default=5, help="places at which each body is cut off as well")
    wanted = parser.parse_args(arguments)
    corpus: Path = wanted.reference / "corpus"
    shelf = read_shelf(corpus)
    found = findings(shelf, read_views(corpus), shelf.stems, cuts=wanted.cuts)
    told = list(figures(found))
    width = max(len(figure.name) for figure in told)
    for figure in told:
        goal = f"  {figure.goal}{'' if figure.met else '  NOT MET'}" if figure.goal else ""
        print(f"{figure.name.ljust(width)}  {figure.value.rjust(8)}{goal}")
    if wanted.differences:
        print(*differences(found), sep="\n")
    return 0 if all(figure.met for figure in told) else 1


if __name__ == "__main__":
    sys.exit(main())
