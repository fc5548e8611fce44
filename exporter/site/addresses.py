"""Where each thing of the site lives, relative to its root, as an address that can stand in a link."""

from __future__ import annotations

import hashlib
from urllib.parse import quote

from exporter import layout
from exporter.site.items import Item

HOME = "index.html"
TREE = "tree.html"
CHANGES = "changes.html"
LABELS = "labels.html"
ATTACHMENTS = "attachments.html"
PEOPLE = "people.html"
BLOG = "blog.html"
REPORT = "report.html"

_PAGES = frozenset({HOME, TREE, CHANGES, LABELS, ATTACHMENTS, PEOPLE, BLOG, REPORT})
_FOLDERS = frozenset({"pages", "labels", "files", "assets", "search"})


def is_ours(path: str) -> bool:
    """Whether a file that is there was made by us: some run's, if not this one's."""
    folder, slash, _ = path.partition("/")
    return folder in _FOLDERS if slash else path in _PAGES or path.startswith(layout.TEMP_PREFIX)


def of_item(item: Item, *, space_key: str) -> str:
    """`space_key` is the space whose site it is to stand in: others lie beside it."""
    page = f"pages/{item.id}.html"
    return (
        page
        if item.space_key == space_key
        else f"../../{quote(layout.space_folder(item.space_key))}/site/{page}"
    )


def of_label(label: str) -> str:
    """Labels hold letters of any script, and what no file name may hold."""
    return f"labels/{quote(label_name(label))}.html"


def label_name(label: str) -> str:
    """What no name may hold is replaced, and the label's digest added: two are never the same file."""
    name = layout.safe_name(label, fallback="_")
    if name == label and label == label.casefold():
        return name
    return f"{name[:40]}-{hashlib.sha256(label.encode(errors='surrogatepass')).hexdigest()[:8]}"


def of_file(attachment_id: str, name: str) -> str:
    return f"files/{attachment_id}/{quote(name)}"


def path_of_label(label: str) -> str:
    """`of_label` as a file's path."""
    return f"labels/{label_name(label)}.html"
