"""One real request for each class of endpoints: what this token opens, before anything is fetched."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from exporter.confluence import scopes
from exporter.confluence.client import Client
from exporter.confluence.scopes import Endpoint
from exporter.errors import (
    DownloadClosed,
    Forbidden,
    NotFound,
    RemoteError,
    Removed,
    ScopeMissing,
    TransientError,
)
from exporter.model import AttachmentInfo, ContentInfo, Kind, Part, Space

Outcome = Literal["granted", "scope missing", "forbidden", "removed", "failed", "unreachable"]

NOWHERE = "1"
"""An id of nothing. The gateway looks at the scopes first, so 404 means that they suffice."""
NOBODY = "557058:00000000-0000-0000-0000-000000000000"
LOOKED_AT = 10  # pages whose attachments are looked through for one to download
TRIED = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """What one endpoint said; `said` is empty where it was granted."""

    endpoint: Endpoint
    outcome: Outcome
    said: str = ""


@dataclass(frozen=True, slots=True)
class Probe:
    """`of` says what the id in the path is the id of. An `early` one is among the first requests of a
    run anyway."""

    endpoint: Endpoint
    of: Literal["space", "page", "nothing"]
    query: tuple[tuple[str, str], ...] = ()
    early: bool = False


_ONE = ("limit", "1")
PROBES = (
    Probe(scopes.SPACE_PAGES, "space", (_ONE,), early=True),
    Probe(scopes.SPACE_BLOGPOSTS, "space", (_ONE,), early=True),
    Probe(scopes.FOLDER, "nothing"),
    Probe(scopes.WHITEBOARD, "nothing"),
    Probe(scopes.DATABASE, "nothing"),
    Probe(scopes.EMBED, "nothing"),
    Probe(scopes.CUSTOM_CONTENT, "nothing"),
    Probe(scopes.PAGE_ATTACHMENTS, "page", (_ONE,)),
    Probe(scopes.DOWNLOAD, "nothing"),
    Probe(scopes.PAGE_FOOTER_COMMENTS, "page", (_ONE,)),
    Probe(scopes.TASKS, "nothing", (_ONE,), early=True),
    Probe(scopes.SEARCH, "nothing", (("cql", "type = page"), _ONE), early=True),
    Probe(scopes.RESTRICTIONS, "page"),
    Probe(scopes.SPACE_PERMISSIONS, "space", (_ONE,), early=True),
    Probe(scopes.SPACE_ROLE_ASSIGNMENTS, "space", (_ONE,), early=True),
    Probe(scopes.USERS, "nothing"),
)
"""Labels, properties, likes and versions come with pages, and need no more than those."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where the probes ask."""

    space: str = NOWHERE
    page: str = NOWHERE
    account: str = NOBODY

    def id_for(self, probe: Probe) -> str:
        return {"space": self.space, "page": self.page, "nothing": NOWHERE}[probe.of]


def needed(skip: Collection[Part], *, early: bool = True) -> list[Probe]:
    """One for each class of endpoints that a run needs which skips these parts."""
    endpoints = scopes.needed(skip)
    return [probe for probe in PROBES if probe.endpoint in endpoints and (early or not probe.early)]


async def ask(client: Client, probe: Probe, target: Target) -> Finding:
    """Raises `AuthError` and `Unavailable`."""
    send = {"accountIds": [target.account]} if probe.endpoint is scopes.USERS else None
    parts = {"id": target.id_for(probe), "attachmentId": f"att{NOWHERE}"}
    asking = client.probe(probe.endpoint, parts, probe.query, send=send)
    return await _found(probe.endpoint, asking)


async def some_pages(client: Client, space: Space) -> list[ContentInfo]:
    """A few pages of the space, to ask about. Raises what listing them raises."""
    pages: list[ContentInfo] = []
    async for page in client.contents(space, Kind.PAGE):
        pages.append(page)
        if len(pages) == LOOKED_AT:
            break
    return pages


