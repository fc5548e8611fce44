from __future__ import annotations

import base64
from typing import Any

import pytest
from aioresponses import CallbackResult, aioresponses
from yarl import URL

from exporter.confluence.access import Credentials, SignedIn, TokenKind, find_cloud_id, sign_in
from exporter.confluence.client import Client
from exporter.confluence.spaces import find_space
from exporter.confluence.transport import Access, Transport
from exporter.errors import (
    AuthError,
    ExportError,
    RemoteError,
    ScopeMissing,
    SpaceError,
    TransientError,
    UsageError,
)
from exporter.model import User
from tests.confluence import wire_samples as wire

SITE = "https://acme.atlassian.net"
GATEWAY = "https://api.atlassian.com/ex/confluence/cloud-1"
SPACES = f"{GATEWAY}/wiki/api/v2/spaces?limit=250&keys=ENG"
ME = "/wiki/rest/api/user/current"
KNOWN = {"type": "known", "accountId": "712020:me"}
BASIC = "Basic " + base64.b64encode(b"me@example.com:canary").decode()
SCOPE = {"code": 401, "message": "Unauthorized; scope does not match"}


def _credentials(kind: TokenKind | None = None, *, email: str = "me@example.com") -> Credentials:
    return Credentials(URL(SITE), URL("https://api.atlassian.com"), email, "canary", kind)


async def _sign_in(
    transport: Transport, credentials: Credentials, remembered: TokenKind | None = None
) -> SignedIn:
    return await sign_in(transport, credentials, cloud_id="cloud-1", key="ENG", remembered=remembered)


def _asked(responses: aioresponses) -> list[str]:
    return [str(url.with_query(None)) for _, url in responses.requests]


async def test_the_cloud_id_is_asked_for_without_credentials(
    transport: Transport, responses: aioresponses
) -> None:
    seen: list[Any] = []

    def answer(url: URL, **options: Any) -> CallbackResult:
        seen.append(options["headers"])
        return CallbackResult(payload={"cloudId": "cloud-1"}, reason="OK")

    responses.get(f"{SITE}/_edge/tenant_info", callback=answer)
    assert await find_cloud_id(transport, URL(SITE)) == "cloud-1"
    assert "Authorization" not in seen[0]


@pytest.mark.parametrize("status", [302, 401, 403, 404, 410])
async def test_where_no_site_answers_the_setting_is_wrong(
    transport: Transport, responses: aioresponses, status: int
) -> None:
    responses.get(f"{SITE}/_edge/tenant_info", status=status, headers={"Location": "/login"})
    with pytest.raises(UsageError, match="CONFLUENCE_SITE"):
        await find_cloud_id(transport, URL(SITE))


async def test_a_site_in_trouble_is_no_wrong_setting(transport: Transport, responses: aioresponses) -> None:
    responses.get(f"{SITE}/_edge/tenant_info", status=503, repeat=True)
    with pytest.raises(TransientError):
        await find_cloud_id(transport, URL(SITE))


async def test_a_scoped_token_goes_to_the_gateway_only(transport: Transport, responses: aioresponses) -> None:
    responses.get(SPACES, payload=wire.listing(wire.space()))
    responses.get(GATEWAY + ME, payload=KNOWN)
    signed_in = await _sign_in(transport, _credentials())
    assert (signed_in.kind, signed_in.user, signed_in.warnings) == ("scoped", User("712020:me"), ())
    assert _asked(responses) == [SPACES.partition("?")[0], GATEWAY + ME]
    for (call,), _ in zip(responses.requests.values(), range(2), strict=True):
        assert call.kwargs["headers"]["Authorization"] == BASIC


async def test_the_site_is_tried_when_the_gateway_refuses_the_credentials(
    transport: Transport, responses: aioresponses
) -> None:
    responses.get(SPACES, status=401, payload={"code": 401, "message": "Unauthorized"})
    responses.get(SITE + ME, payload=KNOWN)
    signed_in = await _sign_in(transport, _credentials())
    assert (signed_in.kind, signed_in.user) == ("unscoped", User("712020:me"))


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [(404, AuthError, "CONFLUENCE_CLOUD_ID"), (403, AuthError, "gateway"), (500, TransientError, "500"),
     (400, RemoteError, "400"), (410, AuthError, "removed")],
)  # fmt: skip
async def test_the_site_is_not_tried_when_the_gateway_says_anything_else(
    transport: Transport, responses: aioresponses, status: int, kind: type[ExportError], said: str
) -> None:
    responses.get(SPACES, status=status, repeat=True)
    responses.get(SITE + ME, payload=KNOWN, repeat=True)
    with pytest.raises(kind, match=said):
        await _sign_in(transport, _credentials())
    assert SITE + ME not in _asked(responses)


async def test_a_token_that_may_not_list_spaces_is_accepted_and_told_so_later(
    transport: Transport, responses: aioresponses
) -> None:
    responses.get(SPACES, status=401, payload=SCOPE, repeat=True)
    responses.get(GATEWAY + ME, payload=KNOWN)
    signed_in = await _sign_in(transport, _credentials())
    assert (signed_in.kind, signed_in.user) == ("scoped", User("712020:me"))
    with pytest.raises(ScopeMissing, match="read:space:confluence"):
        await find_space(signed_in.client, "ENG")


async def test_a_service_account_is_tried_as_basic_and_as_bearer_and_never_at_the_site(
    transport: Transport, responses: aioresponses
) -> None:
    responses.get(SPACES, status=401, payload={"code": 401, "message": "Unauthorized"})
    responses.get(SPACES, payload=wire.listing(wire.space()))
    responses.get(GATEWAY + ME, payload=KNOWN)
    signed_in = await _sign_in(transport, _credentials(email="robot@serviceaccount.atlassian.com"))
    assert signed_in.kind == "bearer"
    assert not [url for url in _asked(responses) if url.startswith(SITE)]


