"""The space itself: permissions, role assignments, labels, properties."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from exporter import canonical
from exporter.crawl.plan import news_in
from exporter.crawl.pool import Job, run_jobs
from exporter.crawl.work import Work
from exporter.errors import Forbidden, NotFound, RemoteError, ScopeMissing
from exporter.model import Kind, Part, Space

Ask = Callable[[Space], Awaitable[list[Any]]]


async def save_space(work: Work, space: Space) -> None:
    """`space.json`, where it says something new."""
    source = work.source
    asked: tuple[tuple[str, Part, Ask], ...] = (
        ("permissions", Part.PERMISSIONS, source.space_permissions),
        ("roleAssignments", Part.PERMISSIONS, source.space_role_assignments),
        ("labels", Part.LABELS, source.space_labels),
        ("properties", Part.PROPERTIES, source.space_properties),
    )
    parts: dict[str, Any] = {}
    jobs = [_job(work, space, name, part, ask, parts) for name, part, ask in asked if work.parts.open(part)]
    await run_jobs(jobs, workers=len(asked))
    before = await work.sink.details(Kind.SPACE, space.id)
    document = {**(canonical.load(space.metadata) or {}), **parts}
    held = (await work.sink.held(Kind.SPACE)).get(space.id)
    if held is None:
        verb = "new"
    elif news_in(document, before or {}):
        verb = "updated"
    else:
        verb = "unchanged"
    work.report.counted(verb, Kind.SPACE, space.id, space.name)
    if verb != "unchanged":
        await work.sink.save_space(space, parts)


def _job(work: Work, space: Space, name: str, part: Part, ask: Ask, parts: dict[str, Any]) -> Job:
    async def fetch() -> tuple[()]:
        await _ask(work, space, name, part, ask, parts)
        return ()

    return fetch


async def _ask(work: Work, space: Space, name: str, part: Part, ask: Ask, parts: dict[str, Any]) -> None:
    try:
        parts[name] = await ask(space)
    except ScopeMissing as exc:
        work.report.deny(exc)
        work.report.listed(part, "not asked")
    except RemoteError as exc:
        if name == "roleAssignments" and isinstance(exc, (Forbidden, NotFound)):
            work.report.listed(part, "not asked")  # a site without roles has none
            return
        work.report.failed(Kind.SPACE, space.id, space.name, f"its {name} could not be listed: {exc}")
        work.report.listed(part, "incomplete")
    else:
        work.report.listed(part, "complete")
