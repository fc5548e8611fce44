"""The old content API, which `benchmarks.peers` serves: its shapes, its lists, and who may ask."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from benchmarks.old_api import OldSite
from exporter.emulator import FULL_SCOPES, Token, World
from exporter.emulator.generate import empty_world

EMAIL = "me@example.com"
OPEN, SCOPED = Token("open", EMAIL, kind="unscoped"), Token("scoped", EMAIL, scopes=FULL_SCOPES)


@dataclass
class Client:
    emulator: OldSite
    session: aiohttp.ClientSession

    async def ask(
        self, path: str, secret: str = "open", query: Mapping[str, str | int] | None = None
    ) -> aiohttp.ClientResponse:
        """The answer to a GET on the site, its body read; redirects aren't followed."""
        header = {"Authorization": aiohttp.encode_basic_auth(EMAIL, secret)}
        address = f"{self.emulator.site_url}{path}"
        async with self.session.get(address, params=query, headers=header, allow_redirects=False) as answer:
            await answer.read()
            return answer

    async def json(self, path: str, **query: str | int) -> Any:
        answer = await self.ask(path, query=query)
        assert answer.status == 200, await answer.text()
        return await answer.json()


@pytest.fixture
def world() -> World:
    """A home with three pages below it; the first of them has all that hangs on a page."""
    world = empty_world()
    space = world.add_space("ENG", "Engine Room")
    home = world.add_page(space, "Home", "<p>Home</p>")
    world.edit_space(space, homepage_id=home.id)
    pages = [world.add_page(space, f"Page {n}", f"<p>Text {n}</p>", parent=home) for n in range(3)]
    world.add_blogpost(space, "News", "<p>New</p>")
    world.attach(pages[0], "plan & map.png", b"picture", media_type="image/png")
    root = world.add_comment(pages[0], "<p>Why?</p>")
    world.reply(root, "<p>Because.</p>")
    world.add_comment(pages[0], "<p>Here?</p>", kind="inline")
    world.add_label(pages[0], "steam")
    return world


@pytest.fixture
async def client(world: World) -> AsyncIterator[Client]:
    async with OldSite(world, [OPEN, SCOPED]) as emulator, aiohttp.ClientSession() as session:
        yield Client(emulator, session)


def page_id(world: World, title: str) -> str:
    return next(each.id for each in world.contents.values() if each.title == title)


@pytest.mark.parametrize("secret", ["wrong", "scoped"])
@pytest.mark.parametrize(
    "path", ["content", "space", "space/ENG", "content/98306", "content/search?cql=type=page"]
)
async def test_only_a_token_without_scopes_may_ask(client: Client, path: str, secret: str) -> None:
    assert (await client.ask(f"/wiki/rest/api/{path}", secret)).status == 401


async def test_the_gateway_has_it_no_more(client: Client, world: World) -> None:
    header = {"Authorization": aiohttp.encode_basic_auth(EMAIL, "scoped")}
    address = f"{client.emulator.gateway_url}/ex/confluence/{world.cloud_id}/wiki/rest/api/content"
    async with client.session.get(address, headers=header) as answer:
        assert answer.status == 410


async def test_a_list_goes_on_at_its_next_link(client: Client) -> None:
    first = await client.json("/wiki/rest/api/content", spaceKey="ENG", limit=3, expand="version")
    assert (first["start"], first["limit"], first["size"]) == (0, 3, 3)
    second = await client.json("/wiki" + first["_links"]["next"])
    assert (second["start"], second["limit"], second["size"]) == (3, 3, 1)
    assert "next" not in second["_links"]
    results = [*first["results"], *second["results"]]
    assert [each["title"] for each in results] == ["Home", "Page 0", "Page 1", "Page 2"]
    assert all(each["version"]["number"] == 1 for each in results)


