"""The storage format as Confluence renders it, as far as generated bodies go: links and a few macros."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape, unescape
from urllib.parse import quote

from exporter.emulator import World, answers
from exporter.emulator.call import Call

_PAGE = re.compile(r'<ac:link><ri:page ri:content-title="([^"]*)" /></ac:link>')
_FILE = re.compile(r'<ac:link><ri:attachment ri:filename="([^"]*)" /></ac:link>')
_CODE = re.compile(
    r'<ac:structured-macro ac:name="code"[^>]*><ac:parameter ac:name="language">(\w+)</ac:parameter>'
    r"<ac:plain-text-body><!\[CDATA\[(.*?)\]\]></ac:plain-text-body></ac:structured-macro>",
    re.DOTALL,
)
_PANEL = re.compile(
    r'<ac:structured-macro ac:name="(info|note|warning|tip)"[^>]*><ac:rich-text-body>(.*?)'
    r"</ac:rich-text-body></ac:structured-macro>",
    re.DOTALL,
)
_SHOWN_AS = {"info": "information", "note": "note", "warning": "warning", "tip": "tip"}


def titles(world: World) -> Mapping[str, str]:
    """The id of each page by its title: in a generated world no two have the same."""
    return {each.title: each.id for each in world.contents.values() if each.kind == "page"}


def view(call: Call, container_id: str, storage: str, ids: Mapping[str, str]) -> str:
    """``body.view`` of that body. A link to what isn't there keeps its text alone."""

    def page(link: re.Match[str]) -> str:
        title = unescape(link[1])
        target = call.world.contents.get(ids.get(title, ""))
        if target is None:
            return link[1]
        href = f"/wiki{answers.content_links(call, target)['webui']}"
        return _linked("page", target.id, target.version.number, href, title)

    def file(link: re.Match[str]) -> str:
        name = unescape(link[1])
        held = map(call.world.attachments.__getitem__, call.world.by_container.get(container_id, ()))
        target = next((each for each in held if each.title == name), None)
        if target is None:
            return link[1]
        href = (
            f"/wiki/download/attachments/{container_id}/{quote(name)}?version={target.version.number}&api=v2"
        )
        number = target.id.removeprefix("att")
        return _linked("attachment", number, target.version.number, href, name, container_id)

    text = _FILE.sub(file, _PAGE.sub(page, storage))
    return _PANEL.sub(_panel, _CODE.sub(_code, text))


def _linked(kind: str, number: str, version: int, href: str, text: str, container_id: str = "") -> str:
    more = f' data-linked-resource-container-id="{container_id}"' if container_id else ""
    alias = f' data-linked-resource-default-alias="{escape(text)}"' if container_id else ""
    return (
        f'<a href="{escape(href)}" data-linked-resource-id="{number}"'
        f' data-linked-resource-version="{version}" data-linked-resource-type="{kind}"'
        f"{alias}{more}>{escape(text, quote=False)}</a>"
    )


def _code(macro: re.Match[str]) -> str:
    code = escape(macro[2], quote=False)
    return (
        '<div class="code panel pdl"><div class="codeContent panelContent pdl">'
        f'<pre class="syntaxhighlighter-pre" data-syntaxhighlighter-params="brush: {macro[1]}">{code}</pre>'
        "</div></div>"
    )


def _panel(macro: re.Match[str]) -> str:
    kind = f"confluence-information-macro-{_SHOWN_AS[macro[1]]}"
    return (
        f'<div class="confluence-information-macro {kind}">'
        f'<div class="confluence-information-macro-body">{macro[2]}</div></div>'
    )