async def test_a_token_that_nobody_accepts_is_refused_with_every_refusal(
    transport: Transport, responses: aioresponses
) -> None:
    responses.get(SPACES, status=401)
    responses.get(SITE + ME, status=401)
    with pytest.raises(AuthError) as caught:
        await _sign_in(transport, _credentials())
    assert "as a scoped token at the gateway" in str(caught.value)
    assert "as an unscoped token at the site" in str(caught.value)
    assert "canary" not in str(caught.value)
    assert transport.requests == 2, "more could lock the account"


async def test_how_it_was_accepted_last_time_is_tried_first(
    transport: Transport, responses: aioresponses
) -> None:
    responses.get(SITE + ME, payload=KNOWN)
    assert (await _sign_in(transport, _credentials(), "unscoped")).kind == "unscoped"
    assert _asked(responses) == [SITE + ME]


async def test_after_what_is_remembered_the_other_way_is_tried(
    transport: Transport, responses: aioresponses
) -> None:
    """The token may have been replaced by one of another kind."""
    responses.get(SITE + ME, status=401)
    responses.get(SPACES, payload=wire.listing(wire.space()))
    responses.get(GATEWAY + ME, payload=KNOWN)
    assert (await _sign_in(transport, _credentials(), "unscoped")).kind == "scoped"
    assert transport.requests == 3


async def test_a_site_in_trouble_does_not_hide_that_the_gateway_refused(
    transport: Transport, responses: aioresponses
) -> None:
    responses.get(SPACES, status=401)
    responses.get(SITE + ME, status=503, repeat=True)
    with pytest.raises(AuthError, match="as a scoped token at the gateway"):
        await _sign_in(transport, _credentials())


@pytest.mark.parametrize("kind", ["scoped", "unscoped", "bearer"])
async def test_a_kind_that_was_named_is_the_only_one_tried(
    transport: Transport, responses: aioresponses, kind: TokenKind
) -> None:
    responses.get(SPACES, status=401)
    responses.get(SITE + ME, status=401)
    with pytest.raises(AuthError):
        await _sign_in(transport, _credentials(kind), "scoped")
    assert len(responses.requests) == 1


async def test_a_token_without_an_address_is_a_bearer_token(
    transport: Transport, responses: aioresponses
) -> None:
    responses.get(SPACES, payload=wire.listing(wire.space()))
    responses.get(GATEWAY + ME, payload=KNOWN)
    assert (await _sign_in(transport, _credentials(email=""))).kind == "bearer"
    ((call,), *_) = responses.requests.values()
    assert call.kwargs["headers"]["Authorization"] == "Bearer canary"


async def test_an_anonymous_visitor_is_not_signed_in(transport: Transport, responses: aioresponses) -> None:
    responses.get(SITE + ME, payload={"type": "anonymous"})
    with pytest.raises(AuthError, match="anonymous"):
        await _sign_in(transport, _credentials("unscoped"))


@pytest.mark.parametrize(("status", "body"), [(401, SCOPE), (401, {}), (403, {}), (404, {})])
async def test_a_token_that_may_not_say_whose_it_is_works_with_a_warning(
    transport: Transport, responses: aioresponses, status: int, body: Any
) -> None:
    responses.get(SPACES, payload=wire.listing(wire.space()))
    responses.get(GATEWAY + ME, status=status, payload=body)
    signed_in = await _sign_in(transport, _credentials())
    assert signed_in.user is None
    assert "could not be verified" in signed_in.warnings[0]


def test_credentials_are_never_shown() -> None:
    assert "canary" not in repr(_credentials())


def _client(transport: Transport) -> Client:
    return Client(transport, Access(URL(GATEWAY), BASIC))


def _visible(responses: aioresponses, *current: Any, archived: Any = ()) -> None:
    for status, rows in (("current", current), ("archived", archived)):
        responses.get(f"{GATEWAY}/wiki/api/v2/spaces?limit=250&status={status}", payload=wire.listing(*rows))


@pytest.mark.parametrize("row", [wire.space(), wire.space(key="OLD", currentActiveAlias="ENG")])
async def test_a_space_is_found_by_key_or_alias(
    transport: Transport, responses: aioresponses, row: Any
) -> None:
    responses.get(SPACES, payload=wire.listing(wire.space("4", "OTHER"), row))
    assert (await find_space(_client(transport), "ENG")).id == "5"


async def test_an_alias_that_the_filter_does_not_know_is_found_all_the_same(
    transport: Transport, responses: aioresponses
) -> None:
    responses.get(SPACES, payload=wire.listing())
    _visible(responses, wire.space("4", "OTHER"), archived=[wire.space(key="OLD", currentActiveAlias="ENG")])
    assert (await find_space(_client(transport), "ENG")).id == "5"


@pytest.mark.parametrize(
    ("keys", "said"),
    [(("ENGX", "OPS", "eng"), "the nearest are eng, ENGX"), (("OPS", "HR"), "it sees 2 spaces")],
)
async def test_a_key_that_is_no_space_names_the_nearest(
    transport: Transport, responses: aioresponses, keys: tuple[str, ...], said: str
) -> None:
    responses.get(SPACES, payload=wire.listing())
    _visible(responses, *(wire.space(str(number), key) for number, key in enumerate(keys)))
    with pytest.raises(SpaceError, match=f"no space 'ENG'.*{said}"):
        await find_space(_client(transport), "ENG")
