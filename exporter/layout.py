"""Where each thing lives inside a space's folder: the only place that knows file names."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from exporter.model import AttachmentId, Kind

Role = Literal["metadata", "storage", "adf", "file", "comments", "missing-comments"]

MANIFEST = "manifest.sqlite"
BACKUP = "manifest.backup.sqlite"
LOCK = ".confluence-export.lock"
LAST_RUN = PurePosixPath("last-run.json")
RAW = PurePosixPath("raw")
SET_ASIDE = PurePosixPath("set-aside")
TREE = PurePosixPath("tree.json")
TRASH = PurePosixPath("trash")
RUNS = PurePosixPath("runs")  # the summaries of the last runs
SPACE = PurePosixPath("raw/space.json")
USERS = PurePosixPath("raw/users.json")
SITE = PurePosixPath("site")  # made of the originals
SITE_CACHE = "site.cache.sqlite"
MARKDOWN = PurePosixPath("markdown")  # made of the originals, on request
MARKDOWN_CACHE = "markdown.cache.sqlite"
MARKDOWN_FILES = PurePosixPath("markdown/.files")  # those that are ours
INDEX = PurePosixPath("index.html")  # of the output folder: the spaces
TEMP_PREFIX = ".tmp-"  # no item's file can be called so: a leading dot is never kept

MAX_NAME_BYTES = 120
MAX_EXTENSION_BYTES = 16

_FOLDERS = {
    Kind.PAGE: "pages",
    Kind.BLOGPOST: "blogposts",
    Kind.FOLDER: "folders",
    Kind.WHITEBOARD: "whiteboards",
    Kind.DATABASE: "databases",
    Kind.EMBED: "embeds",
    Kind.CUSTOM_CONTENT: "custom-content",
    Kind.ATTACHMENT: "attachments",
    Kind.TASK: "tasks",
    Kind.OTHER: "other",
}
_KINDS = {folder: kind for kind, folder in _FOLDERS.items()}
_ROLES: dict[str, Role] = {".storage.xml": "storage", ".adf.json": "adf", ".json": "metadata"}
_ID = re.compile(r"(?:att)?[0-9]{1,20}")
_MOMENT_IN_NAME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d)\.(\d\d)\.(\d\d[0-9.]{0,10}Z)(.*)")
_HISTORY = PurePosixPath("raw/history")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[0-9.]{0,10}Z")

_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')  # on Windows; "/" everywhere
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")  # bidi controls, zero width
# Windows opens a device for these, whatever the extension: "nul.txt", "con.air.1997.nfo".
_DEVICES = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\.|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Owner:
    """What a file is of: `id` is empty for the space's own, `kind` None for comments, on whatever it is."""

    kind: Kind | None
    id: str
    role: Role


def space_folder(key: str) -> str:
    """A space's folder in the output folder: its key, personal ones (`~…`) included."""
    return "~" * key.startswith("~") + safe_name(key.removeprefix("~"), fallback="_")


def metadata_path(kind: Kind, item_id: str) -> PurePosixPath:
    if kind is Kind.SPACE:
        return SPACE
    if kind is Kind.USERS:
        return USERS
    if kind is Kind.VERSION:
        return _old(item_id, ".json")
    return PurePosixPath("raw", _FOLDERS[kind], f"{item_id}.json")


def storage_path(kind: Kind, item_id: str) -> PurePosixPath:
    """The body in storage format."""
    if kind is Kind.VERSION:
        return _old(item_id, ".storage.xml")
    return PurePosixPath("raw", _FOLDERS[kind], f"{item_id}.storage.xml")


def adf_path(kind: Kind, item_id: str) -> PurePosixPath:
    """The body in the Atlassian Document Format."""
    return PurePosixPath("raw", _FOLDERS[kind], f"{item_id}.adf.json")


def comments_path(container: str) -> PurePosixPath:
    """The comments on one page, blog post, attachment or custom content."""
    return PurePosixPath("raw", "comments", f"{container}.json")


def missing_comments_path(container: str) -> PurePosixPath:
    """Those that Confluence no longer shows."""
    return PurePosixPath("raw", "comments", f"{container}.missing.json")


def old_attachment_path(version_id: str, title: str) -> PurePosixPath:
    """A former version of an attachment."""
    return _old(version_id, "") / safe_name(title, fallback="_")


