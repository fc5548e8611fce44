"""A small made-up space, as the templates are given it."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import html
from markupsafe import Markup

from exporter.model import Kind
from exporter.site.items import Edition, File, Item, Person
from exporter.site.pages.templates import Templates, spaces
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
    SpaceRow,
    TocEntry,
    TreeRow,
)

WRITER = Person("712020:1", "Ada", True)
MADE = Made("2026-01-05T09:12:00.000Z", WRITER, 3, "clearer")


@dataclass(frozen=True)
class Words:
    """What people may have written, everywhere at once."""

    text: str = "Tide & Table"
    live: str = "https://example.atlassian.net/wiki/spaces/KEY/pages/2"


BODY = Markup("<p>Text</p>")
WORDS = Words()


def item(
    item_id: str = "2",
    *,
    title: str = "Tide & Table",
    kind: Kind = Kind.PAGE,
    space_key: str = "KEY",
    status: str = "current",
    orphan: bool = False,
    labels: tuple[str, ...] = (),
    address: str = "https://example.atlassian.net/wiki/spaces/KEY/pages/2",
) -> Item:
    edition = Edition(3, MADE.at, WRITER.account_id)
    return Item(
        kind, item_id, title, space_key, status, None, orphan, edition, edition, None, labels, address, True
    )


def file(
    *, title: str = "a.png", media_type: str = "image/png", href: str | None = "files/att1/a.png"
) -> File:
    return File("att1", title, "2", media_type, 6758, None, title, Edition(1, MADE.at, None), href)


def comment(*replies: CommentView, comment_id: str = "9", text: str = "so", quoted: str = "") -> CommentView:
    return CommentView(
        comment_id, bool(quoted), MADE, Markup("<p>{}</p>").format(text), True, quoted, replies
    )


def page(of: Item | None = None, *, body: Markup | None = BODY, words: Words = WORDS) -> PageView:
    """With everything that a page can have."""
    text = words.text
    other = item("3", title=text)
    person = Person("712020:1", text, True)
    made = Made(text, person, 2, text)
    return PageView(
        of or item(title=text, labels=(text,), address=words.live, orphan=True, status="archived"),
        body,
        made,
        MADE,
        Person("5", text, False),
        breadcrumbs=(item("1", title=text), other),
        toc=(TocEntry(2, text, text), TocEntry(3, "b", text)),
        previous=other,
        next=other,
        children=(other,),
        backlinks=(other,),
        files=(file(title=text), file(title=text, media_type=text, href=None)),
        comments=(comment(comment(comment_id="10"), text=text, quoted=text),),
        versions=(made,),
        notices=(text,),
    )


def site(words: Words = WORDS) -> Site:
    return Site("KEY", words.text, words.live, "1", True)


def documents(words: Words = WORDS) -> dict[str, str]:
    """One of each kind of page."""
    templates = Templates(site(words))
    text = words.text
    here = item(title=text, address=words.live)
    person = Person(text, text, False)
    change = Change(here, Made(MADE.at, person, 1, text))
    report = ReportView(
        MADE.at,
        ((text, 3),),
        (MacroCount(text, text, 1, (here,)),),
        (Remark(here, text),),
        (Remark(here, text),),
        (Remark(here, text),),
    )
    return {
        "page": templates.page(page(words=words)),
        "post": templates.page(page(item(kind=Kind.BLOGPOST, title=text), words=words)),
        "folder": templates.page(page(item(kind=Kind.FOLDER, title=text), body=None, words=words)),
        "whiteboard": templates.page(page(item(kind=Kind.WHITEBOARD, title=text), body=None, words=words)),
        "home": templates.home(HomeView(page(words=words), (), (change,))),
        "no home": templates.home(HomeView(None, (here,), (change,))),
        "tree": templates.tree([TreeRow(here, 0), TreeRow(here, 1), TreeRow(here, 2), TreeRow(here, 0)]),
        "changes": templates.changes([change, change]),
        "labels": templates.labels([LabelCount(text, 2)]),
        "label": templates.label(text, [Placed(here, (here, here))]),
        "attachments": templates.attachments([FileRow(file(title=text, media_type=text), here, person)]),
        "people": templates.people([PersonRow(person, (here,))]),
        "blog": templates.blog([Post(here, MADE, text)]),
        "report": templates.report(report),
        "spaces": spaces([SpaceRow(text, text, "KEY", 3)]),
    }


def parsed(document: str) -> html.HtmlElement:
    return html.document_fromstring(document.encode(), parser=html.HTMLParser(encoding="utf-8"))


def texts(document: str, path: str) -> list[str]:
    return [" ".join(each.text_content().split()) for each in parsed(document).xpath(path)]
