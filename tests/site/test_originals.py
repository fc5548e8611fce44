"""What rendering is told of a mirror's folder, whatever is in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exporter.model import Kind
from exporter.site.build import Build
from exporter.site.cache import open_cache
from exporter.site.originals import Originals
from tests.site.folder import URL, Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "ENG")


def test_items_come_in_the_order_of_the_tree(folder: Folder) -> None:
    for page, parent in (("1", None), ("20", "1"), ("3", "1"), ("4", "20")):
        folder.page(page, f"page {page}", parent=parent)
    originals = folder.read()
    assert [item.id for item in originals.reading_order] == ["1", "20", "3", "4"]
    assert [item.id for item in originals.children("1")] == ["20", "3"]
    assert [item.id for item in originals.ancestors(originals.reading_order[3])] == ["1", "20"]


def test_what_could_not_be_fetched_keeps_its_place_and_leads_to_confluence(folder: Folder) -> None:
    folder.page("1", "Home")
    folder.page("2", "Lamp", parent="1")
    folder.page("3", "Wick", parent="2")
    for suffix in ("json", "storage.xml"):
        (folder.root / f"raw/pages/2.{suffix}").unlink()
    folder.tree.append({**folder.tree[1], "id": "../../2"})
    originals = folder.read()
    _, lamp, wick = originals.reading_order
    assert (lamp.title, lamp.parent, lamp.has_body, lamp.listed) == ("Lamp", "1", False, True)
    assert lamp.address == f"{URL}/pages/viewpage.action?pageId=2"
    assert [each.title for each in originals.ancestors(wick)] == ["Home", "Lamp"]


def test_what_is_no_longer_listed_comes_last_and_hangs_on_nothing(folder: Folder) -> None:
    folder.page("1", "Home")
    folder.page("2", "Gone", parent="1", listed=False)
    originals = folder.read()
    assert [(item.id, item.listed) for item in originals.reading_order] == [("1", True), ("2", False)]
    assert originals.children("1") == ()


def test_parents_in_a_circle_end(folder: Folder) -> None:
    folder.page("1", "one", parent="2")
    folder.page("2", "two", parent="1")
    originals = folder.read()
    assert [item.id for item in originals.ancestors(originals.reading_order[0])] == ["2"]


def test_titles_are_compared_without_case_and_a_current_page_comes_first(folder: Folder) -> None:
    folder.page("1", "Straße", status="archived")
    folder.page("2", "STRASSE", status="current")
    found = folder.read().titled(None, "strasse")
    assert found is not None
    assert found.id == "2"


def test_titles_are_what_a_page_can_hold(folder: Folder, tmp_path: Path) -> None:
    other = Folder(tmp_path / "OPS")
    for each in (folder, other):
        each.page("7", "a\x00b\ud800\x1b", listed=True)
    other.read()
    originals = folder.read(OPS=other.root / "tree.json")
    assert [each.title for each in originals.reading_order] == ["a\ufffdb\ufffd\ufffd"]
    assert originals.titled("OPS", "a\ufffdb\ufffd\ufffd") is not None


def test_posts_are_found_by_day_and_title(folder: Folder) -> None:
    folder.page("5", "News", kind="blogpost", createdAt="2026-01-09T08:20:00.000Z")
    originals = folder.read()
    found = originals.posted(None, "news", "2026/01/09")
    assert found is not None
    assert (found.id, found.kind) == ("5", Kind.BLOGPOST)
    assert originals.posted(None, "news", "2026/01/10") is None
    assert originals.titled(None, "News") is None


def test_spaces_beside_are_known_by_their_trees(folder: Folder, tmp_path: Path) -> None:
    other = Folder(tmp_path / "OPS")
    other.put("space.json", {"key": "OPS", "homepageId": "7"})
    other.page("7", "Radio")
    other.read()
    originals = folder.read(OPS=other.root / "tree.json")
    for found in (originals.titled("OPS", "radio"), originals.item("7"), originals.space_home("OPS")):
        assert found is not None
        assert (found.id, found.space_key) == ("7", "OPS")
    assert originals.titled(None, "Radio") is None


def test_a_file_is_offered_only_where_it_is(folder: Folder) -> None:
    for number in ("att8", "att9"):
        folder.put(f"attachments/{number}.json", {"title": "a #1.png", "pageId": "1", "fileId": f"f{number}"})
    folder.put("attachments/att8/a #1.png", "x")
    originals = folder.read()
    assert [(file.id, file.href) for file in originals.files("1")] == [
        ("att8", "files/att8/a%20%231.png"),
        ("att9", None),
    ]
    found = originals.file(file_id="fatt9")
    assert found is not None
    assert found.id == "att9"


def test_nothing_is_read_through_a_link(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("<p>secret</p>")
    folder.page("1", "Home")
    body = folder.root / "raw/pages/1.storage.xml"
    body.unlink()
    body.symlink_to(tmp_path / "secret")
    folder.put("attachments/att8.json", {"title": "a.png", "pageId": "1"})
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/a.png").write_text("secret")
    (folder.root / "raw/attachments/att8").symlink_to(tmp_path / "elsewhere")
    originals = folder.read()
    assert originals.body("1") is None
    assert not originals.reading_order[0].has_body
    assert originals.files("1")[0].href is None


@pytest.mark.parametrize("damage", ["", "{", "[]", "null", '"text"', "[" * 100_000])
@pytest.mark.parametrize(
    "path", ["space.json", "users.json", "pages/1.json", "comments/1.json", "../tree.json"]
)
def test_damage_is_as_if_nothing_were_there(folder: Folder, path: str, damage: str) -> None:
    folder.page("1", "Home")
    folder.read()
    folder.put(path, damage)
    originals = Originals(folder.root, site_url=URL, beside={})
    assert [item.id for item in originals.reading_order] == ["1"]
    assert originals.comments("1") == []
    assert originals.person("x") is None


def test_replies_and_inline_comments(folder: Folder) -> None:
    reply = {"id": "12", "body": {"storage": {"value": "<p>yes</p>"}}, "replies": []}
    inline = {"id": "13", "properties": {"inlineMarkerRef": "m", "inlineOriginalSelection": "words"}}
    folder.put("comments/1.json", {"footer": [{"id": "11", "replies": [reply]}], "inline": [inline]})
    footer, marked = folder.read().comments("1")
    assert (footer.id, footer.inline, footer.replies[0].body) == ("11", False, b"<p>yes</p>")
    assert (marked.inline, marked.marker, marked.quoted) == (True, "m", "words")


@pytest.mark.parametrize("wrong", [0, True, 1.5, "x", [1, None], {"a": 1}])
def test_values_of_another_type_than_the_api_s_are_as_if_they_were_not_there(
    folder: Folder, wrong: Any
) -> None:
    keys = ("title", "status", "parentId", "authorId", "ownerId", "createdAt", "version", "labels", "_links")
    folder.page("1", "Home")
    folder.page("2", "Lamp", **dict.fromkeys(("authorId", "ownerId", "version", "versions", "_links"), wrong))
    folder.put("pages/3.json", dict.fromkeys(keys, wrong))
    folder.put("space.json", dict.fromkeys(("homepageId", "_links"), wrong))
    folder.put("users.json", {"a": wrong})
    file = dict.fromkeys(("title", "pageId", "mediaType", "fileSize", "fileId", "version"), wrong)
    folder.put("attachments/att1.json", file)
    folder.put("tasks/1.json", dict.fromkeys(("pageId", "body", "assignedTo", "dueAt"), wrong))
    footer = [dict.fromkeys(("id", "body", "version", "properties", "replies"), wrong)]
    folder.put("comments/1.json", {"footer": [*footer, {"body": {"storage": wrong}}], "inline": wrong})
    folder.tree += [dict.fromkeys(("id", "kind", "title", "path"), wrong), {"kind": "page", "path": wrong}]
    with open_cache(folder.root.parent / "cache", version="1") as cache:
        build = Build(folder.read(), cache, present={})
        assert "pages/2.html" in [step.path for step in build.steps() if step is not None]
    assert build.pages == 3
