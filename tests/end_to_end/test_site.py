"""The offline site as its readers find it after runs of the program: whole, up to date, and not another's."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
from collections.abc import Mapping
from pathlib import Path

import pytest

import exporter
from exporter.app import Options
from exporter.emulator import Content, Emulator, World
from exporter.errors import Exit
from exporter.rendering import render_all
from exporter.site import addresses
from exporter.site.assemble import UNLISTED
from exporter.site.pages import navigation
from exporter.summary import SpaceRun
from tests.end_to_end.conftest import Mirrors, Serve
from tests.end_to_end.disk import sha256, tree
from tests.end_to_end.rich import Rich, rich
from tests.end_to_end.running import TOKEN, FastClock, cli, mirror, mirror_here
from tests.end_to_end.worlds import Sample
from tests.site.active_content import active_content
from tests.site.link_checker import faults, is_page
from tests.site.payloads import PAYLOADS, hostile_world

OURS = frozenset({"form", "math"})
"""Elements that could act in other hands: the search, and formulas."""
OF_THE_MOMENT = {addresses.REPORT, navigation.MIRRORED}
"""The two files that say when the mirror was made."""
ENGLISH = {"TZ": "Asia/Kathmandu", "LC_ALL": "C", "PYTHONHASHSEED": "1"}
OFFLINE = """
import sys


def refuse(event: str, arguments: object) -> None:
    if event in ("socket.connect", "socket.getaddrinfo", "socket.bind", "socket.sendto"):
        raise PermissionError(event)


sys.addaudithook(refuse)
"""
"""What Python runs first, so that no network can be asked for anything."""
KILLED = """
import os
import signal
import sys

left = int(os.environ["KILL_AT"])


def count(event: str, arguments: object) -> None:
    global left
    if event == "os.rename":
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


sys.addaudithook(count)
"""
"""What Python runs first, to be killed when so many files are written, and the last isn't in place yet."""
TURKISH = {"TZ": "America/St_Johns", "LC_ALL": "tr_TR.UTF-8", "PYTHONHASHSEED": "4000000000"}


def site_of(out: Path, key: str = "ENG") -> dict[str, str]:
    """Path → SHA-256, without folders."""
    found = tree(out / key / "site")
    return {path: digest for path, digest in found.items() if not path.endswith("/")}


def stamps(out: Path) -> dict[str, tuple[int, int]]:
    """Of each file, and of each folder, when and as what it was written."""
    site = out / "ENG" / "site"
    return {
        str(path.relative_to(out)): (path.stat().st_mtime_ns, path.stat().st_ino)
        for path in (site, *site.rglob("*"), out / "index.html")
    }


def changed(before: Mapping[str, object], after: Mapping[str, object]) -> set[str]:
    return {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}


def read(out: Path, path: str) -> str:
    return (out / "ENG" / "site" / path).read_text(encoding="utf-8", errors="replace")


def of(page: Content) -> str:
    return f"pages/{page.id}.html"


def findings(out: Path, key: str = "ENG") -> list[str]:
    """What the two checkers have to say."""
    site = out / key / "site"
    found = faults(site)
    for path in sorted(site_of(out, key)):
        if is_page(path):
            text = (site / path).read_text(encoding="utf-8")
            found += [f"{path}: {each}" for each in active_content(text, allowed=OURS)]
    return found


async def export(emulator: Emulator, out: Path, *, clock: FastClock | None = None) -> SpaceRun:
    options = Options(accept_deletions=9)
    run = await mirror_here(emulator, out, render=True, clock=clock, options=options)
    assert run.exit is Exit.OK, run.problems()
    return run


def started_with(folder: Path, code: str) -> dict[str, str]:
    """The environment in which Python runs `code` before anything else."""
    (folder / "sitecustomize.py").write_text(code)
    return {"PYTHONPATH": f"{folder}:{Path(exporter.__file__).parents[1]}"}


@pytest.fixture
def world() -> Rich:
    return rich()


@pytest.fixture
async def site(world: Rich, serve: Serve, tmp_path: Path) -> Emulator:
    """The emulator of `world`, of which there is a site in ``tmp_path/out``."""
    emulator = await serve(world.eng.world)
    await export(emulator, tmp_path / "out")
    return emulator


@pytest.fixture
async def rendered(mirrors: Mirrors, tmp_path: Path) -> Path:
    """An output folder with the site of the rich space; nobody serves it any more."""
    await mirrors.copy(rich, tmp_path / "out", render=True)
    await render_all(tmp_path / "out", ())  # a copy's files are others
    return tmp_path / "out"


