"""The JSON of what lies around pages: comments, tasks, custom content, labels, permissions, people.

Fields are those of Atlassian's OpenAPI documents (`PageCommentModel`, `ChildrenCommentModel`, `Task`,
`CustomContentBulk`, `Label`, `ContentProperty`, `SpacePermissionAssignment`, `User` …; of v1
`ContentRestriction` and what a search shows of content), read as leniently as `schema` reads pages.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from typing import Any

from pydantic import AliasChoices, Field

from exporter.confluence.schema import (
    ContentWire,
    ItemWire,
    Links,
    Number,
    RowWire,
    VersionWire,
    WireModel,
    canonical,
)
from exporter.model import (
    CommentId,
    CommentInfo,
    ContentId,
    ContentInfo,
    Kind,
    OldVersion,
    Version,
)


class _Storage(WireModel):
    value: str | None = None


class _CommentBody(WireModel):
    storage: _Storage | None = None


class _Marker(WireModel):
    """Where in the page an inline comment is. The names with hyphens are seen live, too."""

    inline_marker_ref: str | None = Field(
        default=None, validation_alias=AliasChoices("inlineMarkerRef", "inline-marker-ref")
    )
    inline_original_selection: str | None = Field(
        default=None, validation_alias=AliasChoices("inlineOriginalSelection", "inline-original-selection")
    )


class CommentWire(ItemWire):
    """A footer or inline comment. A list of replies doesn't name their container."""

    status: str | None = None
    title: str | None = None
    page_id: str | None = None
    blog_post_id: str | None = None
    attachment_id: str | None = None
    custom_content_id: str | None = None
    parent_comment_id: str | None = None
    version: VersionWire | None = None
    body: _CommentBody | None = None
    resolution_status: str | None = None
    properties: _Marker | None = None
    links: Links | None = Field(default=None, alias="_links")

    @property
    def has_body(self) -> bool:
        """An empty body is a body."""
        return self.body is not None and self.body.storage is not None and self.body.storage.value is not None

    @property
    def container(self) -> str | None:
        """The id of what it is on; a list of replies doesn't tell."""
        return self.attachment_id or container_of(self)[0]

    def without_container(self) -> CommentWire:
        """As a list of replies shows it: it must have the same bytes whichever listing it came by."""
        return self.model_copy(update=dict.fromkeys(_PLACES))

    def filled_from(self, single: CommentWire) -> CommentWire:
        """What this one tells, and the body, as `single` has them.

        Not more of it: a single answer names what a listing leaves out, and a comment must have the
        same bytes whichever way its body came.
        """
        names = self.model_fields_set | {"body"}
        return self.model_copy(update={name: getattr(single, name) for name in names})

    def to_model(self, container: str, *, inline: bool, parent: CommentId | None) -> CommentInfo:
        metadata = canonical(self)
        return CommentInfo(
            id=CommentId(self.id),
            container=container,
            inline=inline,
            parent_id=parent,
            title=self.title or "",
            version=(self.version or VersionWire()).to_model(),
            digest=hashlib.sha256(metadata).digest(),
            metadata=metadata,
        )


class TaskWire(ItemWire):
    """It has neither a title nor a version: `updatedAt` tells of changes."""

    local_id: str | None = None
    space_id: str | None = None
    page_id: str | None = None
    blog_post_id: str | None = None
    status: str | None = None
    body: Any = None
    created_by: str | None = None
    assigned_to: str | None = None
    completed_by: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    due_at: str | None = None
    completed_at: str | None = None

    def to_model(self) -> ContentInfo:
        parent_id, parent_type = container_of(self)
        metadata = canonical(self)
        return ContentInfo(
            id=ContentId(self.id),
            kind=Kind.TASK,
            title="",
            status=sys.intern(self.status or ""),
            version=Version(None, self.updated_at or self.created_at or ""),
            space_id=sys.intern(self.space_id or ""),
            parent_id=ContentId(parent_id) if parent_id else None,
            parent_type=parent_type,
            position=None,
            subtype=None,
            digest=hashlib.sha256(metadata).digest(),
            metadata=metadata,
        )


class CustomContentWire(ContentWire):
    """What an app keeps. The body is kept as answered with `body-format=raw`."""

    type: str | None = None
    page_id: str | None = None
    blog_post_id: str | None = None
    custom_content_id: str | None = None
    body: Any = None
    links: Links | None = Field(default=None, alias="_links")

    def parent(self) -> tuple[str | None, str | None]:
        return container_of(self)


