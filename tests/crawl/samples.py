# ruff: noqa: ARG002 — the fakes take what the protocols say
"""Values as a listing brings them, and fakes for both sides of a crawl."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from exporter.crawl.crawl import crawl
from exporter.crawl.protocols import Sink, Source
from exporter.crawl.report import Report
from exporter.crawl.routes import DUE, SWEPT, TURN
from exporter.crawl.wanted import Policy, Wanted
from exporter.errors import NotFound, ObstructedError
from exporter.model import (
    AttachmentId,
    AttachmentInfo,
    CommentId,
    CommentInfo,
    ContentId,
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
    SpaceId,
    State,
    TreeNode,
    Version,
)
from exporter.progress import Silent

T = TypeVar("T")

SPACE = Space(SpaceId("5"), "ENG", "ENG", "Engineering", b'{"id": "5"}')
VERSION = Version(1, "2026-11-01T08:00:00.000Z")
SINCE = "2026-11-01T08:00:00+00:00"
NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)


def _with_digest(fields: dict[str, Any], metadata: dict[str, Any]) -> dict[str, Any]:
    fields.setdefault("metadata", json.dumps(metadata).encode())
    return {**fields, "digest": sha256(fields["metadata"])}


def sha256(data: bytes | str) -> bytes:
    return hashlib.sha256(data if isinstance(data, bytes) else data.encode()).digest()


def info(number: int | str, kind: Kind = Kind.PAGE, **changes: Any) -> ContentInfo:
    fields: dict[str, Any] = {
        "title": f"Title {number}",
        "status": "current",
        "version": VERSION,
        "space_id": "5",
        "parent_id": None,
        "parent_type": None,
        "position": None,
        "subtype": None,
        **changes,
    }
    fields = _with_digest(fields, {"id": str(number), "changes": repr(sorted(changes.items()))})
    return ContentInfo(id=ContentId(str(number)), kind=kind, **fields)


def attachment(number: int | str, container: int | str = 1, **changes: Any) -> AttachmentInfo:
    fields: dict[str, Any] = {
        "title": f"{number}.png",
        "status": "current",
        "version": VERSION,
        "size": 4,
        "media_type": "image/png",
        **changes,
    }
    fields = _with_digest(fields, {"id": f"att{number}", "changes": repr(sorted(changes.items()))})
    return AttachmentInfo(id=AttachmentId(f"att{number}"), container=ContentId(str(container)), **fields)


def comment(
    number: int | str, container: int | str = 1, parent: int | str | None = None, **changes: Any
) -> CommentInfo:
    """Changes beyond the fields of a comment go into its document."""
    fields: dict[str, Any] = {"inline": False, "title": "", "version": VERSION}
    document = {name: value for name, value in changes.items() if name not in fields}
    fields |= {name: value for name, value in changes.items() if name in fields}
    parent_id = None if parent is None else CommentId(str(parent))
    document |= {"id": str(number), "parentCommentId": parent_id, "version": fields["version"].number}
    fields = _with_digest(fields, document)
    return CommentInfo(
        id=CommentId(str(number)), container=str(container), parent_id=parent_id, **fields
    )  # fmt: skip


def old(container: int | str, number: int, day: int | None = None) -> OldVersion:
    """A version made on a day of November, its number's one unless told."""
    return OldVersion(str(container), number, f"2026-11-{day or number:02}T08:00:00.000Z")


def held(item: ContentInfo | AttachmentInfo | CommentInfo, **changes: Any) -> Held:
    fields: dict[str, Any] = {
        "version": item.version,
        "title": item.title,
        "digest": item.digest,
        "has_data": True,
        "state": None,
        "missing_since": None,
        **changes,
    }
    return Held(**fields)


def held_old(version: OldVersion, **changes: Any) -> Held:
    fields: dict[str, Any] = {"digest": b"any", "has_data": True, "state": None, "missing_since": None}
    number = Version(version.number, version.date)
    return Held(version=number, title="", **{**fields, **changes})


async def _stream(items: Iterable[T | Exception]) -> AsyncIterator[T]:
    for item in items:
        yield value(item)


def value(item: T | Exception) -> T:
    if isinstance(item, Exception):
        raise item
    return item


