"""CQL: what it finds, how it is paged, what it refuses, and how late it is: trap 12."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from exporter.emulator.cql import CqlError, parse
from tests.emulator.client import Answer, Client
from tests.emulator.conftest import TOKEN, Sample


async def found(client: Client, cql: str, **query: str | int) -> list[str]:
    answer = await client.v1("/content/search", cql=cql, **query)
    assert answer.status == 200, answer.json
    return answer.ids


async def test_folders_are_found_by_type_and_space(client: Client, sample: Sample) -> None:
    world = sample.world
    root = world.add_node(sample.space, "Empty at the root")
    world.add_node(world.add_space("TWO", "Second"), "Elsewhere")
    board = world.add_node(sample.space, "Board", kind="whiteboard")
    assert await found(client, 'space="DOC" and type=folder') == [sample.folder.id, root.id]
    kinds = 'type in (folder, whiteboard, database, embed) and space = "DOC"'
    assert await found(client, kinds) == [sample.folder.id, root.id, board.id]
    assert await found(client, 'space = "NOPE"') == []


async def test_every_type_is_found_but_nothing_archived_or_in_the_trash(
    client: Client, sample: Sample
) -> None:
    world = sample.world
    comment = world.add_comment(sample.page, "<p>c</p>")
    on_file = world.add_comment(sample.image, "<p>c</p>")
    note = world.add_custom_content(sample.page, "ac:app:note", "Note")
    assert await found(client, "type = page") == [sample.home.id, sample.page.id]
    assert await found(client, "type = comment") == [comment.id, on_file.id]
    assert await found(client, "type = attachment") == [sample.image.id]
    assert await found(client, 'type = "ac:app:note"') == [note.id]
    assert note.id in await found(client, "space = DOC")
    world.trash(sample.page)
    assert await found(client, "type in (page, comment, attachment)") == [sample.home.id]
    assert await found(client, "type = blogpost and type != page") == [sample.blogpost.id]


async def test_ids_labels_titles_and_parents(client: Client, sample: Sample) -> None:
    sample.world.add_label(sample.page, "howto")
    assert await found(client, f"id in ({sample.home.id}, {sample.page.id})") == [
        sample.home.id,
        sample.page.id,
    ]
    assert await found(client, 'label = "howto"') == [sample.page.id]
    assert await found(client, 'label in (howto, other) and space="DOC"') == [sample.page.id]
    assert await found(client, 'type = page and label != "howto"') == [sample.home.id]
    assert await found(client, "title = 'home'") == [sample.home.id]
    assert await found(client, f"parent = {sample.home.id} and not type = folder") == [sample.page.id]
    assert await found(client, f"ancestor = {sample.home.id} or type = blogpost") == [
        sample.page.id,
        sample.folder.id,
        sample.blogpost.id,
    ]
    assert await found(client, "(type = page or type = folder) and title = Folder") == [sample.folder.id]


async def test_times_are_in_minutes_and_in_the_zone_of_the_user(client: Client, sample: Sample) -> None:
    world = sample.world
    world.now = world.now.replace(hour=12, minute=30)
    edited = world.edit(sample.page, "<p>x</p>")
    assert edited.version.created_at.startswith("2026-01-05T12:31")
    assert await found(client, 'type=page and lastmodified >= "2026-01-05 12:31"') == [edited.id]
    assert await found(client, 'lastmodified > "2026-01-05 12:31"') == []
    assert await found(client, 'type=page and lastmodified = "2026-01-05"') == [sample.home.id, edited.id]
    client.emulator.switches.time_zone = "America/New_York"
    assert await found(client, 'lastmodified >= "2026/01/05 07:31"') == [edited.id]
    assert await found(client, 'lastmodified >= "2026-01-05 12:31"') == []
    assert (await client.v1("/user/current")).json["timeZone"] == "America/New_York"


async def test_results_come_in_the_order_asked_for(client: Client, sample: Sample) -> None:
    sample.world.edit(sample.home, "<p>x</p>")
    assert await found(client, "type = page order by lastmodified desc") == [sample.home.id, sample.page.id]
    assert await found(client, "type = page order by title") == [sample.home.id, sample.page.id]
    assert await found(client, "type = page order by created desc") == [sample.page.id, sample.home.id]
    assert len(await found(client, "order by id asc")) == 5


async def test_next_lacks_the_context_path(client: Client, sample: Sample) -> None:
    for number in range(5):
        sample.world.add_page(sample.space, f"Page {number}")
    answer: Answer = await client.v1("/content/search", cql="type=page", limit=3)
    assert answer.next is not None
    assert answer.next.startswith("/rest/api/content/search?")
    assert answer.json["_links"]["context"] == "/wiki"
    assert answer.cursor is not None
    assert answer.cursor.startswith("_sa_")
    assert (answer.json["size"], answer.json["limit"], answer.json["start"]) == (3, 3, 0)
    ids = answer.ids
    while answer.cursor is not None:
        answer = await client.v1("/content/search", cql="type=page", limit=3, cursor=answer.cursor)
        ids += answer.ids
    assert len(ids) == len(set(ids)) == 7
    assert (await client.v1("/content/search", cql="type=page", limit=3, cursor="_sa_x")).status == 400


@pytest.mark.parametrize(
    ("expand", "limit"),
    [
        ("", 1000),
        ("version", 200),
        ("metadata.labels,restrictions.read.restrictions.user", 200),
        ("body.storage", 50),
        ("version,body.export_view", 25),
    ],
)
async def test_expanding_lowers_the_limit(client: Client, expand: str, limit: int) -> None:
    query = {"expand": expand} if expand else {}
    answer = await client.v1("/content/search", cql="type=page", limit=5000, **query)
    assert answer.json["limit"] == limit


async def test_expanded_answers(client: Client, sample: Sample) -> None:
    world = sample.world
    world.add_label(sample.page, "howto")
    world.set_restriction(sample.page, "read", users=["712020:me"], groups=["staff"])
    world.add_comment(sample.page, "<p>c</p>")
    answer = await client.v1(
        "/content/search",
        cql=f"id = {sample.page.id}",
        expand="metadata.labels,version,history,history.lastUpdated,space,ancestors,body.storage,"
        "restrictions.read.restrictions.user,restrictions.read.restrictions.group,"
        "children.attachment,children.comment",
    )
    page = answer.json["results"][0]
    assert [each["name"] for each in page["metadata"]["labels"]["results"]] == ["howto"]
    assert (page["version"]["number"], page["space"]["key"]) == (1, "DOC")
    assert page["history"]["createdBy"]["accountId"] == "712020:me"
    assert [each["id"] for each in page["ancestors"]] == [sample.home.id]
    read = page["restrictions"]["read"]["restrictions"]
    assert (read["user"]["size"], read["group"]["results"][0]["name"]) == (1, "staff")
    assert [each["id"] for each in page["children"]["attachment"]["results"]] == [sample.image.id]
    assert page["children"]["comment"]["size"] == 1
    assert page["body"]["storage"]["value"] == "<p>Text</p>"
    assert (await client.v1("/content/search", cql="type=page", expand="operations")).status == 501


async def test_comments_and_attachments_name_their_container(client: Client, sample: Sample) -> None:
    comment = sample.world.add_comment(sample.page, "", kind="inline")
    sample.world.resolve_comment(comment)
    answer = await client.v1(
        "/content/search", cql="type in (comment, attachment)", expand="container,extensions"
    )
    image, shown = answer.json["results"]
    assert image["id"] == sample.image.id
    assert image["extensions"]["fileSize"] == 10
    assert {each["container"]["id"] for each in (image, shown)} == {sample.page.id}
    assert shown["extensions"]["resolution"] == {"status": "resolved"}


async def test_the_ancestors_of_a_reply_are_comments(client: Client, sample: Sample) -> None:
    root = sample.world.add_comment(sample.page, "")
    reply = sample.world.reply(sample.world.reply(root, ""), "")
    answer = await client.v1("/content/search", cql=f"id = {reply.id}", expand="ancestors")
    above = answer.json["results"][0]["ancestors"]
    assert (above[0]["id"], len(above)) == (root.id, 2)


async def test_search_wraps_content(client: Client, sample: Sample) -> None:
    answer = await client.v1("/search", cql="type = page", expand="content.version", limit=1)
    result = answer.json["results"][0]
    assert (result["content"]["id"], result["content"]["version"]["number"]) == (sample.home.id, 1)
    assert (answer.json["totalSize"], answer.json["cqlQuery"]) == (2, "type = page")
    assert (answer.next or "").startswith("/rest/api/search?")


async def test_archived_spaces_must_be_asked_for(client: Client, sample: Sample) -> None:
    old = sample.world.add_space("OLD", "Old", status="archived")
    page = sample.world.add_page(old, "Old page")
    assert await found(client, "space = OLD") == []
    answer = await client.v1("/search", cql="space = OLD", includeArchivedSpaces="true")
    assert [each["content"]["id"] for each in answer.json["results"]] == [page.id]


async def test_the_index_is_late(client: Client, sample: Sample) -> None:
    world = sample.world
    world.now += timedelta(hours=1)
    edited = world.edit(sample.page, "<p>x</p>", title="Renamed")
    new = world.add_page(sample.space, "New")
    client.emulator.switches.index_lag = 600
    assert await found(client, "type = page") == [sample.home.id, sample.page.id]
    answer = await client.v1("/content/search", cql=f"id = {edited.id}")
    assert answer.json["results"][0]["title"] == sample.page.title
    world.now += timedelta(minutes=10)
    assert await found(client, "type = page") == [sample.home.id, sample.page.id, new.id]


async def test_hidden_content_is_not_found(client: Client, sample: Sample) -> None:
    sample.world.restrict(sample.page)
    assert await found(client, "type in (page, attachment)") == [sample.home.id]


async def test_search_needs_a_scope_of_either_kind(client: Client) -> None:
    for scope in ("search:confluence", "read:content-details:confluence"):
        client.emulator.tokens[0] = replace(TOKEN, scopes=frozenset({scope}))
        assert (await client.v1("/content/search", cql="type=page")).status == 200
    client.emulator.tokens[0] = replace(TOKEN, scopes=frozenset({"read:page:confluence"}))
    assert (await client.v1("/content/search", cql="type=page")).status == 401


@pytest.mark.parametrize(
    ("cql", "message"),
    [
        ("type = pages", "'pages' is no type of content"),
        ("watcher = me", "does not know the field 'watcher'"),
        ("lastmodified >= now('-1d')", "does not know the function 'now'"),
        ("lastmodified >= yesterday", "'yesterday' is no date"),
        ("lastmodified in (2026-01-01)", "does not take 'in'"),
        ("title ~ x", "does not take '~'"),
        ("type = page and", "ends too early"),
        ("type = page type = page", "'type' was not expected"),
        ("(type = page", "')' is missing"),
        ("type = page order by watchers", "cannot order by 'watchers'"),
        ("type = page order title", "'by' is missing"),
        ('space = "DOC', "is not understood"),
    ],
)
async def test_other_cql_is_refused_clearly(client: Client, cql: str, message: str) -> None:
    with pytest.raises(CqlError, match="Could not parse cql : "):
        parse(cql)
    answer = await client.v1("/content/search", cql=cql)
    assert answer.status == 400
    assert message in answer.json["message"]


async def test_cql_is_required(client: Client) -> None:
    assert (await client.v1("/content/search")).status == 400
    assert (await client.v1("/content/search", cql="type=page", cqlcontext="{}")).status == 501
