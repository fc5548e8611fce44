"""Which scopes each endpoint needs, and the sentence that says so when one is missing.

Source: `x-atlassian-oauth2-scopes` in Atlassian's OpenAPI documents. v2 takes granular scopes only;
v1 names a classic scope (state "Current") and a granular one (state "Beta"), either of which may do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from exporter.model import Part

TOKEN_PAGE = "https://id.atlassian.com/manage-profile/security/api-tokens"  # noqa: S105 — an address


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A documented path, the scopes that open it, what is lost without them, and the part of a run that is.

    Those without a part are `essential` for something that can't be left out.
    """

    path: str
    granular: str
    loses: str
    classic: str | None = None
    method: str = "GET"
    part: Part | None = None
    essential: str = ""

    def at(self, **parts: str) -> str:
        return self.path.format_map(parts)

    @property
    def purpose(self) -> str:
        """What it is for, in a word or two."""
        return str(self.part) if self.part else self.essential

    @property
    def scopes(self) -> str:
        """In words."""
        return f"{self.granular} or {self.classic} (tick both)" if self.classic else self.granular

    def needs(self) -> str:
        """Which scope, and what is lost without it."""
        return f"{self.method} {self.path} needs {self.scopes}; without it: {self.loses}{self._or_skip()}"

    def missing(self) -> str:
        """What to tell a user whose token may not use this endpoint."""
        return (
            f"the token lacks a scope: {self.needs()}. "
            f"Scopes can't be added to a token: make a new one at {TOKEN_PAGE}"
        )

    def forbidden(self) -> str:
        """What to tell a user whose account Confluence refuses here, whatever the token's scopes."""
        return (
            f"the account may not use {self.method} {self.path} (its scope is {self.scopes}): "
            f"ask an administrator of the space or site for the permission{self._or_skip()}"
        )

    def _or_skip(self) -> str:
        return f", or leave it out: --skip {self.part}" if self.part else ""


