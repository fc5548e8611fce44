"""A remote that answers what a test wrote down."""

from __future__ import annotations

import re
from typing import Any

from aioresponses import CallbackResult, aioresponses
from yarl import URL

BASE = URL("https://api.atlassian.com/ex/confluence/cloud-1")


class Scripted:
    """Answers requests one after the other, the last answer again and again, and keeps the URLs, and
    the JSON that was POSTed."""

    def __init__(self, responses: aioresponses) -> None:
        self.answers: list[Any] = []
        self.asked: list[URL] = []
        self.sent: list[Any] = []
        responses.get(re.compile(r".*"), callback=self._answer, repeat=True)
        responses.post(re.compile(r".*"), callback=self._take, repeat=True)

    def _take(self, url: URL, **options: Any) -> CallbackResult:
        self.sent.append(options["json"])
        return self._answer(url)

    def _answer(self, url: URL, **_: Any) -> CallbackResult:
        self.asked.append(url)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, int):
            return CallbackResult(status=answer, reason="x")
        return CallbackResult(payload=answer, reason="OK")
