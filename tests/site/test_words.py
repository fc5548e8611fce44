"""The words of a text: in many scripts, and the same ones as in a browser."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.site.search.words import LONGEST, fold, words
from tests.site.searching import in_node, needs_node

TABLE = [
    ("", []),
    ("— … !? 🙂", []),
    ("Two words", ["two", "words"]),
    ("snake_case, kebab-case; don't", ["snake", "case", "kebab", "case", "don", "t"]),
    ("v1.2 of 2026", ["v1", "2", "of", "2026"]),
    # German
    ("Straße STRASSE strasse STRAẞE", ["strasse"] * 4),
    ("Größenänderung GRÖSSENÄNDERUNG", ["grossenanderung"] * 2),
    # Turkish: a dotless i is an i, as people type what their keyboard has
    ("I ı İ i", ["i"] * 4),
    ("İstanbul ISTANBUL ıstanbul", ["istanbul"] * 3),
    ("Çağrı ŞÖLEN", ["cagri", "solen"]),
    # accents, composed or not
    ("café cafe\u0301 CAFÉ", ["cafe"] * 3),
    ("Đặng Thị Ngọc", ["đang", "thi", "ngoc"]),
    ("ёлка ЁЛКА елка", ["елка"] * 3),
    ("ὈΔΌΣ ὁδός", ["οδοσ"] * 2),
    # other dresses of the same letters
    ("ﬁle Ｆｉｌｅ ①", ["file", "file", "1"]),
    ("x²", ["x2"]),
    # no blanks between words
    ("東京都", ["東京", "京都", "都"]),
    ("搜", ["搜"]),
    ("検索する", ["検索", "索す", "する", "る"]),
    ("が か\u3099 ｶﾞ", ["が", "が", "ガ"]),
    ("한국어 검색", ["한국", "국어", "어", "검색", "색"]),
    ("iPhone用ケース", ["iphone", "用ケ", "ケー", "ース", "ス"]),
    ("𠮷野家", ["𠮷野", "野家", "家"]),
    ("ภาษาไทย", ["ภา", "าษ", "ษา", "าไ", "ไท", "ทย", "ย"]),
    # written with blanks
    ("מַחְשֵׁב", ["מחשב"]),
    ("مُحَرِّك", ["محرك"]),
    ("हिन्दी", ["हनद"]),
    ("x" * 60 + " é" + "y" * 60, ["x" * LONGEST, "e" + "y" * (LONGEST - 1)]),
]


@pytest.mark.parametrize(("text", "expected"), TABLE, ids=[text[:12] for text, _ in TABLE])
def test_a_text_has_these_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(("one", "other"), [("が", "か"), ("schon", "schöner"), ("o", "ø"), ("i", "l")])
def test_other_letters_are_other_words(one: str, other: str) -> None:
    assert words(one) != words(other)


@given(st.text(max_size=30))
def test_words_are_made_of_folded_letters_alone(text: str) -> None:
    for word in words(text):
        assert word.isalnum()
        assert 1 <= len(word) <= LONGEST
        assert fold(word) == word
        assert " " not in word


@given(st.lists(st.text(alphabet="abcXYZ019", min_size=1, max_size=LONGEST), max_size=6))
def test_plain_words_come_in_their_order(some: list[str]) -> None:
    assert words(" / ".join(some)) == [word.lower() for word in some]


@needs_node
def test_a_browser_splits_every_letter_alike() -> None:
    """Letters that this Python doesn't know yet are left out: the browser may."""
    letters = [
        chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code))[0] in "LMNPS"
    ]
    texts = [" ".join(letters[at : at + 500]) for at in range(0, len(letters), 500)]
    texts += ["".join(letters[at : at + 20]) for at in range(0, len(letters), 2000)]
    for text, theirs in zip(texts, in_node({"texts": texts}), strict=True):
        assert words(text) == theirs


@needs_node
def test_a_browser_splits_every_text_alike() -> None:
    texts = [text for text, _ in TABLE]
    assert in_node({"texts": texts}) == [expected for _, expected in TABLE]
