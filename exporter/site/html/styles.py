"""Attributes of tags: what stands in their place, since no style can be written into a page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape

from exporter.site.html.colours import nearest

_LENGTH = re.compile(r"([0-9]{1,5})(?:\.[0-9]+)?(?:px)?")
_POINTS = re.compile(r"([0-9]{1,4})(?:\.[0-9]+)?(px|em|rem|pt)")


def link_attributes(kind: str, tooltip: str, card: str) -> str:
    classes = [] if kind == "download" else [kind] if kind else []
    if card:
        classes += ["card", "card-inline"] if card == "inline" else ["card"]
    shown = f' class="{" ".join(classes)}"' if classes else ""
    if kind == "download":
        shown += " download"
    if kind == "missing":
        tooltip = tooltip or "Not in this mirror"
    if kind == "outside":
        shown += ' rel="noreferrer"'
        tooltip = tooltip or "Not in this mirror"
    return shown + (f' title="{escape(tooltip)}"' if tooltip else "")


def column(width: str) -> str:
    return f'<col width="{escape(width)}">' if width else "<col>"


def size_of(given: Mapping[str, str]) -> str:
    """In pixels. With both sides known the page doesn't jump when the picture comes."""
    names = "width", "height", "original-width", "original-height"
    width, height, across, down = (_LENGTH.fullmatch(given.get(name, "")) for name in names)
    wide, high = (int(each[1]) if each else 0 for each in (width, height))
    if across and down and int(across[1]) and int(down[1]):
        ratio = int(down[1]) / int(across[1])
        wide = wide or (round(high / ratio) if high else int(across[1]))
        high = high or round(wide * ratio)
    return (f' width="{wide}"' if wide else "") + (f' height="{high}"' if high else "")


def classes_of(style: Mapping[str, str]) -> list[str]:
    """Of what an author may say with `style`: side, colours, lines, indents."""
    if not style:
        return []
    found: list[str] = []
    if (side := style.get("text-align", "")) in ("center", "right", "justify"):
        found.append(f"align-{side}")
    if colour := nearest(style.get("color", "")):
        found.append(f"fg-{colour}")
    if colour := nearest(style.get("background-color", "") or style.get("background", "")):
        found.append(f"bg-{colour}")
    line = style.get("text-decoration", "")
    found += [
        name for name, word in (("struck", "line-through"), ("underlined", "underline")) if word in line
    ]
    if (indent := _POINTS.fullmatch(style.get("margin-left", ""))) and int(indent[1]):
        steps = round(int(indent[1]) / (30 if indent[2] in ("px", "pt") else 2)) or 1
        found.append(f"indent-{min(steps, 6)}")
    return found
