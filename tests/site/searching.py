"""A site that has nothing but its search, and questions to it that Node answers with its own script."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from exporter.site.pages import static
from exporter.site.pages.templates import Templates
from exporter.site.search import index as search
from exporter.site.search.index import SearchDocument
from exporter.site.views import Site

CORE = Path(search.__file__).parents[1] / "pages/assets/search-core.js"
RUNNER = Path(__file__).with_name("search_in_node.js")

needs_node = pytest.mark.skipif(
    shutil.which("node") is None, reason="node isn't installed: the script of the search can't run"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """`snippet` are pieces of the text of the first result, and whether they are marked."""

    total: int
    addresses: Sequence[str]
    snippet: Sequence[tuple[str, bool]]
    shown: str
    lacking: int

    @property
    def ids(self) -> list[str]:
        return [Path(address).stem for address in self.addresses]


def document(
    number: int,
    title: str,
    text: str = "",
    *,
    headings: Sequence[str] = (),
    labels: Sequence[str] = (),
    attachments: Sequence[str] = (),
) -> SearchDocument:
    """The text is its headings and `text`, as on a page."""
    return SearchDocument(
        id=str(number),
        address=f"pages/{number}.html",
        title=title,
        breadcrumb=("Home",),
        headings=headings,
        labels=labels,
        text=" ".join([*headings, text]),
        attachments=attachments,
    )


def write(root: Path, documents: Iterable[SearchDocument]) -> Path:
    for name, data in search.search_files(documents):
        _put(root / name, data)
    return root


def make_site(root: Path, documents: Sequence[SearchDocument]) -> Path:
    """With a home page and the documents' own, all of which are empty but for their frame."""
    templates = Templates(Site("KEY", "A space with a name that is rather long"))
    _put(root / "index.html", templates.labels([]).encode())
    for each in documents:
        _put(root / each.address, templates.label(each.title, []).encode())
    for name, data in static.assets():
        _put(root / "assets" / name, data)
    for name in ("nav.js", "mirrored.js"):
        _put(root / "assets" / name, b"")
    return write(root, documents)


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def find(root: Path, queries: Sequence[str]) -> Iterator[Answer]:
    for answer in in_node({"root": str(root), "queries": queries}):
        snippet = [(text, marked) for text, marked in answer["snippet"]]
        yield Answer(answer["total"], answer["addresses"], snippet, answer["address"], answer["lacking"])


def in_node(asked: object) -> Any:
    done = subprocess.run(
        ("node", str(RUNNER), str(CORE)), input=json.dumps(asked), capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)
