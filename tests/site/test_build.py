"""Which files a site has, in which order they are made, and which of them are made again."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.site.build import Build, Link, Step, Write
from exporter.site.cache import open_cache
from exporter.site.pages import navigation
from exporter.site.search import index as search
from tests.site.changing import BODIES, CHANGES, IDS, Space


@pytest.fixture
def space(tmp_path: Path) -> Space:
    return Space(tmp_path)


class Site:
    """What `rendering` does with the steps, without a disk."""

    def __init__(self, space: Space, cache: str = "cache") -> None:
        self._space, self._cache = space, space.root / cache
        self.files: dict[str, bytes] = {}

    def build(self, *, mirrored_at: str = "") -> Build:
        present = {path: len(data) for path, data in self.files.items()}
        with open_cache(self._cache, version="1") as cache:
            build = Build(self._space.read(), cache, present=present, mirrored_at=mirrored_at)
            self.steps: list[Step] = list(build.steps())
        for step in self.steps:
            if isinstance(step, Write):
                self.files[step.path] = step.data
            elif isinstance(step, Link):
                self.files[step.path] = (self._space.folder.root / step.original).read_bytes()
        self.files = {path: self.files[path] for path in build.made}
        return build

    @property
    def paths(self) -> list[str]:
        """In the order in which they were made."""
        return [step.path for step in self.steps if step is not None]

    def pages(self) -> set[str]:
        return {path for path in self.paths if path.startswith("pages/")}


@pytest.fixture
def site(space: Space) -> Site:
    return Site(space)


def test_bodies_come_first_then_pages_in_reading_order_then_what_lists_them(site: Site) -> None:
    build = site.build()
    assert site.steps[: len(BODIES) + 1] == [None] * (len(BODIES) + 1)
    assert build.pages == build.rendered == len(BODIES) + 1
    pages = [f"pages/{each}.html" for each in (*IDS.values(), "90")]
    assert site.paths[: len(pages)] == pages
    assert site.paths[len(pages)] == "index.html"
    kinds = list(dict.fromkeys(path.partition("/")[0] for path in site.paths if "/" in path))
    assert kinds == ["pages", "assets", "files", "search"]
    assert [path for path in site.paths if path.startswith("search/")][-1] == search.META
    assert len({step for step in site.steps if step is not None}) == len(build.made)  # none is made twice
    assert {*site.paths} == build.made


def test_where_nothing_changed_no_page_is_made(site: Site) -> None:
    site.build()
    before = dict(site.files)
    build = site.build()
    assert build.rendered == 0
    assert site.pages() == set()
    assert not any(path.startswith("search/") for path in site.paths)
    assert site.files == before


def test_the_moment_of_the_mirror_stands_in_two_files(site: Site) -> None:
    site.build(mirrored_at="2026-01-05T09:12:00+00:00")
    before = dict(site.files)
    site.build(mirrored_at="2026-01-06T09:12:00+00:00")
    changed = {path for path, data in site.files.items() if before[path] != data}
    assert changed == {"report.html", navigation.MIRRORED}


@pytest.mark.parametrize(
    "change",
    [
        "the title of a link's target",
        "a label",
        "an attachment replaced",
        "a comment is resolved",
        "who wrote a comment",
        "an ancestor's place",
        "a page gone",
    ],
)
def test_after_a_change_the_site_is_as_if_made_anew(change: str, space: Space, site: Site) -> None:
    site.build()
    CHANGES[change][0](space)
    site.build()
    fresh = Site(space, "fresh")
    fresh.build()
    assert site.files == fresh.files


def test_one_edited_page_changes_few_files(space: Space, site: Site) -> None:
    site.build()
    before = dict(site.files)
    space.write("plain", body="<p>Edited</p>", day="02")
    site.build()
    changed = {path for path, data in site.files.items() if before.get(path) != data}
    assert {path for path in changed if not path.startswith("search/")} == {
        f"pages/{IDS['plain']}.html",
        f"pages/{IDS['latest']}.html",
        "index.html",
        "changes.html",
    }


def test_a_page_that_is_not_whole_is_made_anew(site: Site) -> None:
    site.build()
    before = dict(site.files)
    site.files["pages/3.html"] = b""
    del site.files["pages/5.html"]
    build = site.build()
    assert site.pages() == {"pages/3.html", "pages/5.html"}
    assert build.rendered == 0
    assert site.files == before


@pytest.mark.parametrize("kind", ["search/texts/", "search/meta.js"])
def test_a_search_that_is_not_whole_is_made_anew(kind: str, site: Site) -> None:
    site.build()
    before = dict(site.files)
    path = next(path for path in site.files if path.startswith(kind))
    del site.files[path]
    site.build()
    assert path in site.paths
    site.files[path] = site.files[path][:-1]
    site.build()
    assert path in site.paths
    assert site.files == before


def test_after_a_run_that_was_killed_a_page_that_is_as_it_was_once_is_made_anew(
    space: Space, site: Site
) -> None:
    space.write("plain", labels=["right"])
    site.build()
    before = dict(site.files)
    with open_cache(space.root / "cache", version="1"):
        killed = (space.root / "cache").read_bytes()  # what the disk has of a run that is under way
    space.write("plain", labels=["wrong"])
    site.build()
    (space.root / "cache").write_bytes(killed)
    space.write("plain", labels=["right"])
    site.build()
    assert site.files == before


def test_what_is_gone_is_not_among_the_files(space: Space, site: Site) -> None:
    first = site.build().made
    space.folder.remove("90", kind="blogpost")
    (space.folder.root / "raw/attachments/att1/a.png").unlink()
    assert first - site.build().made >= {"pages/90.html", "blog.html", "files/att1/a.png"}


def test_a_body_that_fails_is_counted_and_its_source_is_on_its_page(
    space: Space, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object, **__: object) -> None:
        raise ValueError

    monkeypatch.setattr("exporter.site.bodies.render_body", failing)
    build = site.build()
    assert build.problems == len(BODIES) + 2  # a post and a comment
    assert b"&lt;p&gt;No questions&lt;/p&gt;" in site.files[f"pages/{IDS['plain']}.html"]
    assert b"&lt;ac:structured-macro" in site.files["index.html"]
    assert site.files["report.html"].count(b"could not be rendered (ValueError)") == build.problems
