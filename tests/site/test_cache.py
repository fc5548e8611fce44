"""The cache gives back what was put, or nothing: whatever became of its file."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from exporter.errors import LocalError
from exporter.site.cache import Body, Known, open_cache

KNOWN = Known(
    "digest", {'["item", ["1"], {}]': "a"}, ["2", "3"], [("toc", "static")], ["a problem ☂"], ["Nowhere"]
)
BODY = Body("<p>é\ud800</p>", [(2, "a", "A")], ["A"], "text", {"9": "<p>so</p>"})
MANY = 40


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A cache with something in it."""
    path = tmp_path / "site.cache.sqlite"
    with open_cache(path, version="1") as cache:
        for number in range(MANY):
            cache.put(str(number), KNOWN, BODY)
        cache.made("pages/1.html", "made")
    return path


def held(path: Path, version: str = "1") -> tuple[int, str | None]:
    """How many bodies, each as it was put; and what `pages/1.html` was made of."""
    with open_cache(path, version=version) as cache:
        known = [number for number in map(str, range(MANY)) if cache.known(number) is not None]
        assert all(cache.known(each) == KNOWN and cache.body(each) == BODY for each in known)
        return len(known), cache.made_of("pages/1.html")


def test_what_was_put_is_there_the_next_time(path: Path) -> None:
    assert held(path) == (MANY, "made")
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_what_was_put_before_an_error_is_not_and_no_file_is_believed_any_more(path: Path) -> None:
    def fail() -> None:
        with open_cache(path, version="1") as cache:
            cache.put("new", KNOWN, BODY)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert held(path) == (MANY, None)
    with open_cache(path, version="1") as cache:
        assert cache.known("new") is None
        cache.made("pages/1.html", "made")
    assert held(path) == (MANY, "made")


def test_what_another_version_made_is_discarded(path: Path) -> None:
    assert held(path, version="2") == (0, None)
    assert held(path, version="1") == (0, None)


def old_tables(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT)")
        connection.execute("INSERT INTO meta VALUES ('version', '0')")
        connection.execute("CREATE TABLE bodies (id TEXT PRIMARY KEY)")
        connection.commit()


def foreign(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE meta (id INTEGER PRIMARY KEY)")


@pytest.mark.parametrize(
    "damage",
    [
        Path.unlink,
        old_tables,
        foreign,
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"SQLite format 3\0" + b"x" * 5000),
        lambda path: path.write_text("no database"),
        lambda path: path.write_bytes(path.read_bytes()[:5000]),
        lambda path: path.write_bytes(path.read_bytes().replace(b"CREATE TABLE f", b"CREATE \xffABLE f")),
    ],
)
def test_whatever_else_lies_there_is_replaced(damage: Callable[[Path], object], path: Path) -> None:
    damage(path)
    assert held(path)[0] in (0, MANY)
    with open_cache(path, version="1") as cache:
        cache.put("0", KNOWN, BODY)
    assert held(path)[0] in (1, MANY)


def test_a_byte_that_turned_costs_what_it_stands_in(path: Path) -> None:
    whole = path.read_bytes()
    counts = []
    for position in range(0, len(whole), 97):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0x41]) + whole[position + 1 :])
        counts.append(held(path)[0])
    assert len(whole) > 20_000
    assert counts.count(0) < len(counts) / 10  # the head, and the structure of each page of the file
    assert MANY - 1 in counts


def test_what_cannot_be_replaced_is_said(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    with pytest.raises(LocalError, match="cannot replace"):
        held(tmp_path / "cache")
    with pytest.raises(LocalError, match="cannot replace"):
        held(tmp_path / "none" / "cache")
