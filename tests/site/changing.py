"""A space where every page asks for something else, and what may change in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from exporter.site.originals import Originals
from tests.site.folder import URL, Folder


def macro(name: str, body: str = "", **parameters: str) -> str:
    inside = "".join(
        f'<ac:parameter ac:name="{key}">{value}</ac:parameter>' for key, value in parameters.items()
    )
    return f'<ac:structured-macro ac:name="{name}">{inside}{body}</ac:structured-macro>'


def of_page(name: str, title: str) -> str:
    """A macro whose nameless parameter is a page."""
    link = f'<ac:link><ri:page ri:content-title="{title}" /></ac:link>'
    return macro(name, f'<ac:parameter ac:name="">{link}</ac:parameter>')


def link(target: str) -> str:
    return f"<p><ac:link><ri:{target} /></ac:link></p>"


RICH = "<ac:rich-text-body><p>The horn</p></ac:rich-text-body>"
BODIES = {
    "home": macro("children"),
    "linking": link('page ri:content-title="Fog"'),
    "fog": macro("excerpt", RICH) + '<ac:image><ri:attachment ri:filename="a.png" /></ac:image>',
    "including": of_page("include", "Fog"),
    "excerpting": of_page("excerpt-include", "Fog"),
    "mentioning": link('user ri:account-id="712020:a"'),
    "labelled": macro("contentbylabel", cql='label = "tide" and ancestor = "3"'),
    "across": link('page ri:content-title="Radio" ri:space-key="OPS"') + link('space ri:space-key="OPS"'),
    "plain": "<p>No questions</p>",
    "latest": macro("recently-updated", max="50"),
    "posting": link('blog-post ri:content-title="News" ri:posting-day="2026/01/09"') + macro("blog-posts"),
    "missing": link('page ri:content-title="Not yet"'),
    "attached": macro("attachments"),
    "tree": macro("pagetree", root="@home"),
    "byparent": macro("pagetree", root="@parent"),
    "picture": (
        '<ac:image><ri:attachment ri:filename="a.png"><ri:page ri:content-title="Fog" /></ri:attachment>'
        "</ac:image>"
    ),
}
USERS = {"712020:a": {"displayName": "Ada"}, "712020:b": {"displayName": "Bob"}}
COMMENT = {
    "id": "95",
    "version": {"number": 1, "authorId": "712020:b"},
    "body": {"storage": {"value": "<p>So</p>"}},
}
IDS = {name: str(number) for number, name in enumerate(BODIES, 1)}
NAMES = {number: name for name, number in IDS.items()}
TITLES = {"fog": "Fog"}


@dataclass
class Space:
    """Where everything asks for something else."""

    root: Path
    url: str = URL
    pages: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder, self.other = Folder(self.root / "ENG"), Folder(self.root / "OPS")
        self.other.put("space.json", {"key": "OPS", "homepageId": "70"})
        self.other.page("70", "Radio")
        self.folder.put("users.json", USERS)
        self.comment()
        for name, body in BODIES.items():
            above = None if name == "home" else IDS["fog"] if name == "byparent" else "1"
            self.pages[name] = {"title": TITLES.get(name, name), "parent": above, "body": body, "day": "01"}
            self.write(name)
        self.post("News")
        self.attachment()

    def write(self, name: str, **changes: Any) -> None:
        page = self.pages[name]
        page.update(changes)
        version = {"number": int(page["day"]), "createdAt": f"2026-01-{page['day']}T09:00:00.000Z"}
        labels = [{"name": each, "prefix": "global"} for each in page.get("labels", ())]
        self.folder.page(
            IDS[name], page["title"], parent=page["parent"], body=page["body"], version=version, labels=labels
        )

    def post(self, title: str) -> None:
        self.folder.page("90", title, kind="blogpost", createdAt="2026-01-09T08:20:00.000Z")

    def comment(self, **more: Any) -> None:
        self.folder.put("comments/2.json", {"inline": [COMMENT | more]})

    def attachment(self, number: int = 1) -> None:
        data = {
            "title": "a.png",
            "pageId": IDS["fog"],
            "mediaType": "image/png",
            "version": {"number": number},
        }
        self.folder.put("attachments/att1.json", data)
        self.folder.put("attachments/att1/a.png", "x" * number)

    def read(self) -> Originals:
        self.other.read()
        return self.folder.read(url=self.url, OPS=self.other.root / "tree.json")


Change = Callable[[Space], None]
"""What is done, and the names of what is to be rendered again."""

LISTING = {"home", "tree", "byparent", "latest"}

CHANGES: dict[str, tuple[Change, Iterable[str]]] = {
    "nothing": (lambda _: None, ()),
    "a body": (
        lambda space: space.write("plain", body="<p>Edited</p>", day="02"),
        {"plain", "home", "tree", "latest"},
    ),
    "the title of a link's target": (
        lambda space: space.write("fog", title="Fog horn"),
        {"fog", "linking", "including", "excerpting", "picture", *LISTING},
    ),
    "the title that a link asks for": (
        lambda space: space.write("plain", title="Not yet"),
        {"plain", "missing", "home", "tree", "latest"},
    ),
    "the source of an include": (
        lambda space: space.write("fog", body=macro("excerpt", RICH) + "<p>More</p>", day="03"),
        {"fog", "including", "excerpting", *LISTING} - {"byparent"},
    ),
    "a label": (
        lambda space: space.write("byparent", labels=["tide"]),
        {"byparent", "labelled", "tree", "latest"},
    ),
    "a new child": (
        lambda space: space.folder.page("50", "New", parent="1"),
        {"50", "home", "tree", "latest"},
    ),
    "the person mentioned": (
        lambda space: space.folder.put("users.json", USERS | {"712020:a": {"displayName": "Ada L."}}),
        {"mentioning"},
    ),
    "an attachment replaced": (lambda space: space.attachment(2), {"fog", "including", "picture"}),
    "the space beside": (lambda space: space.other.page("70", "Wireless"), {"across"}),
    "the home of the space beside": (
        lambda space: space.other.put("space.json", {"key": "OPS", "homepageId": None}),
        {"across"},
    ),
    "a blog post": (lambda space: space.post("Old news"), {"90", "posting", "latest"}),
    "a comment": (
        lambda space: space.folder.put(
            f"comments/{IDS['plain']}.json",
            {"footer": [{"id": "91", "body": {"storage": {"value": link('user ri:account-id="712020:a"')}}}]},
        ),
        {"plain"},
    ),
    "a comment is resolved": (
        lambda space: space.folder.put(
            "comments/2.json", {"inline": [COMMENT | {"resolutionStatus": "resolved"}]}
        ),
        {"linking"},
    ),
    "who wrote a comment": (
        lambda space: space.folder.put("users.json", USERS | {"712020:b": {"displayName": "Charles"}}),
        {"linking"},
    ),
    "the home page": (
        lambda space: space.folder.put("space.json", {"key": "ENG", "homepageId": IDS["fog"]}),
        {"tree"},
    ),
    "an ancestor's place": (
        lambda space: space.write("fog", parent=IDS["plain"]),
        {"fog", "linking", "including", "excerpting", "picture", *LISTING},
    ),
    "the address of the site": (lambda space: setattr(space, "url", "https://new.example/wiki"), {"missing"}),
    "a page gone": (
        lambda space: space.folder.remove(IDS["plain"]),
        {"home", "tree", "latest"},
    ),
}
