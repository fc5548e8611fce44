"""A manifest that can't be read any more is made anew, from its backup and from the files themselves.

A backup is believed only where the file has the recorded hash. Everything else that is there is recorded as
it is, and so that the next plan looks at it again: bodies are compared with Confluence's, an attachment is
fetched again unless it is new and has the size that its metadata tells.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from exporter import canonical, layout, people
from exporter.errors import DamagedManifest, LocalError, ManifestError
from exporter.layout import Owner, Role
from exporter.mirror import manifest_file, threads
from exporter.mirror.entry import Entry
from exporter.mirror.files import Files, Stored
from exporter.mirror.manifest import Manifest, open_manifest
from exporter.model import WITH_BODY, Kind, State, Version

BATCH = 200  # files looked at between two commits

Key = tuple[Kind, str]
Found = Mapping[Role, Stored]


async def heal(files: Files, path: Path, *, mode: int, now: datetime, why: DamagedManifest) -> str:
    """Make a manifest in the place of a damaged one, which is kept, and say what was done.

    Nothing is in its place before it is whole: a kill meanwhile leaves this to the next run.
    """
    building = path.with_name(f"{layout.TEMP_PREFIX}{path.name}")
    with manifest_file.translated():
        manifest_file.remove(building)
        doubt = "restored" if await _take_backup(path, building, mode) else "rebuilt"
        async with open_manifest(building, mode=mode) as manifest:
            await _reconcile(files, manifest, now)
            await manifest.set_meta({"doubt": doubt})
        aside = _free_name(path, now)
        manifest_file.move_away(path, aside)
        manifest_file.put_in_place(building, path)
    source = "its backup and " if doubt == "restored" else ""
    kept = f"; the old one is kept as {aside.name}" if aside.exists() else ""
    return f"{why}: what is held was found out from {source}the files themselves{kept}"


async def _take_backup(path: Path, building: Path, mode: int) -> bool:
    backup = path.with_name(layout.BACKUP)
    if backup.is_symlink() or not backup.is_file():
        return False
    try:
        async with open_manifest(backup, mode=None) as manifest:
            await manifest.backup(building, mode=mode)
        return True
    except (ManifestError, LocalError):
        manifest_file.remove(building)
        return False


def _free_name(path: Path, now: datetime) -> Path:
    moment = f"{now:%Y-%m-%dT%H.%M.%SZ}"
    names = [
        f"{path.stem}.damaged-{moment}{end}{path.suffix}" for end in ("", *(f"-{n}" for n in range(2, 99)))
    ]
    return next(to for to in map(path.with_name, names) if not to.exists())


async def _reconcile(files: Files, manifest: Manifest, now: datetime) -> None:
    """Afterwards every recorded file is there with its hash, and every file of ours is recorded."""
    recorded = {each.path: each for each in await manifest.all_files()}
    paths = await files.walk(layout.RAW)
    owners = {path: owner for path in paths if (owner := layout.owner_of(path)) is not None}
    adopting = _Adopting(files, manifest, owners, known=frozenset(recorded), now=now)
    await manifest.drop([recorded[path] for path in recorded.keys() - owners.keys()])
    found: dict[Key, dict[Role, Stored]] = defaultdict(dict)
    for at in range(0, len(paths), BATCH):
        differing = []
        for there in await files.digests([path for path in paths[at : at + BATCH] if path in owners]):
            if there is None or recorded.get(there.path) == there:
                continue
            key = adopting.key_of(owners[there.path])
            if there.path in recorded:
                differing.append(recorded[there.path])
            if key is not None:
                found[key][owners[there.path].role] = there
        await manifest.drop(differing)
    keys = list(found)
    for at in range(0, len(keys), BATCH):
        await adopting.record({key: found[key] for key in keys[at : at + BATCH]})
    await manifest.set_meta({**await adopting.identity(), **await manifest.meta()})
    await manifest.ended(arrived=[], not_arrived=await manifest.under_way())
    await manifest.left(await manifest.leaving())


class _Adopting:
    """Records files of which the manifest knows nothing, or something else."""

    def __init__(
        self,
        files: Files,
        manifest: Manifest,
        owners: Mapping[PurePosixPath, Owner],
        *,
        known: frozenset[PurePosixPath],
        now: datetime,
    ) -> None:
        self._files, self._manifest, self._known, self._now = files, manifest, known, now
        self._kinds = {
            owner.id: owner.kind
            for owner in owners.values()
            if owner.kind not in (None, Kind.TASK) and owner.role == "metadata"
        }

    def key_of(self, owner: Owner) -> Key | None:
        """Whose file it is; comments are on whatever has their id."""
        kind = owner.kind or self._kinds.get(owner.id)
        return (kind, owner.id) if kind is not None else None

    async def identity(self) -> dict[str, str]:
        """Which space it is, as far as its own file tells."""
        space = await self._document(layout.SPACE)
        told = {"space_id": space.get("id"), "space_key": space.get("key")}
        return {name: value for name, value in told.items() if isinstance(value, str)}

    async def record(self, found: Mapping[Key, Found]) -> None:
        entries: list[Entry] = []
        gone: dict[str, list[str]] = {}
        for (kind, item_id), files in found.items():
            if kind in (Kind.SPACE, Kind.USERS):
                item_id = str((await self._document(layout.SPACE)).get("id") or "")
            if item_id:
                entries.append(await self._entry(kind, item_id, files))
            for role in ("comments", "missing-comments"):
                if role in files:
                    comments = threads.parse(await self._files.read(files[role].path))
                    entries += [_comment(each, item_id) for each in comments.values()]
                    if role == "missing-comments":
                        gone[item_id] = list(comments)
        await self._manifest.record(*entries)
        since = self._now.isoformat(timespec="seconds")
        for container, ids in gone.items():
            states = dict.fromkeys(ids, State.GONE)
            await self._manifest.mark_missing(Kind.COMMENT, states, since=since, container=container)

    async def _entry(self, kind: Kind, item_id: str, files: Found) -> Entry:
        named = {role: await self._named(role, stored) for role, stored in files.items()}
        if not files.keys() & {"metadata", "storage", "file"}:
            return Entry(kind, item_id, files, people=named)
        document = await self._document(layout.metadata_path(kind, item_id))
        version = self._version(kind, document, files)
        return Entry(
            kind,
            item_id,
            files,
            str(document.get("title") or document.get("name") or ""),
            Version(version.number, item_id.partition("@")[2]) if kind is Kind.VERSION else version,
            listed=_listed(kind, files),
            container=_container(kind, item_id, document),
            people=named,
        )

    def _version(self, kind: Kind, document: Mapping[str, Any], files: Found) -> Version:
        told = document.get("version")
        told = told if isinstance(told, dict) else {}
        number, date = told.get("number"), told.get("createdAt")
        if kind is Kind.TASK:
            date = document.get("updatedAt") or document.get("createdAt")
        version = Version(number if isinstance(number, int) else None, str(date or ""))
        return version if self._is_believed(kind, document, files) else Version(None, version.date)

    def _is_believed(self, kind: Kind, document: Mapping[str, Any], files: Found) -> bool:
        """Whether the files can be taken for those of the version that the metadata tells."""
        if kind in WITH_BODY or any(stored.path in self._known for stored in files.values()):
            return False
        return "file" not in files or document.get("fileSize") == files["file"].size

    async def _named(self, role: Role, stored: Stored) -> Iterable[str]:
        if role in ("metadata", "comments"):
            return people.in_metadata(await self._document(stored.path))
        if role == "storage":
            return people.in_body((await self._files.read(stored.path) or b"").decode(errors="replace"))
        return ()

    async def _document(self, path: PurePosixPath) -> dict[str, Any]:
        return canonical.load(await self._files.read(path) or b"") or {}


def _listed(kind: Kind, files: Found) -> bytes | None:
    """A former version is never listed again; whatever else is, is compared."""
    is_former = kind is Kind.VERSION and "metadata" in files
    return bytes.fromhex(files["metadata"].sha256) if is_former else None


def _container(kind: Kind, item_id: str, document: Mapping[str, Any]) -> str | None:
    if kind is Kind.VERSION:
        return item_id.partition("@")[0]
    if kind not in (Kind.ATTACHMENT, Kind.TASK, Kind.CUSTOM_CONTENT):
        return None
    names: Sequence[str] = ("pageId", "blogPostId", "customContentId")
    return next((str(document[name]) for name in names if document.get(name)), None)


def _comment(comment: threads.Comment, container: str) -> Entry:
    title = str(comment.document.get("title") or "")
    return Entry(Kind.COMMENT, comment.id, {}, title, Version(None, ""), container=container)
