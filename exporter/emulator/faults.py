"""Rules by which the emulator misbehaves.

Answered instead of what was asked for:

    status        ``status`` (500), ``retry_after``, ``body``, ``headers``
    expired       401, as for a token that is no longer good; use ``from_index``
    login_page    200 with an HTML page (or ``body``)
    not_json      200 with JSON that breaks off (or ``body``)
    redirect      ``status`` (302) to ``location``, or without one to the same address for ever
    gzip_bomb     200 with ``amount`` (64) MB of blanks in a few kB of gzip
    bulk_limit    ``status`` (504) if more than ``amount`` ids are asked for (or, in a
                  list with bodies, if the limit is higher)

Answered wrongly:

    results       ``results`` is ``value``, or missing when no value is given
    body          the body form of the items (``ids``, or all) is ``value``, or missing
    field         the field ``name`` of the items (``ids``, or all) is ``value``, or missing
    file_size     ``fileSize`` is off by ``amount`` (1)
    short_binary  the file is ``amount`` (1) bytes short, and says so in its length
    long_binary   likewise too long
    duplicates    the last item comes again on the next page, the last page has one twice
    repeat_cursor the cursor is one of the first ``amount`` (1) for ever: A A A, or A B A B
    empty_page    no results, but a next page, which has them
    short_page    only ``amount`` (1) results; the next page goes on after them
    stuck_list    the same results again and again under ever new cursors
    next_link     ``location`` for ``_links.next``; ``{link}`` in it is the right one

Sent badly:

    delay         ``seconds`` pass before anything happens
    stall         the head and ``amount`` bytes (half) are sent, then nothing more
    slow          ``amount`` (1) bytes at a time, ``seconds`` (0.05) apart
    reset         the connection is reset before the answer
    reset_body    … after ``amount`` bytes (half) of the body
    cut           … closed after ``amount`` bytes (half), against the Content-Length
    chunked_cut   … likewise, but chunked, without the last chunk
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

from exporter.emulator.recorded import API, Origin, Recorded

Instead = Literal["status", "expired", "login_page", "not_json", "redirect", "gzip_bomb", "bulk_limit"]
Wrong = Literal[
    "results",
    "body",
    "field",
    "file_size",
    "short_binary",
    "long_binary",
    "duplicates",
    "repeat_cursor",
    "empty_page",
    "short_page",
    "stuck_list",
    "next_link",
]
Badly = Literal["delay", "stall", "slow", "reset", "reset_body", "cut", "chunked_cut"]
FaultKind = Instead | Wrong | Badly
INSTEAD, WRONG, BADLY = (frozenset(get_args(each)) for each in (Instead, Wrong, Badly))
MISSING: Final = object()


@dataclass
class Fault:
    """A rule; its kinds and their arguments are in the module's text.

    Which requests: ``origin`` (None: all), ``match`` (a regular expression searched in
    ``METHOD /path?query`` as sent), and ``ids``, which the path or the query must name;
    for the kinds that spoil items, ``ids`` are the items instead. Of those requests the
    first ``from_index`` are spared; then it hits every ``every``-th, or by ``seed`` a
    ``share`` of them, but no more than ``times``.
    """

    kind: FaultKind
    match: str = ""
    origin: Origin | None = None
    ids: Collection[str] = ()
    every: int = 1
    times: int | None = None
    from_index: int = 0
    share: float | None = None
    seed: int = 0
    status: int | None = None
    retry_after: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | str | None = None
    location: str = ""
    name: str = ""
    seconds: float | None = None
    amount: int | None = None
    value: Any = MISSING
    seen: int = field(default=0, init=False)
    hits: int = field(default=0, init=False)
    memory: dict[str, list[str]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.kind not in INSTEAD | WRONG | BADLY:
            raise ValueError(f"no such fault: {self.kind}")
        self._pattern = re.compile(self.match)
        self._dice = random.Random(self.seed)

    def hits_now(self, asked: Recorded) -> bool:
        """Count this request, and say whether the rule hits it."""
        if not self._means(asked):
            return False
        index = self.seen - self.from_index
        self.seen += 1
        if index < 0 or (self.times is not None and self.hits >= self.times):
            return False
        chosen = (index + 1) % self.every == 0 if self.share is None else self._dice.random() < self.share
        self.hits += chosen
        return chosen

    def _means(self, asked: Recorded) -> bool:
        if self.origin not in (None, asked.origin) or not self._pattern.search(
            f"{asked.method} {asked.target}"
        ):
            return False
        if self.kind in ("expired", "bulk_limit") and asked.origin not in API:
            return False
        if self.ids and self.kind not in ("body", "field", "file_size"):
            return not set(self.ids).isdisjoint([*asked.path.split("/"), *asked_ids(asked)])
        return True

    @property
    def is_instead(self) -> bool:
        return self.kind in INSTEAD

    @property
    def is_wrong(self) -> bool:
        return self.kind in WRONG

    @property
    def is_badly(self) -> bool:
        return self.kind in BADLY


def hitting(faults: Iterable[Fault], asked: Recorded) -> list[Fault]:
    """The rules that hit this request; each rule counts it, whatever the others do."""
    return [fault for fault in faults if fault.hits_now(asked)]


def asked_ids(asked: Recorded) -> list[str]:
    """Those of a bulk read, in the query or in the body."""
    queried = [part for value in asked.query.getall("id", []) for part in value.split(",")]
    return queried + _sent_ids(asked.body)


def _sent_ids(body: bytes) -> list[str]:
    try:
        sent = json.loads(body or b"{}")
    except ValueError:
        return []
    lists = sent.values() if isinstance(sent, dict) else ()
    return [str(each) for listed in lists if isinstance(listed, list) for each in listed]
