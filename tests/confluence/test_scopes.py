from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from exporter.confluence import scopes
from exporter.confluence.scopes import Endpoint
from exporter.model import Part

REFERENCE = "CONFLUENCE_EXPORT_REFERENCE"
V2 = "/wiki/api/v2"


@cache
def _document(name: str) -> Any:
    folder = os.environ.get(REFERENCE)
    if not folder:
        pytest.skip(f"{REFERENCE} does not name the folder of the OpenAPI documents")
    return json.loads(Path(folder, "confluence-api", f"openapi-{name}.json").read_text("utf-8"))


def _documented(endpoint: Endpoint) -> Any:
    if endpoint.path.startswith(V2):
        return _document("v2")["paths"][endpoint.path.removeprefix(V2)][endpoint.method.lower()]
    return _document("v1")["paths"][endpoint.path][endpoint.method.lower()]


@pytest.mark.parametrize("endpoint", scopes.ALL, ids=lambda endpoint: endpoint.path)
def test_an_endpoint_needs_the_scopes_that_the_documents_name(endpoint: Endpoint) -> None:
    needed = {
        scope: needs["state"] for needs in _documented(endpoint)["x-atlassian-oauth2-scopes"]
        for scope in needs["scopes"]
    }  # fmt: skip
    assert set(needed) == {endpoint.granular} | ({endpoint.classic} if endpoint.classic else set())
    if endpoint.classic:
        assert (needed[endpoint.classic], needed[endpoint.granular]) == ("Current", "Beta")


def test_every_endpoint_is_in_the_table_and_serves_something() -> None:
    assert set(scopes.ALL) == {each for each in vars(scopes).values() if isinstance(each, Endpoint)}
    assert all(bool(each.part) != bool(each.essential) for each in scopes.ALL)


def test_every_part_that_can_be_left_out_needs_a_scope() -> None:
    assert {each.part for each in scopes.ALL} == {*Part, None}


def test_a_missing_scope_is_a_sentence_with_the_scope_the_loss_and_the_remedy() -> None:
    text = scopes.FOLDER.missing()
    assert "read:folder:confluence" in text
    assert "/wiki/api/v2/folders/{id}" in text
    assert "no folders" in text
    assert "https://id.atlassian.com" in text


def test_an_endpoint_that_is_posted_to_is_named_so() -> None:
    assert "POST /wiki/api/v2/users-bulk needs read:user:confluence" in scopes.USERS.missing()


def test_where_two_scopes_may_do_both_are_named() -> None:
    text = scopes.DOWNLOAD.missing()
    assert "read:attachment:confluence or readonly:content.attachment:confluence (tick both)" in text


def test_a_path_is_filled_in() -> None:
    assert (
        scopes.DOWNLOAD.at(id="1", attachmentId="att2")
        == "/wiki/rest/api/content/1/child/attachment/att2/download"
    )


def test_the_least_is_granular_and_shrinks_with_what_is_left_out() -> None:
    everything = scopes.least(())
    assert all(scope.startswith("read:") for scope in everything)
    assert everything["read:space:confluence"] == ["the space", "permissions", "labels", "properties"]
    assert set(scopes.least([*Part])) == {
        "read:space:confluence", "read:page:confluence", "read:content-details:confluence"
    }  # fmt: skip
    assert set(everything) - set(scopes.least([Part.COMMENTS])) == {"read:comment:confluence"}


def test_the_classic_scopes_are_those_of_the_older_endpoints() -> None:
    assert set(scopes.alternatives(())) == {
        "read:confluence-user",
        "readonly:content.attachment:confluence",
        "search:confluence",
        "read:confluence-content.all",
    }
    assert set(scopes.alternatives([*Part])) == {"read:confluence-user"}


def test_what_can_be_left_out_is_said_with_how() -> None:
    assert scopes.FOLDER.needs().endswith("or leave it out: --skip folders")
    assert scopes.FOLDER.needs() in scopes.FOLDER.missing()
    assert scopes.SPACE_PERMISSIONS.forbidden().endswith("or leave it out: --skip permissions")
    assert "--skip" not in scopes.SPACES.missing()
