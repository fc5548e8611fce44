"""A small space in memory, as rendering asks for it: pages, a post, files, people, and a space beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from exporter.model import Kind
from exporter.site.html.body import Rendered, render_body
from exporter.site.items import Comment, Edition, File, Item, Person, Task

KEY = "ENG"
HOST = "example.atlassian.net"
WIKI = f"https://{HOST}/wiki"
ADA = "712020:ada"


@dataclass
class Memory:
    """What isn't given isn't there. Items are in the order of the tree."""

    items: Sequence[Item] = ()
    bodies: Mapping[str, str] = field(default_factory=dict)
    held: Sequence[File] = ()
    people: Sequence[Person] = (Person(ADA, "Ada", True),)
    assigned: Sequence[Task] = ()
    said: Mapping[str, Sequence[Comment]] = field(default_factory=dict)
    home: str | None = None
    homes: Mapping[str, str] = field(default_factory=dict)
    space_key: str = KEY
    site_url: str = WIKI
    hosts: frozenset[str] = frozenset({HOST, "old.example.com"})

    def item(self, item_id: str) -> Item | None:
        return next((each for each in self.items if each.id == item_id), None)

    def titled(self, space_key: str | None, title: str) -> Item | None:
        return self._named(space_key, title, Kind.PAGE, "")

    def posted(self, space_key: str | None, title: str, day: str) -> Item | None:
        return self._named(space_key, title, Kind.BLOGPOST, day.replace("/", "-"))

    def _named(self, space_key: str | None, title: str, kind: Kind, day: str) -> Item | None:
        wanted = (space_key or self.space_key, title.casefold(), kind)
        return next(
            (
                each
                for each in self.items
                if (each.space_key, each.title.casefold(), each.kind) == wanted
                and each.created.at.startswith(day)
            ),
            None,
        )

    def space_home(self, space_key: str) -> Item | None:
        home = self.home if space_key == self.space_key else self.homes.get(space_key)
        return self.item(home) if home else None

    def children(self, item_id: str) -> Sequence[Item]:
        return [each for each in self.items if each.parent == item_id]

    def body(self, item_id: str) -> bytes | None:
        body = self.bodies.get(item_id)
        return body.encode() if body is not None else None

    def files(self, container: str) -> Sequence[File]:
        return [each for each in self.held if each.container == container]

    def file(self, *, file_id: str | None = None, attachment_id: str | None = None) -> File | None:
        asked = (file_id, attachment_id)
        return next((each for each in self.held if each.file_id == asked[0] or each.id == asked[1]), None)

    def person(self, account_id: str) -> Person | None:
        return next((each for each in self.people if each.account_id == account_id), None)

    def labelled(self, label: str) -> Sequence[Item]:
        return [each for each in self.items if label in each.labels]

    def recent(self, limit: int) -> Sequence[Item]:
        return sorted(self.items, key=lambda each: (each.version.at, each.id), reverse=True)[:limit]

    def posts(self) -> Sequence[Item]:
        posts = [each for each in self.items if each.kind is Kind.BLOGPOST]
        return sorted(posts, key=lambda each: each.created.at, reverse=True)

    def all_tasks(self) -> Sequence[Task]:
        return self.assigned

    def comments(self, container: str) -> Sequence[Comment]:
        return self.said.get(container, ())


def an_item(item_id: str, title: str = "", **others: object) -> Item:
    """A page of `KEY` with a body, unless `others` say otherwise; made on the day of its id."""
    made = Edition(1, f"2026-01-{int(item_id) % 28 + 1:02}T09:00:00.000Z", ADA)
    item = Item(
        kind=Kind.PAGE,
        id=item_id,
        title=title or f"Page {item_id}",
        space_key=KEY,
        status="current",
        parent=None,
        orphan=False,
        created=made,
        version=made,
        owner=None,
        labels=(),
        address=f"{WIKI}/spaces/{KEY}/pages/{item_id}",
        has_body=True,
    )
    return replace(item, **others)  # type: ignore[arg-type]


def a_file(
    file_id: str, title: str, container: str, media_type: str = "image/png", *, held: bool = True
) -> File:
    href = f"files/{file_id}/{title.replace(' ', '%20')}" if held else None
    return File(file_id, title, container, media_type, 1, f"media-{file_id}", "", Edition(1, "", ADA), href)


PAGE = an_item("1", "Tide tables")


def rendered(body: str, library: Memory | None = None, *, page: Item = PAGE) -> Rendered:
    return render_body(body.encode(), page=page, library=library or Memory([page]), root="../")


def html_of(body: str, library: Memory | None = None, *, page: Item = PAGE) -> str:
    return rendered(body, library, page=page).html


def macro(name: str, body: str = "", /, **parameters: str) -> str:
    """`body` is rich; a parameter may hold markup; `_` is the one without a name."""
    inside = "".join(
        f'<ac:parameter ac:name="{"" if key == "_" else key}">{value}</ac:parameter>'
        for key, value in parameters.items()
    )
    held = f"<ac:rich-text-body>{body}</ac:rich-text-body>" if body else ""
    return f'<ac:structured-macro ac:name="{name}">{inside}{held}</ac:structured-macro>'


def plain_macro(name: str, text: str, /, **parameters: str) -> str:
    made = macro(name, **parameters)
    return made.replace("</ac:structured-macro>", "") + (
        f"<ac:plain-text-body><![CDATA[{text}]]></ac:plain-text-body></ac:structured-macro>"
    )
