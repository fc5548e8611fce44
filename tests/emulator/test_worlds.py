"""The sample, generated and folder worlds are whole, valid, and the same each time."""

from __future__ import annotations

import hashlib
import io
import re
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import fields
from functools import partial
from html.entities import name2codepoint
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from exporter.emulator.folder import folder_world
from exporter.emulator.generate import CHUNK, FAN_OUT, generated_binary, generated_body, generated_world
from exporter.emulator.sample import SITE_URL, sample_world
from exporter.emulator.world import Attachment, Content, World

NAMESPACES = {name: f"urn:{name}" for name in ("ac", "ri", "at")}
ENTITIES = "".join(f'<!ENTITY {name} "&#{code};">' for name, code in name2codepoint.items() if code > 62)
PROLOGUE = (
    f"<!DOCTYPE root [{ENTITIES}]><root "
    + " ".join(f'xmlns:{name}="{uri}"' for name, uri in NAMESPACES.items())
    + ">"
)


def parsed(body: str) -> ET.Element:
    return ET.fromstring(f"{PROLOGUE}{body}</root>")


def plain(thing: Content | Attachment) -> dict[str, object]:
    """All of it that can be compared, texts and bytes as their hash."""
    shown = {field.name: getattr(thing, field.name) for field in fields(thing)}
    shown["past"] = [plain(old) for old in thing.past]
    if isinstance(thing, Content):
        shown["body"] = thing.body and hashlib.sha256(thing.body().encode()).hexdigest()
    else:
        shown["binary"] = hashlib.sha256(data_of(thing)).hexdigest()
    return shown


def snapshot(world: World) -> dict[str, object]:
    return {
        "users": world.users,
        "spaces": world.spaces,
        "contents": [plain(content) for content in world.contents.values()],
        "attachments": [plain(attachment) for attachment in world.attachments.values()],
        "comments": [(each.id, each.body(), each.version) for each in world.comments.values()],
        "around": [world.labels, world.properties, world.likes, world.restrictions, world.permissions],
        "tasks": world.tasks,
        "now": world.now,
        "last_id": world.last_id,
    }


def data_of(attachment: Attachment) -> bytes:
    return b"".join(attachment.binary.chunks())


def bodies(world: World) -> Iterator[tuple[Content, ET.Element]]:
    for content in world.contents.values():
        for version in (*content.past, content):
            if version.body is not None:
                yield version, parsed(version.body())


def files_of(world: World, content_id: str) -> set[str]:
    return {world.attachments[found].title for found in world.by_container.get(content_id, ())}


def assert_titles_are_unique(world: World) -> None:
    titles = [
        (content.space_id, content.title.casefold())
        for content in world.contents.values()
        if content.kind != "blogpost"
    ]
    assert len(titles) == len(set(titles))


@pytest.fixture(scope="module", name="sample")
def _sample() -> World:
    return sample_world()


# --- sample -------------------------------------------------------------------------------


def test_the_sample_is_the_same_each_time(sample: World) -> None:
    assert snapshot(sample_world()) == snapshot(sample)


def test_every_sample_body_is_valid_storage_format(sample: World) -> None:
    assert len(list(bodies(sample))) > 40


def test_sample_titles_are_unique_in_their_space(sample: World) -> None:
    assert_titles_are_unique(sample)


def test_the_sample_has_every_kind_and_the_awkward_cases(sample: World) -> None:
    contents = sample.contents.values()
    kinds = {content.kind for content in contents}
    assert kinds == {"page", "blogpost", "folder", "whiteboard", "database", "embed"}
    parents = {content.parent_kind for content in contents if content.kind == "page"}
    assert parents == {None, "page", "folder", "whiteboard", "database", "embed"}
    hidden = {content.id for content in contents if content.hidden}
    assert [content.title for content in contents if content.parent_id in hidden] == [
        "Petition for a Better Kettle"
    ]
    assert any(content.status == "archived" for content in contents)
    assert any(content.subtype == "live" for content in contents)
    sizes = [len(content.body().encode()) for content in contents if content.body]
    assert min(sizes) == 0
    assert max(sizes) > 200_000
    assert max(len(content.title) for content in contents) in range(240, 256)


