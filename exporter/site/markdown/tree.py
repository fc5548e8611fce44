"""Where each page lies in the readable tree: its title as the file's name, its children in a folder beside.

``Plan.md`` and ``Plan/Budget.md``: a page keeps its place when it gets its first child, a note in Obsidian is
called what the page is, and MkDocs makes ``Plan.html`` of it.
"""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from exporter import layout
from exporter.model import Kind
from exporter.site.items import File, Item

INDEX = "index.md"
BLOG = "blog"
MAX_PATH_BYTES = 200
"""Below the output folder."""

_SUFFIX = ".md"
_ROOM_FOR_NAME = 60
_FOLDER_BYTES = 40
_NO_LINK_IN_OBSIDIAN = str.maketrans({"#": "_", "^": "_", "[": "(", "]": ")"})
# MkDocs makes the page of a folder from these; at the top, `templates` is left out, the others are ours.
_RESERVED = ("index", "readme")
_RESERVED_AT_TOP = (*_RESERVED, "templates", "files", BLOG)
_MARKDOWN = (".md", ".markdown", ".mdown", ".mkdn", ".mkd")
_YEAR = re.compile(r"(\d{4})-\d\d-\d\d")


def paths_of(items: Iterable[Item], *, home: str | None, above: str) -> Mapping[str, str]:
    """Id → path of each item. `above` is the path from the output folder to this tree.

    The oldest of several with one name has it, to be called the same when another one comes.
    """
    return _Placing(items, home, room=MAX_PATH_BYTES - len(f"{above}/".encode())).paths


def file_path(file: File, *, above: str) -> str:
    """Of an attachment that is in the mirror. No Markdown: it would be taken for a page."""
    folder, name = posixpath.split(unquote(file.href or ""))
    name = f"{name}.txt" if name.lower().endswith(_MARKDOWN) else name
    stem, ending = posixpath.splitext(name)
    room = min(layout.MAX_NAME_BYTES, MAX_PATH_BYTES - len(f"{above}/{folder}/".encode()))
    return f"{folder}/{_cut(stem, max(room - len(ending.encode()), 1))}{ending}"


def relative(to: str, *, start: str) -> str:
    """The path of one file as seen from another."""
    return posixpath.relpath(to, posixpath.dirname(start) or ".")


@dataclass(frozen=True, slots=True)
class _Place:
    path: str
    folder: str
    """Of what is below it."""


class _Placing:
    def __init__(self, items: Iterable[Item], home: str | None, *, room: int) -> None:
        self._items = {item.id: item for item in items}
        self._home = home
        self._room = room
        self._places: dict[str, _Place] = {}
        self._taken: dict[str, set[str]] = defaultdict(lambda: set(_names(_RESERVED)))
        self._taken[""] = _names(_RESERVED_AT_TOP)
        for level in self._levels():
            for item in sorted(level, key=lambda each: (len(each.id), each.id)):
                self._places[item.id] = self._placed(item)
        self.paths = {item_id: place.path for item_id, place in self._places.items()}

    def _levels(self) -> Iterable[Sequence[Item]]:
        """Parents before their children; those that are their own ancestors last."""
        below: dict[str | None, list[Item]] = defaultdict(list)
        for item in self._items.values():
            has_place = item.parent in self._items and item.kind is not Kind.BLOGPOST
            below[item.parent if has_place else None].append(item)
        level = below[None]
        reached: set[str] = set()
        while level:
            yield level
            reached |= {item.id for item in level}
            level = [child for item in level for child in below[item.id]]
        yield [item for item in self._items.values() if item.id not in reached]

    def _placed(self, item: Item) -> _Place:
        if item.id == self._home:
            return _Place(INDEX, "")
        folder, name = self._folder_and_name(item)
        taken = self._taken[folder]
        prefix = f"{folder}/" if folder else ""
        room = min(layout.MAX_NAME_BYTES, self._room - len(prefix.encode())) - len(_SUFFIX)
        stem = _free(name, item.id, taken, room)
        below = stem if len(stem.encode()) <= _FOLDER_BYTES else _free(name, item.id, taken, _FOLDER_BYTES)
        taken |= _names((stem, below))
        inner = f"{prefix}{below}"
        fits = len(f"{inner}/".encode()) + _ROOM_FOR_NAME + len(_SUFFIX) <= self._room
        return _Place(f"{prefix}{stem}{_SUFFIX}", inner if fits else folder)

    def _folder_and_name(self, item: Item) -> tuple[str, str]:
        name = layout.safe_name(item.title.translate(_NO_LINK_IN_OBSIDIAN), fallback=item.id)
        if item.kind is Kind.BLOGPOST:
            day = _YEAR.match(item.created.at)
            return (f"{BLOG}/{day[1]}", f"{day[0]} {name}") if day else (BLOG, name)
        parent = self._places.get(item.parent or "")
        return parent.folder if parent else "", name


def _free(name: str, item_id: str, taken: set[str], room: int) -> str:
    stem = _cut(name, room)
    endings = (f" ({item_id})", *(f" ({item_id}-{count})" for count in range(2, 1000)))
    for ending in endings:
        if taken.isdisjoint(_names((stem,))):
            break
        stem = _cut(name, room - len(ending)) + ending
    return stem


def _names(stems: Iterable[str]) -> set[str]:
    """All that these take in a folder: their own files, and those that MkDocs makes of them; compared as on
    the strictest of disks."""
    return {
        unicodedata.normalize("NFC", unicodedata.normalize("NFD", stem + end).casefold())
        for stem in stems
        for end in ("", _SUFFIX, ".html")
    }


def _cut(name: str, room: int) -> str:
    if len(name.encode()) <= room:
        return name
    cut = name.encode()[:room].decode(errors="ignore")
    while len(cut) > 1 and unicodedata.combining(name[len(cut)]):
        cut = cut[:-1]  # not between a letter and its accent
    return cut.rstrip(". ") or "_"
