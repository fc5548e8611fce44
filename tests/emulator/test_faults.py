"""Each fault, seen from the client."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from time import monotonic

import aiohttp
import pytest

from exporter.emulator import Emulator, Fault, FaultKind, Switches
from tests.emulator.client import Client
from tests.emulator.conftest import TOKEN, Sample


@pytest.fixture
async def client(sample: Sample) -> AsyncIterator[Client]:
    for number in range(6):
        sample.world.add_page(sample.space, f"Page {number}", f"<p>{number}</p>", parent=sample.home)
    async with Emulator(sample.world, [TOKEN]) as emulator, Client.of(emulator) as client:
        yield client


def spoil(client: Client, kind: FaultKind, **arguments: object) -> Fault:
    fault = Fault(kind, **arguments)  # type: ignore[arg-type]  # of any kind, here
    client.emulator.faults[:] = [fault]
    return fault


# --- which requests -----------------------------------------------------------------------


async def statuses(client: Client, count: int, path: str = "/spaces") -> list[int]:
    return [(await client.get(path)).status for _ in range(count)]


async def test_every_tenth_request_is_hit(client: Client) -> None:
    spoil(client, "status", every=3)
    assert await statuses(client, 7) == [200, 200, 500, 200, 200, 500, 200]


async def test_times_and_from_index_bound_a_rule(client: Client) -> None:
    fault = spoil(client, "status", from_index=2, times=2)
    assert await statuses(client, 6) == [200, 200, 500, 500, 200, 200]
    assert (fault.seen, fault.hits) == (6, 2)


async def test_a_share_by_seed_is_the_same_each_time(client: Client) -> None:
    spoil(client, "status", share=0.5, seed=7)
    first = await statuses(client, 20)
    spoil(client, "status", share=0.5, seed=7)
    assert await statuses(client, 20) == first
    assert set(first) == {200, 500}


async def test_rules_match_method_path_query_origin_and_ids(client: Client, sample: Sample) -> None:
    spoil(client, "status", match=r"GET /ex/.*/pages\?.*limit=3", origin="gateway")
    assert (await client.get("/pages", limit=3)).status == 500
    assert (await client.get("/pages", limit=4)).status == 200
    spoil(client, "status", origin="media")
    assert (await client.get("/pages")).status == 200
    assert (await client.download(sample.page.id, sample.image.id)).status == 500


async def test_one_broken_page_breaks_its_read_and_each_bulk_read_with_it(
    client: Client, sample: Sample
) -> None:
    spoil(client, "status", ids=[sample.page.id])
    assert (await client.get(f"/pages/{sample.page.id}")).status == 500
    assert (await client.get("/pages", id=f"{sample.home.id},{sample.page.id}")).status == 500
    assert (await client.get("/pages", id=sample.home.id)).status == 200


def test_unknown_kinds_are_refused() -> None:
    with pytest.raises(ValueError, match="no such fault"):
        Fault("meteor")  # type: ignore[arg-type]  # the point of the test


# --- instead of the answer ----------------------------------------------------------------


@pytest.mark.parametrize("wait", ["5", "Wed, 25 Nov 2026 07:00:00 GMT", "soon", "-1", "1e9"])
async def test_status_with_retry_after_and_body(client: Client, wait: str) -> None:
    spoil(client, "status", status=429, retry_after=wait, body="{}", headers={"X-More": "1"})
    answer = await client.get("/spaces")
    assert (answer.status, answer.headers["Retry-After"], answer.headers["X-More"]) == (429, wait, "1")
    assert answer.body == b"{}"


async def test_a_token_expires_during_the_run(client: Client) -> None:
    spoil(client, "expired", from_index=1)
    assert await statuses(client, 3) == [200, 401, 401]
    assert (await client.get("/spaces")).json == {"code": 401, "message": "Unauthorized"}


async def test_a_login_page_comes_as_200(client: Client, sample: Sample) -> None:
    spoil(client, "login_page")
    answer = await client.get("/spaces")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    spoil(client, "login_page", origin="media")
    answer = await client.download(sample.page.id, sample.image.id)
    assert (answer.status, answer.body[:9]) == (200, b"<!DOCTYPE")


async def test_json_breaks_off(client: Client) -> None:
    spoil(client, "not_json")
    answer = await client.get("/spaces")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    with pytest.raises(ValueError, match="Unterminated"):
        _ = answer.json


async def test_a_gzip_bomb_unpacks_to_a_thousand_times_its_size(client: Client) -> None:
    spoil(client, "gzip_bomb", amount=2)
    url = client.root + "/api/v2/spaces"
    async with (
        aiohttp.ClientSession(auto_decompress=False, headers=client.headers) as session,
        session.get(url) as answer,
    ):
        packed = await answer.read()
        assert answer.headers["Content-Encoding"] == "gzip"
    assert len(packed) < 5_000
    assert len(gzip.decompress(packed)) == 2 << 20


@pytest.mark.parametrize(
    "location", ["https://evil.example/x", "http://api.atlassian.com/", "//evil.example"]
)
async def test_redirects_lead_elsewhere(client: Client, location: str) -> None:
    spoil(client, "redirect", location=location, status=307)
    answer = await client.get("/spaces")
    assert (answer.status, answer.headers["Location"]) == (307, location)


async def test_redirects_never_end(client: Client) -> None:
    spoil(client, "redirect")
    answer = await client.get("/spaces", limit=1)
    assert answer.headers["Location"] == client.root + "/api/v2/spaces?limit=1"


async def test_bulk_reads_fail_above_a_number_of_ids(client: Client) -> None:
    spoil(client, "bulk_limit", amount=2)
    assert (await client.get("/pages", id="1,2,3")).status == 504
    assert (await client.get("/pages", id="1,2")).status == 200
    assert (await client.get("/pages", limit=3)).status == 200
    assert (await client.get("/pages", limit=3, body_format="storage")).status == 504
    spoil(client, "bulk_limit", amount=2, status=413)
    assert (await client.get("/pages", id="1,2,3")).status == 413


# --- a wrong answer -----------------------------------------------------------------------


async def test_results_are_missing_null_or_of_another_type(client: Client) -> None:
    spoil(client, "results")
    assert "results" not in (await client.get("/spaces")).json
    values: list[object] = [None, {}, "text"]
    for value in values:
        spoil(client, "results", value=value)
        assert (await client.get("/spaces")).json["results"] == value


async def test_bodies_are_missing_or_null_for_some_ids(client: Client, sample: Sample) -> None:
    async def bodies() -> list[object]:
        listed = (await client.get("/pages", limit=2, body_format="storage")).json["results"]
        return [each["body"] for each in listed]

    whole = {"storage": {"representation": "storage", "value": "<p>Welcome</p>"}}
    spoil(client, "body", ids=[sample.page.id])
    assert await bodies() == [whole, {}]
    spoil(client, "body", ids=[sample.page.id], value=None)
    assert await bodies() == [whole, {"storage": None}]
    spoil(client, "body", match=r"/pages\?", value={"representation": "storage", "value": None})
    assert (await client.get(f"/pages/{sample.home.id}", body_format="storage")).json["body"] == whole


async def test_fields_are_missing_or_of_an_unknown_value(client: Client, sample: Sample) -> None:
    spoil(client, "field", name="status", value="petrified", ids=[sample.page.id])
    listed = (await client.get("/pages", limit=2)).json["results"]
    assert [each["status"] for each in listed] == ["current", "petrified"]
    spoil(client, "field", name="version")
    assert "version" not in (await client.get(f"/pages/{sample.page.id}")).json


async def test_a_posted_bulk_read_can_be_too_large(client: Client) -> None:
    spoil(client, "bulk_limit", amount=1)
    assert (await client.post("/users-bulk", {"accountIds": ["a", "b"]})).status == 504
    assert (await client.post("/users-bulk", {"accountIds": ["a"]})).status == 200
    spoil(client, "status", ids=["broken"])
    assert (await client.post("/users-bulk", {"accountIds": ["a", "broken"]})).status == 500
    assert (await client.post("/users-bulk", b"\xff")).status == 400


async def test_file_sizes_are_wrong(client: Client, sample: Sample) -> None:
    spoil(client, "file_size", amount=-3)
    listed = (await client.get(f"/pages/{sample.page.id}/attachments")).json["results"][0]
    assert listed["fileSize"] == 7
    spoil(client, "file_size", ids=["att1"])
    assert (await client.get(f"/attachments/{sample.image.id}")).json["fileSize"] == 10


async def test_binaries_are_shorter_or_longer_than_the_list_says(client: Client, sample: Sample) -> None:
    spoil(client, "short_binary")
    assert (await client.download(sample.page.id, sample.image.id)).body == b"012345678"
    spoil(client, "long_binary", amount=2)
    answer = await client.download(sample.page.id, sample.image.id)
    assert (answer.body, answer.headers["Content-Length"]) == (b"0123456789++", "12")


async def test_lists_hold_items_twice(client: Client, sample: Sample) -> None:
    spoil(client, "duplicates")
    pages = await client.walk("/pages", limit=4)
    assert pages[0].ids[-1] == pages[1].ids[0]
    ids = [each for page in pages for each in page.ids]
    assert set(ids) == {key for key, each in sample.world.contents.items() if each.kind == "page"}
    assert (pages[-1].ids[0], len(ids) > len(set(ids))) == (pages[-1].ids[-1], True)


@pytest.mark.parametrize(("length", "loop"), [(1, "AAAAA"), (2, "ABABA")])
async def test_cursors_come_again_and_again(client: Client, length: int, loop: str) -> None:
    spoil(client, "repeat_cursor", amount=length)
    walks = []
    for _ in range(2):
        cursors: list[str | None] = []
        for _ in range(5):
            query = {"cursor": cursors[-1] or ""} if cursors else {}
            answer = await client.get("/pages", limit=3, **query)
            assert answer.status == 200
            cursors.append(answer.cursor)
        walks.append(cursors)
    assert walks[0] == walks[1]
    names = {each: "AB"[at] for at, each in enumerate(dict.fromkeys(walks[0]))}
    assert "".join(names[each] for each in walks[0]) == loop


async def test_an_empty_page_with_next_is_not_the_end(client: Client) -> None:
    whole = [each for page in await client.walk("/pages", limit=3) for each in page.ids]
    for at in (0, 1):
        spoil(client, "empty_page", from_index=at, times=1)
        pages = await client.walk("/pages", limit=3)
        assert pages[at].ids == []
        assert [each for page in pages for each in page.ids] == whole
    spoil(client, "empty_page")
    pages = await client.walk("/pages", limit=3)
    assert len({page.cursor for page in pages}) == len(pages) == 50


async def test_a_short_page_is_not_the_end(client: Client) -> None:
    whole = [each for page in await client.walk("/pages", limit=4) for each in page.ids]
    spoil(client, "short_page", amount=2)
    pages = await client.walk("/pages", limit=4)
    assert [len(page.ids) for page in pages] == [2, 2, 2, 2, 1]
    assert [each for page in pages for each in page.ids] == whole


async def test_a_list_is_stuck_under_ever_new_cursors(client: Client) -> None:
    spoil(client, "stuck_list")
    pages = await client.walk("/pages", limit=4)
    assert len({page.cursor for page in pages}) == len(pages) == 50
    assert len({tuple(page.ids) for page in pages}) == 1


async def test_next_leads_to_a_foreign_host(client: Client) -> None:
    spoil(client, "next_link", location="https://evil.example{link}")
    answer = await client.get("/pages", limit=1)
    assert (answer.next or "").startswith("https://evil.example/wiki/api/v2/pages?")


# --- sent badly ---------------------------------------------------------------------------


async def test_delay(client: Client) -> None:
    spoil(client, "delay", seconds=0.2)
    started = monotonic()
    assert (await client.get("/spaces")).status == 200
    assert monotonic() - started >= 0.2


@pytest.mark.parametrize("kind", ["stall", "slow", "delay"])
async def test_nothing_slow_outlives_the_emulator(sample: Sample, kind: FaultKind) -> None:
    fault = Fault(kind, seconds=None if kind == "stall" else 60)
    async with Emulator(sample.world, [TOKEN], faults=[fault]) as emulator, Client.of(emulator) as client:
        request = asyncio.create_task(client.get("/spaces"))
        await asyncio.sleep(0.1)
        assert not request.done()
        started = monotonic()
        await emulator.__aexit__(None, None, None)
        assert monotonic() - started < 0.9
        await asyncio.gather(request, return_exceptions=True)


async def test_a_stall_sends_head_and_part_of_the_body(client: Client, sample: Sample) -> None:
    spoil(client, "stall", origin="media", amount=4)
    first = await client.v1(f"/content/{sample.page.id}/child/attachment/{sample.image.id}/download")
    async with aiohttp.ClientSession() as session, session.get(first.headers["Location"]) as answer:
        assert (answer.status, answer.content_length) == (200, 10)
        assert await answer.content.readexactly(4) == b"0123"
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(answer.content.readany(), 0.1)


async def test_slow_dribbles_and_still_ends(client: Client, sample: Sample) -> None:
    spoil(client, "slow", origin="media", amount=3, seconds=0.05)
    started = monotonic()
    assert (await client.download(sample.page.id, sample.image.id)).body == b"0123456789"
    assert monotonic() - started >= 0.15


async def test_reset_before_any_byte(client: Client) -> None:
    spoil(client, "reset")
    with pytest.raises(aiohttp.ClientOSError, match="reset by peer"):
        await client.get("/spaces")
    assert client.emulator.requests[-1].status == 0


@pytest.mark.parametrize("kind", ["reset_body", "cut", "chunked_cut"])
async def test_bodies_end_too_early(client: Client, sample: Sample, kind: FaultKind) -> None:
    spoil(client, kind, origin="media", amount=4)
    first = await client.v1(f"/content/{sample.page.id}/child/attachment/{sample.image.id}/download")
    async with aiohttp.ClientSession() as session, session.get(first.headers["Location"]) as answer:
        assert answer.status == 200
        assert answer.headers.get("Transfer-Encoding") == ("chunked" if kind == "chunked_cut" else None)
        assert await answer.content.readexactly(4) == b"0123"
        with pytest.raises(aiohttp.ClientError if kind != "reset_body" else (aiohttp.ClientError, OSError)):
            await answer.content.read()


@pytest.mark.parametrize("amount", [0, 1, 9])
async def test_cuts_are_exact_to_the_byte(client: Client, sample: Sample, amount: int) -> None:
    spoil(client, "cut", origin="media", amount=amount)
    first = await client.v1(f"/content/{sample.page.id}/child/attachment/{sample.image.id}/download")
    reader, writer = await asyncio.open_connection(*client.emulator.media_host.split(":"))
    target = first.headers["Location"].partition(client.emulator.media_host)[2]
    writer.write(f"GET {target} HTTP/1.1\r\nHost: media\r\n\r\n".encode())
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    assert b"Content-Length: 10" in head
    assert body == b"0123456789"[:amount]
    writer.close()


async def test_json_answers_are_cut_too(client: Client) -> None:
    spoil(client, "cut")
    with pytest.raises(aiohttp.ClientPayloadError):
        await client.get("/spaces")


# --- limits -------------------------------------------------------------------------------


async def test_too_many_at_once_are_429(sample: Sample) -> None:
    switches = Switches(parallel_limit=3, latency=0.4)
    async with Emulator(sample.world, [TOKEN], switches=switches) as emulator, Client.of(emulator) as client:
        answers = await asyncio.gather(*(client.get("/spaces") for _ in range(5)))
        assert sorted(each.status for each in answers) == [200, 200, 200, 429, 429]
        refused = next(each for each in answers if each.status == 429)
        assert refused.headers["X-Failure-Category"] == "FAILURE_CLIENT_RATE_LIMITED"
        assert "Retry-After" not in refused.headers
        assert (await client.get("/spaces")).status == 200


async def test_too_many_a_second_are_429(client: Client) -> None:
    client.emulator.switches.rate_limit = 5
    client.emulator.switches.retry_after = "1"
    answers = [await client.get("/spaces") for _ in range(8)]
    assert [each.status for each in answers].count(200) in (5, 6, 7)
    assert answers[-1].headers["Retry-After"] == "1"
    await asyncio.sleep(0.25)
    assert (await client.get("/spaces")).status == 200
