"""Which token goes where, what is said when it is refused, and that it is never seen anywhere."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from exporter.app import Options
from exporter.emulator import LEAST_SCOPES, TREE_SCOPES, Emulator, Fault, Token
from exporter.emulator.generate import generated_world
from exporter.errors import Exit
from tests.end_to_end.asked import Asked
from tests.end_to_end.conftest import Serve
from tests.end_to_end.disk import SpaceOnDisk, tree
from tests.end_to_end.running import BEARER, TOKEN, UNSCOPED, mirror, mirror_here, start
from tests.end_to_end.worlds import Sample

KINDS = {"scoped": TOKEN, "unscoped": UNSCOPED, "bearer": BEARER}


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
    scheme = "Bearer" if kind == "bearer" else "Basic"
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
    "read:custom-content:confluence": (3, "/wiki/api/v2/spaces/{id}/custom-content"),
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


async def test_secrets_are_seen_nowhere(eng: Sample, emulator: Emulator, tmp_path: Path) -> None:
    """Not the token, not its base64 form, not a signed address: in files, output or process list."""
    eng.world.lose_binary(eng.notes)
    emulator.faults += [
        Fault("status", origin="media", status=503, times=1),
        Fault("reset_body", origin="media", times=1, from_index=2),
        Fault(
            "redirect", match=f"{eng.image.id}/download", times=1, location="https://evil.example/?token=x"
        ),
    ]
    emulator.switches.latency = 0.01
    for token in (TOKEN, replace(TOKEN, secret="wrong-canary-secret")):
        environment = {**emulator.environment(token), "PYTHONASYNCIODEBUG": "1"}
        running = await start("--space", "ENG", tmp_path / "out", "--verbose", "--json", env=environment)
        await asyncio.sleep(0.2)
        seen = running.command_line()
        result = await running.ends()
        assert result.code == (3 if token is TOKEN else 12)
        json.loads(result.stdout)
        assert token is not TOKEN or " INFO exporter." in result.stderr
        said = seen + result.stdout.encode() + result.stderr.encode()
        said += everything_in(tmp_path)
        for secret in secrets_of(token, emulator):
            assert secret.encode() not in said
    assert tree(tmp_path / "out")


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def secrets_of(token: Token, emulator: Emulator) -> set[str]:
    signatures = {r.query["token"] for r in emulator.requests.of("media")}
    assert signatures
    pair = base64.b64encode(f"{token.email}:{token.secret}".encode()).decode()
    return {token.secret, pair, base64.b64encode(token.secret.encode()).decode(), *signatures}


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
