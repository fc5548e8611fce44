from __future__ import annotations

import json
from collections import Counter
from itertools import permutations

import pytest

from exporter.crawl.report import Action, Report
from exporter.errors import AuthError, Exit, ExportError, Interrupted, LocalError, TimeUp, Unavailable
from exporter.logs import Redacting
from exporter.model import Kind, Space, SpaceId
from exporter.summary import SpaceRun
from tests.fake_clock import EPOCH

SPACE = Space(SpaceId("7"), "ENG", "ENG", "Engineering", b"{}")


def _run(error: ExportError | None = None, **report: list[str]) -> SpaceRun:
    return SpaceRun("ENG", EPOCH, Report(**report), Redacting(()), space=SPACE, ended=EPOCH, error=error)  # type: ignore[arg-type]


def _with_failures(count: int) -> SpaceRun:
    run = _run()
    for number in range(count):
        run.report.failed(Kind.PAGE, str(number), f"Title {number}", "answered 500")
    return run


@pytest.mark.parametrize(
    ("run", "code"),
    [
        (_run(), Exit.OK),
        (_with_failures(1), Exit.PARTIAL),
        (_run(not_granted=["the token lacks a scope"]), Exit.PARTIAL),
        (_run(faults=["the listing of pages is incomplete"]), Exit.UNAVAILABLE),
        (_run(faults=["x"], not_granted=["y"]), Exit.UNAVAILABLE),
        (_run(LocalError("disk full"), faults=["x"]), Exit.LOCAL),
        (_run(AuthError("no")), Exit.AUTH),
    ],
)
def test_a_run_ends_with_the_code_of_the_worst_that_happened(run: SpaceRun, code: Exit) -> None:
    assert run.exit is code
    document = run.document()
    assert document["exit_code"] == int(code)
    assert document["complete"] is (code is Exit.OK)


def test_of_several_errors_the_worst_is_the_runs_and_the_others_are_told() -> None:
    errors = [Unavailable("busy"), LocalError("full"), TimeUp("late"), Interrupted(Exit.TERMINATED)]
    for order in permutations(errors):
        run = _run(faults=["incomplete"])
        for error in order:
            run.fail(error)
        assert run.exit is Exit.TERMINATED
        assert {f"besides: {text}" for text in ("busy", "full", "late")} == set(run.warnings)


def test_what_is_incomplete_is_worse_than_that_the_time_was_up() -> None:
    assert _run(TimeUp("late"), faults=["incomplete"]).exit is Exit.UNAVAILABLE


def test_the_document_keeps_its_keys() -> None:
    assert list(_run().document()) == [
        "schema", "version", "space", "space_id", "space_name", "started", "ended", "exit_code", "complete",
        "error", "counts", "missing", "newly_missing", "retired", "withheld", "listings",
        "routes", "checked_within_runs", "skipped", "unknown",
        "failures", "faults",
        "not_granted", "warnings", "requests", "bytes_received", "throttled", "site", "markdown",
    ]  # fmt: skip


def test_the_document_is_json_even_of_a_run_that_never_began() -> None:
    run = SpaceRun("ENG", EPOCH, Report(), Redacting(()), error=AuthError("no"))
    document = json.loads(json.dumps(run.document()))
    assert (document["space_id"], document["ended"], document["error"]) == (None, None, "no")
    assert document["started"] == "2026-11-25T08:00:00+00:00"


def test_counts_and_failures_are_in_the_document() -> None:
    run = _with_failures(1)
    run.report.counts[Kind.PAGE] = Counter(new=2, unchanged=5)
    document = json.loads(json.dumps(run.document()))
    assert document["counts"] == {"page": {"new": 2, "unchanged": 5}}
    assert document["failures"] == [{"kind": "page", "id": "0", "title": "Title 0", "reason": "answered 500"}]


def test_the_plan_is_in_the_document_of_a_dry_run_only() -> None:
    run = _run()
    run.report.actions.append(Action("new", Kind.PAGE, "1", "Home"))
    assert "plan" not in run.document()
    run.report.keep_actions = True
    assert run.document()["plan"] == [{"verb": "new", "kind": "page", "id": "1", "title": "Home"}]


def test_the_cause_comes_first_and_then_everything_that_is_missing() -> None:
    run = _with_failures(2)
    run.error = AuthError("the token is not accepted")
    run.report.faults.append("the listing of pages is incomplete")
    run.report.deny("the token lacks a scope")
    lines = run.problems()
    assert lines[:3] == [
        "the token is not accepted", "the listing of pages is incomplete", "the token lacks a scope"
    ]  # fmt: skip
    assert lines[3].startswith("2 items could not be mirrored")
    assert lines[4:] == [f"page {number} 'Title {number}': answered 500" for number in (0, 1)]


def test_a_complete_run_has_no_problems() -> None:
    assert _run().problems() == []


def test_a_scope_that_costs_many_things_is_said_once() -> None:
    report = Report()
    report.deny("the token lacks a scope")
    report.deny("the token lacks a scope")
    assert report.not_granted == ["the token lacks a scope"]
