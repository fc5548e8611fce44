"""From the originals to what the templates show: names resolved, what hangs on a page brought to it. No I/O
but the reading of originals."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from markupsafe import Markup

from exporter.model import NODES, WITH_BODY, Kind
from exporter.site.bodies import Bodies
from exporter.site.items import Comment, Edition, Item
from exporter.site.originals import Originals
from exporter.site.views import (
    Change,
    CommentView,
    FileRow,
    HomeView,
    LabelCount,
    MacroCount,
    Made,
    PageView,
    PersonRow,
    Placed,
    Post,
    Remark,
    ReportView,
    Site,
    TreeRow,
)

RECENT = 100
NEWEST = 10  # on the home page
MAX_VERSIONS = 50
EXCERPT = 280  # characters
UNLISTED = "Confluence no longer lists this page; the mirror kept what it had."


class Assembly:
    def __init__(self, originals: Originals, bodies: Bodies) -> None:
        self._originals, self._bodies = originals, bodies
        listed = [each for each in originals.reading_order if each.listed]
        self._in_tree = [each for each in listed if each.kind is not Kind.BLOGPOST]
        self._neighbours = {**_neighbours(self._in_tree), **_neighbours(list(originals.posts()))}

    @property
    def site(self) -> Site:
        space = self._originals.space
        return Site(
            space_key=self._originals.space_key,
            space_name=str(space.get("name") or self._originals.space_key),
            space_address=self._originals.address,
            home=self._originals.home,
            has_blog=bool(self._originals.posts()),
        )

    def page(self, item: Item) -> PageView:
        """Without its rendered parts: `with_body` adds them."""
        originals = self._originals
        before, after = self._neighbours.get(item.id, (None, None))
        return PageView(
            item=item,
            body=None,
            created=self._made(item.created),
            edited=self._made(item.version),
            owner=originals.person(item.owner) if item.owner else None,
            breadcrumbs=tuple(originals.ancestors(item)),
            previous=before,
            next=after,
            children=tuple(originals.children(item.id)),
            backlinks=tuple(self._named(self._bodies.linked_from.get(item.id, ()))),
            files=tuple(originals.files(item.id)),
            versions=tuple(map(self._made, originals.versions(item)[1 : MAX_VERSIONS + 1])),
            notices=() if item.listed else (UNLISTED,),
        )

    def comments(self, item: Item, rendered: Mapping[str, str]) -> tuple[CommentView, ...]:
        return tuple(self._comment(each, rendered) for each in self._originals.comments(item.id))

    def home(self, page: PageView | None) -> HomeView:
        top = [each for each in self._in_tree if each.parent is None or each.orphan]
        return HomeView(page, tuple(top), tuple(self._changes(NEWEST)))

    def tree(self) -> list[TreeRow]:
        rows: list[TreeRow] = []
        depths: dict[str, int] = {}
        for item in self._in_tree:
            depths[item.id] = depths[item.parent] + 1 if item.parent in depths else 0
            rows.append(TreeRow(item, depths[item.id]))
        return rows

    def roots(self) -> list[Item]:
        return [row.item for row in self.tree() if row.depth == 0]

    def changes(self) -> list[Change]:
        return list(self._changes(RECENT))

    def labels(self) -> list[LabelCount]:
        return [LabelCount(label, len(items)) for label, items in self._originals.all_labels().items()]

    def labelled(self, label: str) -> list[Placed]:
        originals = self._originals
        return [Placed(each, tuple(originals.ancestors(each))) for each in originals.labelled(label)]

    def files(self) -> list[FileRow]:
        rows = [
            FileRow(file, self._originals.item(file.container), self._made(file.version).by)
            for file in self._originals.all_files()
        ]
        return sorted(rows, key=lambda row: (row.file.title.casefold(), row.file.id))

    def people(self) -> list[PersonRow]:
        pages: dict[str, list[Item]] = defaultdict(list)
        for item in self._originals.reading_order:
            for account in dict.fromkeys((item.version.author, item.created.author)):
                if account is not None:
                    pages[account].append(item)
        return [
            PersonRow(person, tuple(pages.get(person.account_id, ())))
            for person in self._originals.all_people()
        ]

    def posts(self) -> list[Post]:
        return [
            Post(
                each,
                self._made(each.created),
                _excerpt(self._bodies.body(each.id).text) if each.has_body else "",
            )
            for each in self._originals.posts()
        ]

    def report(self, mirrored_at: str) -> ReportView:
        uses: Counter[tuple[str, str]] = Counter()
        on: dict[tuple[str, str], dict[str, Item]] = defaultdict(dict)
        problems: list[Remark] = []
        unresolved: list[Remark] = []
        for item in self._originals.reading_order:
            known = self._bodies.known(item.id)
            if known is not None:
                uses.update(known.macros)
                for use in known.macros:
                    on[use][item.id] = item
                problems += [Remark(item, text) for text in known.problems]
                unresolved += [Remark(item, name) for name in known.unresolved]
        macros = [MacroCount(*use, count, tuple(on[use].values())) for use, count in sorted(uses.items())]
        return ReportView(
            mirrored_at,
            tuple(self._counts()),
            tuple(macros),
            tuple(problems),
            tuple(unresolved),
            tuple(self._absent()),
        )

    def _absent(self) -> Iterator[Remark]:
        for item in self._originals.reading_order:
            if item.kind in WITH_BODY and not item.has_body:
                yield Remark(item, "its body is not in the mirror")
            for file in self._originals.files(item.id):
                if file.href is None:
                    yield Remark(item, f"its attachment {file.title} is not in the mirror")

    def _counts(self) -> Iterator[tuple[str, int]]:
        kinds = Counter(each.kind for each in self._originals.reading_order)
        for kind in (*WITH_BODY, *NODES):
            if kinds[kind]:
                yield kind.value, kinds[kind]
        yield "attachment", sum(1 for _ in self._originals.all_files())

    def _changes(self, limit: int) -> Iterator[Change]:
        for item in self._originals.recent(limit):
            yield Change(item, self._made(item.version))

    def _named(self, ids: Sequence[str]) -> Iterator[Item]:
        return (item for each in ids if (item := self._originals.item(each)) is not None)

    def _made(self, edition: Edition) -> Made:
        by = self._originals.person(edition.author) if edition.author else None
        return Made(edition.at, by, edition.number, edition.message)

    def _comment(self, comment: Comment, rendered: Mapping[str, str]) -> CommentView:
        return CommentView(
            id=comment.id,
            inline=comment.inline,
            made=self._made(comment.version),
            body=Markup(rendered.get(comment.id, "")),
            resolved=comment.resolved,
            quoted=comment.quoted,
            replies=tuple(self._comment(each, rendered) for each in comment.replies),
        )


def _neighbours(items: Sequence[Item]) -> Mapping[str, tuple[Item | None, Item | None]]:
    padded = [None, *items, None]
    return {item.id: (before, after) for before, item, after in zip(padded, items, padded[2:], strict=False)}


def _excerpt(text: str) -> str:
    words = " ".join(text.split())
    if len(words) <= EXCERPT:
        return words
    return words[:EXCERPT].rsplit(" ", 1)[0] + " …"
