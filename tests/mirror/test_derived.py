"""What is made of the originals: written only where it differs, linked rather than copied."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path, PurePosixPath

import pytest

from exporter.errors import ObstructedError
from exporter.mirror.derived import Derived

PAGE = PurePosixPath("site/pages/7.html")
ORIGINAL, PICTURE = PurePosixPath("raw/attachments/att9/a.png"), PurePosixPath("site/files/att9/a.png")


@pytest.fixture
async def files(tmp_path: Path) -> AsyncIterator[Derived]:
    with (
        ThreadPoolExecutor(1) as executor,
        closing(Derived(tmp_path / "ENG", mode=0o640, executor=executor)) as derived,
    ):
        await derived.make_root()
        yield derived


async def test_what_has_the_same_bytes_is_left_as_it_is(files: Derived) -> None:
    assert await files.write(PAGE, b"one")
    before = (files.root / PAGE).stat()
    assert not await files.write(PAGE, b"one")
    assert (files.root / PAGE).stat() == before
    assert await files.write(PAGE, b"two")
    assert (files.root / PAGE).read_bytes() == b"two"
    assert (files.root / PAGE).stat().st_mode & 0o777 == 0o640


async def test_a_link_in_a_files_place_is_replaced_not_followed(files: Derived, tmp_path: Path) -> None:
    (tmp_path / "mine").write_bytes(b"one")
    (files.root / PAGE).parent.mkdir(parents=True)
    (files.root / PAGE).symlink_to(tmp_path / "mine")
    assert await files.write(PAGE, b"one")
    assert not (files.root / PAGE).is_symlink()
    assert (tmp_path / "mine").read_bytes() == b"one"


async def test_a_folder_that_is_a_link_is_refused(files: Derived, tmp_path: Path) -> None:
    (files.root / "site").mkdir()
    (files.root / "site/files").mkdir()
    (files.root / "site/files/att9").symlink_to(tmp_path)
    await files.write(ORIGINAL, b"picture")
    with pytest.raises(ObstructedError):
        await files.link(ORIGINAL, PICTURE)
    assert not (tmp_path / "a.png").exists()


async def test_an_original_gets_a_second_name(files: Derived) -> None:
    await files.write(ORIGINAL, b"picture")
    assert await files.link(ORIGINAL, PICTURE)
    assert (files.root / ORIGINAL).samefile(files.root / PICTURE)
    assert not await files.link(ORIGINAL, PICTURE)


async def test_a_new_version_takes_the_place_of_the_old_one(files: Derived) -> None:
    await files.write(ORIGINAL, b"picture")
    await files.link(ORIGINAL, PICTURE)
    await files.write(ORIGINAL, b"another")
    assert await files.link(ORIGINAL, PICTURE)
    assert (files.root / PICTURE).read_bytes() == b"another"


async def test_where_the_disk_has_no_second_names_it_is_copied_once(
    files: Derived, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    await files.write(ORIGINAL, b"picture")
    assert await files.link(ORIGINAL, PICTURE)
    assert (files.root / PICTURE).read_bytes() == b"picture"
    assert not (files.root / ORIGINAL).samefile(files.root / PICTURE)
    assert not await files.link(ORIGINAL, PICTURE)
    await files.write(ORIGINAL, b"another")
    assert await files.link(ORIGINAL, PICTURE)
    assert (files.root / PICTURE).read_bytes() == b"another"


async def test_of_an_absent_original_nothing_is_made(files: Derived) -> None:
    assert not await files.link(ORIGINAL, PICTURE)
    assert not (files.root / PICTURE).exists()


async def test_all_files_below_a_folder_are_told(files: Derived) -> None:
    assert await files.below(PurePosixPath("site")) == {}
    await files.write(PAGE, b"one")
    await files.write(PurePosixPath("site/index.html"), b"four")
    (files.root / "site/link.html").symlink_to("index.html")
    assert await files.below(PurePosixPath("site")) == {PurePosixPath("site/index.html"): 4, PAGE: 3}
