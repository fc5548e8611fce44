"""The files of the search index: small, the same each time, little changed by an edit, and harmless."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from random import Random
from typing import Any

import pytest

from exporter.site.search.index import META, SearchDocument, order, search_files
from tests.site.searching import document

SCRIPT = re.compile(r'searchPart\("([a-z]+(?:/[0-9a-f]{10})?)",("[^\n]*")\);\n')

HOSTILE = [
    "</script><script>window.pwned=1</script>",
    "<!-- <script>",
    "]]>",
    "a\u2028b\u2029c",
    '");window.pwned=1;//',
    "\\",
    '\\"',
    "'`${window.pwned=1}`",
    "nul \x00 and \x1f and \x7f",
    "a lone \ud800 and \udfff",
    "&lt;b&gt; &amp; <b>",
    "line\nbreak\r\ttab",
    "\u202egnitirw drawkcab",
    "__proto__ constructor toString",
]


def files_of(documents: Iterable[SearchDocument]) -> dict[str, bytes]:
    """What is equal has one name, and may come twice."""
    files: dict[str, bytes] = {}
    for path, data in search_files(documents):
        assert files.setdefault(path, data) == data
    return files


def content(data: bytes) -> Any:
    """Of one file; fails where a script is more than one call with one string."""
    match = SCRIPT.fullmatch(data.decode("utf-8"))
    assert match is not None
    return json.loads(json.loads(match[2]))


def kinds(paths: Iterable[str]) -> list[str]:
    return sorted(path.split("/")[1].removesuffix(".js") for path in paths)


@cache
def many() -> Sequence[SearchDocument]:
    """Enough for a good number of files."""
    draw = Random(0)
    syllables = [a + b for a in "bdfgklmnprst" for b in "aeiou"]
    known = ["".join(draw.choices(syllables, k=draw.randint(2, 5))) for _ in range(20_000)]
    return [
        document(number, " ".join(draw.choices(known, k=3)), " ".join(draw.choices(known, k=120)))
        for number in range(1000, 2000)
    ]


@cache
def files_of_many() -> dict[str, bytes]:
    return files_of(many())


# --- the same, and little changed -----------------------------------------------------


def test_the_same_documents_make_the_same_files_whatever_the_hash_seed() -> None:
    program = (
        "import hashlib; from exporter.site.search.index import SearchDocument, search_files;"
        "text = 'zoo Ärger 東京 beta gamma delta alpha ' * 2;"
        "pages = [SearchDocument(str(at), 'p', text, [], [text], [text], text, [text]) for at in range(40)];"
        "print(hashlib.sha256(repr(list(search_files(pages))).encode()).hexdigest())"
    )
    seen = {
        subprocess.check_output((sys.executable, "-c", program), env={**os.environ, "PYTHONHASHSEED": seed})
        for seed in ("1", "2")
    }
    assert len(seen) == 1


def test_a_file_is_named_by_what_it_holds() -> None:
    for path, data in files_of_many().items():
        if path != META:
            match = SCRIPT.fullmatch(data.decode())
            assert match is not None
            assert path == f"search/{match[1]}.js"
            assert path.endswith(f"/{hashlib.sha256(json.loads(match[2]).encode()).hexdigest()[:10]}.js")


def test_one_edited_document_changes_few_files() -> None:
    before = files_of_many()
    assert len(before) > 80
    edited = [*many()]
    edited[500] = replace(edited[500], text=edited[500].text + " zanzibar")
    after = files_of(edited)
    fresh = {path for path, data in after.items() if before.get(path) != data}
    # A word more is one file of words; where it may end, its neighbour too.
    assert kinds(fresh) in (
        ["meta", "terms", "texts", "vocabulary"],
        ["meta", "terms", "terms", "texts", "vocabulary"],
    )


def test_an_exchanged_title_leaves_most_files_as_they_are() -> None:
    before = files_of_many()
    edited = [*many()]
    edited[500] = replace(edited[500], title="Zanzibar and Madagascar")
    fresh = {path for path, data in files_of(edited).items() if before.get(path) != data}
    assert len(fresh) <= 14


def test_a_new_document_moves_no_other() -> None:
    before = files_of_many()
    words = many()[0].text.split()[:5]
    after = files_of([*many(), document(9000, "Latest", " ".join(words))])
    fresh = [path for path, data in after.items() if before.get(path) != data]
    assert kinds(fresh).count("texts") == 1
    assert kinds(fresh).count("terms") <= 7


def test_ids_of_any_length_are_in_the_order_in_which_they_grow() -> None:
    assert sorted(["10", "9", "100", "99"], key=order) == ["9", "10", "99", "100"]


@pytest.mark.parametrize("ids", [(2, 1), (10, 9), (1, 1)])
def test_documents_out_of_order_are_refused(ids: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=f"document {ids[1]} after {ids[0]}"):
        files_of([document(number, "Title") for number in ids])


def test_a_whole_file_of_documents_does_not_hide_that_the_next_is_out_of_order() -> None:
    with pytest.raises(ValueError, match="document 1 after 115"):
        files_of([document(number, "Title") for number in [*range(100, 116), 1]])


# --- what they hold -------------------------------------------------------------------


def test_nothing_is_written_but_the_frame_where_there_is_no_document() -> None:
    files = files_of([])
    assert content(files[META]) == {
        "documents": "",
        "texts": [],
        "terms": [],
        "vocabulary": content(files[META])["vocabulary"],
    }
    assert set(kinds(files)) == {"meta", "vocabulary"}


def test_the_last_file_is_the_one_that_names_all_others() -> None:
    *others, last = list(search_files(many()[:100]))
    assert last[0] == META
    meta = content(last[1])
    named = {
        *(f"search/texts/{name}.js" for name in meta["texts"]),
        *(f"search/terms/{name}.js" for name in meta["terms"][1::2]),
        *(f"search/vocabulary/{name}.js" for name in meta["vocabulary"]),
    }
    assert named == {path for path, _ in others}


@pytest.mark.parametrize("text", HOSTILE)
def test_what_people_write_stays_a_string(text: str) -> None:
    page = replace(
        document(1, text, text, headings=[text], labels=[text], attachments=[text]), breadcrumb=[text]
    )
    files = files_of([page])
    for data in files.values():
        script = data.decode("utf-8")
        assert SCRIPT.fullmatch(script)
        assert not re.search("[<\u2028\u2029]", script)
        assert content(data) is not None
    (texts,) = (data for path, data in files.items() if path.startswith("search/texts/"))
    ((address, title, breadcrumb, shown),) = content(texts)
    assert (address, title, breadcrumb) == ("pages/1.html", text, [text])
    assert shown.split() == f"{text} {text}".split()


def test_words_of_a_file_are_sorted_as_browsers_sort_them() -> None:
    """Else a binary search misses those beyond the basic plane."""
    files = files_of([document(1, "ﾀ 𠮷 豈 𝔘 zebra Ωmega 東京 ꯀ")])
    (terms,) = (content(data) for path, data in files.items() if path.startswith("search/terms/"))
    split = terms[0].split(" ")
    assert split == sorted(split, key=lambda word: word.encode("utf-16-be"))
    assert len(split) == len(terms[1].split(" "))


# --- bounds ---------------------------------------------------------------------------


def test_files_of_words_have_a_bounded_size() -> None:
    sizes = [len(data) for path, data in files_of_many().items() if path.startswith("search/terms/")]
    assert len(sizes) > 5
    assert max(sizes) < 190_000
    assert all(size > 30_000 for size in sorted(sizes)[1:])  # all but the last


def test_the_list_of_a_word_that_is_everywhere_has_files_of_its_own() -> None:
    pages = [document(number, "often often often often often") for number in range(10_000, 30_500)]
    pages.append(document(30_500, "seldom"))
    files = files_of(pages)
    assert kinds(files).count("lists") == 2
    (terms,) = (content(data) for path, data in files.items() if path.startswith("search/terms/"))
    assert terms[0] == "often seldom"
    often, seldom = terms[1].split(" ")
    assert not seldom.startswith("=")
    names = often.removeprefix("=").split(".")
    assert "=" + ".".join(names) == often
    assert sum(len(content(files[f"search/lists/{name}.js"])) for name in names) > 60_000


def test_endless_words_and_counts_stay_small() -> None:
    files = files_of([document(1, "x" * 100_000, "again " * 50_000)])
    assert sum(len(data) for path, data in files.items() if path.startswith("search/terms/")) < 200
