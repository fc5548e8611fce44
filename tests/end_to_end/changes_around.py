"""What can happen around the pages of a space between two runs, and what the second run owes.

``asked`` are the requests beyond those of a run after which nothing had changed, without the site's
part of the address; ``state`` is what becomes of what is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.end_to_end.rich import APP, Rich

V1, V2 = "/wiki/rest/api", "/wiki/api/v2"
TREE, USERS, SPACE = "tree.json", "raw/users.json", "raw/space.json"


@dataclass(frozen=True)
class Owed:
    counts: dict[tuple[str, str], int]
    files: set[str]
    asked: set[str] = field(default_factory=set)
    state: dict[str, str] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    """Files that make way."""


Change = Callable[[Rich], Owed]


def page(item_id: str) -> str:
    return f"raw/pages/{item_id}.json"


def _alone(item_id: str) -> str:
    """The request for a body that is fetched before those that are only compared."""
    return f"{V2}/pages/{item_id}"


def comments(container: str) -> str:
    return f"raw/comments/{container}.json"


def lost(container: str) -> str:
    return f"raw/comments/{container}.missing.json"


def replies(comment: str, kind: str = "footer") -> str:
    return f"{V2}/{kind}-comments/{comment}/children"


def new_comment(it: Rich) -> Owed:
    made = it.eng.world.add_comment(it.eng.detail, "<p>!</p>")
    return Owed({("comment", "new"): 1}, {comments(it.eng.detail.id)}, {replies(made.id)})


def new_inline_comment(it: Rich) -> Owed:
    made = it.eng.world.add_comment(it.eng.news, "<p>!</p>", kind="inline", selection="New")
    return Owed({("comment", "new"): 1}, {comments(it.eng.news.id)}, {replies(made.id, "inline")})


def new_reply(it: Rich) -> Owed:
    made = it.eng.world.reply(it.answer, "<p>Because</p>")
    return Owed({("comment", "new"): 1}, {comments(it.eng.plan.id)}, {replies(made.id)})


def new_comment_on_attachment(it: Rich) -> Owed:
    made = it.eng.world.add_comment(it.eng.notes, "<p>!</p>")
    return Owed({("comment", "new"): 1}, {comments(it.eng.notes.id)}, {replies(made.id)})


def edited_comment(it: Rich) -> Owed:
    it.eng.world.edit_comment(it.footer, "<p>Why four?</p>")
    return Owed({("comment", "changed"): 1}, {comments(it.eng.plan.id)})


def edited_reply(it: Rich) -> Owed:
    it.eng.world.edit_comment(it.answer, "<p>Hm</p>")
    return Owed({("comment", "changed"): 1}, {comments(it.eng.plan.id)})


def resolved_comment(it: Rich) -> Owed:
    it.eng.world.resolve_comment(it.inline)
    return Owed({("comment", "updated"): 1}, {comments(it.eng.plan.id)})


def dangling_comment(it: Rich) -> Owed:
    it.eng.world.dangle_comment(it.inline)
    return Owed({("comment", "updated"): 1}, {comments(it.eng.plan.id)})


def deleted_comment(it: Rich) -> Owed:
    it.eng.world.delete_comment(it.footer)
    plan = it.eng.plan.id
    return Owed(
        {("comment", "missing"): 2},
        {comments(plan), lost(plan)},
        state={it.footer.id: "gone", it.answer.id: "gone"},
    )


def deleted_last_comment(it: Rich) -> Owed:
    it.eng.world.delete_comment(it.on_news)
    news = it.eng.news.id
    return Owed(
        {("comment", "missing"): 1}, {lost(news)}, state={it.on_news.id: "gone"}, gone={comments(news)}
    )


def deleted_above_a_reply(it: Rich) -> Owed:
    it.eng.world.delete_comment(it.footer, with_replies=False)
    plan = it.eng.plan.id
    return Owed(
        {("comment", "missing"): 1, ("comment", "updated"): 1},
        {comments(plan), lost(plan)},
        state={it.footer.id: "gone"},
    )


def new_label(it: Rich) -> Owed:
    it.eng.world.add_label(it.eng.plan, "final")
    return Owed({("page", "updated"): 1}, {page(it.eng.plan.id)})


def label_removed(it: Rich) -> Owed:
    it.eng.world.remove_label(it.eng.plan, "draft")
    return Owed({("page", "updated"): 1}, {page(it.eng.plan.id)})


def new_property(it: Rich) -> Owed:
    it.eng.world.set_property(it.eng.news, "emoji", "1f4a1")
    return Owed({("blogpost", "updated"): 1}, {f"raw/blogposts/{it.eng.news.id}.json"})


def property_changed(it: Rich) -> Owed:
    it.eng.world.set_property(it.eng.plan, "editor", "v1")
    return Owed({("page", "updated"): 1}, {page(it.eng.plan.id)})


def property_removed(it: Rich) -> Owed:
    it.eng.world.remove_property(it.eng.plan, "editor")
    return Owed({("page", "updated"): 1}, {page(it.eng.plan.id)})


def liked(it: Rich) -> Owed:
    it.eng.world.like(it.eng.detail, "712020:me")
    return Owed({("page", "updated"): 1}, {page(it.eng.detail.id)})


def no_longer_liked(it: Rich) -> Owed:
    it.eng.world.unlike(it.eng.plan, "712020:other")
    return Owed({("page", "updated"): 1}, {page(it.eng.plan.id)})


def restricted(it: Rich) -> Owed:
    it.eng.world.set_restriction(it.eng.detail, "read", groups=["writers"])
    return Owed({("page", "updated"): 1}, {page(it.eng.detail.id)})


def restriction_lifted(it: Rich) -> Owed:
    it.eng.world.set_restriction(it.eng.plan, "update")
    return Owed({("page", "updated"): 1}, {page(it.eng.plan.id)})


def old_version_deleted(it: Rich) -> Owed:
    it.eng.world.delete_old_version(it.eng.home, 1)
    return Owed({("page", "changed"): 1}, {page(it.eng.home.id)}, {_alone(it.eng.home.id)})


def attachment_renamed(it: Rich) -> Owed:
    it.eng.world.rename_attachment(it.eng.image, "b.png")
    folder = f"raw/attachments/{it.eng.image.id}"
    return Owed(
        {("attachment", "updated"): 1}, {f"{folder}.json", f"{folder}/b.png"}, gone={f"{folder}/a plan.png"}
    )


def attachment_trashed(it: Rich) -> Owed:
    it.eng.world.delete_attachment(it.eng.image)
    image = it.eng.image.id
    return Owed(
        {("attachment", "missing"): 1},
        set(),
        {f"{V2}/attachments/{image}"},
        state={image: "deleted", it.on_image.id: "deleted"},
    )


def attachment_purged(it: Rich) -> Owed:
    it.eng.world.purge_attachment(it.eng.notes)
    notes = it.eng.notes.id
    return Owed({("attachment", "missing"): 1}, set(), {f"{V2}/attachments/{notes}"}, state={notes: "gone"})


def new_task(it: Rich) -> Owed:
    made = it.eng.world.add_task(it.eng.news, "<p>Tell</p>")
    return Owed({("task", "new"): 1}, {f"raw/tasks/{made.id}.json"})


def task_done(it: Rich) -> Owed:
    it.eng.world.complete_task(it.task)
    return Owed({("task", "changed"): 1}, {f"raw/tasks/{it.task.id}.json"})


def task_removed(it: Rich) -> Owed:
    it.eng.world.remove_task(it.task)
    return Owed({("task", "missing"): 1}, set(), state={it.task.id: "gone"})


def new_custom_content(it: Rich) -> Owed:
    made = it.eng.world.add_custom_content(it.eng.news, APP, "Dinner?", "{}")
    of = f"{V2}/custom-content/{made.id}"
    asked = {f"{of}/attachments", f"{of}/footer-comments"}
    return Owed({("custom-content", "new"): 1}, {f"raw/custom-content/{made.id}.json"}, asked)


def custom_content_edited(it: Rich) -> Owed:
    it.eng.world.edit_custom_content(it.poll, '{"options": 3}')
    return Owed({("custom-content", "changed"): 1}, {f"raw/custom-content/{it.poll.id}.json"})


def new_empty_folder(it: Rich) -> Owed:
    made = it.eng.world.add_node(it.eng.space, "Another drawer")
    return Owed({("folder", "new"): 1}, {f"raw/folders/{made.id}.json", TREE}, {f"{V2}/folders/{made.id}"})


def new_leaf_whiteboard(it: Rich) -> Owed:
    made = it.eng.world.add_node(it.eng.space, "Sketch", kind="whiteboard", parent=it.eng.inside)
    files = {f"raw/whiteboards/{made.id}.json", TREE}
    return Owed({("whiteboard", "new"): 1}, files, {f"{V2}/whiteboards/{made.id}"})


def folder_trashed(it: Rich) -> Owed:
    it.eng.world.trash(it.empty)
    return Owed({("folder", "missing"): 1}, {TREE}, state={it.empty.id: "deleted"})


def folder_purged(it: Rich) -> Owed:
    it.eng.world.purge(it.empty)
    return Owed({("folder", "missing"): 1}, {TREE}, state={it.empty.id: "gone"})


def page_trashed(it: Rich) -> Owed:
    it.eng.world.trash(it.linking)
    return Owed({("page", "missing"): 1}, {TREE}, {f"{V2}/pages"}, state={it.linking.id: "deleted"})


def page_purged(it: Rich) -> Owed:
    it.eng.world.purge(it.linking)
    return Owed({("page", "missing"): 1}, {TREE}, {f"{V2}/pages"}, state={it.linking.id: "gone"})


def page_hidden(it: Rich) -> Owed:
    it.eng.world.restrict(it.linking)
    return Owed({("page", "missing"): 1}, {TREE}, {f"{V2}/pages"}, state={it.linking.id: "gone"})


def page_moved_away(it: Rich) -> Owed:
    other = it.eng.world.add_space("OPS", "Operations")
    it.eng.world.move(it.linking, space=other)
    return Owed({("page", "missing"): 1}, {TREE}, {f"{V2}/pages"}, state={it.linking.id: "moved"})


def post_trashed(it: Rich) -> Owed:
    it.eng.world.trash(it.eng.news)
    state = dict.fromkeys([it.eng.news.id, it.eng.notes.id, it.on_news.id], "deleted")
    return Owed({("blogpost", "missing"): 1}, {TREE}, {f"{V2}/blogposts"}, state=state)


def permission_granted(it: Rich) -> Owed:
    it.eng.world.grant(it.eng.space, "group", "a-group")
    return Owed({("space", "updated"): 1}, {SPACE})


def role_assigned(it: Rich) -> Owed:
    it.eng.world.assign_role(it.eng.space, "GROUP", "a-group", "role-2")
    return Owed({("space", "updated"): 1}, {SPACE})


def space_labelled(it: Rich) -> Owed:
    it.eng.world.add_label(it.eng.space, "archive", prefix="team")
    return Owed({("space", "updated"): 1}, {SPACE})


def space_property_set(it: Rich) -> Owed:
    it.eng.world.set_property(it.eng.space, "colour", {"hex": "#f00"})
    return Owed({("space", "updated"): 1}, {SPACE})


def user_renamed(it: Rich) -> Owed:
    it.eng.world.add_user("712020:other", "Somebody Else, PhD")
    return Owed({}, {USERS})


def account_closed(it: Rich) -> Owed:
    it.eng.world.add_user("712020:other", "Somebody Else", closed=True)
    return Owed({}, {USERS})


def link_rewritten_without_a_version(it: Rich) -> Owed:
    it.eng.world.rename(it.eng.detail, "Details")
    it.eng.world.rewrite(it.linking, '<p>See <ac:link><ri:page ri:content-title="Details" /></ac:link></p>')
    files = {page(it.eng.detail.id), f"raw/pages/{it.linking.id}.storage.xml", TREE}
    return Owed({("page", "changed"): 2}, files, {_alone(it.eng.detail.id)})


AROUND: tuple[Change, ...] = (
    new_comment,
    new_inline_comment,
    new_reply,
    new_comment_on_attachment,
    edited_comment,
    edited_reply,
    resolved_comment,
    dangling_comment,
    deleted_comment,
    deleted_last_comment,
    deleted_above_a_reply,
    new_label,
    label_removed,
    new_property,
    property_changed,
    property_removed,
    liked,
    no_longer_liked,
    restricted,
    restriction_lifted,
    old_version_deleted,
    attachment_renamed,
    attachment_trashed,
    attachment_purged,
    new_task,
    task_done,
    task_removed,
    new_custom_content,
    custom_content_edited,
    new_empty_folder,
    new_leaf_whiteboard,
    folder_trashed,
    folder_purged,
    page_trashed,
    page_purged,
    page_hidden,
    page_moved_away,
    post_trashed,
    permission_granted,
    role_assigned,
    space_labelled,
    space_property_set,
    user_renamed,
    account_closed,
    link_rewritten_without_a_version,
)
