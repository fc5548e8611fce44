"""Draws the pictures of the sample site: flat colours, one polygon after another, saved as PNG."""

from __future__ import annotations

import math
import random
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

Colour = tuple[int, int, int]
Point = tuple[float, float]

# Colours of the palette: 0-31 sky, 32-47 sea, then these; the same again from 64 on, in lamplight.
ROCK, NIGHT, WHITE, RED, STAR, LAMP, GREEN, GREY, BLUE, PALE = range(48, 58)
_PAINTS: tuple[Colour, ...] = (
    (38, 36, 46), (16, 18, 38), (250, 248, 240), (196, 48, 43), (222, 226, 255),
    (255, 232, 150), (54, 142, 92), (214, 219, 228), (38, 98, 168), (190, 218, 244),
)  # fmt: skip
_LIT = bytes(n + 64 if n < 64 else n for n in range(256))
_DIGITS = (
    "### #.# #.# #.# ###", ".#. ##. .#. .#. ###", "### ..# ### #.. ###", "### ..# ### ..# ###",
    "#.# #.# ### ..# ..#", "### #.. ### ..# ###", "### #.. ### #.# ###", "### ..# ..# ..# ..#",
    "### #.# ### #.# ###", "### #.# ### ..# ###",
)  # fmt: skip


@dataclass
class Canvas:
    """A picture in 8-bit palette colours, filled line by line."""

    width: int
    height: int
    sky: tuple[Colour, Colour] = ((12, 18, 52), (84, 88, 140))
    sea: tuple[Colour, Colour] = ((20, 44, 84), (8, 18, 44))
    pixels: bytearray = field(init=False)

    def __post_init__(self) -> None:
        self.pixels = bytearray([WHITE]) * (self.width * self.height)

    def fill(self, corners: Sequence[Point], colour: int | None) -> None:
        """Paint a polygon; without a colour, let light fall on it."""
        top, bottom = min(y for _, y in corners), max(y for _, y in corners)
        for y in range(max(0, int(top)), min(self.height, int(bottom) + 1)):
            crossings = sorted(_crossings(corners, y + 0.5))
            for left, right in zip(crossings[::2], crossings[1::2], strict=True):
                self._span(y, left, right, colour)

    def disc(self, x: float, y: float, radius: float, colour: int | None) -> None:
        angles = [n * math.pi / 32 for n in range(64)]
        self.fill([(x + radius * math.cos(a), y + radius * math.sin(a)) for a in angles], colour)

    def box(self, x: float, y: float, width: float, height: float, colour: int) -> None:
        self.fill([(x, y), (x + width, y), (x + width, y + height), (x, y + height)], colour)

    def line(self, points: Sequence[Point], thickness: float, colour: int) -> None:
        for (x, y), (to_x, to_y) in pairwise(points):
            length = math.hypot(to_x - x, to_y - y) or 1
            dx, dy = (to_y - y) / length * thickness / 2, (x - to_x) / length * thickness / 2
            self.fill(
                [(x + dx, y + dy), (to_x + dx, to_y + dy), (to_x - dx, to_y - dy), (x - dx, y - dy)], colour
            )

    def number(self, x: int, y: int, text: str) -> None:
        for digit in text:
            for n, row in enumerate(_DIGITS[int(digit)].split()):
                for m, dot in enumerate(row):
                    if dot == "#":
                        self.box(x + 5 * m, y + 5 * n, 5, 5, NIGHT)
            x += 20

    def png(self) -> bytes:
        rows = (self.pixels[n : n + self.width] for n in range(0, len(self.pixels), self.width))
        paints = _blend(*self.sky, 32) + _blend(*self.sea, 16) + list(_PAINTS) + [_PAINTS[0]] * 6
        palette = paints + [_mix(paint, _PAINTS[LAMP - ROCK], 0.4) for paint in paints]
        return b"\x89PNG\r\n\x1a\n" + b"".join((
            _chunk(b"IHDR", struct.pack(">IIBBBBB", self.width, self.height, 8, 3, 0, 0, 0)),
            _chunk(b"PLTE", bytes(part for paint in palette for part in paint)),
            _chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows), 9)),
            _chunk(b"IEND", b""),
        ))  # fmt: skip

    def _span(self, y: int, left: float, right: float, colour: int | None) -> None:
        start = y * self.width + min(max(round(left), 0), self.width)
        stop = y * self.width + min(max(round(right), 0), self.width)
        lit = self.pixels[start:stop].translate(_LIT)
        self.pixels[start:stop] = lit if colour is None else bytes([colour]) * (stop - start)


def _crossings(corners: Sequence[Point], y: float) -> Iterator[float]:
    for (x1, y1), (x2, y2) in zip(corners, [*corners[1:], corners[0]], strict=True):
        if (y1 <= y) != (y2 <= y):
            yield x1 + (y - y1) / (y2 - y1) * (x2 - x1)


