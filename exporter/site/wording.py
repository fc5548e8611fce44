"""Dates, sizes and kinds in words that are the same on every machine: no locale, no local time."""

from __future__ import annotations

import functools
from datetime import UTC, datetime

from exporter.model import Kind

_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_KINDS = {
    Kind.PAGE: "Page",
    Kind.BLOGPOST: "Blog post",
    Kind.FOLDER: "Folder",
    Kind.WHITEBOARD: "Whiteboard",
    Kind.DATABASE: "Database",
    Kind.EMBED: "Embed",
    Kind.CUSTOM_CONTENT: "Custom content",
}
_FILES = {
    "application/pdf": "PDF",
    "application/zip": "ZIP archive",
    "application/gzip": "Gzip archive",
    "application/json": "JSON",
    "application/xml": "XML",
    "application/msword": "Word document",
    "application/vnd.ms-excel": "Excel workbook",
    "application/vnd.ms-powerpoint": "PowerPoint slides",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "Word document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "Excel workbook",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "PowerPoint slides",
    "image/jpeg": "JPEG image",
    "image/svg+xml": "SVG image",
    "text/csv": "CSV table",
    "text/plain": "Text",
    "text/html": "HTML",
}
_SHOWN_AS_IMAGE = frozenset(
    f"image/{each}" for each in ("png", "jpeg", "jpg", "gif", "webp", "avif", "bmp", "svg+xml")
)
_RUNS_SCRIPTS = frozenset(
    {"text/html", "application/xhtml+xml", "image/svg+xml", "text/xml", "application/xml"}
)
_SCRIPTED_NAMES = (
    ".html", ".htm", ".shtml", ".xhtml", ".xht", ".mht", ".mhtml", ".hta", ".svg", ".svgz", ".xml", ".xsl",
    ".xslt", ".rdf", ".rss", ".atom", ".js", ".mjs",
)  # fmt: skip


@functools.lru_cache(maxsize=4096)
def day(at: str) -> str:
    """``5 January 2026``, in UTC; what is no moment is shown as it is."""
    moment = _moment(at)
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}" if moment else at


@functools.lru_cache(maxsize=4096)
def day_and_time(at: str) -> str:
    moment = _moment(at)
    return f"{day(at)}, {moment:%H:%M} UTC" if moment else at


@functools.lru_cache(maxsize=4096)
def machine_time(at: str) -> str:
    """For `<time datetime>`, which is invalid with anything but a moment; else empty."""
    moment = _moment(at)
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z") if moment else ""


def _moment(at: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(at)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def size(number: int) -> str:
    """``6.6 KB``: 1024 bytes to a KB, as file managers count."""
    if number < 1024:
        return "1 byte" if number == 1 else f"{number} bytes"
    value = float(number)
    for unit in ("KB", "MB", "GB"):
        value /= 1024
        if value < 999.95:
            return f"{value:.1f} {unit}"
    return f"{value / 1024:.1f} TB"


def kind(of: Kind) -> str:
    return _KINDS.get(of, "Item")


def file_kind(media_type: str) -> str:
    plain = media_type.partition(";")[0].strip().lower()
    if plain in _FILES:
        return _FILES[plain]
    group, _, subtype = plain.partition("/")
    if group in ("image", "audio", "video") and subtype:
        return f"{subtype.upper()} {group}"
    return "File"


def extension(title: str) -> str:
    """What stands on the tile of a file without a picture."""
    stem, _, last = title.rpartition(".")
    return last.upper() if stem and 0 < len(last) <= 4 and last.isalnum() else "FILE"


def is_image(media_type: str) -> bool:
    return media_type.partition(";")[0].strip().lower() in _SHOWN_AS_IMAGE


def runs_scripts(media_type: str, title: str) -> bool:
    """Opened in a tab, it would run what its author wrote: it is offered for download instead. From a disk
    browsers go by the name, whatever the server said it was."""
    by_name = title.rstrip(". ").lower().endswith(_SCRIPTED_NAMES)
    return by_name or media_type.partition(";")[0].strip().lower() in _RUNS_SCRIPTS


def live(address: str) -> str:
    """`address` if a reader may be sent there, else nothing: what the API says isn't taken on trust."""
    return address if address.startswith(("https://", "http://")) else ""
