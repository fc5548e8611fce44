"""config.example.toml shows every setting, and what it shows is true."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from exporter.config import TOKEN_SOURCES, Auth, Settings, load

EXAMPLE = Path(__file__).parent.parent / "config.example.toml"
WITHOUT_DEFAULT = {
    "site",
    "email",
    "space",
    "out",
    "proxy",
    "ca_file",
    "token_expires",
    "max_duration",
    *TOKEN_SOURCES,
}


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*Settings.model_fields, *(f"auth_{each}" for each in Auth.model_fields)):
        monkeypatch.delenv(f"CONFLUENCE_{name.upper()}", raising=False)
    monkeypatch.setenv("CONFLUENCE_API_TOKEN", "x")


def _all_switched_on() -> str:
    """The file with every setting that is commented out made live."""
    text = EXAMPLE.read_text("utf-8")
    return re.sub(r"^# (\[|[a-z_]+ = )", r"\1", text, flags=re.MULTILINE)


def test_the_example_loads_as_it_is() -> None:
    settings = load({}, file=EXAMPLE)
    assert settings.space == ("ENG",)
    assert str(settings.site) == "https://acme.atlassian.net"


def test_every_setting_is_in_the_example() -> None:
    shown = tomllib.loads(_all_switched_on())
    assert set(shown) == set(Settings.model_fields)
    assert set(shown["auth"]) == set(Auth.model_fields)


def test_what_the_example_shows_as_default_is_the_default(tmp_path: Path) -> None:
    file = tmp_path / "all.toml"
    file.write_text(
        re.sub(rf"^({'|'.join(TOKEN_SOURCES)}) = .*", "", _all_switched_on(), flags=re.MULTILINE), "utf-8"
    )
    shown = load({}, file=file)
    plain: Any = load({"site": "acme"})
    for name in set(Settings.model_fields) - WITHOUT_DEFAULT:
        assert getattr(shown, name) == getattr(plain, name), name


def test_every_setting_of_the_example_is_explained_on_its_line() -> None:
    for line in EXAMPLE.read_text("utf-8").splitlines():
        if re.match(r"(# )?[a-z_]+ = ", line):
            assert re.search(r"  # \S", line), line
