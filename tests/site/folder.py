"""The folder of a space, as a mirror has it, written by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from exporter.site.originals import Originals

URL = "https://acme.example/wiki"


class Folder:
    """A space's folder, file by file."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.tree: list[dict[str, Any]] = []
        self.put("space.json", {"key": "ENG", "name": "Engineering", "homepageId": "1"})

    def put(self, path: str, document: Any) -> None:
        file = self.root / "raw" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(document if isinstance(document, str) else json.dumps(document))

    def page(
        self,
        page: str,
        title: str,
        *,
        parent: str | None = None,
        body: str | None = None,
        listed: bool = True,
        **more: Any,
    ) -> None:
        """A second time it takes the place of the first."""
        kind = more.pop("kind", "page")
        self.put(f"{kind}s/{page}.json", {"id": page, "title": title, "parentId": parent, **more})
        self.put(f"{kind}s/{page}.storage.xml", body or f"<p>{title}</p>".encode(errors="replace").decode())
        row = {"id": page, "kind": kind, "title": title, "status": "current", "parent": parent}
        row |= {"position": 0, "orphan": False, "path": f"raw/{kind}s/{page}.storage.xml"}
        if page in (ids := [each["id"] for each in self.tree]):
            self.tree[ids.index(page)] = row
        elif listed:
            self.tree.append(row)

    def remove(self, page: str, *, kind: str = "page") -> None:
        for suffix in ("json", "storage.xml"):
            (self.root / f"raw/{kind}s/{page}.{suffix}").unlink()
        self.tree = [row for row in self.tree if row["id"] != page]

    def read(self, *, url: str = URL, **beside: Path) -> Originals:
        (self.root / "tree.json").write_text(json.dumps(self.tree))
        return Originals(self.root, site_url=url, beside=beside)
