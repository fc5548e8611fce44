"""Search without a server: the words of all pages as small scripts, of which a query loads a few.

    search/meta.js                  the names of all others; the length of each document
    search/texts/<name>.js          address, title, breadcrumb and text of 16 documents, for results
    search/terms/<name>.js          a range of sorted words, each with the documents it stands in
    search/lists/<name>.js          what would make such a file fat: part of the documents of a frequent word
    search/vocabulary/<name>.js     the words of one length, for queries with a typo

A name is a hash of what the file holds, so what is unchanged is not written again; `meta.js` is the last one.
They are scripts because browsers let a page on disk load nothing else; each calls `searchPart` with JSON as a
string, which browsers read much faster than a literal. `assets/search-core.js` reads them.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from zlib import crc32

from exporter.site.search.words import is_unspaced, words

META = "search/meta.js"

_TEXTS = 16
"""Documents in one file of texts."""
_PART = 16_384
"""Documents in one part of a word's list."""
_FAT = 60_000
"""Bytes of a list that is kept in files of its own."""
_SMALL, _LARGE, _ONE_IN = 32_000, 120_000, 64
"""A file of words ends between these sizes, before the first word of which the hash says so (one in 64).
Borders that hang on sizes alone would all move with one word."""
_TYPO_LENGTHS = range(3, 21)
"""Lengths of words that are looked for in spite of a typo, and of those next to them."""

_TITLE, _LABEL, _HEADING, _ATTACHMENT = 8, 5, 3, 2
_MOST = 1023
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@dataclass(frozen=True, slots=True)
class SearchDocument:
    """`address` is relative to the root of the site; `breadcrumb` are titles, the topmost first."""

    id: str
    address: str
    title: str
    breadcrumb: Sequence[str]
    headings: Sequence[str]
    labels: Sequence[str]
    text: str
    attachments: Sequence[str]


def order(document_id: str) -> tuple[int, str]:
    """The order in which `search_files` wants documents: ids grow, so a new one comes last and moves none."""
    return len(document_id), document_id


def search_files(documents: Iterable[SearchDocument]) -> Iterator[tuple[str, bytes]]:
    """Paths relative to the root of the site, and what belongs there; what is equal may come twice.

    Documents come in `order` and are not kept.

    Raises ValueError where they are out of order.
    """
    index = _Index()
    texts: list[str] = []
    some: list[SearchDocument] = []
    for document in documents:
        if some and order(document.id) <= order(some[-1].id):
            raise ValueError(f"document {document.id} after {some[-1].id}")
        if len(some) == _TEXTS:
            yield _named(texts, "texts", list(map(_result, some)))
            some.clear()
        some.append(document)
        index.add(document)
    if some:
        yield _named(texts, "texts", list(map(_result, some)))
    terms: list[str] = []
    yield from _term_files(index, terms)
    vocabulary: list[str] = []
    yield from _vocabulary_files(index, vocabulary)
    meta = {"documents": "".join(index.documents), "texts": texts, "terms": terms, "vocabulary": vocabulary}
    yield META, _script("meta", _json(meta))


class _Index:
    """Words and the documents they stand in, in the form that is written."""

    def __init__(self) -> None:
        self.documents: list[str] = []
        """Two letters each: length and number of words in the title."""
        self.lists: dict[str, _List] = {}

    def add(self, document: SearchDocument) -> None:
        number = len(self.documents)
        part, offset = divmod(number, _PART)
        title = words(document.title)
        marked = _several(document.labels, document.headings)
        weights = Counter(words(document.text))
        length = len(title) + sum(weights.values())
        for names, weight in (
            (document.attachments, _ATTACHMENT),
            (document.labels, _LABEL),
            (document.headings, _HEADING),
        ):
            for word in _several(names):
                weights[word] += weight
        for word in title:
            weights[word] += _TITLE
        self._append(part, offset, weights, title=set(title), marked=set(marked))
        self.documents.append(_letter(round(4 * math.log2(1 + length))) + _letter(len(set(title))))

    def _append(
        self, part: int, offset: int, weights: Counter[str], *, title: set[str], marked: set[str]
    ) -> None:
        lists = self.lists
        for word, weight in weights.items():
            entry = lists.get(word)
            if entry is None:
                entry = lists[word] = _List()
            if entry.part != part:
                entry.codes += b"." * (part - entry.part)
                entry.part, entry.last = part, 0
            kind = 3 if word in title else 2 if word in marked else weight > 1
            entry.codes += _number((offset - entry.last) * 4 + kind)
            if kind:
                entry.codes += _number(min(weight, _MOST))
            entry.last = offset


