"""Every operation answers something for the sample site, and each answer is as the documents say."""

from __future__ import annotations

import re

import pytest

from exporter.emulator import Emulator
from exporter.emulator.operations import Operation, operations
from exporter.emulator.routes import NOT_EMULATED, V1, V2
from exporter.emulator.sample import sample_world
from tests.emulator.client import Client
from tests.emulator.conformance import Check
from tests.emulator.conftest import TOKEN

PAGE, POST, POLL, FOOTER, INLINE = "131122", "131170", "131241", "131221", "131224"
IDS = {
    "attachments": "att131217",
    "blogposts": POST,
    "content": PAGE,
    "custom-content": POLL,
    "databases": "131152",
    "embeds": "131154",
    "folders": "131140",
    "footer-comments": FOOTER,
    "inline-comments": INLINE,
    "comments": FOOTER,
    "pages": PAGE,
    "spaces": "65538",
    "whiteboards": "131150",
}
REQUIRED = {"type": "ac:harbour-polls:poll", "cql": "space = DEMO"}
SENT = {
    f"POST {V2}/users-bulk": {"accountIds": ["712020:0c1f6a8e-4b52-4d0c-9a3e-51e9c2a70006"]},
    f"POST {V2}/content/convert-ids-to-types": {"contentIds": [PAGE, "1"]},
}


def address(operation: Operation, task_id: str) -> str:
    if operation.path.endswith("/download"):
        return f"{V1}/content/131130/child/attachment/att131217/download"
    kind = operation.path.split("/")[4]
    path = operation.path.replace("{version-number}", "1")
    return re.sub(r"\{[\w-]+\}", task_id if kind == "tasks" else IDS.get(kind, ""), path)


def query(operation: Operation) -> list[str]:
    """What must be asked for, and whatever can be included."""
    return [
        f"{name}={REQUIRED.get(name, 'true')}"
        for name, parameter in operation.parameters.items()
        if parameter.place == "query"
        and name not in NOT_EMULATED
        and (name.startswith("include-") or (name in REQUIRED and "enum" not in parameter.fact))
    ]


@pytest.mark.parametrize("operation", operations().all, ids=lambda each: f"{each.method} {each.path}")
async def test_every_operation_answers(operation: Operation, check: Check | None) -> None:
    world = sample_world()
    url = address(operation, next(iter(world.tasks)))
    async with Emulator(world, [TOKEN], on_answer=check) as emulator, Client.of(emulator) as client:
        root = client.root.removesuffix("/wiki")
        if operation.method == "POST":
            path = url.removeprefix(V2)
            answer = await client.post(path, SENT[f"POST {url}"])
        else:
            asked = "&".join(query(operation)).replace(" ", "%20")
            answer = await client.url(f"{root}{url}" + (f"?{asked}" if asked else ""))
        assert answer.status == (302 if url.endswith("/download") else 200), answer.body
        for name, parameter in operation.parameters.items():
            if name == "body-format":
                for form in parameter.fact["enum"]:
                    more = "&".join([*query(operation), f"{name}={form}"])
                    assert (await client.url(f"{root}{url}?{more}")).status == 200
        assert (await client.url(f"{root}{url}?nonsense=1", method=operation.method)).status == 400
