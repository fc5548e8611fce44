"""One file of the readable tree: front matter, title, body, attachments, comments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from exporter.model import WITH_BODY, Kind
from exporter.site import wording
from exporter.site.body import storage_format
from exporter.site.items import Comment, Edition, Item, Library
from exporter.site.macros import resolve
from exporter.site.markdown import inline as md
from exporter.site.markdown.blocks import callout, quoted, write_markdown, write_nested
from exporter.site.markdown.front_matter import front_matter
from exporter.site.markdown.phrases import Addresses

_NOT_LISTED = "Confluence no longer lists this page; the mirror kept what it had."


def write_page(item: Item, *, library: Library, addresses: Addresses) -> str:
    page = _Page(item, library, addresses)
    return front_matter(page.facts()) + "\n" + "\n\n".join(page.parts()) + "\n"


def write_index(title: str, items: Sequence[Item], *, addresses: Addresses) -> str:
    """Of a space without a home page."""
    parts = [f"# {_line(title)}", *_listed(items, addresses)]
    return front_matter({"title": title}) + "\n" + "\n\n".join(parts) + "\n"


class _Page:
    def __init__(self, item: Item, library: Library, addresses: Addresses) -> None:
        self._item, self._library, self._addresses = item, library, addresses

    def facts(self) -> dict[str, str | int | Sequence[str] | None]:
        item = self._item
        parent = self._library.item(item.parent) if item.parent else None
        return {
            "id": item.id,
            "title": item.title,
            "space": item.space_key,
            "kind": item.kind.value,
            "status": item.status if item.status != "current" else None,
            "parent": parent.title if parent else None,
            "parent_id": item.parent,
            "author": self._name(item.created.author),
            "created": item.created.at,
            "editor": self._name(item.version.author),
            "edited": item.version.at,
            "version": item.version.number,
            "labels": item.labels,
            "tags": item.labels,  # as Obsidian and MkDocs call them
            "source": item.address,
        }

    def parts(self) -> Iterator[str]:
        item = self._item
        yield f"# {_line(item.title)}"
        if not item.listed:
            yield callout("warning", "", _NOT_LISTED)
        if item.kind in WITH_BODY:
            yield from self._body()
        else:
            if item.kind is not Kind.FOLDER:
                yield self._elsewhere()
            yield from _listed(self._library.children(item.id), self._addresses)
        yield from self._files()
        yield from self._comments()

    def _body(self) -> Iterator[str]:
        body = self._library.body(self._item.id)
        if body is None:
            yield callout("missing", "", "The body of this page is not in the mirror.")
            return
        resolved = resolve(
            storage_format.parse(body).document.children, page=self._item, library=self._library
        )
        text = write_markdown(
            resolved.children, page=self._item, library=self._library, addresses=self._addresses
        )
        if text:
            yield text

    def _elsewhere(self) -> str:
        kind = wording.kind(self._item.kind).lower()
        words = f"Confluence hands out no content of this {kind}."
        live = wording.live(self._item.address)
        link = f" {_line('Open it there', live)}." if live else ""
        return callout("info", "", words + link)

    def _files(self) -> Iterator[str]:
        rows = []
        for file in self._library.files(self._item.id):
            href = self._addresses.of_file(file) if file.href is not None else ""
            size = f", {wording.size(file.size)}" if href else " (not in this mirror)"
            remark = f": {_line(file.comment)}" if file.comment.strip() else ""
            rows.append(f"- {_line(file.title, href)}{size}{remark}")
        if rows:
            yield "## Attachments"
            yield "\n".join(rows)

    def _comments(self) -> Iterator[str]:
        comments = self._library.comments(self._item.id)
        if comments:
            yield "## Comments"
            yield "\n\n<!-- -->\n\n".join(map(self._comment, comments))

    def _comment(self, comment: Comment) -> str:
        resolved = resolve(
            storage_format.parse(comment.body).document.children, page=self._item, library=self._library
        )
        words = write_nested(
            resolved.children, page=self._item, library=self._library, addresses=self._addresses
        )
        on = quoted(_line(comment.quoted)) if comment.quoted.strip() else ""
        replies = "\n\n<!-- -->\n\n".join(map(self._comment, comment.replies))
        parts = filter(None, (md.anchor(f"comment-{comment.id}"), on, words, replies))
        state = " (resolved)" if comment.resolved else ""
        return callout("quote", f"{self._made(comment.version)}{state}", "\n\n".join(parts))

    def _made(self, edition: Edition) -> str:
        name = self._name(edition.author) or "Former user"
        return _line(f"{name}, {wording.day_and_time(edition.at)}" if edition.at else name)

    def _name(self, account_id: str | None) -> str | None:
        person = self._library.person(account_id) if account_id else None
        return person.name if person else None


def _line(words: str, href: str = "") -> str:
    marked = md.text(words)
    return md.finished(
        md.link(marked, md.url(href) if "://" in href else href) if href else marked, line_break=" "
    )


def _listed(items: Sequence[Item], addresses: Addresses) -> list[str]:
    rows = [f"- {_line(item.title, addresses.of_item(item, ''))}" for item in items]
    return ["\n".join(rows)] if rows else []
