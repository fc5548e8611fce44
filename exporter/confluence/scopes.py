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

    def at(self, **parts: str) -> str:
        return self.path.format_map(parts)

    def missing(self) -> str:
        """What to tell a user whose token may not use this endpoint."""
        scopes = f"{self.granular} or {self.classic} (tick both)" if self.classic else self.granular
        return (
            f"the token lacks a scope: GET {self.path} needs {scopes}; without it: {self.loses}. "
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
)
