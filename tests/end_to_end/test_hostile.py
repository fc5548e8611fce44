"""Titles, names, ids, links and redirects made to do harm."""

from __future__ import annotations

import asyncio
import contextlib
import json
from pathlib import Path
from typing import Any

import pytest

from exporter.emulator import Emulator, Fault
from exporter.errors import Exit
from tests.end_to_end.conftest import Serve
from tests.end_to_end.disk import SpaceOnDisk, tree
from tests.end_to_end.running import TOKEN, mirror, mirror_here, start
from tests.end_to_end.worlds import Sample, sample

NAMES = [
    "../evil",
    "../../../../tmp/evil",
    "/etc/passwd",
    "..",
    ".",
    "",
    "a\0b.txt",
    "line\nbreak\r\x1b[2J.txt",
    "C:\\evil\\x.txt",
    "nul.txt",
    "con.air.1997.nfo",
    "é" * 300 + ".pdf",
    "😀" * 100 + ".png",
    "‮gpj.exe",
    "-rf",
    ".tmp-0123456789abcdef",
    "manifest.sqlite",
    "trailing. . .",
]


@pytest.fixture
async def wild(eng: Sample, serve: Serve) -> Emulator:
    """Serves `eng` without the check against the documents, which lone surrogates don't pass."""
    emulator = await serve(eng.world)
    emulator.on_answer = None
    return emulator


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def as_json(document: object) -> bytes:
    return json.dumps(document).encode("ascii")


@pytest.mark.fault(1, 2, 3, 4, 5, 6, 10)
async def test_no_name_leads_out_of_its_folder_or_stops_the_run(
    eng: Sample, wild: Emulator, tmp_path: Path
) -> None:
    for n, name in enumerate(NAMES):
        eng.world.attach(eng.home, name, f"file {n}".encode())
        eng.world.add_page(eng.space, name, f"<p>{n}</p>", parent=eng.home)
    run = await mirror_here(wild, tmp_path / "in" / "out")
    assert run.exit is Exit.OK, run.problems()
    assert names(tmp_path) == ["in"]
    assert names(tmp_path / "in" / "out") == ["ENG"]
    held = SpaceOnDisk(tmp_path / "in" / "out" / "ENG")
    held.assert_whole()
    for attachment in eng.world.attachments.values():
        path = held.attachment(attachment.id)
        assert path.read_bytes() == b"".join(attachment.binary.chunks())
        assert len(path.name.encode()) <= 120
        assert path.name.isprintable()
        assert path.name[0] not in ".-~"
        assert held.metadata(attachment.id, "attachment")["title"] == attachment.title
    wild.requests.clear()
    assert (await mirror_here(wild, tmp_path / "in" / "out")).exit is Exit.OK
    assert not wild.requests.of("media")


LONE = "half \ud83d a smiley"


@pytest.mark.fault(12)
async def test_lone_surrogates_in_titles_names_and_bodies_are_kept(
    eng: Sample, wild: Emulator, tmp_path: Path
) -> None:
    """They come as JSON escapes; each request that shows the page or the file is answered so."""
    page = page_json(eng, title=LONE, body=f"<p>{LONE}</p>")
    file = attachment_json(eng, title=LONE + ".png")
    listed = as_json({"results": [page], "_links": {}})
    wild.faults += [
        answer(r"/spaces/\d+/pages\?|/pages\?", listed),
        answer(rf"/pages/{eng.plan.id}\?", as_json(page)),
        answer(rf"/pages/{eng.plan.id}/attachments", as_json({"results": [file], "_links": {}})),
    ]
    for arguments in ((), ("--json",), ("--dry-run",)):
        result = await mirror(wild, tmp_path / "out", *arguments)
        assert (result.code, result.stderr) == (0, "")
    held = SpaceOnDisk(tmp_path / "out" / "ENG")
    held.assert_whole()
    assert held.metadata(eng.plan.id)["title"] == LONE
    assert held.body(eng.plan.id) == f"<p>{LONE}</p>".encode(errors="surrogatepass")
    assert held.nodes()[eng.plan.id]["title"] == LONE
    assert held.attachment(eng.image.id).read_bytes() == b"\x89PNG 0123456789"


def answer(match: str, body: bytes) -> Fault:
    return Fault("not_json", match=match, origin="gateway", body=body)


def page_json(eng: Sample, *, body: str = "<p>1</p>", **fields: Any) -> dict[str, Any]:
    version = {"number": 1, "createdAt": eng.plan.version.created_at}
    storage = {"storage": {"representation": "storage", "value": body}}
    page = {"id": eng.plan.id, "status": "current", "title": "Plan", "spaceId": eng.space.id}
    return {**page, "version": version, "body": storage, **fields}


