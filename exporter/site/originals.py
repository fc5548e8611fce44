"""The originals of one space, read from its folder: what rendering asks, answered. Nothing is written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from exporter import layout
from exporter.model import IN_TREE, WITH_BODY, Kind
from exporter.site import addresses
from exporter.site.items import Comment, Edition, File, Item, Person, Task
from exporter.site.reading import (
    document_of,
    is_file,
    name_of,
    names_in,
    number_of,
    object_of,
    objects_of,
    read_file,
    rows_of,
    shown_text,
    text_of,
)

_CONTAINERS = ("pageId", "blogPostId", "customContentId")
_NOTHING = Edition(None, "", None)


class Originals:
    """See `items.Library`. Metadata is read at once, bodies and comments when they are asked for.

    `beside` are the trees of the spaces mirrored in the same output folder, by key. What can't be read is as
    if it weren't there: `verify` is the one to complain.
    """

    def __init__(
        self, folder: Path, *, site_url: str, beside: Mapping[str, Path], aliases: Sequence[str] = ()
    ) -> None:
        self._folder, self._beside = folder, beside
        self.site_url = site_url
        self.hosts = frozenset({urlsplit(site_url).netloc.lower(), *aliases} - {""})
        self.space = space_of(folder)
        self.space_key = str(self.space.get("key") or folder.name)
        self.home = _home(folder)
        self.address = _address(site_url, self.space)
        self._users = document_of(folder / layout.USERS)
        self._own = {item.id: item for item in self._items()}
        self.reading_order: Sequence[Item] = [*self._own.values()]
        self._children = _by_parent(self.reading_order)
        self._items_beside = {
            item.id: item for key, tree in beside.items() for item in _in_tree(tree, key, site_url)
        }
        self._titles = _by_title([*self._items_beside.values(), *self.reading_order])
        self._homes = {key: _home(tree.parent) for key, tree in beside.items()} | {self.space_key: self.home}
        self._files = self._attachments()
        self._by_file_id = {each.file_id: each for each in self.all_files() if each.file_id}
        self._by_attachment = {each.id: each for each in self.all_files()}
        self._labels = _by_label(self.reading_order)
        self._tasks = tuple(self._all_tasks())

    def item(self, item_id: str) -> Item | None:
        return self._own.get(item_id) or self._items_beside.get(item_id)

    def titled(self, space_key: str | None, title: str) -> Item | None:
        return self._titles.get((space_key or self.space_key, title.casefold(), ""))

    def posted(self, space_key: str | None, title: str, day: str) -> Item | None:
        return self._titles.get((space_key or self.space_key, title.casefold(), day))

    def space_home(self, space_key: str) -> Item | None:
        home = self._homes.get(space_key)
        return self.item(home) if home else None

    def children(self, item_id: str) -> Sequence[Item]:
        return self._children.get(item_id, ())

    def body(self, item_id: str) -> bytes | None:
        item = self.item(item_id)
        if item is None or item.kind not in WITH_BODY:
            return None
        folder = self._folder if item_id in self._own else self._beside[item.space_key].parent
        return read_file(folder / layout.storage_path(item.kind, item_id))

    def files(self, container: str) -> Sequence[File]:
        return self._files.get(container, ())

    def file(self, *, file_id: str | None = None, attachment_id: str | None = None) -> File | None:
        if file_id is not None:
            return self._by_file_id.get(file_id)
        return self._by_attachment.get(attachment_id or "")

    def person(self, account_id: str) -> Person | None:
        user = self._users.get(account_id)
        if not isinstance(user, dict):
            return None
        name = user.get("displayName") or user.get("publicName") or ""
        return Person(account_id, str(name), user.get("accountStatus") == "active") if name else None

    def labelled(self, label: str) -> Sequence[Item]:
        return self._labels.get(label, ())

    def recent(self, limit: int) -> Sequence[Item]:
        written = [each for each in self.reading_order if each.kind in WITH_BODY]
        return sorted(written, key=lambda each: (each.version.at, each.id), reverse=True)[:limit]

    def posts(self) -> Sequence[Item]:
        posts = [each for each in self.reading_order if each.kind is Kind.BLOGPOST]
        return sorted(posts, key=lambda each: (each.created.at, each.id), reverse=True)

    def all_tasks(self) -> Sequence[Task]:
        return self._tasks

    def comments(self, container: str) -> Sequence[Comment]:
        document = document_of(self._folder / layout.comments_path(container))
        return [
            _comment(each, inline=inline)
            for inline, name in ((False, "footer"), (True, "inline"))
            for each in objects_of(document.get(name))
        ]

    # What else the pages are made of.

    def whole(self, item_id: str) -> Item | None:
        """With all that isn't its name."""
        return self._own.get(item_id)

    def ancestors(self, item: Item) -> Sequence[Item]:
        """From the root down to its parent."""
        found: list[Item] = []
        seen = {item.id}
        while item.parent is not None and item.parent not in seen:
            seen.add(item.parent)
            parent = self._own.get(item.parent)
            if parent is None:
                break
            found.append(parent)
            item = parent
        return found[::-1]

    def all_files(self) -> Iterator[File]:
        for container in sorted(self._files):
            yield from self._files[container]

    def all_people(self) -> Sequence[Person]:
        people = [person for each in self._users if (person := self.person(each)) is not None]
        return sorted(people, key=lambda each: (each.name.casefold(), each.account_id))

    def all_labels(self) -> Mapping[str, Sequence[Item]]:
        return {label: self._labels[label] for label in sorted(self._labels)}

    def file_original(self, file: File) -> Path:
        """Where the file itself lies, below the space's folder."""
        return Path(layout.attachment_path(file.id, file.title))  # type: ignore[arg-type]

    def versions(self, item: Item) -> Sequence[Edition]:
        """All that are known of, the newest first."""
        metadata = document_of(self._folder / layout.metadata_path(item.kind, item.id))
        return [_edition(each) for each in objects_of(metadata.get("versions"))]

    def _items(self) -> Iterator[Item]:
        """In reading order, also what could not be fetched yet; then what the tree doesn't have, as it is no
        longer listed."""
        left = {kind: set(self._ids(kind)) for kind in IN_TREE}
        for row in rows_of(self._folder / layout.TREE):
            kind, item_id = _kind(row), text_of(row.get("id"))
            if kind is not None and layout.owner_of(layout.metadata_path(kind, item_id)) is not None:
                left[kind].discard(item_id)
                yield self._item(kind, item_id, row)
        for kind in IN_TREE:
            for item_id in sorted(left[kind]):
                yield self._item(kind, item_id, None)

    def _ids(self, kind: Kind) -> Iterator[str]:
        folder = self._folder / layout.metadata_path(kind, "0").parent
        for name in names_in(folder):
            owner = layout.owner_of(layout.metadata_path(kind, "0").parent / name)
            if owner is not None and owner.role == "metadata":
                yield owner.id

    def _item(self, kind: Kind, item_id: str, row: Mapping[str, Any] | None) -> Item:
        metadata = document_of(self._folder / layout.metadata_path(kind, item_id)) or _as_listed(
            kind, row or {}
        )
        body = self._folder / layout.storage_path(kind, item_id)
        return Item(
            kind=kind,
            id=item_id,
            title=shown_text(metadata.get("title")) or f"({kind} {item_id})",
            space_key=self.space_key,
            status=text_of(metadata.get("status")),
            parent=name_of(metadata.get("parentId")),
            orphan=row is not None and bool(row.get("orphan")),
            created=Edition(None, text_of(metadata.get("createdAt")), name_of(metadata.get("authorId"))),
            version=_edition(metadata.get("version")),
            owner=name_of(metadata.get("ownerId")),
            labels=tuple(sorted({_label(each) for each in objects_of(metadata.get("labels"))})),
            address=_address(self.site_url, metadata),
            has_body=kind in WITH_BODY and is_file(body),
            listed=row is not None,
        )

    def _attachments(self) -> Mapping[str, Sequence[File]]:
        found: dict[str, list[File]] = defaultdict(list)
        for item_id in self._ids(Kind.ATTACHMENT):
            metadata = document_of(self._folder / layout.metadata_path(Kind.ATTACHMENT, item_id))
            title = text_of(metadata.get("title"))
            path = layout.attachment_path(item_id, title)  # type: ignore[arg-type]
            container = next((name for key in _CONTAINERS if (name := text_of(metadata.get(key)))), "")
            found[container].append(
                File(
                    id=item_id,
                    title=title,
                    container=container,
                    media_type=text_of(metadata.get("mediaType")),
                    size=number_of(metadata.get("fileSize")) or 0,
                    file_id=name_of(metadata.get("fileId")),
                    comment=text_of(metadata.get("comment")),
                    version=_edition(metadata.get("version")),
                    href=addresses.of_file(item_id, path.name) if is_file(self._folder / path) else None,
                )
            )
        return {key: sorted(files, key=lambda each: (each.title, each.id)) for key, files in found.items()}

    def _all_tasks(self) -> Iterator[Task]:
        for item_id in sorted(self._ids(Kind.TASK), key=lambda each: (len(each), each)):
            data = document_of(self._folder / layout.metadata_path(Kind.TASK, item_id))
            yield Task(
                id=item_id,
                page=text_of(data.get("pageId")) or text_of(data.get("blogPostId")),
                body=_storage(data),
                done=data.get("status") == "complete",
                assignee=name_of(data.get("assignedTo")),
                due=text_of(data.get("dueAt")),
            )


