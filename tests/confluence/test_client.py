"""Collections: every item once, whatever the server does; never a loop for the end, nor a short page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from aioresponses import aioresponses

from exporter.confluence.client import Client
from exporter.errors import NotFound, RemoteError, TransientError
from exporter.model import ContentInfo, Kind
from tests.confluence import wire_samples as wire
from tests.confluence.scripted import BASE, Scripted


async def _ids(rows: AsyncIterator[ContentInfo]) -> list[str]:
    return [info.id async for info in rows]


async def _broken_off(rows: AsyncIterator[ContentInfo]) -> tuple[list[str], RemoteError]:
    ids: list[str] = []
    try:
        async for info in rows:
            ids.append(info.id)  # noqa: PERF401 — what came before the error counts
    except RemoteError as error:
        return ids, error
    raise AssertionError(f"it ended as if complete after {ids}")


def _pages(client: Client) -> AsyncIterator[ContentInfo]:
    return client.contents(wire.SPACE, Kind.PAGE)


def _listing(ids: str, cursor: str | None = None) -> dict[str, Any]:
    return wire.listing(*(wire.page(each) for each in ids.split()), cursor=cursor)


@pytest.mark.fault(48)
@pytest.mark.parametrize(
    ("answers", "ids"),
    [
        ([_listing("1 2")], "1 2"),
        ([_listing("")], ""),
        ([_listing("1", "a"), _listing("2", "b"), _listing("3")], "1 2 3"),
        ([_listing("", "a"), _listing("1")], "1"),
        ([_listing("1", "a"), _listing("", "b"), _listing("", "c"), _listing("2")], "1 2"),
        ([_listing("1 2", "a"), _listing("2 3", "b"), _listing("3 4")], "1 2 3 4"),
        ([_listing("1 1 1")], "1"),
        ([_listing("1 2", "a"), _listing("1 2", "b"), _listing("1 2", "c"), _listing("3")], "1 2 3"),
    ],
    ids=["one page", "empty", "short pages", "empty first", "empty between", "overlap", "twice", "same rows"],
)
async def test_a_listing_ends_where_no_next_page_is_named(
    client: Client, script: Scripted, answers: Sequence[Any], ids: str
) -> None:
    script.answers = list(answers)
    assert await _ids(_pages(client)) == ids.split()
    assert len(script.asked) == len(answers)


@pytest.mark.fault(24, 25)
async def test_the_original_request_is_repeated_with_the_cursor(client: Client, script: Scripted) -> None:
    foreign = wire.listing(wire.page("1"))
    foreign["_links"]["next"] = "https://evil.example/x?limit=1&sort=title&cursor=x%2By%3D%3D&status=trashed"
    script.answers = [foreign, _listing("2")]
    assert await _ids(_pages(client)) == ["1", "2"]
    first, second = script.asked
    assert first.with_query(None) == second.with_query(None) == BASE / "wiki/api/v2/spaces/5/pages"
    query = [("limit", "250"), ("sort", "id"), ("status", "current"), ("status", "archived")]
    assert sorted(first.query.items()) == sorted(query)
    assert sorted(second.query.items()) == sorted([*query, ("cursor", "x+y==")])
    assert [text for text in client.warnings if "evil.example" in text]


@pytest.mark.fault(47)
@pytest.mark.parametrize(
    ("answers", "ids", "asked"),
    [
        ([_listing("1", "a"), _listing("2", "a")], "1 2", 2),
        ([_listing("1", "a"), _listing("2", "b"), _listing("3", "a")], "1 2 3", 3),
        ([_listing("1", "a"), _listing("1", "b"), _listing("1", "c"), _listing("1", "d")], "1", 4),
        ([_listing("", "a"), _listing("", "b"), _listing("", "c")], "", 3),
    ],
    ids=["same cursor", "a b a", "nothing new", "only empty pages"],
)
async def test_a_loop_is_an_error_within_three_requests(
    client: Client, script: Scripted, answers: Sequence[Any], ids: str, asked: int
) -> None:
    script.answers = list(answers)
    seen, error = await _broken_off(_pages(client))
    assert seen == ids.split()
    assert "circles" in str(error)
    assert not isinstance(error, TransientError)
    assert len(script.asked) == asked


async def test_of_a_listing_of_the_whole_site_the_last_answer_is_remembered(
    client: Client, script: Scripted
) -> None:
    """Else a million ids were in memory."""
    answers = [("1 2", "a"), ("2 3", "b"), ("3", "c"), ("1", None)]
    script.answers = [
        wire.listing(*(wire.attachment(each) for each in ids.split()), cursor=cursor)
        for ids, cursor in answers
    ]
    shown = [info.id async for info in client.site_attachments()]
    assert shown == ["att1", "att2", "att3", "att1"]


async def test_a_listing_that_breaks_off_is_an_error_after_what_was_seen(
    client: Client, script: Scripted
) -> None:
    script.answers = [_listing("1 2", "a"), 500]
    seen, error = await _broken_off(_pages(client))
    assert seen == ["1", "2"]
    assert "answered 500" in str(error)


async def test_an_item_that_cannot_be_read_costs_itself_and_completeness(
    client: Client, script: Scripted
) -> None:
    script.answers = [
        wire.listing(wire.page("1"), wire.page("../2"), wire.page("3"), cursor="a"),
        _listing("4"),
    ]
    seen, error = await _broken_off(_pages(client))
    assert seen == ["1", "3", "4"]
    assert "one item" in str(error)


@pytest.mark.parametrize("cut", [{"results": None}, {}, [], {"results": "x"}, {"results": [1]}])
async def test_a_listing_of_the_wrong_shape_is_asked_for_again(
    client: Client, script: Scripted, cut: Any
) -> None:
    script.answers = [cut, cut, _listing("1")]
    assert await _ids(_pages(client)) == ["1"]


async def test_bodies_come_in_bulk_with_a_limit_of_their_number(client: Client, script: Scripted) -> None:
    script.answers = [_listing("1 2 3")]
    infos = [info async for info in _pages(client)]
    script.answers = [wire.listing(wire.bulk("1"), wire.bulk("2", ""), wire.bulk("3", None))]
    pages = await client.pages(Kind.PAGE, infos)
    assert [(page.info.id, page.body) for page in pages] == [("1", "<p>Hi</p>"), ("2", "")]
    query = script.asked[-1].query
    assert (query["id"], query["limit"], query["body-format"]) == ("1,2,3", "3", "storage")
    assert sorted(query.getall("status")) == ["archived", "current"]


async def test_a_server_that_chokes_on_bodies_is_asked_twice_only(client: Client, script: Scripted) -> None:
    script.answers = [_listing("1 2")]
    infos = [info async for info in _pages(client)]
    script.answers = [504]
    with pytest.raises(TransientError):
        await client.pages(Kind.PAGE, infos)
    assert len(script.asked) == 1 + 2


async def _info(client: Client, script: Scripted) -> ContentInfo:
    script.answers = [wire.listing(wire.page("7"))]
    (info,) = [info async for info in _pages(client)]
    return info


async def test_a_page_alone_is_the_page_of_the_listing(client: Client, script: Scripted) -> None:
    info = await _info(client, script)
    script.answers = [wire.single("7")]
    page = await client.page(info)
    assert (page.info, page.body) == (info, "<p>Hi</p>")
    assert script.asked[-1] == (BASE / "wiki/api/v2/pages/7").with_query({"body-format": "storage"})


async def test_a_page_without_a_body_is_a_failure_that_names_it_once(
    client: Client, script: Scripted
) -> None:
    info = await _info(client, script)
    script.answers = [wire.single("7", None)]
    with pytest.raises(RemoteError, match="without a body") as caught:
        await client.page(info)
    assert not isinstance(caught.value, TransientError)


async def test_a_failure_names_the_request_once(client: Client, script: Scripted) -> None:
    info = await _info(client, script)
    script.answers = [wire.single("7", None)]
    with pytest.raises(RemoteError) as caught:
        await client.page(info)
    assert str(caught.value).count("GET ") == 1


async def test_another_page_is_not_what_was_asked_for(client: Client, script: Scripted) -> None:
    info = await _info(client, script)
    script.answers = [wire.single("8"), wire.single("7")]
    assert (await client.page(info)).info.id == "7"


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        (Kind.FOLDER, "folders/6"),
        (Kind.WHITEBOARD, "whiteboards/6"),
        (Kind.DATABASE, "databases/6"),
        (Kind.EMBED, "embeds/6"),
    ],
)
async def test_what_has_no_listing_is_read_by_id(
    client: Client, script: Scripted, kind: Kind, path: str
) -> None:
    box = {"id": "6", "title": "Box", "type": str(kind), "parentId": "3", "parentType": "folder"}
    script.answers = [{**box, "id": "5"}, box]
    node = await client.by_id(kind, "6")
    assert (node.id, node.kind, node.title, node.parent_id) == ("6", kind, "Box", "3")
    assert script.asked[0] == BASE / "wiki/api/v2" / path
    script.answers = [404]
    with pytest.raises(NotFound):
        await client.by_id(kind, "6")


async def test_attachments_of_a_page_are_listed_whatever_their_status(
    client: Client, script: Scripted
) -> None:
    info = await _info(client, script)
    script.answers = [
        wire.listing(wire.attachment("1"), cursor="a"), wire.listing(wire.attachment("2", status="archived"))
    ]  # fmt: skip
    listed = [each async for each in client.attachments(info)]
    assert [(each.id, each.container, each.status) for each in listed] == [
        ("att1", "7", "current"), ("att2", "7", "archived")
    ]  # fmt: skip
    assert sorted(script.asked[-1].query.getall("status")) == ["archived", "current"]


@pytest.mark.parametrize(("status", "query"), [("current", {}), ("archived", {"status": "archived"})])
async def test_an_attachment_comes_by_the_only_way_that_tokens_have(
    client: Client, script: Scripted, responses: aioresponses, status: str, query: dict[str, str]
) -> None:
    info = await _info(client, script)
    script.answers = [wire.listing(wire.attachment("9", status=status, fileSize=1))]
    (attachment,) = [each async for each in client.attachments(info)]

    async def receive(chunks: AsyncIterator[bytes]) -> bytes:
        return b"".join([chunk async for chunk in chunks])

    responses.clear()
    path = (BASE / "wiki/rest/api/content/7/child/attachment/att9/download").with_query(query)
    responses.get(path, body=b"7")
    assert await client.download(attachment, receive) == b"7"
