"""Carries out the faults that change what is answered."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from exporter.emulator.content import Binary
from exporter.emulator.faults import MISSING, Fault, asked_ids
from exporter.emulator.paging import set_next
from exporter.emulator.recorded import Recorded
from exporter.emulator.reply import Reply, html, unauthorized


def instead(fault: Fault, asked: Recorded, url: str) -> Reply | None:
    """The answer that the fault gives in place of the right one; ``url`` is the origin's."""
    body = fault.body.encode() if isinstance(fault.body, str) else fault.body
    if fault.kind == "expired":
        return unauthorized()
    if fault.kind == "login_page":
        page = html(200, "Log in to continue")
        return page if body is None else replace(page, data=body)
    if fault.kind == "not_json":
        return Reply(data=b'{"results": [{"id": "98' if body is None else body)
    if fault.kind == "gzip_bomb":
        member = gzip.compress(b" " * (1 << 20))
        return Reply(data=member * (fault.amount or 64), headers={"Content-Encoding": "gzip"})
    if fault.kind == "redirect":
        location = fault.location or url + asked.target
        return Reply(fault.status or 302, data=b"", headers={"Location": location, **fault.headers})
    if fault.kind == "bulk_limit" and not _is_too_much(fault, asked):
        return None
    headers = dict(fault.headers)
    if fault.retry_after is not None:
        headers["Retry-After"] = fault.retry_after
    status = fault.status or (504 if fault.kind == "bulk_limit" else 500)
    if body is not None:
        return Reply(status, data=body, headers=headers)
    return Reply(status, {"statusCode": status, "message": "emulated fault"}, headers=headers)


def _is_too_much(fault: Fault, asked: Recorded) -> bool:
    if ids := asked_ids(asked):
        return len(ids) > (fault.amount or 0)
    return "body-format" in asked.query and int(asked.query.get("limit", 25)) > (fault.amount or 0)


def spoil(fault: Fault, asked: Recorded, reply: Reply) -> None:
    """Change the answer as the fault says; answers that it does not suit stay as they are."""
    if reply.binary is not None:
        if fault.kind in ("short_binary", "long_binary"):
            by = fault.amount or 1
            reply.binary = resized(reply.binary, -by if fault.kind == "short_binary" else by)
    elif reply.status == 200 and isinstance(reply.json, dict):
        if fault.kind == "body":
            _spoil_bodies(fault, reply.json)
        elif fault.kind == "field":
            _spoil_fields(fault, reply.json)
        elif fault.kind == "file_size":
            _spoil_sizes(fault, reply.json)
        elif "results" in reply.json and reply.link_after is not None:
            LISTS[fault.kind](fault, asked, reply, reply.link_after)


def resized(binary: Binary, by: int) -> Binary:
    """The same file with so many bytes more, or fewer, at its end."""
    size = max(0, binary.size + by)

    def chunks() -> Iterator[bytes]:
        left = size
        for chunk in binary.chunks():
            yield chunk[:left]
            left = max(0, left - len(chunk))
        if left:
            yield b"+" * left

    return Binary(size, chunks)


def _items(fault: Fault, json: dict[str, Any]) -> list[dict[str, Any]]:
    items = json.get("results", [json])
    return [item for item in items if not fault.ids or item.get("id") in fault.ids]


def _spoil_bodies(fault: Fault, json: dict[str, Any]) -> None:
    for item in _items(fault, json):
        if fault.value is MISSING:
            item["body"] = {}
        else:
            item["body"] = dict.fromkeys(item.get("body", {}), fault.value)


def _spoil_fields(fault: Fault, json: dict[str, Any]) -> None:
    for item in _items(fault, json):
        if fault.value is MISSING:
            item.pop(fault.name, None)
        else:
            item[fault.name] = fault.value


def _spoil_sizes(fault: Fault, json: dict[str, Any]) -> None:
    for item in _items(fault, json):
        if "fileSize" in item:
            item["fileSize"] += 1 if fault.amount is None else fault.amount


LinkAfter = Callable[[int, int], str]


def _results(fault: Fault, _: Recorded, reply: Reply, __: LinkAfter) -> None:
    if fault.value is MISSING:
        del reply.json["results"]
    else:
        reply.json["results"] = fault.value


def _duplicates(_: Fault, __: Recorded, reply: Reply, link_after: LinkAfter) -> None:
    results = reply.json["results"]
    if "next" not in reply.json["_links"]:
        reply.json["results"] = results + results[:1]
    elif len(results) > 1:
        set_next(reply, link_after(len(results) - 1, 0))


def _repeat_cursor(fault: Fault, asked: Recorded, reply: Reply, link_after: LinkAfter) -> None:
    """Without a cursor a walk begins anew; its first cursors are the ones that come again."""
    if "cursor" not in asked.query:
        fault.memory[asked.path] = []
    walk = fault.memory.setdefault(asked.path, [])
    link = reply.json["_links"].get("next") or link_after(len(reply.json["results"]), 0)
    walk.append(link if len(walk) < (fault.amount or 1) else walk[len(walk) - (fault.amount or 1)])
    set_next(reply, walk[-1])


def _empty_page(fault: Fault, _: Recorded, reply: Reply, link_after: LinkAfter) -> None:
    reply.json["results"] = []
    set_next(reply, link_after(0, fault.hits))


def _short_page(fault: Fault, _: Recorded, reply: Reply, link_after: LinkAfter) -> None:
    kept = fault.amount or 1
    if len(reply.json["results"]) > kept:
        del reply.json["results"][kept:]
        set_next(reply, link_after(kept, 0))


def _stuck_list(fault: Fault, _: Recorded, reply: Reply, link_after: LinkAfter) -> None:
    set_next(reply, link_after(0, fault.hits))


def _next_link(fault: Fault, _: Recorded, reply: Reply, __: LinkAfter) -> None:
    if link := reply.json["_links"].get("next"):
        set_next(reply, fault.location.replace("{link}", link))


def _nothing(_: Fault, __: Recorded, ___: Reply, ____: LinkAfter) -> None:
    pass


LISTS: dict[str, Callable[[Fault, Recorded, Reply, LinkAfter], None]] = {
    "results": _results,
    "duplicates": _duplicates,
    "repeat_cursor": _repeat_cursor,
    "empty_page": _empty_page,
    "short_page": _short_page,
    "stuck_list": _stuck_list,
    "next_link": _next_link,
    "short_binary": _nothing,
    "long_binary": _nothing,
}
