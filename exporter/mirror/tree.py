"""The page tree as a file: a row for each node, written as it is read. No I/O."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

from exporter import layout
from exporter.model import TreeNode


def lines(nodes: Sequence[TreeNode], has_body: Mapping[str, bool]) -> Iterator[bytes]:
    """`has_body` says of everything that is recorded whether its file to open is a body."""
    separator = "[\n"
    for node in nodes:
        row = json.dumps({**asdict(node), "path": _path(node, has_body)}, ensure_ascii=False)
        yield (separator + row).encode(errors="backslashreplace")
        separator = ",\n"
    yield b"\n]\n" if nodes else b"[]\n"


def _path(node: TreeNode, has_body: Mapping[str, bool]) -> str | None:
    if node.id not in has_body:
        return None
    of = layout.storage_path if has_body[node.id] else layout.metadata_path
    return str(of(node.kind, node.id))
