"""Single reads, and downloads: traps 2, 3, 7 and 9 of the API."""

from __future__ import annotations

import base64

import pytest

from exporter.emulator import Binary
from tests.emulator.client import Client
from tests.emulator.conftest import UNSCOPED, Sample


async def test_a_page_shows_what_the_planner_needs(client: Client, sample: Sample) -> None:
    page = (await client.get(f"/pages/{sample.page.id}", body_format="storage")).json
    assert (page["id"], page["spaceId"]) == (sample.page.id, sample.space.id)
    assert (page["parentId"], page["parentType"]) == (sample.home.id, "page")
    assert page["version"]["number"] == 1
    assert page["body"]["storage"]["value"] == "<p>Text</p>"
    assert page["_links"]["base"] == client.emulator.site_url + "/wiki"
    tiny = page["_links"]["tinyui"].removeprefix("/x/").replace("-", "/").replace("_", "+")
    raw = base64.b64decode(tiny.ljust(8, "A"))
    assert int.from_bytes(raw, "little") == int(sample.page.id)


async def test_a_trashed_page_answers_200_and_a_hidden_or_purged_one_404(
    client: Client, sample: Sample
) -> None:
    path = f"/pages/{sample.page.id}"
    sample.world.trash(sample.page)
    trashed = await client.get(path)
    assert (trashed.status, trashed.json["status"]) == (200, "trashed")
    sample.world.restrict(sample.page)
    hidden = await client.get(path)
    assert hidden.status == 404
    assert (await client.get("/pages", id=sample.page.id, status="trashed")).ids == []
    assert (await client.get(f"/pages/{sample.page.id}/attachments")).status == 404
    sample.world.unrestrict(sample.page)
    sample.world.purge(sample.page)
    assert (await client.get(path)).json == hidden.json


async def test_children_of_a_trashed_page_keep_naming_it(client: Client, sample: Sample) -> None:
    sample.world.trash(sample.home)
    assert (await client.get(f"/pages/{sample.page.id}")).json["parentId"] == sample.home.id


async def test_each_kind_has_its_own_endpoint(client: Client, sample: Sample) -> None:
    embed = sample.world.add_node(sample.space, "Video", kind="embed", embed_url="https://example.com/v")
    board = sample.world.add_node(sample.space, "Board", kind="whiteboard", parent=sample.folder)
    base = sample.world.add_node(sample.space, "Base", kind="database")
    assert (await client.get(f"/folders/{sample.folder.id}")).json["type"] == "folder"
    assert (await client.get(f"/embeds/{embed.id}")).json["embedUrl"] == "https://example.com/v"
    assert (await client.get(f"/whiteboards/{board.id}")).json["parentType"] == "folder"
    assert (await client.get(f"/databases/{base.id}")).json["parentId"] is None
    assert (await client.get(f"/blogposts/{sample.blogpost.id}")).status == 200
    for path in (f"/pages/{sample.folder.id}", f"/folders/{board.id}", f"/pages/{sample.blogpost.id}"):
        assert (await client.get(path)).status == 404


async def test_former_versions_can_be_read(client: Client, sample: Sample) -> None:
    sample.world.edit(sample.page, "<p>Newer</p>")
    old = await client.get(f"/pages/{sample.page.id}", version=1, body_format="storage")
    assert old.json["body"]["storage"]["value"] == "<p>Text</p>"
    assert (await client.get(f"/pages/{sample.page.id}", version=3)).status == 404


async def test_what_is_not_emulated_says_so(client: Client, sample: Sample) -> None:
    answer = await client.url(f"{client.root}/api/v2/pages/{sample.page.id}?include-operations=true")
    assert (answer.status, answer.json["errors"][0]["code"]) == (501, "NOT_EMULATED")


async def test_attachments_are_listed_with_container_and_size(client: Client, sample: Sample) -> None:
    news = sample.world.attach(sample.blogpost, "n.txt", b"abc", media_type="text/plain")
    item = (await client.get(f"/pages/{sample.page.id}/attachments")).json["results"][0]
    assert (item["id"], item["pageId"], item["fileSize"]) == (sample.image.id, sample.page.id, 10)
    item = (await client.get(f"/blogposts/{sample.blogpost.id}/attachments")).json["results"][0]
    assert (item["id"], item["blogPostId"], "pageId" in item) == (news.id, sample.blogpost.id, False)
    listed = f"/pages/{sample.page.id}/attachments"
    assert (await client.get(listed, filename="other.png")).ids == []
    assert (await client.url(f"{client.root}/api/v2{listed}?mediaType=image/png")).ids == [sample.image.id]
    sample.world.delete_attachment(sample.image)
    assert (await client.get(listed)).ids == []
    assert (await client.get(listed, status="trashed")).ids == [sample.image.id]


