"""The script of the search as Node runs it: which pages a query finds, and what it shows of them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from benchmarks.search import known_items, missed_items
from benchmarks.search_pages import Pages, made_up, of_corpus
from exporter.site.search.index import SearchDocument
from tests.site.searching import Answer, document, find, in_node, needs_node, write
from tests.site.test_search import HOSTILE

pytestmark = needs_node

REFERENCE = "CONFLUENCE_EXPORT_REFERENCE"

PAGES = [
    document(1, "Fog signals", "Horns and bells. The lamp room is above.", headings=["When the horn fails"]),
    document(2, "Lamp room", "Clean the lens. Fog on the glass is wiped off, signals are not touched here."),
    document(3, "New in version 5.6", "failover transport " * 30 + "and much else"),
    document(
        4, "Failover Transport Reference", "How a client finds another broker.", headings=["Using Randomize"]
    ),
    document(5, "Transport", "All transports. Failover is one of them."),
    document(6, "Größenänderung der Straße", "Maße stehen im Anhang. Über die Grüße."),
    document(7, "İstanbul'da çalışma", "Ilık ışık. Kırmızı ve yeşil fenerler."),
    document(8, "検索の使い方", "東京都の灯台は毎晩点灯します。"),
    document(9, "搜索指南", "我们在北京大学学习如何搜索文档。"),
    document(10, "검색 안내", "한국어 문서를 검색하는 방법을 설명합니다."),
    document(11, "Café opening hours", "Crème brûlée on Sundays."),
    document(
        12, "Kitchen", "Kettle, tea and a roster.", labels=["housekeeping"], attachments=["duty-roster.pdf"]
    ),
    document(13, "Empty page"),
    document(14, "Kyoto", "京 and 都 apart from each other, and 東 too"),
    document(15, "Petition for a kettle", "We, the undersigned, want a better one."),
    document(16, "Long words", "x" * 60),
]


FIRST = [
    # part of a title is worth more than many mentions
    ("failover transport", "4"),
    ("transport", "5"),
    ("lamp", "2"),
    # headings, labels, attachments
    ("when the horn fails", "1"),
    ("using randomize", "4"),
    ("housekeeping", "12"),
    ("roster", "12"),
    ("duty-roster.pdf", "12"),
    # while it is being typed
    ("peti", "15"),
    ("fail", "4"),
    ("failover tra", "4"),
    ("t", "5"),
    # without regard to case, marks, and dress
    ("STRASSE", "6"),
    ("strasse", "6"),
    ("straße", "6"),
    ("GRÖSSENÄNDERUNG", "6"),
    ("grossenanderung", "6"),
    ("uber", "6"),
    ("istanbul", "7"),
    ("ISTANBUL", "7"),
    ("İSTANBUL", "7"),
    ("ışık", "7"),
    ("isik", "7"),
    ("kirmizi", "7"),
    ("cafe", "11"),
    ("cre\u0300me brulee", "11"),
    # scripts without blanks: any part of a word
    ("検索", "8"),
    ("東京", "8"),
    ("京都", "8"),
    ("灯台", "8"),
    ("北京大学", "9"),
    ("大学", "9"),
    ("搜索文档", "9"),
    ("한국어", "10"),
    ("검색", "10"),
    ("문서", "10"),
    ("방법", "10"),
    # longer than what counts
    ("x" * 55, "16"),
]

TYPOS = [
    ("failovr transport", "4"),  # one less
    ("failoover transport", "4"),  # one more
    ("failiver transport", "4"),  # another
    ("faiolver transport", "4"),  # two swapped
    ("gailover transport", "4"),  # even the first
    ("failover transprot", "4"),
    ("failover trasnport reference", "4"),
    ("lmp room", "2"),
    ("undresigned", "15"),
]

ALL_WORDS = [
    ("fog", {"1", "2"}),
    ("fog lens", {"2"}),
    ("lens fog", {"2"}),
    ("kettle", {"12", "15"}),
    ("kettle undersigned", {"15"}),
    ("京都", {"8"}),
    ("transport", {"3", "4", "5"}),  # and nothing like it
    ("trans", {"3", "4", "5"}),
    ("trans ", set()),  # a word that is finished is not the beginning of another
]

NOWHERE = [
    "zzzqqq",
    "東北",
    "",
    " ",
    "!?",
    "()[]*+\\",
    "constructor",
    "__proto__",
    "y" * 5000,
    "zzzqqq zzzqqp",
]

OTHERS = ["glass signals", "fog sig", "東京都", "kettle zzzqqq", "kettle horns"]

Ask = Callable[[str], Answer]


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """All at once: Node takes longer to start than to answer."""
    queries = [page.title for page in PAGES] + [query for query, _ in [*FIRST, *TYPOS, *ALL_WORDS]]
    queries += NOWHERE + OTHERS
    root = write(tmp_path_factory.mktemp("search"), PAGES)
    return dict(zip(queries, find(root, queries), strict=True)).__getitem__


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.title)
def test_the_title_of_a_page_finds_it_first(page: SearchDocument, ask: Ask) -> None:
    assert ask(page.title).ids[0] == page.id


@pytest.mark.parametrize(("query", "first"), FIRST)
def test_a_query_finds_a_page_first(query: str, first: str, ask: Ask) -> None:
    assert ask(query).ids[:1] == [first]


@pytest.mark.parametrize(("query", "first"), TYPOS)
def test_a_typo_is_forgiven(query: str, first: str, ask: Ask) -> None:
    assert ask(query).ids[:1] == [first]
    assert not ask(query).lacking


@pytest.mark.parametrize(("query", "found"), ALL_WORDS)
def test_all_words_must_be_there(query: str, found: set[str], ask: Ask) -> None:
    answer = ask(query)
    assert set(answer.ids) == found
    assert answer.total == len(found)


@pytest.mark.parametrize("query", NOWHERE)
def test_what_is_nowhere_is_not_found(query: str, ask: Ask) -> None:
    assert (ask(query).total, ask(query).ids) == (0, [])


@pytest.mark.parametrize(
    ("query", "found"), [("kettle zzzqqq", {"12", "15"}), ("kettle horns", {"1", "12", "15"})]
)
def test_where_no_page_has_all_words_those_count_that_have_all_but_one(
    query: str, found: set[str], ask: Ask
) -> None:
    assert set(ask(query).ids) == found
    assert ask(query).lacking == 1


def test_words_side_by_side_come_before_words_apart(tmp_path: Path) -> None:
    filler = " ".join(["other words of no matter"] * 5)
    pages = [
        document(1, "One", f"glass {filler} lamp {filler}"),
        document(2, "Two", f"lamp glass {filler} {filler}"),
        document(3, "Three", f"glass lamp {filler} {filler}"),
    ]
    root = write(tmp_path, pages)
    assert [answer.ids[0] for answer in find(root, ["lamp glass", "glass lamp"])] == ["2", "3"]


def test_hostile_pages_are_found_and_shown_as_text(tmp_path: Path) -> None:
    pages = [document(at, text, f"needle{at} {text}") for at, text in enumerate(HOSTILE)]
    answers = list(find(write(tmp_path, pages), [f"needle{at} " for at in range(len(HOSTILE))]))
    for at, (text, answer) in enumerate(zip(HOSTILE, answers, strict=True)):
        assert answer.ids == [str(at)]
        shown = "".join(piece for piece, _ in answer.snippet)
        assert shown == " ".join(f"needle{at} {text}".split())


# --- what is shown --------------------------------------------------------------------


def test_a_piece_of_the_text_shows_the_words_marked(ask: Ask) -> None:
    marked = [text for text, is_marked in ask("glass signals").snippet if is_marked]
    assert marked == ["glass", "signals"]


def test_the_piece_is_short_and_from_where_the_words_are(tmp_path: Path) -> None:
    before, after = "before " * 500, " after" * 500
    root = write(tmp_path, [document(1, "Long", f"{before}the needle{after}")])
    (answer,) = find(root, ["needle"])
    shown = "".join(text for text, _ in answer.snippet)
    assert "the needle after" in shown
    assert len(shown) < 200
    assert shown.startswith("… ")
    assert shown.endswith(" …")


MARKED = [
    ("The lamp, lamps and a clamp", "lamp", ["lamp"]),
    ("The lamp, lamps and a clamp", "lamp*", ["lamp", "lamps"]),
    ("STRASSE, Straße", "strasse", ["STRASSE", "Straße"]),
    ("cafe\u0301 CAFÉ", "cafe", ["cafe\u0301", "CAFÉ"]),
    ("İSTANBUL ıstanbul", "istanbul", ["İSTANBUL", "ıstanbul"]),
    ("東京都の灯台", "東京 京都", ["東京都"]),
    ("東京都の灯台", "灯台", ["灯台"]),
    ("iPhone用ケース", "iphone", ["iPhone"]),
    ("검색하는 방법", "검색", ["검색"]),
    ("nothing", "", []),
    ("", "lamp", []),
]


def test_marks_are_where_the_words_are() -> None:
    answers = in_node({"marks": [(text, query) for text, query, _ in MARKED]})
    assert answers == [expected for _, _, expected in MARKED]


def test_the_address_of_a_result_says_what_to_mark(ask: Ask) -> None:
    assert ask("fog sig").shown == "fog sig*"
    assert ask("東京都").shown == "東京 京都"


# --- real pages -----------------------------------------------------------------------


@pytest.mark.skipif(not os.environ.get(REFERENCE), reason=f"{REFERENCE} names no folder of real pages")
def test_real_pages_are_found_by_what_people_type(tmp_path: Path) -> None:
    real = of_corpus(Path(os.environ[REFERENCE]) / "corpus")
    pages = Pages(real, len(real))
    ranks = known_items(write(tmp_path, pages), pages, asked=120, draw=Random(0))
    assert list(missed_items(ranks, is_real=True)) == []


def test_made_up_pages_are_found_by_what_people_type(tmp_path: Path) -> None:
    """A short run of what the benchmark does."""
    pages = Pages(made_up(150, seed=0), 200)
    ranks = known_items(write(tmp_path, pages), pages, asked=60, draw=Random(0))
    assert list(missed_items(ranks, is_real=True)) == []
    assert {len(some) for some in ranks.values()} == {60}
