"""What rendering asked, and what it was told: the same answers make the same page."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from exporter.site.items import Comment, File, Item, Library, Person, Task

Asked = dict[str, str]
"""Question → digest of its answer."""

_NAMED_ONLY = ("item", "titled", "posted", "space_home")
"""Of what a link leads to only what names it counts, and its parent: an edit is no reason to render here."""


class Answers:
    """Digests of answers, each made once. A question is a method of `Originals` with what it is asked, or
    the name of a value."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._known: Asked = {}

    def digest(self, question: str) -> str:
        if question not in self._known:
            name, arguments, named = json.loads(question)
            asked = getattr(self._library, name)
            answer = asked(*arguments, **named) if callable(asked) else asked
            self._known[question] = digest_of(_shown(answer) if name in _NAMED_ONLY else answer)
        return self._known[question]

    def still(self, asked: Mapping[str, str]) -> bool:
        """Whether each question still has the answer it had."""
        return all(self.digest(question) == answer for question, answer in asked.items())


def digest_of(answer: object) -> str:
    """Of frozen values: their `repr` says all of them."""
    text = repr(sorted(answer) if isinstance(answer, frozenset) else answer).encode(errors="surrogatepass")
    return hashlib.blake2b(text, digest_size=12).hexdigest()


def _shown(item: Item | None) -> object:
    return item and (
        item.id,
        item.kind,
        item.title,
        item.space_key,
        item.status,
        item.parent,
        item.address,
        item.has_body,
    )


class Recorder:
    """A library that notes in `asked` what it is asked."""

    def __init__(self, library: Library, answers: Answers) -> None:
        self._library, self._answers = library, answers
        self.asked: Asked = {}
        self.space_key = library.space_key

    @property
    def site_url(self) -> str:
        self._note("site_url")
        return self._library.site_url

    @property
    def home(self) -> str | None:
        self._note("home")
        return self._library.home

    @property
    def hosts(self) -> frozenset[str]:
        self._note("hosts")
        return self._library.hosts

    def _note(self, name: str, *arguments: Any, **named: Any) -> None:
        question = json.dumps([name, arguments, named], sort_keys=True)
        self.asked[question] = self._answers.digest(question)

    def note_whole(self, item_id: str) -> None:
        """All of an item is shown, not only what names it."""
        self._note("whole", item_id)

    def item(self, item_id: str) -> Item | None:
        self._note("item", item_id)
        return self._library.item(item_id)

    def titled(self, space_key: str | None, title: str) -> Item | None:
        self._note("titled", space_key, title)
        return self._library.titled(space_key, title)

    def posted(self, space_key: str | None, title: str, day: str) -> Item | None:
        self._note("posted", space_key, title, day)
        return self._library.posted(space_key, title, day)

    def space_home(self, space_key: str) -> Item | None:
        self._note("space_home", space_key)
        return self._library.space_home(space_key)

    def children(self, item_id: str) -> Sequence[Item]:
        self._note("children", item_id)
        return self._library.children(item_id)

    def body(self, item_id: str) -> bytes | None:
        self._note("body", item_id)
        return self._library.body(item_id)

    def files(self, container: str) -> Sequence[File]:
        self._note("files", container)
        return self._library.files(container)

    def file(self, *, file_id: str | None = None, attachment_id: str | None = None) -> File | None:
        self._note("file", file_id=file_id, attachment_id=attachment_id)
        return self._library.file(file_id=file_id, attachment_id=attachment_id)

    def person(self, account_id: str) -> Person | None:
        self._note("person", account_id)
        return self._library.person(account_id)

    def labelled(self, label: str) -> Sequence[Item]:
        self._note("labelled", label)
        return self._library.labelled(label)

    def recent(self, limit: int) -> Sequence[Item]:
        self._note("recent", limit)
        return self._library.recent(limit)

    def posts(self) -> Sequence[Item]:
        self._note("posts")
        return self._library.posts()

    def all_tasks(self) -> Sequence[Task]:
        self._note("all_tasks")
        return self._library.all_tasks()

    def comments(self, container: str) -> Sequence[Comment]:
        self._note("comments", container)
        return self._library.comments(container)
