"""The users that anything in the mirror names."""

from __future__ import annotations

from typing import Any

from exporter.crawl.work import Work
from exporter.errors import RemoteError, ScopeMissing
from exporter.model import Kind, Part

BULK = 250  # account ids a request


async def save_users(work: Work) -> None:
    """`users.json`: closed accounts too; whom Confluence doesn't know is left out."""
    if not work.parts.open(Part.USERS):
        work.report.listed(Part.USERS, "not asked")
        return
    accounts = await work.sink.people()
    before = await work.sink.users()
    users: dict[str, Any] = {}
    for at in range(0, len(accounts), BULK):
        some = accounts[at : at + BULK]
        try:
            users |= await work.source.users(some)
        except ScopeMissing as exc:
            work.parts.deny([Part.USERS], exc)
            work.report.listed(Part.USERS, "not asked")
            return
        except RemoteError as exc:
            work.report.failed(Kind.USERS, "", "users", f"{len(some)} users could not be read: {exc}")
            work.report.listed(Part.USERS, "incomplete")
            users |= {account: before[account] for account in some if account in before}
        else:
            work.report.listed(Part.USERS, "complete")
    if users != before:
        await work.sink.save_users(users)
