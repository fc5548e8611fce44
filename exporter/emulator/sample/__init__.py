"""A small, lively site to show and to test with: the handbook of a lighthouse service.

``site.json`` lists what there is, ``around.json`` what was done to it, ``bodies/`` and ``files/``
hold the pages and the text attachments; pictures, the PDF, the ZIP and the tide tables are made by code.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from importlib.resources import files
from typing import Any

from exporter.emulator.sample import around, drawings, tides
from exporter.emulator.world import Content, User, Version, World, timestamp

CLOUD_ID = "11111111-2222-4333-8444-555555555555"
SITE_NAME = "keepers"
SITE_URL = "https://keepers.example"
ME = User("712020:0c1f6a8e-4b52-4d0c-9a3e-51e9c2a70001", "Mirror Robot", "robot@keepers.example")
THIS_MORNING = datetime(2026, 3, 9, 7, 0, tzinfo=UTC)

_FOLDER = files("exporter.emulator.sample")

# --- the site -----------------------------------------------------------------------------


def sample_world(*, site_url: Callable[[], str] = lambda: SITE_URL) -> World:
    """The same site each time: spaces ``DEMO`` and ``OPS`` as they are `THIS_MORNING`.

    ``site_url`` is asked whenever a body is read, for a server that learns its address late;
    links between pages are then addresses of that site.
    """
    world = World(CLOUD_ID, SITE_NAME, ME)
    site: dict[str, list[dict[str, Any]]] = json.loads(_text("site.json"))
    for user in site["users"]:
        world.add_user(**user)
    for space in site["spaces"]:
        _add_space(world, **space)
    for content in site["contents"]:
        _add_content(world, site_url, **content)
    for attachment in site["attachments"]:
        _add_attachment(world, **attachment)
    around.add_all(world, _set_clock)
    world.last_id = 131300
    world.now = THIS_MORNING
    return world


def _add_space(world: World, key: str, name: str, *, at: str, by: str, **fields: Any) -> None:
    _set_clock(world, at)
    world.add_space(key, name, author_id=by, **fields)


def _add_content(
    world: World,
    site_url: Callable[[], str],
    kind: str,
    space: str,
    title: str,
    *,
    slug: str,
    at: str,
    by: str,
    parent: str | None = None,
    edits: Sequence[Sequence[str]] = (),
    **fields: Any,
) -> None:
    _set_clock(world, at)
    fields["author_id"] = by
    content: Content
    if kind == "page":
        content = world.add_page(space, title, _body(slug, 1, site_url), parent=parent, **fields)
    elif kind == "blogpost":
        content = world.add_blogpost(space, title, _body(slug, 1, site_url), **fields)
    else:
        world.add_node(space, title, kind=kind, parent=parent, **fields)  # type: ignore[arg-type]  # from JSON
        return
    for number, (moment, editor, message) in enumerate(edits, 2):
        _set_clock(world, moment)
        world.edit(content, _body(slug, number, site_url), message=message, author=editor)


def _add_attachment(
    world: World,
    on: str,
    title: str,
    *,
    source: str,
    at: str,
    by: str,
    edits: Sequence[Sequence[str]] = (),
    **fields: Any,
) -> None:
    version = Version(1, _set_clock(world, at), by)
    attachment = world.attach(on, title, _file(source), version=version, **fields)
    for moment, new_source in edits:
        _set_clock(world, moment)
        world.replace_attachment(attachment, _file(new_source))


def _set_clock(world: World, moment: str) -> str:
    """Let the next change happen at ``moment``."""
    then = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    world.now = then - timedelta(minutes=1)
    return timestamp(then)


def _body(slug: str, number: int, site_url: Callable[[], str]) -> Callable[[], str]:
    """``slug.2.xml`` is the second version where it differs from the present one."""
    former = f"bodies/{slug}.{number}.xml"
    name = former if (_FOLDER / former).is_file() else f"bodies/{slug}.xml"
    return lambda: _storage(name).replace(SITE_URL, site_url())


@cache
def _storage(name: str) -> str:
    text = _text(name)
    return text.replace("{tables}", tides.tables()) if name == "bodies/tides.xml" else text


@cache
def _text(name: str) -> str:
    return (_FOLDER / name).read_bytes().decode()


@cache
def _file(source: str) -> bytes:
    kind, _, name = source.partition(":")
    return _MADE[name]() if kind == "made" else (_FOLDER / "files" / source).read_bytes()


# --- files made here --------------------------------------------------------------------

_GUIDE = (
    "The Pocket Guide of the Keeper",
    "1. Light it before it is needed.",
    "2. Count the steps. There are 199.",
    "3. If the lamp does not turn: lantern, horn, radio.",
    "4. Whoever empties the kettle fills it.",
)


def _guide() -> bytes:
    lines = "".join(f"({line}) Tj 0 -28 Td " for line in _GUIDE)
    content = f"BT /F1 18 Tf 60 760 Td {lines}ET".encode("ascii")
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    data, table = b"%PDF-1.4\n", b"0000000000 65535 f \n"
    for number, part in enumerate(objects, 1):
        table += b"%010d 00000 n \n" % len(data)
        data += b"%d 0 obj\n%b\nendobj\n" % (number, part)
    size = len(objects) + 1
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, len(data))
    return data + b"xref\n0 %d\n" % size + table + trailer


def _diagnostics() -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("lamp-status.json", "motor-log.txt"):
            archive.writestr(zipfile.ZipInfo(name, (2026, 3, 7, 20, 42, 0)), _file(name))
    return memory.getvalue()


_MADE: dict[str, Callable[[], bytes]] = {
    "night": partial(drawings.scene, dawn=False),
    "dawn": partial(drawings.scene, dawn=True),
    "tides": partial(drawings.tide_curve, upside_down=False),
    "tides-upside-down": partial(drawings.tide_curve, upside_down=True),
    "sectors": drawings.sectors,
    "beacon": partial(drawings.beacon, 9),
    "believed": partial(drawings.beacon, 36),
    "parts": drawings.parts,
    "guide": _guide,
    "diagnostics": _diagnostics,
}
