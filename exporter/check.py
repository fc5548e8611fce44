"""`confluence-export check`: from the site to one download, what works and what doesn't, and why."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from typing import Any, Literal

from exporter import expiry
from exporter.app import wanted_by
from exporter.clock import Clock, SystemClock
from exporter.config import Selection, Settings
from exporter.confluence import scopes
from exporter.confluence.access import WHERE, NotAccepted, SignedIn, find_cloud_id, sign_in
from exporter.confluence.client import Client
from exporter.confluence.not_accepted import instead, look_closer, why
from exporter.confluence.probes import (
    NOBODY,
    Finding,
    Outcome,
    Target,
    ask,
    current_user,
    download,
    needed,
    remarks,
    some_attachments,
    some_pages,
    spaces,
    to_tick,
)
from exporter.confluence.spaces import all_spaces, find_space, space_of
from exporter.confluence.transport import Limits
from exporter.connection import Connection, connect
from exporter.errors import AuthError, Exit, ExportError, RemoteError, ScopeMissing, worst
from exporter.logs import Redacting
from exporter.model import ContentId, Space

SCHEMA = 1
MEANINGS = {
    Exit.OK: "all that was chosen is granted",
    Exit.USAGE: "a setting is wrong, or this is no Confluence Cloud site",
    Exit.PARTIAL: "something that was chosen is not granted",
    Exit.UNAVAILABLE: "Confluence could not be reached, or did not answer sensibly",
    Exit.AUTH: "the token is not accepted, or lacks a scope nothing works without",
}

Status = Outcome | Literal["ok", "warning"]
_EXITS: dict[Status, Exit] = {
    "scope missing": Exit.PARTIAL,
    "forbidden": Exit.PARTIAL,
    "removed": Exit.PARTIAL,
    "failed": Exit.PARTIAL,
    "unreachable": Exit.UNAVAILABLE,
}
_ESSENTIAL = (scopes.SPACES, scopes.SPACE_PAGES)
_NAMES = {scopes.DOWNLOAD: "download", scopes.SPACE_ROLE_ASSIGNMENTS: "roles"}
"""Of the second endpoint that serves a part."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One thing that was looked at. `said` explains what isn't well, in whole sentences."""

    what: str
    status: Status
    answer: str = ""
    said: str = ""
    endpoint: scopes.Endpoint | None = None

    @property
    def is_well(self) -> bool:
        return self.status in ("ok", "granted")


@dataclass
class Diagnosis:
    """All rungs that were reached, and the exit code they come to."""

    options: Selection
    rungs: list[Rung] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    exits: list[Exit] = field(default_factory=list)

    @property
    def exit(self) -> Exit:
        return worst(self.exits)

    @property
    def to_tick(self) -> list[str]:
        """What a new token needs; nothing where this one will do."""
        return to_tick(self.findings, self.options.skip)

    @property
    def remarks(self) -> list[str]:
        return remarks(self.findings)

    @property
    def meaning(self) -> str:
        return MEANINGS.get(self.exit, self.exit.meaning)

    def document(self) -> dict[str, Any]:
        """For `--json`. Keys may be added, never changed."""
        return {
            "schema": SCHEMA,
            "version": version("confluence-export"),
            "exit_code": int(self.exit),
            "rungs": [_rung_document(rung) for rung in self.rungs],
            "remarks": self.remarks,
            "scopes_to_tick": self.to_tick,
            **least_document(self.options),
        }


def least_document(options: Selection) -> dict[str, Any]:
    """The smallest set of scopes for these options, by Atlassian's documents alone."""
    return {
        "least_scopes": scopes.least(options.skip),
        "classic_alternatives": scopes.alternatives(options.skip),
        "token_page": scopes.TOKEN_PAGE,
    }


async def check(
    settings: Settings,
    *,
    redacting: Redacting,
    clock: Clock | None = None,
    limits: Limits | None = None,
) -> Diagnosis:
    """Climb the ladder as far as it goes. Raises nothing that a request can end in."""
    clock = clock or SystemClock()
    found = Diagnosis(settings)
    async with connect(settings, clock=clock, limits=limits, hide=redacting.hide) as connection:
        ladder = _Ladder(settings, connection, found)
        ladder.token_ends(clock)
        try:
            await ladder.climb()
        except AuthError as exc:  # after it had been accepted
            found.exits.append(Exit.AUTH)
            found.rungs.append(
                Rung(
                    "token",
                    "failed",
                    "refused from here on",
                    f"it was accepted at first, and no longer: {exc}",
                )
            )
        except ExportError as exc:
            found.exits.append(exc.exit)
            found.rungs.append(Rung("connection", "failed", "broken off", str(exc)))
    return found