def test_sample_ids_do_not_collide_with_ids_given_later(sample: World) -> None:
    ids = [
        *sample.spaces,
        *sample.contents,
        *(found.removeprefix("att") for found in sample.attachments),
        *sample.comments,
        *sample.customs,
        *sample.tasks,
        *(label.id for label in sample.site_labels.values()),
        *(held.id for shelf in sample.properties.values() for held in shelf.values()),
    ]
    assert len(ids) == len(set(ids))
    assert max(map(int, ids)) < sample.last_id


def test_the_sample_has_something_of_everything_around_its_pages(sample: World) -> None:
    (demo,) = (space for space in sample.spaces.values() if space.key == "DEMO")
    comments = sample.comments.values()
    assert {each.kind for each in comments} == {"footer", "inline"}
    assert {each.resolution for each in comments} == {"open", "resolved"}
    assert any(each.parent_id and sample.comments[each.parent_id].parent_id for each in comments)
    assert any(each.version.number > 1 for each in comments)
    assert any(each.container_id.startswith("att") for each in comments)
    for each in comments:
        parsed(each.body())
        held = each.container_id in sample.contents or each.container_id in sample.attachments
        assert held
    markers = {each.marker_ref for each in comments if each.kind == "inline"}
    marked = {
        mark.attrib["{urn:ac}ref"]
        for _, root in bodies(sample)
        for mark in root.iterfind(".//ac:inline-comment-marker", NAMESPACES)
    }
    assert marked <= markers
    assert {each.status for each in sample.tasks.values()} == {"complete", "incomplete"}
    assert sample.labels
    assert sample.properties[demo.id]
    assert sample.permissions[demo.id]
    assert sample.role_assignments[demo.id]
    assert [each.type for each in sample.customs.values()] == ["ac:harbour-polls:poll"]
    assert set(sample.restrictions) == {"131125", "131161"}


def test_sample_links_by_title_lead_somewhere(sample: World) -> None:
    keys = {space.id: space.key for space in sample.spaces.values()}
    pages = {
        (keys[page.space_id], page.title.casefold())
        for page in sample.contents.values()
        if page.kind == "page"
    }
    posts = {
        (post.title, post.created_at[:10].replace("-", "/"))
        for post in sample.contents.values()
        if post.kind == "blogpost"
    }
    lost = set()
    for content, root in bodies(sample):
        for link in root.iterfind(".//ri:page", NAMESPACES):
            title = link.attrib["{urn:ri}content-title"]
            key = link.get("{urn:ri}space-key", keys[content.space_id])
            if (key, title.casefold()) not in pages:
                lost.add(title)
        for link in root.iterfind(".//ri:blog-post", NAMESPACES):
            assert (link.get("{urn:ri}content-title"), link.get("{urn:ri}posting-day")) in posts
        for link in root.iterfind(".//ri:user", NAMESPACES):
            assert link.get("{urn:ri}account-id") in sample.users
    assert lost == {"A Page That Was Never Written"}


def test_sample_links_by_address_name_content_that_exists(sample: World) -> None:
    found = 0
    for _, root in bodies(sample):
        for link in root.iterfind(".//a[@href]"):
            match = re.search(
                r"/(?:pages|blog/\d+/\d+/\d+|folder|whiteboard|attachments)/(\d+)|pageId=(\d+)",
                link.attrib["href"],
            )
            if match:
                assert (match[1] or match[2]) in sample.contents
                found += 1
    assert found >= 8


def test_sample_links_to_files_lead_to_an_attachment(sample: World) -> None:
    ids = {content.title: content.id for content in sample.contents.values()}
    for content, root in bodies(sample):
        for link in root.iterfind(".//ri:attachment", NAMESPACES):
            page = link.find("ri:page", NAMESPACES)
            owner = content.id if page is None else ids[page.attrib["{urn:ri}content-title"]]
            assert link.get("{urn:ri}filename") in files_of(sample, owner)


