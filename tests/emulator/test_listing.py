"""What the lists hold and how they are paged: traps 1, 7, 9 and 13 of the API."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from exporter.emulator import ContentKind
from tests.emulator.client import Client
from tests.emulator.conftest import Sample


async def fill(sample: Sample, count: int) -> None:
    for number in range(count):
        sample.world.add_page(sample.space, f"Page {number:03}", parent=sample.home)


async def test_next_lacks_the_gateway_prefix_and_base_is_the_site(client: Client, sample: Sample) -> None:
    await fill(sample, 5)
    path = f"/spaces/{sample.space.id}/pages"
    answer = await client.get(path, limit=2)
    assert answer.next is not None
    assert answer.next.startswith(f"/wiki/api/v2{path}?")
    assert answer.json["_links"]["base"] == client.emulator.site_url + "/wiki"
    assert answer.headers["Link"].startswith(f'<{answer.next}>; rel="next", ')
    assert (await client.url(client.emulator.gateway_url + answer.next)).status == 404
    assert (await client.site(answer.next)).status == 401


async def test_cursors_hold_plus_signs_and_stand_anywhere(client: Client, sample: Sample) -> None:
    await fill(sample, 40)
    links = [page.next or "" for page in await client.walk("/pages", limit=1)]
    assert any("+" in link for link in links)
    assert {link.partition("?")[2].startswith("cursor=") for link in links if link} == {True, False}
    plus = next(page for page in await client.walk("/pages", limit=1) if page.cursor and "+" in page.cursor)
    assert (await client.get("/pages", limit=1, cursor=plus.cursor or "")).status == 200
    assert (await client.get("/pages", limit=1, cursor=(plus.cursor or "").replace("+", " "))).status == 400
    twice = quote(quote(plus.cursor or "", safe=""), safe="")
    assert (await client.url(f"{client.root}/api/v2/pages?limit=1&cursor={twice}")).status == 400


async def test_a_cursor_belongs_to_its_query(client: Client, sample: Sample) -> None:
    await fill(sample, 9)
    cursor = (await client.get("/pages", limit=2, status="current")).cursor or ""
    assert (await client.get("/pages", limit=2, status="current", cursor=cursor)).status == 200
    assert (await client.get("/pages", limit=3, status="current", cursor=cursor)).status == 400
    assert (await client.get("/pages", limit=2, cursor=cursor)).status == 400
    assert (await client.get("/pages", limit=2, status="current", cursor="nonsense")).status == 400


@pytest.mark.parametrize("sort", ["", "id", "-id", "title", "-title", "created-date", "-modified-date"])
async def test_every_sort_walks_all_pages_once(client: Client, sample: Sample, sort: str) -> None:
    await fill(sample, 30)
    other = sample.world.add_space("TWO", "Second")
    sample.world.add_page(other, "Page 007", parent=None)
    query: dict[str, str | int] = {"sort": sort} if sort else {}
    pages = await client.walk("/pages", **query, limit=7)
    ids = [each for page in pages for each in page.ids]
    assert sorted(ids) == sorted(key for key, each in sample.world.contents.items() if each.kind == "page")
    if sort in ("", "id", "-id"):
        assert ids == sorted(ids, key=int, reverse=sort == "-id")
    elif sort.endswith("title"):
        titles = [sample.world.contents[each].title.casefold() for each in ids]
        assert titles == sorted(titles, reverse=sort == "-title")


async def test_keyset_cursors_neither_skip_nor_repeat_when_pages_come_and_go(
    client: Client, sample: Sample
) -> None:
    await fill(sample, 10)
    first = await client.get("/pages", limit=5, sort="id")
    sample.world.purge(first.ids[0])
    added = sample.world.add_page(sample.space, "Late")
    rest = await client.get("/pages", limit=5, sort="id", cursor=first.cursor or "")
    ids = [*first.ids, *rest.ids, *(await client.walk("/pages", limit=5, sort="id"))[-1].ids]
    assert added.id in ids
    assert not set(first.ids) & set(rest.ids)


async def test_defaults_and_limits_are_the_documents(client: Client, sample: Sample) -> None:
    await fill(sample, 60)
    for number in range(60):
        sample.world.attach(sample.page, f"{number}.txt", b"")
    assert len((await client.get("/pages")).ids) == 25
    assert len((await client.get(f"/pages/{sample.page.id}/attachments")).ids) == 50
    assert (await client.get("/pages", limit=250)).status == 200
    for limit in ("251", "0", "-1", "ten", "1.5", "٣"):
        assert (await client.get("/pages", limit=limit)).status == 400


async def test_bulk_reads_take_at_most_250_ids_in_either_form(client: Client, sample: Sample) -> None:
    both = [sample.home.id, sample.page.id]
    assert (await client.get("/pages", id=",".join(both))).ids == both
    assert (await client.url(f"{client.root}/api/v2/pages?id={both[0]}&id={both[1]}")).ids == both
    assert (await client.get("/pages", id=",".join(map(str, range(250))))).status == 200
    assert (await client.get("/pages", id=",".join(map(str, range(251))))).status == 400


async def test_bodies_come_only_when_asked_for(client: Client, sample: Sample) -> None:
    assert (await client.get("/pages", id=sample.page.id)).json["results"][0]["body"] == {}
    answer = await client.get("/pages", id=sample.page.id, body_format="storage")
    assert answer.json["results"][0]["body"] == {
        "storage": {"representation": "storage", "value": "<p>Text</p>"}
    }
    assert (await client.get("/pages", body_format="view")).status == 400
    assert (await client.get(f"/pages/{sample.page.id}", body_format="view")).status == 200


async def test_bodies_may_silently_lower_the_number_of_items(client: Client, sample: Sample) -> None:
    await fill(sample, 10)
    client.emulator.switches.bulk_body_cap = 4
    pages = await client.walk("/pages", limit=250, body_format="storage")
    assert [len(page.ids) for page in pages] == [4, 4, 4, 1]
    assert len((await client.get("/pages", limit=250)).ids) == 13


async def test_archived_pages_are_in_the_default_list_trashed_ones_are_not(
    client: Client, sample: Sample
) -> None:
    path = f"/spaces/{sample.space.id}/pages"
    sample.world.trash(sample.page)
    assert (await client.get(path)).ids == [sample.home.id, sample.archived.id]
    assert (await client.get(path, status="trashed")).ids == [sample.page.id]
    assert len((await client.get(path, status="current,archived,trashed")).ids) == 3


async def test_lists_of_pages_hold_pages_only(client: Client, sample: Sample) -> None:
    kinds: tuple[ContentKind, ...] = ("whiteboard", "database", "embed")
    for kind in kinds:
        sample.world.add_node(sample.space, kind, kind=kind)
    listed = (await client.get(f"/spaces/{sample.space.id}/pages")).ids
    assert listed == [sample.home.id, sample.page.id, sample.archived.id]
    assert (await client.get(f"/spaces/{sample.space.id}/blogposts")).ids == [sample.blogpost.id]
    assert (await client.get("/blogposts", id=sample.blogpost.id)).ids == [sample.blogpost.id]
    assert (await client.get("/pages", id=sample.blogpost.id)).ids == []


async def test_filters_hold(client: Client, sample: Sample) -> None:
    other = sample.world.add_space("TWO", "Second")
    page = sample.world.add_page(other, "Live", subtype="live")
    assert (await client.get("/pages", space_id=other.id)).ids == [page.id]
    assert (await client.get("/pages", subtype="live")).ids == [page.id]
    assert (await client.get("/pages", title="Home")).ids == [sample.home.id]
    assert (await client.get(f"/spaces/{sample.space.id}/pages", depth="root")).ids == [sample.home.id]


async def test_spaces_are_found_by_key_id_type_and_status(client: Client, sample: Sample) -> None:
    personal = sample.world.add_space("~me", "Mine", type="personal", description="<b>d</b>")
    old = sample.world.add_space("OLD", "Old", status="archived")
    hidden = sample.world.add_space("HID", "Hidden", visible=False)
    assert (await client.get("/spaces")).ids == [sample.space.id, personal.id, old.id]
    assert (await client.get("/spaces", sort="-key", status="current")).ids == [personal.id, sample.space.id]
    assert (await client.get("/spaces", keys="~me,DOC,HID")).ids == [sample.space.id, personal.id]
    assert (await client.get("/spaces", ids=f"{old.id},{hidden.id}")).ids == [old.id]
    assert (await client.get("/spaces", type="personal")).ids == [personal.id]
    assert (await client.get(f"/spaces/{hidden.id}")).status == 404
    assert (await client.get(f"/spaces/{hidden.id}/pages")).status == 404
    described = (await client.get(f"/spaces/{personal.id}", description_format="plain")).json
    assert described["description"]["plain"]["value"] == "<b>d</b>"


async def test_a_new_space_key_shows_as_the_alias(client: Client, sample: Sample) -> None:
    sample.world.rename_space_key(sample.space, "NEW")
    space = (await client.get("/spaces", keys="DOC")).json["results"][0]
    assert (space["key"], space["currentActiveAlias"]) == ("DOC", "NEW")
    assert (await client.get("/spaces", keys="NEW")).ids == []
    client.emulator.switches.keys_match_alias = True
    assert (await client.get("/spaces", keys="NEW")).ids == [sample.space.id]


@pytest.mark.parametrize(
    "query", ["bodyFormat=storage", "space-key=DOC", "status=gone", "sort=position", "id=x"]
)
async def test_parameters_the_documents_do_not_know_are_refused(client: Client, query: str) -> None:
    answer = await client.url(f"{client.root}/api/v2/pages?{query}")
    assert answer.status == 400
    assert answer.json["errors"][0]["code"] == "INVALID_REQUEST_PARAMETER"


async def test_the_real_api_ignores_unknown_parameters(client: Client) -> None:
    client.emulator.switches.strict = False
    assert len((await client.url(f"{client.root}/api/v2/pages?space-key=NOPE")).ids) == 3


async def test_a_sorted_list_notices_changes(client: Client, sample: Sample) -> None:
    assert (await client.get("/pages", sort="title")).ids[0] == sample.home.id
    sample.world.rename(sample.archived, "A first one")
    assert (await client.get("/pages", sort="title")).ids[0] == sample.archived.id
