"""config.example.toml shows every setting, and what it shows is true."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from exporter.config import Settings, load

EXAMPLE = Path(__file__).parent.parent / "config.example.toml"
WITHOUT_DEFAULT = {"site", "email", "api_token", "space", "out", "proxy", "ca_file"}


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*Settings.model_fields, "auth_kind"):
        monkeypatch.delenv(f"CONFLUENCE_{name.upper()}", raising=False)


def _all_switched_on() -> str:
    """The file with every setting that is commented out made live."""
    text = EXAMPLE.read_text("utf-8")
    return re.sub(r"^# (\[|[a-z_]+ = )", r"\1", text, flags=re.MULTILINE)


def test_the_example_loads_as_it_is() -> None:
    settings = load({}, file=EXAMPLE)
    assert settings.space == ("ENG",)
    assert str(settings.site) == "https://acme.atlassian.net"


def test_every_setting_is_in_the_example() -> None:
    assert set(tomllib.loads(_all_switched_on())) == set(Settings.model_fields)


def test_what_the_example_shows_as_default_is_the_default(tmp_path: Path) -> None:
    file = tmp_path / "all.toml"
    file.write_text(_all_switched_on(), "utf-8")
    shown = load({}, file=file)
    plain: Any = load({"site": "acme", "api_token": "x"})
    for name in set(Settings.model_fields) - WITHOUT_DEFAULT:
        assert getattr(shown, name) == getattr(plain, name), name


def test_every_setting_of_the_example_is_explained_on_its_line() -> None:
    for line in EXAMPLE.read_text("utf-8").splitlines():
        if re.match(r"(# )?[a-z_]+ = ", line):
            assert re.search(r"  # \S", line), line
