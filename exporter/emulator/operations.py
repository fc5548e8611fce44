"""The API's operations as its documents describe them, read from ``facts.json``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FACTS = Path(__file__).with_name("facts.json")
INT64 = 1 << 63


class BadParameter(Exception):
    """A parameter that the documents do not allow; ``str()`` says which and why."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """``fact`` is its entry in ``facts.json``."""

    name: str
    place: str
    fact: Mapping[str, Any]

    def read(self, texts: list[str]) -> Any:
        """The value that these texts stand for."""
        if self.fact["type"] != "array":
            if len(texts) > 1:
                raise BadParameter(f"Parameter '{self.name}' is given more than once")
            return self._one(texts[0], self.fact)
        values = [part for text in texts for part in text.split(",")]
        if len(values) > self.fact.get("maxItems", len(values)):
            raise BadParameter(f"Parameter '{self.name}' has more than {self.fact['maxItems']} values")
        return [self._one(value, self.fact["items"]) for value in values]

    def _one(self, text: str, fact: Mapping[str, Any]) -> str | int | bool:
        if "enum" in fact and text not in fact["enum"]:
            raise self._wrong(text)
        if fact["type"] == "boolean":
            if text not in ("true", "false"):
                raise self._wrong(text)
            return text == "true"
        if fact["type"] == "integer":
            return self._integer(text, fact)
        if "pattern" in fact and not re.fullmatch(fact["pattern"], text, re.ASCII):
            raise self._wrong(text)
        return text

    def _integer(self, text: str, fact: Mapping[str, Any]) -> int:
        if not re.fullmatch(r"-?[0-9]{1,19}", text) or not -INT64 <= int(text) < INT64:
            raise self._wrong(text)
        if not fact.get("minimum", -INT64) <= int(text) <= fact.get("maximum", INT64):
            raise BadParameter(f"Provided value {text} for '{self.name}' is out of range")
        return int(text)

    def _wrong(self, text: str) -> BadParameter:
        return BadParameter(f"Provided value '{text}' for '{self.name}' is not the correct type")


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path; ``path`` is the template, such as ``/wiki/api/v2/pages/{id}``."""

    method: str
    path: str
    parameters: Mapping[str, Parameter]
    scopes: Mapping[str, frozenset[str]]

    @property
    def is_v1(self) -> bool:
        return self.path.startswith("/wiki/rest/")

    def arguments(
        self, path_values: Mapping[str, str], query: Iterable[tuple[str, str]], *, strict: bool
    ) -> dict[str, Any]:
        """All parameters by name, defaults filled in; raise `BadParameter`."""
        texts: dict[str, list[str]] = {name: [value] for name, value in path_values.items()}
        for name, value in query:
            parameter = self.parameters.get(name)
            if parameter is not None and parameter.place == "query":
                texts.setdefault(name, []).append(value)
            elif strict:
                raise BadParameter(f"Unknown query parameter '{name}'")
        given = {name: self.parameters[name].read(values) for name, values in texts.items()}
        defaults = {n: p.fact["default"] for n, p in self.parameters.items() if "default" in p.fact}
        return defaults | given


class Operations:
    """Finds the operation that a request means."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        self.all = [_operation(name, fact) for name, fact in facts.items()]
        self._patterns = [(re.compile(_pattern(each.path)), each) for each in self.all]

    def find(self, method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
        for pattern, operation in self._patterns:
            if operation.method == method and (found := pattern.fullmatch(path)):
                return operation, {name.replace("_", "-"): value for name, value in found.groupdict().items()}
        return None

    def methods(self, path: str) -> list[str]:
        return [each.method for pattern, each in self._patterns if pattern.fullmatch(path)]


@cache
def operations() -> Operations:
    return Operations(json.loads(FACTS.read_text("utf-8")))


def _operation(name: str, fact: Mapping[str, Any]) -> Operation:
    method, path = name.split(" ")
    return Operation(
        method,
        path,
        {name: Parameter(name, entry["in"], entry) for name, entry in fact["parameters"].items()},
        {state: frozenset(scopes) for state, scopes in fact["scopes"].items()},
    )


def _pattern(template: str) -> str:
    parts = re.split(r"\{([\w-]+)\}", template)
    return "".join(
        f"(?P<{part.replace('-', '_')}>[^/]+)" if at % 2 else re.escape(part) for at, part in enumerate(parts)
    )