def space_of(folder: Path) -> dict[str, Any]:
    """The space's own metadata; nothing where it can't be read."""
    return document_of(folder / layout.SPACE)


def _in_tree(tree: Path, key: str, site_url: str) -> Iterator[Item]:
    """What is known of a space beside, without a look at each of its files."""
    for row in rows_of(tree):
        kind = _kind(row)
        if kind is None or row.get("path") is None or not text_of(row.get("id")):
            continue
        metadata = (
            document_of(tree.parent / layout.metadata_path(kind, row["id"])) if kind is Kind.BLOGPOST else {}
        )
        yield Item(
            kind=kind,
            id=row["id"],
            title=shown_text(row.get("title")),
            space_key=key,
            status=text_of(row.get("status")),
            parent=name_of(row.get("parent")),
            orphan=bool(row.get("orphan")),
            created=Edition(None, text_of(metadata.get("createdAt")), None),
            version=_NOTHING,
            owner=None,
            labels=(),
            address=_address(site_url, metadata),
            has_body=kind in WITH_BODY,
        )


def _by_parent(items: Iterable[Item]) -> Mapping[str, Sequence[Item]]:
    found: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        if item.parent is not None and item.listed:
            found[item.parent].append(item)
    return found


def _by_title(items: Iterable[Item]) -> Mapping[tuple[str, str, str], Item]:
    """Pages by space and title, posts by their day, too. A current page comes before an archived one."""
    found: dict[tuple[str, str, str], Item] = {}
    for item in items:
        if item.kind in WITH_BODY:
            day = item.created.at[:10].replace("-", "/") if item.kind is Kind.BLOGPOST else ""
            key = (item.space_key, item.title.casefold(), day)
            if key not in found or (item.status == "current" and item.listed):
                found[key] = item
    return found