async def test_an_attachment_id_needs_its_prefix(client: Client, sample: Sample) -> None:
    assert (await client.get(f"/attachments/{sample.image.id}")).status == 200
    bare = await client.get(f"/attachments/{sample.image.id.removeprefix('att')}")
    assert (bare.status, "ContentId" in bare.json["errors"][0]["title"]) == (400, True)
    assert (await client.get("/attachments/att1")).status == 404
    assert (await client.get("/attachments/x1")).status == 400


async def test_a_download_redirects_to_a_signed_address(client: Client, sample: Sample) -> None:
    first = await client.v1(f"/content/{sample.page.id}/child/attachment/{sample.image.id}/download")
    location = first.headers["Location"]
    assert first.status == 302
    assert location.startswith(
        f"http://{client.emulator.media_host}/file/{sample.image.file_id}/binary?token=ey"
    )
    answer = await client.url(location, {})
    assert (answer.status, answer.body) == (200, b"0123456789")
    assert (answer.headers["Content-Type"], answer.headers["Content-Length"]) == ("image/png", "10")
    assert "Set-Cookie" in answer.headers


async def test_the_media_host_refuses_who_brings_credentials_or_cookies(
    client: Client, sample: Sample
) -> None:
    first = await client.v1(f"/content/{sample.page.id}/child/attachment/{sample.image.id}/download")
    location = first.headers["Location"]
    assert (await client.url(location)).status == 403
    assert (await client.url(location, {"Cookie": "a=b"})).status == 403
    assert (await client.url(location.replace("token=ey", "token=yy"), {})).status == 403
    assert (await client.url(location.partition("?")[0], {})).status == 403
    assert (await client.url(location, {})).status == 200


async def test_signed_addresses_wear_out(client: Client, sample: Sample) -> None:
    path = f"/content/{sample.page.id}/child/attachment/{sample.image.id}/download"
    client.emulator.switches.media_uses = 1
    location = (await client.v1(path)).headers["Location"]
    assert [(await client.url(location, {})).status for _ in range(2)] == [200, 403]
    client.emulator.switches.media_ttl = -1.0
    assert (await client.download(sample.page.id, sample.image.id)).status == 403


async def test_a_download_is_for_the_right_container_status_and_version(
    client: Client, sample: Sample
) -> None:
    page, image = sample.page.id, sample.image.id
    sample.world.replace_attachment(image, b"new")
    assert (await client.download(page, image)).body == b"new"
    assert (await client.download(page, image, "?version=1")).body == b"0123456789"
    assert (await client.download(page, image, "?version=3")).status == 400
    assert (await client.download(page, image, "?version=x")).status == 400
    assert (await client.download(sample.home.id, image)).status == 404
    sample.world.delete_attachment(image)
    assert (await client.download(page, image)).status == 404
    assert (await client.download(page, image, "?status=trashed")).body == b"new"


async def test_a_lost_binary_is_listed_but_404(client: Client, sample: Sample) -> None:
    sample.world.lose_binary(sample.image)
    assert (await client.get(f"/pages/{sample.page.id}/attachments")).ids == [sample.image.id]
    assert (await client.download(sample.page.id, sample.image.id)).status == 404


async def test_the_first_hop_may_answer_the_bytes_itself(client: Client, sample: Sample) -> None:
    client.emulator.switches.direct_200_download = True
    answer = await client.download(sample.page.id, sample.image.id)
    assert (answer.status, answer.body) == (200, b"0123456789")
    assert not client.emulator.requests.of("media")


@pytest.mark.parametrize("size", [0, 1, 3_000_000])
async def test_binaries_are_streamed_in_full(client: Client, sample: Sample, size: int) -> None:
    chunks = Binary(size, lambda: (b"x" * min(1_000_000, size) for _ in range(max(1, size // 1_000_000))))
    large = sample.world.attach(sample.page, "ü/…?.bin", chunks)
    assert (await client.download(sample.page.id, large.id)).body == b"x" * size


async def test_unscoped_tokens_download_from_the_site(client: Client, sample: Sample) -> None:
    path = f"/wiki/rest/api/content/{sample.page.id}/child/attachment/{sample.image.id}/download"
    assert (await client.site(path, UNSCOPED)).status == 302
