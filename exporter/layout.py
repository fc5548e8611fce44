"""Where each thing lives inside a space's folder: the only place that knows file names."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from pathlib import PurePosixPath

from exporter.model import AttachmentId, Kind

MANIFEST = "manifest.sqlite"
LOCK = ".confluence-export.lock"
LAST_RUN = PurePosixPath("last-run.json")
TREE = PurePosixPath("tree.json")
SPACE = PurePosixPath("raw/space.json")
USERS = PurePosixPath("raw/users.json")
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
_HISTORY = PurePosixPath("raw/history")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[0-9.]{0,10}Z")

_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')  # on Windows; "/" everywhere
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")  # bidi controls, zero width
# Windows opens a device for these, whatever the extension: "nul.txt", "con.air.1997.nfo".
_DEVICES = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\.|$)", re.IGNORECASE)


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
    name = _shorten(name)
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
