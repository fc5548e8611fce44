"""The settings that MkDocs builds the readable tree with; its navigation is in Confluence's order."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from exporter.model import Kind
from exporter.site.items import Item
from exporter.site.markdown.front_matter import quoted

_ENTITY = re.compile(r"&(?=#?\w+;)")

# Nothing that a browser would fetch from elsewhere, and addresses that work without a server. The extensions
# are what the pages are written for: callouts, nested code, task lists, tables in HTML with Markdown in their
# cells, and backslashes that escape all that they may in CommonMark.
_SETTINGS = """\
docs_dir: docs
site_dir: html
use_directory_urls: false
theme:
  name: readthedocs
  highlightjs: false
markdown_extensions:
  - tables
  - sane_lists
  - md_in_html
  - toc:
      slugify: !!python/name:markdown.extensions.toc.slugify_unicode
  - pymdownx.superfences:
      preserve_tabs: true
  - pymdownx.tasklist
  - pymdownx.tilde:
      subscript: false
  - pymdownx.quotes:
      callouts: true
  - pymdownx.arithmatex:
      generic: true
      inline_syntax: [dollar]
      block_syntax: [dollar]
  - pymdownx.escapeall
"""
_HEAD = """\
# Made by confluence-export, and made anew by it. To look at it:
#   pip install mkdocs pymdown-extensions
#   mkdocs serve
# For settings of your own, write a file with `INHERIT: mkdocs.yml` and name it: mkdocs serve -f own.yml
"""


def mkdocs_yml(name: str, items: Sequence[Item], *, home: str | None, paths: Mapping[str, str]) -> str:
    """`items` in reading order."""
    first = [] if home else [f"  - {_title(name)}: index.md"]
    lines = [*first, *_pages(items, home, paths), *_posts(items, paths)]
    return "\n".join([f"{_HEAD}site_name: {_title(name)}", f"{_SETTINGS}nav:", *lines, ""])


def _title(text: str) -> str:
    """MkDocs puts it into its pages as it is: as HTML."""
    return quoted(_ENTITY.sub("&amp;", text).replace("<", "&lt;").replace('"', "&quot;"))


def _pages(items: Sequence[Item], home: str | None, paths: Mapping[str, str]) -> Iterator[str]:
    """The home page comes first, and what is below it is at the top."""
    pages = {item.id: item for item in items if item.kind is not Kind.BLOGPOST}
    below: dict[str | None, list[Item]] = defaultdict(list)
    for item in pages.values():
        below[item.parent if item.parent in pages else None].append(item)
    first = [pages[home]] if home in pages else []
    top = [item for item in below[None] if item.id != home]
    waiting = [(item, 1) for item in reversed([*first, *below.pop(home if first else "", []), *top])]
    while waiting:
        item, depth = waiting.pop()
        children = below.pop(item.id, [])
        indent, title, path = "  " * depth, _title(item.title), quoted(paths[item.id])
        yield f"{indent}- {title}:" if children else f"{indent}- {title}: {path}"
        if children:
            yield f"{indent}  - {title}: {path}"
        waiting += [(child, depth + 1) for child in reversed(children)]


def _posts(items: Sequence[Item], paths: Mapping[str, str]) -> Iterator[str]:
    """The latest first, by years."""
    posts = [item for item in items if item.kind is Kind.BLOGPOST]
    year = None
    for item in sorted(posts, key=lambda each: (each.created.at, each.id), reverse=True):
        if year is None:
            yield '  - "Blog":'
        if item.created.at[:4] != year:
            year = item.created.at[:4]
            yield f"    - {quoted(year or 'undated')}:"
        yield f"      - {_title(item.title)}: {quoted(paths[item.id])}"
