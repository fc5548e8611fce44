"""Joins the parts; the way of a run is read here, top to bottom."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from exporter import expiry, layout, preflight
from exporter.clock import Clock, SystemClock
from exporter.config import Selection, Settings
from exporter.confluence.access import TOKEN_KINDS, SignedIn, find_cloud_id, sign_in
from exporter.confluence.probes import Finding
from exporter.confluence.spaces import all_spaces, find_space, space_of
from exporter.confluence.transport import Limits
from exporter.connection import Connection, connect
from exporter.crawl.crawl import crawl
from exporter.crawl.report import Report
from exporter.crawl.wanted import Wanted
from exporter.errors import (
    AuthError,
    BugError,
    Exit,
    ExportError,
    IdentityError,
    Interrupted,
    LocalError,
    ManifestError,
    Unavailable,
    worst,
)
from exporter.logs import Redacting
from exporter.mirror.mirror import Mirror
from exporter.mirror.opening import (
    check_space_folder,
    find_mirrors,
    is_mirror,
    look_at_mirror,
    open_mirror,
)
from exporter.model import ContentId, Space
from exporter.progress import Progress
from exporter.summary import SpaceRun

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Options:
    """What belongs to one call and stands in no file."""

    dry_run: bool = False
    accept_identity: bool = False


async def export(
    settings: Settings,
    out: Path,
    *,
    options: Options,
    progress: Progress,
    clock: Clock | None = None,
    limits: Limits | None = None,
    redacting: Redacting | None = None,
) -> list[SpaceRun]:
    """Mirror every space of the settings into `out`, one after the other.

    Raises `ExportError` where it can't be found out which spaces they are. Else each result carries its
    own error. What would end every space the same way (a dead token, no
    network, a signal) ends them all. Cancelled with an `Exit` as message, it ends with that code.
    """
    clock = clock or SystemClock()
    redacting = redacting or Redacting(settings.secrets())

    def new_run(key: str) -> SpaceRun:
        report = Report(keep_actions=options.dry_run)
        return SpaceRun(key, clock.now(), report, redacting, skipped=[str(part) for part in settings.skip])

    runs = [new_run(key) for key in settings.space]
    try:
        find_mirrors(out)  # refuses a folder that isn't ours before anything is asked or written
        async with connect(settings, clock=clock, limits=limits, hide=redacting.hide) as connection:
            exporter = _Exporter(settings, out, options, progress, clock, connection)
            if not runs:
                runs += [new_run(key) for key in await exporter.find_keys()]
            for run in runs:
                await exporter.export_space(run)
                if isinstance(run.error, (AuthError, Unavailable, Interrupted)):
                    raise run.error
    except ExportError as exc:
        _end_all(runs, exc)
    except asyncio.CancelledError as exc:
        _end_all(runs, _interruption(exc))
    except Exception as exc:
        _end_all(runs, _bug(exc))
    return runs


def exit_code(runs: Sequence[SpaceRun]) -> Exit:
    """The code of highest precedence."""
    return worst([run.exit for run in runs])


def _end_all(runs: Sequence[SpaceRun], error: ExportError) -> None:
    if not runs:
        raise error
    for run in runs:
        if run.ended is None:
            run.error = error


def _bug(exc: Exception) -> BugError:
    log.debug("internal error", exc_info=exc)
    return BugError(f"internal error ({type(exc).__name__}): a bug; --verbose shows where")


def _interruption(exc: asyncio.CancelledError) -> Interrupted:
    code = exc.args[0] if exc.args and isinstance(exc.args[0], Exit) else Exit.INTERRUPTED
    return Interrupted(code)


class _Exporter:
    """What the spaces of one run share: the transport, and one sign-in."""

    def __init__(
        self,
        settings: Settings,
        out: Path,
        options: Options,
        progress: Progress,
        clock: Clock,
        connection: Connection,
    ) -> None:
        self._settings, self._out, self._options = settings, out, options
        self._progress, self._clock, self._connection = progress, clock, connection
        self._transport = connection.transport
        self._cloud_id = settings.cloud_id
        self._signed_in: SignedIn | None = None
        self._closed: list[Finding] | None = None
        self._expiry_is_said = False

    async def find_keys(self) -> list[str]:
        """The keys of the spaces that are meant where none is named."""
        settings = self._settings
        client = (await self._sign_in(None, None)).client
        if settings.page:
            return [(await space_of(client, ContentId(settings.page))).key]
        return await all_spaces(
            client,
            include=settings.include_spaces,
            exclude=settings.exclude_spaces,
            personal=settings.personal_spaces,
        )

    async def export_space(self, run: SpaceRun) -> None:
        """One space, from the lock to the summary. What goes wrong becomes the run's error."""
        try:
            async with AsyncExitStack() as stack:
                await self._run(run, stack)
        except ExportError as exc:  # from closing the mirror
            run.error = run.error or exc

    async def _run(self, run: SpaceRun, stack: AsyncExitStack) -> None:
        before = self._transport.requests, self._transport.received, self._transport.throttled
        told = set(self._signed_in.client.warnings) if self._signed_in else set()
        mirror: Mirror | None = None
        try:
            folder = self._out / layout.space_folder(run.key)
            check_space_folder(folder)
            if is_mirror(folder):  # a second run on the same space ends here, before it asks anything
                mirror = await self._open(folder, stack)
            signed_in = await self._sign_in(run.key, mirror)
            run.warnings += signed_in.warnings
            run.space = await find_space(signed_in.client, run.key)
            if mirror is None:
                mirror = await self._open(self._folder_of(run.space) or folder, stack)
            await self._claim(mirror, run.space, signed_in)
            await self._warn_of_the_end(run, mirror)
            await crawl(
                run.space,
                signed_in.client,
                mirror,
                await self._open_to(run, signed_in),
                workers=self._settings.workers,
                report=run.report,
                progress=self._progress,
                dry_run=self._options.dry_run,
            )
        except asyncio.CancelledError as exc:
            run.error = _interruption(exc)
        except ExportError as exc:
            run.error = exc
        except Exception as exc:
            run.error = _bug(exc)
        run.requests = self._transport.requests - before[0]
        run.received = self._transport.received - before[1]
        run.throttled = self._transport.throttled - before[2]
        if self._signed_in is not None:
            run.warnings += sorted(self._signed_in.client.warnings - told)
        run.ended = self._clock.now()
        if mirror is not None:
            try:
                await mirror.save_summary(run.document())
            except LocalError as exc:
                run.error = run.error or exc

    async def _open_to(self, run: SpaceRun, signed_in: SignedIn) -> Wanted:
        wanted = wanted_by(self._settings)
        if self._closed is None:  # scopes are the token's, whatever the space
            has_scopes = signed_in.kind != "unscoped"
            self._closed = await preflight.closed_to(signed_in.client, wanted) if has_scopes else []
        return preflight.without(wanted, self._closed, run.report)

    async def _warn_of_the_end(self, run: SpaceRun, mirror: Mirror) -> None:
        """Once for each of the days before the token's end; what was said stands in the mirror."""
        ends = self._settings.token_expires
        if ends is None or self._expiry_is_said:
            return
        self._expiry_is_said = True
        noted = (await mirror.meta()).get("token_end_said")
        warning = expiry.warning(ends, self._clock.now().date(), noted)
        if warning is not None:
            run.notices.append(warning.text)
            await mirror.note({"token_end_said": warning.note})

    async def _open(self, folder: Path, stack: AsyncExitStack) -> Mirror:
        if self._options.dry_run:
            return await stack.enter_async_context(look_at_mirror(folder, clock=self._clock))
        return await stack.enter_async_context(
            open_mirror(folder, mode=self._settings.mode, clock=self._clock)
        )

    async def _sign_in(self, key: str | None, mirror: Mirror | None) -> SignedIn:
        if self._signed_in is None:
            settings = self._settings
            if not self._cloud_id:
                self._cloud_id = await find_cloud_id(self._transport, settings.site)
            noted = await self._noted_kind(key, mirror)
            self._signed_in = await sign_in(
                self._transport,
                self._connection.credentials,
                cloud_id=self._cloud_id,
                key=key,
                remembered=next((kind for kind in TOKEN_KINDS if kind == noted), None),
            )
        return self._signed_in

    async def _noted_kind(self, key: str | None, mirror: Mirror | None) -> str | None:
        """How the token was accepted before: by this mirror's note, or where no space is named, any's."""
        if mirror is not None:
            return (await mirror.meta()).get("token_kind")
        mirrors = find_mirrors(self._out) if key is None else {}
        kinds = {noted.get("token_kind") for noted in mirrors.values()}
        return kinds.pop() if len(kinds) == 1 else None

    def _folder_of(self, space: Space) -> Path | None:
        """The folder a space is mirrored in under a key it had before."""
        for folder, noted in find_mirrors(self._out).items():
            if (noted.get("cloud_id"), noted.get("space_id")) == (self._cloud_id, space.id):
                return folder
        return None

    async def _claim(self, mirror: Mirror, space: Space, signed_in: SignedIn) -> None:
        """Refuse another space's or identity's mirror, where a page not seen would look missing."""
        noted = await mirror.meta()
        self._check_identity(noted, mirror.folder, space, signed_in)
        mine = {"cloud_id": self._cloud_id, "space_id": space.id, "space_key": space.key}
        mine["token_kind"] = signed_in.kind
        if signed_in.user is not None:
            mine["account_id"] = signed_in.user.account_id
        if mine.items() - noted.items():
            await mirror.note(mine)

    def _check_identity(
        self, noted: Mapping[str, str], folder: Path, space: Space, signed_in: SignedIn
    ) -> None:
        accepted = self._options.accept_identity
        if noted.get("cloud_id", self._cloud_id) != self._cloud_id and not accepted:
            raise IdentityError(
                f"{folder} mirrors another Confluence site (cloud id {noted['cloud_id']}, this one is "
                f"{self._cloud_id}): name another output folder, or --accept-identity to go on with this one"
            )
        if noted.get("space_id", space.id) != space.id:
            raise ManifestError(f"{folder} mirrors another space that had this key: move it away")
        user = signed_in.user
        if user and noted.get("account_id", user.account_id) != user.account_id and not accepted:
            raise IdentityError(
                f"{folder} was made with another account's token, which may see more or less than this one: "
                "use that account, another folder, or --accept-identity to go on with this one"
            )


def wanted_by(settings: Selection) -> Wanted:
    return Wanted(
        skip=frozenset(settings.skip),
        page=ContentId(settings.page) if settings.page else None,
        with_descendants=settings.with_descendants,
        labels=frozenset(settings.label),
        exclude_labels=frozenset(settings.exclude_label),
        custom_content_types=settings.custom_content_types,
        history=settings.history,
        adf="adf" in settings.raw,
        full=settings.full,
    )
