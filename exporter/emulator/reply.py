"""What a handler answers, before it goes on the wire, and Confluence's error bodies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from exporter.emulator.content import Binary

JSON_TYPE = "application/json"


@dataclass
class Reply:
    """``json`` or ``data`` or ``binary`` is the body.

    A list also brings ``link_after(count, salt)``: the address of what follows the first
    ``count`` items of this answer. Different salts write the same place differently.
    """

    status: int = 200
    json: Any = None
    data: bytes | None = None
    binary: Binary | None = None
    media_type: str = JSON_TYPE
    headers: dict[str, str] = field(default_factory=dict)
    link_after: Callable[[int, int], str] | None = None


def v2_error(status: int, code: str, title: str) -> Reply:
    return Reply(status, {"errors": [{"status": status, "code": code, "title": title, "detail": None}]})


def v2_not_found(title: str = "Not Found") -> Reply:
    return v2_error(404, "NOT_FOUND", title)


def v2_bad_request(title: str) -> Reply:
    return v2_error(400, "INVALID_REQUEST_PARAMETER", title)


def v1_error(status: int, message: str) -> Reply:
    data = {
        "authorized": False,
        "valid": False,
        "errors": [{"message": {"translation": message, "args": []}}],
        "successful": False,
    }
    return Reply(status, {"statusCode": status, "data": data, "message": message})


def v1_gone() -> Reply:
    data = {"authorized": True, "valid": True, "errors": [], "successful": True}
    message = "com.atlassian.confluence.rest.GoneException: This deprecated endpoint has been removed."
    return Reply(410, {"statusCode": 410, "data": data, "message": message})


def unauthorized() -> Reply:
    return Reply(401, {"code": 401, "message": "Unauthorized"})


def scope_mismatch() -> Reply:
    return Reply(
        401,
        {"code": 401, "message": "Unauthorized; scope does not match"},
        headers={"X-Failure-Category": "FAILURE_CLIENT_SCOPE_CHECK"},
    )


def no_product_access() -> Reply:
    return Reply(403, {"message": "Current user not permitted to use Confluence", "statusCode": 403})


def no_such_route(moment: str) -> Reply:
    """What the gateway says to an address that leads nowhere."""
    return Reply(
        404, {"timestamp": moment, "status": 404, "error": "Not Found", "message": "No message available"}
    )


def html(status: int, title: str) -> Reply:
    page = f"<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
    return Reply(status, data=page.encode(), media_type="text/html; charset=utf-8")
