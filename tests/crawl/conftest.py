from __future__ import annotations

import pytest

from exporter.crawl import routes


@pytest.fixture
def nothing_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a small space everything is asked for page by page."""
    monkeypatch.setattr(routes, "SMALL", 0)
