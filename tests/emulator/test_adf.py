"""The Atlassian Document Format of any body: JSON, whole, and the same each time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from exporter.emulator.adf import document
from exporter.emulator.generate import generated_body
from exporter.emulator.sample import sample_world


def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for each in node.get("content", ()):
        yield from nodes(each)


def content(storage: str) -> list[dict[str, Any]]:
    read: list[dict[str, Any]] = json.loads(document(storage))["content"]
    return read


def test_every_sample_body_has_a_document() -> None:
    for page in sample_world().contents.values():
        if page.body is None:
            continue
        first = document(page.body())
        assert first == document(page.body())
        whole = json.loads(first)
        assert (whole["type"], whole["version"]) == ("doc", 1)
        for node in nodes(whole):
            assert isinstance(node["type"], str)
            assert node.get("text") != ""
            assert node["type"] != "text" or "content" not in node


def test_a_long_body_has_a_long_document() -> None:
    body = generated_body(200_000)
    assert len(document(body)) > 100_000


@pytest.mark.parametrize(
    ("storage", "types"),
    [
        ("", ["paragraph"]),
        ("<h2>A</h2><p>b</p>", ["heading", "paragraph"]),
        ("plain <em>words</em> here", ["paragraph"]),
        ("<ul><li><p>a</p></li></ul><hr />", ["bulletList", "rule"]),
        ("<table><tbody><tr><td><p>a</p></td></tr></tbody></table>", ["table"]),
        ('<ac:structured-macro ac:name="info"><ac:rich-text-body><p>i</p></ac:rich-text-body>'
         "</ac:structured-macro>", ["bodiedExtension"]),
        ("<ac:task-list><ac:task><ac:task-id>1</ac:task-id><ac:task-body>t</ac:task-body></ac:task>"
         "</ac:task-list>", ["taskList"]),
        ("<p>never closed", ["paragraph"]),
        ("</p></ul>", ["paragraph"]),
    ],
)  # fmt: skip
def test_blocks(storage: str, types: list[str]) -> None:
    assert [each["type"] for each in content(storage)] == types


def test_code_keeps_its_text() -> None:
    macro = (
        '<ac:structured-macro ac:name="code"><ac:parameter ac:name="language">c</ac:parameter>'
        "<ac:plain-text-body><![CDATA[if (a < b) { x(); }]]></ac:plain-text-body></ac:structured-macro>"
    )
    texts = [each["text"] for each in nodes({"content": content(macro)}) if "text" in each]
    assert texts == ["if (a < b) { x(); }"]
    assert content(macro)[0]["attrs"]["extensionKey"] == "code"
