"""The tree from above and below, kinds of ids, custom content, attachments of the site: traps 7 and 10."""

from __future__ import annotations

import pytest

from exporter.emulator import ContentKind
from tests.emulator.client import Client
from tests.emulator.conftest import Sample

# --- children -----------------------------------------------------------------------------


async def test_children_are_of_every_kind_and_come_by_position(client: Client, sample: Sample) -> None:
    world = sample.world
    board = world.add_node(sample.space, "Board", kind="whiteboard", parent=sample.home, position=0)
    nowhere = world.add_page(sample.space, "Nowhere", parent=sample.home, position=None)
    trashed = world.trash(world.add_page(sample.space, "Trash", parent=sample.home))
    path = f"/pages/{sample.home.id}/direct-children"
    listed = (await client.get(path)).json["results"]
    assert [each["id"] for each in listed] == [
        board.id,
        sample.page.id,
        sample.archived.id,
        sample.folder.id,
        nowhere.id,
    ]
    assert trashed.id not in {each["id"] for each in listed}
    assert listed[0] == {
        "id": board.id,
        "status": "current",
        "title": "Board",
        "type": "whiteboard",
        "spaceId": sample.space.id,
        "childPosition": 0,
    }
    assert listed[-1]["childPosition"] is None
    assert (await client.get(path, sort="-id", limit=1)).ids == [nowhere.id]
    below = world.add_page(sample.space, "Below", parent=sample.folder)
    assert (await client.get(f"/folders/{sample.folder.id}/direct-children")).ids == [below.id]
    assert (await client.get(f"/folders/{sample.page.id}/direct-children")).status == 404


async def test_children_may_be_lost_after_one_without_a_position(client: Client, sample: Sample) -> None:
    for number in range(5):
        sample.world.add_page(sample.space, f"Nowhere {number}", parent=sample.home, position=None)
    path = f"/pages/{sample.home.id}/direct-children"
    whole = [each for page in await client.walk(path, limit=3) for each in page.ids]
    assert len(whole) == 8
    client.emulator.switches.null_position_bug = True
    pages = await client.walk(path, limit=4)
    assert [len(each.ids) for each in pages] == [4, 0]
    assert pages[-1].next is None
    assert len([each for page in await client.walk(path, limit=4, sort="id") for each in page.ids]) == 8


async def test_children_that_may_not_be_read_are_sometimes_listed(client: Client, sample: Sample) -> None:
    path = f"/pages/{sample.home.id}/direct-children"
    sample.world.restrict(sample.page)
    assert sample.page.id not in (await client.get(path)).ids
    client.emulator.switches.hidden_children = True
    assert sample.page.id in (await client.get(path)).ids
    assert (await client.get(f"/pages/{sample.page.id}")).status == 404


async def test_descendants_go_down_as_far_as_asked(client: Client, sample: Sample) -> None:
    world = sample.world
    chain = [sample.page]
    for number in range(3):
        chain.append(world.add_page(sample.space, f"Level {number}", parent=chain[-1]))
    path = f"/pages/{sample.home.id}/descendants"
    listed = (await client.get(path)).json["results"]
    assert [(each["id"], each["depth"]) for each in listed] == [
        (sample.page.id, 1),
        (sample.archived.id, 1),
        (sample.folder.id, 1),
        (chain[1].id, 2),
    ]
    assert (listed[3]["parentId"], "spaceId" in listed[3]) == (sample.page.id, False)
    pages = await client.walk(path, depth=10, limit=2)
    assert [each for page in pages for each in page.ids][-1] == chain[3].id
    assert (await client.get(path, depth=11)).status == 400
    assert (await client.get(path, sort="id")).status == 400


async def test_ancestors_come_from_the_top(client: Client, sample: Sample) -> None:
    deep = sample.world.add_page(sample.space, "Deep", parent=sample.folder)
    path = f"/pages/{deep.id}/ancestors"
    assert (await client.get(path)).json["results"] == [
        {"id": sample.home.id, "type": "page"},
        {"id": sample.folder.id, "type": "folder"},
    ]
    assert (await client.get(path, limit=1)).ids == [sample.folder.id]


# --- ids ----------------------------------------------------------------------------------


async def test_ids_are_converted_to_types(client: Client, sample: Sample) -> None:
    world = sample.world
    footer = world.add_comment(sample.page, "")
    inline = world.add_comment(sample.page, "", kind="inline")
    note = world.add_custom_content(sample.page, "ac:app:note", "Note")
    world.trash(sample.archived)
    hidden = world.restrict(world.add_page(sample.space, "Hidden"))
    types = {
        sample.page.id: "page",
        sample.archived.id: "page",
        sample.blogpost.id: "blogpost",
        sample.folder.id: "folder",
        sample.image.id: "attachment",
        footer.id: "footer-comment",
        inline.id: "inline-comment",
        note.id: "ac:app:note",
        hidden.id: None,
        "1": None,
    }
    answer = await client.post("/content/convert-ids-to-types", {"contentIds": list(types)})
    assert answer.json == {"results": types}
    numbers = {"contentIds": [int(sample.page.id)]}
    assert (await client.post("/content/convert-ids-to-types", numbers)).json["results"] == {
        sample.page.id: "page"
    }
    too_many = {"contentIds": [str(number) for number in range(101)]}
    assert (await client.post("/content/convert-ids-to-types", too_many)).status == 400


