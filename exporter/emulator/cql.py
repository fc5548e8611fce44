"""The part of the Confluence Query Language that an exporter needs; the rest is refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<sign><=|>=|!=|!~|[=<>~(),])|(?P<word>[^\s()=<>!~,"']+))"""
)
EQUALITY = ("=", "!=", "in", "not in")
COMPARISON = ("=", "!=", ">", ">=", "<", "<=")
FIELDS = {
    "space": EQUALITY,
    "type": EQUALITY,
    "id": EQUALITY,
    "content": EQUALITY,
    "label": EQUALITY,
    "title": EQUALITY,
    "parent": EQUALITY,
    "ancestor": EQUALITY,
    "container": EQUALITY,
    "lastmodified": COMPARISON,
    "created": COMPARISON,
}
ORDERS = ("id", "created", "lastmodified", "title")
BUILT_IN = ("page", "blogpost", "attachment", "comment", "folder", "whiteboard", "database", "embed")
DATES = ("%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%d", "%Y/%m/%d")
MINUTE, DAY = "%Y-%m-%d %H:%M", "%Y-%m-%d"


class CqlError(Exception):
    """CQL that is wrong, or more than is understood here; ``str()`` says what."""


@dataclass(frozen=True, slots=True)
class Clause:
    """Dates are in their own words, ``yyyy-MM-dd`` or ``yyyy-MM-dd HH:mm``."""

    field: str
    operator: str
    values: tuple[str, ...]

    def holds(self, of: Callable[[str], Sequence[str]]) -> bool:
        """``of`` gives an item's values of a field; a date's as minutes, in the asker's time zone."""
        held = of(self.field)
        if self.field in ("lastmodified", "created"):
            value = self.values[0]
            return any(_compares(each[: len(value)] if self.is_equality else each, self) for each in held)
        met = not {each.casefold() for each in self.values}.isdisjoint(each.casefold() for each in held)
        return met if self.operator in ("=", "in") else not met

    @property
    def is_equality(self) -> bool:
        return self.operator in EQUALITY


@dataclass(frozen=True, slots=True)
class Group:
    """``not`` has one part."""

    joined: Literal["and", "or", "not"]
    parts: tuple[Clause | Group, ...]

    def holds(self, of: Callable[[str], Sequence[str]]) -> bool:
        met = (part.holds(of) for part in self.parts)
        if self.joined == "not":
            return not any(met)
        return all(met) if self.joined == "and" else any(met)


@dataclass(frozen=True, slots=True)
class Query:
    """No ``condition`` means everything."""

    condition: Clause | Group | None
    order: str = "id"
    descending: bool = False

    def holds(self, of: Callable[[str], Sequence[str]]) -> bool:
        return self.condition is None or self.condition.holds(of)


def parse(cql: str) -> Query:
    """Raise `CqlError`."""
    return _Parser(_tokens(cql)).query()


def _compares(moment: str, clause: Clause) -> bool:
    value = clause.values[0]
    match clause.operator:
        case "=":
            return moment == value
        case "!=":
            return moment != value
        case ">":
            return moment > value
        case ">=":
            return moment >= value
        case "<":
            return moment < value
    return moment <= value


def _tokens(cql: str) -> list[tuple[str, str]]:
    found, at = [], 0
    text = cql.rstrip()
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None:
            raise CqlError(f"Could not parse cql : '{text[at:]}' is not understood")
        kind = match.lastgroup or ""
        value = match[kind]
        found.append((kind, re.sub(r"\\(.)", r"\1", value[1:-1]) if kind == "text" else value))
        at = match.end()
    return found


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0

    def query(self) -> Query:
        condition = None if not self._tokens or self._is("order") else self._any_of()
        query = self._order(condition) if self._took("order") else Query(condition)
        if self._at < len(self._tokens):
            raise CqlError(f"Could not parse cql : '{self._tokens[self._at][1]}' was not expected")
        return query

    def _order(self, condition: Clause | Group | None) -> Query:
        self._must("by")
        field = self._next("word")[1].casefold()
        if field not in ORDERS:
            raise CqlError(f"Could not parse cql : the emulator cannot order by '{field}'")
        descending = self._took("desc")
        if not descending:
            self._took("asc")
        return Query(condition, field, descending)

    def _any_of(self) -> Clause | Group:
        parts = [self._all_of()]
        while self._took("or"):
            parts.append(self._all_of())
        return parts[0] if len(parts) == 1 else Group("or", tuple(parts))

    def _all_of(self) -> Clause | Group:
        parts = [self._factor()]
        while self._took("and"):
            parts.append(self._factor())
        return parts[0] if len(parts) == 1 else Group("and", tuple(parts))

    def _factor(self) -> Clause | Group:
        if self._took("not"):
            return Group("not", (self._factor(),))
        if self._took("("):
            inside = self._any_of()
            self._must(")")
            return inside
        return self._clause()

    def _clause(self) -> Clause:
        field = self._next("word")[1].casefold()
        if field not in FIELDS:
            raise CqlError(f"Could not parse cql : the emulator does not know the field '{field}'")
        operator = self._operator()
        if operator not in FIELDS[field]:
            raise CqlError(f"Could not parse cql : the field '{field}' does not take '{operator}'")
        values = self._list() if operator.endswith("in") else (self._value(),)
        return Clause(field, operator, tuple(_checked(field, value) for value in values))

    def _operator(self) -> str:
        if self._took("not"):
            self._must("in")
            return "not in"
        return self._next()[1].casefold()

    def _list(self) -> tuple[str, ...]:
        self._must("(")
        values = [self._value()]
        while self._took(","):
            values.append(self._value())
        self._must(")")
        return tuple(values)

    def _value(self) -> str:
        kind, value = self._next("word", "text")
        if kind == "word" and self._is("("):
            raise CqlError(f"Could not parse cql : the emulator does not know the function '{value}'")
        return value

    def _next(self, *kinds: str) -> tuple[str, str]:
        if self._at == len(self._tokens):
            raise CqlError("Could not parse cql : it ends too early")
        kind, value = self._tokens[self._at]
        if kinds and kind not in kinds:
            raise CqlError(f"Could not parse cql : '{value}' was not expected")
        self._at += 1
        return kind, value

    def _is(self, word: str) -> bool:
        if self._at == len(self._tokens):
            return False
        kind, value = self._tokens[self._at]
        return kind != "text" and value.casefold() == word

    def _took(self, word: str) -> bool:
        found = self._is(word)
        self._at += found
        return found

    def _must(self, word: str) -> None:
        if not self._took(word):
            raise CqlError(f"Could not parse cql : '{word}' is missing")


def _checked(field: str, value: str) -> str:
    if field == "type" and value.casefold() not in BUILT_IN and ":" not in value:
        raise CqlError(f"Could not parse cql : '{value}' is no type of content")
    if field not in ("lastmodified", "created"):
        return value
    for form in DATES:
        try:
            moment = datetime.strptime(value, form)  # noqa: DTZ007  # in the zone of whoever asks
        except ValueError:
            continue
        return moment.strftime(MINUTE if "%H" in form else DAY)
    raise CqlError(f"Could not parse cql : '{value}' is no date like yyyy-MM-dd HH:mm")
