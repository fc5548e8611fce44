"""What stands in a line, as HTML: words, links, pictures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from urllib.parse import quote

from exporter.site import addresses
from exporter.site.body import emoji
from exporter.site.body.anchors import Ids
from exporter.site.body.document import (
    Emoticon,
    Image,
    InlineComment,
    Link,
    Math,
    Node,
    PageRef,
    PostRef,
    Status,
    Text,
    Time,
    Toc,
    UrlRef,
)
from exporter.site.body.links import Here, Links, Nowhere, Outside, Target, ToFile, ToItem, ToPerson
from exporter.site.body.shape import in_a_line, name_from_address, shows
from exporter.site.html.styles import link_attributes, size_of
from exporter.site.items import Comment, Item, Library
from exporter.site.views import TocEntry
from exporter.site.wording import day, is_image, runs_scripts

_UNTOLD = "", "application/octet-stream"
_SIDES = {
    "center": "center", "left": "left", "align-start": "left", "wrap-left": "left",
    "right": "right", "align-end": "right", "wrap-right": "right",
}  # fmt: skip


class Inline:
    """`places` are those of the page (`anchors.places`); None where nothing gets an id."""

    def __init__(self, page: Item, library: Library, *, root: str, places: Mapping[str, str] | None) -> None:
        self.toc: list[TocEntry] = []
        self.linked: set[str] = set()
        self.problems: list[str] = []
        self.unresolved: set[str] = set()
        self.placed: set[str] = set()
        self._page, self._library, self._root, self._places = page, library, root, places
        self._here = page
        self._links = Links(page, library)
        self._ids = Ids()
        self._in_link = self._in_heading = self._in_table = False
        self._tables_of_contents: list[tuple[int, Toc]] = []
        self._comments: Mapping[str, Comment] | None = None
        self._out: list[str] = []

    def _write(self, node: Node) -> None:
        """One that isn't text."""
        raise NotImplementedError

    def _nodes(self, nodes: Iterable[Node]) -> None:
        for node in nodes:
            if isinstance(node, Text):
                self._out.append(text_in(node.text))
            else:
                self._write(node)

    def _wrapped(self, tag: str, attributes: str, nodes: Iterable[Node]) -> None:
        self._out.append(f"<{tag}{attributes}>")
        self._nodes(nodes)
        self._out.append(f"</{tag}>")

    # Links and pictures.

    def _link(self, node: Link) -> None:
        target = self._target(node)
        tooltip = node.tooltip
        children: Iterable[Node] = node.children if any(map(shows, node.children)) else ()
        if node.card and isinstance(node.target, UrlRef) and not isinstance(target, Outside):
            children = ()  # a card shows what it leads to, not the address
        href, kind, name = self._followed(target)
        if isinstance(node.target, PageRef | PostRef):
            name = node.target.title or name  # as it is written there: found whatever its case is
        if href is None or self._in_link:
            if kind == "missing" and children:
                tooltip = tooltip or f"Not in this mirror: {name}"
            self._wrapped("span", link_attributes(kind, tooltip, node.card), children or (Text(name),))
            return
        self._in_link = True
        self._wrapped(
            "a",
            f' href="{escape(href)}"{link_attributes(kind, tooltip, node.card)}',
            children or (Text(name),),
        )
        self._in_link = False

    def _target(self, node: Link) -> Target:
        target = self._links.target(node.target, node.anchor)
        if isinstance(target, Here) and self._here is not self._page:
            return self._links.place(self._here, target.fragment)
        return target

    def _followed(self, target: Target) -> tuple[str | None, str, str]:
        """Address, class, and what to show where there are no words."""
        match target:
            case ToItem(item, fragment, missed):
                self.linked.add(item.id)
                if missed:
                    self.problems.append(f"a link to “{missed}”, which is no place of “{item.title}”")
                href = self._root + addresses.of_item(item, space_key=self._library.space_key)
                return href + (f"#{quote(fragment)}" if fragment else ""), "", item.title
            case ToFile(file):
                return (
                    self._root + str(file.href),
                    "download" if runs_scripts(file.media_type, file.title) else "",
                    file.title,
                )
            case ToPerson(account_id, name, known):
                return (
                    (f"{self._root}{addresses.PEOPLE}#{quote(account_id)}" if known else None),
                    "mention",
                    name,
                )
            case Here(fragment):
                return self._within(fragment)
            case Outside(url, name, on_site):
                if on_site:
                    self.unresolved.add(name)
                return url, "outside", name
            case Nowhere(name):
                if name:
                    self.unresolved.add(name)
                return None, "missing", name

    def _within(self, fragment: str) -> tuple[str | None, str, str]:
        if fragment in ("", "top"):
            return "#", "", fragment or "Top"
        if self._places is not None:
            found = self._places.get(fragment)
        else:  # a comment: its page is around it
            found = self._links.place(self._page, fragment).fragment
        if not found:
            self.problems.append(f"a link to “{fragment}”, which is no place of this page")
            return None, "missing", fragment
        return f"#{quote(found)}", "", fragment

    def _image(self, node: Image) -> None:
        target = self._links.target(node.source)
        name = node.attributes.get("alt") or node.attributes.get("title") or ""
        if not isinstance(target, ToFile):
            self._no_image(target, name or name_from_address(node))
        elif is_image(target.file.media_type) or target.file.media_type in _UNTOLD:
            whole = runs_scripts(target.file.media_type, target.file.title)
            self._picture(node, self._root + str(target.file.href), name or target.file.title, whole=whole)
        else:  # a film, a document: nothing plays on the page
            self._link(Link(node.source, "", "", "block", (Text(name or target.file.title),)))
        if node.caption:
            self._wrapped("span", ' class="caption"', in_a_line(node.caption))

    def _picture(self, node: Image, src: str, alt: str, *, whole: bool) -> None:
        """Unless it is shown `whole`, it leads to the file itself."""
        image = f'<img src="{escape(src)}" alt="{escape(alt)}"{size_of(node.attributes)} loading="lazy">'
        if not (whole or self._in_link):
            image = f'<a href="{escape(src)}">{image}</a>'
        side = _SIDES.get(node.attributes.get("align") or node.attributes.get("layout") or "")
        self._out.append(f'<span class="{side}">{image}</span>' if side else image)

    def _no_image(self, target: Target, name: str) -> None:
        """One that isn't in the mirror: never fetched, only named."""
        href, kind, shown = self._followed(target)
        shown = text_in(name or shown)
        if href is None or self._in_link:
            self._out.append(
                f'<span class="no-image missing" title="This image is not in the mirror">{shown}</span>'
            )
        else:
            self._out.append(
                f'<a href="{escape(href)}"{link_attributes(f"no-image {kind}", "", "")}>{shown}</a>'
            )

    # What stands in a line.

    def _emoticon(self, node: Emoticon) -> None:
        label = escape(emoji.name(node))
        shown = text_in(emoji.characters(node))
        self._out.append(f'<span class="emoji" role="img" aria-label="{label}">{shown}</span>')

    def _time(self, node: Time) -> None:
        shown = text_in(day(node.datetime))
        machine = f' datetime="{escape(node.datetime)}"' if day(node.datetime) != node.datetime else ""
        self._out.append(f"<time{machine}>{shown}</time>" if machine else f"<span>{shown}</span>")

    def _status(self, node: Status) -> None:
        self._out.append(f'<span class="lozenge lozenge-{node.colour}">{text_in(node.text)}</span>')

    def _math(self, node: Math) -> None:
        tag = "div" if node.block else "span"
        self._out.append(f'<{tag} class="math"><code>{text_in(node.source)}</code></{tag}>')

    def _inline_comment(self, node: InlineComment) -> None:
        comment = self._by_marker().get(node.ref)
        if comment is None or comment.resolved or self._here is not self._page:
            self._nodes(node.children)
            return
        self._wrapped("mark", ' class="inline-comment"', node.children)
        if not self._in_link:
            self._out.append(
                f'<a class="to-comment" href="#comment-{quote(comment.id)}" title="Comment">💬</a>'
            )

    def _by_marker(self) -> Mapping[str, Comment]:
        if self._comments is None:
            comments = self._library.comments(self._page.id) if self._places is not None else ()
            self._comments = {each.marker: each for each in comments if each.marker}
        return self._comments


def text_in(text: str) -> str:
    return escape(text, quote=False)