def test_sample_links_follow_the_address_of_the_server() -> None:
    world = sample_world(site_url=lambda: "http://localhost:8080")
    texts = [content.body() for content in world.contents.values() if content.body]
    assert any('"http://localhost:8080/wiki/spaces/DEMO/pages/' in text for text in texts)
    assert not any(SITE_URL in text for text in texts)


def test_sample_pictures_are_valid_png(sample: World) -> None:
    pictures = [found for found in sample.attachments.values() if found.media_type == "image/png"]
    assert len(pictures) >= 6
    former = [old for picture in pictures for old in picture.past]
    for picture in pictures + former:
        data = data_of(picture)
        assert data.startswith(b"\x89PNG\r\n\x1a\n")
        chunks = list(png_chunks(data[8:]))
        assert [kind for kind, _ in chunks] == [b"IHDR", b"PLTE", b"IDAT", b"IEND"]
        width, height = struct.unpack(">II", chunks[0][1][:8])
        assert len(zlib.decompress(chunks[2][1])) == (width + 1) * height


def png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    while data:
        size, kind = struct.unpack(">I4s", data[:8])
        assert zlib.crc32(data[4 : 8 + size]) == int.from_bytes(data[8 + size : 12 + size], "big")
        yield kind, data[8 : 8 + size]
        data = data[12 + size :]


def test_sample_archive_and_paper_are_valid(sample: World) -> None:
    by_type = {found.media_type: data_of(found) for found in sample.attachments.values()}
    with zipfile.ZipFile(io.BytesIO(by_type["application/zip"])) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["lamp-status.json", "motor-log.txt"]
    paper = by_type["application/pdf"]
    assert paper.startswith(b"%PDF-1.4\n")
    assert paper.endswith(b"%%EOF\n")
    offsets = [int(line[:10]) for line in re.findall(rb"\d{10} 00000 n ", paper)]
    assert [paper[offset : offset + 7] for offset in offsets] == [b"%d 0 obj" % n for n in range(1, 6)]
    assert paper[int(paper.split()[-2]) :].startswith(b"xref\n")
    assert ET.fromstring(by_type["image/svg+xml"]).tag.endswith("svg")


def test_sample_file_names_are_awkward(sample: World) -> None:
    names = [found.title for found in sample.attachments.values()]
    assert {"../evil.txt", "CON.txt", "Beacon.png", "beacon.png", "霧笛の記録.csv"} <= set(names)
    assert any(name.endswith(".") for name in names)
    assert max(map(len, names)) == 200
    assert [len(found.past) for found in sample.attachments.values() if found.past] == [1]
    assert [found.title for found in sample.attachments.values() if found.status == "archived"] == [
        "oil order.txt"
    ]


# --- generated ----------------------------------------------------------------------------


def test_a_generated_world_has_what_was_ordered_and_is_the_same_each_time() -> None:
    order = partial(generated_world, pages=120, blogposts=5, folders=7, attachments=130)
    world = order(seed=3)
    kinds = [content.kind for content in world.contents.values()]
    assert (kinds.count("page"), kinds.count("blogpost"), kinds.count("folder")) == (120, 5, 7)
    assert len(world.attachments) == 130
    assert snapshot(world) == snapshot(order(seed=3))
    assert snapshot(world) != snapshot(order(seed=4))


def test_generated_bodies_are_valid_and_link_to_pages_that_exist() -> None:
    world = generated_world(pages=150, folders=9, attachments=40, blogposts=3, body_bytes=1500)
    titles = {content.title for content in world.contents.values() if content.kind == "page"}
    links = 0
    for content, root in bodies(world):
        for link in root.iterfind(".//ri:page", NAMESPACES):
            assert link.get("{urn:ri}content-title") in titles
            links += 1
        for link in root.iterfind(".//a"):
            target = world.contents[link.attrib["href"].rpartition("/")[2]]
            assert target.title == link.text
        for link in root.iterfind(".//ri:attachment", NAMESPACES):
            assert link.get("{urn:ri}filename") in files_of(world, content.id)
    assert links > 150
    sizes = [len(content.body().encode()) for content in world.contents.values() if content.body]
    assert 1200 < sum(sizes) / len(sizes) < 2400


