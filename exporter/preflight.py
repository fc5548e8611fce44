"""Before anything is fetched: which parts of what is wanted the token's scopes leave closed."""

from __future__ import annotations

from dataclasses import replace

from exporter.confluence.client import Client
from exporter.confluence.probes import PROBES, Finding, Probe, Target, ask, needed
from exporter.confluence.scopes import DOWNLOAD, Endpoint
from exporter.crawl.pool import Job, run_jobs
from exporter.crawl.report import Report
from exporter.crawl.wanted import Wanted


async def closed_to(client: Client, wanted: Wanted) -> list[Finding]:
    """A finding for each scope that is missing for what a run asks for late, all asked at once; what it asks
    for first will show by itself.

    Raises `AuthError` and `Unavailable`; any other trouble will show where it matters.
    """
    probes = needed(wanted.skip, early=False)
    findings: dict[Endpoint, Finding] = {}

    def job(probe: Probe) -> Job:
        async def find() -> tuple[()]:
            findings[probe.endpoint] = await ask(client, probe, Target())
            return ()

        return find

    await run_jobs(map(job, probes), workers=len(PROBES))
    in_order = (findings[probe.endpoint] for probe in probes)
    return [each for each in in_order if each.outcome == "scope missing"]


def without(wanted: Wanted, closed: list[Finding], report: Report) -> Wanted:
    """What is left of what is wanted; what isn't, the report says."""
    for finding in closed:
        report.deny(finding.said)
    # Without the right to download, attachments are still listed.
    parts = {each.endpoint.part for each in closed if each.endpoint.part and each.endpoint is not DOWNLOAD}
    return replace(wanted, skip=wanted.skip | parts)
