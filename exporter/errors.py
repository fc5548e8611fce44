"""Every error of the program on one screen, each with the exit code it ends a run with."""

from __future__ import annotations

import enum


class Exit(enum.IntEnum):
    """How a run ended, for cron and monitors. The numbers are API: never renumbered, never re-used."""

    OK = 0, "complete; also: nothing had changed"
    BUG = 1, "internal error"
    USAGE = 2, "wrong option or setting, or the output folder is not ours; nothing was touched"
    PARTIAL = 3, "finished, but something is missing; it is named, and its last good copy was kept"
    WITHHELD = 5, "finished, but suspiciously much was deleted: nothing was retired before somebody looks"
    LOCAL = 6, "the local disk failed (full, read-only, no permission)"
    UNAVAILABLE = 7, "Confluence could not be reached or did not answer sensibly; run again later"
    TIME_UP = 8, "stopped at --max-duration; the next run continues"
    SPACE = 10, "there is no such space, or this token may not see it"
    LOCKED = 11, "another run is working on this space"
    AUTH = 12, "the token is not accepted, lacks a scope nothing works without, or belongs to somebody else"
    MANIFEST = 13, "the manifest is unusable: corrupt, from a newer version, or of another space"
    DAMAGED = 14, "verify found damage; the next run heals it"
    HANGUP = 129, "stopped by SIGHUP; the next run continues"
    INTERRUPTED = 130, "stopped by SIGINT; the next run continues"
    TERMINATED = 143, "stopped by SIGTERM; the next run continues"

    meaning: str

    def __new__(cls, value: int, meaning: str) -> Exit:
        member = int.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member


# When several things went wrong, or several spaces ended differently, the first of these is the exit code.
PRECEDENCE = (
    Exit.TERMINATED,
    Exit.INTERRUPTED,
    Exit.HANGUP,
    Exit.BUG,
    Exit.USAGE,
    Exit.MANIFEST,
    Exit.LOCKED,
    Exit.AUTH,
    Exit.LOCAL,
    Exit.SPACE,
    Exit.UNAVAILABLE,
    Exit.TIME_UP,
    Exit.WITHHELD,
    Exit.PARTIAL,
    Exit.DAMAGED,
    Exit.OK,
)


def worst(codes: list[Exit]) -> Exit:
    """The code of highest precedence; OK when there is none."""
    return min(codes, key=PRECEDENCE.index, default=Exit.OK)


def rank(error: BaseException) -> int:
    """How bad it is: of several errors, the one that `min` finds by this is what a run ends with."""
    return PRECEDENCE.index(error.exit if isinstance(error, ExportError) else Exit.BUG)


class ExportError(Exception):
    """Base of all errors a user can act on; its text says what was tried, on what, and what to do."""

    exit = Exit.BUG


class BugError(ExportError):
    """Something nobody foresaw; its traceback is in the debug log."""


class UsageError(ExportError):
    """An option, a setting or the output folder is wrong."""

    exit = Exit.USAGE


class LocalError(ExportError):
    """The disk refused to store something."""

    exit = Exit.LOCAL


class ObstructedError(LocalError):
    """A folder, or something else that is no file, lies in the place of one file: costs that item."""


class LockedError(ExportError):
    """Another run holds this space's lock."""

    exit = Exit.LOCKED


class ManifestError(ExportError):
    """The manifest can't be read, is newer than this program, or belongs to another space."""

    exit = Exit.MANIFEST


class DamagedManifest(ManifestError):
    """The manifest is ours, but can't be read: a backup or the files themselves may say what it said."""


class TimeUp(ExportError):
    """The run has taken as long as it may."""

    exit = Exit.TIME_UP


class SpaceError(ExportError):
    """No space of that key is visible."""

    exit = Exit.SPACE


class AuthError(ExportError):
    """The credentials as such are refused, or are somebody else's: no further request makes sense."""

    exit = Exit.AUTH


class Unauthorized(AuthError):
    """401: the credentials are not accepted at this address; another one may accept them."""


class Anonymous(AuthError):
    """Confluence answers as it does to anybody."""


class NoProductAccess(AuthError):
    """403: the account may not use Confluence at all."""


class IdentityError(ExportError):
    """A mirror is another site's or account's: a matter of this space alone."""

    exit = Exit.AUTH


class Unavailable(ExportError):
    """Confluence asks for, or needs, more patience than this run has."""

    exit = Exit.UNAVAILABLE


class Interrupted(ExportError):
    """A signal asked the run to stop."""

    def __init__(self, code: Exit) -> None:
        super().__init__(code.meaning)
        self.exit = code


class RemoteError(ExportError):
    """One request failed for good. Costs what was asked for: an item, or a listing, not the run."""

    exit = Exit.UNAVAILABLE


class TransientError(RemoteError):
    """Worth trying again: a time-out, a reset, a 5xx, a body that is cut or not what was asked for."""


class NotFound(RemoteError):
    """404: absent, or hidden from this token."""


class Removed(NotFound):
    """410: Atlassian has taken this endpoint away."""


class Forbidden(RemoteError):
    """403 for this one request."""


class Refused(RemoteError):
    """An answer that must not be followed or kept: a hostile redirect, an id that is no id."""


class ScopeMissing(RemoteError):
    """The token works but may not use this endpoint; the text names the scope to tick."""

    exit = Exit.AUTH


class DownloadClosed(ScopeMissing):
    """Downloads are refused for another reason than a scope; the token may be good for the rest."""