CURRENT_USER = Endpoint(
    "/wiki/rest/api/user/current",
    granular="read:content-details:confluence",
    classic="read:confluence-user",
    loses="whose token it is can't be verified",
    essential="whose token it is",
)
SPACES = Endpoint(
    "/wiki/api/v2/spaces", granular="read:space:confluence", loses="no export", essential="the space"
)
SPACE_PAGES = Endpoint(
    "/wiki/api/v2/spaces/{id}/pages", granular="read:page:confluence", loses="no export", essential="pages"
)
SPACE_BLOGPOSTS = Endpoint(
    "/wiki/api/v2/spaces/{id}/blogposts",
    granular="read:page:confluence",
    loses="no blog posts",
    part=Part.BLOGPOSTS,
)
PAGES = Endpoint(
    "/wiki/api/v2/pages", granular="read:page:confluence", loses="no page bodies", essential="pages"
)
PAGE = Endpoint(
    "/wiki/api/v2/pages/{id}", granular="read:page:confluence", loses="no page bodies", essential="pages"
)
BLOGPOSTS = Endpoint(
    "/wiki/api/v2/blogposts", granular="read:page:confluence", loses="no blog posts", part=Part.BLOGPOSTS
)
BLOGPOST = Endpoint(
    "/wiki/api/v2/blogposts/{id}", granular="read:page:confluence", loses="no blog posts", part=Part.BLOGPOSTS
)
FOLDER = Endpoint(
    "/wiki/api/v2/folders/{id}",
    granular="read:folder:confluence",
    loses="no folders; the pages in them are kept, without their place in the tree",
    part=Part.FOLDERS,
)
WHITEBOARD = Endpoint(
    "/wiki/api/v2/whiteboards/{id}",
    granular="read:whiteboard:confluence",
    loses="no whiteboards; the pages below them are kept, without their place in the tree",
    part=Part.WHITEBOARDS,
)
DATABASE = Endpoint(
    "/wiki/api/v2/databases/{id}",
    granular="read:database:confluence",
    loses="no databases; the pages below them are kept, without their place in the tree",
    part=Part.DATABASES,
)
EMBED = Endpoint(
    "/wiki/api/v2/embeds/{id}",
    granular="read:embed:confluence",
    loses="no smart links in the tree; the pages below them are kept, without their place in the tree",
    part=Part.EMBEDS,
)
PAGE_ATTACHMENTS = Endpoint(
    "/wiki/api/v2/pages/{id}/attachments",
    granular="read:attachment:confluence",
    loses="no attachments",
    part=Part.ATTACHMENTS,
)
BLOGPOST_ATTACHMENTS = Endpoint(
    "/wiki/api/v2/blogposts/{id}/attachments",
    granular="read:attachment:confluence",
    loses="no attachments",
    part=Part.ATTACHMENTS,
)
DOWNLOAD = Endpoint(
    "/wiki/rest/api/content/{id}/child/attachment/{attachmentId}/download",
    granular="read:attachment:confluence",
    classic="readonly:content.attachment:confluence",
    loses="no attachment files",
    part=Part.ATTACHMENTS,
)
CUSTOM_CONTENT = Endpoint(
    "/wiki/api/v2/custom-content/{id}",
    granular="read:custom-content:confluence",
    loses="no custom content",
    part=Part.CUSTOM_CONTENT,
)
SPACE_CUSTOM_CONTENT = Endpoint(
    "/wiki/api/v2/spaces/{id}/custom-content",
    granular="read:custom-content:confluence",
    loses="no custom content",
    part=Part.CUSTOM_CONTENT,
)
CUSTOM_CONTENT_ATTACHMENTS = Endpoint(
    "/wiki/api/v2/custom-content/{id}/attachments",
    granular="read:attachment:confluence",
    loses="no attachments",
    part=Part.ATTACHMENTS,
)
ATTACHMENTS = Endpoint(
    "/wiki/api/v2/attachments",
    granular="read:attachment:confluence",
    loses="no attachments",
    part=Part.ATTACHMENTS,
)
ATTACHMENT = Endpoint(
    "/wiki/api/v2/attachments/{id}",
    granular="read:attachment:confluence",
    loses="no attachments",
    part=Part.ATTACHMENTS,
)
ATTACHMENT_VERSIONS = Endpoint(
    "/wiki/api/v2/attachments/{id}/versions",
    granular="read:attachment:confluence",
    loses="no former versions of attachments",
    part=Part.ATTACHMENTS,
)
TASKS = Endpoint("/wiki/api/v2/tasks", granular="read:task:confluence", loses="no tasks", part=Part.TASKS)
SEARCH = Endpoint(
    "/wiki/rest/api/search",
    granular="read:content-details:confluence",
    loses="folders, whiteboards and the like that hold no page are not found, "
    "nor are types of custom content",
    classic="search:confluence",
    part=Part.SEARCH,
)
CONTENT_SEARCH = Endpoint(
    "/wiki/rest/api/content/search",
    granular="read:content-details:confluence",
    loses="labels and restrictions are asked for page by page",
    classic="search:confluence",
    part=Part.SEARCH,
)
PAGE_LABELS = Endpoint(
    "/wiki/api/v2/pages/{id}/labels", granular="read:page:confluence", loses="no labels", part=Part.LABELS
)
BLOGPOST_LABELS = Endpoint(
    "/wiki/api/v2/blogposts/{id}/labels",
    granular="read:page:confluence",
    loses="no labels of blog posts",
    part=Part.LABELS,
)
PAGE_PROPERTIES = Endpoint(
    "/wiki/api/v2/pages/{page-id}/properties",
    granular="read:page:confluence",
    loses="no properties",
    part=Part.PROPERTIES,
)
BLOGPOST_PROPERTIES = Endpoint(
    "/wiki/api/v2/blogposts/{blogpost-id}/properties",
    granular="read:page:confluence",
    loses="no properties of blog posts",
    part=Part.PROPERTIES,
)
PAGE_LIKES = Endpoint(
    "/wiki/api/v2/pages/{id}/likes/users", granular="read:page:confluence", loses="no likes", part=Part.LIKES
)
BLOGPOST_LIKES = Endpoint(
    "/wiki/api/v2/blogposts/{id}/likes/users",
    granular="read:page:confluence",
    loses="no likes of blog posts",
    part=Part.LIKES,
)
PAGE_VERSIONS = Endpoint(
    "/wiki/api/v2/pages/{id}/versions",
    granular="read:page:confluence",
    loses="no former versions",
    part=Part.VERSIONS,
)
BLOGPOST_VERSIONS = Endpoint(
    "/wiki/api/v2/blogposts/{id}/versions",
    granular="read:page:confluence",
    loses="no former versions of blog posts",
    part=Part.VERSIONS,
)
RESTRICTIONS = Endpoint(
    "/wiki/rest/api/content/{id}/restriction/byOperation",
    granular="read:content-details:confluence",
    loses="no restrictions",
    classic="read:confluence-content.all",
    part=Part.RESTRICTIONS,
)
PAGE_FOOTER_COMMENTS = Endpoint(
    "/wiki/api/v2/pages/{id}/footer-comments",
    granular="read:comment:confluence",
    loses="no comments",
    part=Part.COMMENTS,
)
PAGE_INLINE_COMMENTS = Endpoint(
    "/wiki/api/v2/pages/{id}/inline-comments",
    granular="read:comment:confluence",
    loses="no comments",
    part=Part.COMMENTS,
)
BLOGPOST_FOOTER_COMMENTS = Endpoint(
    "/wiki/api/v2/blogposts/{id}/footer-comments",
    granular="read:comment:confluence",
    loses="no comments",
    part=Part.COMMENTS,
)
BLOGPOST_INLINE_COMMENTS = Endpoint(
    "/wiki/api/v2/blogposts/{id}/inline-comments",
    granular="read:comment:confluence",
    loses="no comments",
    part=Part.COMMENTS,
)
ATTACHMENT_COMMENTS = Endpoint(
    "/wiki/api/v2/attachments/{id}/footer-comments",
    granular="read:comment:confluence",
    loses="no comments",
    part=Part.COMMENTS,
)
CUSTOM_CONTENT_COMMENTS = Endpoint(
    "/wiki/api/v2/custom-content/{id}/footer-comments",
    granular="read:comment:confluence",
    loses="no comments",
    part=Part.COMMENTS,
)
FOOTER_COMMENTS = Endpoint(
    "/wiki/api/v2/footer-comments",
    granular="read:comment:confluence",
    loses="no comments",
    part=Part.COMMENTS,
)
INLINE_COMMENTS = Endpoint(
    "/wiki/api/v2/inline-comments",
    granular="read:comment:confluence",
    loses="no comments",
    part=Part.COMMENTS,
)
FOOTER_COMMENT = Endpoint(
    "/wiki/api/v2/footer-comments/{comment-id}",
    granular="read:comment:confluence",
    loses="no comments",
    part=Part.COMMENTS,
)
FOOTER_REPLIES = Endpoint(
    "/wiki/api/v2/footer-comments/{id}/children",
    granular="read:comment:confluence",
    loses="no replies to comments",
    part=Part.COMMENTS,
)
INLINE_COMMENT = Endpoint(
    "/wiki/api/v2/inline-comments/{comment-id}",
    granular="read:comment:confluence",
    loses="no comments",
    part=Part.COMMENTS,
)
INLINE_REPLIES = Endpoint(
    "/wiki/api/v2/inline-comments/{id}/children",
    granular="read:comment:confluence",
    loses="no replies to comments",
    part=Part.COMMENTS,
)
SPACE_PERMISSIONS = Endpoint(
    "/wiki/api/v2/spaces/{id}/permissions",
    granular="read:space:confluence",
    loses="no permissions of the space",
    part=Part.PERMISSIONS,
)
SPACE_ROLE_ASSIGNMENTS = Endpoint(
    "/wiki/api/v2/spaces/{id}/role-assignments",
    granular="read:space.permission:confluence",
    loses="no roles in the space",
    part=Part.PERMISSIONS,
)
SPACE_LABELS = Endpoint(
    "/wiki/api/v2/spaces/{id}/labels",
    granular="read:space:confluence",
    loses="no labels of the space",
    part=Part.LABELS,
)
SPACE_PROPERTIES = Endpoint(
    "/wiki/api/v2/spaces/{space-id}/properties",
    granular="read:space:confluence",
    loses="no properties of the space",
    part=Part.PROPERTIES,
)
USERS = Endpoint(
    "/wiki/api/v2/users-bulk",
    granular="read:user:confluence",
    loses="no names of users",
    method="POST",
    part=Part.USERS,
)

ALL = tuple(each for each in [*globals().values()] if isinstance(each, Endpoint))


def needed(skip: Collection[Part]) -> list[Endpoint]:
    """What a run may ask that leaves out these parts."""
    return [each for each in ALL if each.part is None or each.part not in skip]


def least(skip: Collection[Part]) -> dict[str, list[str]]:
    """The smallest set of scopes by Atlassian's documents, each with what it is for."""
    return _with_purposes((each.granular, each) for each in needed(skip))


def alternatives(skip: Collection[Part]) -> dict[str, list[str]]:
    """The classic scopes of v1, for where a site doesn't open it to granular ones."""
    return _with_purposes((each.classic, each) for each in needed(skip) if each.classic)


def _with_purposes(pairs: Iterable[tuple[str, Endpoint]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for scope, endpoint in pairs:
        purposes = found.setdefault(scope, [])
        if endpoint.purpose not in purposes:
            purposes.append(endpoint.purpose)
    return dict(sorted(found.items()))
