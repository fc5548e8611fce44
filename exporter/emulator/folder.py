"""A world made of page bodies that lie in a folder, one ``*.xml`` file a page."""

from __future__ import annotations

import re
from functools import partial
from html import escape
from pathlib import Path

from exporter.emulator.generate import empty_world, generated_binary
from exporter.emulator.world import Content, Space, World

HOME = "Home"


def folder_world(folder: Path, *, attachments: int = 2) -> World:
    """A site with the space ``ENG`` and a page for each file; each page gets some attachments.

    ``a__b__c.xml`` lies under ``a`` and ``b``: under the page of that name where the folder
    holds ``a__b.xml``, else under a folder made for it. Bodies are read when they are asked for.
    """
    world = empty_world()
    space = world.add_space("ENG", folder.name)
    home = world.add_page(space, HOME, f"<p>{escape(folder.name)}</p>")
    world.edit_space(space, homepage_id=home.id)
    tree = _Tree(world, space, home, {path.stem: path for path in sorted(folder.glob("*.xml"))})
    for name in tree.files:
        page = tree.node(name)
        for n in range(attachments):
            size = 1000 * (n + 1) + len(name)
            world.attach(page, f"appendix {n + 1}.bin", generated_binary(size, seed=f"{name}/{n}"))
    return world


class _Tree:
    """Makes each page or folder when it is first asked for, its parent before it."""

    def __init__(self, world: World, space: Space, home: Content, files: dict[str, Path]) -> None:
        self.files = files
        self._world = world
        self._space = space
        self._nodes = {"": home}
        self._titles = {home.title.casefold()}

    def node(self, name: str) -> Content:
        if name not in self._nodes:
            above, _, last = name.rpartition("__")
            parent = self.node(above)
            title = self._free_title(last)
            path = self.files.get(name)
            if path is None:
                made = self._world.add_node(self._space, title, parent=parent)
            else:
                made = self._world.add_page(self._space, title, partial(_read, path), parent=parent)
            self._nodes[name] = made
        return self._nodes[name]

    def _free_title(self, name: str) -> str:
        """Titles differ by more than case: a space holds no two that do not."""
        wished = title = re.sub(r"[-_]+", " ", name).strip() or "Page"
        number = 1
        while title.casefold() in self._titles:
            number += 1
            title = f"{wished} ({number})"
        self._titles.add(title.casefold())
        return title


def _read(path: Path) -> str:
    with path.open(encoding="utf-8", newline="") as file:
        return file.read()
