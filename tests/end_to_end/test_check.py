"""`check`: each situation a token can be in is played, and what is said of it is asserted."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from exporter.check import Diagnosis, Rung, check
from exporter.config import load
from exporter.confluence import scopes
from exporter.emulator import FULL_SCOPES, Emulator, Fault, Token
from exporter.errors import Exit
from exporter.logs import Redacting
from exporter.model import Kind, Part
from exporter.text import diagnosis
from tests.end_to_end.running import (
    BEARER,
    OAUTH,
    TOKEN,
    UNSCOPED,
    FastClock,
    cli,
    mirror_here,
    one_authority,
    settings_for,
)
from tests.end_to_end.worlds import Sample

LEAST = frozenset(scopes.least(()))
CLASSIC = frozenset(scopes.alternatives(()))


async def checked(emulator: Emulator, token: Token = TOKEN, **flags: Any) -> Diagnosis:
    settings = load(settings_for(emulator, token, **flags))
    found = await check(settings, redacting=Redacting(settings.secrets()), clock=FastClock())
    assert token.secret not in json.dumps(found.document()) + "".join(diagnosis(found))
    return found


def with_scopes(emulator: Emulator, wanted: Iterable[str]) -> Token:
    """The token that the emulator takes from now on."""
    token = replace(TOKEN, scopes=frozenset(wanted))
    emulator.tokens[:] = [token]
    return token


def rung(found: Diagnosis, what: str) -> Rung:
    (one,) = [each for each in found.rungs if each.what == what]
    return one


def closed(found: Diagnosis) -> set[str]:
    return {each.what for each in found.rungs if each.status == "scope missing"}


async def test_everything_granted_is_one_line_each_and_the_least_scopes(emulator: Emulator) -> None:
    found = await checked(emulator)
    assert found.exit is Exit.OK
    assert all(each.is_well for each in found.rungs), found.rungs
    assert [each.what for each in found.rungs] == [
        "site", "token", "whose token it is", "space ENG", "pages", "blogposts", "folders", "whiteboards",
        "databases", "embeds", "custom-content", "attachments", "comments", "tasks", "search",
        "restrictions", "permissions", "roles", "users", "download",
    ]  # fmt: skip
    assert found.to_tick == []
    text = "\n".join(diagnosis(found))
    assert all(scope in text for scope in LEAST)
    assert scopes.TOKEN_PAGE in text
    assert text.endswith("exit 0: all that was chosen is granted")
    assert [r.status for r in emulator.requests.of("media")] == [200]
    assert all(r.method == "GET" or "users-bulk" in r.path for r in emulator.requests)


async def test_a_scoped_token_used_at_the_site_is_sent_to_the_gateway(emulator: Emulator) -> None:
    found = await checked(emulator, auth={"kind": "unscoped"})
    assert found.exit is Exit.AUTH
    said = rung(found, "token").said
    assert "a token with scopes, which works at the gateway only" in said
    assert "CONFLUENCE_AUTH_KIND=scoped" in said


async def test_an_unscoped_token_at_a_gateway_that_refuses_it(emulator: Emulator) -> None:
    found = await checked(emulator, UNSCOPED, auth={"kind": "scoped"})
    assert found.exit is Exit.AUTH
    assert "a token without scopes, which works at the site's own address only" in rung(found, "token").said
    assert "CONFLUENCE_AUTH_KIND=unscoped" in rung(found, "token").said
    by_itself = await checked(emulator, UNSCOPED)
    assert by_itself.exit is Exit.OK
    assert "a token with scopes, for the gateway, is safer" in rung(by_itself, "token").said


async def test_an_unscoped_token_at_a_gateway_that_takes_it(emulator: Emulator) -> None:
    emulator.switches.unscoped_on_gateway = True
    found = await checked(emulator, UNSCOPED)
    assert found.exit is Exit.OK
    assert rung(found, "token").answer == "accepted as a scoped token at the gateway"


async def test_classic_scopes_only(emulator: Emulator) -> None:
    found = await checked(emulator, with_scopes(emulator, CLASSIC))
    assert found.exit is Exit.AUTH
    assert {"search", "restrictions", "download"} == {
        each.what for each in found.rungs if each.status == "granted" and each.what != "whose token it is"
    }
    assert any("classic scopes only" in remark for remark in found.remarks)


@pytest.mark.parametrize("opens_v1", [True, False])
async def test_granular_scopes_only(emulator: Emulator, opens_v1: bool) -> None:
    emulator.switches.granular_opens_v1 = opens_v1
    found = await checked(emulator, with_scopes(emulator, LEAST))
    if opens_v1:
        assert (found.exit, found.remarks) == (Exit.OK, [])
        return
    assert found.exit is Exit.PARTIAL
    assert closed(found) == {"whose token it is", "search", "restrictions", "download"}
    assert any("don't open the older endpoints" in remark for remark in found.remarks)
    only_v2 = LEAST - {"read:content-details:confluence"}
    assert set(found.to_tick) == only_v2 | CLASSIC


async def test_no_attachment_scope(emulator: Emulator) -> None:
    found = await checked(
        emulator,
        with_scopes(emulator, LEAST - {"read:attachment:confluence"}),
    )
    assert found.exit is Exit.PARTIAL
    assert closed(found) == {"attachments", "download"}
    text = " ".join(" ".join(diagnosis(found)).split())
    assert "read:attachment:confluence or readonly:content.attachment:confluence" in text
    assert "no attachment files" in text
    assert "--skip attachments" in text


async def test_a_download_that_answers_as_the_old_addresses_do(emulator: Emulator) -> None:
    realm = {"WWW-Authenticate": 'OAuth realm="https://acme.atlassian.net/wiki"'}
    emulator.faults.append(Fault("status", match="/download", status=401, headers=realm, body=b""))
    found = await checked(emulator)
    assert found.exit is Exit.PARTIAL
    assert rung(found, "download").status == "forbidden"
    assert "old download addresses, which are closed to API tokens" in rung(found, "download").said


async def test_such_an_answer_costs_a_run_the_file_and_not_the_pages(
    eng: Sample, emulator: Emulator, tmp_path: Path
) -> None:
    realm = {"WWW-Authenticate": 'OAuth realm="https://acme.atlassian.net/wiki"'}
    emulator.faults.append(Fault("status", match="/download", status=401, headers=realm, body=b""))
    run = await mirror_here(emulator, tmp_path / "out")
    assert run.exit is Exit.PARTIAL
    (said,) = run.report.not_granted
    assert "old download addresses" in said
    assert len([r for r in emulator.requests if r.status == 401]) <= 3, "not one for each file"
    assert run.report.counts[Kind.PAGE]["new"] > 0


async def test_the_folder_scope_that_a_dialog_may_lack(emulator: Emulator) -> None:
    found = await checked(emulator, with_scopes(emulator, LEAST - {"read:folder:confluence"}))
    assert found.exit is Exit.PARTIAL
    assert closed(found) == {"folders"}
    assert any("CONFCLOUD-82041" in remark and "--skip folders" in remark for remark in found.remarks)
    assert (await checked(emulator, emulator.tokens[0], skip="folders")).exit is Exit.OK


@pytest.mark.parametrize("index", [4, 9, 15])
async def test_a_token_that_dies_on_the_way(emulator: Emulator, index: int) -> None:
    emulator.faults.append(Fault("expired", origin="gateway", from_index=index))
    found = await checked(emulator)
    assert found.exit is Exit.AUTH
    assert "accepted at first, and no longer" in found.rungs[-1].said
    assert len([r for r in emulator.requests if r.status == 401]) == 1


async def test_a_wrong_cloud_id(emulator: Emulator) -> None:
    found = await checked(emulator, cloud_id="another-cloud")
    assert found.exit is Exit.AUTH
    assert "CONFLUENCE_CLOUD_ID is another-cloud, but" in rung(found, "site").said
    assert "the gateway knows no Confluence under this cloud id" in rung(found, "token").said


async def test_a_space_that_is_hidden(eng: Sample, emulator: Emulator) -> None:
    eng.world.edit_space(eng.space, visible=False)
    found = await checked(emulator)
    assert found.exit is Exit.SPACE
    assert "there is no space 'ENG', or this token may not see it" in rung(found, "space ENG").said
    assert rung(found, "comments").status == "granted", "the scopes are looked at all the same"


async def test_a_site_that_answers_anybody(eng: Sample, emulator: Emulator) -> None:
    emulator.switches.anonymous_site = True
    eng.world.edit_space(eng.space, public=True)
    wrong = replace(UNSCOPED, secret="canary-wrong-secret")
    found = await checked(emulator, wrong)
    assert found.exit is Exit.AUTH
    assert "takes this token for an anonymous visitor" in rung(found, "token").said


async def test_no_access_to_the_product(emulator: Emulator) -> None:
    emulator.switches.product_access = False
    found = await checked(emulator)
    assert found.exit is Exit.AUTH
    assert "not permitted to use Confluence" in rung(found, "token").said
    assert "product" in rung(found, "token").said


ROBOT = "robot@serviceaccount.atlassian.com"


@pytest.mark.parametrize("as_basic", [False, True])
@pytest.mark.parametrize("email", ["", ROBOT])
async def test_a_service_account_with_either_scheme(emulator: Emulator, as_basic: bool, email: str) -> None:
    emulator.switches.bearer_as_basic = as_basic
    robot = replace(BEARER, email=email)
    emulator.tokens[:] = [robot]
    found = await checked(emulator, robot)
    assert found.exit is Exit.OK
    basic = as_basic and email
    assert (
        rung(found, "token").answer == f"accepted as a {'scoped' if basic else 'bearer'} token at the gateway"
    )
    refused = [r for r in emulator.requests if r.status == 401]
    assert len(refused) <= 1
    assert all(r.origin == "gateway" for r in refused)


async def test_a_service_accounts_token_under_a_persons_address(emulator: Emulator) -> None:
    found = await checked(emulator, replace(BEARER, email="me@example.com"))
    assert found.exit is Exit.AUTH
    assert "sent as Bearer, as tokens of service accounts do" in rung(found, "token").said
    assert "CONFLUENCE_AUTH_KIND=bearer" in rung(found, "token").said


async def test_a_persons_token_without_the_address(emulator: Emulator) -> None:
    found = await checked(emulator, replace(TOKEN, email=""))
    assert found.exit is Exit.AUTH
    assert "needs CONFLUENCE_EMAIL" in rung(found, "token").said


async def test_an_oauth_credential(emulator: Emulator) -> None:
    found = await checked(emulator, OAUTH)
    assert found.exit is Exit.OK
    assert rung(found, "token").answer == "accepted as an OAuth 2.0 credential at the gateway"
    wrong = await checked(emulator, replace(OAUTH, secret="canary-wrong-secret"))
    assert wrong.exit is Exit.AUTH
    assert "the id or the secret is wrong" in rung(wrong, "token").said


async def test_a_wrong_and_an_expired_token_look_alike_and_that_is_said(emulator: Emulator) -> None:
    said = set()
    for token in (replace(TOKEN, secret="canary-other"), replace(TOKEN, email="other@example.com")):
        found = await checked(emulator, token)
        assert found.exit is Exit.AUTH
        said.add(rung(found, "token").said)
        assert len([r for r in emulator.requests if r.status == 401]) <= 3, "more may lock the account"
        emulator.requests.clear()
    emulator.tokens[:] = [replace(TOKEN, valid=False)]
    said.add(rung(await checked(emulator), "token").said)
    (sentence,) = said
    assert "A wrong, a revoked and an expired one look alike" in sentence
    assert scopes.TOKEN_PAGE in sentence


@pytest.mark.parametrize("origin", ["gateway", "site"])
async def test_what_is_down_is_named(emulator: Emulator, origin: str) -> None:
    emulator.faults.append(Fault("reset", origin=origin))  # type: ignore[arg-type]
    found = await checked(emulator)
    assert found.exit is Exit.UNAVAILABLE
    (trouble,) = [each for each in found.rungs if each.status == "failed"]
    assert "127.0.0.1" in trouble.said


async def test_a_site_that_is_down_is_not_needed_where_the_cloud_id_is_known(emulator: Emulator) -> None:
    emulator.faults.append(Fault("reset", origin="site"))
    found = await checked(emulator, cloud_id=emulator.world.cloud_id)
    assert found.exit is Exit.OK
    assert rung(found, "site").status == "warning"


async def test_a_media_host_that_is_not_listed_is_named(emulator: Emulator) -> None:
    found = await checked(emulator, media_hosts="media.example")
    assert found.exit is Exit.PARTIAL
    assert rung(found, "download").status == "failed"
    assert "CONFLUENCE_MEDIA_HOSTS" in rung(found, "download").said


async def test_one_lost_file_is_not_taken_for_all(eng: Sample, emulator: Emulator) -> None:
    emulator.faults.append(Fault("status", origin="media", status=404, times=1))
    assert (await checked(emulator)).exit is Exit.OK


async def test_forbidden_and_removed_are_told_apart_from_a_missing_scope(emulator: Emulator) -> None:
    emulator.faults += [
        Fault("status", match="/footer-comments", status=403),
        Fault("status", match="/restriction", status=410),
        Fault("status", match="/tasks", status=500),
        Fault("status", match="/role-assignments", status=403),
    ]
    found = await checked(emulator)
    assert found.exit is Exit.UNAVAILABLE
    assert rung(found, "comments").status == "forbidden"
    assert "ask an administrator" in rung(found, "comments").said
    assert rung(found, "restrictions").status == "removed"
    assert rung(found, "tasks").status == "unreachable"
    assert rung(found, "roles").status == "granted", "a site without roles has none"


async def test_the_end_of_the_token_is_a_rung(emulator: Emulator) -> None:
    soon = (datetime.now(UTC) + timedelta(days=7)).date()
    found = await checked(emulator, token_expires=soon)
    assert rung(found, "token's end").status == "warning"
    assert "in 7 days" in rung(found, "token's end").said
    assert found.exit is Exit.OK
    later = await checked(emulator, token_expires=soon + timedelta(days=90))
    assert rung(later, "token's end").is_well


async def test_without_a_space_any_will_do_and_several_are_all_looked_for(
    eng: Sample, emulator: Emulator
) -> None:
    assert (await checked(emulator, space=())).exit is Exit.OK
    found = await checked(emulator, space=("NOPE", "ENG", "ALSO"))
    assert found.exit is Exit.SPACE
    assert rung(found, "space ENG").is_well
    assert {each.what for each in found.rungs if not each.is_well} == {"space NOPE", "space ALSO"}
    every = await checked(emulator, space=(), all_spaces=True, include_spaces="E*")
    assert (every.exit, rung(every, "all spaces").answer) == (Exit.OK, "ENG Engineering")
    none = await checked(emulator, space=(), all_spaces=True, include_spaces="ZZZ*")
    assert none.exit is Exit.SPACE
    page = await checked(emulator, space=(), page=eng.plan.id)
    assert rung(page, f"page {eng.plan.id}").answer == "ENG Engineering"


# --- the advice -------------------------------------------------------------------------

SITUATIONS = {
    "classic only": CLASSIC,
    "granular only": LEAST,
    "nothing": frozenset[str](),
    "space and pages": {"read:space:confluence", "read:page:confluence"},
    "classic and a few": CLASSIC | {"read:space:confluence", "read:page:confluence"},
    "no comments": FULL_SCOPES - {"read:comment:confluence"},
}


@pytest.mark.parametrize(
    ("classic", "granular"), [(True, True), (True, False), (False, True)], ids=["both", "classic", "granular"]
)
@pytest.mark.parametrize("situation", SITUATIONS)
async def test_a_token_made_as_advised_passes_and_exports_everything(
    situation: str, classic: bool, granular: bool, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.switches.classic_opens_v1, emulator.switches.granular_opens_v1 = classic, granular
    found = await checked(emulator, with_scopes(emulator, SITUATIONS[situation]))
    if not found.to_tick:
        assert found.exit is Exit.OK
        return
    token = with_scopes(emulator, found.to_tick)
    assert (await checked(emulator, token)).exit is Exit.OK
    run = await mirror_here(emulator, tmp_path / "out", token=token)
    assert run.exit is Exit.OK, run.problems()
    assert not run.warnings


CHOICES = ["", "comments,tasks", "attachments,users,permissions", ",".join(Part)]


@pytest.mark.parametrize("skip", CHOICES)
async def test_the_least_is_enough_and_each_of_it_is_needed(
    skip: str, emulator: Emulator, tmp_path: Path
) -> None:
    least = await cli("check", "--least", "--json", *(["--skip", skip] if skip else []), env={})
    assert least.code == 0
    smallest = set(least.document["least_scopes"])
    assert emulator.requests == []
    flags: Any = {"skip": skip} if skip else {}
    run = await mirror_here(emulator, tmp_path / "out", token=with_scopes(emulator, smallest), **flags)
    assert run.exit is Exit.OK, run.problems()
    assert not run.warnings
    assert not [r for r in emulator.requests if r.status == 401]
    for scope in sorted(smallest):
        found = await checked(emulator, with_scopes(emulator, smallest - {scope}), **flags)
        assert found.exit in (Exit.PARTIAL, Exit.AUTH), scope
        assert scope in found.to_tick
        missing = [each for each in found.rungs if each.status == "scope missing"]
        assert all(each.endpoint and scope == each.endpoint.granular for each in missing), scope
        assert missing
        assert scope in "\n".join(diagnosis(found))


# --- the command ------------------------------------------------------------------------


async def test_the_command_prints_the_table_and_ends_with_its_code(emulator: Emulator) -> None:
    token = with_scopes(emulator, FULL_SCOPES - {"read:comment:confluence"})
    env = {**emulator.environment(token), "CONFLUENCE_CA_FILE": str(one_authority())}
    result = await cli("check", "--space", "ENG", env=env)
    assert result.code == 3
    assert result.stderr == ""
    lines = result.stdout.splitlines()
    assert any(line.split() == ["comments", "scope", "missing"] for line in lines)
    assert lines[-1] == "exit 3: something that was chosen is not granted"
    as_json = await cli("check", "--space", "ENG", "--json", env=env)
    assert as_json.code == as_json.document["exit_code"] == 3
    (missing,) = [each for each in as_json.document["rungs"] if each["status"] == "scope missing"]
    assert missing["endpoint"] == "GET /wiki/api/v2/pages/{id}/footer-comments"
    assert (missing["granular_scope"], missing["loses"]) == ("read:comment:confluence", "no comments")
    assert "read:comment:confluence" in as_json.document["scopes_to_tick"]


async def test_the_readme_shows_the_least_scopes() -> None:
    shown = Path(__file__).parents[2].joinpath("README.md").read_text("utf-8")
    result = await cli("check", "--least", env={})
    assert result.code == 0
    for line in result.stdout.splitlines():
        assert line.strip() in shown