def _old(version_id: str, suffix: str) -> PurePosixPath:
    """By the moment a version was made: its number shifts when an older one is deleted."""
    container, _, date = version_id.partition("@")
    if not _MOMENT.fullmatch(date):
        date = hashlib.sha256(date.encode(errors="surrogatepass")).hexdigest()[:20]
    return _HISTORY / container / (date.replace(":", ".") + suffix)


def owner_of(path: PurePosixPath) -> Owner | None:
    """The inverse of the functions above: None for a path that none of them makes."""
    if path in (SPACE, USERS):
        return Owner(Kind.SPACE if path == SPACE else Kind.USERS, "", "metadata")
    match path.parts:
        case ("raw", "comments", name):
            missing = name.endswith(".missing.json")
            item_id = name.removesuffix(".json").removesuffix(".missing")
            owner = Owner(None, item_id, "missing-comments" if missing else "comments")
            of = missing_comments_path if missing else comments_path
            return owner if _ID.fullmatch(item_id) and of(item_id) == path else None
        case ("raw", "attachments", item_id, name):
            is_ours = _ID.fullmatch(item_id) and safe_name(name, fallback=item_id) == name
            return Owner(Kind.ATTACHMENT, item_id, "file") if is_ours else None
        case ("raw", "history", container, name, *file):
            return _owner_in_history(container, name, file)
        case ("raw", folder, name) if folder in _KINDS:
            item_id, role = _id_and_role(name)
            return Owner(_KINDS[folder], item_id, role) if role and _ID.fullmatch(item_id) else None
    return None


def _owner_in_history(container: str, name: str, file: Sequence[str]) -> Owner | None:
    moment = _MOMENT_IN_NAME.fullmatch(name)
    if moment is None or not _ID.fullmatch(container) or len(file) > 1:
        return None
    hour, minute, second, rest = moment.groups()
    item_id = f"{container}@{hour}:{minute}:{second}"
    if file:
        return Owner(Kind.VERSION, item_id, "file") if not rest else None
    role = _ROLES.get(rest)
    return Owner(Kind.VERSION, item_id, role) if role in ("metadata", "storage") else None


def _id_and_role(name: str) -> tuple[str, Role | None]:
    for suffix, role in _ROLES.items():
        if name.endswith(suffix):
            return name.removesuffix(suffix), role
    return "", None


def run_path(started: str) -> PurePosixPath:
    """The summary of the run that started at this moment, as `last-run.json` writes it."""
    return RUNS / (started.replace("+00:00", "Z").replace(":", ".") + ".json")


def well_formed(text: str) -> str:
    """`text` with lone surrogates made visible, so that it can be encoded, stored and printed."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def attachment_path(attachment: AttachmentId, title: str) -> PurePosixPath:
    """The folder's name is the id, so two attachments never meet whatever their titles are."""
    return PurePosixPath("raw", _FOLDERS[Kind.ATTACHMENT], attachment, safe_name(title, fallback=attachment))


def safe_name(title: str, *, fallback: str) -> str:
    """A file name that says what `title` says and is legal on Linux, macOS and Windows.

    At most 120 bytes of UTF-8, the extension kept; never empty, hidden, an option, a device or a path.
    """
    name = unicodedata.normalize("NFC", title)
    name = "".join(_plain(character) for character in name)
    name = _INVISIBLE.sub("", _FORBIDDEN.sub("_", name)).strip().rstrip(". ")
    if not name.strip("._- "):
        name = fallback
    name = _shorten(name) or fallback  # what is left may be dots and blanks only
    if name[0] in ".-~" or _DEVICES.match(name):
        name = _shorten("_" + name)
    return name


def _plain(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cc":
        return ""
    if category in ("Cs", "Cn"):  # lone surrogates can't be encoded; macOS stores no unassigned ones
        return "\ufffd"
    return character


def _shorten(name: str) -> str:
    if len(name.encode()) <= MAX_NAME_BYTES:
        return name
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension.encode()) > MAX_EXTENSION_BYTES:
        stem, dot, extension = name, "", ""
    room = MAX_NAME_BYTES - len((dot + extension).encode())
    cut = stem.encode()[:room].decode(errors="ignore")
    while cut != stem and len(cut) > 1 and unicodedata.combining(stem[len(cut)]):
        cut = cut[:-1]  # not between a letter and its accent
    return cut.rstrip(". ") + dot + extension
