from __future__ import annotations

from datetime import date, timedelta

import pytest

from exporter.expiry import warning

ENDS = date(2027, 1, 31)


@pytest.mark.parametrize(
    ("left", "noted", "is_due"),
    [
        (31, None, False),
        (30, None, True),
        (29, "2027-01-31 30", False),
        (15, "2027-01-31 30", False),
        (14, "2027-01-31 30", True),
        (3, "2027-01-31 30", True),
        (3, "2027-01-31 7", False),
        (1, "2027-01-31 7", True),
        (1, "2027-01-31 1", False),
        (0, "2027-01-31 1", True),
        (-5, "2027-01-31 1", True),
        (29, "2026-01-31 30", True),
    ],
)
def test_a_warning_is_due_once_for_each_of_its_days(left: int, noted: str | None, is_due: bool) -> None:
    due = warning(ENDS, ENDS - timedelta(days=left), noted)
    assert (due is not None) is is_due
    if due is not None:
        assert "2027-01-31" in due.text
        assert warning(ENDS, ENDS - timedelta(days=left), due.note) is None or left <= 0
