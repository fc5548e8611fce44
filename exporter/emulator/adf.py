"""Storage format as Atlassian Document Format: plausible, and the same each time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html.parser import HTMLParser
from typing import Any

Node = dict[str, Any]

MARKS = {"strong": "strong", "b": "strong", "em": "em", "i": "em", "code": "code", "u": "underline"}
BLOCKS = {
    "p": "paragraph",
    "ul": "bulletList",
    "ol": "orderedList",
    "li": "listItem",
    "blockquote": "blockquote",
    "table": "table",
    "tr": "tableRow",
    "th": "tableHeader",
    "td": "tableCell",
    "ac:task-list": "taskList",
    "ac:task-body": "taskItem",
}
INLINE_HOLDERS = ("paragraph", "heading", "taskItem")
NOT_SHOWN = ("ac:task-id", "ac:task-uuid", "ac:task-status", "ac:parameter")


def document(storage: str) -> str:
    """The JSON text that the API gives as the ``value`` of ``atlas_doc_format``."""
    reader = _Reader()
    reader.feed(storage)
    reader.close()
    content = reader.content() or [{"type": "paragraph", "content": []}]
    return json.dumps({"type": "doc", "version": 1, "content": content}, ensure_ascii=False)


class _Reader(HTMLParser):
    """Keeps the nodes that are open; whatever it does not know, it looks through."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[tuple[str, Node]] = [("", {"type": "doc", "content": []})]
        self._marks: list[tuple[str, Node]] = []
        self._hidden = 0
        self._loose: Node | None = None

    def content(self) -> list[Node]:
        nodes: list[Node] = self._open[0][1]["content"]
        return nodes

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in NOT_SHOWN:
            self._hidden += 1
        elif tag in BLOCKS:
            self._begin(tag, {"type": BLOCKS[tag], "content": []})
        elif len(tag) == 2 and tag[0] == "h" and tag[1] in "123456":
            self._begin(tag, {"type": "heading", "attrs": {"level": int(tag[1])}, "content": []})
        elif tag in MARKS:
            self._marks.append((tag, {"type": MARKS[tag]}))
        elif tag == "a":
            self._marks.append((tag, {"type": "link", "attrs": {"href": given.get("href", "")}}))
        elif tag == "ac:structured-macro":
            self._macro(given)
        elif tag == "ri:user":
            self._inline({"type": "mention", "attrs": {"id": given.get("ri:account-id", "")}})
        elif tag == "br":
            self._inline({"type": "hardBreak"})
        elif tag == "hr":
            self._top()["content"].append({"type": "rule"})

    def handle_startendtag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in NOT_SHOWN:
            self._hidden = max(0, self._hidden - 1)
        elif any(name == tag for name, _ in self._marks):
            del self._marks[max(at for at, (name, _) in enumerate(self._marks) if name == tag)]
        elif tag != "" and any(name == tag for name, _ in self._open):
            while self._open.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        if self._hidden or (not data.strip() and self._top()["type"] not in INLINE_HOLDERS) or not data:
            return
        text: Node = {"type": "text", "text": data}
        if self._marks:
            text["marks"] = [mark for _, mark in self._marks]
        self._inline(text)

    def unknown_decl(self, data: str) -> None:
        if data.startswith("CDATA["):
            self.handle_data(data.removeprefix("CDATA["))

    def _top(self) -> Node:
        return self._open[-1][1]

    def _begin(self, tag: str, node: Node) -> None:
        self._top()["content"].append(node)
        self._open.append((tag, node))

    def _macro(self, given: dict[str, str]) -> None:
        attrs = {
            "extensionType": "com.atlassian.confluence.macro.core",
            "extensionKey": given.get("ac:name", ""),
            "parameters": {"macroParams": {}},
        }
        self._begin("ac:structured-macro", {"type": "bodiedExtension", "attrs": attrs, "content": []})

    def _inline(self, node: Node) -> None:
        """Text outside of every paragraph gets one of its own."""
        top = self._top()
        if top["type"] in INLINE_HOLDERS:
            top["content"].append(node)
        elif self._loose is not None and top["content"] and top["content"][-1] is self._loose:
            self._loose["content"].append(node)
        else:
            self._loose = {"type": "paragraph", "content": [node]}
            top["content"].append(self._loose)