def _mix(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _blend(one: Colour, other: Colour, steps: int) -> list[Colour]:
    return [_mix(one, other, n / (steps - 1)) for n in range(steps)]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def scene(*, dawn: bool) -> bytes:
    """The lighthouse on its rock, with stars and a beam, or with a sunrise and gulls."""
    sky = ((108, 148, 196), (252, 206, 160)) if dawn else ((12, 18, 52), (84, 88, 140))
    sea = ((150, 160, 176), (48, 84, 120)) if dawn else ((20, 44, 84), (8, 18, 44))
    art, dice = Canvas(1280, 800, sky, sea), random.Random(1871)
    for n in range(32):
        art.box(0, n * 18, 1280, 18, n)
    if dawn:
        art.disc(980, 560, 90, LAMP)
    for n in range(16):
        art.box(0, 576 + n * 14, 1280, 14, 32 + n)
    for _ in range(90):
        x, y = dice.uniform(0, 1240), dice.uniform(590, 790)
        art.line([(x, y), (x + dice.uniform(20, 70), y)], 2, PALE if dawn else BLUE)
    for _ in range(40 if dawn else 160):
        x, y = dice.uniform(20, 1260), dice.uniform(10, 440)
        if dawn:
            art.line([(x - 14, y - 6), (x, y), (x + 14, y - 6)], 3, NIGHT)
        else:
            art.disc(x, y, dice.choice((1.2, 1.6, 2.6)), STAR)
    _tower(art, burning=not dawn)
    return art.png()


def _tower(art: Canvas, *, burning: bool) -> None:
    if burning:
        art.fill([(430, 218), (1280, 40), (1280, 330), (430, 236)], None)
        art.fill([(430, 218), (0, 130), (0, 310), (430, 236)], None)
    art.fill(
        [(180, 800), (230, 690), (330, 628), (420, 600), (540, 612), (620, 680), (720, 740), (760, 800)], ROCK
    )
    for n in range(7):
        top, low = 36 + n * 6, 42 + n * 6
        y = 270 + n * 50
        art.fill(
            [(430 - top, y), (430 + top, y), (430 + low, y + 50), (430 - low, y + 50)], (WHITE, RED)[n % 2]
        )
        art.box(424, y + 18, 12, 20, NIGHT)
    art.box(376, 256, 108, 14, NIGHT)
    art.box(400, 200, 60, 56, LAMP if burning else GREY)
    for x in (398, 428, 458):
        art.box(x, 200, 4, 56, NIGHT)
    art.fill([(390, 200), (430, 160), (470, 200)], RED)
    art.line([(430, 164), (430, 136)], 4, NIGHT)


def tide_curve(*, upside_down: bool) -> bytes:
    art = Canvas(1280, 560)
    for metres in range(6):
        y = 490 - metres * 80
        art.line([(90, y), (1240, y)], 2, GREY)
        art.number(50, y - 12, str(5 - metres if upside_down else metres))
    for hour in range(0, 25, 3):
        art.line([(90 + hour * 47, 90), (90 + hour * 47, 490)], 2, GREY)
        art.number(72 + hour * 47, 510, f"{hour:02}")
    sign = -1 if upside_down else 1
    hours = [n / 6 for n in range(145)]
    heights = [2.5 + sign * 2.1 * math.cos(2 * math.pi * (hour - 4.2) / 12.42) for hour in hours]
    curve = [(90 + hour * 47, 490 - height * 80) for hour, height in zip(hours, heights, strict=True)]
    art.fill([(90.0, 490.0), *curve, (90 + 24 * 47, 490.0)], PALE)
    art.line(curve, 7, BLUE)
    return art.png()


def sectors() -> bytes:
    art = Canvas(960, 960)
    art.box(0, 0, 960, 960, PALE)
    for start, stop, colour in ((20, 95, GREEN), (95, 170, WHITE), (170, 235, RED), (235, 340, WHITE)):
        angles = [math.radians(degrees) for degrees in range(start, stop + 1)]
        arc = [(480 + 420 * math.sin(a), 480 - 420 * math.cos(a)) for a in angles]
        art.fill([(480, 480), *arc], colour)
        art.line([(480, 480), arc[0]], 4, NIGHT)
        label = math.radians(start + 8)
        art.number(450 + round(370 * math.sin(label)), 468 - round(370 * math.cos(label)), f"{start:03}")
    art.fill(
        [(400, 470), (440, 380), (500, 330), (560, 400), (600, 480), (540, 560), (470, 580), (420, 540)], GREY
    )
    art.disc(480, 480, 22, NIGHT)
    art.disc(480, 480, 13, LAMP)
    return art.png()


def beacon(rays: int) -> bytes:
    art = Canvas(400, 400)
    art.box(0, 0, 400, 400, NIGHT)
    for n in range(rays):
        edges = [math.pi / rays * (2 * n + side) for side in (-0.5, 0.5)]
        art.fill([(200, 200), *((200 + 190 * math.cos(a), 200 + 190 * math.sin(a)) for a in edges)], LAMP)
    art.disc(200, 200, 60, RED)
    art.disc(200, 200, 44, WHITE)
    return art.png()


def parts() -> bytes:
    art = Canvas(520, 300)
    art.line([(100, 150), (420, 150)], 6, GREY)
    for n, colour in enumerate((LAMP, PALE, GREEN)):
        art.box(40 + n * 160, 110, 120, 80, NIGHT)
        art.box(44 + n * 160, 114, 112, 72, colour)
        art.number(92 + n * 160, 138, str(n + 1))
    return art.png()
