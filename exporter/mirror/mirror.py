"""One space's folder: what it holds, and how something is saved to it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path, PurePosixPath
from typing import Any

from exporter import canonical, layout, people
from exporter.clock import Clock
from exporter.mirror import threads
from exporter.mirror.files import Files, Incoming, Stored
from exporter.mirror.manifest import Entry, Item, Manifest, Role
from exporter.mirror.uninterrupted import see_through
from exporter.model import (
    WITH_BODY,
    AttachmentInfo,
    CommentInfo,
    ContentInfo,
    Held,
    HeldBody,
    Kind,
    OldPage,
    OldVersion,
    Page,
    Space,
    State,
    TreeNode,
    Version,
)

Named = Mapping[Role, Iterable[str]]  # the people in each of an item's files

WRITERS = 4  # threads that write files


class Mirror:
    """An open, locked mirror. Saving puts files in place first and notes them in the manifest last.

    Raises `LocalError` where the disk refuses: the run must end, what is recorded stays true.
    """

    def __init__(self, files: Files, manifest: Manifest, clock: Clock) -> None:
        self._files = files
        self._manifest = manifest
        self._clock = clock

    @property
    def folder(self) -> Path:
        return self._files.root

    async def meta(self) -> Mapping[str, str]:
        """What was noted of the mirror as a whole: whose it is, of which space."""
        return await self._manifest.meta()

    async def note(self, values: Mapping[str, str]) -> None:
        await self._manifest.set_meta(values)

    async def held(self, kind: Kind) -> dict[str, Held]:
        """Every recorded item of a kind, by id, with what is still there."""
        found: dict[str, Held] = {}
        async for items in self._manifest.items(kind):
            found |= await self._still_there(items)
        return found

    async def held_in(self, container: str) -> dict[Kind, dict[str, Held]]:
        """What is recorded of the attachments, comments and former versions of one item."""
        items = await self._manifest.contained(container)
        found = {
            each: await self._still_there([item for item in items if item.kind is each])
            for each in (Kind.ATTACHMENT, Kind.COMMENT, Kind.VERSION)
        }
        if found[Kind.COMMENT]:  # they share a file
            there = threads.parse(await self._files.read(layout.comments_path(container)))
            listed = {item.id: item.listed for item in items if item.kind is Kind.COMMENT}
            found[Kind.COMMENT] = {
                each: replace(held, has_data=each in there, digest=listed[each] if each in there else None)
                for each, held in found[Kind.COMMENT].items()
            }
        return found

    async def held_bodies(self, kind: Kind, ids: Sequence[str]) -> dict[str, HeldBody]:
        """SHA-256 of the bodies that are still there."""
        files = await self._manifest.files(kind, ids)
        roles: tuple[Role, ...] = ("storage", "adf")
        every = [each for of in files.values() for role, each in of.items() if role in roles]
        present = {each.path for each in await self._present(every)}
        return {
            item_id: HeldBody(*(_sha256(of.get(role), present) for role in roles))
            for item_id, of in files.items()
        }

    async def details(self, kind: Kind, item_id: str) -> dict[str, Any] | None:
        """The metadata file of an item, parsed; None where there is none.

        Empty where it isn't the one that was recorded, as after a kill between the two: so it is saved anew.
        """
        data = await self._files.read(layout.metadata_path(kind, item_id))
        if data is None:
            return None
        recorded = (await self._manifest.files(kind, [item_id])).get(item_id, {}).get("metadata")
        is_ours = recorded is not None and recorded.sha256 == hashlib.sha256(data).hexdigest()
        return (canonical.load(data) or {}) if is_ours else {}

    async def body(self, kind: Kind, item_id: str) -> str:
        """A body in storage format; empty where there is none."""
        data = await self._files.read(layout.storage_path(kind, item_id))
        return (data or b"").decode(errors="replace")

    async def people(self) -> list[str]:
        """Every account that something not missing names."""
        return await self._manifest.people()

    async def save_space(self, space: Space, parts: Mapping[str, Any]) -> None:
        """`space.json`, with the parts that were asked for."""
        document = {
            **await self._document(layout.SPACE),
            **(canonical.load(space.metadata) or {}),
            **parts,
        }
        (stored,) = await self._files.write_all([(layout.SPACE, canonical.dump(document))])
        entry = Entry(
            Kind.SPACE,
            space.id,
            {"metadata": stored},
            space.name,
            Version(None, ""),
            listed=hashlib.sha256(space.metadata).digest(),
            people={"metadata": people.in_metadata(document)},
        )
        await self._manifest.record(entry)

    async def save_pages(self, pages: Sequence[Page]) -> None:
        """Bodies and metadata of pages or blog posts. The body's bytes are what the API sent."""
        await see_through(self._save_pages(pages))

    async def save_adf(self, pages: Sequence[Page]) -> None:
        """The same bodies as ADF, as a string of JSON, whose bytes are what the API sent."""
        await see_through(self._save_adf(pages))

    async def save_metadata(self, infos: Sequence[ContentInfo]) -> None:
        """Content without a body, or whose body is held already. Details of before are kept."""
        await see_through(self._save_metadata(infos))

    async def save_details(self, kind: Kind, item_id: str, parts: Mapping[str, Any]) -> None:
        """Labels, versions and the like, into the metadata file that is there."""
        await see_through(self._save_details(kind, item_id, parts))

    async def save_comments(
        self, kind: Kind, container: str, comments: Sequence[CommentInfo], *, complete: bool
    ) -> None:
        """The comments on one item, threaded, in one file.

        Those held but not listed stay in it, and when the listing is complete, in a file of their own.
        """
        await see_through(self._save_comments(kind, container, comments, complete=complete))

    async def save_attachment(self, info: AttachmentInfo, chunks: AsyncIterator[bytes]) -> None:
        """Stream an attachment into its place. The file of a former name goes."""
        path = layout.attachment_path(info.id, info.title)
        async with self._files.receive(path, chunks) as incoming:
            await see_through(self._save_attachment(info, incoming))

    async def save_attachment_metadata(self, info: AttachmentInfo) -> None:
        """An attachment whose file is held already, perhaps under another name."""
        await see_through(self._save_attachment(info, None))

    async def save_old_page(self, page: OldPage) -> None:
        """A former version of a page or blog post."""
        await see_through(self._save_old_page(page))

    async def save_old_attachment(
        self, version: OldVersion, info: AttachmentInfo, chunks: AsyncIterator[bytes]
    ) -> None:
        """A former version of an attachment."""
        path = layout.old_attachment_path(version.id, info.title)
        async with self._files.receive(path, chunks) as incoming:
            await see_through(self._save_old_attachment(version, info, incoming))

    async def save_users(self, users: Mapping[str, Any]) -> None:
        """`users.json`. Those of before whom nobody names any more go."""
        data = canonical.dump(users)
        (space_id,) = await self.held(Kind.SPACE)
        (stored,) = await self._files.write_all([(layout.USERS, data)])
        digest = hashlib.sha256(data).digest()
        entry = Entry(Kind.USERS, space_id, {"metadata": stored}, "users", Version(None, ""), listed=digest)
        await self._manifest.record(entry)

    async def users(self) -> dict[str, Any]:
        """`users.json` as it is; empty where it isn't the one that was recorded."""
        (space_id,) = await self.held(Kind.SPACE) or [""]
        return await self.details(Kind.USERS, space_id) or {}

    async def mark_missing(
        self, kind: Kind, states: Mapping[str, State], *, container: str | None = None
    ) -> None:
        """A complete listing (of `container`, where given) lacked them, and so what they contain.
        Nothing is removed."""
        since = self._clock.now().isoformat(timespec="seconds")
        await self._manifest.mark_missing(kind, states, since=since, container=container)

    async def mark_returned(self, kind: Kind, ids: Iterable[str]) -> None:
        await self._manifest.mark_returned(kind, ids)

    async def save_tree(self, nodes: Sequence[TreeNode]) -> None:
        """`tree.json`: every node in reading order, with the file to open."""
        has_body = await self._manifest.bodies()

        def path(node: TreeNode) -> str | None:
            if node.id not in has_body:
                return None
            of = layout.storage_path if has_body[node.id] else layout.metadata_path
            return str(of(node.kind, node.id))

        def lines() -> Iterator[bytes]:
            separator = "[\n"
            for node in nodes:
                row = json.dumps({**asdict(node), "path": path(node)}, ensure_ascii=False)
                yield (separator + row).encode(errors="backslashreplace")
                separator = ",\n"
            yield b"\n]\n" if nodes else b"[]\n"

        await self._files.write_if_changed(layout.TREE, lines())

    async def save_summary(self, document: Mapping[str, Any]) -> None:
        text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
        await self._files.write_all([(layout.LAST_RUN, text.encode(errors="backslashreplace"))])

    def has_tree(self) -> bool:
        return (self.folder / layout.TREE).is_file()

    async def _document(self, path: PurePosixPath) -> dict[str, Any]:
        """A metadata file as it is on disk."""
        data = await self._files.read(path)
        return (canonical.load(data) if data is not None else None) or {}

    async def _present(self, files: Sequence[Stored]) -> list[Stored]:
        there = await self._files.present(files)
        return [file for file, is_there in zip(files, there, strict=True) if is_there]

    async def _still_there(self, items: Sequence[Item]) -> dict[str, Held]:
        files = [file for item in items for file in (item.metadata, item.data) if file]
        present = {file.path for file in await self._present(files)}
        return {item.id: _held(item, present) for item in items}

    async def _with_details(self, info: ContentInfo) -> bytes:
        """The metadata, with what the file of before has beyond it."""
        if info.kind not in WITH_BODY:
            return info.metadata
        before = await self._document(layout.metadata_path(info.kind, info.id))
        base = canonical.load(info.metadata) or {}
        return canonical.dump({**before, **base}) if before.keys() - base.keys() else info.metadata

    async def _save_pages(self, pages: Sequence[Page]) -> None:
        files = []
        for page in pages:
            kind, page_id = page.info.kind, page.info.id
            files.append((layout.storage_path(kind, page_id), page.body.encode(errors="surrogatepass")))
            files.append((layout.metadata_path(kind, page_id), await self._with_details(page.info)))
        stored = iter(await self._files.write_all(files))
        bytes_of = dict(files)
        kind = pages[0].info.kind
        before = await self._manifest.files(kind, [page.info.id for page in pages])
        entries, stale = [], []
        for page in pages:
            body, metadata = next(stored), next(stored)
            named: Named = {"storage": people.in_body(page.body)}
            entry = _entry(page.info, metadata, bytes_of[metadata.path], {"storage": body}, named)
            had = before.get(page.info.id, {})
            if "adf" in had and "storage" in had and had["storage"].sha256 != body.sha256:
                entry = replace(entry, dropped=("adf",))  # of another body
                stale.append(had["adf"].path)
            entries.append(entry)
        await self._manifest.record(*entries)
        for path in stale:
            await self._files.remove(path)

    async def _save_adf(self, pages: Sequence[Page]) -> None:
        files = [
            (layout.adf_path(page.info.kind, page.info.id), page.body.encode(errors="surrogatepass"))
            for page in pages
        ]
        stored = await self._files.write_all(files)
        await self._manifest.record(
            *(
                Entry(page.info.kind, page.info.id, {"adf": file})
                for page, file in zip(pages, stored, strict=True)
            )
        )

    async def _save_metadata(self, infos: Sequence[ContentInfo]) -> None:
        files = [(layout.metadata_path(info.kind, info.id), await self._with_details(info)) for info in infos]
        stored = await self._files.write_all(files)
        await self._manifest.record(
            *(_entry(info, file, data) for info, file, (_, data) in zip(infos, stored, files, strict=True))
        )

    async def _save_details(self, kind: Kind, item_id: str, parts: Mapping[str, Any]) -> None:
        path = layout.metadata_path(kind, item_id)
        before = await self.details(kind, item_id)
        if not before:  # damaged: the next listing brings the rest anew
            await self._manifest.forget_listed(kind, item_id)
        document = {**(before or {}), **parts}
        (stored,) = await self._files.write_all([(path, canonical.dump(document))])
        named: Named = {"metadata": people.in_metadata(document)}
        await self._manifest.record(Entry(kind, item_id, {"metadata": stored}, people=named))

    async def _save_comments(
        self, kind: Kind, container: str, comments: Sequence[CommentInfo], *, complete: bool
    ) -> None:
        live_path, missing_path = layout.comments_path(container), layout.missing_comments_path(container)
        held = {path: threads.parse(await self._files.read(path)) for path in (live_path, missing_path)}
        live, missing = threads.merge(held[live_path], held[missing_path], comments, complete=complete)
        files: dict[Role, Stored] = {}
        dropped: dict[Role, PurePosixPath] = {}
        sides: tuple[tuple[Role, PurePosixPath, list[threads.Comment]], ...] = (
            ("missing-comments", missing_path, missing),
            ("comments", live_path, live),
        )
        for role, path, documents in sides:  # what goes from one to the other is never in neither
            if documents:
                data = canonical.dump(threads.arrange(documents))
                (files[role],) = await self._files.write_all([(path, data)])
            else:
                dropped[role] = path
        named: Named = {"comments": people.in_metadata([each.document for each in live])} if live else {}
        await self._manifest.record(
            Entry(kind, container, files, people=named, dropped=tuple(dropped)),
            *(
                Entry(
                    Kind.COMMENT,
                    comment.id,
                    {},
                    comment.title,
                    comment.version,
                    listed=comment.digest,
                    container=container,
                )
                for comment in comments
            ),
        )
        for path in dropped.values():
            await self._files.remove(path)

    async def _save_attachment(self, info: AttachmentInfo, incoming: Incoming | None) -> None:
        files: dict[Role, Stored] = {}
        before = (await self._manifest.files(Kind.ATTACHMENT, [info.id])).get(info.id, {}).get("file")
        if incoming is not None:
            files["file"] = await self._files.place(incoming)
        elif before is not None and before.path != (path := layout.attachment_path(info.id, info.title)):
            await self._files.rename(before.path, path)
            files["file"] = replace(before, path=path)
        metadata_path = layout.metadata_path(Kind.ATTACHMENT, info.id)
        (files["metadata"],) = await self._files.write_all([(metadata_path, info.metadata)])
        await self._manifest.record(_attachment_entry(info, files))
        after = files.get("file")
        if incoming is not None and before is not None and after is not None and before.path != after.path:
            await self._files.remove(before.path)

    async def _save_old_page(self, page: OldPage) -> None:
        version = page.version
        stored = await self._files.write_all(
            [
                (layout.storage_path(Kind.VERSION, version.id), page.body.encode(errors="surrogatepass")),
                (layout.metadata_path(Kind.VERSION, version.id), page.metadata),
            ]
        )
        named = people.in_body(page.body) | people.in_metadata(canonical.load(page.metadata))
        files: dict[Role, Stored] = {"storage": stored[0], "metadata": stored[1]}
        await self._manifest.record(_old_entry(version, page.title, files, named))

    async def _save_old_attachment(
        self, version: OldVersion, info: AttachmentInfo, incoming: Incoming
    ) -> None:
        files: dict[Role, Stored] = {"file": await self._files.place(incoming)}
        path = layout.metadata_path(Kind.VERSION, version.id)
        (files["metadata"],) = await self._files.write_all([(path, info.metadata)])
        named = people.in_metadata(canonical.load(info.metadata))
        await self._manifest.record(_old_entry(version, info.title, files, named))


