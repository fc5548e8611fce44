"""Who alone may read or change content, as v1 shows it."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Collection

from exporter.emulator import answers
from exporter.emulator.call import Call
from exporter.emulator.content import Restriction
from exporter.emulator.lookup import visible_content
from exporter.emulator.reply import Reply, v1_error
from exporter.emulator.shapes import Json
from exporter.emulator.store import Operation

OPERATIONS: tuple[Operation, ...] = ("read", "update")
MOST = 100


def list_restrictions(call: Call) -> Reply:
    """``read`` and ``update``, whether or not anybody is named there."""
    content_id, start, limit = call.arguments["id"], call.arguments["start"], call.arguments["limit"]
    if visible_content(call, content_id) is None:
        return v1_error(404, f"No content found with id: {content_id}")
    shown = OPERATIONS[start : start + limit]
    results = [by_operation(call, content_id, each, _parts(call, each)) for each in shown]
    answer = {
        "results": results,
        "start": start,
        "limit": limit,
        "size": len(results),
        "restrictionsHash": hashlib.sha256(json.dumps(results).encode()).hexdigest(),
        "_links": {**_links(call), "context": "/wiki"},
    }
    return Reply(json=answer)


def list_by_operation(call: Call) -> Reply:
    content_id = call.arguments["id"]
    if visible_content(call, content_id) is None:
        return v1_error(404, f"No content found with id: {content_id}")
    found = {each: by_operation(call, content_id, each, _parts(call, each)) for each in OPERATIONS}
    return Reply(json={**found, "_links": {**_links(call), "context": "/wiki"}})


def by_operation(call: Call, content_id: str, operation: Operation, parts: Collection[str]) -> Json:
    """``parts`` are ``user`` and ``group``; folders never show any restriction (CONFCLOUD-82920)."""
    content = call.world.contents.get(content_id)
    held = call.world.restrictions.get(content_id, {}).get(operation, Restriction())
    if content is not None and content.kind == "folder":
        held = Restriction()
    self = f"{call.base}/rest/api/content/{content_id}/restriction/byOperation/{operation}"
    answer: Json = {"operation": operation, "_expandable": {}, "_links": {"self": self}}
    if not parts:
        answer["_expandable"]["restrictions"] = f"/rest/api/content/{content_id}/restriction/byOperation"
    else:
        missing = {each: "" for each in ("user", "group") if each not in parts}
        answer["restrictions"] = {"_expandable": missing}
    if "user" in parts:
        answer["restrictions"]["user"] = _array([person(call, each) for each in held.users])
    if "group" in parts:
        answer["restrictions"]["group"] = _array([_group(each) for each in held.groups])
    answer["_expandable"]["content"] = f"/rest/api/content/{content_id}"
    return answer


def person(call: Call, account_id: str) -> Json:
    """Somebody as v1 shows them inside of something else."""
    known = call.world.users.get(account_id)
    return {"type": "unknown", "accountId": account_id} if known is None else answers.user(known)


def _group(name: str) -> Json:
    group_id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"group/{name}"))
    return {"type": "group", "name": name, "id": group_id, "_links": {}}


def _array(results: list[Json]) -> Json:
    return {"results": results[:MOST], "start": 0, "limit": MOST, "size": len(results[:MOST])}


def _parts(call: Call, operation: Operation) -> set[str]:
    expanded = call.arguments.get("expand", ())
    wanted = {"user", "group"}
    return {
        each
        for each in wanted
        if f"restrictions.{each}" in expanded or f"{operation}.restrictions.{each}" in expanded
    }


def _links(call: Call) -> Json:
    return {"base": call.base, "self": f"{call.site_url}{call.path}"}