class FakeSource:
    """A remote side of dictionaries; an exception in place of a value is raised."""

    def __init__(self) -> None:
        self.listed: dict[Kind, list[ContentInfo | Exception]] = defaultdict(list)
        self.customs: dict[str, list[ContentInfo | Exception]] = defaultdict(list)
        self.found: list[FoundContent | Exception] = []
        self.nodes: dict[str, ContentInfo | Exception] = {}
        self.elsewhere: dict[str, ContentInfo] | Exception = {}
        self.files_elsewhere: dict[str, AttachmentInfo | Exception] = {}
        self.bodies: dict[str, str] = {}
        self.alone: dict[str, Page | Exception] = {}
        self.facts: dict[str, dict[Part, Any] | Exception] = {}
        self.closed: dict[str, Any] = {}
        self.named: dict[str, list[str | Exception]] = defaultdict(list)
        self.files: dict[str, list[AttachmentInfo | Exception]] = defaultdict(list)
        self.talk: dict[str, list[CommentInfo | Exception]] = defaultdict(list)
        self.answers: dict[str, list[CommentInfo | Exception]] = defaultdict(list)
        self.site_files: list[AttachmentInfo | Exception] = []
        self.site_talk: list[CommentInfo | Exception] = []
        self.pinned: list[FoundDetails | Exception] = []
        self.counts: dict[tuple[Kind, bool], int | Exception] = defaultdict(int)
        self.versions: dict[str, list[OldVersion | Exception]] = defaultdict(list)
        self.old: dict[str, Exception] = {}
        self.data: dict[str, bytes | Exception] = {}
        self.breaks_once: dict[str, Exception] = {}
        self.of_space: dict[str, list[Any] | Exception] = defaultdict(list)
        self.accounts: dict[str, Any] | Exception = {}
        self.without_body: set[str] = set()
        self.talking: set[str] = set()
        self.chokes_above = 1000
        self.choke: Exception = RuntimeError("unset")
        self.batches: list[list[str]] = []
        self.asked: list[str] = []

    def asked_for(self, what: str) -> list[str]:
        """The ids that were asked for, of one kind of request."""
        return [name.removeprefix(f"{what} ") for name in self.asked if name.startswith(f"{what} ")]

    def contents(self, space: Space, kind: Kind, *, of_type: str = "") -> AsyncIterator[ContentInfo]:
        assert space.id == "5"
        self.asked.append(f"contents {of_type or kind}")
        return _stream(self.customs[of_type] if of_type else self.listed[kind])

    def search(self, space: Space) -> AsyncIterator[FoundContent]:
        self.asked.append(f"search {space.key}")
        return _stream(self.found)

    async def by_id(self, kind: Kind, item: str) -> ContentInfo:
        self.asked.append(f"{kind} {item}")
        return value(self.nodes.get(item, NotFound("answered 404")))

    async def look_up(
        self, kind: Kind, ids: Sequence[str], *, alone: bool = True
    ) -> Mapping[str, ContentInfo]:
        self.asked += [f"look-up {item_id}" for item_id in ids]
        every = value(self.elsewhere)
        return {item_id: every[item_id] for item_id in ids if item_id in every}

    async def look_up_attachment(self, attachment: str) -> AttachmentInfo:
        self.asked.append(f"look-up {attachment}")
        return value(self.files_elsewhere.get(attachment, NotFound("answered 404")))

    async def has_comment(self, comment: str) -> bool:
        self.asked.append(f"comment {comment}")
        return comment in self.talking

    async def pages(self, kind: Kind, wanted: Sequence[ContentInfo], *, adf: bool = False) -> list[Page]:
        assert {each.kind for each in wanted} == {kind}
        self.batches.append([each.id for each in wanted])
        if len(wanted) > self.chokes_above:
            raise self.choke
        return [self._page(each, adf) for each in wanted if each.id not in self.without_body]

    async def page(self, listed: ContentInfo, *, adf: bool = False) -> Page:
        self.asked.append(f"{'adf' if adf else 'page'} {listed.id}")
        return value(self.alone.get(listed.id, self._page(listed, adf)))

    def _page(self, listed: ContentInfo, adf: bool) -> Page:
        """With the metadata, which a listing may have let go of."""
        every = (
            each for of_kind in self.listed.values() for each in of_kind if isinstance(each, ContentInfo)
        )
        known = next((each for each in every if each.id == listed.id), listed)
        return Page(known, adf_of(listed) if adf else self.bodies.get(listed.id, body_of(listed)))

    async def details(self, container: ContentInfo, parts: Collection[Part]) -> Mapping[Part, Any]:
        self.asked.append(f"details {container.id}")
        facts = value(self.facts.get(container.id, {}))
        return {part: facts.get(part, []) for part in parts}

    async def restrictions(self, container: ContentInfo) -> Any:
        self.asked.append(f"restrictions {container.id}")
        return value(self.closed.get(container.id, {}))

    def labels(self, container: ContentInfo) -> AsyncIterator[str]:
        self.asked.append(f"labels {container.id}")
        return _stream(self.named[container.id])

    def attachments(self, container: ContentInfo) -> AsyncIterator[AttachmentInfo]:
        self.asked.append(f"attachments {container.id}")
        return _stream(self.files[container.id])

    def comments(self, kind: Kind, container: str, *, inline: bool = False) -> AsyncIterator[CommentInfo]:
        """An exception breaks off the first listing."""
        self.asked.append(f"{'inline' if inline else 'footer'} {container}")
        every = self.talk[container]
        return _stream([each for each in every if isinstance(each, Exception) or each.inline is inline])

    def replies(self, comment: CommentInfo) -> AsyncIterator[CommentInfo]:
        self.asked.append(f"replies {comment.id}")
        return _stream(self.answers[comment.id])

    def site_attachments(self) -> AsyncIterator[AttachmentInfo]:
        self.asked.append("site attachments")
        return _stream(self.site_files)

    def site_comments(self, *, inline: bool) -> AsyncIterator[CommentInfo]:
        self.asked.append(f"site {'inline' if inline else 'footer'}")
        rows = self.site_talk
        return _stream([each for each in rows if isinstance(each, Exception) or each.inline is inline])

    def found_details(self, space: Space, parts: Collection[Part]) -> AsyncIterator[FoundDetails]:
        self.asked.append(f"found {' '.join(sorted(parts))}")
        return _stream(self.pinned)

    async def count(self, kind: Kind, space: Space | None = None) -> int:
        return value(self.counts[kind, space is None])

    def attachment_versions(self, attachment: AttachmentInfo) -> AsyncIterator[OldVersion]:
        self.asked.append(f"versions {attachment.id}")
        return _stream(self.versions[attachment.id])

    async def old_page(self, container: ContentInfo, version: OldVersion) -> OldPage:
        self.asked.append(f"old {version.container} {version.number}")
        if version.id in self.old:
            raise self.old[version.id]
        return OldPage(version, container.title, b'{"old": true}', f"<p>{version.id}</p>")

    async def old_attachment(self, attachment: AttachmentInfo, version: OldVersion) -> AttachmentInfo:
        self.asked.append(f"old {version.container} {version.number}")
        if version.id in self.old:
            raise self.old[version.id]
        return attachment

    async def download(
        self,
        attachment: AttachmentInfo,
        receive: Callable[[AsyncIterator[bytes]], Awaitable[T]],
        *,
        version: int | None = None,
    ) -> T:
        self.asked.append(f"download {attachment.id}" + (f" {version}" if version is not None else ""))
        if broken := self.breaks_once.pop(attachment.id, None):
            raise broken
        data = value(self.data.get(attachment.id, b"data"))
        return await receive(_stream([data]))

    async def space_permissions(self, space: Space) -> list[Any]:
        return self._of_space("permissions")

    async def space_role_assignments(self, space: Space) -> list[Any]:
        return self._of_space("roleAssignments")

    async def space_labels(self, space: Space) -> list[Any]:
        return self._of_space("labels")

    async def space_properties(self, space: Space) -> list[Any]:
        return self._of_space("properties")

    def _of_space(self, name: str) -> list[Any]:
        self.asked.append(f"space {name}")
        return value(self.of_space[name])

    async def users(self, account_ids: Sequence[str]) -> Mapping[str, Any]:
        self.asked.append(f"users {len(account_ids)}")
        every = value(self.accounts)
        return {account: every[account] for account in account_ids if account in every}


