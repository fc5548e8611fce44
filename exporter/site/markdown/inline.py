"""Text into Markdown that means that text and nothing else: for CommonMark, and for what MkDocs and Obsidian
add to it.

Emphasis is marked by control characters first, which no text has, and spelt out once its neighbours are
known: what ``**`` means depends on them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TypeAlias
from urllib.parse import quote

BREAK = "\x1e"
"""The end of a line that the author wanted. It counts as a blank."""
BRACKET = "\x04"
"""An opening bracket of ours: behind an exclamation mark it would make an image."""
_ON, _OFF, _EDGE = "\x01", "\x02", "\x05"
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f]")
_BLANKS = re.compile("[ \t\n\r\x0b\x0c\x85\u2028\u2029]+")

_DELIMITERS = {"strong": "**", "em": "_", "del": "~~"}
_SAME = {"b": "strong", "i": "em", "dfn": "em", "cite": "em", "var": "em", "s": "del", "strike": "del"}
_PLAIN_TAGS = ("u", "ins", "sub", "sup", "small", "big", "kbd", "q", "code")
_SPANS = (*_DELIMITERS, *_PLAIN_TAGS)
SPAN_TAGS = frozenset((*_SPANS, *_SAME))
"""What `span` marks; of everything else only the words are left."""

_ESCAPED = re.compile(
    r"[\\`*\[\]|~$]"
    r"|(?<![^\W_])_|_(?![^\W_])"  # between letters it says nothing
    r"|(?:(?<=\s)|^)[#^]|#(?=#| ?$)"  # a heading and its end, a tag, the name of a block
    r"|=(?==)|(?<==)=|%(?=%)|(?<=%)%"  # highlights and comments of Obsidian
)
_ENTITY = re.compile(r"&(?=#?[A-Za-z0-9]+;)")
_ENTITY_START = re.compile(r"&(?=#?[A-Za-z0-9]+;|#?[A-Za-z0-9]*$)")  # it may go on in the next node
_TAG_START = re.compile(r"<(?!\s)")
_LINE_STARTS = (
    (re.compile(r"^([0-9]{1,9})([.)])(?=\s|$)", re.MULTILINE), r"\1\\\2"),
    (re.compile(r"^([-+])(?=[\s-]|$)", re.MULTILINE), r"\\\1"),
    (re.compile(r"^([>=:])", re.MULTILINE), r"\\\1"),
    (re.compile(r"^(#{1,6})(?=\s|$)", re.MULTILINE), r"\\\1"),
)
_NO_FORMULA = re.compile(r"[`$]|\][(\[:]|://|&#?\w+;")
_SAFE_IN_URL = ";/?:@&=+,#%!'-._~"
_RISKY_IN_ATTRIBUTE = re.compile(r"[\\`*\[\]|~$_{}\n]")


def text(words: str) -> str:
    """Plain words, as part of a line."""
    words = _CONTROLS.sub("", _BLANKS.sub(" ", words))
    words = _TAG_START.sub("&lt;", _ENTITY_START.sub("&amp;", words))
    return _ESCAPED.sub(_with_backslash, words)


def _with_backslash(found: re.Match[str]) -> str:
    return "\\" + found[0]


def span(tag: str, inner: str) -> str:
    """`inner` emphasised as `tag`, one of `SPAN_TAGS`, says."""
    return f"{_ON}{chr(_FIRST + _SPANS.index(_SAME.get(tag, tag)))}{inner}{_OFF}"


_FIRST = ord("a")


def code(words: str, *, in_table: bool) -> str:
    words = _CONTROLS.sub("", _BLANKS.sub(" ", words))
    bare = words.strip(" ")
    if not bare:
        return words
    if bare != words:  # MkDocs would drop blanks inside
        before, _, after = words.partition(bare)
        return before + code(bare, in_table=in_table) + after
    if in_table and "|" in words:  # parsers don't agree on what a backslash before it is
        return f"<code>{_attribute(words)}</code>"
    fence = fence_for(words, at_least=1)
    pad = " " if "`" in (words[0], words[-1]) else ""
    return f"{_EDGE}{fence}{pad}{words}{pad}{fence}{_EDGE}"


def fence_for(words: str, *, at_least: int) -> str:
    longest = max((len(run) for run in re.findall("`+", words)), default=0)
    return "`" * max(longest + 1, at_least)


def link(inner: str, href: str) -> str:
    return f"{BRACKET}[{inner}]({href})"


def image(alt: str, href: str) -> str:
    return f"![{text(alt)}]({href})"


def anchor(name: str) -> str:
    return f'<a id="{_attribute(name)}"></a>' if name else ""


def math(source: str, *, in_table: bool) -> str:
    """As code, where the rules for dollars or tables would not let it through."""
    formula = " ".join(tex(source).split())
    if not formula or formula.endswith("\\") or (in_table and "|" in formula):
        return code(source, in_table=in_table)
    return f"{_EDGE}${formula}${_EDGE}"


def tex(source: str) -> str:
    """A formula between dollars; nothing where that can't be. Who doesn't know the dollars reads it as
    Markdown: there may be no tag in it, and no link."""
    if _NO_FORMULA.search(source):
        return ""
    return source.replace("<", r"\lt ").replace(">", r"\gt ")


def url(address: str) -> str:
    """`address`, so that it can stand between parentheses."""
    kept = "".join(each if each.isalnum() else quote(each, safe=_SAFE_IN_URL) for each in address)
    return _ENTITY.sub("&amp;", kept)


def path(relative: str) -> str:
    """A path as an address: letters of all scripts stay readable."""
    kept = "".join(each if each.isalnum() else quote(each, safe="/-._~,&+=@!'") for each in relative)
    return _ENTITY.sub("&amp;", kept)


def _attribute(words: str) -> str:
    """Also what Markdown would see in it."""
    return _RISKY_IN_ATTRIBUTE.sub(lambda found: f"&#{ord(found[0])};", escape(words))


# From marks to Markdown.


@dataclass(frozen=True, slots=True)
class _Span:
    tag: str
    inner: tuple[_Piece, ...]


_Piece: TypeAlias = str | _Span
_MARKS = re.compile(f"({_ON}.|[{_OFF}{BREAK}])")


def finished(marked: str, *, line_break: str) -> str:
    """One paragraph, heading or cell of what the functions above made: emphasis spelt out, no line of it read
    as anything but text."""
    pieces = _trimmed(_simplified(_parsed(marked), frozenset()))
    written = _written(pieces, before="", after="")
    written = written.replace("!" + BRACKET, "\\!").replace(BRACKET, "")
    written = written.replace(_EDGE + _EDGE, "<!-- -->").replace(_EDGE, "")  # or their fences would be one
    lines = re.sub(rf" *{BREAK} *", BREAK, written)
    lines = re.sub(rf"{BREAK}(?={BREAK})", "<br>", lines) if line_break != " " else lines
    lines = lines.replace(BREAK, "\n")
    if line_break.endswith("\n"):
        for start, instead in _LINE_STARTS:
            lines = start.sub(instead, lines)
    return lines.replace("\n", line_break)


def _parsed(marked: str) -> tuple[_Piece, ...]:
    open_spans: list[tuple[str, list[_Piece]]] = [("", [])]
    for token in _MARKS.split(marked):
        if token.startswith(_ON):
            open_spans.append((_SPANS[ord(token[1]) - _FIRST], []))
        elif token == _OFF:
            tag, inner = open_spans.pop()
            open_spans[-1][1].append(_Span(tag, tuple(inner)))
        elif token:
            open_spans[-1][1].append(token)
    return tuple(open_spans[0][1])


def _simplified(pieces: Sequence[_Piece], around: frozenset[str]) -> tuple[_Piece, ...]:
    """No span in one of its kind, none without words, none next to one of its kind, blanks outside."""
    found: list[_Piece] = []
    for piece in pieces:
        if isinstance(piece, str):
            found.append(piece)
            continue
        inner = _simplified(piece.inner, around | {piece.tag})
        if piece.tag in around:
            found.extend(inner)
            continue
        head, middle, tail = _hoisted(inner)
        last = found[-1] if found and not head else None
        if middle and isinstance(last, _Span) and last.tag == piece.tag:
            found[-1] = _Span(piece.tag, (*last.inner, *middle))
        else:
            found.extend(head)
            found.extend([_Span(piece.tag, middle)] if middle else [])
        found.extend(tail)
    return tuple(found)


def _hoisted(inner: tuple[_Piece, ...]) -> tuple[tuple[_Piece, ...], tuple[_Piece, ...], tuple[_Piece, ...]]:
    """Blanks at both ends apart."""
    first, last = 0, len(inner)
    while first < last and _is_blank(inner[first]):
        first += 1
    while first < last and _is_blank(inner[last - 1]):
        last -= 1
    head, middle, tail = list(inner[:first]), list(inner[first:last]), list(inner[last:])
    if middle and isinstance(start := middle[0], str):
        rest = start.lstrip()
        head.append(start[: len(start) - len(rest)])
        middle[0] = rest
    if middle and isinstance(end := middle[-1], str):
        rest = end.rstrip()
        tail.insert(0, end[len(rest) :])
        middle[-1] = rest
    return tuple(filter(None, head)), tuple(middle), tuple(filter(None, tail))


def _is_blank(piece: _Piece) -> bool:
    return isinstance(piece, str) and not piece.strip()


def _trimmed(pieces: tuple[_Piece, ...]) -> tuple[_Piece, ...]:
    return _hoisted(pieces)[1]


def _written(pieces: Sequence[_Piece], *, before: str, after: str) -> str:
    """`before` and `after` are the characters around."""
    written = ""
    for index, piece in enumerate(pieces):
        if isinstance(piece, str):
            written += piece
            continue
        following = pieces[index + 1] if index + 1 < len(pieces) else after
        follows = _DELIMITERS.get(following.tag, "<") if isinstance(following, _Span) else following
        written += _spelt(piece, before=(written or before)[-1:], after=follows[:1])
    return written


def _spelt(piece: _Span, *, before: str, after: str) -> str:
    delimiter = _DELIMITERS.get(piece.tag)
    if delimiter is not None:
        inner = _written(piece.inner, before=delimiter[0], after=delimiter[0])
        if _works(delimiter, inner, before=before, after=after):
            return f"{delimiter}{inner}{delimiter}"
    inner = _written(piece.inner, before=">", after="<")
    return f"<{piece.tag}>{inner}</{piece.tag}>"


def _works(delimiter: str, inner: str, *, before: str, after: str) -> bool:
    """Whether it would be read as it is meant: CommonMark's rules for what may open and close emphasis, more
    narrow in that no two runs of a delimiter touch."""
    sign = delimiter[0]
    if sign in (before, after, inner[0], inner[-1]) or BREAK + BREAK in inner:
        return False
    if sign == "_" and not (_is_apart(before) and _is_apart(after)):
        return False
    return (not _is_sign(inner[0]) or _is_apart(before)) and (not _is_sign(inner[-1]) or _is_apart(after))


def _is_apart(character: str) -> bool:
    return not character or character.isspace() or _is_sign(character)


def _is_sign(character: str) -> bool:
    return character in (_EDGE, BRACKET) or unicodedata.category(character)[0] in "PS"


def lines(words: str) -> str:
    """Text of several lines, each of which is kept as it is."""
    return _CONTROLS.sub("", words.replace("\r\n", "\n").replace("\r", "\n")).strip("\n")
