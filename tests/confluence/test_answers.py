from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from exporter.confluence import scopes
from exporter.confluence.answers import error_of, parse
from exporter.errors import (
    ExportError,
    Forbidden,
    NoProductAccess,
    NotFound,
    RemoteError,
    Removed,
    ScopeMissing,
    TransientError,
    Unauthorized,
)

V1_ERROR = {
    "statusCode": 404,
    "data": {
        "authorized": False,
        "valid": False,
        "errors": [{"message": {"translation": "No content", "args": []}}],
        "successful": False,
    },
    "message": "No content with this id",
}
GONE = {
    "statusCode": 410,
    "data": {"authorized": True, "valid": True, "errors": [], "successful": True},
    "message": "GoneException: This deprecated endpoint has been removed.",
}
SPRING = {"timestamp": "2026-11-25", "status": 404, "error": "Not Found", "message": "No message available"}


def _v2(status: int, title: str) -> dict[str, object]:
    return {"errors": [{"status": status, "code": "X", "title": title, "detail": None}]}


def _error(status: int, body: object, headers: dict[str, str] | None = None) -> ExportError:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return error_of(status, CIMultiDict(headers or {}), raw, scopes.PAGES)


# Bodies as they were reported from live sites.
@pytest.mark.fault(51)
@pytest.mark.parametrize(
    ("status", "body", "headers", "kind", "said"),
    [
        (401, {"code": 401, "message": "Unauthorized; scope does not match"}, {}, ScopeMissing, "read:page"),
        (401, b"", {"X-Failure-Category": "FAILURE_CLIENT_SCOPE_CHECK"}, ScopeMissing, "read:page"),
        (401, b"", {"x-failure-category": "FAILURE_CLIENT_SCOPE_CHECK"}, ScopeMissing, "read:page"),
        (401, {"code": 401, "message": "Unauthorized"}, {}, Unauthorized, "revoked or expired"),
        (401, b"<html>Log in</html>", {}, Unauthorized, "refuses the credentials"),
        (401, b"", {}, Unauthorized, "refuses the credentials"),
        (401, b"", {"WWW-Authenticate": 'OAuth realm="https://a/wiki"'}, Unauthorized, "credentials"),
        (401, b"", {"X-Seraph-LoginReason": "AUTHENTICATION_DENIED"}, Unauthorized, "credentials"),
        (404, _v2(404, "Not Found"), {}, NotFound, "Not Found"),
        (404, _v2(404, "Cannot find a page with id [123]"), {}, NotFound, "page with id [123]"),
        (400, _v2(400, "Provided value for 'cursor' is not the correct"), {}, RemoteError, "for 'cursor' is"),
        (403, {"message": "Current user not permitted to use Confluence", "statusCode": 403}, {},
         NoProductAccess, "not permitted to use Confluence"),
        (403, {"message": "no", "statusCode": 403}, {}, Forbidden, "answered 403 (no)"),
        (404, V1_ERROR, {}, NotFound, "No content with this id"),
        (410, GONE, {}, Removed, "removed this endpoint"),
        (404, SPRING, {}, NotFound, "No message available"),
        (405, b"", {}, RemoteError, "answered 405"),
        (413, b"", {}, RemoteError, "answered 413"),
    ],
)  # fmt: skip
def test_an_error_says_who_must_do_what(
    status: int, body: object, headers: dict[str, str], kind: type[ExportError], said: str
) -> None:
    error = _error(status, body, headers)
    assert type(error) is kind
    assert said in str(error)


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_a_server_in_trouble_is_asked_again(status: int) -> None:
    assert type(_error(status, b"<html>")) is TransientError


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 410, 413, 415, 422, 501])
def test_a_refusal_is_not_asked_again(status: int) -> None:
    error = _error(status, b"")
    assert isinstance(error, RemoteError)
    assert not isinstance(error, TransientError)


def test_what_the_server_says_is_one_short_printable_line() -> None:
    text = str(_error(404, {"message": "gone\n\x1b[2J\u202e" + "x" * 5000}))
    assert text.isprintable()
    assert len(text) < 300


@pytest.mark.fault(41)
@given(st.binary(max_size=50), st.sampled_from([400, 401, 403, 404, 410, 500]))
def test_no_body_is_too_strange_for_an_error(body: bytes, status: int) -> None:
    assert isinstance(_error(status, body), ExportError)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["errors", "message", "title", "data"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(_json, st.sampled_from([401, 403, 404]))
def test_no_document_is_too_strange_for_an_error(document: object, status: int) -> None:
    assert isinstance(_error(status, document), ExportError)


@pytest.mark.fault(40, 41)
@pytest.mark.parametrize(
    ("body", "content_type", "what"),
    [
        (b"<!DOCTYPE html><html>", "text/html", "HTML"),
        (b"  <html>", "application/json", "HTML"),
        (b"maintenance", "text/html", "HTML"),
        (b'{"results": [', "application/json", "unreadable"),
        (b"", "application/json", "unreadable"),
        (b"\xff\xfe\xfd", "application/json", "unreadable"),
        (b"9" * 5000, "application/json", "unreadable"),
        (b'{"a": NaN}', "application/json", "unreadable"),
        (b"[-Infinity]", "application/json", "unreadable"),
        (b"[" * 200_000, "application/json", "unreadable"),
        (b'{"a":' * 100_000, "application/json", "unreadable"),
    ],
)
def test_what_is_no_json_is_asked_again(body: bytes, content_type: str, what: str) -> None:
    with pytest.raises(TransientError, match=f"answered .*{what}"):
        parse(body, content_type)


def test_json_is_read_whatever_type_it_is_called() -> None:
    assert parse(b'{"a": "\\ud800"}', "text/plain") == {"a": "\ud800"}
