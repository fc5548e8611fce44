"""The users that anything in the mirror names."""

from __future__ import annotations

from typing import Any

from exporter.crawl.work import Work
from exporter.errors import RemoteError, ScopeMissing, TransientError
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
    waiting = [accounts[at : at + BULK] for at in range(0, len(accounts), BULK)]
    while waiting:
        some = waiting.pop(0)
        try:
            users |= await work.source.users(some)
        except ScopeMissing as exc:
            work.parts.deny([Part.USERS], exc)
            work.report.listed(Part.USERS, "not asked")
            return
        except RemoteError as exc:
            if len(some) > 1 and not isinstance(exc, TransientError):
                half = len(some) // 2  # one that is refused must not cost the others
                waiting += [some[:half], some[half:]]
                continue
            work.report.failed(Kind.USERS, some[0], "", f"{len(some)} users could not be read: {exc}")
            work.report.listed(Part.USERS, "incomplete")
            users |= {account: before[account] for account in some if account in before}
        else:
            work.report.listed(Part.USERS, "complete")
    if users != before:
        await work.sink.save_users(users)
