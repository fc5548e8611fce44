from __future__ import annotations

import json

import pytest

from exporter.emulator.facts import dumps, facts
from exporter.emulator.operations import FACTS, operations
from exporter.emulator.routes import HANDLERS
from tests.emulator.conformance import REFERENCE, load_documents, reference_folder, response_validator


def test_each_handler_has_its_facts_and_each_fact_its_handler() -> None:
    assert {f"{each.method} {each.path}" for each in operations().all} == set(HANDLERS)


def test_facts_are_what_the_documents_say() -> None:
    folder = reference_folder()
    if folder is None:
        pytest.skip(f"{REFERENCE} does not name the folder of the OpenAPI documents")
    assert FACTS.read_text("utf-8") == dumps(facts(*load_documents(folder)))


def test_the_validator_refuses_what_the_documents_do_not_allow() -> None:
    folder = reference_folder()
    if folder is None:
        pytest.skip(f"{REFERENCE} does not name the folder of the OpenAPI documents")
    check = response_validator(folder)
    check("/wiki/api/v2/pages/{id}", "GET", 200, {"id": "1", "parentId": None})
    check("/wiki/api/v2/pages/{id}", "GET", 404, {"id": 1})
    for wrong in ({"id": 1}, {"title": None}, {"createdAt": "2026-01-01"}, {"version": {"number": "1"}}):
        with pytest.raises(Exception, match=r"is not"):
            check("/wiki/api/v2/pages/{id}", "GET", 200, wrong)


def test_facts_are_sorted_and_small() -> None:
    table = json.loads(FACTS.read_text("utf-8"))
    assert list(table) == sorted(table)
    assert FACTS.stat().st_size < 64_000