_CONTAINERS = (
    ("page_id", Kind.PAGE),
    ("blog_post_id", Kind.BLOGPOST),
    ("custom_content_id", Kind.CUSTOM_CONTENT),
)


_PLACES = ("attachment_id", *(name for name, _ in _CONTAINERS))


def container_of(wire: WireModel) -> tuple[str | None, str | None]:
    """The id and type of what it is in: the one of `pageId`, `blogPostId` … that is told."""
    for name, kind in _CONTAINERS:
        if found := getattr(wire, name, None):
            return found, str(kind)
    return None, None


class LabelWire(ItemWire):
    name: str
    prefix: str | None = None


class PropertyWire(RowWire):
    """A property of a page or blog post; its value is any JSON."""

    id: str
    key: str
    value: Any = None
    version: VersionWire | None = None

    @property
    def identity(self) -> str:
        return self.id


class _SpacePropertyVersionWire(WireModel):
    """It says `createdBy` where other versions say `authorId`."""

    number: Number | None = None
    message: str | None = None
    created_at: str | None = None
    created_by: str | None = None


class SpacePropertyWire(RowWire):
    id: str
    key: str
    value: Any = None
    created_at: str | None = None
    created_by: str | None = None
    version: _SpacePropertyVersionWire | None = None

    @property
    def identity(self) -> str:
        return self.id


class LikeWire(RowWire):
    account_id: str

    @property
    def identity(self) -> str:
        return self.account_id


class FormerVersionWire(RowWire):
    """A version as a list of versions shows it: without a number and a date it can't be asked for."""

    number: Number
    message: str | None = None
    minor_edit: bool | None = None
    author_id: str | None = None
    created_at: str

    @property
    def identity(self) -> str:
        return f"{self.number} {self.created_at}"

    def to_model(self, container: str) -> OldVersion:
        return OldVersion(container, self.number, self.created_at)


class _PermittedWire(WireModel):
    type: str | None = None
    id: str | None = None


class _OperationWire(WireModel):
    key: str | None = None
    target_type: str | None = None


class PermissionWire(RowWire):
    """What somebody may do in a space; types and operations are open sets."""

    id: str
    principal: _PermittedWire
    operation: _OperationWire

    @property
    def identity(self) -> str:
        return self.id


class _PrincipalWire(WireModel):
    principal_type: str
    principal_id: str


class RoleAssignmentWire(RowWire):
    """It has no id."""

    principal: _PrincipalWire
    role_id: str

    @property
    def identity(self) -> str:
        return f"{self.principal.principal_type} {self.principal.principal_id} {self.role_id}"


class PersonWire(RowWire):
    """A user; names and address as far as their privacy settings show them."""

    account_id: str
    account_type: str | None = None
    account_status: str | None = None
    display_name: str | None = None
    public_name: str | None = None
    email: str | None = None
    is_external_collaborator: bool | None = None

    @property
    def identity(self) -> str:
        return self.account_id


class _RestrictedUserWire(WireModel):
    account_id: str


class _RestrictedGroupWire(WireModel):
    id: str | None = None
    name: str | None = None


class _ArrayWire(WireModel):
    """The part of a v1 list that an expansion shows; there is no telling whether it is all of it."""

    size: Number | None = None
    limit: Number | None = None

    def is_full(self, results: Sequence[WireModel]) -> bool:
        size = len(results) if self.size is None else self.size
        return bool(self.limit) and size >= (self.limit or 0)


class _UsersWire(_ArrayWire):
    results: list[_RestrictedUserWire]


class _GroupsWire(_ArrayWire):
    results: list[_RestrictedGroupWire]


class _RestrictedWire(WireModel):
    user: _UsersWire
    group: _GroupsWire


class RestrictionWire(WireModel):
    """Who alone may do one thing with content. Nobody named: everybody may."""

    restrictions: _RestrictedWire

    @property
    def may_be_cut(self) -> bool:
        user, group = self.restrictions.user, self.restrictions.group
        return user.is_full(user.results) or group.is_full(group.results)

    def named(self) -> dict[str, Any]:
        """``{"users": [account ids], "groups": [{"id", "name"}]}``, sorted."""
        groups = [each.model_dump(by_alias=True) for each in self.restrictions.group.results]
        return {
            "users": sorted(each.account_id for each in self.restrictions.user.results),
            "groups": sorted(groups, key=lambda each: (each["id"] or "", each["name"] or "")),
        }
