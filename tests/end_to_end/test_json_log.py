"""The log as JSON: an event a line, and nothing in it that must not be seen."""

from __future__ import annotations

import json
import re
from pathlib import Path

from exporter.emulator import Emulator, Fault
from tests.end_to_end.running import TOKEN, mirror
from tests.end_to_end.worlds import Sample


async def test_each_line_is_an_event_and_none_holds_a_secret(
    eng: Sample, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.faults.append(Fault("status", match="/attachments", status=503, times=1))
    eng.world.lose_binary(eng.image)
    result = await mirror(emulator, tmp_path / "out", "--log-format", "json", "-v")
    assert (result.code, result.stdout) == (3, "")
    lines = [json.loads(line) for line in result.stderr.splitlines()]
    for line in lines:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])
        assert {"time", "level", "event", "message"} <= line.keys()
    assert [line for line in lines if "exit_code" in line] == lines[-1:]
    assert {line.get("space") for line in lines} == {"ENG", None}
    retried = [line for line in lines if line["event"] == "%s: %s; trying again"]
    assert {line["level"] for line in retried} == {"info"}
    (failed,) = [line for line in lines if line["event"].startswith("failed: ")]
    assert failed["message"].startswith(f"failed: attachment {eng.image.id} {eng.image.title!r}: ")
    assert failed["space"] == "ENG"
    for secret in (TOKEN.secret, "token=", "Welcome"):
        assert secret not in result.stderr


async def test_success_says_one_line(emulator: Emulator, tmp_path: Path) -> None:
    result = await mirror(emulator, tmp_path / "out", env={"CONFLUENCE_LOG_FORMAT": "json"})
    (line,) = map(json.loads, result.stderr.splitlines())
    assert (result.code, line["level"], line["exit_code"]) == (0, "info", 0)