@pytest.mark.parametrize(
    ("expand", "limit"),
    [("", 1000), ("version", 200), ("version,body.storage", 50), ("body.storage,body.export_view", 25)],
)
async def test_what_is_expanded_lowers_the_limit(client: Client, expand: str, limit: int) -> None:
    found = await client.json("/wiki/rest/api/content", spaceKey="ENG", limit=5000, expand=expand)
    assert found["limit"] == limit


async def test_only_what_is_asked_for_is_expanded(client: Client, world: World) -> None:
    path = f"/wiki/rest/api/content/{page_id(world, 'Page 0')}"
    plain = await client.json(path)
    assert not {"version", "ancestors", "body", "history", "space"} & set(plain)
    assert plain["_expandable"]["space"] == "/rest/api/space/ENG"
    assert plain["_links"]["tinyui"].startswith("/x/")
    full = await client.json(path, expand="version,ancestors,body.storage,body.view,history.createdBy,space")
    assert [each["title"] for each in full["ancestors"]] == ["Home"]
    assert full["ancestors"][0]["_expandable"]["space"] == "/rest/api/space/ENG"
    assert full["body"]["storage"]["value"] == full["body"]["view"]["value"] == "<p>Text 0</p>"
    assert full["history"]["createdBy"]["displayName"] == world.me.name
    assert full["space"]["key"] == "ENG"


async def test_a_blog_post_is_listed_as_what_it_is(client: Client) -> None:
    found = await client.json("/wiki/rest/api/content", spaceKey="ENG", type="blogpost")
    assert [(each["title"], each["type"]) for each in found["results"]] == [("News", "blogpost")]


async def test_a_page_is_found_by_its_title(client: Client) -> None:
    found = await client.json("/wiki/rest/api/content", spaceKey="ENG", title="Page 1")
    assert [each["title"] for each in found["results"]] == ["Page 1"]


async def test_a_space_names_its_homepage_when_asked(client: Client, world: World) -> None:
    plain = await client.json("/wiki/rest/api/space/ENG")
    assert "homepage" not in plain
    listed = await client.json("/wiki/rest/api/space", expand="homepage")
    assert [each["homepage"]["id"] for each in listed["results"]] == [page_id(world, "Home")]
    assert (await client.ask("/wiki/rest/api/space/NONE")).status == 404


async def test_comments_are_roots_and_by_their_own_address_replies(client: Client, world: World) -> None:
    path = f"/wiki/rest/api/content/{page_id(world, 'Page 0')}/child/comment"
    roots = (await client.json(path, location="footer", expand="body.storage"))["results"]
    assert [each["body"]["storage"]["value"] for each in roots] == ["<p>Why?</p>"]
    replies = await client.json(f"/wiki/rest/api/content/{roots[0]['id']}/child/comment", expand="body.view")
    assert [each["body"]["view"]["value"] for each in replies["results"]] == ["<p>Because.</p>"]
    assert (await client.json(path, location="inline"))["size"] == 1
    assert (await client.json(path, depth="all"))["size"] == 3


async def test_an_attachment_is_downloaded_by_a_redirect(client: Client, world: World) -> None:
    path = f"/wiki/rest/api/content/{page_id(world, 'Page 0')}/child/attachment"
    (item,) = (await client.json(path, expand="version,container.ancestors"))["results"]
    assert item["extensions"]["fileSize"] == 7
    assert item["metadata"]["mediaType"] == "image/png"
    assert [each["title"] for each in item["container"]["ancestors"]] == ["Home"]
    for address in (f"/wiki{item['_links']['download']}", f"{path}/{item['id']}/download"):
        answer = await client.ask(address)
        assert answer.status == 302
        async with client.session.get(answer.headers["Location"]) as media:
            assert await media.read() == b"picture"
    assert (await client.ask(f"/wiki{item['_links']['download']}", "wrong")).status == 401


