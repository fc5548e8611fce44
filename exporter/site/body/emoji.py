"""Emoticons as characters."""

from __future__ import annotations

import re

from exporter.site.body.document import Emoticon

_BY_NAME = {
    "smile": "🙂", "sad": "🙁", "cheeky": "😛", "laugh": "😀", "wink": "😉", "thumbs-up": "👍",
    "thumbs-down": "👎", "information": "ℹ️", "tick": "✅", "cross": "❌", "warning": "⚠️", "plus": "➕",
    "minus": "➖", "question": "❓", "light-on": "💡", "light-off": "💡", "yellow-star": "⭐",
    "red-star": "⭐", "green-star": "⭐", "blue-star": "⭐", "heart": "❤️", "broken-heart": "💔",
}  # fmt: skip
_CODES = re.compile(r"[0-9a-f]{2,6}(?:-[0-9a-f]{2,6}){0,9}")


def characters(emoticon: Emoticon) -> str:
    """What to show: the character, or the short name of one that only the site has."""
    if emoticon.fallback and not emoticon.fallback.startswith(":"):
        return emoticon.fallback
    return (
        _from_codes(emoticon.id.lower())
        or _BY_NAME.get(emoticon.name, "")
        or emoticon.fallback
        or emoticon.shortname
        or (f":{emoticon.name}:" if emoticon.name else "")
    )


def name(emoticon: Emoticon) -> str:
    return (emoticon.shortname.strip(":") or emoticon.name or "emoji").replace("_", " ").replace("-", " ")


def _from_codes(codes: str) -> str:
    """``1f1e9-1f1ea`` names a flag."""
    if not _CODES.fullmatch(codes):
        return ""
    numbers = [int(each, 16) for each in codes.split("-")]
    if any(number > 0x10FFFF or 0xD800 <= number < 0xE000 or number < 0x20 for number in numbers):
        return ""
    return "".join(map(chr, numbers))