def attachment_json(eng: Sample, **fields: Any) -> dict[str, Any]:
    size = eng.image.binary.size
    file = {"id": eng.image.id, "status": "current", "title": "x", "pageId": eng.plan.id, "fileSize": size}
    return {**file, "mediaType": "image/png", "version": {"number": 1, "createdAt": "2026-01-01"}, **fields}


@pytest.mark.parametrize("evil", ["../../evil", "1/../../evil", "", "٣", "1\n2", "att../x", None, {"a": 1}])
async def test_an_id_that_is_none_becomes_no_file_and_is_named(
    evil: object, eng: Sample, wild: Emulator, tmp_path: Path
) -> None:
    good = attachment_json(eng)
    listed = {"results": [attachment_json(eng, id=evil), good], "_links": {}}
    wild.faults.append(answer(rf"/pages/{eng.plan.id}/attachments", as_json(listed)))
    run = await mirror_here(wild, tmp_path / "in" / "out")
    assert run.exit is Exit.PARTIAL
    assert [failure.id for failure in run.report.failures] == [eng.plan.id]
    assert names(tmp_path) == ["in"]
    assert names(tmp_path / "in" / "out") == ["ENG"]
    SpaceOnDisk(tmp_path / "in" / "out" / "ENG").assert_whole()


