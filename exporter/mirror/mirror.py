"""One space's folder: what it holds, and how something is saved to it."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import AsyncIterator, Container, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import Any

from exporter import layout
from exporter.clock import Clock
from exporter.errors import LocalError, ManifestError, UsageError
from exporter.mirror.files import Files, Incoming, Stored
from exporter.mirror.lock import locked
from exporter.mirror.manifest import Entry, Item, Manifest, Role, is_manifest, open_manifest, peek
from exporter.mirror.uninterrupted import see_through
from exporter.model import (
    WITH_BODY,
    AttachmentInfo,
    ContentId,
    ContentInfo,
    Held,
    Kind,
    Page,
    Space,
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

    @property
    def folder(self) -> Path:
        return self._files.root

    async def meta(self) -> Mapping[str, str]:
        """What was noted of the mirror as a whole: whose it is, of which space."""
        return await self._manifest.meta()

    async def note(self, values: Mapping[str, str]) -> None:
        await self._manifest.set_meta(values)

    async def held(self, kind: Kind, *, container: ContentId | None = None) -> dict[str, Held]:
        """Every recorded item of a kind (of `container`, where given), by id, with what is still there."""
        found: dict[str, Held] = {}
        async for items in self._manifest.items(kind, container=container):
            files = [file for item in items for file in (item.metadata, item.data) if file]
            present = {
                file.path
                for file, there in zip(files, await self._files.present(files), strict=True)
                if there
            }
            found |= {item.id: _held(item, present) for item in items}
        return found

    async def held_attachments(self, container: ContentId) -> dict[str, Held]:
        return await self.held(Kind.ATTACHMENT, container=container)

    async def save_space(self, space: Space) -> None:
        """`space.json`, where it says something new."""
        held = (await self.held(Kind.SPACE)).get(space.id)
        if held and held.metadata_sha256 == hashlib.sha256(space.metadata).digest():
            return
        (stored,) = await self._files.write_all([(layout.SPACE, space.metadata)])
        entry = Entry(Kind.SPACE, space.id, space.name, Version(None, ""), {"metadata": stored})
        await self._manifest.record(entry)

    async def save_pages(self, pages: Sequence[Page]) -> None:
        """Bodies and metadata of pages or blog posts. The body's bytes are what the API sent."""
        await see_through(self._save_pages(pages))

    async def save_metadata(self, infos: Sequence[ContentInfo]) -> None:
        """Content without a body, or whose body is held already."""
        await see_through(self._save_metadata(infos))

    async def save_attachment(self, info: AttachmentInfo, chunks: AsyncIterator[bytes]) -> None:
        """Stream an attachment into its place. The file of a former name goes."""
        path = layout.attachment_path(info.id, info.title)
        async with self._files.receive(path, chunks) as incoming:
            await see_through(self._save_attachment(info, incoming))

    async def save_attachment_metadata(self, info: AttachmentInfo) -> None:
        """An attachment whose file is held already."""
        await see_through(self._save_attachment(info, None))

    async def mark_missing(
        self, kind: Kind, ids: Iterable[str], *, container: ContentId | None = None
    ) -> None:
        """A complete listing (of `container`, where given) lacked them, and so what they contain.
        Nothing is removed."""
        since = self._clock.now().isoformat(timespec="seconds")
        gone = list(ids)
        await self._manifest.mark_missing(kind, gone, since=since, container=container)
        if kind in WITH_BODY:
            for item_id in gone:
                await self._manifest.mark_contained_missing(item_id, since=since)

    async def mark_returned(self, kind: Kind, ids: Iterable[str]) -> None:
        await self._manifest.mark_missing(kind, ids, since=None)

    async def save_tree(self, nodes: Sequence[TreeNode]) -> None:
        """`tree.json`: every node in reading order, with the file to open."""
        has_body = await self._manifest.contents()

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

    async def _save_pages(self, pages: Sequence[Page]) -> None:
        files = []
        for page in pages:
            kind, page_id = page.info.kind, page.info.id
            files.append((layout.storage_path(kind, page_id), page.body.encode(errors="surrogatepass")))
            files.append((layout.metadata_path(kind, page_id), page.info.metadata))
        stored = iter(await self._files.write_all(files))
        await self._manifest.record(
            *(_entry(page.info, {"storage": next(stored), "metadata": next(stored)}) for page in pages)
        )

    async def _save_metadata(self, infos: Sequence[ContentInfo]) -> None:
        files = [(layout.metadata_path(info.kind, info.id), info.metadata) for info in infos]
        stored = await self._files.write_all(files)
        await self._manifest.record(
            *(_entry(info, {"metadata": file}) for info, file in zip(infos, stored, strict=True))
        )

    async def _save_attachment(self, info: AttachmentInfo, incoming: Incoming | None) -> None:
        files: dict[Role, Stored] = {}
        before = await self._manifest.path_of(Kind.ATTACHMENT, info.id, "file")
        if incoming is not None:
            files["file"] = await self._files.place(incoming)
        path = layout.metadata_path(Kind.ATTACHMENT, info.id)
        (files["metadata"],) = await self._files.write_all([(path, info.metadata)])
        await self._manifest.record(
            Entry(Kind.ATTACHMENT, info.id, info.title, info.version, files, container=info.container)
        )
        after = files["file"].path if incoming is not None else before
        if before is not None and after is not None and before != after and before.parent == after.parent:
            await self._files.remove(before)


