"""One space's folder: what it holds, and how something is saved to it."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Container, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from exporter import canonical, layout, people
from exporter.clock import Clock
from exporter.mirror import summaries, threads, tree
from exporter.mirror.entry import Entry, Named, Role, attachment_entry, content_entry, old_entry
from exporter.mirror.files import Files, Incoming, Stored
from exporter.mirror.manifest import CHUNK, Item, Manifest
from exporter.mirror.placing import Placing
from exporter.mirror.trash import Trash
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

WRITERS = 4  # threads that write files


class Mirror:
    """An open, locked mirror. Saving puts files in place first and notes them in the manifest last.

    Raises `LocalError` where the disk refuses: the run must end, what is recorded stays true.
    """

    def __init__(self, files: Files, manifest: Manifest, clock: Clock) -> None:
        self._files = files
        self._manifest = manifest
        self._clock = clock
        self.moment: datetime | None = None  # at which this run misses what it misses
        self._placing = Placing(files, manifest, clock)
        self._trash = Trash(files, manifest, self._placing, clock)

    @property
    def warnings(self) -> list[str]:
        """What somebody should know of the mirror itself: what was set aside, how it was healed."""
        return self._placing.warnings

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

    async def held_in(self, containers: Sequence[str]) -> dict[str, dict[Kind, dict[str, Held]]]:
        """What is recorded of the attachments, comments and former versions of some items."""
        items: dict[str, list[Item]] = {each: [] for each in containers}
        for at in range(0, len(containers), CHUNK):
            for item in await self._manifest.contained(containers[at : at + CHUNK]):
                items[item.container or ""].append(item)
        return {each: await self._held_in(each, items[each]) for each in containers}

    async def _held_in(self, container: str, items: Sequence[Item]) -> dict[Kind, dict[str, Held]]:
        found = {
            each: await self._still_there([item for item in items if item.kind is each])
            for each in (Kind.ATTACHMENT, Kind.COMMENT, Kind.VERSION)
        }
        if found[Kind.COMMENT]:  # they share a file
            data, is_ours = await self._read(layout.comments_path(container))
            there = threads.parse(data if is_ours else None)
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
        data, is_ours = await self._read(layout.metadata_path(kind, item_id))
        if data is None:
            return None
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
        (stored,) = await self._placing.write_all([(layout.SPACE, canonical.dump(document))])
        entry = Entry(
            Kind.SPACE,
            space.id,
            {"metadata": stored},
            space.name,
            Version(None, ""),
            listed=hashlib.sha256(space.metadata).digest(),
            people={"metadata": people.in_metadata(document)},
        )
        await self._placing.record(entry)

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
        async with self._files.receive(path, chunks, expected_size=info.size) as incoming:
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
        async with self._files.receive(path, chunks, expected_size=info.size) as incoming:
            await see_through(self._save_old_attachment(version, info, incoming))

    async def save_users(self, users: Mapping[str, Any]) -> None:
        """`users.json`. Those of before whom nobody names any more go."""
        data = canonical.dump(users)
        (space_id,) = await self.held(Kind.SPACE)
        (stored,) = await self._placing.write_all([(layout.USERS, data)])
        digest = hashlib.sha256(data).digest()
        entry = Entry(Kind.USERS, space_id, {"metadata": stored}, "users", Version(None, ""), listed=digest)
        await self._placing.record(entry)

    async def users(self) -> dict[str, Any]:
        """`users.json` as it is; empty where it isn't as recorded, or is to be looked at again."""
        (space_id,) = await self.held(Kind.SPACE) or [""]
        held = (await self.held(Kind.USERS)).get(space_id)
        known = held is not None and held.digest is not None
        return (await self.details(Kind.USERS, space_id) or {}) if known else {}

    async def mark_missing(
        self, kind: Kind, states: Mapping[str, State], *, container: str | None = None
    ) -> None:
        """A complete listing (of `container`, where given) lacked them, and so what they contain."""
        since = (self.moment or self._clock.now()).isoformat(timespec="seconds")
        await self._manifest.mark_missing(kind, states, since=since, container=container)

    async def mark_returned(self, kind: Kind, ids: Iterable[str]) -> None:
        await self._manifest.mark_returned(kind, ids)

    async def count(self, kind: Kind | None) -> int:
        return await self._manifest.count(kind)

    async def weigh(self, kind: Kind, item_id: str) -> int:
        return await self._manifest.weigh(kind, item_id)

    async def retire(
        self, kind: Kind, item_id: str, *, container_kind: Kind | None, container: str | None
    ) -> bool:
        """Move an item with what it contains to the trash of today; False where it isn't recorded there."""
        return await see_through(self._trash.retire(kind, item_id, container_kind, container))

    async def purge_trash(self, *, days: int) -> None:
        """Remove for good what was retired more than so many days ago."""
        await see_through(self._trash.purge(days=days))

    async def save_tree(self, nodes: Sequence[TreeNode]) -> None:
        """`tree.json`: every node in reading order, with the file to open."""
        await self._files.write_if_changed(layout.TREE, tree.lines(nodes, await self._manifest.bodies()))

    async def save_summary(self, document: Mapping[str, Any]) -> None:
        await summaries.save_summary(self._files, document)

    async def back_up_manifest(self) -> None:
        """Keep what is recorded in a second file, after a run that ended well."""
        mode = (self.folder / layout.MANIFEST).stat().st_mode & 0o777
        await self._manifest.backup(self.folder / layout.BACKUP, mode=mode)

    async def trust_manifest(self) -> None:
        """After a complete run: what a damaged manifest may have forgotten has been seen again."""
        if (await self.meta()).get("doubt"):
            await self.note({"doubt": ""})

    def has_tree(self) -> bool:
        return self._files.is_file(layout.TREE)

    async def _document(self, path: PurePosixPath) -> dict[str, Any]:
        """A metadata file as it is on disk; nothing of one that is known to be damaged."""
        if path in await self._manifest.damaged():
            return {}
        data = await self._files.read(path)
        return (canonical.load(data) if data is not None else None) or {}

    async def _read(self, path: PurePosixPath) -> tuple[bytes | None, bool]:
        """A file, and whether it is the one that was recorded."""
        data = await self._files.read(path)
        return data, data is not None and (await self._manifest.known([path])).is_at(path, data)

    async def _present(self, files: Sequence[Stored]) -> list[Stored]:
        """Those that are there, and were not found damaged."""
        damaged = await self._manifest.damaged()
        there = await self._files.present(files)
        return [
            file for file, is_there in zip(files, there, strict=True) if is_there and file.path not in damaged
        ]

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
        stored = iter(await self._placing.write_all(files))
        bytes_of = dict(files)
        kind = pages[0].info.kind
        before = await self._manifest.files(kind, [page.info.id for page in pages])
        entries, stale = [], []
        for page in pages:
            body, metadata = next(stored), next(stored)
            named: Named = {"storage": people.in_body(page.body)}
            entry = content_entry(page.info, metadata, bytes_of[metadata.path], {"storage": body}, named)
            had = before.get(page.info.id, {})
            if "adf" in had and "storage" in had and had["storage"].sha256 != body.sha256:
                entry = replace(entry, dropped=("adf",))  # of another body
                stale.append(had["adf"])
            entries.append(entry)
        await self._placing.record(*entries, leaving=stale)

    async def _save_adf(self, pages: Sequence[Page]) -> None:
        files = [
            (layout.adf_path(page.info.kind, page.info.id), page.body.encode(errors="surrogatepass"))
            for page in pages
        ]
        stored = await self._placing.write_all(files)
        await self._placing.record(
            *(
                Entry(page.info.kind, page.info.id, {"adf": file})
                for page, file in zip(pages, stored, strict=True)
            )
        )

    async def _save_metadata(self, infos: Sequence[ContentInfo]) -> None:
        files = [(layout.metadata_path(info.kind, info.id), await self._with_details(info)) for info in infos]
        stored = await self._placing.write_all(files)
        await self._placing.record(
            *(
                content_entry(info, file, data)
                for info, file, (_, data) in zip(infos, stored, files, strict=True)
            )
        )

    async def _save_details(self, kind: Kind, item_id: str, parts: Mapping[str, Any]) -> None:
        path = layout.metadata_path(kind, item_id)
        known = await self._placing.known([path])
        data = await self._files.read(path)
        before = canonical.load(data) if data is not None and known.is_at(path, data) else None
        if not before:  # damaged: the next listing brings the rest anew
            await self._manifest.forget_listed(kind, item_id)
        document = {**(before or {}), **parts}
        (stored,) = await self._placing.write_all([(path, canonical.dump(document))], known=known)
        named: Named = {"metadata": people.in_metadata(document)}
        await self._placing.record(Entry(kind, item_id, {"metadata": stored}, people=named))

    async def _save_comments(
        self, kind: Kind, container: str, comments: Sequence[CommentInfo], *, complete: bool
    ) -> None:
        live_path, missing_path = layout.comments_path(container), layout.missing_comments_path(container)
        known = await self._placing.known([live_path, missing_path], (kind, container))
        data = await self._files.read(live_path)
        before = await self._comments_before(container, data, is_ours=known.is_at(live_path, data))
        missing_before = threads.parse(await self._files.read(missing_path))
        live, missing = threads.merge(before, missing_before, comments, complete=complete)
        sides: dict[Role, tuple[PurePosixPath, list[threads.Comment]]] = {
            "missing-comments": (missing_path, missing),  # first: what goes there is never in neither
            "comments": (live_path, live),
        }
        written = {role: side for role, side in sides.items() if side[1]}
        dropped = {role: path for role, (path, documents) in sides.items() if not documents}
        stored = await self._placing.write_all(
            [(path, canonical.dump(threads.arrange(documents))) for path, documents in written.values()],
            known=known,
        )
        files = dict(zip(written, stored, strict=True))
        named: Named = {"comments": people.in_metadata([each.document for each in live])} if live else {}
        await self._placing.record(
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
            leaving=[known.own[role] for role in dropped if role in known.own],
        )
        for role, path in dropped.items():
            if role not in known.own:  # of a run that was killed before it was recorded
                await self._files.remove(path)

    async def _comments_before(
        self, container: str, data: bytes | None, *, is_ours: bool
    ) -> dict[str, threads.Comment]:
        """Those in the file; of a damaged one, those that were recorded: a harmed id is nobody's."""
        there = threads.parse(data)
        if there and not is_ours:
            items = await self._manifest.contained([container])
            recorded = {item.id for item in items if item.kind is Kind.COMMENT}
            return {each: comment for each, comment in there.items() if each in recorded}
        return there

    async def _save_attachment(self, info: AttachmentInfo, incoming: Incoming | None) -> None:
        files: dict[Role, Stored] = {}
        path = layout.attachment_path(info.id, info.title)
        metadata = layout.metadata_path(Kind.ATTACHMENT, info.id), info.metadata
        known = await self._placing.known([path, metadata[0]], (Kind.ATTACHMENT, info.id))
        before = known.own.get("file")
        if incoming is not None:
            files["file"], files["metadata"] = await self._placing.place(
                incoming, metadata, known=known, before=before
            )
        else:
            # a damaged one keeps its name: under another it would be recorded as good
            if before is not None and before.path != path and await self._present([before]):
                files["file"] = await self._placing.rename(before, path)
            (files["metadata"],) = await self._placing.write_all([metadata])
        moved = before is not None and "file" in files and before.path != path
        await self._placing.record(
            attachment_entry(info, files), leaving=[before] if before and moved else []
        )

    async def _save_old_page(self, page: OldPage) -> None:
        version = page.version
        stored = await self._placing.write_all(
            [
                (layout.storage_path(Kind.VERSION, version.id), page.body.encode(errors="surrogatepass")),
                (layout.metadata_path(Kind.VERSION, version.id), page.metadata),
            ]
        )
        named = people.in_body(page.body) | people.in_metadata(canonical.load(page.metadata))
        files: dict[Role, Stored] = {"storage": stored[0], "metadata": stored[1]}
        await self._placing.record(old_entry(version, page.title, files, named))

    async def _save_old_attachment(
        self, version: OldVersion, info: AttachmentInfo, incoming: Incoming
    ) -> None:
        metadata = layout.metadata_path(Kind.VERSION, version.id), info.metadata
        file, beside = await self._placing.place(incoming, metadata)
        files: dict[Role, Stored] = {"file": file, "metadata": beside}
        named = people.in_metadata(canonical.load(info.metadata))
        await self._placing.record(old_entry(version, info.title, files, named))


def _held(item: Item, present: Container[PurePosixPath]) -> Held:
    return Held(
        version=item.version,
        title=item.title,
        digest=item.listed if item.metadata and item.metadata.path in present else None,
        has_data=item.data is not None and item.data.path in present,
        state=item.state,
        missing_since=item.missing_since,
        container=item.container,
    )


def _sha256(stored: Stored | None, present: Container[PurePosixPath]) -> bytes | None:
    return bytes.fromhex(stored.sha256) if stored and stored.path in present else None
