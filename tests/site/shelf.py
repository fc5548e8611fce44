"""Real bodies as a `Library`: their titles, and of files no more than what the bodies name."""

# ruff: noqa: ARG002 — most questions have one answer here

from __future__ import annotations

import csv
import mimetypes
import re
from collections.abc import Iterator, Sequence
from html import unescape
from pathlib import Path

from exporter.model import Kind
from exporter.site import addresses
from exporter.site.items import Comment, Edition, File, Item, Person, Task
from tests.site.shown import of_view, title_told_by

KEY = "REAL"
_NOTHING = Edition(None, "", None)
_FILE = re.compile(r"<ri:attachment\b[^>]*\bri:filename=\"([^\"]+)\"")


class Shelf:
    """All items are pages of one space without a tree. Ids are numbers in the order of their names.

    `titled_stems` are the bodies whose title is known from elsewhere; of others it is made of the name.
    """

    space_key = KEY
    site_url = "https://example.atlassian.net/wiki"
    hosts = frozenset({"example.atlassian.net"})
    home: str | None = None

    def __init__(self, bodies: Sequence[Path], titles: dict[str, str], others: Sequence[str] = ()) -> None:
        """`titles` are by the stem of a body's file; `others` those of pages without a body here."""
        self.titled_stems = frozenset(titles)
        self._bodies: dict[str, Path] = {}
        self._items: dict[str, Item] = {}
        self.stems: dict[str, str] = {}
        """Id → stem, in order."""
        for number, path in enumerate(sorted(bodies), 1):
            self._add(str(number), titles.get(path.stem) or _title_of(path), has_body=True)
            self._bodies[str(number)] = path
            self.stems[str(number)] = path.stem
        self._by_title = {item.title.casefold(): item for item in self._items.values()}
        for number, title in enumerate(sorted(set(others)), len(self._items) + 1):
            if title.casefold() not in self._by_title:
                self._by_title[title.casefold()] = self._add(str(number), title, has_body=False)

    def _add(self, item_id: str, title: str, *, has_body: bool) -> Item:
        item = Item(
            kind=Kind.PAGE,
            id=item_id,
            title=title,
            space_key=KEY,
            status="current",
            parent=None,
            orphan=False,
            created=_NOTHING,
            version=_NOTHING,
            owner=None,
            labels=(),
            address="",
            has_body=has_body,
        )
        self._items[item_id] = item
        return item

    def item(self, item_id: str) -> Item | None:
        return self._items.get(item_id)

    def titled(self, space_key: str | None, title: str) -> Item | None:
        return self._by_title.get(title.casefold()) if space_key in (None, KEY) else None

    def body(self, item_id: str) -> bytes | None:
        path = self._bodies.get(item_id)
        return path.read_bytes() if path else None

    def files(self, container: str) -> Sequence[File]:
        source = (self.body(container) or b"").decode(errors="replace")
        names = sorted({unescape(found[1]) for found in _FILE.finditer(source)})
        return [_file(container, number, name) for number, name in enumerate(names, 1)]

    def posted(self, space_key: str | None, title: str, day: str) -> Item | None:
        return None

    def space_home(self, space_key: str) -> Item | None:
        return None

    def children(self, item_id: str) -> Sequence[Item]:
        return ()

    def file(self, *, file_id: str | None = None, attachment_id: str | None = None) -> File | None:
        return None

    def person(self, account_id: str) -> Person | None:
        return None

    def labelled(self, label: str) -> Sequence[Item]:
        return ()

    def recent(self, limit: int) -> Sequence[Item]:
        return ()

    def posts(self) -> Sequence[Item]:
        return ()

    def all_tasks(self) -> Sequence[Task]:
        return ()

    def comments(self, container: str) -> Sequence[Comment]:
        return ()


def read_shelf(corpus: Path) -> Shelf:
    """Of a folder with ``storage/``, an ``INDEX.tsv`` of its files and the titles that are known. Of others
    the ids that Confluence gave their headings (``view/``) tell the title."""
    known = {row["path"]: row["title"] for row in _rows(corpus / "activemq-titles.tsv")}
    titles: dict[str, str] = {}
    for path, written in _views(corpus):
        if title := known.get(written) or title_told_by(of_view(path.read_text(encoding="utf-8"))):
            titles[path.stem] = title
    return Shelf([*(corpus / "storage").iterdir()], titles, [*known.values()])


def read_views(corpus: Path) -> dict[str, str]:
    """Confluence's rendering of the bodies, by their stems."""
    return {path.stem: path.read_text(encoding="utf-8") for path, _ in _views(corpus)}


def _views(corpus: Path) -> Iterator[tuple[Path, str]]:
    for row in _rows(corpus / "INDEX.tsv"):
        if row["file"].startswith("view/activemq__"):
            yield corpus / row["file"], row["path"]


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, delimiter="\t")


def _title_of(path: Path) -> str:
    return path.stem.rpartition("__")[2].replace("_", " ").replace("-", " ").capitalize()


def _file(container: str, number: int, name: str) -> File:
    file_id = f"att{container}-{number}"
    return File(
        id=file_id,
        title=name,
        container=container,
        media_type=mimetypes.guess_type(name)[0] or "application/octet-stream",
        size=1,
        file_id=None,
        comment="",
        version=_NOTHING,
        href=addresses.of_file(file_id, name),
    )
