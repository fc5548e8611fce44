"""Colours of bodies, as one of a palette that reads well in light and dark."""

from __future__ import annotations

import colorsys
import functools
import re

_HEX = re.compile(r"#([0-9a-f]{3}|[0-9a-f]{6})(?:[0-9a-f]{2})?")
_RGB = re.compile(r"rgba?\(\s*([0-9]{1,3})[\s,]+([0-9]{1,3})[\s,]+([0-9]{1,3})[^)]*\)")
_NAMED = {
    "grey": "grey", "gray": "grey", "lightgrey": "grey", "lightgray": "grey", "silver": "grey",
    "red": "red", "maroon": "red", "darkred": "red", "orange": "orange", "yellow": "yellow", "gold": "yellow",
    "green": "green", "lime": "green", "darkgreen": "green", "teal": "teal", "cyan": "teal", "aqua": "teal",
    "blue": "blue", "navy": "blue", "purple": "purple", "violet": "purple", "magenta": "magenta",
    "fuchsia": "magenta", "pink": "magenta", "brown": "orange",
}  # fmt: skip
_HUES = (
    (15, "red"), (45, "orange"), (70, "yellow"), (160, "green"), (195, "teal"), (255, "blue"),
    (290, "purple"), (345, "magenta"), (361, "red"),
)  # fmt: skip


@functools.lru_cache(maxsize=1024)
def nearest(colour: str) -> str:
    """``red`` for ``rgb(255, 0, 0)``; empty for black, white, and what is no colour."""
    colour = colour.strip().lower()
    if colour in _NAMED:
        return _NAMED[colour]
    parts = _parts(colour)
    if parts is None:
        return ""
    hue, light, saturation = colorsys.rgb_to_hls(*(each / 255 for each in parts))
    if light < 0.12 or light > 0.985:
        return ""
    if saturation < 0.12:
        return "grey" if light > 0.25 else ""
    if saturation < 0.35 and light < 0.3:  # the dark blue-grey that the editor calls black
        return ""
    return next(name for limit, name in _HUES if hue * 360 < limit)


def _parts(colour: str) -> tuple[int, int, int] | None:
    if found := _HEX.fullmatch(colour):
        digits = found[1] if len(found[1]) == 6 else "".join(each * 2 for each in found[1])
        return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)
    if found := _RGB.fullmatch(colour):
        red, green, blue = (min(int(each), 255) for each in found.groups())
        return red, green, blue
    return None