class _Ladder:
    def __init__(self, settings: Settings, connection: Connection, found: Diagnosis) -> None:
        self._settings, self._connection, self._found = settings, connection, found

    def token_ends(self, clock: Clock) -> None:
        ends = self._settings.token_expires
        if ends is not None:
            left = (ends - clock.now().date()).days
            near = left <= max(expiry.DAYS)
            said = expiry.in_words(ends, left) if near else ""
            self._add(Rung("token's end", "warning" if near else "ok", ends.isoformat(), said))

    async def climb(self) -> None:
        cloud_id = await self._site()
        signed_in = await self._token(cloud_id) if cloud_id else None
        if signed_in is None:
            return
        await self._identity(signed_in)
        space = await self._space(signed_in)
        await self._endpoints(signed_in, space)

    async def _site(self) -> str | None:
        """The cloud id to go on with: the one that was given, if any."""
        given = self._settings.cloud_id
        try:
            cloud_id = await find_cloud_id(self._connection.transport, self._settings.site)
        except ExportError as exc:
            status: Status = "warning" if given else "failed"
            self._add(Rung("site", status, "not reached", str(exc)), None if given else exc.exit)
            return given or None
        if given and given != cloud_id:
            said = f"CONFLUENCE_CLOUD_ID is {given}, but {self._settings.site} says {cloud_id}: leave it out"
            self._add(Rung("site", "warning", f"cloud id {cloud_id}", said))
            return given
        self._add(Rung("site", "ok", f"cloud id {cloud_id}"))
        return cloud_id

    async def _token(self, cloud_id: str) -> SignedIn | None:
        transport, credentials = self._connection.transport, self._connection.credentials
        key = self._settings.space[0] if self._settings.space else None
        try:
            signed_in = await sign_in(transport, credentials, cloud_id=cloud_id, key=key, remembered=None)
        except NotAccepted as exc:
            closer = await look_closer(transport, credentials, exc.refusals, cloud_id=cloud_id)
            reasons = [instead(closer.kind)] if isinstance(closer, SignedIn) else why(closer, credentials)
            self._add(Rung("token", "failed", "not accepted", ". ".join(reasons)), Exit.AUTH)
            return None
        broad = "it may do whatever its owner may: a token with scopes, for the gateway, is safer"
        said = broad if signed_in.kind == "unscoped" else ""
        self._add(Rung("token", "ok", f"accepted {WHERE[signed_in.kind]}", said))
        return signed_in

    async def _identity(self, signed_in: SignedIn) -> None:
        if signed_in.user is not None:
            finding = Finding(scopes.CURRENT_USER, "granted")
            answer = f"account {signed_in.user.account_id}"
        else:
            finding = await current_user(signed_in.client)
            answer = "not known"
        self._note(finding, answer)

    async def _space(self, signed_in: SignedIn) -> Space | None:
        """The first of those that are meant; whatever is said of each is a rung."""
        client, settings = signed_in.client, self._settings
        finding = await spaces(client)
        if finding.outcome != "granted":
            self._note(finding)
            return None
        self._found.findings.append(finding)
        looks: list[tuple[str, Callable[[], Awaitable[Space]]]] = []
        if settings.page:
            looks.append((f"page {settings.page}", partial(space_of, client, ContentId(settings.page))))
        if settings.all_spaces:
            looks.append(("all spaces", self._first_of_all(client)))
        looks += [(f"space {key}", partial(find_space, client, key)) for key in settings.space]
        first = None
        for what, look in looks:
            try:
                space = await look()
            except AuthError:
                raise
            except ExportError as exc:
                code = Exit.PARTIAL if isinstance(exc, ScopeMissing) else exc.exit
                self._add(Rung(what, "failed", "not found", str(exc)), code)
            else:
                self._add(Rung(what, "ok", f"{space.key} {space.name}"))
                first = first or space
        if not looks:
            async for first in client.spaces():  # noqa: B007 — any will do
                break
        return first

    def _first_of_all(self, client: Client) -> Callable[[], Awaitable[Space]]:
        settings = self._settings

        async def look() -> Space:
            keys = await all_spaces(
                client,
                include=settings.include_spaces,
                exclude=settings.exclude_spaces,
                personal=settings.personal_spaces,
            )
            return await find_space(client, keys[0])

        return look

    async def _endpoints(self, signed_in: SignedIn, space: Space | None) -> None:
        client, skip = signed_in.client, wanted_by(self._settings).skip
        pages = []
        attachments: Sequence[Any] = ()
        try:
            pages = await some_pages(client, space) if space else []
            attachments = await some_attachments(client, pages)
        except RemoteError:
            pass  # what is wrong with it is found below
        account = signed_in.user.account_id if signed_in.user else NOBODY
        target = Target(account=account)
        if space:
            target = Target(space.id, pages[0].id if pages else target.page, account)
        for probe in needed(skip):
            finding = await ask(client, probe, target)
            if finding.endpoint is not scopes.DOWNLOAD:
                self._note(finding)
            elif not attachments or finding.outcome != "granted":
                self._note(finding, "as far as can be seen without an attachment" if not attachments else "")
                attachments = ()
        if attachments:
            self._note(await download(client, attachments))

    def _note(self, finding: Finding, answer: str = "") -> None:
        self._found.findings.append(finding)
        code = _EXITS.get(finding.outcome, Exit.OK)
        if finding.endpoint in _ESSENTIAL and finding.outcome == "scope missing":
            code = Exit.AUTH
        what = _NAMES.get(finding.endpoint, finding.endpoint.purpose)
        missing = finding.outcome == "scope missing"  # how to get it is said once, for all together
        said = finding.endpoint.needs() if missing else finding.said
        self._add(Rung(what, finding.outcome, answer, said, finding.endpoint), code)

    def _add(self, rung: Rung, code: Exit | None = None) -> None:
        self._found.rungs.append(rung)
        self._found.exits.append(code or Exit.OK)


def _rung_document(rung: Rung) -> dict[str, Any]:
    endpoint = rung.endpoint
    return {
        "what": rung.what,
        "status": rung.status,
        "answer": rung.answer,
        "said": rung.said,
        "endpoint": f"{endpoint.method} {endpoint.path}" if endpoint else None,
        "granular_scope": endpoint.granular if endpoint else None,
        "classic_scope": endpoint.classic if endpoint else None,
        "loses": endpoint.loses if endpoint and not rung.is_well else None,
    }
