"""A body is rendered again when an answer that it was made of has changed, and only then."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from exporter.site.bodies import Bodies
from exporter.site.cache import Body, open_cache
from exporter.site.html.body import render_body
from tests.site.changing import BODIES, CHANGES, IDS, NAMES, Space, link


@pytest.fixture
def space(tmp_path: Path) -> Space:
    return Space(tmp_path)


@contextmanager
def rendered(space: Space, cache: str = "cache") -> Iterator[Bodies]:
    with open_cache(space.root / cache, version="1") as opened:
        found = Bodies(space.read(), opened)
        for _ in found.made():
            pass
        yield found


def again(space: Space) -> set[str]:
    """The names of what was rendered this time."""
    with rendered(space) as found:
        return {NAMES.get(item_id, item_id) for item_id in found.rendered}


def everything(space: Space, cache: str) -> dict[str, tuple[Body, object]]:
    with rendered(space, cache) as found:
        ids = [item.id for item in space.read().reading_order]
        return {each: (found.body(each), found.known(each)) for each in ids}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_renders_what_asked_for_it(change: str, space: Space) -> None:
    space.write("byparent", labels=["tide"] if change == "an ancestor's place" else [])
    assert len(again(space)) == len(BODIES) + 1
    do, expected = CHANGES[change]
    do(space)
    assert again(space) == set(expected)
    assert again(space) == set()
    assert everything(space, "cache") == everything(space, "fresh")


@pytest.mark.parametrize("backwards", [False, True])
def test_after_many_changes_all_is_as_if_made_anew(backwards: bool, space: Space) -> None:
    for name in sorted(CHANGES, reverse=backwards):
        if name != "a page gone":
            CHANGES[name][0](space)
        again(space)
    assert everything(space, "cache") == everything(space, "fresh")


def test_what_is_gone_leaves_the_cache(space: Space) -> None:
    again(space)
    space.folder.remove(IDS["plain"])
    again(space)
    with open_cache(space.root / "cache", version="1") as opened:
        assert set(opened.ids()) == {*IDS.values(), "90"} - {IDS["plain"]}


def test_backlinks_come_in_reading_order_and_never_from_the_page_itself(space: Space) -> None:
    space.write("fog", body=link('page ri:content-title="Fog"'))
    with rendered(space) as found:
        first = found.linked_from[IDS["fog"]]
    with rendered(space) as found:
        assert found.rendered == []
        assert found.linked_from[IDS["fog"]] == first
    assert [NAMES[each] for each in first if each in NAMES][:2] == ["home", "linking"]
    assert IDS["fog"] not in first


def test_a_body_whose_rendering_fails_is_shown_as_its_source_and_costs_no_other(
    space: Space, monkeypatch: pytest.MonkeyPatch
) -> None:
    comment = {"body": {"storage": {"value": "<p>Trouble &amp; more</p>"}}}
    good = {"body": {"storage": {"value": "<p>Good</p>"}}}
    footer = [{"id": "91", **comment}, {"id": "92", **good, "replies": [{"id": "93", **comment}]}]
    space.folder.put(f"comments/{IDS['fog']}.json", {"footer": footer})
    space.write("plain", body="<p>Trouble</p>")

    def failing(body: bytes, **options: Any) -> Any:
        if b"Trouble" in body:
            raise RecursionError
        return render_body(body, **options)

    monkeypatch.setattr("exporter.site.bodies.render_body", failing)
    with rendered(space) as found:
        assert len(found.rendered) == len(BODIES) + 1
        plain, fog = found.body(IDS["plain"]), found.body(IDS["fog"])
        problems = {name: known.problems for name, each in IDS.items() if (known := found.known(each))}
        at_root = found.at_root(next(each for each in space.read().reading_order if each.id == IDS["plain"]))
    assert plain.html == '<pre class="macro-unknown">&lt;p&gt;Trouble&lt;/p&gt;</pre>' == at_root.html
    assert plain.text == "<p>Trouble</p>"
    assert "The horn" in fog.html
    assert fog.comments["91"] == '<pre class="macro-unknown">&lt;p&gt;Trouble &amp;amp; more&lt;/p&gt;</pre>'
    assert fog.comments["91"] == fog.comments["93"]
    assert "Good" in fog.comments["92"]
    assert problems["plain"] == ["the page could not be rendered (RecursionError): its source is shown"]
    assert problems["fog"] == [
        f"the comment {each} could not be rendered (RecursionError): its source is shown" for each in (91, 93)
    ]
    assert problems["linking"] == []


def test_a_body_that_cannot_be_read_is_said_to_be_and_not_shown_as_empty(space: Space) -> None:
    originals = space.read()
    (space.folder.root / f"raw/pages/{IDS['plain']}.storage.xml").unlink()
    with open_cache(space.root / "cache", version="1") as opened:
        found = Bodies(originals, opened)
        assert len(list(found.made())) == len(BODIES) + 1
        known = found.known(IDS["plain"])
        assert known is not None
        assert known.problems == ["its body is in the mirror, but could not be read"]
        assert "could not be read" in found.body(IDS["plain"]).html
