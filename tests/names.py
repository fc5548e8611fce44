"""Titles that are made to do harm, by seed, and what a file name has to be on every system."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath
from random import Random

from exporter.layout import MAX_NAME_BYTES, TEMP_PREFIX, attachment_path
from exporter.model import AttachmentId

_SCRIPTS = (
    range(0x20, 0x7F), range(0xA0, 0x250), range(0x370, 0x530), range(0x590, 0x700), range(0x900, 0xE00),
    range(0x1E00, 0x2000), range(0x3040, 0x3100), range(0x4E00, 0x9FFF), range(0xAC00, 0xD7A4),
    range(0xFF00, 0xFFF0), range(0x1F300, 0x1F700),
)  # fmt: skip
_COMBINING = range(0x300, 0x370)
_INVISIBLE = "\u00ad\u061c\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202a\u202e\u2060\u2066\u2069\ufeff"
_DEVICES = ("con", "PRN", "aux", "Nul", "COM1", "lpt9", "com¹", "CONIN$", "conout$", "com0")
_TAILS = ("", "", ".", " ", ". .", ".txt", ".pdf", ".tar.gz", ".desktop", "." + "e" * 20)
_PATHS = ("../", "..\\", "/etc/passwd", "C:\\", "\\\\srv\\share\\", "./", "~/", "-rf ", ".", " ", TEMP_PREFIX)
_LETTERS = (
    "ß",
    "SS",
    "ſ",
    "İ",
    "i",
    "ı",
    "I",
    "\u212a",
    "K",
    "\u212b",
    "Å",
    "ﬁ",
    "fi",
    "Σ",
    "ς",
    "σ",
    "é",
    "e\u0301",
)
"""That are one after case folding or normalisation, some of them."""

_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])$", re.IGNORECASE)
_SEPARATORS = frozenset('/\\:*?"<>|')
_UNFIT = frozenset({"Cc", "Cs", "Cn", "Zl", "Zp"})
_HIDDEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_PARTS = ("raw", "attachments")


def a_title(draw: Random) -> str:
    """A title of up to some hundred characters, of a few kinds mixed."""
    return "".join(draw.choice(_KINDS)(draw) for _ in range(draw.randint(1, 4))) + draw.choice(_TAILS)


def _word(draw: Random) -> str:
    script = draw.choice(_SCRIPTS)
    return "".join(chr(draw.choice(script)) for _ in range(draw.randint(1, 12)))


def _long(draw: Random) -> str:
    return chr(draw.choice(draw.choice(_SCRIPTS))) * draw.randint(30, 300)


def _accents(draw: Random) -> str:
    return "e" + "".join(chr(draw.choice(_COMBINING)) for _ in range(draw.randint(1, 80)))


def _anything(draw: Random) -> str:
    """Lone surrogates, unassigned and private characters too."""
    return "".join(chr(draw.randrange(0x110000)) for _ in range(draw.randint(1, 6)))


def _controls(draw: Random) -> str:
    return "".join(chr(draw.choice((*range(32), *range(0x7F, 0xA0)))) for _ in range(draw.randint(1, 4)))


def _one_of(words: Sequence[str]) -> Callable[[Random], str]:
    return lambda draw: draw.choice(words)


_KINDS: Sequence[Callable[[Random], str]] = (
    _word, _word, _word, _accents, _anything, _controls, _long, _one_of(_INVISIBLE), _one_of(_DEVICES),
    _one_of(_PATHS), _one_of(_LETTERS), _one_of(("\ud800", "\udfff", "\ud83d")),
    _one_of((" " * 40, ".", "..")),
)  # fmt: skip


def check_name(name: str) -> None:
    """Legal on Linux, macOS and Windows, at most so long, and nothing to trip over in a shell."""
    assert 0 < len(name.encode("utf-8")) <= MAX_NAME_BYTES
    assert len(unicodedata.normalize("NFD", name).encode("utf-16-le")) <= 2 * 255, (
        "macOS stores it taken apart"
    )
    assert not _SEPARATORS & set(name)
    assert not _UNFIT & {unicodedata.category(character) for character in name}
    assert not _HIDDEN.search(name)
    assert name[-1] not in ". "
    assert name[0] not in "-.~ "
    assert not _DEVICE.match(name.partition(".")[0].rstrip())


def check_path(attachment: str, path: PurePosixPath) -> None:
    """Inside the root, in the folder that the id names, under a legal name."""
    assert path.parts[:-1] == (*_PARTS, attachment)
    assert PurePosixPath(str(path)) == path
    check_name(path.name)


def key(path: PurePosixPath) -> str:
    """What a disk that knows neither case nor forms of Unicode takes a path for."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", str(path)).casefold())


def check_paths(titles: Sequence[tuple[str, str]]) -> list[str]:
    """The keys of some ids with their titles, each path of which is good, whatever came before it."""
    paths = {each: attachment_path(AttachmentId(each), title) for each, title in titles}
    for each, title in reversed(titles):
        assert attachment_path(AttachmentId(each), title) == paths[each], "it depends on the order"
    for each, path in paths.items():
        check_path(each, path)
    return [key(path) for path in paths.values()]
