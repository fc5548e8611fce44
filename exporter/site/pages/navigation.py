"""What all pages share and load as scripts: the tree of the sidebar, and when the mirror was made.

No page has a copy of the tree, so a new page changes one file and not all. For the same reason these
files keep their names: a hash in the name would stand in every page. Each is a call with JSON in a string,
which browsers read many times faster than a literal, and which needs no `fetch` (`file://` allows none).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

from exporter import layout
from exporter.model import Kind
from exporter.site.items import Item

NAV = "assets/nav.js"
MIRRORED = "assets/mirrored.js"

WHOLE = 10_000
"""So many rows are 0.7 MB, which a browser reads in a blink."""
SHARD = 4_000
_SMALL = 50  # no shard is smaller: each costs a file

_LETTERS = {Kind.FOLDER: "f", Kind.WHITEBOARD: "w", Kind.DATABASE: "d", Kind.EMBED: "e", Kind.BLOGPOST: "b"}

Row = list[str | int]


def nav_files(
    roots: Sequence[Item],
    children: Callable[[str], Sequence[Item]],
    *,
    whole: int = WHOLE,
    shard: int = SHARD,
) -> dict[str, str]:
    """The scripts of the tree by their address in the site; `roots` and `children` in Confluence's order.

    A row is ``[id, title, index of the parent's row or -1, kind]``, and a fifth field, 1, says that the
    children are in ``assets/nav/<id>.js``, where -1 means that item.
    """
    below = _reachable(roots, children)
    total = sum(map(len, below.values())) + len(roots)
    cut = frozenset[str]() if total <= whole else _cuts(roots, below, limit=shard)
    files = {NAV: _script("", _rows(roots, below, cut))}
    for item_id in sorted(cut):
        files[f"assets/nav/{item_id}.js"] = _script(item_id, _rows(below[item_id], below, cut))
    return files


def mirrored_js(at: str, *, shown: str) -> str:
    """When the mirror was made: the only thing on a page that changes every night, so no page holds it."""
    return f"confluenceMirrored({_text([at, shown])});\n"


def _reachable(roots: Sequence[Item], children: Callable[[str], Sequence[Item]]) -> dict[str, list[Item]]:
    """Each item's children, and each item once: a circle of parents, or a parent named twice, ends here."""
    seen = {item.id for item in roots}
    below: dict[str, list[Item]] = {}
    pending = list(roots)
    while pending:
        item = pending.pop()
        below[item.id] = found = []
        for child in children(item.id):
            if child.id not in seen:
                seen.add(child.id)
                found.append(child)
        pending += found
    return below


def _cuts(roots: Sequence[Item], below: Mapping[str, list[Item]], *, limit: int) -> frozenset[str]:
    """Which items have their children in a file of their own, such that files have about `limit` rows.

    From the bottom up, the largest branches are cut off wherever too much has come together. A list of
    brothers is never divided.
    """
    cut: set[str] = set()
    size: dict[str, int] = {}  # rows below an item, in the same file

    def weigh(brothers: Sequence[Item]) -> int:
        rows = len(brothers) + sum(size[item.id] for item in brothers)
        for item in sorted(brothers, key=lambda item: -size[item.id]):
            if rows <= limit or size[item.id] < _SMALL:
                break
            cut.add(item.id)
            rows -= size[item.id]
            size[item.id] = 0
        return rows

    for item in reversed(_in_order(roots, below)):
        size[item.id] = weigh(below[item.id])
    weigh(roots)
    return frozenset(cut)


def _in_order(
    roots: Sequence[Item], below: Mapping[str, list[Item]], stop: frozenset[str] = frozenset()
) -> list[Item]:
    """Parents before their children, without recursion: a tree may be deeper than Python's stack."""
    order: list[Item] = []
    pending = list(reversed(roots))
    while pending:
        item = pending.pop()
        order.append(item)
        if item.id not in stop:
            pending += reversed(below[item.id])
    return order


def _rows(roots: Sequence[Item], below: Mapping[str, list[Item]], cut: frozenset[str]) -> list[Row]:
    order = _in_order(roots, below, cut)
    index = {item.id: number for number, item in enumerate(order)}
    parent = {child.id: index[item.id] for item in order if item.id not in cut for child in below[item.id]}
    return [
        [
            item.id,
            item.title,
            parent.get(item.id, -1),
            _LETTERS.get(item.kind, "p"),
            *([1] * (item.id in cut)),
        ]
        for item in order
    ]


def _script(of: str, rows: list[Row]) -> str:
    return f"confluenceNav({json.dumps(of)},{_text(rows)});\n"


def _text(value: object) -> str:
    """A JavaScript string that holds `value` as JSON."""
    inner = layout.well_formed(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
    return json.dumps(inner, ensure_ascii=False).replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
