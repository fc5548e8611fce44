"""Stylesheets and scripts, as every site has them; and the mark of this version of the program."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable

_PACKAGE, _PROGRAM = files("exporter.site"), files("exporter")
_LEAVES = ("canonical.py", "layout.py", "model.py")
_LIBRARIES = ("jinja2", "lxml", "markupsafe", "nh3", "pygments")


def assets() -> Iterator[tuple[str, bytes]]:
    """Name and content of each."""
    for file in sorted((_PACKAGE / "pages" / "assets").iterdir(), key=lambda each: each.name):
        if file.name.endswith((".css", ".js", ".svg")):
            yield file.name, file.read_bytes()


@functools.cache
def fingerprint(package: Traversable = _PACKAGE) -> str:
    """Changes whenever what renders does: what another version made is made anew."""
    digest = hashlib.sha256()
    for file in (*_below(package), *(_PROGRAM / leaf for leaf in _LEAVES)):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    for library in _LIBRARIES:
        digest.update(f"{library} {version(library)}\n".encode())
    return digest.hexdigest()[:24]


def _below(folder: Traversable) -> Iterator[Traversable]:
    for file in sorted(folder.iterdir(), key=lambda each: each.name):
        if file.is_dir():
            yield from _below(file)
        elif not file.name.endswith(".pyc"):
            yield file
