"""Which scopes each endpoint needs, and the sentence that says so when one is missing.

Source: `x-atlassian-oauth2-scopes` in Atlassian's OpenAPI documents. v2 takes granular scopes only;
v1 names a classic scope (state "Current") and a granular one (state "Beta"), either of which may do.
"""

from __future__ import annotations

from dataclasses import dataclass

TOKEN_PAGE = "https://id.atlassian.com/manage-profile/security/api-tokens"  # noqa: S105 — an address


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A documented path, the scopes that open it, and what is lost without them."""

    path: str
    granular: str
    loses: str
    classic: str | None = None
    method: str = "GET"

    def at(self, **parts: str) -> str:
        return self.path.format_map(parts)

    def missing(self) -> str:
        """What to tell a user whose token may not use this endpoint."""
        scopes = f"{self.granular} or {self.classic} (tick both)" if self.classic else self.granular
        return (
            f"the token lacks a scope: {self.method} {self.path} needs {scopes}; without it: {self.loses}. "
            f"Scopes can't be added to a token: make a new one at {TOKEN_PAGE}"
        )


CURRENT_USER = Endpoint(
    "/wiki/rest/api/user/current",
    granular="read:content-details:confluence",
    classic="read:confluence-user",
    loses="whose token it is can't be verified",
)
SPACES = Endpoint("/wiki/api/v2/spaces", granular="read:space:confluence", loses="no export")
SPACE_PAGES = Endpoint("/wiki/api/v2/spaces/{id}/pages", granular="read:page:confluence", loses="no export")
SPACE_BLOGPOSTS = Endpoint(
    "/wiki/api/v2/spaces/{id}/blogposts", granular="read:page:confluence", loses="no blog posts"
)
PAGES = Endpoint("/wiki/api/v2/pages", granular="read:page:confluence", loses="no page bodies")
PAGE = Endpoint("/wiki/api/v2/pages/{id}", granular="read:page:confluence", loses="no page bodies")
BLOGPOSTS = Endpoint("/wiki/api/v2/blogposts", granular="read:page:confluence", loses="no blog posts")
BLOGPOST = Endpoint("/wiki/api/v2/blogposts/{id}", granular="read:page:confluence", loses="no blog posts")
FOLDER = Endpoint(
    "/wiki/api/v2/folders/{id}",
    granular="read:folder:confluence",
    loses="no folders; the pages in them are kept, without their place in the tree",
)
WHITEBOARD = Endpoint(
    "/wiki/api/v2/whiteboards/{id}",
    granular="read:whiteboard:confluence",
    loses="no whiteboards; the pages below them are kept, without their place in the tree",
)
DATABASE = Endpoint(
    "/wiki/api/v2/databases/{id}",
    granular="read:database:confluence",
    loses="no databases; the pages below them are kept, without their place in the tree",
)
EMBED = Endpoint(
    "/wiki/api/v2/embeds/{id}",
    granular="read:embed:confluence",
    loses="no smart links in the tree; the pages below them are kept, without their place in the tree",
)
PAGE_ATTACHMENTS = Endpoint(
    "/wiki/api/v2/pages/{id}/attachments", granular="read:attachment:confluence", loses="no attachments"
)
BLOGPOST_ATTACHMENTS = Endpoint(
    "/wiki/api/v2/blogposts/{id}/attachments", granular="read:attachment:confluence", loses="no attachments"
)
DOWNLOAD = Endpoint(
    "/wiki/rest/api/content/{id}/child/attachment/{attachmentId}/download",
    granular="read:attachment:confluence",
    classic="readonly:content.attachment:confluence",
    loses="no attachment files",
)

CUSTOM_CONTENT = Endpoint(
    "/wiki/api/v2/custom-content/{id}",
    granular="read:custom-content:confluence",
    loses="no custom content",
)
SPACE_CUSTOM_CONTENT = Endpoint(
    "/wiki/api/v2/spaces/{id}/custom-content",
    granular="read:custom-content:confluence",
    loses="no custom content",
)
CUSTOM_CONTENT_ATTACHMENTS = Endpoint(
    "/wiki/api/v2/custom-content/{id}/attachments",
    granular="read:attachment:confluence",
    loses="no attachments",
)
ATTACHMENT = Endpoint(
    "/wiki/api/v2/attachments/{id}",
    granular="read:attachment:confluence",
    loses="no attachments",
)
ATTACHMENT_VERSIONS = Endpoint(
    "/wiki/api/v2/attachments/{id}/versions",
    granular="read:attachment:confluence",
    loses="no former versions of attachments",
)
TASKS = Endpoint(
    "/wiki/api/v2/tasks",
    granular="read:task:confluence",
    loses="no tasks",
)
SEARCH = Endpoint(
    "/wiki/rest/api/search",
    granular="read:content-details:confluence",
    loses="folders, whiteboards and the like that hold no page are not found, "
    "nor are types of custom content",
    classic="search:confluence",
)
PAGE_LABELS = Endpoint(
    "/wiki/api/v2/pages/{id}/labels",
    granular="read:page:confluence",
    loses="no labels",
)
BLOGPOST_LABELS = Endpoint(
    "/wiki/api/v2/blogposts/{id}/labels",
    granular="read:page:confluence",
    loses="no labels of blog posts",
)
PAGE_PROPERTIES = Endpoint(
    "/wiki/api/v2/pages/{page-id}/properties",
    granular="read:page:confluence",
    loses="no properties",
)
BLOGPOST_PROPERTIES = Endpoint(
    "/wiki/api/v2/blogposts/{blogpost-id}/properties",
    granular="read:page:confluence",
    loses="no properties of blog posts",
)
PAGE_LIKES = Endpoint(
    "/wiki/api/v2/pages/{id}/likes/users",
    granular="read:page:confluence",
    loses="no likes",
)
BLOGPOST_LIKES = Endpoint(
    "/wiki/api/v2/blogposts/{id}/likes/users",
    granular="read:page:confluence",
    loses="no likes of blog posts",
)
PAGE_VERSIONS = Endpoint(
    "/wiki/api/v2/pages/{id}/versions",
    granular="read:page:confluence",
    loses="no former versions",
)
BLOGPOST_VERSIONS = Endpoint(
    "/wiki/api/v2/blogposts/{id}/versions",
    granular="read:page:confluence",
    loses="no former versions of blog posts",
)
RESTRICTIONS = Endpoint(
    "/wiki/rest/api/content/{id}/restriction/byOperation",
    granular="read:content-details:confluence",
    loses="no restrictions",
    classic="read:confluence-content.all",
)
PAGE_FOOTER_COMMENTS = Endpoint(
    "/wiki/api/v2/pages/{id}/footer-comments",
    granular="read:comment:confluence",
    loses="no comments",
)
PAGE_INLINE_COMMENTS = Endpoint(
    "/wiki/api/v2/pages/{id}/inline-comments",
    granular="read:comment:confluence",
    loses="no comments",
)
BLOGPOST_FOOTER_COMMENTS = Endpoint(
    "/wiki/api/v2/blogposts/{id}/footer-comments",
    granular="read:comment:confluence",
    loses="no comments",
)
BLOGPOST_INLINE_COMMENTS = Endpoint(
    "/wiki/api/v2/blogposts/{id}/inline-comments",
    granular="read:comment:confluence",
    loses="no comments",
)
ATTACHMENT_COMMENTS = Endpoint(
    "/wiki/api/v2/attachments/{id}/footer-comments",
    granular="read:comment:confluence",
    loses="no comments",
)
CUSTOM_CONTENT_COMMENTS = Endpoint(
    "/wiki/api/v2/custom-content/{id}/footer-comments",
    granular="read:comment:confluence",
    loses="no comments",
)
FOOTER_COMMENT = Endpoint(
    "/wiki/api/v2/footer-comments/{comment-id}",
    granular="read:comment:confluence",
    loses="no comments",
)
FOOTER_REPLIES = Endpoint(
    "/wiki/api/v2/footer-comments/{id}/children",
    granular="read:comment:confluence",
    loses="no replies to comments",
)
INLINE_COMMENT = Endpoint(
    "/wiki/api/v2/inline-comments/{comment-id}",
    granular="read:comment:confluence",
    loses="no comments",
)
INLINE_REPLIES = Endpoint(
    "/wiki/api/v2/inline-comments/{id}/children",
    granular="read:comment:confluence",
    loses="no replies to comments",
)
SPACE_PERMISSIONS = Endpoint(
    "/wiki/api/v2/spaces/{id}/permissions",
    granular="read:space:confluence",
    loses="no permissions of the space",
)
SPACE_ROLE_ASSIGNMENTS = Endpoint(
    "/wiki/api/v2/spaces/{id}/role-assignments",
    granular="read:space.permission:confluence",
    loses="no roles in the space",
)
SPACE_LABELS = Endpoint(
    "/wiki/api/v2/spaces/{id}/labels",
    granular="read:space:confluence",
    loses="no labels of the space",
)
SPACE_PROPERTIES = Endpoint(
    "/wiki/api/v2/spaces/{space-id}/properties",
    granular="read:space:confluence",
    loses="no properties of the space",
)
USERS = Endpoint(
    "/wiki/api/v2/users-bulk",
    granular="read:user:confluence",
    loses="no names of users",
    method="POST",
)

ALL = (
    CURRENT_USER,
    SPACES,
    SPACE_PAGES,
    SPACE_BLOGPOSTS,
    PAGES,
    PAGE,
    BLOGPOSTS,
    BLOGPOST,
    FOLDER,
    WHITEBOARD,
    DATABASE,
    EMBED,
    PAGE_ATTACHMENTS,
    BLOGPOST_ATTACHMENTS,
    DOWNLOAD,
    CUSTOM_CONTENT,
    SPACE_CUSTOM_CONTENT,
    CUSTOM_CONTENT_ATTACHMENTS,
    ATTACHMENT,
    ATTACHMENT_VERSIONS,
    TASKS,
    SEARCH,
    PAGE_LABELS,
    BLOGPOST_LABELS,
    PAGE_PROPERTIES,
    BLOGPOST_PROPERTIES,
    PAGE_LIKES,
    BLOGPOST_LIKES,
    PAGE_VERSIONS,
    BLOGPOST_VERSIONS,
    RESTRICTIONS,
    PAGE_FOOTER_COMMENTS,
    PAGE_INLINE_COMMENTS,
    BLOGPOST_FOOTER_COMMENTS,
    BLOGPOST_INLINE_COMMENTS,
    ATTACHMENT_COMMENTS,
    CUSTOM_CONTENT_COMMENTS,
    FOOTER_COMMENT,
    FOOTER_REPLIES,
    INLINE_COMMENT,
    INLINE_REPLIES,
    SPACE_PERMISSIONS,
    SPACE_ROLE_ASSIGNMENTS,
    SPACE_LABELS,
    SPACE_PROPERTIES,
    USERS,
)