async def test_labels_and_children_have_addresses_of_their_own(client: Client, world: World) -> None:
    labels = await client.json(f"/wiki/rest/api/content/{page_id(world, 'Page 0')}/label")
    assert [each["name"] for each in labels["results"]] == ["steam"]
    below = await client.json(f"/wiki/rest/api/content/{page_id(world, 'Home')}/child/page", limit=2)
    assert [each["title"] for each in below["results"]] == ["Page 0", "Page 1"]
    assert "limit=2&start=2" in below["_links"]["next"]


async def test_a_search_holds_the_same_items_and_goes_on(client: Client, world: World) -> None:
    first = await client.json(
        "/wiki/rest/api/content/search",
        cql=f"type=page and ancestor={page_id(world, 'Home')}",
        expand="metadata.properties,ancestors,version",
        limit=2,
    )
    second = await client.json("/wiki" + first["_links"]["next"])
    results = [*first["results"], *second["results"]]
    assert sorted(each["title"] for each in results) == ["Page 0", "Page 1", "Page 2"]
    assert {each["_expandable"]["space"] for each in results} == {"/rest/api/space/ENG"}


@pytest.mark.parametrize("path", ["api/v2/pages", "rest/api/content/search"])
async def test_a_cursor_survives_careless_decoding(client: Client, world: World, path: str) -> None:
    """Each ``next`` is asked as it stands, its ``+`` for a blank."""
    space = next(iter(world.spaces.values()))
    for number in range(60):
        world.add_page(space, f"More {number}", "")
    answer = await client.json(f"/wiki/{path}", **({} if "v2" in path else {"cql": "type=page"}), limit=1)
    links = []
    while link := answer["_links"].get("next"):
        links.append(link)
        answer = await client.json("/wiki" + link.removeprefix("/wiki"))
    assert len(links) == 63
    assert any("+" in each.partition("cursor=")[2].partition("&")[0] for each in links)


async def test_the_address_is_good_without_its_context_too(client: Client) -> None:
    assert (await client.json("/rest/api/content", spaceKey="ENG"))["size"] == 4


async def test_what_trash_holds_is_not_there(client: Client, world: World) -> None:
    gone = world.trash(page_id(world, "Page 2"))
    listed = await client.json("/wiki/rest/api/content", spaceKey="ENG")
    assert "Page 2" not in {each["title"] for each in listed["results"]}
    assert (await client.ask(f"/wiki/rest/api/content/{gone.id}")).status == 404


async def test_what_confluence_never_had_is_counted_as_refused(client: Client) -> None:
    assert (await client.ask("/wiki/rest/api/nothing/98306")).status == 404
    assert client.emulator.refused == {"404 GET /wiki/rest/api/nothing/N": 1}


async def test_v2_is_there_beside_it_and_ignores_what_it_doesnt_know(client: Client) -> None:
    assert len((await client.json("/wiki/api/v2/pages", bodyFormat="storage"))["results"]) == 4


async def test_links_are_rendered_with_what_they_lead_to(client: Client, world: World) -> None:
    target = page_id(world, "Page 0")
    world.rewrite(
        page_id(world, "Page 1"),
        '<ac:link><ri:page ri:content-title="Page 0" /></ac:link>'
        '<ac:link><ri:page ri:content-title="Nowhere" /></ac:link>',
    )
    world.rewrite(target, '<ac:link><ri:attachment ri:filename="plan &amp; map.png" /></ac:link>')
    shown = {}
    for title in ("Page 0", "Page 1"):
        answer = await client.json(f"/wiki/rest/api/content/{page_id(world, title)}", expand="body.view")
        shown[title] = answer["body"]["view"]["value"]
    assert f'data-linked-resource-id="{target}"' in shown["Page 1"]
    assert shown["Page 1"].endswith(">Page 0</a>Nowhere")
    assert 'data-linked-resource-type="attachment"' in shown["Page 0"]
    assert f'data-linked-resource-container-id="{target}"' in shown["Page 0"]
