"""Macros that show a file, a drawing, an issue or another site: as links, since nothing is framed."""

from __future__ import annotations

import re
from dataclasses import replace

from exporter.site.body.document import AttachmentRef, Image, Link, Status, Text, UrlRef
from exporter.site.macros.lists import file_ref
from exporter.site.macros.mirrored import attachment_named
from exporter.site.macros.shown import MIRROR, REPLACED, STATIC, Nodes, Shown, Unshown, Use

_ISSUE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}-[0-9]{1,12}")
_PICTURES = (".png", ".svg", ".jpg", ".jpeg", ".gif")


def _file(use: Use) -> Nodes:
    ref = attachment_named(use.macro, use.context, "name", "", "file", "attachment")
    return (Link(ref, "", "", "block", (Text(ref.filename),)),)


def _address(use: Use) -> tuple[Link, ...]:
    """What is framed in Confluence is a link here."""
    for name in ("url", "src", "", "link", "location"):
        parameter = use.macro.parameters.get(name)
        for ref in parameter.refs if parameter else ():
            if not isinstance(ref, AttachmentRef):
                return (Link(ref, "", "", "block", ()),)
        if parameter and parameter.text.strip():
            return (Link(UrlRef(parameter.text.strip()), "", "", "block", ()),)
    raise Unshown("it has no address")


def _link(use: Use) -> Nodes:
    words = use.macro.text("text") or use.macro.text("")
    return tuple(replace(each, card="", children=(Text(words),) if words else ()) for each in _address(use))


def _drawing(use: Use) -> Nodes:
    """The picture that such apps keep as an attachment of the page, and the drawing itself as a link."""
    name = next(
        (
            text
            for key in ("diagramName", "name", "filename", "diagramDisplayName", "")
            if (text := use.macro.text(key))
        ),
        "",
    )
    page = use.macro.text("pageId") or use.context.page.id  # a drawing of another page
    files = {each.title: each for each in use.context.library.files(page)}
    pictures = (files.get(name + end) for end in ("", *_PICTURES) if (name + end).lower().endswith(_PICTURES))
    picture = next(filter(None, pictures), None)
    source = files.get(name) or files.get(name + ".drawio")
    if picture is None and source is None:
        raise Unshown("no picture of it is attached to this page")
    shown: Nodes = ()
    if picture is not None:
        size = {key: text for key in ("width", "height") if (text := use.macro.text(key)).isdigit()}
        shown = (Image(file_ref(picture), {"alt": name, **size}, ()),)
    if source is not None and source is not picture:
        shown = (*shown, Link(file_ref(source), "", "", "inline", (Text(source.title),)))
    return shown


def _jira(use: Use) -> Nodes:
    key = use.macro.text("key") or use.macro.text("")
    if not _ISSUE.fullmatch(key):
        raise Unshown("the issues are in Jira")
    site = use.context.library.site_url.removesuffix("/wiki")
    same_site = use.macro.text("server", "System Jira").lower().startswith("system jira")
    if not site or not same_site:
        return (Status("neutral", key),)
    return (Link(UrlRef(f"{site}/browse/{key}"), "", "", "inline", (Text(key),)),)


_FILES = "view-file", "viewpdf", "viewdoc", "viewxls", "viewppt", "multimedia", "pdf"
_FRAMES = "iframe", "html-include", "widget", "redirect", "embed"
_DRAWINGS = "drawio", "drawio-sketch", "inc-drawio", "gliffy", "lucidchart", "balsamiq", "plantumlcloud"

EMBEDS = {
    **{name: Shown(MIRROR, _file) for name in _FILES},
    **{name: Shown(REPLACED, _address) for name in _FRAMES},
    **{name: Shown(MIRROR, _drawing) for name in _DRAWINGS},
    "link": Shown(STATIC, _link),
    "jira": Shown(REPLACED, _jira),
    "jiraissues": Shown(REPLACED, _jira),
}
