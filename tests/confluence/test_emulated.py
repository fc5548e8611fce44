"""The whole of what lies around pages, from an emulated site with more than one answer can hold."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest
from yarl import URL

from exporter.confluence.client import Client
from exporter.confluence.transport import Access
from exporter.emulator import FULL_SCOPES, Content, Emulator, Fault, Space, Switches, Token, User, World
from exporter.errors import NotFound, RemoteError, ScopeMissing
from exporter.model import ContentInfo, Kind, OldVersion, Part
from exporter.model import Space as MirroredSpace
from tests.confluence.conftest import OpenTransport

ME = User("712020:me", "Me", "me@example.com")
FULL = Token("secret", "me@example.com", scopes=FULL_SCOPES)
PARTS = (Part.LABELS, Part.PROPERTIES, Part.LIKES, Part.VERSIONS)


class Site:
    """A space with a page and a post; ``client`` sees it through the gateway."""

    def __init__(self) -> None:
        self.world = World("cloud-1", "example", ME)
        self.emulated: Space = self.world.add_space("ENG", "Engineering")
        self.page: Content = self.world.add_page(self.emulated, "Page", "<p>One</p>")
        self.post: Content = self.world.add_blogpost(self.emulated, "Post", "<p>One</p>")
        self.emulator = Emulator(self.world, [FULL])
        self.client: Client

    async def space(self) -> MirroredSpace:
        (space,) = [each async for each in self.client.spaces(keys=["ENG"])]
        return space

    async def listed(self, kind: Kind = Kind.PAGE) -> ContentInfo:
        (info,) = [each async for each in self.client.contents(await self.space(), kind)]
        return info

    def switch(self, **values: object) -> None:
        for name, value in values.items():
            assert hasattr(Switches, name)
            setattr(self.emulator.switches, name, value)


@pytest.fixture
async def site(opening: OpenTransport) -> AsyncIterator[Site]:
    site = Site()
    async with site.emulator as emulator, opening() as transport:
        base = URL(emulator.gateway_url) / "ex/confluence/cloud-1"
        site.client = Client(transport, Access(base, aiohttp.encode_basic_auth(FULL.email, FULL.secret)))
        yield site


def _annotate(site: Site, on: Content, count: int) -> None:
    world = site.world
    for number in range(count):
        world.add_label(on, f"label-{number}")
        world.set_property(on, f"key-{number}", {"n": number})
        world.like(on, f"712020:{number}")
        world.edit(on, lambda: "<p>Next</p>")


@pytest.mark.parametrize("kind", [Kind.PAGE, Kind.BLOGPOST])
@pytest.mark.parametrize("count", [3, 50, 51, 260])
async def test_details_are_whole_however_many_there_are(site: Site, kind: Kind, count: int) -> None:
    on = site.page if kind is Kind.PAGE else site.post
    _annotate(site, on, count)
    info = await site.listed(kind)
    asked = len(site.emulator.requests)
    details = await site.client.details(info, PARTS)
    assert [len(details[part]) for part in PARTS] == [count, count, count, count + 1]
    assert [each["number"] for each in details[Part.VERSIONS]] == list(range(count + 1, 0, -1))
    assert details[Part.LIKES] == sorted(f"712020:{number}" for number in range(count))
    assert await site.client.details(info, PARTS) == details
    if count < 50:
        assert len(site.emulator.requests) == asked + 2
    labels = [name async for name in site.client.labels(info)]
    assert sorted(labels) == sorted(each["name"] for each in details[Part.LABELS])


@pytest.mark.parametrize(
    ("kind", "path"), [(Kind.PAGE, "pages/{}/properties"), (Kind.BLOGPOST, "blogposts/{}/properties")]
)
async def test_a_missing_part_is_listed(site: Site, kind: Kind, path: str) -> None:
    on = site.page if kind is Kind.PAGE else site.post
    _annotate(site, on, 2)
    info = await site.listed(kind)
    whole = await site.client.details(info, PARTS)
    site.emulator.faults.append(Fault("field", match=r"include-labels", name="properties"))
    assert await site.client.details(info, PARTS) == whole
    assert site.emulator.requests[-1].path.endswith(path.format(on.id))


async def test_every_inline_comment_is_listed_whatever_is_hidden_unasked(site: Site) -> None:
    world = site.world
    kinds = [world.add_comment(site.page, f"<p>{each}</p>", kind="inline") for each in range(4)]
    world.resolve_comment(kinds[1])
    world.reopen_comment(kinds[2])
    world.dangle_comment(kinds[3])
    site.switch(hidden_resolutions=frozenset({"resolved", "dangling", "reopened"}))
    listed = [each.id async for each in site.client.comments(Kind.PAGE, site.page.id, inline=True)]
    assert sorted(listed) == sorted(each.id for each in kinds)


async def test_comments_of_everything_with_their_replies(site: Site) -> None:
    world = site.world
    custom = world.add_custom_content(site.page, "ac:app:thing", "Thing", "{}")
    file = world.attach(site.page, "a.txt", b"a")
    things = {
        Kind.PAGE: site.page.id,
        Kind.BLOGPOST: site.post.id,
        Kind.ATTACHMENT: file.id,
        Kind.CUSTOM_CONTENT: custom.id,
    }
    for kind, thing_id in things.items():
        root = world.add_comment(thing_id, "<p>Root</p>")
        reply = world.reply(root, "<p>Reply</p>")
        (found,) = [each async for each in site.client.comments(kind, thing_id)]
        (under,) = [each async for each in site.client.replies(found)]
        assert (found.id, found.parent_id, found.container) == (root.id, None, thing_id)
        assert (under.id, under.parent_id, under.container) == (reply.id, root.id, thing_id)
        assert [each async for each in site.client.replies(under)] == []


@pytest.mark.parametrize("inline", [False, True])
async def test_comments_listed_without_bodies_have_the_same_bytes(site: Site, inline: bool) -> None:
    comment = site.world.add_comment(site.page, "<p>Root</p>", kind="inline" if inline else "footer")
    site.world.reply(comment, "<p>Reply</p>")
    if inline:
        site.world.resolve_comment(comment)

    async def both() -> list[object]:
        found = [each async for each in site.client.comments(Kind.PAGE, site.page.id, inline=inline)]
        return [*found, *[each async for each in site.client.replies(found[0])]]

    whole = await both()
    site.emulator.faults.append(Fault("body", match=r"/(footer|inline)-comments\?|/children\?"))
    assert await both() == whole
    assert len(whole) == 2


async def test_a_search_finds_what_no_listing_has(site: Site) -> None:
    world = site.world
    nodes = [world.add_node(site.emulated, f"Box {number}") for number in range(230)]
    custom = world.add_custom_content(site.page, "ac:app:thing", "Thing", "{}")
    world.add_comment(site.page, "<p>No</p>")
    world.attach(site.page, "no.txt", b"no")
    other = world.add_space("OTHER", "Other")
    world.add_node(other, "Elsewhere")
    found = [each async for each in site.client.search(await site.space())]
    assert {(each.type, each.info.id) for each in found} == {
        *(("folder", each.id) for each in nodes),
        ("ac:app:thing", custom.id),
    }
    assert {each.info.space_id for each in found} == {site.emulated.id}


@pytest.mark.parametrize("key", ['a" or space = "OTHER', "back\\slash", "~712020"])
async def test_a_key_is_only_a_key_in_a_search(site: Site, key: str) -> None:
    odd = site.world.add_space(key, "Odd")
    box = site.world.add_node(odd, "Box")
    other = site.world.add_space("OTHER", "Other")
    site.world.add_node(other, "Elsewhere")
    space = MirroredSpace((await site.space()).id, key, key, "Odd", b"")
    assert [each.info.id async for each in site.client.search(space)] == [box.id]


async def test_tasks_and_custom_content_of_a_space(site: Site) -> None:
    world = site.world
    done = world.complete_task(world.add_task(site.page, "<p>Do</p>"))
    blank = world.add_task(site.post, "")
    other = world.add_space("OTHER", "Other")
    world.add_task(world.add_page(other, "Elsewhere"), "<p>No</p>")
    custom = world.add_custom_content(site.page, "ac:app:thing", "Thing", "{}")
    below = world.add_custom_content(custom, "ac:app:thing", "Below", "{}")
    world.add_custom_content(site.page, "ac:app:other", "Other", "{}")
    space = await site.space()
    tasks = [each async for each in site.client.contents(space, Kind.TASK)]
    assert {(each.id, each.status, each.parent_id) for each in tasks} == {
        (done.id, "complete", site.page.id),
        (blank.id, "incomplete", site.post.id),
    }
    customs = [
        each async for each in site.client.contents(space, Kind.CUSTOM_CONTENT, of_type="ac:app:thing")
    ]
    assert [(each.id, each.parent_id, each.parent_type) for each in customs] == [
        (custom.id, site.page.id, "page"),
        (below.id, custom.id, "custom-content"),
    ]
    for each in customs:
        assert await site.client.by_id(Kind.CUSTOM_CONTENT, each.id) == each
    world.attach(custom, "a.txt", b"a")
    assert [each.title async for each in site.client.attachments(customs[0])] == ["a.txt"]


async def test_what_became_of_pages_and_attachments(site: Site) -> None:
    world = site.world
    pages = [world.add_page(site.emulated, f"Page {number}") for number in range(260)]
    world.trash(pages[0])
    world.archive(pages[1])
    world.purge(pages[2])
    world.restrict(pages[3])
    other = world.add_space("OTHER", "Other")
    world.move(pages[4], space=other)
    found = await site.client.look_up(Kind.PAGE, [each.id for each in pages])
    assert len(found) == 258
    assert [found[each.id].status for each in (pages[0], pages[1], pages[5])] == [
        "trashed", "archived", "current"
    ]  # fmt: skip
    assert found[pages[4].id].space_id == other.id
    file = world.attach(site.page, "a.txt", b"a")
    world.delete_attachment(file)
    assert (await site.client.look_up_attachment(file.id)).status == "trashed"
    world.purge_attachment(file)
    with pytest.raises(NotFound):
        await site.client.look_up_attachment(file.id)


async def test_former_versions_until_their_numbers_shift(site: Site) -> None:
    world = site.world
    for number in (2, 3):
        world.edit(site.page, f"<p>{number}</p>", title=f"Page {number}")
    info = await site.listed()
    versions = (await site.client.details(info, {Part.VERSIONS}))[Part.VERSIONS]
    old = [OldVersion(info.id, each["number"], each["createdAt"]) for each in versions]
    second = await site.client.old_page(info, old[1])
    assert (second.title, second.body) == ("Page 2", "<p>2</p>")
    world.delete_old_version(site.page, 1)
    with pytest.raises(RemoteError, match="another version by now"):
        await site.client.old_page(info, old[1])


async def test_former_files_until_their_numbers_shift(site: Site) -> None:
    world = site.world
    file = world.attach(site.page, "a.txt", b"1")
    world.replace_attachment(file, b"22")
    world.replace_attachment(file, b"333")
    site.switch(direct_200_download=True)
    (listed,) = [each async for each in site.client.attachments(await site.listed())]
    versions = [each async for each in site.client.attachment_versions(listed)]
    assert [each.number for each in versions] == [3, 2, 1]

    async def receive(chunks: AsyncIterator[bytes]) -> bytes:
        return b"".join([chunk async for chunk in chunks])

    for version, data in zip(versions, (b"333", b"22", b"1"), strict=True):
        old = await site.client.old_attachment(listed, version)
        assert await site.client.download(old, receive, version=version.number) == data
    world.delete_old_attachment_version(file)
    with pytest.raises(RemoteError, match="another version by now"):
        await site.client.old_attachment(listed, versions[1])


async def test_restrictions_of_a_page(site: Site) -> None:
    site.world.set_restriction(site.page, "update", users=["712020:b", "712020:a"], groups=["staff"])
    info = await site.listed()
    found = await site.client.restrictions(info)
    assert found["read"] == {"users": [], "groups": []}
    assert found["update"]["users"] == ["712020:a", "712020:b"]
    assert [each["name"] for each in found["update"]["groups"]] == ["staff"]
    assert not site.client.warnings
    site.world.set_restriction(site.page, "read", users=[f"712020:{number}" for number in range(130)])
    assert len((await site.client.restrictions(info))["read"]["users"]) == 100
    assert [text for text in site.client.warnings if "may be cut" in text]


async def test_what_is_pinned_to_a_space(site: Site) -> None:
    world, emulated = site.world, site.emulated
    for number in range(260):
        world.grant(emulated, "user", f"712020:{number}")
        world.assign_role(emulated, "USER", f"712020:{number}", "role")
        world.set_property(emulated, f"key-{number}", number)
    world.add_label(emulated, "ours", prefix="team")
    space = await site.space()
    permissions = await site.client.space_permissions(space)
    assert [each["id"] for each in permissions] == sorted(world.permissions[emulated.id])
    assert len(await site.client.space_role_assignments(space)) == 260
    assert [each["name"] for each in await site.client.space_labels(space)] == ["ours"]
    properties = await site.client.space_properties(space)
    assert [each["key"] for each in properties] == sorted(f"key-{number}" for number in range(260))
    assert set(properties[0]["version"]) == {"number", "message", "createdAt", "createdBy"}


async def test_users_that_are_known(site: Site) -> None:
    site.world.add_user("712020:gone", "Gone", closed=True)
    found = await site.client.users([ME.account_id, "712020:gone", "712020:nobody"])
    assert set(found) == {ME.account_id, "712020:gone"}
    assert found["712020:gone"]["accountStatus"] == "closed"
    assert site.emulator.requests[-1].method == "POST"


async def test_without_its_scope_an_endpoint_says_which(site: Site) -> None:
    least = FULL_SCOPES - {"read:user:confluence", "search:confluence"}
    site.emulator.tokens[0] = Token(FULL.secret, FULL.email, scopes=least)
    with pytest.raises(ScopeMissing, match="POST /wiki/api/v2/users-bulk needs read:user:confluence"):
        await site.client.users(["a"])


# --- of the whole site ------------------------------------------------------------------


async def test_what_the_whole_site_lists_has_the_bytes_of_the_listings_of_each_thing(site: Site) -> None:
    world = site.world
    custom = world.add_custom_content(site.page, "ac:app:thing", "Thing", "{}")
    files = [world.attach(on, f"{on.id}.txt", b"a") for on in (site.page, site.post, custom)]
    things = {
        site.page.id: Kind.PAGE,
        site.post.id: Kind.BLOGPOST,
        files[0].id: Kind.ATTACHMENT,
        custom.id: Kind.CUSTOM_CONTENT,
    }
    listed = {}
    for inline in (False, True):
        for thing_id, kind in things.items():
            if inline and kind not in (Kind.PAGE, Kind.BLOGPOST):
                continue
            root = world.add_comment(thing_id, "<p>Root</p>", kind="inline" if inline else "footer")
            answer = world.reply(root, "<p>Reply</p>")
            world.reply(answer, "<p>And yet</p>")
            if inline:
                world.resolve_comment(root)
            waiting = [each async for each in site.client.comments(kind, thing_id, inline=inline)]
            while waiting:
                comment = waiting.pop()
                listed[comment.id] = comment
                waiting += [each async for each in site.client.replies(comment)]
        shown = [each async for each in site.client.site_comments(inline=inline)]
        assert {each.id: each for each in shown} == {
            each.id: each for each in listed.values() if each.inline is inline
        }
    assert len(listed) == 18
    of_page = [each async for each in site.client.attachments(await site.listed(Kind.PAGE))]
    of_post = [each async for each in site.client.attachments(await site.listed(Kind.BLOGPOST))]
    every = {each.id: each async for each in site.client.site_attachments()}
    assert {each.id for each in files} <= every.keys()
    assert all(every[each.id] == each for each in (*of_page, *of_post))


async def test_labels_and_restrictions_that_a_search_shows_are_those_of_the_page(site: Site) -> None:
    _annotate(site, site.page, 3)
    site.world.set_restriction(site.page, "read", users=["712020:1"], groups=["writers", "readers"])
    space, parts = await site.space(), (Part.LABELS, Part.RESTRICTIONS)
    found = {each.id: each async for each in site.client.found_details(space, parts)}
    assert {site.page.id, site.post.id} <= found.keys()
    for kind in (Kind.PAGE, Kind.BLOGPOST):
        info = await site.listed(kind)
        labels = (await site.client.details(info, [Part.LABELS]))[Part.LABELS]
        restrictions = await site.client.restrictions(info)
        assert found[info.id].parts == {Part.LABELS: labels, Part.RESTRICTIONS: restrictions}
        assert found[info.id].number == info.version.number


async def test_what_a_search_may_have_cut_it_does_not_show(site: Site) -> None:
    _annotate(site, site.page, 200)
    site.world.set_restriction(site.page, "read", users=[f"712020:{number}" for number in range(100)])
    space = await site.space()
    found = {
        each.id: each async for each in site.client.found_details(space, (Part.LABELS, Part.RESTRICTIONS))
    }
    assert found[site.page.id].parts == {}


async def test_the_index_counts_comments_and_attachments(site: Site) -> None:
    world = site.world
    root = world.add_comment(site.page, "<p>Root</p>")
    world.reply(root, "<p>Reply</p>")
    world.attach(site.page, "a.txt", b"a")
    elsewhere = world.add_page(world.add_space("OTHER", "Other"), "Elsewhere", "")
    world.add_comment(elsewhere, "<p>No</p>", kind="inline")
    space = await site.space()
    counts = [
        await site.client.count(kind, where)
        for kind in (Kind.COMMENT, Kind.ATTACHMENT)
        for where in (space, None)
    ]
    assert counts == [2, 3, 1, 1]
