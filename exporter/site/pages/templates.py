"""Whole pages of the site as HTML: everything around the bodies, which come rendered.

All pages refer to `assets/` by names that never change. A hash in a name helps caches of web servers; this
site is opened from disk, and a hash would rewrite every page whenever a stylesheet changes.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from exporter import layout
from exporter.site import addresses, wording
from exporter.site.views import (
    Change,
    CommentView,
    FileRow,
    HomeView,
    LabelCount,
    PageView,
    PersonRow,
    Placed,
    Post,
    ReportView,
    Site,
    SpaceRow,
    TocEntry,
    TreeRow,
)

CSP = (
    "default-src 'none'; script-src 'self' file:; style-src 'self' file:; img-src 'self' file: data:; "
    "media-src 'self' file:; base-uri 'none'; form-action 'none'"
)
"""`file:` beside `'self'`: not every browser takes the files of a folder for one origin."""

TIERS = {
    "static": "as in Confluence",
    "mirror": "from this copy",
    "replaced": "by its source, or as a link: it can’t be run offline",
    "fallback": "as a box: it can’t be run offline",
}

MAX_DEPTH = 6
"""Of replies to comments."""

_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")  # HTML allows none of these, even escaped


class Templates:
    """The pages of one space's site. Each method gives a whole document."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._address = functools.partial(addresses.of_item, space_key=site.space_key)
        self._frames = {root: _frame(site, root) for root in ("", "../")}

    def page(self, view: PageView) -> str:
        """A page, blog post, folder or placeholder, in `pages/`."""
        comments = _shallow(view.comments)
        return self._render("page.html", "../", view=view, toc=_levelled(view.toc), comments=comments)

    def home(self, view: HomeView) -> str:
        toc = _levelled(view.page.toc) if view.page else ()
        comments = _shallow(view.page.comments) if view.page else ()
        return self._render("home.html", "", view=view, toc=toc, comments=comments)

    def tree(self, rows: Sequence[TreeRow]) -> str:
        return self._list("tree.html", "All pages", rows=rows)

    def changes(self, changes: Sequence[Change]) -> str:
        """`changes`: the latest first."""
        return self._list("changes.html", "Recent changes", days=list(_by_day(changes)))

    def labels(self, labels: Sequence[LabelCount]) -> str:
        return self._list("labels.html", "Labels", labels=labels)

    def label(self, label: str, rows: Sequence[Placed]) -> str:
        return self._list("label.html", label, root="../", rows=rows)

    def attachments(self, rows: Sequence[FileRow]) -> str:
        return self._list("attachments.html", "Files", rows=rows)

    def people(self, rows: Sequence[PersonRow]) -> str:
        return self._list("people.html", "People", rows=rows)

    def blog(self, posts: Sequence[Post]) -> str:
        return self._list("blog.html", "Blog", posts=posts)

    def report(self, view: ReportView) -> str:
        return self._list("report.html", "About this copy", view=view, tiers=TIERS)

    def _list(self, template: str, title: str, *, root: str = "", **values: object) -> str:
        return self._render(template, root, title=title, **values)

    def _render(self, template: str, root: str, **values: object) -> str:
        frame = self._frames[root]
        return _render(template, root=root, site=self._site, address=self._address, frame=frame, **values)


def spaces(rows: Sequence[SpaceRow]) -> str:
    """The `index.html` beside the folders of the spaces; it looks like the first of them."""
    return _render("spaces.html", spaces=rows)


def _render(template: str, **values: object) -> str:
    html = _environment().get_template(template).render(values)
    return layout.well_formed(_NO_TEXT.sub("\ufffd", html)) + "\n"


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("exporter.site.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
    )
    filters: dict[str, Callable[..., Any]] = {
        "day": wording.day,
        "day_and_time": wording.day_and_time,
        "machine_time": wording.machine_time,
        "size": wording.size,
        "kind": wording.kind,
        "file_kind": wording.file_kind,
        "is_image": wording.is_image,
        "runs_scripts": wording.runs_scripts,
        "extension": wording.extension,
        "live": wording.live,
        "quoted": _quoted,
        "label_address": addresses.of_label,
        "count_comments": _count,
    }
    environment.filters.update(filters)
    environment.globals["csp"] = CSP
    return environment


def _quoted(text: str) -> str:
    """For an address. Ids and names may hold lone surrogates, which can't be encoded."""
    return quote(layout.well_formed(text))


def _frame(site: Site, root: str) -> dict[str, Markup]:
    module = _environment().get_template("frame.html").make_module({"site": site, "root": root})
    return {part: getattr(module, part)() for part in ("opening", "top", "bottom")}


def _levelled(toc: Sequence[TocEntry]) -> tuple[TocEntry, ...]:
    """With the highest heading of the page at level 1, and nothing below 4: a narrow column has no room."""
    top = min((entry.level for entry in toc), default=1)
    return tuple(replace(entry, level=min(entry.level - top + 1, 4)) for entry in toc)


def _by_day(changes: Iterable[Change]) -> Iterator[tuple[str, list[Change]]]:
    for day, group in groupby(changes, key=lambda change: wording.day(change.made.at)):
        yield day, list(group)


def _shallow(comments: Sequence[CommentView], depth: int = 1) -> tuple[CommentView, ...]:
    """The threads, with what is deeper than a narrow window (and a template) can take put on one level."""
    if depth < MAX_DEPTH:
        return tuple(replace(each, replies=_shallow(each.replies, depth + 1)) for each in comments)
    return tuple(replace(each, replies=()) for each in _flat(comments))


def _flat(comments: Iterable[CommentView]) -> Iterator[CommentView]:
    """Each before its replies."""
    pending = list(comments)[::-1]
    while pending:
        comment = pending.pop()
        yield comment
        pending += comment.replies[::-1]


def _count(comments: Iterable[CommentView]) -> int:
    return sum(1 for _ in _flat(comments))
