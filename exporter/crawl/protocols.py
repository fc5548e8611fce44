"""What a crawl needs of the remote and of the local side; the client and the mirror fit unknowingly."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from exporter.model import (
    AttachmentInfo,
    CommentInfo,
    ContentInfo,
    FoundContent,
    FoundDetails,
    Held,
    HeldBody,
    Kind,
    OldPage,
    OldVersion,
    Page,
    Part,
    Space,
    State,
    TreeNode,
)

T = TypeVar("T")


class Source(Protocol):
    """Where things come from. Every method may raise `RemoteError`, and `AuthError` or `Unavailable`.

    An iterator yields what it could read before it raises.
    """

    def contents(self, space: Space, kind: Kind, *, of_type: str = "") -> AsyncIterator[ContentInfo]:
        """Pages, blog posts, tasks, or custom content of a type."""
        ...

    def search(self, space: Space) -> AsyncIterator[FoundContent]:
        """What the search index knows of besides pages, blog posts, comments and attachments."""
        ...

    async def by_id(self, kind: Kind, item: str) -> ContentInfo:
        """A folder, whiteboard, database, embed or custom content, whatever its status and space."""
        ...

    async def look_up(
        self, kind: Kind, ids: Sequence[str], *, alone: bool = True
    ) -> Mapping[str, ContentInfo]:
        """Those pages or blog posts that this token can see, whatever their status and space.

        In bulk, and `alone` what the bulk answer lacks.
        """
        ...

    async def look_up_attachment(self, attachment: str) -> AttachmentInfo:
        """An attachment, whatever its status and container."""
        ...

    async def has_comment(self, comment: str) -> bool:
        """Whether a comment of that id answers."""
        ...

    async def pages(self, kind: Kind, wanted: Sequence[ContentInfo], *, adf: bool = False) -> list[Page]:
        """Bodies in bulk; what is left out must be asked for alone."""
        ...

    async def page(self, listed: ContentInfo, *, adf: bool = False) -> Page: ...

    async def details(self, container: ContentInfo, parts: Collection[Part]) -> Mapping[Part, Any]:
        """Labels, properties, likes and versions of a page or blog post: all of those asked for."""
        ...

    async def restrictions(self, container: ContentInfo) -> Any: ...

    def labels(self, container: ContentInfo) -> AsyncIterator[str]:
        """The names of the labels of a page or blog post."""
        ...

    def attachments(self, container: ContentInfo) -> AsyncIterator[AttachmentInfo]: ...

    def comments(self, kind: Kind, container: str, *, inline: bool = False) -> AsyncIterator[CommentInfo]:
        """Comments of a container or attachment, without the replies to them."""
        ...

    def replies(self, comment: CommentInfo) -> AsyncIterator[CommentInfo]: ...

    def site_attachments(self) -> AsyncIterator[AttachmentInfo]:
        """Of the whole site, whatever the space; with "" where one names no container."""
        ...

    def site_comments(self, *, inline: bool) -> AsyncIterator[CommentInfo]:
        """Of the whole site; with "" where one names no container. Perhaps with replies."""
        ...

    def found_details(self, space: Space, parts: Collection[Part]) -> AsyncIterator[FoundDetails]:
        """Labels and restrictions of pages and blog posts, as the search index has them."""
        ...

    async def count(self, kind: Kind, space: Space | None = None) -> int:
        """How many comments or attachments the search index knows of in a space, or on the site."""
        ...

    def attachment_versions(self, attachment: AttachmentInfo) -> AsyncIterator[OldVersion]:
        """All versions, the latest too."""
        ...

    async def old_page(self, container: ContentInfo, version: OldVersion) -> OldPage:
        """Raises `RemoteError` when that number is another version by now."""
        ...

    async def old_attachment(self, attachment: AttachmentInfo, version: OldVersion) -> AttachmentInfo:
        """As it was; raises `RemoteError` when that number is another version by now."""
        ...

    async def download(
        self,
        attachment: AttachmentInfo,
        receive: Callable[[AsyncIterator[bytes]], Awaitable[T]],
        *,
        version: int | None = None,
    ) -> T: ...

    async def space_permissions(self, space: Space) -> list[Any]: ...

    async def space_role_assignments(self, space: Space) -> list[Any]: ...

    async def space_labels(self, space: Space) -> list[Any]: ...

    async def space_properties(self, space: Space) -> list[Any]: ...

    async def users(self, account_ids: Sequence[str]) -> Mapping[str, Any]:
        """At most 250 at once; those that Confluence doesn't know are left out."""
        ...


class Sink(Protocol):
    """Where things go. What a method saved is on disk and recorded when it returns."""

    async def meta(self) -> Mapping[str, str]:
        """What was noted for later runs."""
        ...

    async def note(self, values: Mapping[str, str]) -> None: ...

    async def held(self, kind: Kind) -> Mapping[str, Held]: ...

    async def held_in(self, containers: Sequence[str]) -> Mapping[str, Mapping[Kind, Mapping[str, Held]]]:
        """The attachments, comments and former versions of some items, by the ids of those."""
        ...

    async def held_bodies(self, kind: Kind, ids: Sequence[str]) -> Mapping[str, HeldBody]: ...

    async def details(self, kind: Kind, item_id: str) -> Mapping[str, Any] | None:
        """The metadata of an item with all that was saved into it; None where there is none."""
        ...

    async def body(self, kind: Kind, item_id: str) -> str: ...

    async def people(self) -> Sequence[str]:
        """Every account that something not missing names."""
        ...

    async def users(self) -> Mapping[str, Any]: ...

    async def save_space(self, space: Space, parts: Mapping[str, Any]) -> None: ...

    async def save_pages(self, pages: Sequence[Page]) -> None: ...

    async def save_adf(self, pages: Sequence[Page]) -> None: ...

    async def save_metadata(self, infos: Sequence[ContentInfo]) -> None: ...

    async def save_details(self, kind: Kind, item_id: str, parts: Mapping[str, Any]) -> None: ...

    async def save_comments(
        self, kind: Kind, container: str, comments: Sequence[CommentInfo], *, complete: bool
    ) -> None: ...

    async def save_attachment(self, info: AttachmentInfo, chunks: AsyncIterator[bytes]) -> None: ...

    async def save_attachment_metadata(self, info: AttachmentInfo) -> None: ...

    async def save_old_page(self, page: OldPage) -> None: ...

    async def save_old_attachment(
        self, version: OldVersion, info: AttachmentInfo, chunks: AsyncIterator[bytes]
    ) -> None: ...

    async def save_users(self, users: Mapping[str, Any]) -> None: ...

    async def save_tree(self, nodes: Sequence[TreeNode]) -> None: ...

    def has_tree(self) -> bool: ...

    async def mark_missing(
        self, kind: Kind, states: Mapping[str, State], *, container: str | None = None
    ) -> None: ...

    async def mark_returned(self, kind: Kind, ids: Iterable[str]) -> None: ...

    async def count(self, kind: Kind | None) -> int:
        """How many items of a kind are recorded, missing ones too; None: of all that stand for themselves."""
        ...

    async def weigh(self, kind: Kind, item_id: str) -> int:
        """How many of these an item is with what it contains."""
        ...

    async def retire(
        self, kind: Kind, item_id: str, *, container_kind: Kind | None, container: str | None
    ) -> bool:
        """Move an item with what it contains to the trash; False where it isn't recorded there any more."""
        ...
