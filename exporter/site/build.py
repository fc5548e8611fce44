"""The whole site: which files it has, and which of them are to be made now. Decides; writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from markupsafe import Markup

from exporter.site import addresses
from exporter.site.assemble import Assembly
from exporter.site.bodies import Bodies
from exporter.site.cache import Body, Cache
from exporter.site.items import Item
from exporter.site.originals import Originals
from exporter.site.pages import navigation, static
from exporter.site.pages.templates import Templates
from exporter.site.recorder import digest_of
from exporter.site.search import index as search
from exporter.site.views import HomeView, PageView, TocEntry
from exporter.site.wording import day_and_time


@dataclass(frozen=True, slots=True)
class Write:
    """Paths are relative to the root of the site."""

    path: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Link:
    """A second name for an original, whose path is relative to the space's folder."""

    original: Path
    path: str


SEARCH = "search/"

Step = Write | Link | None
"""None: something was computed that needs no file."""


class Build:
    """`present` are the files that are there, with their sizes; `mirrored_at` a moment, or empty."""

    def __init__(
        self, originals: Originals, cache: Cache, *, present: Mapping[str, int], mirrored_at: str = ""
    ) -> None:
        self._originals, self._cache, self._present = originals, cache, present
        self._mirrored_at = mirrored_at
        self._bodies = Bodies(originals, cache)
        self.made: set[str] = set()
        """All files of the site, once `steps` has come to its end."""
        self.pages = len(originals.reading_order)
        self.problems = 0

    @property
    def rendered(self) -> int:
        return len(self._bodies.rendered)

    def steps(self) -> Iterator[Step]:
        yield from self._bodies.made()
        assembly = Assembly(self._originals, self._bodies)
        templates = Templates(assembly.site)
        for item in self._originals.reading_order:
            yield from self._page(item, assembly, templates)
        yield from self._lists(assembly, templates)
        yield from self._attachments()
        yield from self._search()
        for name, data in static.assets():
            yield self._write(f"assets/{name}", data)

    def _page(self, item: Item, assembly: Assembly, templates: Templates) -> Iterator[Step]:
        path = addresses.of_item(item, space_key=item.space_key)
        self.made.add(path)
        view = assembly.page(item)
        known = self._bodies.known(item.id)
        digest = digest_of((assembly.site, view, known and known.digest))
        if self._cache.made_of(path) == _mark(digest, {path: self._present.get(path, -1)}):
            yield None
            return
        if known is not None:
            view = _with_body(view, self._bodies.body(item.id), assembly)
        data = templates.page(view).encode()
        yield self._write(path, data)
        self._cache.made(path, _mark(digest, {path: len(data)}))

    def _lists(self, assembly: Assembly, templates: Templates) -> Iterator[Step]:
        yield self._write(addresses.HOME, templates.home(self._home(assembly)).encode())
        report = assembly.report(self._mirrored_at)
        self.problems = len(report.problems)
        pages: dict[str, Callable[[], str]] = {
            addresses.TREE: lambda: templates.tree(assembly.tree()),
            addresses.CHANGES: lambda: templates.changes(assembly.changes()),
            addresses.LABELS: lambda: templates.labels(assembly.labels()),
            addresses.ATTACHMENTS: lambda: templates.attachments(assembly.files()),
            addresses.PEOPLE: lambda: templates.people(assembly.people()),
            addresses.REPORT: lambda: templates.report(report),
        }
        if assembly.site.has_blog:
            pages[addresses.BLOG] = lambda: templates.blog(assembly.posts())
        for path, page in pages.items():
            yield self._write(path, page().encode())
        for label in self._originals.all_labels():
            page_of_label = templates.label(label, assembly.labelled(label))
            yield self._write(addresses.path_of_label(label), page_of_label.encode())
        nav = navigation.nav_files(assembly.roots(), self._originals.children)
        for path, script in nav.items():
            yield self._write(path, script.encode())
        shown = day_and_time(self._mirrored_at)
        yield self._write(
            navigation.MIRRORED, navigation.mirrored_js(self._mirrored_at, shown=shown).encode()
        )

    def _home(self, assembly: Assembly) -> HomeView:
        home = self._originals.whole(self._originals.home) if self._originals.home else None
        if home is None or not home.has_body:
            return assembly.home(None)
        return assembly.home(_with_body(assembly.page(home), self._bodies.at_root(home), assembly))

    def _attachments(self) -> Iterator[Step]:
        for file in self._originals.all_files():
            if file.href is not None:
                original = self._originals.file_original(file)
                path = f"files/{file.id}/{original.name}"
                self.made.add(path)
                yield Link(original, path)

    def _search(self) -> Iterator[Step]:
        """All of it or nothing: a word that is new somewhere may be in any of its files."""
        digest = digest_of([self._findable(item) for item in self._originals.reading_order])
        there = {path: size for path, size in self._present.items() if path.startswith(SEARCH)}
        if self._cache.made_of(SEARCH) == _mark(digest, there):
            self.made |= there.keys()
            return
        made: dict[str, int] = {}
        items = sorted(self._originals.reading_order, key=lambda item: search.order(item.id))
        for path, data in search.search_files(map(self._document, items)):
            made[path] = len(data)
            yield self._write(path, data)
        self._cache.made(SEARCH, _mark(digest, made))

    def _findable(self, item: Item) -> object:
        """All that a document of the search is made of."""
        known = self._bodies.known(item.id)
        files = [file.title for file in self._originals.files(item.id)]
        above = [each.title for each in self._originals.ancestors(item)]
        return (item.id, item.kind, item.title, item.labels, above, files, known and known.digest)

    def _document(self, item: Item) -> search.SearchDocument:
        body = self._bodies.body(item.id) if item.has_body else None
        return search.SearchDocument(
            id=item.id,
            address=addresses.of_item(item, space_key=item.space_key),
            title=item.title,
            breadcrumb=[each.title for each in self._originals.ancestors(item)],
            headings=body.headings if body else (),
            labels=item.labels,
            text=body.text if body else "",
            attachments=[file.title for file in self._originals.files(item.id)],
        )

    def _write(self, path: str, data: bytes) -> Write:
        self.made.add(path)
        return Write(path, data)


def _mark(digest: str, sizes: Mapping[str, int]) -> str:
    """Of what files were made of, and of how long they are: one that was cut off is made anew."""
    return digest_of((digest, sorted(sizes.items())))


def _with_body(view: PageView, body: Body, assembly: Assembly) -> PageView:
    return replace(
        view,
        body=Markup(body.html),
        toc=tuple(TocEntry(*entry) for entry in body.toc),
        comments=assembly.comments(view.item, body.comments),
    )