def body_of(page: ContentInfo) -> str:
    return f"<p>{page.id}</p>"


def adf_of(page: ContentInfo) -> str:
    return f'{{"adf": "{page.id}"}}'


class FakeSink:
    """A local side of dictionaries: what it `holds` is told by a test, all else is what was saved."""

    def __init__(self) -> None:
        self.holds: dict[Kind, dict[str, Held]] = defaultdict(dict)
        self.holds_in: dict[str, dict[Kind, dict[str, Held]]] = {}
        self.holds_bodies: dict[str, HeldBody] = {}
        self.holds_details: dict[str, dict[str, Any]] = {}
        self.holds_texts: dict[str, str] = {}
        self.holds_users: dict[str, Any] = {}
        self.holds_tree = False
        self.names: list[str] = []
        self.noted: dict[str, str] = {}
        self.obstructed: set[str] = set()
        self.space: list[Mapping[str, Any]] = []
        self.bodies: dict[str, str] = {}
        self.adf: dict[str, str] = {}
        self.metadata: list[str] = []
        self.details_saved: dict[str, Mapping[str, Any]] = {}
        self.comments: dict[str, tuple[list[str], bool]] = {}
        self.data: dict[str, bytes] = {}
        self.file_metadata: list[str] = []
        self.old: dict[str, str | bytes] = {}
        self.people_saved: Mapping[str, Any] | None = None
        self.tree: list[str] | None = None
        self.missing: list[tuple[str, str, str, str | None]] = []
        self.returned: list[tuple[str, str]] = []
        self.retired: list[tuple[str, str, str | None]] = []

    def hold(self, item: ContentInfo, **changes: Any) -> None:
        """As a run leaves it that found nothing but a body."""
        self.holds[item.kind][item.id] = held(item, **changes)
        nothing: dict[str, Any] = {
            part: [] for part in (Part.LABELS, Part.PROPERTIES, Part.LIKES, Part.VERSIONS)
        }
        self.holds_details[item.id] = {"id": item.id, **nothing, Part.RESTRICTIONS: {}}
        self.holds_bodies[item.id] = HeldBody(sha256(body_of(item)), None)
        self.holds_texts[item.id] = body_of(item)

    def hold_in(self, container: int | str, kind: Kind, items: Mapping[str, Held]) -> None:
        self.holds_in.setdefault(str(container), defaultdict(dict))[kind] = dict(items)

    def _refuse(self, *ids: str) -> None:
        if blocked := self.obstructed.intersection(ids):
            raise ObstructedError(f"{blocked} is a folder")

    async def meta(self) -> Mapping[str, str]:
        return self.noted

    async def note(self, values: Mapping[str, str]) -> None:
        self.noted |= values

    async def held(self, kind: Kind) -> Mapping[str, Held]:
        return self.holds[kind]

    async def held_in(self, containers: Sequence[str]) -> Mapping[str, Mapping[Kind, Mapping[str, Held]]]:
        return {each: self.holds_in.get(each, defaultdict(dict)) for each in containers}

    async def held_bodies(self, kind: Kind, ids: Sequence[str]) -> Mapping[str, HeldBody]:
        return {item_id: self.holds_bodies[item_id] for item_id in ids if item_id in self.holds_bodies}

    async def details(self, kind: Kind, item_id: str) -> Mapping[str, Any] | None:
        details = self.holds_details.get(item_id)
        return None if details is None else {"id": item_id, **details}

    async def body(self, kind: Kind, item_id: str) -> str:
        return self.holds_texts.get(item_id, "")

    async def people(self) -> Sequence[str]:
        return self.names

    async def users(self) -> Mapping[str, Any]:
        return self.holds_users

    async def save_space(self, space: Space, parts: Mapping[str, Any]) -> None:
        self.space.append(parts)

    async def save_pages(self, pages: Sequence[Page]) -> None:
        self._refuse(*(page.info.id for page in pages))
        for page in pages:
            self.bodies[page.info.id] = page.body
            self.holds_details.setdefault(page.info.id, {})

    async def save_adf(self, pages: Sequence[Page]) -> None:
        self.adf.update({page.info.id: page.body for page in pages})

    async def save_metadata(self, infos: Sequence[ContentInfo]) -> None:
        self._refuse(*(each.id for each in infos))
        assert all(each.metadata for each in infos)
        self.metadata += [each.id for each in infos]

    async def save_details(self, kind: Kind, item_id: str, parts: Mapping[str, Any]) -> None:
        self._refuse(f"details {item_id}")
        self.details_saved[item_id] = parts

    async def save_comments(
        self, kind: Kind, container: str, comments: Sequence[CommentInfo], *, complete: bool
    ) -> None:
        self._refuse(f"comments {container}")
        self.comments[container] = (sorted(each.id for each in comments), complete)

    async def save_attachment(self, info: AttachmentInfo, chunks: AsyncIterator[bytes]) -> None:
        self._refuse(info.id)
        self.data[info.id] = b"".join([chunk async for chunk in chunks])

    async def save_attachment_metadata(self, info: AttachmentInfo) -> None:
        self._refuse(info.id)
        self.file_metadata.append(info.id)

    async def save_old_page(self, page: OldPage) -> None:
        self._refuse(page.version.id)
        self.old[page.version.id] = page.body

    async def save_old_attachment(
        self, version: OldVersion, info: AttachmentInfo, chunks: AsyncIterator[bytes]
    ) -> None:
        self._refuse(version.id)
        self.old[version.id] = b"".join([chunk async for chunk in chunks])

    async def save_users(self, users: Mapping[str, Any]) -> None:
        self.people_saved = users

    async def save_tree(self, nodes: Sequence[TreeNode]) -> None:
        self.tree = [node.id for node in nodes]

    def has_tree(self) -> bool:
        return self.holds_tree

    async def mark_missing(
        self, kind: Kind, states: Mapping[str, State], *, container: str | None = None
    ) -> None:
        self.missing += [(kind, item_id, state, container) for item_id, state in states.items()]

    async def count(self, kind: Kind | None) -> int:
        if kind is None:
            return 1000
        inside = sum(len(of.get(kind, {})) for of in self.holds_in.values())
        return len(self.holds[kind]) + inside

    async def weigh(self, kind: Kind, item_id: str) -> int:
        return 1

    async def retire(
        self, kind: Kind, item_id: str, *, container_kind: Kind | None, container: str | None
    ) -> bool:
        self.retired.append((kind, item_id, container))
        return True

    async def mark_returned(self, kind: Kind, ids: Iterable[str]) -> None:
        self.returned += [(kind, item_id) for item_id in ids]


