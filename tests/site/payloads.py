"""Titles, names, bodies, comments and parameters that would act if a page let them, and a space full of them.

Each leaves a trace that a browser shows: `window.pwned`, a dialog, or a request to a host that nobody has.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from exporter.emulator import Content, Space, User, World

RUN = "window.pwned=1"
HOST = "pwned.example"
KEY = "ENG"
MAX_TITLE = 255
TOGETHER = 8  # payloads on one quoting page: a request more for each would make the export twice as long

_DATA = Path(__file__).with_name("payloads.json")
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FILE = b"<!doctype html><script>window.pwned=1</script>"
_PICTURE = (
    b"<svg xmlns='http://www.w3.org/2000/svg' onload='window.pwned=1'><script>window.pwned=1</script></svg>"
)


@dataclass(frozen=True, slots=True)
class Payload:
    kind: str
    """Such as ``attribute breakout``."""
    text: str


def _read() -> tuple[Payload, ...]:
    kinds: dict[str, list[str]] = json.loads(_DATA.read_text(encoding="utf-8"))
    return tuple(
        Payload(kind, text.replace("RUN", RUN).replace("HOST", HOST))
        for kind, texts in kinds.items()
        for text in texts
    )


PAYLOADS = _read()


def in_xml(text: str) -> str:
    """`text` as it stands in well-formed storage format, in an element or an attribute."""
    escaped = _NOT_IN_XML.sub("\ufffd", text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    escaped = escaped.replace('"', "&quot;").replace("'", "&#39;")
    return escaped.replace("\t", "&#9;").replace("\n", "&#10;").replace("\r", "&#13;")


def in_cdata(text: str) -> str:
    return f"<![CDATA[{_NOT_IN_XML.sub(chr(0xFFFD), text).replace(']]>', ']]]]><![CDATA[>')}]]>"


def quoted_body(text: str) -> str:
    """A well-formed body with `text` in every place that takes text: all is to be shown, none to act."""
    value, body = in_xml(text), f"<ac:plain-text-body>{in_cdata(text)}</ac:plain-text-body>"
    return "".join(
        (
            f'<h2>{value}</h2><p class="{value}" style="{value}" id="{value}">{value}</p>',
            f'<p><a href="{value}" title="{value}">{value}</a></p>',
            f'<p><span style="color: {value}">{value}</span></p>',
            f'<p><time datetime="{value}" /><img src="{value}" alt="{value}" /></p>',
            f'<table><tbody><tr><td colspan="{value}" data-highlight-colour="{value}">{value}</td></tr>',
            "</tbody></table>",
            *(
                _macro(name, {"title": value, "language": value}, body)
                for name in ("code", "noformat", "html")
            ),
            *(_macro(name, {}, body) for name in ("markdown", "mathblock", "mermaid", "style", value)),
            *(
                _macro(name, _parameters(value), _rich(value))
                for name in ("panel", "info", "expand", "details")
            ),
            *(_macro(name, _parameters(value)) for name in _PARAMETERISED),
            *(f"<p>{link}</p>" for link in _links(value, text)),
            *_images(value),
            f'<ac:emoticon ac:name="{value}" ac:emoji-shortname="{value}" ac:emoji-fallback="{value}" />',
            f'<p><ac:inline-comment-marker ac:ref="{value}">{value}</ac:inline-comment-marker></p>',
            f"<ac:task-list><ac:task><ac:task-id>{value}</ac:task-id><ac:task-status>{value}</ac:task-status>",
            f"<ac:task-body>{value}</ac:task-body></ac:task></ac:task-list>",
            f"<p><ac:placeholder>{value}</ac:placeholder></p>",
        )
    )


_PARAMETERISED = (
    "status", "anchor", "toc", "jira", "iframe", "widget", "include", "excerpt-include", "children",
    "pagetree", "contentbylabel", "attachments", "gallery", "viewpdf", "view-file", "profile", "drawio",
    "detailssummary", "x",
)  # fmt: skip


def _parameters(value: str) -> dict[str, str]:
    names = (
        "", "title", "colour", "bgColor", "borderColor", "icon", "key", "server", "jqlQuery", "url", "src",
        "page", "label", "cql", "name", "diagramName", "user", "width", "height", "class", "style", "id",
        "root",
    )  # fmt: skip
    return dict.fromkeys(names, value)


def _macro(name: str, parameters: dict[str, str], body: str = "") -> str:
    inside = "".join(
        f'<ac:parameter ac:name="{key}">{value}</ac:parameter>' for key, value in parameters.items()
    )
    return f'<ac:structured-macro ac:name="{name}">{inside}{body}</ac:structured-macro>'


def _rich(value: str) -> str:
    return f"<ac:rich-text-body><p>{value}</p></ac:rich-text-body>"


def _links(value: str, text: str) -> tuple[str, ...]:
    targets = (
        f'<ri:page ri:content-title="{value}" />',
        f'<ri:page ri:content-title="Home" ri:space-key="{value}" />',
        f'<ri:blog-post ri:content-title="{value}" ri:posting-day="{value}" />',
        f'<ri:url ri:value="{value}" />',
        f'<ri:attachment ri:filename="{value}" />',
        f'<ri:user ri:account-id="{value}" />',
        f'<ri:space ri:space-key="{value}" />',
        f'<ri:shortcut ri:key="{value}" ri:parameter="{value}" />',
        f'<ri:content-entity ri:content-id="{value}" />',
    )
    plain = f"<ac:plain-text-link-body>{in_cdata(text)}</ac:plain-text-link-body>"
    shown = "", plain, f"<ac:link-body>{value}</ac:link-body>"
    return tuple(
        f'<ac:link ac:anchor="{value}" ac:tooltip="{value}">{target}{body}</ac:link>'
        for number, target in enumerate(targets)
        for body in (shown[number % 3],)
    )


def _images(value: str) -> tuple[str, ...]:
    attributes = " ".join(
        f'ac:{name}="{value}"' for name in ("alt", "title", "width", "align", "class", "style", "src")
    )
    sources = f'<ri:url ri:value="{value}" />', f'<ri:attachment ri:filename="{value}" />'
    caption = f"<ac:caption><p>{value}</p></ac:caption>"
    return tuple(f"<ac:image {attributes}>{source}{caption}</ac:image>" for source in sources)


# --- the space ------------------------------------------------------------------------


def hostile_world(payloads: Sequence[Payload] = PAYLOADS) -> World:
    """A space `KEY` where each payload is once the title, label, file name, body and comment of a page as it
    is, and once, well-formed, in every place of a body; by authors and of a space that are named so too."""
    world = World("cloud-evil", "example", User("712020:me", f"<script>{RUN}</script>", "me@example.com"))
    space = world.add_space(KEY, f'"><script>{RUN}</script>')
    home = world.add_page(space, "Home", "<p>Below are <ac:structured-macro ac:name='children' /></p>")
    world.edit_space(space, homepage_id=home.id)
    for number, payload in enumerate(payloads):
        _add(world, space, home, payload.text, number)
    for start in range(0, len(payloads), TOGETHER):
        texts = [payload.text for payload in payloads[start : start + TOGETHER]]
        page = world.add_page(space, f"Quoted from {start}", "".join(map(quoted_body, texts)), parent=home)
        world.add_comment(page, texts[0], kind="inline", selection=texts[-1])
        world.add_task(page, in_xml(texts[0]))
    return world


def _add(world: World, space: Space, home: Content, text: str, number: int) -> None:
    author = world.add_user(f"712020:author-{number}", text)
    title = text[:MAX_TITLE]
    page = world.add_page(space, title, text, parent=home, author_id=author.account_id)
    world.edit(page, message=text, author=author)
    world.add_label(page, text)
    world.attach(page, title, _FILE, media_type="text/html", comment=text)
    if number % TOGETHER == 0:
        world.attach(page, title + ".svg", _PICTURE, media_type="image/svg+xml")
        world.add_blogpost(space, title, quoted_body(text))
    comment = world.add_comment(page, text, author=author)
    mention = f'<p><ac:link><ri:user ri:account-id="{author.account_id}" /></ac:link></p>'
    world.reply(comment, mention + quoted_body(text))
