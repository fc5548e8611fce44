"""What the HTML of a page shows, counted, so that two renderings of one page can be compared."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from lxml import etree, html

_Element = html.HtmlElement


@dataclass(frozen=True, slots=True)
class Shown:
    words: Counter[str]
    titles: tuple[tuple[str, str], ...]
    """Id and words of each heading, without blanks."""
    headings: int
    items: int
    cells: int
    links: int
    images: int
    codes: int
    ids: frozenset[str]
    """All that a fragment can name: headings, anchors and what stands beside a heading for older links."""


def _of_class(name: str) -> str:
    return f"*[contains(concat(' ', normalize-space(@class), ' '), ' {name} ')]"


STRUCTURE = ("headings", "items", "cells", "links", "images", "codes")
_NO_IMAGE = "no-image"

# What is around the words of the author, all of it in one place. In Confluence's rendering:
_CHROME_OF_VIEW = (
    "script",
    "style",
    _of_class("toc-macro"),  # a list of the headings, or a place for one
    _of_class("aui-icon"),  # a picture, and a word for screen readers
    _of_class("expand-control-icon"),
    "button",
    # What a macro says in place of what it should show.
    f"{_of_class('error')}[contains(., 'license could not be verified')]",
)
# And in ours: the same list of headings, and what stands for a picture that isn't in the mirror.
_CHROME_OF_OURS = (_of_class("toc-macro"), _of_class(_NO_IMAGE), "button")
# The title that Confluence gives an expand macro that has none; ours is a word of ours.
_UNTITLED = f"{_of_class('expand-control-text')} | .//summary"
_NO_TITLE = re.compile(r"\s*Click here to expand(?:\.\.\.|…)?\s*")

# Code, in a script that highlights it there. In the corpus it was escaped once more on its way into a file.
_CODE = re.compile(
    r"<script\b[^>]*\btype=\"syntaxhighlighter\"[^>]*>\s*(?:<!\[CDATA\[(.*?)\]\]>)?\s*</script>", re.DOTALL
)
_EMOTICON = re.compile(r"\b(?:emoticon|emoji)\b")
_WORD = re.compile(r"\w+")
_INLINE_TAGS = """
    a abbr b bdi bdo big cite code del dfn em font i ins kbd mark q s samp small span strike strong sub sup
    time tt u var wbr
"""
_INLINE = frozenset(_INLINE_TAGS.split())


def of_view(source: str) -> Shown:
    """Of Confluence's own rendering."""
    return _shown(_parsed(_CODE.sub(_as_pre, source)), _CHROME_OF_VIEW)


def of_ours(source: str) -> Shown:
    return _shown(_parsed(source), _CHROME_OF_OURS)


def recall(found: Counter[str], expected: Counter[str]) -> float:
    """The share of the expected words that were found."""
    return (found & expected).total() / expected.total() if expected else 1.0


def ids_expected(ours: Shown, view: Shown) -> list[str]:
    """Ids of Confluence's headings, of those that are in ours too: what an include shows may not be there."""
    words = {words for _, words in ours.titles}
    return [name for name, title in view.titles if name and title in words]


def title_told_by(view: Shown) -> str:
    """The page's title, its blanks dropped: what stands before the words of a heading in its id. Empty where
    no heading tells it."""
    told = (name.removesuffix(f"-{words}") for name, words in view.titles if name.endswith(f"-{words}"))
    return next(told, "").removeprefix("id-")


def _as_pre(found: re.Match[str]) -> str:
    code = found[1] or ""
    return f"<pre>{escape(code) if '<' in code else code}</pre>"


def _parsed(source: str) -> _Element:
    parser = html.HTMLParser(encoding="utf-8", huge_tree=True)
    return html.document_fromstring(f"<html><body>{source}</body></html>".encode(), parser=parser)


def _shown(tree: _Element, chrome: tuple[str, ...]) -> Shown:
    images = sum(not _EMOTICON.search(image.get("class", "")) for image in tree.iter("img"))
    images += len(tree.xpath(f".//{_of_class(_NO_IMAGE)}"))
    for path in chrome:
        for element in tree.xpath(f".//{path}"):
            element.drop_tree()
    for element in tree.xpath(f".//{_UNTITLED}"):
        if _NO_TITLE.fullmatch(element.text_content()):
            element.drop_tree()
    headings = tree.xpath("//h1|//h2|//h3|//h4|//h5|//h6")
    return Shown(
        words=Counter(_WORD.findall("".join(_text(tree)))),
        titles=tuple((each.get("id", ""), "".join(each.text_content().split())) for each in headings),
        headings=len(headings),
        items=len(tree.xpath("//li")),
        cells=len(tree.xpath("//td|//th")),
        links=sum(map(_is_link, tree.iterfind(".//a[@href]"))),
        images=images,
        codes=len(tree.xpath("//pre")),
        ids=frozenset(map(str, tree.xpath("//@id|//a/@name"))),
    )


def _is_link(element: _Element) -> bool:
    """One that is seen, and leads elsewhere than to the reader's own disk: such are no links in ours."""
    return bool(element.text_content().strip()) and not element.get("href", "").startswith("file:")


def _text(element: _Element) -> Iterator[str]:
    """With a blank where another block begins: words of two cells aren't one."""
    for event, each in etree.iterwalk(element, events=("start", "end", "comment")):
        if event == "comment":
            yield each.tail or ""
            continue
        if each.tag not in _INLINE:
            yield " "
        yield (each.text if event == "start" else each.tail) or ""
