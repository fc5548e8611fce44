"""The readable tree of the sample space: what lands on disk, what later runs do to it, what MkDocs says."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import pytest
from markdown_it.token import Token as Piece

from exporter.clock import SystemClock
from exporter.emulator import FULL_SCOPES, Emulator, Token
from exporter.emulator.sample import sample_world
from exporter.errors import Exit, LocalError
from exporter.mirror.opening import open_mirror
from exporter.rendering import Made, render_all, write_markdown
from exporter.site.markdown.anchors import slug
from tests.end_to_end.running import cli, mirror_here
from tests.site.markdown_read import PARSER

ROBOT = Token("sample-secret", "mirror.robot@keepers.example", scopes=FULL_SCOPES)
MKDOCS = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"]
STRICTER = """\
INHERIT: mkdocs.yml
validation:
  anchors: warn
  absolute_links: warn
  unrecognized_links: warn
  nav:
    omitted_files: warn
"""
needs_mkdocs = pytest.mark.skipif(
    not (find_spec("mkdocs") and find_spec("pymdownx")), reason="needs mkdocs and pymdown-extensions"
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sample")
    asyncio.run(_mirror(out))
    return out


async def _mirror(out: Path) -> None:
    async with Emulator(sample_world(), [ROBOT]) as emulator:
        run = await mirror_here(
            emulator, out, token=ROBOT, space=("DEMO",), markdown=True, site_aliases=("keepers.example",)
        )
    assert run.exit is Exit.OK, run.problems()
    assert run.site is None
    assert run.markdown is not None
    assert run.markdown["pages"] == run.markdown["rendered"] > 30


@pytest.fixture
def out(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "out", copy_function=shutil.copy2))


async def render_again(out: Path) -> Made:
    async with open_mirror(out / "DEMO", mode=0o600, clock=SystemClock()) as mirror:
        return await write_markdown(mirror, out, mode=0o600)


def files_in(root: Path) -> dict[str, tuple[int, int]]:
    """Path → moment of the last change, and inode."""
    stats = {path.relative_to(root).as_posix(): path.stat() for path in root.rglob("*") if path.is_file()}
    return {path: (status.st_mtime_ns, status.st_ino) for path, status in stats.items()}


def pages_in(docs: Path) -> list[Path]:
    return sorted(path for path in docs.rglob("*.md"))


def page_of(docs: Path, item_id: str) -> Path:
    (found,) = [path for path in pages_in(docs) if f'\nid: "{item_id}"\n' in path.read_text("utf-8")]
    return found


@cache
def pieces(page: Path) -> list[Piece]:
    tokens = PARSER.parse(page.read_text("utf-8").split("\n---\n", 1)[1])
    return [piece for token in tokens for piece in (token, *(token.children or ()))]


def addresses_in(page: Path) -> list[str]:
    return [str(piece.attrs.get("href") or piece.attrs.get("src")) for piece in pieces(page) if piece.attrs]


@cache
def places_in(page: Path) -> set[str]:
    found = pieces(page)
    titles = [after for before, after in pairwise(found) if before.type == "heading_open"]
    words = ["".join(child.content for child in each.children or ()) for each in titles]
    return {*map(slug, words), *re.findall(r'<a id="([^"]*)">', page.read_text("utf-8"))}


def test_every_link_leads_to_a_file_or_a_place_in_one(made: Path) -> None:
    docs = made / "DEMO/markdown/docs"
    followed = 0
    for page in pages_in(docs):
        for address in addresses_in(page):
            if re.match(r"[a-z]+:", address):
                continue
            path, _, fragment = unquote(address).partition("#")
            target = (page.parent / path).resolve() if path else page
            assert target.is_file(), (page, address)
            assert target.is_relative_to(docs)
            assert not fragment or fragment in places_in(target), (page, address)
            followed += 1
    assert followed > 100


def test_every_attachment_is_there_and_shares_its_bytes_with_the_original(made: Path) -> None:
    raw, files = made / "DEMO/raw/attachments", made / "DEMO/markdown/docs/files"
    originals = {path.relative_to(raw): path for path in raw.glob("*/*")}
    assert originals
    for path, original in originals.items():
        assert (files / path).samefile(original)


def test_front_matter_says_what_a_page_is(made: Path) -> None:
    post = next((made / "DEMO/markdown/docs/blog/2026").glob("*Gulls*"))
    assert post.name == "2026-01-09 The Night the Gulls Took Over.md"
    head, text = post.read_text("utf-8").split("\n---\n", 1)
    lines = dict(line.split(": ", 1) for line in head.splitlines()[1:])
    assert lines["title"] == '"The Night the Gulls Took Over"'
    assert lines["space"] == '"DEMO"'
    assert lines["kind"] == '"blogpost"'
    assert lines["author"] == '"Old Plover"'
    assert lines["created"] == "2026-01-09T08:20:00.000Z"
    assert lines["version"] == "1"
    assert lines["labels"] == lines["tags"] == '["gulls"]'
    assert lines["source"].startswith('"http')
    assert text.startswith("\n# The Night the Gulls Took Over\n")
    assert "> [!quote] Bo Barnacle, 9 January 2026, 10:00 UTC" in text


async def test_a_second_run_writes_nothing(out: Path) -> None:
    before = files_in(out / "DEMO/markdown")
    assert await render_again(out) == Made(len(pages_in(out / "DEMO/markdown/docs")), 0, 0, 0)
    assert files_in(out / "DEMO/markdown") == before


async def test_a_renamed_page_moves_its_links_follow_and_what_is_not_ours_stays(out: Path) -> None:
    root = out / "DEMO/markdown"
    docs = root / "docs"
    lamp = page_of(docs, "131120")
    assert lamp.name == "The Lamp.md"
    foreign = {root / "own.yml", docs / ".obsidian/app.json", docs / "The Lamp/a note.md", docs / "a note.md"}
    for path in foreign:
        path.parent.mkdir(exist_ok=True)
        path.write_text("mine")
    before = files_in(root)
    metadata = out / "DEMO/raw/pages/131120.json"
    metadata.write_text(metadata.read_text("utf-8").replace('"The Lamp"', '"The Great Lamp"'), "utf-8")

    done = await render_again(out)
    assert page_of(docs, "131120") == docs / "The Great Lamp.md"
    assert not lamp.exists()
    assert (docs / "The Great Lamp/Lens Care.md").is_file()
    assert "(The%20Great%20Lamp.md)" in (docs / "index.md").read_text("utf-8")
    assert all(path.read_text() == "mine" for path in foreign)
    assert list((docs / "The Lamp").rglob("*")) == [docs / "The Lamp/a note.md"]
    after = files_in(root)
    untouched = [path for path in before if after.get(path) == before[path]]
    assert 15 < len([path for path in untouched if path.endswith(".md")]) < len(pages_in(docs)) - done.removed
    assert await render_again(out) == Made(done.pages, 0, 0, 0)


async def test_what_somebody_removed_comes_back(out: Path) -> None:
    docs = out / "DEMO/markdown/docs"
    (docs / "The Lamp.md").unlink()
    assert (await render_again(out)).written == 1
    assert (docs / "The Lamp.md").is_file()


async def test_a_link_in_the_place_of_a_folder_is_not_followed(out: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    docs = out / "DEMO/markdown/docs"
    shutil.rmtree(docs)
    docs.symlink_to(elsewhere)
    with pytest.raises(LocalError):
        await render_again(out)
    assert not list(elsewhere.iterdir())


async def test_the_command_line_writes_it_on_request_only(out: Path) -> None:
    shutil.rmtree(out / "DEMO/markdown")
    (plain,) = await render_all(out, ())
    assert plain.exit is Exit.OK
    assert not (out / "DEMO/markdown").exists()
    asked = await cli("render", out, "--json", "--markdown", env={})
    assert asked.code == 0
    assert asked.document["spaces"][0]["markdown"]["written"] > 50
    assert (out / "DEMO/markdown/mkdocs.yml").is_file()


@needs_mkdocs
def test_mkdocs_builds_it_without_a_warning(out: Path) -> None:
    root = out / "DEMO/markdown"
    (root / "own.yml").write_text(STRICTER)
    command = [*MKDOCS, "-f", str(root / "own.yml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert (root / "html/index.html").is_file()
    assert json.loads((root / "html/search/search_index.json").read_text("utf-8"))["docs"]
