"""Whether a browser reads HTML as the tree that its tags say: nothing closed early, moved or added."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser

from selectolax.lexbor import LexborHTMLParser, LexborNode

_VOID = frozenset({"br", "hr", "wbr", "img", "col", "input"})
_Tree = list["str | tuple[str, tuple[tuple[str, str], ...], _Tree]"]


def misread(html: str) -> str:
    """Empty where a browser's tree is the one that was written; else the first place where they part."""
    written, read = _written(html), _read(html)
    return next(_differences(written, read, "body"), "")


def ids(html: str) -> list[str]:
    return [str(each.attributes["id"]) for each in LexborHTMLParser(html).css("[id]")]


class _Strict(HTMLParser):
    """Each tag is closed by its own end tag, in order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root: _Tree = []
        self._open: list[tuple[str, _Tree]] = [("body", self.root)]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        children: _Tree = []
        attributes = tuple(sorted((name, value or "") for name, value in attrs))
        self._open[-1][1].append((tag, attributes, children))
        if tag not in _VOID:
            self._open.append((tag, children))

    def handle_endtag(self, tag: str) -> None:
        opened, _ = self._open.pop()
        assert opened == tag, f"</{tag}> in <{opened}>"

    def handle_data(self, data: str) -> None:
        tag, children = self._open[-1]
        _add_text(children, data.removeprefix("\n") if tag == "pre" and not children else data)

    def closed(self) -> _Tree:
        self.close()
        assert len(self._open) == 1, f"<{self._open[-1][0]}> is left open"
        return self.root


def _written(html: str) -> _Tree:
    parser = _Strict()
    parser.feed(html)
    return parser.closed()


def _read(html: str) -> _Tree:
    body = LexborHTMLParser(f"<!doctype html><html><body><main>{html}</main></body></html>").body
    assert body is not None
    main = body.child
    assert main is not None
    assert main.next is None, f"<{main.next.tag}> came after the body"
    return list(_children(main))


def _children(node: LexborNode) -> _Tree:
    found: _Tree = []
    child = node.child
    while child is not None:
        if child.tag == "-text":
            _add_text(found, child.text_content or "")
        else:
            attributes = tuple(sorted((name, value or "") for name, value in child.attributes.items()))
            found.append((str(child.tag), attributes, _children(child)))
        child = child.next
    return found


def _add_text(nodes: _Tree, text: str) -> None:
    if nodes and isinstance(nodes[-1], str):
        nodes[-1] += text
    elif text:
        nodes.append(text)


def _differences(written: _Tree, read: _Tree, path: str) -> Iterator[str]:
    for one, other in zip(written, read, strict=False):
        if isinstance(one, str) or isinstance(other, str):
            if _plain(one) != _plain(other):
                yield f"in {path}: {_plain(one)!r} was written, {_plain(other)!r} is read"
        elif one[:2] != other[:2]:
            yield f"in {path}: {one[:2]} was written, {other[:2]} is read"
        else:
            yield from _differences(one[2], other[2], f"{path}/{one[0]}")
    if len(written) != len(read):
        yield f"in {path}: {len(written)} nodes were written, {len(read)} are read"


def _plain(node: object) -> object:
    """All line ends are one kind."""
    return node.replace("\r\n", "\n").replace("\r", "\n") if isinstance(node, str) else node
