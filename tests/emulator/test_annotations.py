"""Labels, properties, likes, versions, restrictions, permissions, tasks, people."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from exporter.emulator import Content, World
from tests.emulator.client import Client
from tests.emulator.conftest import Sample

CHANGES: dict[str, Callable[[World, Content], object]] = {
    "label": lambda world, page: world.add_label(page, "new"),
    "property": lambda world, page: world.set_property(page, "key", 1),
    "like": lambda world, page: world.like(page),
    "restriction": lambda world, page: world.set_restriction(page, "update", users=["712020:me"]),
    "task": lambda world, page: world.add_task(page, "<p>Do</p>"),
    "comment": lambda world, page: world.add_comment(page, "<p>Hm</p>"),
    "custom": lambda world, page: world.add_custom_content(page, "ac:app:note", "Note"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_no_annotation_makes_a_version_but_each_takes_a_minute(sample: Sample, name: str) -> None:
    before, revision = sample.world.now, sample.world.revision
    CHANGES[name](sample.world, sample.page)
    assert sample.world.content(sample.page) == sample.page
    assert (sample.world.now - before).total_seconds() == 60
    assert sample.world.revision > revision


def test_a_purge_takes_everything_along(sample: Sample) -> None:
    world = sample.world
    note = world.add_custom_content(sample.page, "ac:app:note", "Note")
    world.attach(note, "n.txt", b"n")
    for thing in (sample.page, sample.image, note):
        world.add_label(thing, "x")
        world.set_property(thing, "k", 1)
        world.add_comment(thing, "<p>c</p>")
    world.like(sample.page)
    world.set_restriction(sample.page, "read", groups=["staff"])
    world.add_task(sample.page, "t")
    world.purge(sample.page)
    assert not any(
        (
            world.labels,
            world.properties,
            world.likes,
            world.restrictions,
            world.tasks,
            world.comments,
            world.customs,
            world.attachments,
        )
    )


# --- labels -------------------------------------------------------------------------------


async def test_labels_of_everything(client: Client, sample: Sample) -> None:
    world = sample.world
    first = world.add_label(sample.page, "zebra")
    mine = world.add_label(sample.page, "ant", prefix="my")
    assert world.add_label(sample.blogpost, "zebra") == first
    world.add_label(sample.image, "zebra")
    team = world.add_label(sample.space, "crew", prefix="team")
    page = f"/pages/{sample.page.id}/labels"
    assert (await client.get(page)).json["results"] == [
        {"id": first.id, "name": "zebra", "prefix": "global"},
        {"id": mine.id, "name": "ant", "prefix": "my"},
    ]
    assert (await client.get(page, sort="name")).ids == [mine.id, first.id]
    assert (await client.get(page, sort="-created-date", limit=1)).ids == [mine.id]
    assert (await client.get(page, prefix="my")).ids == [mine.id]
    assert (await client.get(page, sort="title")).status == 400
    assert (await client.get(f"/blogposts/{sample.blogpost.id}/labels")).ids == [first.id]
    assert (await client.get(f"/spaces/{sample.space.id}/labels")).ids == [team.id]
    world.remove_label(sample.page, "zebra")
    assert (await client.get(page)).ids == [mine.id]


async def test_labels_of_an_attachment_are_found_by_either_id(client: Client, sample: Sample) -> None:
    label = sample.world.add_label(sample.image, "png")
    bare = sample.image.id.removeprefix("att")
    assert (await client.get(f"/attachments/{bare}/labels")).ids == [label.id]
    assert (await client.get(f"/attachments/{sample.image.id}/labels")).ids == [label.id]


# --- properties ---------------------------------------------------------------------------


async def test_properties_have_values_and_versions(client: Client, sample: Sample) -> None:
    world = sample.world
    editor = world.set_property(sample.page, "editor", "v2")
    world.set_property(sample.page, "emoji", {"id": "1f4a1"})
    world.set_property(sample.page, "editor", "v3", author="712020:other")
    listed = (await client.get(f"/pages/{sample.page.id}/properties")).json["results"]
    assert [(each["key"], each["value"], each["version"]["number"]) for each in listed] == [
        ("editor", "v3", 2),
        ("emoji", {"id": "1f4a1"}, 1),
    ]
    assert (await client.get(f"/pages/{sample.page.id}/properties", key="editor")).ids == [editor.id]
    world.remove_property(sample.page, "editor")
    assert (await client.get(f"/pages/{sample.page.id}/properties", key="editor")).ids == []
    world.set_property(sample.blogpost, "k", None)
    assert (await client.get(f"/blogposts/{sample.blogpost.id}/properties")).json["results"][0][
        "value"
    ] is None
    world.set_property(sample.image, "k", [1])
    assert (await client.get(f"/attachments/{sample.image.id}/properties")).json["results"][0]["key"] == "k"
    world.set_property(sample.space, "colour", "blue")
    own = (await client.get(f"/spaces/{sample.space.id}/properties")).json["results"][0]
    assert (own["value"], own["createdBy"], own["version"]["createdBy"]) == ("blue", "712020:me", "712020:me")


# --- likes --------------------------------------------------------------------------------


async def test_likes_are_counted_and_listed(client: Client, sample: Sample) -> None:
    page = f"/pages/{sample.page.id}/likes"
    for name in ("a", "b", "c"):
        sample.world.like(sample.page, name)
    assert (await client.get(f"{page}/count")).json == {"count": 3}
    walked = await client.walk(f"{page}/users", limit=2)
    assert [each for one in walked for each in one.json["results"]] == [
        {"accountId": "a"},
        {"accountId": "b"},
        {"accountId": "c"},
    ]
    sample.world.unlike(sample.page, "b")
    assert (await client.get(f"{page}/count")).json == {"count": 2}
    assert (await client.get(f"/blogposts/{sample.blogpost.id}/likes/count")).json == {"count": 0}


# --- versions -----------------------------------------------------------------------------


async def test_versions_come_newest_first_with_messages_and_bodies(client: Client, sample: Sample) -> None:
    sample.world.edit(sample.page, "<p>Two</p>", message="Better", author="712020:other")
    path = f"/pages/{sample.page.id}/versions"
    listed = (await client.get(path)).json["results"]
    assert [(each["number"], each["message"], each["authorId"]) for each in listed] == [
        (2, "Better", "712020:other"),
        (1, "", "712020:me"),
    ]
    assert "body" not in listed[0]["page"]
    listed = (await client.get(path, body_format="storage", sort="modified-date")).json["results"]
    assert [each["page"]["body"]["storage"]["value"] for each in listed] == ["<p>Text</p>", "<p>Two</p>"]
    detailed = (await client.get(f"{path}/1")).json
    assert (detailed["number"], detailed["nextVersion"], "prevVersion" in detailed) == (1, 2, False)
    assert (await client.get(f"{path}/3")).status == 404
    sample.world.delete_old_version(sample.page, 1)
    assert [each["number"] for each in (await client.get(path)).json["results"]] == [1]
    assert len((await client.get(f"/blogposts/{sample.blogpost.id}/versions")).json["results"]) == 1


async def test_bodies_lower_the_number_of_versions(client: Client, sample: Sample) -> None:
    for number in range(60):
        sample.world.edit(sample.page, f"<p>{number}</p>")
    path = f"/pages/{sample.page.id}/versions"
    assert len((await client.get(path, limit=250)).json["results"]) == 61
    pages = await client.walk(path, limit=250, body_format="storage")
    assert [len(each.json["results"]) for each in pages] == [50, 11]


async def test_a_former_version_includes_all_versions(client: Client, sample: Sample) -> None:
    sample.world.edit(sample.page, "<p>Two</p>")
    path = f"{client.root}/api/v2/pages/{sample.page.id}?version=1&include-versions=true"
    shown = (await client.url(path)).json
    assert shown["version"]["number"] == 1
    assert [each["number"] for each in shown["versions"]["results"]] == [2, 1]


async def test_attachments_have_versions(client: Client, sample: Sample) -> None:
    sample.world.replace_attachment(sample.image, b"new")
    path = f"/attachments/{sample.image.id}/versions"
    listed = (await client.get(path)).json["results"]
    assert [(each["number"], each["attachment"]["id"]) for each in listed] == [
        (2, sample.image.id),
        (1, sample.image.id),
    ]
    assert (await client.get(f"{path}/2")).json["prevVersion"] == 1


# --- in a single answer -------------------------------------------------------------------


async def test_a_single_answer_includes_up_to_fifty_of_each(client: Client, sample: Sample) -> None:
    for number in range(60):
        sample.world.add_label(sample.page, f"label-{number:02}")
        sample.world.like(sample.page, f"user-{number:02}")
    sample.world.set_property(sample.page, "k", 1)
    answer = await client.url(
        f"{client.root}/api/v2/pages/{sample.page.id}"
        "?include-labels=true&include-properties=true&include-likes=true&include-versions=true"
    )
    labels, likes = answer.json["labels"], answer.json["likes"]
    assert (len(labels["results"]), labels["meta"]["hasMore"]) == (50, True)
    assert (len(answer.json["properties"]["results"]), answer.json["properties"]["meta"]) == (
        1,
        {"hasMore": False},
    )
    assert len(answer.json["versions"]["results"]) == 1
    rest = await client.get(f"/pages/{sample.page.id}/labels", cursor=labels["meta"]["cursor"])
    assert [each["name"] for each in rest.json["results"]] == [f"label-{number}" for number in range(50, 60)]
    rest = await client.get(f"/pages/{sample.page.id}/likes/users", cursor=likes["meta"]["cursor"])
    assert len(rest.json["results"]) == 10
    assert "labels" not in (await client.get(f"/pages/{sample.page.id}")).json


async def test_a_space_includes_its_own(client: Client, sample: Sample) -> None:
    world = sample.world
    world.add_label(sample.space, "crew", prefix="team")
    world.set_property(sample.space, "colour", "blue")
    granted = world.grant(sample.space, "group", "g-1", "administer")
    answer = await client.url(
        f"{client.root}/api/v2/spaces/{sample.space.id}"
        "?include-labels=true&include-properties=true&include-permissions=true"
    )
    assert answer.json["labels"]["results"][0]["name"] == "crew"
    assert answer.json["properties"]["results"][0]["createdBy"] == "712020:me"
    assert answer.json["permissions"]["results"][0]["id"] == granted.id


# --- permissions and restrictions ---------------------------------------------------------


async def test_spaces_list_permissions_and_roles(client: Client, sample: Sample) -> None:
    world = sample.world
    first = world.grant(sample.space, "user", "712020:me", "read", "page")
    second = world.grant(sample.space, "group", "staff")
    path = f"/spaces/{sample.space.id}/permissions"
    assert (await client.get(path)).json["results"][0] == {
        "id": first.id,
        "principal": {"type": "user", "id": "712020:me"},
        "operation": {"key": "read", "targetType": "page"},
    }
    world.revoke(sample.space, first)
    assert (await client.get(path)).ids == [second.id]
    world.assign_role(sample.space, "GROUP", "staff", "role-1")
    assigned = world.assign_role(sample.space, "USER", "712020:me", "role-2")
    path = f"/spaces/{sample.space.id}/role-assignments"
    assert [each["roleId"] for each in (await client.get(path)).json["results"]] == ["role-1", "role-2"]
    one = await client.get(path, principal_type="USER", principal_id="712020:me")
    assert one.json["results"] == [
        {"principal": {"principalType": "USER", "principalId": "712020:me"}, "roleId": "role-2"}
    ]
    assert (await client.get(path, principal_type="USER")).status == 400
    world.unassign_role(sample.space, assigned)
    assert len((await client.get(path)).json["results"]) == 1


async def test_restrictions_name_users_and_groups_when_expanded(client: Client, sample: Sample) -> None:
    sample.world.add_user("712020:other", "Other")
    sample.world.set_restriction(sample.page, "read", users=["712020:me", "712020:other"], groups=["staff"])
    path = f"/content/{sample.page.id}/restriction"
    plain = (await client.v1(f"{path}/byOperation")).json
    assert "restrictions" not in plain["read"]
    whole = (await client.v1(f"{path}/byOperation?expand=restrictions.user,restrictions.group")).json
    users = whole["read"]["restrictions"]["user"]["results"]
    assert [each["accountId"] for each in users] == ["712020:me", "712020:other"]
    assert whole["read"]["restrictions"]["group"]["results"][0]["name"] == "staff"
    assert whole["update"]["restrictions"]["user"]["results"] == []
    listed = (await client.v1(f"{path}?expand=read.restrictions.user")).json
    assert [each["operation"] for each in listed["results"]] == ["read", "update"]
    assert "restrictions" not in listed["results"][1]
    sample.world.set_restriction(sample.page, "read")
    assert sample.world.restrictions[sample.page.id] == {}
    assert (await client.v1("/content/1/restriction/byOperation")).status == 404
    assert (await client.v1(f"{path}/byOperation?expand=all")).status == 400


async def test_folders_never_show_restrictions(client: Client, sample: Sample) -> None:
    sample.world.set_restriction(sample.folder, "read", users=["712020:me"])
    answer = await client.v1(f"/content/{sample.folder.id}/restriction/byOperation?expand=restrictions.user")
    assert answer.json["read"]["restrictions"]["user"]["results"] == []


# --- tasks --------------------------------------------------------------------------------


async def test_tasks_are_found_by_filters(client: Client, sample: Sample) -> None:
    world = sample.world
    one = world.add_task(sample.page, "<p>Oil it</p>", assigned_to="712020:other")
    two = world.add_task(sample.blogpost, "<p>Read</p>", by="712020:other", due_at="2026-02-01T00:00:00.000Z")
    blank = world.add_task(sample.page, "")
    done = world.complete_task(two)
    assert (await client.get("/tasks")).ids == [one.id, two.id, blank.id]
    for query, ids in (
        ({"status": "complete"}, [two.id]),
        ({"space-id": sample.space.id}, [one.id, two.id, blank.id]),
        ({"space-id": "1"}, []),
        ({"page-id": sample.page.id}, [one.id, blank.id]),
        ({"page-id": sample.page.id, "blogpost-id": sample.blogpost.id}, [one.id, two.id, blank.id]),
        ({"task-id": f"{one.id},{two.id}"}, [one.id, two.id]),
        ({"assigned-to": "712020:other"}, [one.id]),
        ({"created-by": "712020:other"}, [two.id]),
        ({"completed-by": "712020:me"}, [two.id]),
        ({"include-blank-tasks": "false"}, [one.id, two.id]),
        ({"created-at-from": str(milliseconds(two.created_at))}, [two.id, blank.id]),
        ({"completed-at-to": str(milliseconds(done.completed_at or "") - 1)}, []),
        ({"due-at-from": "0"}, [two.id]),
    ):
        assert (await client.get("/tasks", **query)).ids == ids, query
    shown = (await client.get(f"/tasks/{two.id}", body_format="storage")).json
    assert (shown["status"], shown["completedBy"], shown["blogPostId"]) == (
        "complete",
        "712020:me",
        sample.blogpost.id,
    )
    assert shown["body"]["storage"]["value"] == "<p>Read</p>"
    assert world.reopen_task(two).completed_at is None
    assert world.edit_task(one, assigned_to=None).assigned_to is None
    world.remove_task(one)
    assert (await client.get(f"/tasks/{one.id}")).status == 404


def milliseconds(moment: str) -> int:
    return round(datetime.fromisoformat(moment).timestamp() * 1000)


# --- people -------------------------------------------------------------------------------


async def test_people_are_read_in_bulk(client: Client, sample: Sample) -> None:
    sample.world.add_user("712020:gone", "Gone", email="gone@example.com", closed=True)
    answer = await client.post("/users-bulk", {"accountIds": ["712020:gone", "nobody", "712020:me"]})
    assert [(each["accountId"], each["displayName"], each["email"]) for each in answer.json["results"]] == [
        ("712020:gone", "Former user", ""),
        ("712020:me", "Me", "me@example.com"),
    ]
    assert [each["accountStatus"] for each in answer.json["results"]] == ["closed", "active"]
    assert client.emulator.requests[-1].body.startswith(b'{"accountIds"')


@pytest.mark.parametrize(
    "sent", [b"", b"[]", {}, {"accountIds": []}, {"accountIds": [1]}, {"accountIds": ["x"] * 251}]
)
async def test_bulk_reads_of_people_are_strict(client: Client, sent: object) -> None:
    assert (await client.post("/users-bulk", sent)).status == 400


async def test_a_post_is_no_get(client: Client) -> None:
    assert (await client.get("/users-bulk")).status == 405
