"""Comments, as the API lists them and as people change them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from exporter.emulator import LEAST_SCOPES, Comment
from tests.emulator.client import Client
from tests.emulator.conftest import TOKEN, Sample


@pytest.fixture
def footer(sample: Sample) -> Comment:
    return sample.world.add_comment(sample.page, "<p>First</p>")


@pytest.fixture
def inline(sample: Sample) -> Comment:
    return sample.world.add_comment(sample.page, "<p>Here</p>", kind="inline", selection="Text")


async def test_a_page_lists_roots_and_each_comment_its_replies(
    client: Client, sample: Sample, footer: Comment, inline: Comment
) -> None:
    reply = sample.world.reply(footer, "<p>Second</p>", author="712020:other")
    deeper = sample.world.reply(reply, "<p>Third</p>")
    below = sample.world.reply(inline, "<p>There</p>")
    page = f"/pages/{sample.page.id}"
    listed = (await client.get(f"{page}/footer-comments", body_format="storage")).json["results"]
    assert [each["id"] for each in listed] == [footer.id]
    assert (listed[0]["pageId"], "parentCommentId" in listed[0]) == (sample.page.id, False)
    assert listed[0]["body"]["storage"]["value"] == "<p>First</p>"
    assert (await client.get(f"{page}/inline-comments")).ids == [inline.id]
    children = (await client.get(f"/footer-comments/{footer.id}/children")).json["results"]
    assert [(each["id"], each["parentCommentId"]) for each in children] == [(reply.id, footer.id)]
    assert children[0]["version"]["authorId"] == "712020:other"
    assert (await client.get(f"/footer-comments/{reply.id}/children")).ids == [deeper.id]
    assert (await client.get(f"/inline-comments/{inline.id}/children")).ids == [below.id]
    assert (await client.get(f"/inline-comments/{footer.id}/children")).status == 404


async def test_blog_posts_attachments_and_custom_content_have_comments(
    client: Client, sample: Sample
) -> None:
    world = sample.world
    note = world.add_custom_content(sample.page, "ac:app:note", "Note")
    on_post = world.add_comment(sample.blogpost, "<p>1</p>")
    inside = world.add_comment(sample.blogpost, "<p>2</p>", kind="inline")
    on_file = world.add_comment(sample.image, "<p>3</p>")
    on_note = world.add_comment(note, "<p>4</p>")
    post = f"/blogposts/{sample.blogpost.id}"
    found = (await client.get(f"{post}/footer-comments")).json["results"]
    assert [(each["id"], each["blogPostId"]) for each in found] == [(on_post.id, sample.blogpost.id)]
    assert (await client.get(f"{post}/inline-comments")).ids == [inside.id]
    found = (await client.get(f"/attachments/{sample.image.id}/footer-comments")).json["results"]
    assert [(each["id"], each["attachmentId"]) for each in found] == [(on_file.id, sample.image.id)]
    bare = sample.image.id.removeprefix("att")
    assert (await client.get(f"/attachments/{bare}/footer-comments")).status == 400
    assert (await client.get(f"/custom-content/{note.id}/footer-comments")).ids == [on_note.id]
    for container in (sample.image, note):
        with pytest.raises(ValueError, match="takes no inline comments"):
            world.add_comment(container, "", kind="inline")


async def test_resolving_shows_but_is_no_version(client: Client, sample: Sample, inline: Comment) -> None:
    path = f"/pages/{sample.page.id}/inline-comments"
    shown = (await client.get(path)).json["results"][0]
    assert (shown["resolutionStatus"], shown["properties"]["inlineOriginalSelection"]) == ("open", "Text")
    assert shown["properties"]["inlineMarkerRef"] == inline.marker_ref
    for change, status in (
        (sample.world.resolve_comment, "resolved"),
        (sample.world.reopen_comment, "reopened"),
        (sample.world.dangle_comment, "dangling"),
    ):
        change(inline)
        shown = (await client.get(f"/inline-comments/{inline.id}")).json
        assert (shown["resolutionStatus"], shown["version"]["number"]) == (status, 1)
        assert shown["resolutionLastModifierId"] == "712020:me"
        assert (await client.get(path, resolution_status=status)).ids == [inline.id]
        assert (await client.get(path, resolution_status="open")).ids == []
    every = "open,reopened,resolved,dangling"
    assert (await client.get(path, resolution_status=every)).ids == [inline.id]


async def test_the_default_list_may_hide_resolved_ones(
    client: Client, sample: Sample, inline: Comment
) -> None:
    client.emulator.switches.hidden_resolutions = frozenset({"resolved"})
    sample.world.resolve_comment(inline)
    path = f"/pages/{sample.page.id}/inline-comments"
    assert (await client.get(path)).ids == []
    assert (await client.get(path, resolution_status="resolved")).ids == [inline.id]
    assert (await client.get("/inline-comments")).ids == []


async def test_an_edit_is_a_new_version_and_a_deleted_comment_is_404(
    client: Client, sample: Sample, footer: Comment
) -> None:
    reply = sample.world.reply(footer, "<p>Re</p>")
    edited = sample.world.edit_comment(footer, "<p>Better</p>")
    path = f"/footer-comments/{footer.id}"
    shown = (await client.get(path, body_format="view")).json
    assert (shown["version"]["number"], shown["body"]["view"]["value"]) == (2, "<p>Better</p>")
    former = (await client.get(path, version=1, body_format="storage")).json
    assert (former["version"]["number"], former["body"]["storage"]["value"]) == (1, "<p>First</p>")
    assert edited.past == (footer,)
    sample.world.delete_comment(footer)
    for gone in (footer, reply):
        assert (await client.get(f"/footer-comments/{gone.id}")).status == 404
    assert (await client.get(f"/footer-comments/{footer.id}/children")).status == 404
    assert (await client.get(f"/pages/{sample.page.id}/footer-comments")).ids == []


def test_replies_may_stay_when_their_parent_goes(sample: Sample, footer: Comment) -> None:
    reply = sample.world.reply(footer, "<p>Re</p>")
    deeper = sample.world.reply(reply, "<p>Re: Re</p>")
    sample.world.delete_comment(reply, with_replies=False)
    assert sample.world.comment(deeper).parent_id == footer.id
    sample.world.purge(sample.page)
    assert not sample.world.comments


async def test_the_whole_site_is_listed_newest_change_first(
    client: Client, sample: Sample, footer: Comment, inline: Comment
) -> None:
    reply = sample.world.reply(footer, "<p>Re</p>")
    late = sample.world.add_comment(sample.image, "<p>On a file</p>")
    sample.world.edit_comment(footer, "<p>Again</p>")
    newest = await client.get("/footer-comments", sort="-modified-date", limit=2)
    assert newest.ids == [footer.id, late.id]
    rest = await client.get("/footer-comments", sort="-modified-date", limit=2, cursor=newest.cursor or "")
    assert [(each["id"], each["parentCommentId"]) for each in rest.json["results"]] == [(reply.id, footer.id)]
    assert (await client.get("/inline-comments")).ids == [inline.id]
    client.emulator.switches.site_replies = False
    assert (await client.get("/footer-comments")).ids == [footer.id, late.id]
    sample.world.trash(sample.page)
    assert (await client.get("/footer-comments")).ids == []
    assert (await client.get("/footer-comments", space_id=sample.space.id)).status == 400


async def test_resolving_may_count_for_the_sort(client: Client, sample: Sample, inline: Comment) -> None:
    later = sample.world.add_comment(sample.page, "<p>Later</p>", kind="inline")
    sample.world.resolve_comment(inline)
    assert (await client.get("/inline-comments", sort="-modified-date")).ids == [later.id, inline.id]
    client.emulator.switches.resolving_moves = True
    assert (await client.get("/inline-comments", sort="-modified-date")).ids == [inline.id, later.id]


async def test_comments_of_hidden_pages_are_not_seen(client: Client, sample: Sample, footer: Comment) -> None:
    sample.world.restrict(sample.page)
    assert (await client.get(f"/footer-comments/{footer.id}")).status == 404
    assert (await client.get(f"/pages/{sample.page.id}/footer-comments")).status == 404
    assert (await client.get("/footer-comments")).ids == []


async def test_comments_need_their_scope(client: Client, sample: Sample, footer: Comment) -> None:
    client.emulator.tokens[0] = replace(TOKEN, scopes=LEAST_SCOPES)
    for path in (f"/pages/{sample.page.id}/footer-comments", f"/footer-comments/{footer.id}"):
        answer = await client.get(path)
        assert (answer.status, answer.json["message"]) == (401, "Unauthorized; scope does not match")


async def test_single_comments_bring_their_annotations(
    client: Client, sample: Sample, inline: Comment
) -> None:
    sample.world.set_property(inline, "mood", {"glad": True})
    sample.world.like(inline)
    answer = await client.url(
        f"{client.root}/api/v2/inline-comments/{inline.id}"
        "?include-properties=true&include-likes=true&include-versions=true&include-version=false"
    )
    shown = answer.json
    assert shown["properties"]["results"][0]["value"] == {"glad": True}
    assert shown["properties"]["inlineMarkerRef"] == inline.marker_ref
    assert shown["likes"]["results"] == [{"accountId": "712020:me"}]
    assert [each["number"] for each in shown["versions"]["results"]] == [1]
    assert "version" not in shown
    listed = await client.get(f"/comments/{inline.id}/properties")
    assert [each["key"] for each in listed.json["results"]] == ["mood"]


async def test_adf_is_json_in_a_string(client: Client, sample: Sample) -> None:
    comment = sample.world.add_comment(
        sample.page, '<p>A <strong>b</strong> <a href="https://x.example">c</a></p>'
    )
    shown = (await client.get(f"/footer-comments/{comment.id}", body_format="atlas_doc_format")).json
    document = json.loads(shown["body"]["atlas_doc_format"]["value"])
    paragraph = document["content"][0]
    assert (document["type"], paragraph["type"]) == ("doc", "paragraph")
    assert [each["text"] for each in paragraph["content"]] == ["A ", "b", " ", "c"]
    assert paragraph["content"][1]["marks"] == [{"type": "strong"}]