# --- a second run ---------------------------------------------------------------------


async def test_the_checkers_find_nothing_in_the_rich_space(rendered: Path, world: Rich) -> None:
    assert findings(rendered) == []
    contents = (*world.eng.with_body, world.eng.folder, world.eng.board, world.empty)
    assert {of(each) for each in contents} <= site_of(rendered).keys()
    assert "Größe: 3" in read(rendered, of(world.eng.plan))
    assert "Why three?" in read(rendered, of(world.eng.plan))


async def test_a_run_without_changes_writes_only_when_it_was(site: Emulator, tmp_path: Path) -> None:
    out = tmp_path / "out"
    before = stamps(out)
    run = await export(site, out)
    assert run.site is not None
    assert (run.site["rendered"], run.site["removed"]) == (0, 0)
    assert {path.removeprefix("ENG/site/") for path in changed(before, stamps(out))} <= OF_THE_MOMENT | {
        "ENG/site",
        "assets",
    }


async def test_rendering_again_writes_nothing_at_all(rendered: Path) -> None:
    before = stamps(rendered)
    (done,) = await render_all(rendered, ())
    assert done.made is not None
    assert (done.exit, done.made.rendered, done.made.written, done.made.removed) == (Exit.OK, 0, 0, 0)
    assert stamps(rendered) == before


async def test_without_a_manifest_the_site_is_made_all_the_same_and_it_is_said(rendered: Path) -> None:
    before = site_of(rendered)
    for name in ("manifest.sqlite", "manifest.backup.sqlite"):
        (rendered / "ENG" / name).unlink(missing_ok=True)
    (rendered / "ENG" / ".confluence-export.lock").touch()
    (done,) = await render_all(rendered, ())
    assert done.exit is Exit.OK
    assert len(done.warnings) == 1
    assert "manifest" in done.warnings[0]
    assert done.document()["warnings"] == [*done.warnings]
    assert site_of(rendered).keys() == before.keys()


async def test_an_edited_page_changes_few_files(world: Rich, site: Emulator, tmp_path: Path) -> None:
    before = site_of(tmp_path / "out")
    world.eng.world.edit(world.eng.detail, "<p>A second thought</p>")
    await export(site, tmp_path / "out")
    after = site_of(tmp_path / "out")
    outside = {path for path in changed(before, after) if not path.startswith("search/")}
    assert of(world.eng.detail) in outside
    assert len(outside) <= 10
    assert "A second thought" in read(tmp_path / "out", of(world.eng.detail))


async def test_a_renamed_page_is_renamed_in_what_links_to_it(
    world: Rich, site: Emulator, tmp_path: Path
) -> None:
    assert ">Detail</a>" in read(tmp_path / "out", of(world.linking))
    world.eng.world.rename(world.eng.detail, "Fine print")
    link = '<ac:link><ri:page ri:content-title="Fine print" /></ac:link>'
    world.eng.world.rewrite(world.linking, f"<p>See {link}</p>")
    await export(site, tmp_path / "out")
    assert ">Fine print</a>" in read(tmp_path / "out", of(world.linking))
    assert "Fine print" in read(tmp_path / "out", navigation.NAV)
    left = [path for path in site_of(tmp_path / "out") if "Detail<" in read(tmp_path / "out", path)]
    assert left == []
    assert findings(tmp_path / "out") == []


async def test_what_was_deleted_leaves_no_file_and_no_dead_link(
    world: Rich, site: Emulator, tmp_path: Path
) -> None:
    eng, out, clock = world.eng, tmp_path / "out", FastClock()
    gone = {of(eng.detail), of(eng.news), "blog.html"}
    assert gone < site_of(out).keys()
    eng.world.trash(eng.detail)
    eng.world.trash(eng.news)
    eng.world.purge(eng.below)
    clock.ahead = site.switches.clock_ahead = 86_400
    await export(site, out, clock=clock)
    assert not gone & site_of(out).keys()
    assert not any(path.startswith(f"files/{eng.notes.id}") for path in site_of(out))
    assert "Detail" in read(out, of(world.linking))
    assert UNLISTED in read(out, of(eng.below)), "what is purged is kept"
    assert of(eng.below) not in read(out, "tree.html")
    assert findings(out) == []


