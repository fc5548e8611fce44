"""The pages that `benchmarks.search` searches: real texts, or made-up ones, as often as it takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from lxml import html

from exporter.site.search.index import SearchDocument

_STEP = 7
_KNOWN = 400_000
_TAIL = 12
_TITLE = 4
_SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "er")]


@dataclass(frozen=True, slots=True)
class Pages:
    """`count` documents made of `real` ones; the first of them are those as they are."""

    real: Sequence[SearchDocument]
    count: int

    def __iter__(self) -> Iterator[SearchDocument]:
        return map(self.document, range(self.count))

    def document(self, number: int) -> SearchDocument:
        """Later ones have rare words of their own: a vocabulary grows with its pages."""
        page, ident = self.real[number % len(self.real)], str(100_000 + number)
        text = page.text if number < len(self.real) else f"{page.text} {' '.join(_rare_words(number))}"
        return replace(page, id=ident, address=f"pages/{ident}.html", title=self.title(number), text=text)

    def title(self, number: int) -> str:
        """Later ones are made of two."""
        again, at = divmod(number, len(self.real))
        title = self.real[at].title
        if again:
            title += f" {self.real[(at + again * _STEP) % len(self.real)].title}"
        return f"{title} {again}" if again * _STEP >= len(self.real) else title

    def with_heading(self, heading: str, address: str) -> bool:
        """Whether the document at `address` has that heading."""
        number = int(Path(address).stem) - 100_000
        return heading in self.real[number % len(self.real)].headings


def of_corpus(folder: Path) -> list[SearchDocument]:
    """The real pages in a folder of reference material, as Confluence itself renders them."""
    lines = (folder / "activemq-titles.tsv").read_text(encoding="utf-8").splitlines()[1:]
    rows = (line.split("\t") for line in lines)
    titles = {path.replace("/", "_").removesuffix(".xml"): title for path, _, title in rows}
    return [_of_file(path, titles) for path in sorted((folder / "view").glob("activemq__*.html"))]


def _of_file(path: Path, titles: dict[str, str]) -> SearchDocument:
    tree = html.fromstring(f"<div>{path.read_text(encoding='utf-8')}</div>")
    for foreign in tree.xpath("//script|//style"):
        foreign.drop_tree()
    headings = [" ".join(each.text_content().split()) for each in tree.xpath("//h1|//h2|//h3|//h4|//h5|//h6")]
    name = path.stem.partition("__")[2]
    title = titles.get(name) or name.replace("-", " ").replace("_", " ").title()
    return _document(title, headings, " ".join(tree.itertext()))


def made_up(count: int, seed: int) -> list[SearchDocument]:
    """Where there is nothing real: words as frequent as they are in a language, without its sense."""
    draw = Random(seed)  # noqa: S311
    known = [_word(number) for number in range(20 * count)]
    likely = [1 / (rank + 10) for rank in range(len(known))]
    pages = []
    for _ in range(count):
        headings = [" ".join(draw.choices(known, k=3)) for _ in range(4)]
        text = draw.choices(known, likely, k=300)
        pages.append(
            _document(" ".join(draw.choices(known, k=_TITLE)), headings, " ".join([*headings, *text]))
        )
    return pages


def _document(title: str, headings: Sequence[str], text: str) -> SearchDocument:
    return SearchDocument("", "", title, ("Home", "Guide"), headings, (), text, ())


def _word(number: int) -> str:
    """Another one for each number, the shorter the lower it is."""
    number += len(_SYLLABLES)
    parts = []
    while number:
        number, part = divmod(number, len(_SYLLABLES))
        parts.append(_SYLLABLES[part])
    return "".join(parts)


def _rare_words(number: int) -> list[str]:
    draw = Random(number)  # noqa: S311
    return [_word(int(_KNOWN ** draw.random())) for _ in range(_TAIL)]
