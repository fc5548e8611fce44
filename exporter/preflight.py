"""Before anything is fetched: which parts of what is wanted the token's scopes leave closed."""

from __future__ import annotations

from dataclasses import replace

from exporter.confluence.client import Client
from exporter.confluence.probes import Finding, Target, ask
from exporter.confluence.scopes import DOWNLOAD
from exporter.crawl.report import Report
from exporter.crawl.wanted import Wanted


async def closed_to(client: Client, wanted: Wanted) -> list[Finding]:
    """A finding for each scope that is missing for what a run asks for late; what it asks for first will
    show by itself.

    Raises `AuthError` and `Unavailable`; any other trouble will show where it matters.
    """
    findings = [each async for each in ask(client, wanted.skip, Target(), early=False)]
    return [each for each in findings if each.outcome == "scope missing"]


def without(wanted: Wanted, closed: list[Finding], report: Report) -> Wanted:
    """What is left of what is wanted; what isn't, the report says."""
    for finding in closed:
        report.deny(finding.said)
    # Without the right to download, attachments are still listed.
    parts = {each.endpoint.part for each in closed if each.endpoint.part and each.endpoint is not DOWNLOAD}
    return replace(wanted, skip=wanted.skip | parts)