def _held(item: Item, present: Container[PurePosixPath]) -> Held:
    metadata = item.metadata if item.metadata and item.metadata.path in present else None
    return Held(
        version=item.version,
        title=item.title,
        metadata_sha256=bytes.fromhex(metadata.sha256) if metadata else None,
        has_data=item.data is not None and item.data.path in present,
        missing_since=item.missing_since,
    )


def _entry(info: ContentInfo, files: Mapping[Role, Stored]) -> Entry:
    return Entry(info.kind, info.id, info.title, info.version, files)


@asynccontextmanager
async def open_mirror(
    folder: Path, *, mode: int, clock: Clock, durable: bool = True
) -> AsyncIterator[Mirror]:
    """Lock a space's folder, made if absent, and open what it holds.

    Raises `LockedError` while another run works on it, `ManifestError` when its manifest is
    unusable, `LocalError` when the disk refuses.
    """
    with ThreadPoolExecutor(WRITERS, thread_name_prefix="files") as executor:
        files = Files(folder, mode=mode, executor=executor, durable=durable)
        await files.make_root()
        with locked(folder / layout.LOCK, now=clock.now()), contextlib.ExitStack() as last:
            last.callback(files.discard_incoming)
            last.callback(executor.shutdown)  # no thread writes on when the lock is free
            async with open_manifest(folder / layout.MANIFEST, mode=mode) as manifest:
                await files.sweep()
                yield Mirror(files, manifest, clock)


@asynccontextmanager
async def look_at_mirror(folder: Path, *, clock: Clock) -> AsyncIterator[Mirror]:
    """What a folder holds, if anything, without lock or write: for a dry run."""
    path = folder / layout.MANIFEST
    with ThreadPoolExecutor(1, thread_name_prefix="files") as executor:
        files = Files(folder, mode=0o600, executor=executor)
        async with open_manifest(
            path if _is_file(path) and path.stat().st_size else None, mode=None
        ) as manifest:
            yield Mirror(files, manifest, clock)


def find_mirrors(out: Path) -> dict[Path, Mapping[str, str]]:
    """The mirrors in an output folder with what `Mirror.note` noted of them.

    Raises `UsageError` for a folder that is neither empty nor ours, so that nobody's files get
    mixed with a mirror's.
    """
    try:
        entries = sorted(out.iterdir())
    except FileNotFoundError:
        return {}
    except OSError as exc:
        raise UsageError(f"{out} cannot be used as output folder: {exc.strerror}") from exc
    ours = [entry for entry in entries if is_mirror(entry)]
    if not ours and any(not _is_empty_folder(entry) for entry in entries):
        raise UsageError(f"{out} is not empty and holds no mirror: name a new or empty folder")
    return {folder: _noted(folder) for folder in ours}


def _noted(folder: Path) -> Mapping[str, str]:
    """Nothing for a manifest that is absent or unusable: opening that mirror will say so."""
    try:
        return peek(folder / layout.MANIFEST)
    except (ManifestError, LocalError):
        return {}


def is_mirror(folder: Path) -> bool:
    return is_manifest(folder / layout.MANIFEST) or _is_file(folder / layout.LOCK)


def check_space_folder(folder: Path) -> None:
    """Raises `UsageError` where something that is no mirror is in a new mirror's place."""
    if folder.is_symlink() or (folder.exists() and not is_mirror(folder) and not _is_empty_folder(folder)):
        raise UsageError(f"{folder} exists and is no mirror: move it away, or name another output folder")


def _is_empty_folder(path: Path) -> bool:
    try:
        return path.is_dir() and not path.is_symlink() and not any(path.iterdir())
    except OSError:  # not ours to read: somebody has put something there
        return False


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False
