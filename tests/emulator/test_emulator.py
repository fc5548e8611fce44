"""The emulator as its users see it."""

from __future__ import annotations

import asyncio
from time import perf_counter, process_time

import pytest

from exporter.emulator import Emulator, Recorded, Switches, Token, User, World
from tests.emulator.client import Client
from tests.emulator.conftest import SERVICE, TOKEN, Sample


async def test_environment_is_all_the_command_line_needs(emulator: Emulator) -> None:
    assert emulator.environment(TOKEN) == {
        "CONFLUENCE_SITE": emulator.site_url,
        "CONFLUENCE_EMAIL": "me@example.com",
        "CONFLUENCE_API_TOKEN": "scoped-secret",
        "CONFLUENCE_GATEWAY_URL": emulator.gateway_url,
        "CONFLUENCE_MEDIA_HOSTS": emulator.media_host,
    }
    assert emulator.environment(SERVICE)["CONFLUENCE_EMAIL"] == ""


async def test_everything_can_be_exchanged_while_it_runs(client: Client, sample: Sample) -> None:
    emulator = client.emulator
    emulator.switches = Switches(product_access=False)
    assert (await client.get("/spaces")).status == 403
    emulator.switches = Switches()
    emulator.tokens = [Token(TOKEN.secret, TOKEN.email, scopes=frozenset())]
    assert (await client.get("/spaces")).status == 401
    emulator.tokens = [TOKEN]
    sample.world.add_space("NEW", "New")
    assert len((await client.get("/spaces")).ids) == 2
    emulator.world = World("cloud-1", "other", User("other", "Other"))
    assert (await client.get("/spaces")).ids == []


async def test_the_world_may_change_at_the_moment_of_a_request(client: Client, sample: Sample) -> None:
    def edit(asked: Recorded) -> None:
        if asked.path.endswith(f"/pages/{sample.page.id}"):
            sample.world.edit(sample.page, "<p>Meanwhile</p>")

    client.emulator.before_answer = edit
    listed = (await client.get("/pages", id=sample.page.id)).json["results"][0]["version"]["number"]
    assert (await client.get(f"/pages/{sample.page.id}")).json["version"]["number"] == listed + 1


async def test_an_answer_the_documents_forbid_fails_the_test(sample: Sample) -> None:
    def never(path: str, method: str, status: int, answer: object) -> None:
        raise ValueError(f"{method} {path} {status} {answer}")

    with pytest.RaisesGroup(pytest.RaisesExc(ValueError, match=r"^GET /wiki/api/v2/spaces 200 ")):
        async with (
            Emulator(sample.world, [TOKEN], on_answer=never) as emulator,
            Client.of(emulator) as client,
        ):
            assert (await client.get("/spaces")).status == 599


async def test_it_can_come_back_on_the_same_ports(sample: Sample) -> None:
    async with Emulator(sample.world, [TOKEN]) as first:
        urls = dict(first.urls)
    ports = tuple(int(url.rpartition(":")[2]) for url in urls.values())
    assert len(ports) == 4
    async with Emulator(sample.world, [TOKEN], ports=ports) as second:
        assert second.urls == urls


async def test_latency_is_for_every_request_and_runs_in_parallel(client: Client) -> None:
    client.emulator.switches.latency = 0.1
    started = perf_counter()
    await asyncio.gather(*(client.get("/spaces") for _ in range(20)))
    assert perf_counter() - started >= 0.1
    assert client.emulator.requests.most_at_once("gateway") > 10
    assert client.emulator.requests.most_at_once("media") == 0
    one = client.emulator.requests[0]
    assert one.until - one.at >= 0.1


async def test_json_may_be_compressed(client: Client) -> None:
    client.emulator.switches.compress = True
    answer = await client.get("/spaces")
    assert (answer.headers["Content-Encoding"], len(answer.ids)) == ("gzip", 1)


async def test_a_large_space_is_listed_in_linear_time() -> None:
    world = World("cloud-1", "example", User("me", "Me"))
    space = world.add_space("BIG", "Big")
    for number in range(10_000):
        world.add_page(space, f"Page {number}")
    async with Emulator(world, [TOKEN]) as emulator, Client.of(emulator) as client:
        started = process_time()
        for sort in ("id", "-title"):
            pages = await client.walk(f"/spaces/{space.id}/pages", limit=250, sort=sort)
            assert len({each for page in pages for each in page.ids}) == 10_000
        assert process_time() - started < 8