class Crawl:
    """A run over what a space holds, from fakes into fakes."""

    def __init__(self, *contents: ContentInfo, **wanted: Any) -> None:
        self.source, self.sink, self.report = FakeSource(), FakeSink(), Report(keep_actions=True)
        self.wanted = Wanted(**{"full": False, "within": 36500, **wanted})  # which is hardly anybody's turn
        self.policy = Policy(NOW, self._still_true)
        self.asked_again: list[str] = []
        self.is_still_true = True
        for each in contents:
            if each.kind in (Kind.PAGE, Kind.BLOGPOST, Kind.TASK):
                self.source.listed[each.kind].append(each)
            elif each.kind is Kind.CUSTOM_CONTENT:
                self.source.customs["app:type"].append(each)
                self.source.found.append(FoundContent("app:type", each))
            else:
                self.source.nodes[each.id] = each
                self.source.found.append(FoundContent(str(each.kind), each))

    async def _still_true(self, page: ContentInfo) -> bool:
        self.asked_again.append(page.id)
        return self.is_still_true

    async def run(self, *, workers: int = 1, dry_run: bool = False, sink: Sink | None = None) -> None:
        source: Source = self.source
        await crawl(
            SPACE,
            source,
            sink or self.sink,
            self.wanted,
            workers=workers,
            report=self.report,
            progress=Silent(),
            policy=self.policy,
            dry_run=dry_run,
        )

    @property
    def failed(self) -> list[str]:
        return [failure.id for failure in self.report.failures]

    @property
    def done(self) -> set[tuple[str, str, str]]:
        """Verb, kind and id of everything done, but for the space itself."""
        actions = self.report.actions
        return {(each.verb, str(each.kind), each.id) for each in actions if each.kind is not Kind.SPACE}


PAGES = range(1, 9)
ALL_PARTS = "attachments comments labels likes properties restrictions versions"
NOTHING_OWED = {f"{TURN} {ALL_PARTS}": "1", SWEPT: ALL_PARTS, DUE: ""}


def night(*, first: bool = False, pages: range = PAGES, **wanted: Any) -> Crawl:
    """A run on eight pages, held but for a first run; the index agrees that nothing hangs on them."""
    crawl = Crawl(*map(info, pages), **wanted)
    if not first:
        crawl.sink.noted = dict(NOTHING_OWED)
        for number in pages:
            crawl.sink.hold(info(number))
    return crawl
