"""Files of a mirror and values in them, read so that what is wrong is as if it weren't there."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from exporter import canonical, layout

_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def rows_of(path: Path) -> list[dict[str, Any]]:
    try:
        return list(objects_of(json.loads(read_file(path) or b"")))
    except (ValueError, RecursionError):
        return []


def document_of(path: Path) -> dict[str, Any]:
    data = read_file(path)
    return (canonical.load(data) if data is not None else None) or {}


def objects_of(data: Any) -> Iterator[dict[str, Any]]:
    return (each for each in (data if isinstance(data, list) else ()) if isinstance(each, dict))


def object_of(data: Any) -> Mapping[str, Any]:
    return data if isinstance(data, dict) else {}


def read_file(path: Path) -> bytes | None:
    """Never through a link: it could lead to what isn't to be published."""
    try:
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NOFOLLOW)) as file:
            return file.read()
    except OSError:
        return None


def is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode) and not path.parent.is_symlink()
    except OSError:
        return False


def names_in(folder: Path) -> list[str]:
    try:
        return [] if folder.is_symlink() else os.listdir(folder)  # noqa: PTH208 — names, not paths
    except OSError:
        return []


def shown_text(value: Any) -> str:
    """Without what no page can hold: an id that is made of a title must be what its links say."""
    return _NO_TEXT.sub("\ufffd", layout.well_formed(text_of(value)))


def text_of(value: Any) -> str:
    return value if isinstance(value, str) else ""


def name_of(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def number_of(value: Any) -> int | None:
    return value if isinstance(value, int) else None
