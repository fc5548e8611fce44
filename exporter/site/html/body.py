"""A body as HTML: all tags are ours, so nothing of a body is ever more than text, a link or a picture."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from exporter.site.body import anchors, plain_text, storage_format
from exporter.site.body.document import Heading, Node, walk
from exporter.site.html.writer import Writer
from exporter.site.items import Item, Library
from exporter.site.macros import resolve
from exporter.site.views import TocEntry


@dataclass(frozen=True, slots=True)
class Rendered:
    """`headings` and `text` are for the search; `links` are the ids of items that it links to; `macros` are
    names with the tier they were shown by; `problems` are sentences for the report, `unresolved` the
    names of what it links to and isn't in the mirror."""

    html: str
    toc: tuple[TocEntry, ...]
    headings: tuple[str, ...]
    text: str
    links: tuple[str, ...]
    macros: tuple[tuple[str, str], ...]
    problems: tuple[str, ...]
    unresolved: tuple[str, ...]


def render_body(body: bytes, *, page: Item, library: Library, root: str, anchored: bool = True) -> Rendered:
    """`root` leads from where the HTML will stand to the root of the site: ``../`` from a page. Only the body
    of a page is `anchored`: the headings of comments below it get no ids."""
    parsed = storage_format.parse(body)
    nodes = parsed.document.children
    resolved = resolve(nodes, page=page, library=library)
    places = anchors.places(nodes, page.title) if anchored else None
    writer = Writer(page, library, root=root, places=places)
    html = writer.written(resolved.children)
    # Other pages link to these places unseen. One that isn't shown, such as a table's row, is the top.
    unplaced = sorted(set((places or {}).values()) - writer.placed)
    html = "".join(f'<a id="{escape(each)}"></a>' for each in unplaced) + html
    return Rendered(
        html=html,
        toc=tuple(writer.toc),
        headings=tuple(_headings(resolved.children)),
        text=plain_text.text_of(resolved.children),
        links=tuple(sorted(writer.linked)),
        macros=resolved.macros,
        problems=(*parsed.problems, *resolved.problems, *writer.problems),
        unresolved=tuple(sorted(writer.unresolved)),
    )


def _headings(nodes: tuple[Node, ...]) -> list[str]:
    return [plain_text.text_of(node.children) for node in walk(nodes) if isinstance(node, Heading)]