class _List:
    """The documents of a word: for each its distance from the one before, times 4, plus where the word stands
    (0 once in the text, 1 more, 2 in a heading or label, 3 in the title); then, unless 0, its weight.
    Parts are divided by dots and begin to count again."""

    __slots__ = ("codes", "last", "part")

    def __init__(self) -> None:
        self.codes = bytearray()
        self.last = 0
        self.part = 0


def _several(*names: Iterable[str]) -> list[str]:
    return [word for some in names for name in some for word in words(name)]


def _encode(number: int) -> bytes:
    """Five bits a letter, the lowest first; all but the last have the sixth bit."""
    letters = bytearray()
    while number >= 32:
        letters.append(_ALPHABET[32 | number & 31])
        number >>= 5
    letters.append(_ALPHABET[number])
    return bytes(letters)


_ENCODED = [_encode(number) for number in range(4096)]


def _number(number: int) -> bytes:
    return _ENCODED[number] if number < len(_ENCODED) else _encode(number)


def _letter(number: int) -> str:
    return chr(_ALPHABET[min(number, 63)])


def _result(document: SearchDocument) -> tuple[str, str, list[str], str]:
    text = " ".join(document.text.split())
    return document.address, document.title, list(document.breadcrumb), text


def _utf16(word: str) -> bytes:
    """Browsers compare words so."""
    return word.encode("utf-16-be", errors="surrogatepass")


def _term_files(index: _Index, names: list[str]) -> Iterator[tuple[str, bytes]]:
    """Appends to `names` first word and name of each file of words."""
    chosen: list[str] = []
    lists: list[str] = []
    size = 0
    for term in sorted(index.lists, key=_utf16):
        if size >= _LARGE or (size >= _SMALL and crc32(term.encode()) % _ONE_IN == 0):
            names.append(chosen[0])
            yield _named(names, "terms", [" ".join(chosen), " ".join(lists)])
            chosen, lists, size = [], [], 0
        codes = index.lists[term].codes.decode()
        if len(codes) > _FAT:
            parts: list[str] = []
            for part in codes.split("."):
                yield _named(parts, "lists", part)
            codes = "=" + ".".join(parts)
        chosen.append(term)
        lists.append(codes)
        size += len(term) + len(codes)
    if chosen:
        names.append(chosen[0])
        yield _named(names, "terms", [" ".join(chosen), " ".join(lists)])


def _vocabulary_files(index: _Index, names: list[str]) -> Iterator[tuple[str, bytes]]:
    """Appends to `names` the name of the file for each of `_TYPO_LENGTHS`."""
    lengths: dict[int, list[str]] = {length: [] for length in _TYPO_LENGTHS}
    for term in index.lists:
        if len(term) in lengths and term.isalpha() and not is_unspaced(term):
            lengths[len(term)].append(term)
    for some in lengths.values():
        yield _named(names, "vocabulary", " ".join(sorted(some)))


def _named(names: list[str], kind: str, content: object) -> tuple[str, bytes]:
    """The file of `content`, whose name is appended to `names`."""
    data = _json(content)
    name = hashlib.sha256(data.encode(errors="surrogatepass")).hexdigest()[:10]
    names.append(name)
    return f"search/{kind}/{name}.js", _script(f"{kind}/{name}", data)


def _script(name: str, data: str) -> bytes:
    """Also harmless where a script is read as part of a page, or by rules older than those of today."""
    literal = _json(data).replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return f'searchPart("{name}",{literal});\n'.encode(errors="backslashreplace")


def _json(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))
