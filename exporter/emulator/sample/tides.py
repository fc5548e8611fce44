"""Works out the tide tables of the sample site: a year of two stations, more than 200 kB of table."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from functools import cache

_LUNAR_DAY = 24.8412  # hours; two high and two low waters
_HEAD = "<tr><th><p>Day</p></th>" + "<th><p>Time</p></th><th><p>Metres</p></th>" * 4 + "</tr>"
_STATUS = (
    '<ac:structured-macro ac:name="status" ac:schema-version="1"><ac:parameter ac:name="title">{}'
    '</ac:parameter><ac:parameter ac:name="colour">{}</ac:parameter></ac:structured-macro>'
)


def tables() -> str:
    """Month by month, in storage format."""
    return "\n".join(
        f"<h2>{date(2026, month, 1):%B}</h2>\n{_table('Gull Point', month)}\n{_table('Tern Rock', month)}"
        for month in range(1, 13)
    )


def _table(station: str, month: int) -> str:
    first = date(2026, month, 1)
    days = (first + timedelta(days=n) for n in range(31))
    rows = "\n".join(_row(station, day) for day in days if day.month == month)
    return f'<h3>{station}, {first:%B}</h3>\n<table data-layout="wide"><tbody>{_HEAD}\n{rows}</tbody></table>'


def _row(station: str, day: date) -> str:
    tides = [tide for tide in _tides(0.0 if station == "Gull Point" else 0.7) if tide[0].date() == day]
    height = max(height for _, height in tides)
    status = _STATUS.format("spring", "Purple") if height > 4.55 else ""
    if height < 3.65:
        status = _STATUS.format("neap", "Yellow")
    cells = "".join(f"<td><p>{moment:%H:%M}</p></td><td><p>{height:.1f}</p></td>" for moment, height in tides)
    cells += "<td><p /></td><td><p /></td>" * (4 - len(tides))
    return f'<tr><td><p><time datetime="{day}" /> {status}</p></td>{cells}</tr>'


@cache
def _tides(delay: float) -> tuple[tuple[datetime, float], ...]:
    """All high and low waters of the year, with the springs and neaps of a plain moon."""
    new_year = datetime(2026, 1, 1, tzinfo=UTC)
    found = []
    for n in range(1412):
        hours = delay + n * _LUNAR_DAY / 4
        swing = 1.6 + 0.55 * math.cos(2 * math.pi * hours / 24 / 14.765)
        found.append((new_year + timedelta(hours=hours), 2.5 + (swing if n % 2 else -swing)))
    return tuple(found)