async def test_a_label_that_is_gone_leaves_no_page(world: Rich, site: Emulator, tmp_path: Path) -> None:
    assert "labels/draft.html" in site_of(tmp_path / "out")
    world.eng.world.remove_label(world.eng.plan, "draft")
    await export(site, tmp_path / "out")
    assert "labels/draft.html" not in site_of(tmp_path / "out")
    assert not (tmp_path / "out/ENG/site/labels").exists()
    assert findings(tmp_path / "out") == []


async def test_without_a_site_none_is_made_and_an_old_one_stays(
    world: Rich, site: Emulator, tmp_path: Path
) -> None:
    before = stamps(tmp_path / "out")
    world.eng.world.edit(world.eng.plan, "<p>Another plan</p>")
    assert (await mirror(site, tmp_path / "out", "--no-site", env={"CONFLUENCE_RENDER": "true"})).code == 0
    await mirror_here(site, tmp_path / "new")
    assert stamps(tmp_path / "out") == before
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["ENG"]
    assert not {"site", "site.cache.sqlite"} & {path.name for path in (tmp_path / "new/ENG").iterdir()}


async def test_a_site_that_is_made_later_says_when_its_originals_were(site: Emulator, tmp_path: Path) -> None:
    await mirror_here(site, tmp_path / "new")
    await render_all(tmp_path / "new", ())
    assert "made on" in read(tmp_path / "new", "report.html")


# --- `render` alone -------------------------------------------------------------------


async def test_rendering_alone_gives_the_same_bytes_wherever_and_whenever(
    rendered: Path, tmp_path: Path
) -> None:
    expected = site_of(rendered)
    offline = started_with(tmp_path, OFFLINE)
    for number, environment in enumerate((ENGLISH, TURKISH)):
        out = tmp_path / f"another place {number}"
        shutil.copytree(rendered, out, ignore=shutil.ignore_patterns("site", "site.cache.sqlite"))
        result = await cli("render", out, "--json", env=environment | offline)
        assert result.code == 0, result.stderr
        assert result.document["spaces"][0]["site"]["removed"] == 0
        assert site_of(out) == expected
        assert sha256(out / "index.html") == sha256(rendered / "index.html")


# --- what else lies there -------------------------------------------------------------


async def test_what_is_not_ours_stays_and_what_we_left_goes(rendered: Path) -> None:
    site = rendered / "ENG" / "site"
    before = site_of(rendered)
    (site / "notes.txt").write_text("mine")
    (site / "mine").mkdir()
    (site / "mine/index.html").write_text("mine")
    for leftover in (".tmp-0123", "pages/.tmp-0123", "pages/999.html", "files/att9/x", "search/texts/old.js"):
        (site / leftover).parent.mkdir(exist_ok=True)
        (site / leftover).write_text("old")
    (done,) = await render_all(rendered, ())
    assert done.made is not None
    assert done.made.removed == 5
    assert changed(before, site_of(rendered)) == {"notes.txt", "mine/index.html"}
    assert not (site / "files/att9").exists()


async def test_a_link_to_a_file_is_replaced_and_never_written_through(
    rendered: Path, world: Rich, tmp_path: Path
) -> None:
    site, before = rendered / "ENG" / "site", site_of(rendered)
    mine = tmp_path / "mine"
    mine.write_text("mine")
    attachment = next(path for path in before if path.startswith("files/"))
    for path in (of(world.eng.plan), "index.html", "assets/site.js", "search/meta.js", attachment):
        (site / path).unlink()
        (site / path).symlink_to(mine)
    (done,) = await render_all(rendered, ())
    assert done.exit is Exit.OK
    assert mine.read_text() == "mine"
    assert site_of(rendered) == before


