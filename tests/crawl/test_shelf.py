from __future__ import annotations

import sqlite3

import pytest

from exporter.crawl.shelf import Shelf
from exporter.errors import LocalError
from exporter.model import CommentInfo
from tests.crawl.samples import comment


def test_values_come_back_by_key_in_their_order() -> None:
    shelf: Shelf[CommentInfo] = Shelf()
    for number in range(1000):
        shelf.put(str(number % 3), comment(number))
    assert shelf.of("1") == [comment(number) for number in range(1, 1000, 3)]
    assert shelf.of("3") == []
    shelf.close()


def test_trouble_with_the_disk_is_the_machines() -> None:
    shelf: Shelf[int] = Shelf()
    shelf.put("a", 1)
    shelf.close()
    with pytest.raises(LocalError) as raised:
        shelf.put("a", 1)
    assert isinstance(raised.value.__cause__, sqlite3.Error)
