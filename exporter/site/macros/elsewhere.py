"""Macros whose work another part of the site does: their box says which."""

from __future__ import annotations

from exporter.site.macros.shown import FALLBACK, Nodes, Show, Shown, Unshown, Use


def _told(where: str) -> Show:
    def show(_: Use) -> Nodes:
        raise Unshown(where)

    return show


_WHERE = {
    "the search of this site is at the top of each page": ("livesearch", "pagetreesearch", "search"),
    "all labels of this space are on their own page": ("listlabels", "popular-labels", "related-labels"),
    "all files of this space are on their own page": ("space-attachments",),
    "all pages of this space are in its tree": ("index",),
    "the versions of a page and their authors are listed below it": ("change-history", "contributors"),
}
ELSEWHERE = {name: Shown(FALLBACK, _told(where)) for where, names in _WHERE.items() for name in names}
