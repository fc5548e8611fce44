"""The whole readable tree: which files it has, which of them are to be made now. Decides; writes nothing."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence

from exporter import layout
from exporter.model import Kind
from exporter.site.build import Link, Step, Write
from exporter.site.cache import Body, Cache, Known
from exporter.site.items import File, Item, Library
from exporter.site.markdown import anchors as markdown_anchors
from exporter.site.markdown import inline as md
from exporter.site.markdown import mkdocs
from exporter.site.markdown import tree as markdown_tree
from exporter.site.markdown.front_matter import front_matter
from exporter.site.markdown.page import write_index, write_page
from exporter.site.originals import Originals
from exporter.site.recorder import Answers, Recorder, digest_of

log = logging.getLogger(__name__)

DOCS = "docs"
SETTINGS = "mkdocs.yml"
_PATH, _SIZE = "path of ", "size"


class MarkdownBuild:
    """`folder` is the name of the space's folder, `present` are the files that are there, with their
    sizes. All paths are relative to the root of the tree."""

    def __init__(
        self, originals: Originals, cache: Cache, *, folder: str, present: Mapping[str, int]
    ) -> None:
        self._originals, self._cache, self._present = originals, cache, present
        self._answers = Answers(originals)
        self._above = f"{folder}/{layout.MARKDOWN}/{DOCS}"
        items = originals.reading_order
        home = originals.home if originals.home and originals.whole(originals.home) else None
        self._home = home
        self._paths = markdown_tree.paths_of(items, home=home, above=self._above)
        self._files = {
            file.id: markdown_tree.file_path(file, above=self._above)
            for file in originals.all_files()
            if file.href is not None
        }
        self.pages = len(items)
        self.rendered = 0

    @property
    def made(self) -> set[str]:
        """All files of the tree."""
        index = () if self._home else (markdown_tree.INDEX,)
        paths = [*self._paths.values(), *self._files.values(), *index]
        return {SETTINGS, *(f"{DOCS}/{path}" for path in paths)}

    def steps(self) -> Iterator[Step]:
        for item in self._originals.reading_order:
            yield self._page(item)
        for file in self._originals.all_files():
            if file.id in self._files:
                yield Link(self._originals.file_original(file), f"{DOCS}/{self._files[file.id]}")
        if self._home is None:
            addresses = _Addresses(markdown_tree.INDEX, self._originals, self._paths, self._files)
            index = write_index(self._name, self._roots(), addresses=addresses)
            yield Write(f"{DOCS}/{markdown_tree.INDEX}", index.encode())
        yield Write(SETTINGS, self._settings().encode())
        self._forget()

    @property
    def _name(self) -> str:
        return str(self._originals.space.get("name") or self._originals.space_key)

    def _page(self, item: Item) -> Step:
        path = self._paths[item.id]
        file = f"{DOCS}/{path}"
        known = self._cache.known(item.id)
        if known is not None and self._is_current(known, self._present.get(file, -1)):
            return None
        self.rendered += 1
        recorder = Recorder(self._originals, self._answers)
        recorder.note_whole(item.id)
        addresses = _Addresses(path, recorder, self._paths, self._files)
        try:
            text = write_page(item, library=recorder, addresses=addresses)
        except Exception as exc:  # whatever is in a body: it costs that body only
            log.debug("%s %s", item.kind, item.id, exc_info=exc)
            text = _as_it_is(item, recorder.body(item.id) or b"")
        data = text.encode()
        paths = {f"{_PATH}{each}": self._paths.get(each, "") for each in (item.id, *addresses.asked)}
        asked = {**recorder.asked, **paths, _SIZE: str(len(data))}
        self._cache.put(item.id, Known(digest_of(text), asked, [], [], [], []), Body("", [], [], ""))
        return Write(file, data)

    def _is_current(self, known: Known, size: int) -> bool:
        """What it was made of is as it was, and so is where it leads to."""
        asked = dict(known.asked)
        if asked.pop(_SIZE, None) != str(size):
            return False
        paths = {name: asked.pop(name) for name in known.asked if name.startswith(_PATH)}
        where = {name: self._paths.get(name.removeprefix(_PATH), "") for name in paths}
        return where == paths and self._answers.still(asked)

    def _forget(self) -> None:
        for item_id in self._cache.ids():
            if item_id not in self._paths:
                self._cache.forget(item_id)

    def _roots(self) -> Sequence[Item]:
        """What has no parent here."""
        own = self._originals
        pages = [each for each in own.reading_order if each.kind is not Kind.BLOGPOST]
        return [each for each in pages if each.parent is None or own.whole(each.parent) is None]

    def _settings(self) -> str:
        return mkdocs.mkdocs_yml(
            self._name, self._originals.reading_order, home=self._home, paths=self._paths
        )


class _Addresses:
    """See `markdown_phrases.Addresses`. `asked` are the ids of the items that were asked for."""

    def __init__(
        self, path: str, library: Library, paths: Mapping[str, str], files: Mapping[str, str]
    ) -> None:
        self._path, self._library, self._paths, self._files = path, library, paths, files
        self.asked: set[str] = set()

    def of_item(self, item: Item, fragment: str) -> str:
        self.asked.add(item.id)
        path = self._paths.get(item.id)
        if path is None:  # of another space: its tree may be there or not
            return md.url(item.address or self._live(item))
        href = md.path(markdown_tree.relative(path, start=self._path))
        place = self._place(item, fragment) if fragment else ""
        return f"{href}#{md.path(place)}" if place else href

    def of_file(self, file: File) -> str:
        return md.path(markdown_tree.relative(self._files[file.id], start=self._path))

    def _place(self, item: Item, fragment: str) -> str:
        if fragment.startswith("comment-"):
            return fragment
        body = self._library.body(item.id) or b""
        return markdown_anchors.places_of_body(body, item.title).names.get(fragment, "")

    def _live(self, item: Item) -> str:
        site = self._library.site_url
        return f"{site}/pages/viewpage.action?pageId={item.id}" if site else ""


def _as_it_is(item: Item, body: bytes) -> str:
    """What could not be written, as its source: nothing is lost silently."""
    text = md.lines(layout.well_formed(body.decode(errors="replace")))
    fence = md.fence_for(text, at_least=3)
    title = md.finished(md.text(item.title), line_break=" ")
    head = front_matter({"id": item.id, "title": item.title})
    return f"{head}\n# {title}\n\n{fence}xml\n{text}\n{fence}\n"
