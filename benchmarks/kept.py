"""How complete an export is, whatever its format: what of the space is found again in the output folder.

Every page, blog post and comment gets a word in its body that is nowhere else, every folder one in its
title. A page counts as kept when its word stands in some file or file name, however the text around it
was converted; an attachment when some file has its SHA-256.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from exporter.emulator import World
from exporter.emulator.generate import generated_world

KINDS = ("page", "blogpost", "folder", "comment", "attachment")
CHANGED = ("page", "comment", "attachment")
CHANGES = 20  # of each, or fewer in a small space
_MARK = re.compile(rb"(page|blogpost|folder|comment)mark([0-9]+)z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Things:
    """What there is, or what was found of it: of each of `KINDS`, ids or (of attachments) hashes."""

    of: dict[str, frozenset[str]]

    def count(self, kind: str) -> int:
        return len(self.of[kind])

    def cells(self, kinds: Sequence[str]) -> list[str]:
        return [f"{self.count(kind):,}" for kind in kinds]

    def within(self, others: Things) -> Things:
        return Things({kind: self.of[kind] & others.of[kind] for kind in KINDS})


def marked_world(*, pages: int, attachments: int) -> World:
    """A space with so many pages, a blog post and a folder for every twenty, a comment on each page, and a
    reply to half of those."""
    few = pages // 20
    world = generated_world(
        pages=pages,
        blogposts=few,
        folders=few,
        attachments=attachments,
        comments=pages + pages // 2,
        attachment_bytes=2_000,
    )
    for content in list(world.contents.values()):
        if content.body is None:
            world.put_content(replace(content, title=f"{content.title} {_mark('folder', content.id)}"))
        else:
            world.put_content(replace(content, body=_marked(content.kind, content.id, content.body)))
    for comment in world.comments.values():
        world.comments[comment.id] = replace(comment, body=_marked("comment", comment.id, comment.body))
    return world


def change(world: World) -> Things:
    """Edit some pages, comment on others, upload new versions of others' attachments; what is new by that."""
    pages = [each.id for each in world.contents.values() if each.kind == "page"][1:]
    number = min(CHANGES, len(pages) // 7)
    edited, commented, attached = (pages[at * number : (at + 1) * number] for at in range(3))
    new: dict[str, set[str]] = {kind: set() for kind in KINDS}
    for kind, ids in (("page", edited), ("comment", commented)):
        for page_id in ids:
            mark = world.new_id()
            new[kind].add(mark)
            text = f"<p>{_mark(kind, mark)}</p>"
            if kind == "page":
                world.edit(page_id, text)
            else:
                world.add_comment(page_id, text)
    for page_id in attached:
        data = f"another version {world.new_id()}".encode()
        world.replace_attachment(next(iter(world.by_container[page_id])), data)
        new["attachment"].add(_sha256(iter((data,))))
    return Things({kind: frozenset(of_kind) for kind, of_kind in new.items()})


def held(world: World) -> Things:
    """All that a complete export has."""
    kinds = {
        kind: frozenset(each.id for each in world.contents.values() if each.kind == kind)
        for kind in KINDS[:3]
    }
    hashes = (_sha256(each.binary.chunks()) for each in world.attachments.values())
    return Things({**kinds, "comment": frozenset(world.comments), "attachment": frozenset(hashes)})


def found(folder: Path) -> Things:
    """All marks and the SHA-256 of all files below that folder."""
    marks: dict[str, set[str]] = {kind: set() for kind in KINDS}
    for path in folder.rglob("*"):
        data = path.read_bytes() if path.is_file() else b""
        if path.is_file():
            marks["attachment"].add(hashlib.sha256(data).hexdigest())
        for kind, number in _MARK.findall(data + b"\n" + str(path.name).encode()):
            marks[kind.decode().lower()].add(number.decode())
    return Things({kind: frozenset(of_kind) for kind, of_kind in marks.items()})


def _mark(kind: str, number: str) -> str:
    return f"{kind}mark{number}z"


def _marked(kind: str, number: str, body: Callable[[], str]) -> Callable[[], str]:
    return partial(_with, body, f"<p>{_mark(kind, number)}</p>")


def _with(body: Callable[[], str], paragraph: str) -> str:
    return f"{body()}\n{paragraph}"


def _sha256(chunks: Iterator[bytes]) -> str:
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()
