"""The part of CQL that macros use to choose pages by label, answered from the mirror.

``label in ("a", "b") and space = currentSpace() and type = "page" and not ancestor = currentContent()``
(syntax: Atlassian's "Advanced searching using CQL").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from exporter.model import WITH_BODY
from exporter.site.items import Item
from exporter.site.macros.shown import Context, Unshown

_QUOTED = r"""\s*(?:"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>(?:[^'\\]|\\.)*)'|"""
_TOKEN = re.compile(_QUOTED + r"""(?P<mark>!=|!~|[=~(),])|(?P<word>[^\s=!~(),"']+))""")
MAX_TERMS = 200
Test = Callable[[Item], bool]


_FUNCTIONS = {
    "space": {"currentspace()"},
    "space.key": {"currentspace()"},
    "parent": {"currentcontent()"},
    "ancestor": {"currentcontent()"},
}
"""What can be told without knowing who reads, and when."""


@dataclass(frozen=True, slots=True)
class _Condition:
    """`labels`: one of these every match has; None where a match may have none of them."""

    test: Test
    labels: frozenset[str] | None


def matching(query: str, context: Context) -> list[Item]:
    """Label by label, each in the order of the tree. Raises `Unshown` for what labels of this space can't
    answer."""
    condition = _Parser(query, context).condition()
    if condition.labels is None:
        raise Unshown("its query doesn't choose by label")
    found: dict[str, Item] = {}
    for label in sorted(condition.labels):
        found |= {each.id: each for each in context.library.labelled(label) if condition.test(each)}
    return list(found.values())


class _Parser:
    def __init__(self, query: str, context: Context) -> None:
        self._tokens = list(_tokens(query))
        self._context = context
        self._terms = 0

    def condition(self) -> _Condition:
        found = self._either()
        if self._tokens and self._next_word() == "order":
            self._tokens.clear()
        if self._tokens:
            raise Unshown("its query isn't understood here")
        return found

    def _either(self) -> _Condition:
        found = self._both()
        while self._next_word() == "or":
            self._take()
            found = _or(found, self._both())
        return found

    def _both(self) -> _Condition:
        found = self._single()
        while self._next_word() == "and":
            self._take()
            found = _and(found, self._single())
        return found

    def _single(self) -> _Condition:
        self._terms += 1
        if self._terms > MAX_TERMS:
            raise Unshown("its query is too long")
        if self._next_word() == "not":
            self._take()
            inner = self._single()
            return _Condition(lambda item: not inner.test(item), None)
        if self._next_word() == "(":
            self._take()
            found = self._either()
            self._expect(")")
            return found
        return self._comparison()

    def _comparison(self) -> _Condition:
        name, operator = self._take().lower(), self._take().lower()
        negated = operator in ("!=", "!~", "not")
        if operator == "not":
            operator = self._take().lower()
        if operator not in ("=", "!=", "in", "~", "!~"):
            raise Unshown("its query isn't understood here")
        values = self._values() if operator == "in" else (self._value(),)
        if name == "label":
            values = tuple(map(str.lower, values))  # as labels are kept
        test = self._test(name, values, contains="~" in operator)
        if negated:
            return _Condition(lambda item: not test(item), None)
        if name.startswith("space") and not test(self._context.page):
            raise Unshown("its query asks for another space")
        return _Condition(test, frozenset(values) if name == "label" else None)

    def _values(self) -> tuple[str, ...]:
        self._expect("(")
        values = [self._value()]
        while self._next_word() == ",":
            self._take()
            values.append(self._value())
        self._expect(")")
        return tuple(values)

    def _value(self) -> str:
        """A function call is its name and parentheses: ``currentSpace()``."""
        value = self._take()
        if self._next_word() == "(" and value.isalpha():
            self._take()
            self._expect(")")
            return f"{value.lower()}()"
        return value

    def _test(self, name: str, values: Sequence[str], *, contains: bool) -> Test:
        context, wanted = self._context, set(values)
        if unknown := {each for each in wanted if each.endswith("()")} - _FUNCTIONS.get(name, set()):
            raise Unshown(f"its query asks for {min(unknown)}")
        match name:
            case "label":
                return lambda item: bool(wanted & {*item.labels})
            case "space" | "space.key":
                here = context.page.space_key
                keys = {here if each in ("currentspace()", "@self") else each for each in wanted}
                return lambda item: item.space_key in keys
            case "type":
                kinds = {each.lower() for each in wanted}
                return lambda item: item.kind in WITH_BODY and item.kind.value.lower() in kinds
            case "title":
                titles = {each.casefold() for each in wanted}
                if contains:
                    return lambda item: any(each.strip("*") in item.title.casefold() for each in titles)
                return lambda item: item.title.casefold() in titles
            case "parent" | "ancestor":
                ids = {context.page.id if each == "currentcontent()" else each for each in wanted}
                return lambda item: any(each in ids for each in _above(item, context, name))
            case "creator":
                return lambda item: item.created.author in wanted
        raise Unshown(f"its query asks for “{name}”")

    def _next_word(self) -> str:
        return self._tokens[0].lower() if self._tokens else ""

    def _take(self) -> str:
        if not self._tokens:
            raise Unshown("its query isn't understood here")
        return self._tokens.pop(0)

    def _expect(self, mark: str) -> None:
        if self._take() != mark:
            raise Unshown("its query isn't understood here")


def _and(one: _Condition, other: _Condition) -> _Condition:
    narrower = [each for each in (one.labels, other.labels) if each is not None]
    return _Condition(
        lambda item: one.test(item) and other.test(item), min(narrower, key=len) if narrower else None
    )


def _or(one: _Condition, other: _Condition) -> _Condition:
    labels = one.labels | other.labels if one.labels is not None and other.labels is not None else None
    return _Condition(lambda item: one.test(item) or other.test(item), labels)


def _above(item: Item, context: Context, relation: str) -> Iterator[str]:
    seen = {item.id}
    while item.parent and item.parent not in seen:
        yield item.parent
        seen.add(item.parent)
        parent = context.library.item(item.parent)
        if parent is None or relation == "parent":
            return
        item = parent


def _tokens(query: str) -> Iterator[str]:
    position, query = 0, query.rstrip()
    while position < len(query):
        found = _TOKEN.match(query, position)
        if found is None:
            raise Unshown("its query isn't understood here")
        position = found.end()
        quoted = found["double"] if found["double"] is not None else found["single"]
        if quoted is not None:
            yield re.sub(r"\\(.)", r"\1", quoted)
        else:
            yield found["mark"] or found["word"]
