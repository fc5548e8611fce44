from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from exporter.confluence import scopes
from exporter.confluence.scopes import Endpoint

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


def test_the_table_holds_every_endpoint_of_the_module() -> None:
    assert set(scopes.ALL) == {each for each in vars(scopes).values() if isinstance(each, Endpoint)}


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