@pytest.mark.fault(24, 25)
@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example{link}",
        "//evil.example{link}",
        "http://169.254.169.254/latest{link}",
        "https://user:pass@evil.example{link}",
        "/ex/confluence/other{link}",
    ],
)
async def test_only_the_cursor_of_a_next_link_is_used(
    link: str, eng: Sample, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.faults += [
        Fault("short_page", match=r"/spaces/\d+/pages", amount=2),
        Fault("next_link", match=r"/spaces/\d+/pages", location=link),
    ]
    assert (await mirror_here(emulator, tmp_path / "out")).exit is Exit.OK
    listings = [r for r in emulator.requests if r.path.endswith(f"/spaces/{eng.space.id}/pages")]
    assert len(listings) == 3
    assert {(r.origin, r.query["limit"], r.query["sort"]) for r in listings} == {("gateway", "250", "id")}


REDIRECTS = [
    "https://evil.example/file",
    "http://api.media.atlassian.com/file",
    "//evil.example/file",
    "\\\\evil.example\\file",
    "https://127.0.0.1@evil.example/file",
    "https://evil.example.:443/file",
    "file:///etc/passwd",
    "http://[::1/file",
]


@pytest.mark.fault(20, 21)
@pytest.mark.parametrize("location", REDIRECTS)
@pytest.mark.parametrize("hop", ["gateway", "media"])
async def test_a_download_is_not_followed_to_a_stranger(
    hop: str, location: str, eng: Sample, emulator: Emulator, tmp_path: Path
) -> None:
    match = f"{eng.image.id}/download" if hop == "gateway" else "/file/"
    emulator.faults.append(Fault("redirect", match=match, headers={"Location": location}))
    eng.world.purge_attachment(eng.notes)
    run = await mirror_here(emulator, tmp_path / "out")
    assert run.exit is Exit.PARTIAL
    assert [failure.id for failure in run.report.failures] == [eng.image.id]
    assert len(emulator.requests.of("media")) <= (0 if hop == "gateway" else 1)
    SpaceOnDisk(tmp_path / "out" / "ENG").assert_whole()


@pytest.mark.fault(20)
@pytest.mark.parametrize(("redirects", "arrives"), [(4, True), (5, False)])
async def test_five_hops_are_followed_and_a_sixth_is_not(
    redirects: int, arrives: bool, eng: Sample, emulator: Emulator, tmp_path: Path
) -> None:
    """The first hop is the gateway's own redirect."""
    eng.world.purge_attachment(eng.notes)
    emulator.faults.append(Fault("redirect", origin="media", times=redirects, status=307))
    run = await mirror_here(emulator, tmp_path / "out")
    assert run.exit is (Exit.OK if arrives else Exit.PARTIAL)
    assert len(emulator.requests.of("media")) == 5


@pytest.mark.fault(20)
async def test_an_api_redirect_is_not_followed(eng: Sample, emulator: Emulator, tmp_path: Path) -> None:
    """Here another emulator is the stranger: nothing must reach it."""
    async with Emulator(sample().world, [TOKEN]) as stranger:
        emulator.faults.append(
            Fault("redirect", match="/attachments", location=stranger.gateway_url + "/wiki/x")
        )
        run = await mirror_here(emulator, tmp_path / "out")
        assert run.exit is Exit.PARTIAL
        assert not stranger.requests


USERS = "/ex/confluence/cloud-eng/wiki/api/v2/users-bulk"
"""The one read that is a POST."""


@pytest.mark.fault(22, 23)
async def test_the_environment_neither_routes_nor_signs(
    eng: Sample, emulator: Emulator, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login canary password canary\n")
    netrc.chmod(0o600)
    proxy = "http://127.0.0.1:9"  # nobody is there
    hostile = dict.fromkeys(("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"), proxy)
    result = await mirror(
        emulator, tmp_path / "out", env={"NETRC": str(netrc), "HOME": str(tmp_path), **hostile}
    )
    assert (result.code, result.stderr) == (0, "")
    assert {r.headers.get("Authorization") for r in emulator.requests.of("gateway")} == {
        "Basic bWVAZXhhbXBsZS5jb206Y2FuYXJ5LXNjb3BlZC1zZWNyZXQ="
    }
    assert not any("Authorization" in r.headers for r in emulator.requests.of("media"))
    assert not any("Authorization" in r.headers for r in emulator.requests.of("site"))
    assert not any("Cookie" in r.headers for r in emulator.requests)
    assert not any("Proxy-Authorization" in r.headers for r in emulator.requests)
    assert {r.path for r in emulator.requests if r.method != "GET"} == {USERS}


@pytest.mark.fault(26)
async def test_no_address_in_a_body_or_an_answer_is_asked_for(
    eng: Sample, wild: Emulator, tmp_path: Path
) -> None:
    """Here another emulator is the inner service: nothing must reach it."""
    async with Emulator(sample().world, [TOKEN]) as inner:
        address = inner.gateway_url + "/latest/meta-data"
        body = f'<img src="{address}"/><ac:image><ri:url ri:value="{address}"/></ac:image>'
        eng.world.edit(eng.plan, body)
        eng.world.add_comment(eng.plan, body)
        for name in ("downloadLink", "webuiLink"):
            wild.faults.append(Fault("field", match="/attachments", name=name, value=address))
        run = await mirror_here(wild, tmp_path / "out")
        assert run.exit is Exit.OK, run.problems()
        assert SpaceOnDisk(tmp_path / "out" / "ENG").body(eng.plan.id) == body.encode()
        assert not inner.requests


@pytest.mark.fault(13)
async def test_a_link_planted_in_the_mirror_is_not_written_through(
    eng: Sample, emulator: Emulator, tmp_path: Path
) -> None:
    await mirror_here(emulator, tmp_path / "out")
    held = SpaceOnDisk(tmp_path / "out" / "ENG")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "victim").write_text("untouched")
    file = held.folder / f"raw/pages/{eng.plan.id}.storage.xml"
    file.unlink()
    file.symlink_to(outside / "victim")
    folder = held.folder / "raw" / "attachments"
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    folder.rmdir()
    folder.symlink_to(outside)
    before = tree(outside)
    run = await mirror_here(emulator, tmp_path / "out")
    assert tree(outside) == before
    assert run.exit is Exit.LOCAL
    folder.unlink()
    assert (await mirror_here(emulator, tmp_path / "out")).exit is Exit.OK
    assert not file.is_symlink()
    held.assert_whole()
    assert tree(outside) == before


BOMB = 200  # MB in 200 kB


@pytest.mark.fault(45)
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the memory of a process is read there")
async def test_a_gzip_bomb_costs_its_item_and_not_the_memory(
    eng: Sample, emulator: Emulator, tmp_path: Path
) -> None:
    bomb = Fault("gzip_bomb", match=rf"/pages/{eng.plan.id}/attachments", amount=BOMB)
    emulator.faults.append(bomb)
    running = await start("--space", "ENG", tmp_path / "out", "--json", env=emulator.environment(TOKEN))
    memory = asyncio.ensure_future(peak_of(running.process.pid))
    ended = await running.ends()
    assert ended.code == Exit.PARTIAL, ended.stderr
    assert bomb.hits == 1, "what is too much once is too much again"
    (space,) = ended.document["spaces"]
    assert {failure["id"] for failure in space["failures"]} == {eng.plan.id}
    assert "more than 64 MiB" in ended.stderr
    held = SpaceOnDisk(tmp_path / "out" / "ENG")
    held.assert_whole()
    assert held.body(eng.plan.id)
    assert held.body(eng.detail.id) is not None
    assert await memory < 256 << 20


async def peak_of(pid: int) -> int:
    """The most memory a process had, in bytes, looked up until it ends."""
    peak = 0
    status = Path(f"/proc/{pid}/status")
    with contextlib.suppress(OSError, IndexError):  # it has ended, or is waited for
        while True:
            peak = int(status.read_text().split("VmHWM:")[1].split()[0]) << 10  # noqa: ASYNC240
            await asyncio.sleep(0.02)
    assert peak, "no such process was ever seen"
    return peak
