"""Which token goes where, what is said when it is refused, and that it is never seen anywhere."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from benchmarks import virtual_time
from benchmarks.virtual_time import VirtualClock
from exporter.app import Options
from exporter.emulator import LEAST_SCOPES, TREE_SCOPES, Emulator, Fault, Switches, Token
from exporter.emulator.generate import generated_world
from exporter.errors import Exit
from exporter.model import Part
from tests.end_to_end.asked import Asked
from tests.end_to_end.conftest import Serve
from tests.end_to_end.disk import SpaceOnDisk
from tests.end_to_end.running import (
    BEARER,
    OAUTH,
    TOKEN,
    UNSCOPED,
    FastClock,
    cli,
    mirror,
    mirror_here,
    start,
)
from tests.end_to_end.worlds import Sample

KINDS = {"scoped": TOKEN, "unscoped": UNSCOPED, "bearer": BEARER, "oauth": OAUTH}


@pytest.mark.parametrize("told", [True, False], ids=["told", "auto"])
@pytest.mark.parametrize("kind", KINDS)
async def test_each_kind_of_token_is_used_where_it_is_accepted(
    kind: str, told: bool, emulator: Emulator, tmp_path: Path
) -> None:
    auth = {"kind": kind if told else "auto"}
    run = await mirror_here(emulator, tmp_path / "out", token=KINDS[kind], auth=auth)
    assert run.exit is Exit.OK, run.problems()
    assert not run.warnings
    SpaceOnDisk(tmp_path / "out" / "ENG").assert_whole()
    api = [r for r in emulator.requests if "/wiki/" in r.path]
    assert {r.origin for r in api[1:]} == {"site" if kind == "unscoped" else "gateway"}
    scheme = "Bearer" if kind in ("bearer", "oauth") else "Basic"
    assert {r.headers["Authorization"].split()[0] for r in api} == {scheme}
    assert not [r for r in emulator.requests if "tenant_info" in r.path and "Authorization" in r.headers]
    assert not [r for r in emulator.requests.of("media") if "Authorization" in r.headers]


async def test_how_the_token_was_accepted_is_not_found_out_again(emulator: Emulator, tmp_path: Path) -> None:
    await mirror_here(emulator, tmp_path / "out", token=UNSCOPED)
    assert len(emulator.requests.of("gateway")) == 1
    assert SpaceOnDisk(tmp_path / "out" / "ENG").meta()["token_kind"] == "unscoped"
    emulator.requests.clear()
    assert (await mirror_here(emulator, tmp_path / "out", token=UNSCOPED)).exit is Exit.OK
    assert emulator.requests.of("gateway") == []


@pytest.mark.parametrize("kind", ["scoped", "unscoped", "bearer"])
async def test_the_wrong_kind_is_refused_and_nothing_written(
    kind: str, emulator: Emulator, tmp_path: Path
) -> None:
    wrong = {"scoped": UNSCOPED, "unscoped": TOKEN, "bearer": TOKEN}[kind]
    run = await mirror_here(emulator, tmp_path / "out", token=wrong, auth={"kind": kind})
    assert run.exit is Exit.AUTH
    assert not (tmp_path / "out").exists()


@pytest.mark.fault(34)
async def test_a_public_site_does_not_pass_for_the_whole_space(
    eng: Sample, emulator: Emulator, tmp_path: Path
) -> None:
    """Wrong credentials get 200 and what is public: a second run would take the rest for missing."""
    await mirror_here(emulator, tmp_path / "out", token=UNSCOPED)
    held = SpaceOnDisk(tmp_path / "out" / "ENG")
    before, items = held.contents(), held.items()
    emulator.switches.anonymous_site = True
    eng.world.edit_space(eng.space, public=True)
    eng.world.restrict(eng.plan)
    emulator.tokens[:] = [TOKEN]
    run = await mirror_here(emulator, tmp_path / "out", token=UNSCOPED)
    assert run.exit is Exit.AUTH
    assert "anonymous" in str(run.error)
    assert held.contents() == before
    assert held.items() == items


async def test_no_access_to_the_product_is_said(emulator: Emulator, tmp_path: Path) -> None:
    emulator.switches.product_access = False
    result = await mirror(emulator, tmp_path / "out")
    assert result.code == 12
    assert "not permitted to use Confluence" in result.stderr.splitlines()[0]
    assert not (tmp_path / "out").exists()


async def test_a_wrong_cloud_id_is_said(emulator: Emulator, tmp_path: Path) -> None:
    run = await mirror_here(emulator, tmp_path / "out", cloud_id="another-cloud")
    assert run.exit in (Exit.AUTH, Exit.USAGE)
    assert "CONFLUENCE_CLOUD_ID" in str(run.error)
    assert not (tmp_path / "out").exists()


SCOPES = {
    "read:space:confluence": (12, "/wiki/api/v2/spaces"),
    "read:page:confluence": (12, "/wiki/api/v2/spaces/{id}/pages"),
    "read:attachment:confluence": (3, "/wiki/api/v2/pages/{id}/attachments"),
    "read:folder:confluence": (3, "/wiki/api/v2/folders/{id}"),
    "read:whiteboard:confluence": (3, "/wiki/api/v2/whiteboards/{id}"),
    "read:database:confluence": (3, "/wiki/api/v2/databases/{id}"),
    "read:embed:confluence": (3, "/wiki/api/v2/embeds/{id}"),
    "read:comment:confluence": (3, "/wiki/api/v2/pages/{id}/footer-comments"),
    "read:task:confluence": (3, "/wiki/api/v2/tasks"),
    "read:user:confluence": (3, "/wiki/api/v2/users-bulk"),
    "read:space.permission:confluence": (3, "/wiki/api/v2/spaces/{id}/role-assignments"),
    "read:custom-content:confluence": (3, "/wiki/api/v2/custom-content/{id}"),
}
PARTS = {
    "read:attachment:confluence": "attachments",
    "read:folder:confluence": "folders",
    "read:whiteboard:confluence": "whiteboards",
    "read:database:confluence": "databases",
    "read:embed:confluence": "embeds",
    "read:comment:confluence": "comments",
    "read:task:confluence": "tasks",
    "read:user:confluence": "users",
    "read:space.permission:confluence": "permissions",
    "read:custom-content:confluence": "custom-content",
}
"""What to skip on purpose where the scope is missing."""


@pytest.mark.fault(33)
@pytest.mark.parametrize("scope", SCOPES)
async def test_a_missing_scope_is_named_with_its_endpoint_and_costs_what_it_opens(
    scope: str, eng: Sample, emulator: Emulator, tmp_path: Path
) -> None:
    for kind in ("database", "embed"):
        node = eng.world.add_node(eng.space, kind, kind=kind, embed_url="https://example.com/")
        eng.world.add_page(eng.space, f"Below the {kind}", "<p>1</p>", parent=node)
    eng.world.add_custom_content(eng.plan, "ac:com.example:poll", "Lunch?", "{}")
    emulator.tokens[:] = [replace(TOKEN, scopes=TOKEN.scopes - {scope})]
    code, endpoint = SCOPES[scope]
    run = await mirror_here(emulator, tmp_path / "out")
    assert run.exit == code, run.problems()
    said = run.problems()
    assert len(said) == 1
    assert scope in said[0]
    assert f" {endpoint} " in re.sub(r"/(blogposts|custom-content)/{id}/", "/pages/{id}/", said[0])
    assert Asked.of(emulator.requests).bodies.total() == (0 if code == 12 else 9)
    denied = [r for r in emulator.requests if r.status == 401]
    assert 1 <= len(denied) <= 9  # one for each worker, and who we are
    if code == 3:
        SpaceOnDisk(tmp_path / "out" / "ENG").assert_whole()
        assert run.document()["not_granted"] == said
        skipping = await mirror_here(emulator, tmp_path / "out", skip=PARTS[scope])
        assert skipping.exit is Exit.OK, skipping.problems()
        assert skipping.document()["skipped"] == [PARTS[scope]]


@pytest.mark.parametrize(
    ("lacks", "code", "endpoint"),
    [
        (
            {"read:content-details:confluence", "read:confluence-user"},
            0,
            "/wiki/rest/api/user/current",
        ),
        (
            {"read:attachment:confluence", "readonly:content.attachment:confluence"},
            3,
            "/wiki/api/v2/pages/{id}/attachments",
        ),
    ],
)
async def test_a_missing_v1_scope_is_named_in_both_forms(
    lacks: set[str], code: int, endpoint: str, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.tokens[:] = [replace(TOKEN, scopes=TOKEN.scopes - lacks)]
    run = await mirror_here(emulator, tmp_path / "out")
    assert run.exit == code
    (said,) = [*run.warnings, *run.problems()][:1]
    assert endpoint in said or code == 3


@pytest.mark.fault(33)
async def test_a_token_that_may_list_but_not_download_says_so_and_keeps_the_rest(
    eng: Sample, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.switches.granular_opens_v1 = False
    lacks = {"readonly:content.attachment:confluence"}
    scopes = TOKEN.scopes - lacks | {"read:confluence-user"}
    emulator.tokens[:] = [replace(TOKEN, scopes=scopes)]
    run = await mirror_here(emulator, tmp_path / "out")
    assert run.exit is Exit.PARTIAL
    (said,) = run.problems()
    assert "readonly:content.attachment:confluence" in said
    assert "/child/attachment/{attachmentId}/download" in said
    held = SpaceOnDisk(tmp_path / "out" / "ENG")
    held.assert_whole()
    assert {page.id for page in eng.with_body} <= {item_id for _, item_id in held.items()}


@pytest.mark.fault(32)
@pytest.mark.parametrize("index", [0, 1, 2, 3, 4, 8, 14, 25, 36, 43])
async def test_a_dying_token_stops_the_run_within_one_request_a_worker(
    index: int, serve: Serve, tmp_path: Path
) -> None:
    workers = 4
    world = generated_world(pages=24, folders=2, attachments=14, body_bytes=300, attachment_bytes=900)
    emulator = await serve(world, faults=[Fault("expired", origin="gateway", from_index=index)])
    emulator.switches.latency = 0.003
    run = await mirror_here(emulator, tmp_path / "out", workers=workers)
    assert run.exit is Exit.AUTH
    assert len([r for r in emulator.requests.of("gateway") if r.status == 401]) <= workers + 1
    held = SpaceOnDisk(tmp_path / "out" / "ENG")
    if index > 3:
        held.assert_whole()
        assert not held.missing()
    emulator.faults.clear()
    assert (await mirror_here(emulator, tmp_path / "out")).exit is Exit.OK
    held.assert_whole()


@pytest.mark.fault(34, 35, 59)
async def test_another_identity_is_refused_until_it_is_accepted(
    eng: Sample, emulator: Emulator, tmp_path: Path
) -> None:
    await mirror_here(emulator, tmp_path / "out")
    other = Token("other-secret", "other@example.com", scopes=TOKEN.scopes, account_id="712020:other")
    emulator.tokens.append(other)
    held = SpaceOnDisk(tmp_path / "out" / "ENG")
    before = held.contents()
    eng.world.restrict(eng.plan)
    run = await mirror_here(emulator, tmp_path / "out", token=other)
    assert run.exit is Exit.AUTH
    assert "--accept-identity" in str(run.error)
    assert held.contents() == before
    assert held.missing() == set()
    accepted = Options(accept_identity=True)
    assert (await mirror_here(emulator, tmp_path / "out", token=other, options=accepted)).exit is Exit.OK
    assert (await mirror_here(emulator, tmp_path / "out", token=other)).exit is Exit.OK
    assert (await mirror_here(emulator, tmp_path / "out")).exit is Exit.AUTH


CANARY = replace(TOKEN, secret="canary/scoped+secret=")
RUNS = {
    "scoped": (CANARY, 3),
    "refused": (replace(CANARY, secret="canary/wrong+secret="), 12),
    "bearer": (BEARER, 3),
    "oauth": (OAUTH, 3),
    "oauth refused": (replace(OAUTH, secret="canary/wrong+client="), 12),
}


@pytest.mark.fault(28, 29, 30, 31)
@pytest.mark.parametrize("name", RUNS)
async def test_secrets_are_seen_nowhere(name: str, eng: Sample, emulator: Emulator, tmp_path: Path) -> None:
    """Not the token, in any form, not an access token, not a signed address: in files, output or process
    list, whatever goes wrong."""
    token, code = RUNS[name]
    emulator.tokens.append(CANARY)
    eng.world.lose_binary(eng.notes)
    emulator.faults += [
        Fault("status", origin="media", status=503, times=1),
        Fault("reset_body", origin="media", times=1, from_index=2),
        Fault(
            "redirect", match=f"{eng.image.id}/download", times=1, location="https://evil.example/?token=x"
        ),
    ]
    emulator.switches.latency = 0.01
    environment = {**emulator.environment(token), "PYTHONASYNCIODEBUG": "1"}
    running = await start("--space", "ENG", tmp_path / "out", "--verbose", "--json", env=environment)
    await asyncio.sleep(0.2)
    seen = running.command_line()
    result = await running.ends()
    looked = await cli("check", "--space", "ENG", "--verbose", env=environment)
    assert (result.code, looked.code) == (code, 0 if code == 3 else code)
    json.loads(result.stdout)
    assert " DEBUG exporter." in result.stderr
    said = seen + "".join([result.stdout, result.stderr, looked.stdout, looked.stderr]).encode()
    said += everything_in(tmp_path)
    for secret in secrets_of(token, emulator):
        assert secret.encode() not in said, secret
    assert (tmp_path / "out").exists() is (code == 3)


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def secrets_of(token: Token, emulator: Emulator) -> set[str]:
    sent = {r.headers["Authorization"].split()[1] for r in emulator.requests if "Authorization" in r.headers}
    signatures = {r.query["token"] for r in emulator.requests.of("media")}
    parts = {part for each in {*sent, *signatures} if "." in each for part in each.split(".")}
    forms = {token.secret, quote(token.secret, safe=""), base64.b64encode(token.secret.encode()).decode()}
    return forms | sent | signatures | {part for part in parts if len(part) > 20}


async def test_an_access_token_is_renewed_before_it_ends(emulator: Emulator, tmp_path: Path) -> None:
    emulator.switches.access_token_seconds = 0.2
    emulator.switches.latency = 0.01
    run = await mirror_here(emulator, tmp_path / "out", token=OAUTH, workers=2)
    assert run.exit is Exit.OK, run.problems()
    asked = emulator.requests.of("auth")
    assert len(asked) > 2
    assert {r.status for r in asked} == {200}
    assert not [r for r in emulator.requests.of("gateway") if r.status == 401]
    assert not [r for r in asked if "Authorization" in r.headers]
    used = {r.headers["Authorization"] for r in emulator.requests.of("gateway")}
    assert len(used) == len(asked)


def test_an_access_token_that_ended_in_a_long_wait_is_renewed_after_it(eng: Sample, tmp_path: Path) -> None:
    async def waiting() -> None:
        clock = VirtualClock()
        short = Switches(access_token_seconds=1200)
        pause = Fault("status", match="/spaces", status=429, retry_after="1800", times=1)
        serving = Emulator(eng.world, [OAUTH], switches=short, faults=[pause], clock=clock.monotonic)
        async with serving as emulator:
            run = await mirror_here(emulator, tmp_path / "out", token=OAUTH, clock=clock)
            assert run.exit is Exit.OK, run.problems()
            assert not [r for r in emulator.requests if r.status == 401]
            assert len(emulator.requests.of("auth")) == 2

    virtual_time.run(waiting)


@pytest.mark.parametrize("life", ["1e300", "1e999", "999999999999", "-5", '"soon"', "null"])
async def test_an_odd_life_of_an_access_token_is_no_bug(
    life: str, emulator: Emulator, tmp_path: Path
) -> None:
    body = f'{{"access_token": "x.canary.y", "expires_in": {life}, "token_type": "Bearer"}}'
    emulator.faults.append(Fault("status", origin="auth", status=200, body=body))
    run = await mirror_here(emulator, tmp_path / "out", token=OAUTH)
    assert run.exit in (Exit.AUTH, Exit.UNAVAILABLE)
    assert "bug" not in str(run.error)


@pytest.mark.parametrize("arguments", [["--all-spaces"], ["--page", "123456"], ["--space", "ENG"]])
@pytest.mark.parametrize("command", [[], ["check"]], ids=["export", "check"])
async def test_a_secret_that_confluence_echoes_is_hidden_however_the_run_ends(
    command: list[str], arguments: list[str], emulator: Emulator, tmp_path: Path
) -> None:
    """Also one that is longer than what is shown of an answer, or has signs that JSON escapes."""
    token = replace(TOKEN, secret='canary"' + "\\0123456789abcdef" * 12)
    emulator.tokens[:] = [token]
    said = json.dumps({"message": f"what is {token.secret} doing here"})
    emulator.faults.append(Fault("status", match="/api/v2/", status=400, body=said))
    out = [] if command else [str(tmp_path / "out")]
    for more in (["--verbose"], ["--json"]):
        result = await cli(*command, *arguments, *out, *more, env=emulator.environment(token))
        assert result.code != 0
        assert "0123456789" not in result.stdout + result.stderr
        if more == ["--json"]:
            json.loads(result.stdout)


async def test_a_scoped_token_after_an_unscoped_one_needs_no_word(emulator: Emulator, tmp_path: Path) -> None:
    """As `check` recommends; the account is the same."""
    await mirror_here(emulator, tmp_path / "out", token=UNSCOPED)
    emulator.tokens[:] = [TOKEN]
    assert (await mirror_here(emulator, tmp_path / "out")).exit is Exit.OK
    assert SpaceOnDisk(tmp_path / "out" / "ENG").meta()["token_kind"] == "scoped"


async def test_a_folder_that_the_scopes_hide_is_not_called_absent(
    eng: Sample, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.tokens[:] = [replace(TOKEN, scopes=TOKEN.scopes - {"read:folder:confluence"})]
    result = await cli(
        "--page", eng.folder.id, tmp_path / "out", env=emulator.environment(emulator.tokens[0])
    )
    assert result.code == 12
    assert "read:folder:confluence" in result.stderr


async def test_an_authorization_server_in_trouble_is_no_wrong_credential(
    emulator: Emulator, tmp_path: Path
) -> None:
    emulator.faults.append(Fault("status", origin="auth", status=503, times=2))
    assert (await mirror_here(emulator, tmp_path / "out", token=OAUTH)).exit is Exit.OK
    emulator.faults.append(Fault("reset", origin="auth"))
    run = await mirror_here(emulator, tmp_path / "out", token=OAUTH)
    assert run.exit is Exit.UNAVAILABLE


async def test_a_credential_that_is_refused_is_said_so(emulator: Emulator, tmp_path: Path) -> None:
    run = await mirror_here(emulator, tmp_path / "out", token=replace(OAUTH, secret="canary-wrong"))
    assert run.exit is Exit.AUTH
    assert "the id or the secret is wrong" in str(run.error)
    assert len(emulator.requests.of("auth")) == 1
    assert emulator.requests.of("gateway") == []


async def test_what_is_not_granted_is_said_before_anything_is_fetched(
    emulator: Emulator, tmp_path: Path
) -> None:
    emulator.tokens[:] = [replace(TOKEN, scopes=TOKEN.scopes - {"read:comment:confluence"})]
    run = await mirror_here(emulator, tmp_path / "out")
    assert run.exit is Exit.PARTIAL
    refused = [index for index, each in enumerate(emulator.requests) if each.status == 401]
    bodies = [index for index, each in enumerate(emulator.requests) if "body-format" in each.query]
    assert len(refused) == 1
    assert refused[0] < min(bodies)
    assert [r for r in emulator.requests if "footer-comments" in r.path] == [emulator.requests[refused[0]]]


async def test_without_the_scope_of_identity_it_exports_with_a_warning(
    emulator: Emulator, tmp_path: Path
) -> None:
    emulator.switches.classic_opens_v1 = False
    emulator.tokens[:] = [replace(TOKEN, scopes=TOKEN.scopes - {"read:content-details:confluence"})]
    run = await mirror_here(emulator, tmp_path / "out", skip="search,restrictions,attachments")
    assert run.exit is Exit.OK, run.problems()
    (warning,) = run.warnings
    assert "could not be verified, so nothing will be retired" in warning
    assert "read:content-details:confluence or read:confluence-user" in warning


async def test_the_tokens_end_is_said_four_times_before_it_and_then_always(
    emulator: Emulator, tmp_path: Path
) -> None:
    clock = FastClock()
    ends = (clock.now() + timedelta(days=32)).date()
    said = []
    for day in range(35):
        run = await mirror_here(
            emulator, tmp_path / "out", clock=clock, token_expires=ends, skip=",".join(Part)
        )
        assert run.exit is Exit.OK
        said += [(32 - day, notice) for notice in run.notices]
        clock.ahead += 86400
    assert [left for left, _ in said] == [30, 14, 7, 1, 0, -1, -2]
    assert "in 30 days" in said[0][1]
    assert "tomorrow" in said[3][1]
    assert "already" in said[-1][1]


async def test_the_tokens_end_is_printed_also_by_cron(emulator: Emulator, tmp_path: Path) -> None:
    soon = (datetime.now(UTC) + timedelta(days=10)).date().isoformat()
    out = tmp_path / "out"
    result = await mirror(emulator, out, "--token-expires", soon)
    assert (result.code, result.stdout) == (0, "")
    assert "warning: the token ends in" in result.stderr
    assert "the token ends in" in (out / "ENG" / "last-run.json").read_text("utf-8")
    again = await mirror(emulator, out, "--token-expires", soon)
    assert (again.code, again.stderr) == (0, "")


@pytest.mark.fault(59)
async def test_another_sites_mirror_is_refused_until_it_is_accepted(
    eng: Sample, emulator: Emulator, tmp_path: Path
) -> None:
    await mirror_here(emulator, tmp_path / "out")
    eng.world.cloud_id = "cloud-moved"
    run = await mirror_here(emulator, tmp_path / "out")
    assert run.exit is Exit.AUTH
    assert "mirrors another Confluence site" in str(run.error)
    assert "--accept-identity" in str(run.error)
    accepted = Options(accept_identity=True)
    assert (await mirror_here(emulator, tmp_path / "out", options=accepted)).exit is Exit.OK
    assert (await mirror_here(emulator, tmp_path / "out")).exit is Exit.OK


async def test_the_least_scopes_are_enough_for_pages_posts_and_attachments(
    eng: Sample, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.tokens[:] = [replace(TOKEN, scopes=LEAST_SCOPES)]
    nodes = "folders,whiteboards,databases,embeds"
    skip = f"{nodes},custom-content,comments,tasks,permissions,users"
    run = await mirror_here(emulator, tmp_path / "out", skip=skip)
    assert run.exit is Exit.OK, run.problems()
    assert not [r for r in emulator.requests if r.status == 401]
    assert not TREE_SCOPES & LEAST_SCOPES