async def some_attachments(client: Client, pages: Iterable[ContentInfo]) -> list[AttachmentInfo]:
    """Those of the first of these pages that has any. Raises what listing them raises."""
    for page in pages:
        found = [attachment async for attachment in client.attachments(page)]
        if found:
            return found[:TRIED]
    return []


async def download(client: Client, attachments: Sequence[AttachmentInfo]) -> Finding:
    """Begin to download one of them, down to the media host."""

    async def begin(chunks: AsyncIterator[bytes]) -> None:
        async for _ in chunks:
            return

    finding = Finding(scopes.DOWNLOAD, "granted")
    for attachment in attachments:  # Confluence may have lost the content of one
        finding = await _found(scopes.DOWNLOAD, client.download(attachment, begin), absent="failed")
        if finding.outcome not in ("failed", "unreachable"):
            break
    return finding


async def spaces(client: Client) -> Finding:
    return await _found(scopes.SPACES, client.probe(scopes.SPACES, {}, (_ONE,)))


async def current_user(client: Client) -> Finding:
    return await _found(scopes.CURRENT_USER, client.current_user())


def remarks(findings: Sequence[Finding]) -> list[str]:
    """What the findings say together."""
    closed = [each.endpoint for each in findings if each.outcome == "scope missing"]
    opened = [each.endpoint for each in findings if each.outcome == "granted"]
    said = []
    if closed and any(each.classic for each in opened) and all(each.classic for each in opened):
        said.append(
            "the token seems to have classic scopes only, which open the older endpoints (/wiki/rest/api): "
            "the others (/wiki/api/v2) take granular ones"
        )
    if _granular_is_useless(findings):
        said.append(
            "the granular scopes don't open the older endpoints (/wiki/rest/api) here: those take classic "
            "ones"
        )
    if scopes.FOLDER in closed:
        said.append(
            "where the dialog doesn't offer read:folder:confluence (reported as CONFCLOUD-82041 and, for "
            "service accounts, CONFCLOUD-83234), leave folders out: --skip folders"
        )
    return said


def to_tick(findings: Sequence[Finding], skip: Collection[Part]) -> list[str]:
    """The scopes of a token that is sure to open everything; nothing where this one does.

    v1 is opened by granular or by classic scopes, which of them isn't known: both are ticked, unless
    it shows here that a granular scope which opens v2 leaves v1 closed.
    """
    if all(each.outcome != "scope missing" for each in findings):
        return []
    useless = _granular_is_useless(findings)
    ticked = set()
    for endpoint in scopes.needed(skip):
        if endpoint.classic:
            ticked.add(endpoint.classic)
        if not (endpoint.classic and useless):
            ticked.add(endpoint.granular)
    return sorted(ticked)


def _granular_is_useless(findings: Sequence[Finding]) -> bool:
    """Whether a granular scope that the token surely has, as v2 shows, leaves v1 closed."""
    held = {
        each.endpoint.granular for each in findings if each.outcome == "granted" and not each.endpoint.classic
    }
    older = [each for each in findings if each.endpoint.classic]
    return all(each.outcome == "scope missing" for each in older) and any(
        each.endpoint.granular in held for each in older
    )


async def _found(endpoint: Endpoint, asking: Awaitable[object], *, absent: Outcome = "granted") -> Finding:
    try:
        await asking
    except DownloadClosed as exc:
        return Finding(endpoint, "forbidden", str(exc))
    except ScopeMissing as exc:
        return Finding(endpoint, "scope missing", str(exc))
    except Forbidden as exc:
        if endpoint is scopes.SPACE_ROLE_ASSIGNMENTS:  # a site without roles
            return Finding(endpoint, "granted")
        return Finding(endpoint, "forbidden", str(exc))
    except Removed as exc:
        return Finding(endpoint, "removed", str(exc))
    except NotFound as exc:
        return Finding(endpoint, absent, "" if absent == "granted" else str(exc))
    except TransientError as exc:
        return Finding(endpoint, "unreachable", str(exc))
    except RemoteError as exc:
        return Finding(endpoint, "failed", str(exc))
    return Finding(endpoint, "granted")