# --- custom content -----------------------------------------------------------------------


async def test_custom_content_is_listed_by_type_only(client: Client, sample: Sample) -> None:
    world = sample.world
    note = world.add_custom_content(sample.page, "ac:app:note", "Note", '{"a": 1}')
    card = world.add_custom_content(sample.space, "forge:x:card", "Card", "<p>c</p>", form="storage")
    reply = world.add_custom_content(note, "ac:app:note", "Reply")
    post = world.add_custom_content(sample.blogpost, "ac:app:note", "On a post")
    every = f"/spaces/{sample.space.id}/custom-content"
    for path in ("/custom-content", every, f"/pages/{sample.page.id}/custom-content"):
        assert (await client.get(path)).status == 400
    assert (await client.get("/custom-content", type="ac:app:note")).ids == [note.id, reply.id, post.id]
    assert (await client.get("/custom-content", type="ac:app:note", id=post.id)).ids == [post.id]
    assert (await client.get("/custom-content", type="ac:app:note", sort="-title")).ids[0] == reply.id
    assert (await client.get(every, type="forge:x:card")).ids == [card.id]
    assert (await client.get(f"/pages/{sample.page.id}/custom-content", type="ac:app:note")).ids == [note.id]
    path = f"/blogposts/{sample.blogpost.id}/custom-content"
    assert (await client.get(path, type="ac:app:note")).ids == [post.id]
    raw = (await client.get(f"/custom-content/{note.id}", body_format="raw")).json
    assert (raw["body"]["raw"]["value"], raw["pageId"]) == ('{"a": 1}', sample.page.id)
    assert (await client.get(f"/custom-content/{note.id}", body_format="storage")).json["body"] == {}
    stored = (await client.get(f"/custom-content/{card.id}", body_format="storage")).json
    assert (stored["body"]["storage"]["value"], "pageId" in stored) == ("<p>c</p>", False)
    assert (await client.get(f"/custom-content/{reply.id}")).json["customContentId"] == note.id


async def test_custom_content_changes_goes_and_moves_along(client: Client, sample: Sample) -> None:
    world = sample.world
    note = world.add_custom_content(sample.page, "ac:app:note", "Note", "1")
    file = world.attach(note, "n.txt", b"n")
    world.edit_custom_content(note, "2", title="Better")
    path = f"/custom-content/{note.id}"
    shown = (await client.get(path, body_format="raw")).json
    assert (shown["title"], shown["version"]["number"], shown["body"]["raw"]["value"]) == ("Better", 2, "2")
    assert (await client.get(path, version=1)).json["title"] == "Note"
    versions = (await client.get(f"{path}/versions", body_format="raw")).json["results"]
    assert [each["custom"]["title"] for each in versions] == ["Better", "Note"]
    listed = (await client.get(f"{path}/attachments")).json["results"]
    assert [(each["id"], each["customContentId"]) for each in listed] == [(file.id, note.id)]
    assert (await client.download(note.id, file.id)).body == b"n"
    world.move(sample.page, space=world.add_space("TWO", "Second"))
    assert (await client.get(path)).json["spaceId"] != sample.space.id
    world.trash_custom_content(note)
    assert (await client.get(path)).json["status"] == "trashed"
    assert (await client.get("/custom-content", type="ac:app:note")).ids == []
    world.delete_custom_content(note)
    assert (await client.get(path)).status == 404
    assert (await client.get(f"/attachments/{file.id}")).status == 404


# --- attachments of the site --------------------------------------------------------------


async def test_attachments_of_the_site_come_with_the_newest_change_first(
    client: Client, sample: Sample
) -> None:
    world = sample.world
    note = world.add_custom_content(sample.space, "ac:app:note", "Note")
    second = world.attach(sample.blogpost, "b.txt", b"b", media_type="text/plain")
    third = world.attach(note, "c.txt", b"c")
    world.replace_attachment(sample.image, b"again")
    answer = await client.get("/attachments", sort="-modified-date", limit=2)
    assert answer.ids == [sample.image.id, third.id]
    rest = await client.get("/attachments", sort="-modified-date", limit=2, cursor=answer.cursor or "")
    assert (rest.ids, rest.next) == ([second.id], None)
    assert (await client.get("/attachments", sort="created-date")).ids == [
        sample.image.id,
        second.id,
        third.id,
    ]
    assert (await client.get("/attachments", filename="b.txt")).ids == [second.id]
    assert (await client.get("/attachments", sort="id")).status == 400
    world.delete_attachment(second)
    assert (await client.get("/attachments", status="trashed")).ids == [second.id]
    world.trash(sample.page)
    assert (await client.get("/attachments")).ids == [third.id]


@pytest.mark.parametrize("kind", ["whiteboard", "database", "embed", "folder"])
async def test_every_kind_has_children(client: Client, sample: Sample, kind: ContentKind) -> None:
    above = sample.world.add_node(sample.space, "Above", kind=kind)
    below = sample.world.add_page(sample.space, "Below", parent=above)
    for name in ("direct-children", "descendants"):
        assert (await client.get(f"/{kind}s/{above.id}/{name}")).ids == [below.id]
    assert (await client.get(f"/{kind}s/{above.id}/ancestors")).ids == []
