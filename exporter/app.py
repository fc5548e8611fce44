"""Joins the parts; the way of a run is read here, top to bottom."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from exporter import expiry, layout, preflight
from exporter.budget import Budget, limited
from exporter.clock import Clock, SystemClock
from exporter.config import Selection, Settings
from exporter.confluence.access import TOKEN_KINDS, SignedIn, find_cloud_id, sign_in
from exporter.confluence.probes import Finding
from exporter.confluence.spaces import all_spaces, answers_as_before, find_space, space_of
from exporter.confluence.transport import Limits
from exporter.connection import Connection, connect
from exporter.crawl.crawl import crawl
from exporter.crawl.report import Report
from exporter.crawl.wanted import Policy, Wanted
from exporter.ending import Save, conclude, errors_of
from exporter.errors import (
    AuthError,
    Exit,
    IdentityError,
    Interrupted,
    LockedError,
    ManifestError,
    TimeUp,
    Unavailable,
    UsageError,
    rank,
    worst,
)
from exporter.logs import SPACE, Redacting
from exporter.mirror.mirror import Mirror
from exporter.mirror.opening import (
    check_space_folder,
    find_mirrors,
    is_mirror,
    look_at_mirror,
    open_mirror,
    save_summary_beside,
)
from exporter.model import ContentId, Space
from exporter.progress import Progress
from exporter.rendering import Counts, introduce, render_wanted
from exporter.summary import SpaceRun

SPARE = 2  # jobs more than requests at once: while one writes, or waits as it was refused, another asks
MAX_DRIFT = timedelta(minutes=5)  # beyond it, what the clock says proves nothing


@dataclass(frozen=True, slots=True)
class Options:
    """What belongs to one call and stands in no file."""

    dry_run: bool = False
    accept_identity: bool = False
    accept_deletions: int = 0


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
    own error. What would end every space the same way (a dead token, no network, no time left, a signal)
    ends them all. Cancelled with an `Exit` as message, it ends with that code.

    However the run on a space ends: where its mirror exists, and no other run has locked it, the summary
    in it says so.
    """
    clock = clock or SystemClock()
    redacting = redacting or Redacting(settings.secrets())

    def new_run(key: str) -> SpaceRun:
        report = Report(keep_actions=options.dry_run)
        return SpaceRun(key, clock.now(), report, redacting, skipped=[str(part) for part in settings.skip])

    runs = [new_run(key) for key in settings.space]
    try:
        before = find_mirrors(out)  # refuses a folder that isn't ours before anything is asked or written
        async with (
            limited(clock, settings.max_duration) as budget,
            connect(settings, clock=budget, limits=limits, hide=redacting.hide) as connection,
        ):
            exporter = _Exporter(settings, out, options, progress, budget, connection)
            if not runs:
                runs += [new_run(key) for key in await exporter.find_keys()]
            for run in runs:
                with _at_work_on(run.key):
                    await exporter.export_space(run)
                if isinstance(run.error, (AuthError, Unavailable, TimeUp, Interrupted)):
                    raise run.error
            if settings.render and not options.dry_run:
                await introduce(out, before, clock=clock)
    except (Exception, asyncio.CancelledError) as exc:
        _end_all(runs, exc, clock)
    for run in runs:  # those whose mirror could not be opened, or was closed with an error
        await conclude(run, _saved_beside(run, settings, out, options, clock))
    return runs


def exit_code(runs: Sequence[SpaceRun]) -> Exit:
    """The code of highest precedence."""
    return worst([run.exit for run in runs])


@contextlib.contextmanager
def _at_work_on(key: str) -> Iterator[None]:
    token = SPACE.set(key)
    try:
        yield
    finally:
        SPACE.reset(token)


def _end_all(runs: Sequence[SpaceRun], exc: BaseException, clock: Clock) -> None:
    errors = list(errors_of(exc))
    if not runs:
        raise min(errors, key=rank)
    for run in runs:
        if run.ended is None:
            run.ended = clock.now()
            for error in errors:
                run.fail(error)


def _saved_beside(run: SpaceRun, settings: Settings, out: Path, options: Options, clock: Clock) -> Save:
    async def save(document: dict[str, Any]) -> None:
        folder = _noted_folder(out, run.key)
        if isinstance(run.error, LockedError) or options.dry_run or folder is None:
            return
        with contextlib.suppress(LockedError):  # another run has come: its summary is to stand
            await save_summary_beside(folder, document, mode=settings.mode, clock=clock)

    return save


def _noted_folder(out: Path, key: str) -> Path | None:
    """The mirror of the space that has this key, or had it when the mirror was last seen to."""
    folder = out / layout.space_folder(key)
    if is_mirror(folder):
        return None if folder.is_symlink() else folder
    with contextlib.suppress(UsageError):
        for mirror, noted in find_mirrors(out).items():
            if noted.get("space_key") == key:
                return mirror
    return None