def _held(item: Item, present: Container[PurePosixPath]) -> Held:
    return Held(
        version=item.version,
        title=item.title,
        digest=item.listed if item.metadata and item.metadata.path in present else None,
        has_data=item.data is not None and item.data.path in present,
        state=item.state,
        missing_since=item.missing_since,
    )


def _sha256(stored: Stored | None, present: Container[PurePosixPath]) -> bytes | None:
    return bytes.fromhex(stored.sha256) if stored and stored.path in present else None


def _entry(
    info: ContentInfo,
    metadata: Stored,
    data: bytes,
    files: Mapping[Role, Stored] | None = None,
    named: Named | None = None,
) -> Entry:
    return Entry(
        info.kind,
        info.id,
        {"metadata": metadata, **(files or {})},
        info.title,
        info.version,
        listed=info.digest,
        container=info.parent_id if info.kind in (Kind.TASK, Kind.CUSTOM_CONTENT) else None,
        people={"metadata": people.in_metadata(canonical.load(data)), **(named or {})},
    )


def _attachment_entry(info: AttachmentInfo, files: Mapping[Role, Stored]) -> Entry:
    return Entry(
        Kind.ATTACHMENT,
        info.id,
        files,
        info.title,
        info.version,
        listed=info.digest,
        container=info.container,
        people={"metadata": people.in_metadata(canonical.load(info.metadata))},
    )


def _old_entry(version: OldVersion, title: str, files: Mapping[Role, Stored], named: Iterable[str]) -> Entry:
    return Entry(
        Kind.VERSION,
        version.id,
        files,
        title,
        Version(version.number, version.date),
        listed=bytes.fromhex(files["metadata"].sha256),  # without it, the file would count as lost
        container=version.container,
        people={"metadata": named},
    )
