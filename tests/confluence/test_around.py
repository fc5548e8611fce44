"""What lies around pages, from answers that are odd, cut, or about something else."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aioresponses import aioresponses

from exporter.confluence.client import Client
from exporter.confluence.schema import PageWire, content_info, read_as
from exporter.errors import NotFound, RemoteError, TransientError
from exporter.model import (
    AttachmentId,
    AttachmentInfo,
    CommentInfo,
    ContentId,
    Kind,
    OldVersion,
    Part,
    Version,
)
from tests.confluence import wire_samples as wire
from tests.confluence.scripted import BASE, Scripted

PAGE = content_info(read_as(PageWire)(wire.page()), Kind.PAGE)
V2 = BASE / "wiki/api/v2"
DATE = str(wire.VERSION["createdAt"])
LABEL = {"id": "1", "name": "one", "prefix": "global"}


async def _seen(rows: AsyncIterator[Any]) -> tuple[list[Any], RemoteError | None]:
    """What came, and the error after it."""
    seen: list[Any] = []
    try:
        async for row in rows:
            seen.append(row)  # noqa: PERF401 — what came before the error counts
    except RemoteError as error:
        return seen, error
    return seen, None


def _document(metadata: bytes) -> Any:
    return json.loads(metadata)


# --- comments ---------------------------------------------------------------------------


async def test_comments_are_asked_for_with_their_bodies_and_without_a_status(
    client: Client, script: Scripted
) -> None:
    script.answers = [wire.listing(wire.comment())]
    (comment,), error = await _seen(client.comments(Kind.PAGE, "7"))
    assert error is None
    assert (comment.id, comment.container, comment.inline, comment.parent_id) == ("30", "7", False, None)
    assert comment.version == Version(3, DATE)
    assert _document(comment.metadata)["body"] == {"storage": {"value": "<p>So?</p>"}}
    assert script.asked == [(V2 / "pages/7/footer-comments").with_query("body-format=storage&limit=250")]


async def test_inline_comments_are_asked_for_whatever_became_of_them(
    client: Client, script: Scripted
) -> None:
    script.answers = [wire.listing()]
    assert await _seen(client.comments(Kind.BLOGPOST, "7", inline=True)) == ([], None)
    asked = script.asked[0]
    assert asked.path.endswith("/blogposts/7/inline-comments")
    assert set(asked.query.getall("resolution-status")) == {"resolved", "open", "dangling", "reopened"}


@pytest.mark.parametrize(
    ("kind", "container", "path"),
    [(Kind.ATTACHMENT, "att9", "attachments/att9"), (Kind.CUSTOM_CONTENT, "8", "custom-content/8")],
)
async def test_attachments_and_custom_content_have_footer_comments(
    client: Client, script: Scripted, kind: Kind, container: str, path: str
) -> None:
    script.answers = [wire.listing(wire.comment())]
    (comment,), _ = await _seen(client.comments(kind, container))
    assert comment.container == container
    assert script.asked[0].with_query(None) == V2 / path / "footer-comments"


async def test_where_an_inline_comment_is_has_one_form(client: Client, script: Scripted) -> None:
    plain = {"inlineMarkerRef": "u-1", "inlineOriginalSelection": "So"}
    hyphens = {"inline-marker-ref": "u-1", "inline-original-selection": "So"}
    metadata: list[bytes] = []
    for each in (plain, hyphens):
        script.answers = [wire.listing(wire.comment(properties=each, resolutionStatus="open"))]
        (comment,), _ = await _seen(client.comments(Kind.PAGE, "7", inline=True))
        metadata.append(comment.metadata)
    assert metadata[0] == metadata[1]
    assert _document(metadata[0])["properties"] == plain


async def _first_comment(client: Client, script: Scripted, *, inline: bool = False) -> CommentInfo:
    script.answers = [wire.listing(wire.comment("29"))]
    (comment,), _ = await _seen(client.comments(Kind.PAGE, "7", inline=inline))
    assert isinstance(comment, CommentInfo)
    return comment


@pytest.mark.parametrize(("inline", "kind"), [(False, "footer"), (True, "inline")])
async def test_a_reply_is_in_the_container_of_what_it_replies_to(
    client: Client, script: Scripted, inline: bool, kind: str
) -> None:
    above = await _first_comment(client, script, inline=inline)
    row = wire.comment("30", parentCommentId="29")
    del row["pageId"]
    script.answers = [wire.listing(row)]
    (reply,), _ = await _seen(client.replies(above))
    assert (reply.id, reply.container, reply.parent_id, reply.inline) == ("30", "7", "29", inline)
    assert script.asked[-1].with_query(None) == V2 / f"{kind}-comments/29/children"


async def test_a_comment_listed_without_a_body_is_read_alone_into_the_same_bytes(
    client: Client, script: Scripted
) -> None:
    script.answers = [wire.listing(wire.comment())]
    (whole,), _ = await _seen(client.comments(Kind.PAGE, "7"))
    for row in (wire.comment(value=None), wire.comment(body=None), wire.comment(body="odd")):
        script.answers = [wire.listing(row), wire.single_comment()]
        assert await _seen(client.comments(Kind.PAGE, "7")) == ([whole], None)
        assert script.asked[-1] == (V2 / "footer-comments/30").with_query("body-format=storage")


@pytest.mark.parametrize("alone", [wire.single_comment("30", None), 404])
async def test_a_comment_without_any_body_is_an_error_after_the_others(
    client: Client, script: Scripted, alone: Any
) -> None:
    script.answers = [
        wire.listing(wire.comment("30", None), wire.comment("31"), cursor="a"),
        alone,
        wire.listing(wire.comment("32", "")),
    ]
    seen, error = await _seen(client.comments(Kind.PAGE, "7"))
    assert [each.id for each in seen] == ["31", "32"]
    assert error is not None
    assert "/footer-comments/30" in str(error)


async def test_another_comment_is_not_the_one_without_a_body(client: Client, script: Scripted) -> None:
    other, right = wire.single_comment("31", "<p>No</p>"), wire.single_comment("30", "<p>Yes</p>")
    script.answers = [wire.listing(wire.comment("30", None)), other, right]
    (comment,), _ = await _seen(client.comments(Kind.PAGE, "7"))
    assert _document(comment.metadata)["body"]["storage"]["value"] == "<p>Yes</p>"


# --- search -----------------------------------------------------------------------------


async def test_a_search_shows_what_is_in_its_rows(client: Client, script: Scripted) -> None:
    found = {"id": "60", "type": "folder", "status": "current", "title": "Box", "_links": {"webui": "/x"}}
    first = wire.listing({"content": found, "title": "Box"}, cursor="_sa_a")
    script.answers = [first, wire.listing({"content": {**found, "id": 61, "type": "ac:app:thing"}})]
    seen, error = await _seen(client.search(wire.SPACE))
    assert error is None
    assert [(each.type, each.info.id, each.info.kind) for each in seen] == [
        ("folder", "60", Kind.OTHER),
        ("ac:app:thing", "61", Kind.OTHER),
    ]
    assert _document(seen[0].info.metadata) == found
    query = script.asked[-1].query
    assert query["cql"] == 'space = "ENG" and type not in (page, blogpost, comment, attachment)'
    assert (query["includeArchivedSpaces"], query["limit"], query["cursor"]) == ("true", "200", "_sa_a")


@pytest.mark.parametrize(
    "content", [None, "x", [], {"type": "folder"}, {"id": "../1", "type": "folder"}, {"id": "1"}]
)
async def test_a_found_thing_that_cannot_be_read_costs_completeness(
    client: Client, script: Scripted, content: Any
) -> None:
    script.answers = [wire.listing({"content": content}, {"content": {"id": "1", "type": "folder"}})]
    seen, error = await _seen(client.search(wire.SPACE))
    assert len(seen) == 1
    assert "one item" in str(error)


async def test_a_search_that_goes_round_is_an_error(client: Client, script: Scripted) -> None:
    script.answers = [wire.listing({"content": {"id": "1", "type": "folder"}}, cursor="_sa_a")]
    _, error = await _seen(client.search(wire.SPACE))
    assert "circles" in str(error)


async def test_a_key_cannot_break_out_of_the_query(client: Client, script: Scripted) -> None:
    script.answers = [wire.listing()]
    space = type(wire.SPACE)(wire.SPACE.id, 'a"b\\', "a", "a", b"")
    await _seen(client.search(space))
    assert script.asked[0].query["cql"].startswith('space = "a\\"b\\\\" and type')


# --- looking things up ------------------------------------------------------------------


async def test_at_most_250_are_looked_up_at_once(client: Client, script: Scripted) -> None:
    ids = [str(number) for number in range(1, 302)]
    script.answers = [
        wire.listing(*(wire.page(each) for each in ids[:250])),
        wire.listing(*(wire.page(each, status="trashed") for each in ids[250:])),
    ]
    found = await client.look_up(Kind.PAGE, ids)
    assert list(found) == ids
    assert (found["1"].status, found["301"].status) == ("current", "trashed")
    first, second = (url.query for url in script.asked)
    assert (first["limit"], second["limit"]) == ("250", "51")
    assert second["id"] == ",".join(ids[250:])
    assert sorted(first.getall("status")) == ["archived", "current", "deleted", "trashed"]


async def test_what_the_bulk_lacks_is_asked_for_alone(client: Client, script: Scripted) -> None:
    script.answers = [wire.listing(wire.page("1"), wire.page("9")), wire.single("2", status="trashed"), 404]
    found = await client.look_up(Kind.BLOGPOST, ["1", "2", "3"])
    assert {each: info.status for each, info in found.items()} == {"1": "current", "2": "trashed"}
    assert sorted(script.asked[0].query.getall("status")) == ["current", "deleted", "trashed"]
    assert script.asked[1:] == [V2 / "blogposts/2", V2 / "blogposts/3"]


async def test_a_failure_is_not_taken_for_absence(client: Client, script: Scripted) -> None:
    script.answers = [wire.listing(), 500]
    with pytest.raises(TransientError):
        await client.look_up(Kind.PAGE, ["1"])


@pytest.mark.parametrize(
    ("told", "container"),
    [({}, "7"), ({"pageId": None, "blogPostId": "8"}, "8"), ({"pageId": None, "customContentId": 9}, "9")],
)
async def test_an_attachment_is_looked_up_with_its_container(
    client: Client, script: Scripted, told: dict[str, Any], container: str
) -> None:
    script.answers = [wire.attachment("8"), wire.attachment("9", **told)]
    assert (await client.look_up_attachment("att9")).container == container


async def test_an_attachment_in_the_trash_may_have_no_container(client: Client, script: Scripted) -> None:
    script.answers = [wire.attachment("9", status="trashed", pageId=None)]
    found = await client.look_up_attachment("att9")
    assert (found.container, found.status) == ("", "trashed")
    script.answers = [404]
    with pytest.raises(NotFound):
        await client.look_up_attachment("att9")


# --- labels, properties, likes, versions ------------------------------------------------


async def test_nothing_but_the_parts_asked_for_is_asked_for(client: Client, script: Scripted) -> None:
    script.answers = [{**wire.single(), "labels": wire.section({**LABEL, "id": "10"}, LABEL, LABEL)}]
    assert await client.details(PAGE, [Part.LABELS]) == {Part.LABELS: [LABEL, {**LABEL, "id": "10"}]}
    assert script.asked == [(V2 / "pages/7").with_query("include-labels=true")]


@pytest.mark.parametrize(
    "labels",
    [
        None,
        "x",
        {},
        {"results": [LABEL]},
        {"results": [LABEL], "meta": {}},
        wire.section({"id": "1"}),
        wire.section("x"),
        wire.section(LABEL, more=True),
        {"results": "x", "meta": {"hasMore": False}},
    ],
)
async def test_a_part_that_is_not_surely_whole_is_listed(
    client: Client, script: Scripted, labels: Any
) -> None:
    script.answers = [{**wire.single(), "labels": labels}, wire.listing(LABEL, cursor="a"), wire.listing()]
    assert await client.details(PAGE, {Part.LABELS}) == {Part.LABELS: [LABEL]}
    assert script.asked[1].with_query(None) == V2 / "pages/7/labels"


async def test_details_of_something_else_are_asked_for_again(client: Client, script: Scripted) -> None:
    right = {**wire.single(), "likes": wire.section({"accountId": "b"}, {"accountId": "a"})}
    script.answers = [{**right, "id": "8"}, [], right]
    assert await client.details(PAGE, {Part.LIKES}) == {Part.LIKES: ["a", "b"]}
    script.answers = [wire.single("8")]
    with pytest.raises(TransientError, match="something else"):
        await client.details(PAGE, {Part.LIKES})


async def test_a_part_that_cannot_be_read_even_by_itself_is_an_error(
    client: Client, script: Scripted
) -> None:
    script.answers = [wire.single(), wire.listing({"id": "1"})]
    with pytest.raises(RemoteError, match="one item"):
        await client.details(PAGE, {Part.LABELS})


# --- restrictions -----------------------------------------------------------------------


def _restricted(users: list[str], groups: list[Any], **users_more: Any) -> dict[str, Any]:
    rows = [{"type": "known", "accountId": each} for each in users]
    return {
        "operation": "read",
        "restrictions": {"user": {"results": rows, **users_more}, "group": {"results": groups}},
        "_links": {},
    }


async def test_restrictions_are_sorted_by_operation(client: Client, script: Scripted) -> None:
    groups = [{"id": "2", "name": "b", "type": "group"}, {"id": "1", "name": "c"}, {"name": "a"}]
    script.answers = [{"read": _restricted(["b", "a"], groups), "copy": _restricted([], []), "_links": {}}]
    nobody: dict[str, list[Any]] = {"users": [], "groups": []}
    assert await client.restrictions(PAGE) == {
        "read": {
            "users": ["a", "b"],
            "groups": [{"id": None, "name": "a"}, {"id": "1", "name": "c"}, {"id": "2", "name": "b"}],
        },
        "update": nobody,
        "copy": nobody,
    }
    assert not client.warnings


@pytest.mark.parametrize(
    ("size", "limit", "cut"), [(2, 2, True), (None, 2, True), (1, 2, False), (2, None, False)]
)
async def test_restrictions_that_fill_their_list_may_be_cut(
    client: Client, script: Scripted, size: int | None, limit: int | None, cut: bool
) -> None:
    script.answers = [{"update": _restricted(["a", "b"], [], size=size, limit=limit)}]
    await client.restrictions(PAGE)
    assert bool(client.warnings) is cut
    assert all("page 7" in text for text in client.warnings)


@pytest.mark.parametrize(
    "answer", [{}, [], {"read": {}}, {"read": None}, {"read": {"restrictions": {"user": {"results": []}}}}]
)
async def test_no_restrictions_are_not_taken_from_an_answer_of_another_shape(
    client: Client, script: Scripted, answer: Any
) -> None:
    script.answers = [answer]
    with pytest.raises(TransientError):
        await client.restrictions(PAGE)


# --- former versions --------------------------------------------------------------------

NOW = AttachmentInfo(
    AttachmentId("att9"), ContentId("7"), "a", "current", Version(3, DATE), 1, "", b"", b""
)  # fmt: skip


async def test_versions_of_attachments_are_told_by_number_and_date(client: Client, script: Scripted) -> None:
    script.answers = [wire.listing(wire.VERSION, {**wire.VERSION, "number": 2}, {"number": 1})]
    seen, error = await _seen(client.attachment_versions(NOW))
    assert seen == [OldVersion("att9", 3, DATE), OldVersion("att9", 2, DATE)]
    assert error is not None


@pytest.mark.parametrize(
    "changes", [{"number": 2}, {"createdAt": "2026-11-02T08:00:00.000Z"}, {"number": None}]
)
async def test_a_number_may_be_another_version_by_now(
    client: Client, script: Scripted, changes: dict[str, Any]
) -> None:
    shifted = {**wire.VERSION, **changes}
    script.answers = [wire.single(version=shifted)]
    with pytest.raises(RemoteError, match="is another version by now") as caught:
        await client.old_page(PAGE, OldVersion("7", 3, DATE))
    assert not isinstance(caught.value, TransientError)
    script.answers = [wire.attachment(version=shifted)]
    with pytest.raises(RemoteError, match="is another version by now"):
        await client.old_attachment(NOW, OldVersion("att9", 3, DATE))


async def test_a_former_page_is_what_it_was(client: Client, script: Scripted) -> None:
    script.answers = [wire.single("7", "<p>Then</p>", title="Then")]
    old = await client.old_page(PAGE, OldVersion("7", 3, DATE))
    assert (old.title, old.body, _document(old.metadata)["title"]) == ("Then", "<p>Then</p>", "Then")
    assert script.asked == [(V2 / "pages/7").with_query("body-format=storage&version=3")]
    script.answers = [wire.single("7", None)]
    with pytest.raises(RemoteError, match="without a body"):
        await client.old_page(PAGE, OldVersion("7", 3, DATE))


@pytest.mark.parametrize(
    ("status", "query"),
    [("current", "version=2"), ("historical", "version=2"), ("trashed", "status=trashed&version=2")],
)
async def test_a_version_is_downloaded_by_its_number(
    client: Client, script: Scripted, responses: aioresponses, status: str, query: str
) -> None:
    script.answers = [wire.attachment(status=status, fileSize=1, version={**wire.VERSION, "number": 2})]
    old = await client.old_attachment(NOW, OldVersion("att9", 2, DATE))
    responses.clear()
    path = BASE / "wiki/rest/api/content/7/child/attachment/att9/download"
    responses.get(path.with_query(query), body=b"7")

    async def receive(chunks: AsyncIterator[bytes]) -> bytes:
        return b"".join([chunk async for chunk in chunks])

    assert await client.download(old, receive, version=2) == b"7"


# --- spaces and people ------------------------------------------------------------------


async def test_roles_have_no_ids_and_are_told_apart_all_the_same(client: Client, script: Scripted) -> None:
    def role(kind: str, principal: str, role_id: str) -> dict[str, Any]:
        return {"principal": {"principalType": kind, "principalId": principal}, "roleId": role_id}

    rows = [role("USER", "b", "1"), role("USER", "a", "2"), role("USER", "a", "1"), role("GROUP", "z", "9")]
    script.answers = [wire.listing(*rows, cursor="a"), wire.listing(rows[0])]
    assert await client.space_role_assignments(wire.SPACE) == rows[::-1]
    assert script.asked[0].path.endswith("/spaces/5/role-assignments")


async def test_permissions_are_sorted_by_id(client: Client, script: Scripted) -> None:
    def permission(number: str) -> dict[str, Any]:
        principal = {"type": "wizard", "id": "a"}
        return {"id": number, "principal": principal, "operation": {"key": "read", "targetType": "space"}}

    script.answers = [wire.listing(permission("b"), permission("a"))]
    assert await client.space_permissions(wire.SPACE) == [permission("a"), permission("b")]
    script.answers = [wire.listing({"id": "a"})]
    with pytest.raises(RemoteError):
        await client.space_permissions(wire.SPACE)


async def test_users_are_posted_for_and_only_what_is_needed_is_kept(client: Client, script: Scripted) -> None:
    user = {
        "accountId": "a", "accountType": "atlassian", "accountStatus": "active", "displayName": "A",
        "publicName": "a", "email": "", "isExternalCollaborator": False,
    }  # fmt: skip
    more = {"profilePicture": {"path": "/x"}, "timeZone": None}
    script.answers = [503, wire.listing({**user, **more}, {"accountId": "stranger"})]
    assert await client.users(["a", "b"]) == {"a": user}
    assert script.sent == [{"accountIds": ["a", "b"]}] * 2
    assert script.asked[0] == V2 / "users-bulk"


async def test_a_failed_post_is_named_so(client: Client, script: Scripted) -> None:
    script.answers = [400]
    with pytest.raises(RemoteError, match=r"^POST /wiki/api/v2/users-bulk: answered 400"):
        await client.users(["a"])


# --- tasks, custom content, ADF ---------------------------------------------------------


async def test_a_task_is_dated_by_its_last_change(client: Client, script: Scripted) -> None:
    task = {
        "id": "40",
        "spaceId": "5",
        "pageId": "7",
        "status": "complete",
        "createdAt": "1",
        "updatedAt": "2",
    }
    post = {"id": "41", "spaceId": "5", "blogPostId": "8", "status": "incomplete", "createdAt": "1"}
    script.answers = [wire.listing({**task, "body": {"storage": {"value": "x"}}}, post)]
    seen, _ = await _seen(client.contents(wire.SPACE, Kind.TASK))
    assert [(each.status, each.version.date, each.parent_id, each.parent_type) for each in seen] == [
        ("complete", "2", "7", "page"), ("incomplete", "1", "8", "blogpost")
    ]  # fmt: skip
    assert all(each.title == "" and each.version.number is None for each in seen)
    assert _document(seen[0].metadata)["body"] == {"storage": {"value": "x"}}
    expected = "body-format=storage&include-blank-tasks=true&limit=250&space-id=5"
    assert script.asked == [(V2 / "tasks").with_query(expected)]


@pytest.mark.parametrize(
    ("told", "parent"),
    [
        ({"pageId": "7"}, ("7", "page")),
        ({"blogPostId": "7"}, ("7", "blogpost")),
        ({"customContentId": "7"}, ("7", "custom-content")),
        ({}, (None, None)),
    ],
)
async def test_custom_content_has_one_form_listed_or_alone(
    client: Client, script: Scripted, told: dict[str, Any], parent: Any
) -> None:
    body = {"raw": {"representation": "raw", "value": "{}"}}
    row = {
        "id": "50", "type": "ac:app:thing", "status": "current", "title": "T", "spaceId": "5",
        "version": wire.VERSION, "body": body, "_links": {"webui": "/x"}, **told,
    }  # fmt: skip
    script.answers = [wire.listing(row)]
    (listed,), _ = await _seen(client.contents(wire.SPACE, Kind.CUSTOM_CONTENT, of_type="ac:app:thing"))
    assert (listed.parent_id, listed.parent_type) == parent
    assert dict(script.asked[0].query) == {"type": "ac:app:thing", "body-format": "raw", "limit": "250"}
    script.answers = [{**row, "labels": {}, "_links": {"base": "/y", "webui": "/x"}}]
    assert await client.by_id(Kind.CUSTOM_CONTENT, "50") == listed
    assert script.asked[-1] == (V2 / "custom-content/50").with_query("body-format=raw")
    assert _document(listed.metadata)["body"] == body


async def test_a_page_may_be_asked_for_as_adf(client: Client, script: Scripted) -> None:
    adf = {"atlas_doc_format": {"representation": "atlas_doc_format", "value": "{}"}}
    script.answers = [wire.listing(wire.page(body=adf))]
    (page,) = await client.pages(Kind.PAGE, [PAGE], adf=True)
    assert (page.info, page.body) == (PAGE, "{}")
    script.answers = [{**wire.single(), "body": adf}]
    assert (await client.page(PAGE, adf=True)).body == "{}"
    assert [url.query["body-format"] for url in script.asked] == ["atlas_doc_format"] * 2
    script.answers = [wire.listing(wire.bulk())]
    assert await client.pages(Kind.PAGE, [PAGE], adf=True) == []