class _Exporter:
    """What the spaces of one run share: the transport, and one sign-in."""

    def __init__(
        self,
        settings: Settings,
        out: Path,
        options: Options,
        progress: Progress,
        budget: Budget,
        connection: Connection,
    ) -> None:
        self._settings, self._out, self._options = settings, out, options
        self._progress, self._budget, self._connection = progress, budget, connection
        self._transport = connection.transport
        self._cloud_id = settings.cloud_id
        self._signed_in: SignedIn | None = None
        self._closed: list[Finding] | None = None
        self._expiry_is_said = False
        self._accepted = options.accept_deletions  # left, of all spaces together

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
        except (Exception, asyncio.CancelledError) as exc:  # from closing the mirror
            for error in errors_of(exc):
                run.fail(error)

    async def _run(self, run: SpaceRun, stack: AsyncExitStack) -> None:
        before = self._transport.requests, self._transport.received, self._transport.throttled
        told = set(self._signed_in.client.warnings) if self._signed_in else set()
        mirror: Mirror | None = None
        try:
            self._budget.check()
            folder = self._out / layout.space_folder(run.key)
            check_space_folder(folder)
            if is_mirror(folder):  # a second run on the same space ends here, before it asks anything
                mirror = await self._open(folder, stack)
            signed_in = await self._sign_in(run.key, mirror)
            run.warnings += signed_in.warnings
            run.space = await find_space(signed_in.client, run.key)
            if mirror is None:
                mirror = await self._open(self._folder_of(run.space) or folder, stack)
            same = await self._claim(mirror, run.space, signed_in)
            await self._warn_of_the_end(run, mirror)
            policy = self._policy(run, mirror, signed_in, is_same=same)
            await crawl(
                run.space,
                signed_in.client,
                mirror,
                await self._open_to(run, signed_in),
                workers=self._settings.workers + max(SPARE, self._settings.workers // 4),
                report=run.report,
                progress=self._progress,
                policy=policy,
                dry_run=self._options.dry_run,
            )
            self._accepted = max(0, self._accepted - len(run.report.retired))
            if not self._options.dry_run:
                run.site, run.markdown = await self._render(mirror)
            if policy.still_true is not None and run.exit is Exit.OK and not self._is_narrow():
                await mirror.purge_trash(days=self._settings.trash_days)
        except (Exception, asyncio.CancelledError) as exc:
            for error in errors_of(exc):
                run.fail(error)
        run.requests = self._transport.requests - before[0]
        run.received = self._transport.received - before[1]
        run.throttled = self._transport.throttled - before[2]
        if self._signed_in is not None:
            run.warnings += sorted(self._signed_in.client.warnings - told)
        run.ended = self._budget.now()
        if mirror is not None:
            run.warnings += mirror.warnings
            try:
                await self._secure(run, mirror)
            except (Exception, asyncio.CancelledError) as exc:
                for error in errors_of(exc):
                    run.fail(error)
            await conclude(run, mirror.save_summary)

    async def _render(self, mirror: Mirror) -> tuple[Counts, Counts]:
        wanted, now = self._settings, self._budget.now()
        return await render_wanted(
            mirror, self._out, now=now, mode=wanted.mode, site=wanted.render, markdown=wanted.markdown
        )

    async def _secure(self, run: SpaceRun, mirror: Mirror) -> None:
        """After a run that ended well, the manifest is worth a copy."""
        if run.exit is Exit.OK and not self._is_narrow() and not self._settings.skip:
            await mirror.trust_manifest()
        if run.exit in (Exit.OK, Exit.PARTIAL, Exit.WITHHELD):
            await mirror.back_up_manifest()

    def _is_narrow(self) -> bool:
        """Whether only a part of the space is asked for."""
        return wanted_by(self._settings).is_selection

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
        warning = expiry.warning(ends, self._budget.now().date(), noted)
        if warning is not None:
            run.notices.append(warning.text)
            await mirror.note({"token_end_said": warning.note})

    async def _open(self, folder: Path, stack: AsyncExitStack) -> Mirror:
        if self._options.dry_run:
            return await stack.enter_async_context(look_at_mirror(folder, clock=self._budget))
        return await stack.enter_async_context(
            open_mirror(folder, mode=self._settings.mode, clock=self._budget)
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

    def _policy(self, run: SpaceRun, mirror: Mirror, signed_in: SignedIn, *, is_same: bool) -> Policy:
        """How deletions are followed; not at all while there is doubt about who looks, or when."""
        assert run.space is not None  # found before
        drift = self._drift(run)
        mirror.moment = self._budget.now() - drift  # by Confluence's clock
        sure = self._settings.delete and is_same and not drift
        after = self._settings.retire_missing_after
        return Policy(
            now=mirror.moment,
            still_true=partial(answers_as_before, signed_in, run.space) if sure else None,
            missing_after=None if after is None else timedelta(seconds=after),
            accept=self._accepted,
        )

    def _drift(self, run: SpaceRun) -> timedelta:
        """How far this machine's clock is wrong; nothing, if that may as well be the network."""
        drift = self._transport.drift or timedelta()
        if abs(drift) <= MAX_DRIFT:
            return timedelta()
        off = timedelta(minutes=abs(drift) // timedelta(minutes=1))
        run.report.warn(
            f"this machine's clock is {off} {'ahead of' if drift > timedelta() else 'behind'} "
            "Confluence's: nothing is retired or removed from the trash until it is right"
        )
        return drift

    async def _claim(self, mirror: Mirror, space: Space, signed_in: SignedIn) -> bool:
        """Refuse another space's or identity's mirror, where a page not seen would look missing.

        Returns whether it is certainly the same account's as before, or new.
        """
        noted = await mirror.meta()
        self._check_identity(noted, mirror.folder, space, signed_in)
        mine = {"cloud_id": self._cloud_id, "space_id": space.id, "space_key": space.key}
        mine |= {"token_kind": signed_in.kind, "site": f"{self._settings.site}".rstrip("/") + "/wiki"}
        mine["site_aliases"] = ",".join(self._settings.site_aliases)
        if signed_in.user is not None:
            mine["account_id"] = signed_in.user.account_id
        if mine.items() - noted.items():
            await mirror.note(mine)
        who = [key for key in ("cloud_id", "account_id") if key in mine]
        is_same = all(mine[key] == noted.get(key, mine[key]) for key in who)
        return is_same and "account_id" in mine and not noted.get("doubt")

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
        within=settings.check_within,
    )