def _by_label(items: Iterable[Item]) -> Mapping[str, Sequence[Item]]:
    found: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        for label in item.labels:
            found[label].append(item)
    return found


def _home(folder: Path) -> str | None:
    home = document_of(folder / layout.SPACE).get("homepageId")
    return home if isinstance(home, str) else None


def _comment(data: dict[str, Any], *, inline: bool) -> Comment:
    properties = object_of(data.get("properties"))
    return Comment(
        id=text_of(data.get("id")),
        inline=inline,
        version=_edition(data.get("version")),
        body=_storage(data),
        resolved=data.get("resolutionStatus") == "resolved",
        marker=name_of(properties.get("inlineMarkerRef")),
        quoted=text_of(properties.get("inlineOriginalSelection")),
        replies=tuple(_comment(each, inline=inline) for each in objects_of(data.get("replies"))),
    )


def _storage(data: Mapping[str, Any]) -> bytes:
    body = object_of(object_of(data.get("body")).get("storage"))
    return text_of(body.get("value")).encode(errors="surrogatepass")


def _as_listed(kind: Kind, row: Mapping[str, Any]) -> dict[str, Any]:
    """What the tree says of something without metadata."""
    links = {"webui": f"/pages/viewpage.action?pageId={row.get('id')}"} if kind in WITH_BODY else None
    named = {"title": row.get("title"), "status": row.get("status"), "parentId": row.get("parent")}
    return {**named, "_links": links}


def _edition(data: Any) -> Edition:
    if not isinstance(data, dict):
        return _NOTHING
    return Edition(
        number_of(data.get("number")),
        text_of(data.get("createdAt")),
        name_of(data.get("authorId")),
        text_of(data.get("message")),
    )


def _label(data: Mapping[str, Any]) -> str:
    name, prefix = text_of(data.get("name")), data.get("prefix")
    return name if prefix in ("global", None) else f"{prefix}:{name}"


def _address(site_url: str, metadata: Mapping[str, Any]) -> str:
    path = object_of(metadata.get("_links")).get("webui")
    return f"{site_url}{path}" if site_url and isinstance(path, str) else ""


def _kind(row: Mapping[str, Any]) -> Kind | None:
    return next((kind for kind in IN_TREE if kind == row.get("kind")), None)
