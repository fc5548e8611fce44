"""Who gets in where: traps 1, 2, 4, 5, 6 and 8 of the API."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exporter.emulator import LEAST_SCOPES, Emulator, Token
from tests.emulator.client import Client, authorization
from tests.emulator.conftest import SERVICE, TOKEN, UNSCOPED, Sample

SCOPE_MISMATCH = {"code": 401, "message": "Unauthorized; scope does not match"}
UNAUTHORIZED = {"code": 401, "message": "Unauthorized"}


async def test_tenant_info_needs_no_credentials(client: Client) -> None:
    answer = await client.site("/_edge/tenant_info")
    assert (answer.status, answer.json) == (200, {"cloudId": "cloud-1"})


async def test_gateway_takes_a_scoped_token_as_basic(client: Client) -> None:
    answer = await client.v1("/user/current")
    assert answer.status == 200
    assert (answer.json["type"], answer.json["accountId"]) == ("known", "712020:me")


@pytest.mark.parametrize("path", ["/wiki/api/v2/spaces", "/api/v2/spaces", "/wiki/rest/api/user/current"])
async def test_gateway_answers_with_and_without_wiki(client: Client, path: str) -> None:
    root = client.root.removesuffix("/wiki")
    assert (await client.url(root + path)).status == 200


@pytest.mark.parametrize("path", ["/wiki/api/v2/spaces", "/ex/confluence/cloud-2/wiki/api/v2/spaces", "/"])
async def test_gateway_without_the_right_cloud_id_leads_nowhere(client: Client, path: str) -> None:
    answer = await client.url(client.emulator.gateway_url + path)
    assert (answer.status, answer.json["message"]) == (404, "No message available")


async def test_bad_expired_or_absent_credentials_are_401_on_the_gateway(client: Client) -> None:
    url = client.root + "/api/v2/spaces"
    for headers in (
        {},
        authorization(replace(TOKEN, secret="wrong")),
        authorization(replace(TOKEN, email="other@example.com")),
        authorization(UNSCOPED),
        {"Authorization": "Basic not-base64!"},
        authorization(SERVICE),
    ):
        answer = await client.url(url, headers)
        assert (answer.status, answer.json) == (401, UNAUTHORIZED)
    client.emulator.tokens[0] = replace(TOKEN, valid=False)
    assert (await client.url(url)).json == UNAUTHORIZED


async def test_bearer_is_for_service_accounts(client: Client) -> None:
    url = client.root + "/api/v2/spaces"
    assert (await client.url(url, authorization(SERVICE, "bearer"))).status == 200
    assert (await client.url(url, authorization(TOKEN, "bearer"))).status == 404


async def test_site_takes_unscoped_tokens_only(client: Client) -> None:
    assert (await client.site("/wiki/api/v2/spaces", UNSCOPED)).status == 200
    assert (await client.site("/wiki/rest/api/user/current", UNSCOPED)).status == 200
    assert (await client.site("/wiki/api/v2/spaces", TOKEN)).status == 401
    assert (await client.site("/wiki/api/v2/spaces")).status == 401


async def test_switches_open_the_other_doors(client: Client) -> None:
    switches = client.emulator.switches
    switches.unscoped_on_gateway = switches.bearer_as_basic = True
    url = client.root + "/api/v2/spaces"
    assert (await client.url(url, authorization(UNSCOPED))).status == 200
    assert (await client.url(url, authorization(SERVICE))).status == 200


async def test_anonymous_site_shows_public_content_to_bad_credentials(client: Client, sample: Sample) -> None:
    client.emulator.switches.anonymous_site = True
    public = sample.world.add_space("PUB", "Public", public=True)
    page = sample.world.add_page(public, "For all")
    for token in (None, TOKEN, replace(UNSCOPED, secret="wrong")):
        assert (await client.site("/wiki/api/v2/spaces", token)).ids == [public.id]
        assert (await client.site("/wiki/api/v2/pages", token)).ids == [page.id]
        assert (await client.site(f"/wiki/api/v2/pages/{sample.page.id}", token)).status == 404
        assert (await client.site("/wiki/rest/api/user/current", token)).json["type"] == "anonymous"
    assert len((await client.site("/wiki/api/v2/spaces", UNSCOPED)).ids) == 2


async def test_a_missing_scope_closes_one_endpoint_only(client: Client, sample: Sample) -> None:
    client.emulator.tokens[0] = replace(TOKEN, scopes=LEAST_SCOPES)
    answer = await client.get(f"/folders/{sample.folder.id}")
    assert (answer.status, answer.json) == (401, SCOPE_MISMATCH)
    assert answer.headers["X-Failure-Category"] == "FAILURE_CLIENT_SCOPE_CHECK"
    assert (await client.get(f"/pages/{sample.page.id}")).status == 200


async def test_v2_does_not_take_classic_scopes(client: Client) -> None:
    client.emulator.tokens[0] = replace(TOKEN, scopes=frozenset({"read:confluence-content.all"}))
    assert (await client.get("/pages")).json == SCOPE_MISMATCH


@pytest.mark.parametrize(
    ("scope", "closed_by"),
    [("read:confluence-user", "classic_opens_v1"), ("read:content-details:confluence", "granular_opens_v1")],
)
async def test_v1_takes_either_kind_of_scope_unless_switched(
    client: Client, scope: str, closed_by: str
) -> None:
    client.emulator.tokens[0] = replace(TOKEN, scopes=frozenset({scope}))
    assert (await client.v1("/user/current")).status == 200
    setattr(client.emulator.switches, closed_by, False)
    assert (await client.v1("/user/current")).json == SCOPE_MISMATCH


async def test_without_product_access_everything_is_403(client: Client) -> None:
    client.emulator.switches.product_access = False
    answer = await client.get("/spaces")
    assert (answer.status, answer.json["message"]) == (403, "Current user not permitted to use Confluence")


async def test_the_legacy_download_takes_no_token_at_all(client: Client, sample: Sample) -> None:
    listed = (await client.get(f"/pages/{sample.page.id}/attachments")).json["results"][0]
    everything = Token("all", "me@example.com", scopes=frozenset({"readonly:content.attachment:confluence"}))
    client.emulator.tokens.append(everything)
    answer = await client.url(client.root + listed["downloadLink"], authorization(everything))
    assert (answer.status, answer.json) == (401, SCOPE_MISMATCH)
    answer = await client.site("/wiki" + listed["downloadLink"], UNSCOPED)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith("OAuth realm=")


@pytest.mark.parametrize(
    "path",
    ["/content", "/content/{id}", "/content/{id}/child/attachment", "/content/{id}/child/page", "/space"],
)
async def test_removed_v1_endpoints_are_gone(client: Client, sample: Sample, path: str) -> None:
    answer = await client.v1(path.replace("{id}", sample.page.id))
    assert answer.status == 410
    assert answer.json["message"].endswith("GoneException: This deprecated endpoint has been removed.")


async def test_unknown_paths_and_methods_are_refused(client: Client, sample: Sample) -> None:
    assert (await client.get("/page-tree")).json["errors"][0]["code"] == "NOT_FOUND"
    url = f"{client.root}/api/v2/pages/{sample.page.id}"
    assert (await client.url(url, method="DELETE")).status == 405


async def test_requests_are_recorded_and_answers_carry_cookies_and_rates(emulator: Emulator) -> None:
    async with Client.of(emulator) as client:
        answer = await client.get("/spaces", limit=1)
    asked = emulator.requests.of("gateway")[0]
    assert (asked.method, asked.path, asked.query["limit"], asked.status) == (
        "GET",
        "/ex/confluence/cloud-1/wiki/api/v2/spaces",
        "1",
        200,
    )
    assert asked.headers["Authorization"].startswith("Basic ")
    assert "Set-Cookie" in answer.headers
    assert len(answer.headers["X-RateLimit-Reset"]) == len("2026-03-26T16:00Z")


async def test_a_token_may_be_another_person(client: Client, sample: Sample) -> None:
    sample.world.add_user("712020:other", "Other")
    client.emulator.tokens[0] = replace(TOKEN, account_id="712020:other")
    assert (await client.v1("/user/current")).json["accountId"] == "712020:other"