@pytest.mark.parametrize("folder", ["site", "site/pages", "site/files", "site/search/texts"])
async def test_a_link_to_a_folder_ends_the_rendering_and_nothing_is_written_there(
    folder: str, rendered: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/999.html").write_text("mine")
    shutil.rmtree(rendered / "ENG" / folder)
    (rendered / "ENG" / folder).symlink_to(tmp_path / "mine")
    (done,) = await render_all(rendered, ())
    assert done.exit is Exit.LOCAL
    assert str(rendered / "ENG" / folder) in str(done.error)
    assert tree(tmp_path / "mine").keys() == {"999.html"}


async def test_a_link_in_place_of_the_cache_is_refused(rendered: Path, tmp_path: Path) -> None:
    cache = rendered / "ENG" / "site.cache.sqlite"
    cache.rename(tmp_path / "mine")
    before = sha256(tmp_path / "mine")
    cache.symlink_to(tmp_path / "mine")
    (done,) = await render_all(rendered, ())
    assert (done.exit, sha256(tmp_path / "mine")) == (Exit.LOCAL, before)


# --- stopped on the way ---------------------------------------------------------------

MORE = 100


@pytest.fixture
async def large(mirrors: Mirrors, tmp_path: Path) -> Path:
    """The rich space without a site, and so many pages more that rendering takes its time."""
    held = await mirrors.copy(rich, tmp_path / "out", render=True)
    shutil.rmtree(held.folder / "site")
    (held.folder / "site.cache.sqlite").unlink()
    rows = json.loads((held.folder / "tree.json").read_bytes())
    for number in range(MORE):
        page_id = str(900_000 + number)
        document = {"id": page_id, "title": f"More {number}", "status": "current", "parentId": None}
        (held.folder / f"raw/pages/{page_id}.json").write_text(json.dumps(document))
        body = f'<p>Word{number} <ac:link><ri:page ri:content-title="More {number // 2}" /></ac:link></p>'
        (held.folder / f"raw/pages/{page_id}.storage.xml").write_text(body)
        path = f"raw/pages/{page_id}.storage.xml"
        rows.append(rows[0] | {"id": page_id, "title": document["title"], "parent": None, "path": path})
    (held.folder / "tree.json").write_text(json.dumps(rows))
    return tmp_path / "out"


@pytest.mark.parametrize("at", [1, 60, 120])
async def test_killed_on_the_way_the_next_run_makes_the_same(at: int, large: Path, tmp_path: Path) -> None:
    undisturbed = tmp_path / "undisturbed"
    shutil.copytree(large, undisturbed)
    await render_all(undisturbed, ())
    environment = started_with(tmp_path, KILLED) | {"KILL_AT": str(at)}
    assert (await cli("render", large, env=environment)).code == -signal.SIGKILL
    site = large / "ENG" / "site"
    assert len(list(site.rglob(".tmp-*"))) == 1
    assert len(site_of(large)) == at
    (done,) = await render_all(large, ())
    assert done.exit is Exit.OK
    assert site_of(large) == site_of(undisturbed)


async def test_a_run_that_is_cancelled_while_it_renders_can_be_continued(
    world: Rich, site: Emulator, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    world.eng.world.edit(world.eng.plan, "<p>Another plan</p>")
    world.eng.world.rename(world.eng.home, "Hall")
    shutil.copytree(out, tmp_path / "undisturbed")
    await export(site, tmp_path / "undisturbed")
    before = stamps(out)
    task = asyncio.create_task(mirror_here(site, out, render=True))
    while not changed(before, stamps(out)):  # noqa: ASYNC110 — the run doesn't say when it begins to render
        await asyncio.sleep(0)
    task.cancel()
    run = await task
    assert run.exit is Exit.INTERRUPTED
    await export(site, out)
    assert {*changed(site_of(out), site_of(tmp_path / "undisturbed"))} <= OF_THE_MOMENT


# --- other spaces ---------------------------------------------------------------------


async def test_whatever_people_wrote_nothing_acts(tmp_path: Path) -> None:
    payloads = PAYLOADS[::9]
    async with Emulator(hostile_world(payloads), [TOKEN]) as emulator:
        await export(emulator, tmp_path)
    assert findings(tmp_path) == []
    pages = sum(path.startswith("pages/") for path in site_of(tmp_path))
    assert pages >= len(payloads)


async def test_spaces_beside_each_other_link_to_each_other(eng: Sample, serve: Serve, tmp_path: Path) -> None:
    world: World = eng.world
    ops = world.add_space("OPS", "Operations")
    link = '<ac:link><ri:page ri:space-key="{}" ri:content-title="{}" /></ac:link>'
    radio = world.add_page(ops, "Radio", f"<p>{link.format('ENG', 'Detail')}</p>")
    world.edit_space(ops, homepage_id=radio.id)
    world.edit(eng.plan, f"<p>{link.format('OPS', 'Radio')}</p>")
    emulator = await serve(world)
    result = await cli("--space", "ENG,OPS", tmp_path, env=emulator.environment(TOKEN))
    assert result.code == 0, result.stderr
    assert f'href="../../../OPS/site/{of(radio)}"' in read(tmp_path, of(eng.plan))
    assert f'href="../../../ENG/site/{of(eng.detail)}"' in (tmp_path / "OPS/site" / of(radio)).read_text()
    assert findings(tmp_path) == findings(tmp_path, "OPS") == []
    assert "OPS/site/index.html" in (tmp_path / "index.html").read_text()
