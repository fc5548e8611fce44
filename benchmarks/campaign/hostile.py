"""A hostile server: each kind of fault at one request of a run after the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.campaign.attempt import Attempt, Lab
from benchmarks.campaign.stage import FLAGS
from exporter.emulator import Fault
from exporter.errors import Exit
from tests.end_to_end.running import IMPATIENT, FastClock, mirror_here

ENDS = (Exit.OK, Exit.USAGE, Exit.PARTIAL, Exit.WITHHELD, Exit.UNAVAILABLE, Exit.SPACE, Exit.AUTH)
"""What a server can be the reason of; a bug, or a disk that failed, it can't."""

Rule = Mapping[str, Any]
_EVIL = "https://evil.example"
_STATUS = (400, 401, 403, 404, 405, 408, 409, 410, 413, 418, 429, 431, 451, 500, 501, 502, 503, 504, 520, 599)
_BODIES = (b"", b"null", b"[]", b'"text"', b"{", b"\xff\xfe{}", b"[" * 100_000, b"{}", b'{"results": null}')
_RESULTS: tuple[object, ...] = (None, [], {}, "text", [None], [{"id": []}], [{}], [{"id": "../../up"}])
RULES: dict[str, Rule] = {
    **{f"status {code}": {"kind": "status", "status": code} for code in _STATUS},
    "429 and 60 s": {"kind": "status", "status": 429, "retry_after": "60"},
    "503 and a day": {"kind": "status", "status": 503, "retry_after": "86400"},
    "429 and nonsense": {"kind": "status", "status": 429, "retry_after": "-1e9"},
    "token dies": {"kind": "expired"},
    "HTML": {"kind": "login_page"},
    "JSON that breaks off": {"kind": "not_json"},
    **{f"a body of {body[:20]!r}": {"kind": "not_json", "body": body} for body in _BODIES},
    "no results": {"kind": "results"},
    **{f"results {value!r}": {"kind": "results", "value": value} for value in _RESULTS},
    "a redirect for ever": {"kind": "redirect"},
    "a redirect elsewhere": {"kind": "redirect", "location": f"{_EVIL}/wiki"},
    "a redirect to a file": {"kind": "redirect", "location": "file:///etc/passwd"},
    "a redirect to a service of this machine": {"kind": "redirect", "location": "http://127.0.0.1:1/"},
    "a bomb": {"kind": "gzip_bomb", "amount": 8},
    "no body": {"kind": "body"},
    "body null": {"kind": "body", "value": None},
    "no version": {"kind": "field", "name": "version"},
    "a title of dots": {"kind": "field", "name": "title", "value": "../../../up"},
    "a title that is a number": {"kind": "field", "name": "title", "value": 7},
    "an id of another": {"kind": "field", "name": "id", "value": "1"},
    "a status of nobody": {"kind": "field", "name": "status", "value": "haunted"},
    "wrong file size": {"kind": "file_size"},
    "short file": {"kind": "short_binary"},
    "long file": {"kind": "long_binary"},
    "duplicates": {"kind": "duplicates"},
    "repeated cursor": {"kind": "repeat_cursor"},
    "cursor A B A": {"kind": "repeat_cursor", "amount": 2},
    "empty pages": {"kind": "empty_page"},
    "short pages": {"kind": "short_page"},
    "a stuck list": {"kind": "stuck_list"},
    "a foreign next link": {"kind": "next_link", "location": _EVIL + "{link}"},
    "a next link of nothing": {"kind": "next_link", "location": ""},
    "a next link without a cursor": {"kind": "next_link", "location": "/wiki/api/v2/pages"},
    "delay": {"kind": "delay", "seconds": 0.02},
    "late": {"kind": "delay", "seconds": 0.8},
    "stall": {"kind": "stall"},
    "stall at once": {"kind": "stall", "amount": 0},
    "slow": {"kind": "slow", "seconds": 0.2},
    "reset": {"kind": "reset"},
    "reset in the body": {"kind": "reset_body"},
    "reset after a byte": {"kind": "reset_body", "amount": 1},
    "cut": {"kind": "cut"},
    "cut after a byte": {"kind": "cut", "amount": 1},
    "chunked and cut": {"kind": "chunked_cut"},
}
LIES = ("a title of dots", "a title that is a number", "an id of another", "a status of nobody")
"""No sign tells them from the truth: they are mirrored; what comes of them may stay."""
A_WHILE = 6  # requests: more than one is tried
_IMPATIENT = ("late", "stall", "stall at once", "slow")  # nobody waits for them longer than must be
_SLOW = (*_IMPATIENT, "a bomb")  # in real time: for ever would take half a minute


@dataclass(frozen=True, slots=True)
class Hostility:
    """A fault of this name that hits one request, or all from there on."""

    name: str
    request: int
    lasting: bool

    def __str__(self) -> str:
        return f"{self.name!r} at request {self.request}{' and ever after' if self.lasting else ''}"

    async def attempt(self, lab: Lab) -> Attempt:
        """In this process, whose clock flies. What a fault means for a listing may be true: an empty one
        is an answer; that it takes nothing away is an invariant."""
        out = lab.scene.lay_out(lab.place)
        faults = lab.scene.emulator.faults
        lasting = A_WHILE if self.name in _SLOW else None
        times = lasting if self.lasting else 1
        faults.append(Fault(from_index=self.request, times=times, **RULES[self.name]))
        limits = IMPATIENT if self.name in _IMPATIENT else None
        try:
            run = await mirror_here(lab.scene.emulator, out, clock=FastClock(), limits=limits, **FLAGS)
        finally:
            faults.clear()
        made = await lab.judge(int(run.exit), ENDS, alike=self.name not in LIES)
        wrong = [] if run.exit in ENDS else [f"it said: {run.problems()}"]
        return Attempt(made.code, [*made.broken, *wrong])


async def hostilities(lab: Lab) -> list[Hostility]:
    """Each fault at each request, first once, then lasting: so that every n-th is spread over both.

    A fault of items counts only the requests that it could hit, so that the later of its numbers hit none.
    """
    emulator = lab.scene.emulator
    emulator.requests.clear()
    await mirror_here(emulator, lab.scene.lay_out(lab.place), clock=FastClock(), **FLAGS)
    requests = len(emulator.requests)
    return [
        Hostility(name, request, lasting)
        for lasting in (False, True)
        for request in range(requests)
        for name in RULES
    ]
