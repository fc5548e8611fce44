"""Every body rendered, or taken from the cache where nothing that it shows has changed."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from html import escape

from exporter.site.cache import Body, Cache, Known
from exporter.site.html.body import Rendered, render_body
from exporter.site.items import Comment, Item, Library
from exporter.site.originals import Originals
from exporter.site.recorder import Answers, Recorder, digest_of

log = logging.getLogger(__name__)

ROOT = "../"  # from pages/ to the site's root


class Bodies:
    """Of all pages and blog posts of a space, once `made` has come to its end."""

    def __init__(self, originals: Originals, cache: Cache) -> None:
        self._originals, self._cache = originals, cache
        self._answers = Answers(originals)
        self._known: dict[str, Known] = {}
        self.rendered: list[str] = []
        """The ids of those that the cache didn't have."""
        self.linked_from: Mapping[str, Sequence[str]] = {}
        """Id → ids of what links to it, in reading order."""

    def made(self) -> Iterator[None]:
        """One step for each body."""
        for item in self._originals.reading_order:
            if item.has_body:
                self._known[item.id] = self._still(item) or self._render(item)
                yield
        for item_id in self._cache.ids():
            if item_id not in self._known:
                self._cache.forget(item_id)
        self.linked_from = _turned(self._known)

    def body(self, item_id: str) -> Body:
        return self._cache.body(item_id)

    def at_root(self, item: Item) -> Body:
        """As it stands on a page in the root of the site."""
        return _body_of(_parts_of(item, self._originals, root=""))

    def known(self, item_id: str) -> Known | None:
        """None where there is no body."""
        return self._known.get(item_id)

    def _still(self, item: Item) -> Known | None:
        known = self._cache.known(item.id)
        return known if known is not None and self._answers.still(known.asked) else None

    def _render(self, item: Item) -> Known:
        self.rendered.append(item.id)
        recorder = Recorder(self._originals, self._answers)
        recorder.note_whole(item.id)
        parts = _parts_of(item, recorder, root=ROOT)
        body = _body_of(parts)
        comments = list(_all(recorder.comments(item.id)))
        authors = [recorder.person(each.version.author) for each in comments if each.version.author]
        known = Known(
            digest=digest_of((asdict(body), comments, authors)),
            asked=recorder.asked,
            links=sorted({link for part in parts.values() for link in part.links} - {item.id}),
            macros=[(name, str(tier)) for part in parts.values() for name, tier in part.macros],
            problems=[problem for part in parts.values() for problem in part.problems],
            unresolved=sorted({name for part in parts.values() for name in part.unresolved}),
        )
        self._cache.put(item.id, known, body)
        return known


_UNREADABLE = Rendered(
    html='<p class="notice">The text of this page is in this copy, but could not be read.</p>',
    toc=(),
    headings=(),
    text="",
    links=(),
    macros=(),
    problems=("its body is in the mirror, but could not be read",),
    unresolved=(),
)


def _parts_of(item: Item, library: Library, *, root: str) -> Mapping[str, Rendered]:
    """Its body, under no name, and the comments below it, by their ids."""
    body = library.body(item.id)
    main = _UNREADABLE if body is None else _rendered("", body, item, library, root)
    return {"": main} | {
        each.id: _rendered(each.id, each.body, item, library, root)
        for each in _all(library.comments(item.id))
    }


def _rendered(name: str, body: bytes, item: Item, library: Library, root: str) -> Rendered:
    try:
        return render_body(body, page=item, library=library, root=root, anchored=not name)
    except Exception as exc:  # whatever is in a body: it costs that body only
        what = f"the comment {name}" if name else "the page"
        log.debug("%s on %s %s", what, item.kind, item.id, exc_info=exc)
        return _as_it_is(body, f"{what} could not be rendered ({type(exc).__name__}): its source is shown")


def _body_of(parts: Mapping[str, Rendered]) -> Body:
    main = parts[""]
    return Body(
        html=main.html,
        toc=[(entry.level, entry.id, entry.text) for entry in main.toc],
        headings=[*main.headings],
        text=main.text,
        comments={name: part.html for name, part in parts.items() if name},
    )


def _as_it_is(body: bytes, why: str) -> Rendered:
    """What could not be rendered, as its source: nothing is lost silently."""
    text = body.decode(errors="replace")
    return Rendered(
        html=f'<pre class="macro-unknown">{escape(text)}</pre>',
        toc=(),
        headings=(),
        text=text,
        links=(),
        macros=(),
        problems=(why,),
        unresolved=(),
    )


def _all(comments: Sequence[Comment]) -> Iterator[Comment]:
    for comment in comments:
        yield comment
        yield from _all(comment.replies)


def _turned(known: Mapping[str, Known]) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for item_id, each in known.items():
        for link in each.links:
            found[link].append(item_id)
    return found
