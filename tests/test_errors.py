from __future__ import annotations

import inspect

import pytest

from exporter import errors
from exporter.errors import PRECEDENCE, Exit, ExportError, worst

CODES = {  # API: cron jobs and monitors read them
    "OK": 0,
    "BUG": 1,
    "USAGE": 2,
    "PARTIAL": 3,
    "WITHHELD": 5,
    "TIME_UP": 8,
    "DAMAGED": 14,
    "LOCAL": 6,
    "UNAVAILABLE": 7,
    "SPACE": 10,
    "LOCKED": 11,
    "AUTH": 12,
    "MANIFEST": 13,
    "HANGUP": 129,
    "INTERRUPTED": 130,
    "TERMINATED": 143,
}

ERRORS = {
    "ExportError": 1,
    "BugError": 1,
    "UsageError": 2,
    "LocalError": 6,
    "Unavailable": 7,
    "RemoteError": 7,
    "TransientError": 7,
    "NotFound": 7,
    "Removed": 7,
    "Forbidden": 7,
    "Refused": 7,
    "SpaceError": 10,
    "LockedError": 11,
    "AuthError": 12,
    "IdentityError": 12,
    "ObstructedError": 6,
    "Unauthorized": 12,
    "Anonymous": 12,
    "NoProductAccess": 12,
    "ScopeMissing": 12,
    "DownloadClosed": 12,
    "ManifestError": 13,
    "DamagedManifest": 13,
    "TimeUp": 8,
}


def test_exit_codes_are_never_renumbered() -> None:
    assert {code.name: code.value for code in Exit} == CODES


def test_each_exit_code_says_what_it_means_in_one_line() -> None:
    assert all(code.meaning and "\n" not in code.meaning for code in Exit)
    assert len({code.meaning for code in Exit}) == len(Exit)


def test_each_error_ends_a_run_with_its_code() -> None:
    tree = {
        name: int(kind.exit)
        for name, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, ExportError) and name != "Interrupted"
    }
    assert tree == ERRORS


def test_an_interruption_carries_the_code_of_its_signal() -> None:
    assert errors.Interrupted(Exit.TERMINATED).exit is Exit.TERMINATED


def test_the_precedence_of_codes_is_complete_and_as_documented() -> None:
    assert sorted(PRECEDENCE) == sorted(Exit)
    assert [code.value for code in PRECEDENCE] == [143, 130, 129, 1, 2, 13, 11, 12, 6, 10, 7, 8, 5, 3, 14, 0]


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ([], 0),
        ([0, 0], 0),
        ([0, 3], 3),
        ([3, 14], 3),
        ([3, 5], 5),
        ([5, 8], 8),
        ([8, 7], 7),
        ([7, 10, 3], 10),
        ([10, 6], 6),
        ([6, 12], 12),
        ([12, 11], 11),
        ([11, 13], 13),
        ([13, 1], 1),
        ([1, 129], 129),
        ([130, 143], 143),
    ],
)
def test_the_worst_code_is_that_of_highest_precedence(codes: list[int], expected: int) -> None:
    exits = [code for number in codes for code in Exit if code.value == number]
    assert worst(exits) == worst(exits[::-1]) == expected


def test_only_transient_errors_are_worth_trying_again() -> None:
    final = (errors.NotFound, errors.Forbidden, errors.Refused, errors.ScopeMissing)
    assert not any(issubclass(kind, errors.TransientError) for kind in final)
    for kind in (errors.AuthError, errors.Unavailable, errors.LocalError):
        assert not issubclass(kind, errors.RemoteError), "it would cost an item instead of the run"