def test_a_generated_tree_is_whole() -> None:
    world = generated_world(pages=500, folders=20)
    assert_titles_are_unique(world)
    (space,) = world.spaces.values()
    assert space.key == "ENG"
    roots = [content.id for content in world.contents.values() if content.parent_id is None]
    assert roots == [space.homepage_id]
    for content in world.contents.values():
        if content.parent_id is not None:
            assert content.parent_kind == world.contents[content.parent_id].kind
    assert max(map(len, world.by_parent.values())) == FAN_OUT
    assert {content.parent_kind for content in world.contents.values()} == {None, "page", "folder"}


def test_generated_comments_and_labels_go_round_the_pages() -> None:
    world = generated_world(pages=4, comments=10, labels=60, seed=1)
    assert len(world.comments) == 10
    assert sum(each.parent_id is None for each in world.comments.values()) == 4
    assert sum(map(len, world.labels.values())) == 60
    for each in world.comments.values():
        parsed(each.body())


@pytest.mark.parametrize("pages", [0, 1, 2])
def test_small_generated_worlds_work(pages: int) -> None:
    world = generated_world(pages=pages, blogposts=1)
    assert len(world.contents) == pages + 1
    assert len(list(bodies(world))) == pages + 1


def test_twenty_thousand_generated_pages_cost_little_memory() -> None:
    tracemalloc.start()
    try:
        world = generated_world(pages=20_000, folders=100)
        size, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(world.contents) == 20_100
    assert size < 30 * 2**20  # 150 MB for 100,000


@pytest.mark.parametrize("size", [0, 1, 7, CHUNK - 1, CHUNK, CHUNK + 1, 3 * 2**20 + 5])
def test_a_generated_binary_has_exactly_its_size_each_time(size: int) -> None:
    binary = generated_binary(size, seed="a")
    first, second = b"".join(binary.chunks()), b"".join(binary.chunks())
    assert len(first) == binary.size == size
    assert first == second
    assert max(map(len, binary.chunks()), default=0) <= CHUNK


def test_generated_binaries_differ_by_seed_and_from_chunk_to_chunk() -> None:
    one, other = (list(generated_binary(3 * CHUNK, seed=seed).chunks()) for seed in (1, 2))
    assert len({*one, *other}) == 6


def test_a_generated_body_of_a_megabyte_is_valid() -> None:
    body = generated_body(2**20)
    assert 2**20 <= len(body) < 2**20 + 4000
    parsed(body)


# --- folder -------------------------------------------------------------------------------


def test_a_folder_becomes_a_tree_of_pages(tmp_path: Path) -> None:
    for name in ("a", "a__b", "a__b__c", "x__y", "x__B-b", "x__b_b", "home"):
        (tmp_path / f"{name}.xml").write_bytes(f"<p>{name}</p>\r\n".encode())
    world = folder_world(tmp_path, attachments=3)
    assert_titles_are_unique(world)
    above = {
        content.title: world.contents[content.parent_id].title
        for content in world.contents.values()
        if content.parent_id
    }
    assert above["b"] == "a"
    assert above["c"] == "b"
    assert above["y"] == above["B b"] == above["b b (2)"] == "x"
    assert above["home (2)"] == "Home"
    pages = [content for content in world.contents.values() if content.kind == "page"]
    assert len(pages) == 7 + 1
    assert len(world.attachments) == 7 * 3
    texts = {content.title: content.body() for content in pages if content.body}
    assert texts["c"] == "<p>a__b__c</p>\r\n"


def test_a_folder_world_takes_large_additions(tmp_path: Path) -> None:
    (tmp_path / "one.xml").write_text("<p>one</p>")
    world = folder_world(tmp_path)
    (space,) = world.spaces.values()
    page = world.add_page(space, "Large", lambda: generated_body(2**20 + 1))
    file = world.attach(page, "large.bin", generated_binary(64 * 2**20))
    assert page.body is not None
    assert len(page.body()) > 2**20
    assert sum(map(len, file.binary.chunks())) == 64 * 2**20
