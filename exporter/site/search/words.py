"""Text into the words it is searched by. `assets/search-core.js` does so to a query: change both or none."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 40
"""Of a longer word only the beginning counts: encoded files would otherwise fill the index."""

# Scripts written without blanks, and Hangul, whose words are joined and grow at their end: Thai and Lao,
# Burmese, Khmer, kana, Han, Hangul.
_UNSPACED = (
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7a3\U00020000-\U0003ffff]"
)
_WORD = re.compile(rf"(?:(?![\W_]){_UNSPACED})+|(?:(?!{_UNSPACED})[^\W_])+")
_ASCII_WORD = re.compile(r"[a-z0-9]+")
_IS_UNSPACED = re.compile(_UNSPACED)
# They make another letter of a kana, not the same letter in another dress; NFC puts them back.
_VOICED = (0x3099, 0x309A)


class _WithoutMarks(dict[int, int | None]):
    """For `str.translate`; filled as letters are met."""

    def __missing__(self, code: int) -> int | None:
        is_mark = unicodedata.category(chr(code)).startswith("M") and code not in _VOICED
        self[code] = None if is_mark else code
        return self[code]


_WITHOUT_MARKS = _WithoutMarks()


def fold(text: str) -> str:
    """Without case, marks and mere other forms: `Straße`, `STRASSE`; `ﬁle`, `file`; `I`, `ı`."""
    if text.isascii():
        return text.lower()
    bare = unicodedata.normalize("NFKD", text).translate(_WITHOUT_MARKS)
    # Not casefold: browsers have none. These give the same classes, and a dotless i is an i.
    return unicodedata.normalize("NFC", bare.lower().upper().lower().replace("ς", "σ"))


def words(text: str) -> list[str]:
    """In their order. A run of letters in a script without blanks becomes its pairs and its last letter: each
    letter begins one word."""
    folded = fold(text)
    if folded.isascii():
        return [word[:LONGEST] for word in _ASCII_WORD.findall(folded)]
    found: list[str] = []
    for word in _WORD.findall(folded):
        if is_unspaced(word):
            found += [word[at : at + 2] for at in range(len(word))]
        else:
            found.append(word[:LONGEST])
    return found


def is_unspaced(word: str) -> bool:
    return _IS_UNSPACED.match(word) is not None
