"""Which function answers which operation."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial

from exporter.emulator import (
    comments,
    customs,
    handlers,
    labels,
    people,
    restrictions,
    search,
    spaces,
    tasks,
    tree,
    versions,
)
from exporter.emulator.call import Call
from exporter.emulator.reply import Reply

V1, V2 = "/wiki/rest/api", "/wiki/api/v2"

Handler = Callable[[Call], Reply]


def _both(path: str, answer: Callable[..., Reply], **more: str) -> dict[str, Handler]:
    """The same for pages and for blog posts."""
    return {
        f"GET {V2}/{kind}s/{path.format(kind)}": partial(
            answer, **{name: value.format(kind) for name, value in more.items()}
        )
        for kind in ("page", "blogpost")
    }


CONTENT: Mapping[str, Handler] = {
    f"GET {V2}/attachments": handlers.list_attachments,
    f"GET {V2}/attachments/{{id}}": handlers.get_attachment,
    f"GET {V2}/blogposts": handlers.list_blogposts,
    f"GET {V2}/blogposts/{{id}}": handlers.get_blogpost,
    f"GET {V2}/blogposts/{{id}}/attachments": handlers.list_blogpost_attachments,
    f"GET {V2}/custom-content": customs.list_of_site,
    f"GET {V2}/custom-content/{{id}}": customs.get_custom,
    f"GET {V2}/custom-content/{{id}}/attachments": handlers.list_custom_attachments,
    f"GET {V2}/databases/{{id}}": handlers.get_database,
    f"GET {V2}/embeds/{{id}}": handlers.get_embed,
    f"GET {V2}/folders/{{id}}": handlers.get_folder,
    f"GET {V2}/pages": handlers.list_pages,
    f"GET {V2}/pages/{{id}}": handlers.get_page,
    f"GET {V2}/pages/{{id}}/attachments": handlers.list_page_attachments,
    f"GET {V2}/whiteboards/{{id}}": handlers.get_whiteboard,
    **_both("{{id}}/custom-content", customs.list_of_content, of="{}"),
}

SPACES: Mapping[str, Handler] = {
    f"GET {V2}/spaces": handlers.list_spaces,
    f"GET {V2}/spaces/{{id}}": handlers.get_space,
    f"GET {V2}/spaces/{{id}}/blogposts": handlers.list_space_blogposts,
    f"GET {V2}/spaces/{{id}}/custom-content": customs.list_of_space,
    f"GET {V2}/spaces/{{id}}/labels": labels.list_space_labels,
    f"GET {V2}/spaces/{{id}}/pages": handlers.list_space_pages,
    f"GET {V2}/spaces/{{id}}/permissions": spaces.list_permissions,
    f"GET {V2}/spaces/{{id}}/role-assignments": spaces.list_role_assignments,
    f"GET {V2}/spaces/{{space-id}}/properties": labels.list_space_properties,
}

COMMENTS: Mapping[str, Handler] = {
    f"GET {V2}/attachments/{{id}}/footer-comments": comments.list_on_attachment,
    f"GET {V2}/custom-content/{{id}}/footer-comments": comments.list_on_custom_content,
    f"GET {V2}/footer-comments": partial(comments.list_of_site, kind="footer"),
    f"GET {V2}/footer-comments/{{comment-id}}": partial(comments.get_comment, kind="footer"),
    f"GET {V2}/footer-comments/{{id}}/children": partial(comments.list_replies, kind="footer"),
    f"GET {V2}/inline-comments": partial(comments.list_of_site, kind="inline"),
    f"GET {V2}/inline-comments/{{comment-id}}": partial(comments.get_comment, kind="inline"),
    f"GET {V2}/inline-comments/{{id}}/children": partial(comments.list_replies, kind="inline"),
    **_both("{{id}}/footer-comments", comments.list_on_content, on="{}", kind="footer"),
    **_both("{{id}}/inline-comments", comments.list_on_content, on="{}", kind="inline"),
}

ANNOTATIONS: Mapping[str, Handler] = {
    f"GET {V2}/attachments/{{attachment-id}}/properties": labels.list_attachment_properties,
    f"GET {V2}/attachments/{{attachment-id}}/versions/{{version-number}}": versions.get_attachment_version,
    f"GET {V2}/attachments/{{id}}/labels": labels.list_attachment_labels,
    f"GET {V2}/attachments/{{id}}/versions": versions.list_attachment_versions,
    f"GET {V2}/comments/{{comment-id}}/properties": labels.list_comment_properties,
    f"GET {V2}/custom-content/{{custom-content-id}}/properties": labels.list_custom_properties,
    f"GET {V2}/custom-content/{{custom-content-id}}/versions": versions.list_custom_versions,
    f"GET {V2}/custom-content/{{id}}/labels": labels.list_custom_labels,
    f"GET {V2}/tasks": tasks.list_tasks,
    f"GET {V2}/tasks/{{id}}": tasks.get_task,
    **_both("{{id}}/labels", labels.list_content_labels, of="{}"),
    **_both("{{id}}/likes/count", labels.count_likes, of="{}"),
    **_both("{{id}}/likes/users", labels.list_likes, of="{}"),
    **_both("{{id}}/versions", versions.list_content_versions, of="{}"),
    **_both("{{{}-id}}/properties", labels.list_content_properties, of="{}", name="{}-id"),
    **_both("{{{}-id}}/versions/{{version-number}}", versions.get_content_version, of="{}"),
}

TREE: Mapping[str, Handler] = {
    f"GET {V2}/{kind}s/{{id}}/{name}": partial(answer, of=kind)
    for kind in ("page", "folder", "whiteboard", "database", "embed")
    for name, answer in (
        ("ancestors", tree.list_ancestors),
        ("descendants", tree.list_descendants),
        ("direct-children", tree.list_children),
    )
}

POSTED: Mapping[str, Handler] = {
    f"POST {V2}/content/convert-ids-to-types": tree.convert_ids_to_types,
    f"POST {V2}/users-bulk": people.users_bulk,
}

FIRST: Mapping[str, Handler] = {
    f"GET {V1}/content/{{id}}/child/attachment/{{attachmentId}}/download": handlers.download_attachment,
    f"GET {V1}/content/{{id}}/restriction": restrictions.list_restrictions,
    f"GET {V1}/content/{{id}}/restriction/byOperation": restrictions.list_by_operation,
    f"GET {V1}/content/search": search.search_content,
    f"GET {V1}/search": search.search,
    f"GET {V1}/user/current": handlers.get_current_user,
}

HANDLERS: Mapping[str, Handler] = {
    **FIRST,
    **CONTENT,
    **SPACES,
    **COMMENTS,
    **ANNOTATIONS,
    **TREE,
    **POSTED,
}

REMOVED = re.compile(
    re.escape(V1) + r"/(content|content/\d+|content/\d+/child(/\w+)?|content/\d+/label|space|space/[^/]+)"
)
"""Reads of v1 that Atlassian took away."""

NOT_EMULATED = frozenset(
    {
        "labels",
        "favorited-by",
        "not-favorited-by",
        "get-draft",
        "cqlcontext",
        "include-collaborators",
        "include-direct-children",
        "include-favorited-by-current-user-status",
        "include-icon",
        "include-operations",
        "include-webresources",
    }
)
"""Parameters that answer 501."""
