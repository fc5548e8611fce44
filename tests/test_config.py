from __future__ import annotations

import os
import sys
from dataclasses import fields, is_dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from cyclopts.exceptions import UnknownOptionError
from pydantic import SecretStr
from yarl import URL

from exporter import cli, token_sources
from exporter.config import TOKEN_SOURCES, Settings, load, load_selection
from exporter.errors import UsageError
from exporter.forms import ALL_VERSIONS
from exporter.model import Part
from exporter.options import AccessFlags, given

REQUIRED = {"site": "acme", "email": "me@example.com", "api_token": "canary-token"}

NEEDS: dict[str, dict[str, Any]] = {
    "with_descendants": {"page": "98306"},
    "include_spaces": {"all_spaces": True},
    "exclude_spaces": {"all_spaces": True},
    "personal_spaces": {"all_spaces": True},
}

# Each setting's name in the file, a value as text, and what it becomes. The token is never a flag.
SETTINGS: dict[str, tuple[str, object]] = {
    "site": ("other", URL("https://other.atlassian.net")),
    "email": ("you@example.com", "you@example.com"),
    "api_token": ("another-token", SecretStr("another-token")),
    "api_token_file": ("/run/token", Path("/run/token")),
    "token_command": ("pass show 'my confluence'", ("pass", "show", "my confluence")),
    "token_keyring": ("confluence", "confluence"),
    "token_expires": ("2027-01-31", date(2027, 1, 31)),
    "cloud_id": ("1234-abcd", "1234-abcd"),
    "auth.kind": ("scoped", "scoped"),
    "auth.client_id": ("client-1", "client-1"),
    "auth.url": ("https://auth.example/oauth/token", URL("https://auth.example")),
    "gateway_url": ("https://gateway.example", URL("https://gateway.example")),
    "render": ("false", False),
    "markdown": ("true", True),
    "site_aliases": ("Old.example, wiki.example:8090", ("old.example", "wiki.example:8090")),
    "media_hosts": ("a.example, .b.example:8443", ("a.example", ".b.example:8443")),
    "proxy": ("http://proxy.example:3128", SecretStr("http://proxy.example:3128")),
    "ca_file": ("/etc/ca.pem", Path("/etc/ca.pem")),
    "space": ("ENG,~me", ("ENG", "~me")),
    "all_spaces": ("true", True),
    "include_spaces": ("ENG, DOC*", ("ENG", "DOC*")),
    "exclude_spaces": ("*-old", ("*-old",)),
    "personal_spaces": ("true", True),
    "page": ("98306", "98306"),
    "with_descendants": ("true", True),
    "label": ("handbook,faq", ("handbook", "faq")),
    "exclude_label": ("draft", ("draft",)),
    "skip": ("comments, likes", (Part.COMMENTS, Part.LIKES)),
    "custom_content_types": ("ac:a:b,forge:c", ("ac:a:b", "forge:c")),
    "history": ("5", 5),
    "raw": ("storage,adf", ("storage", "adf")),
    "full": ("true", True),
    "check_within": ("30", 30),
    "out": ("/srv/mirror", Path("/srv/mirror")),
    "workers": ("3", 3),
    "delete": ("false", False),
    "trash_days": ("7", 7),
    "retire_missing_after": ("90d", 90 * 86400.0),
    "max_wait": ("10m", 600.0),
    "give_up_after": ("90s", 90.0),
    "max_duration": ("2h", 7200.0),
    "mode": ("640", 0o640),
    "log_format": ("json", "json"),
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in (*map(_variable, SETTINGS), "CREDENTIALS_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def _variable(name: str) -> str:
    return "CONFLUENCE_" + name.replace(".", "_").upper()


def _as_flags(name: str, text: str) -> dict[str, Any]:
    section, _, key = name.rpartition(".")
    return {section: {key: text}} if section else {key: text}


def _toml(folder: Path, values: dict[str, str]) -> Path:
    file = folder / "settings.toml"
    file.write_text("".join(f'{name} = "{text}"\n' for name, text in values.items()), "utf-8")
    file.chmod(0o600)
    return file


def _value(settings: Settings, name: str) -> object:
    value: object = settings
    for part in name.split("."):
        value = getattr(value, part)
    return value


def _refusal(file: Path | None = None, /, **flags: Any) -> str:
    with pytest.raises(UsageError) as caught:
        load({**REQUIRED, **flags}, file=file)
    return str(caught.value)


def test_the_table_above_names_every_setting() -> None:
    assert {name.split(".")[0] for name in SETTINGS} == set(Settings.model_fields)


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_has_one_name_in_all_three_forms(
    name: str, tmp_path: Path, environment: pytest.MonkeyPatch
) -> None:
    text, expected = SETTINGS[name]
    others = {key: value for key, value in REQUIRED.items() if key != name} | NEEDS.get(name, {})
    in_file = load(others, file=_toml(tmp_path, {name: text}))
    environment.setenv(_variable(name), text)
    in_environment = load(others)
    assert _value(in_file, name) == _value(in_environment, name) == expected
    environment.delenv(_variable(name))
    if name not in TOKEN_SOURCES[1:]:  # with a token that is there, tested below
        assert _value(load({**others, **_as_flags(name, text)}), name) == expected


@pytest.mark.parametrize("name", [name for name in SETTINGS if name not in ("api_token", "out")])
def test_a_setting_is_a_flag_of_that_name(name: str) -> None:
    flag, text = name.replace(".", "_"), SETTINGS[name][0]
    arguments = [f"--{flag.replace('_', '-')}", *([] if text in ("true", "false") else [text])]
    _, bound, ignored = cli.cli.parse_args(arguments, exit_on_error=False)
    groups = [each for each in bound.arguments.values() if is_dataclass(each)]
    told: Any = given(*groups)  # type: ignore[arg-type]
    for part in name.split("."):
        told = told[part]
    assert told is not None
    assert not ignored


@pytest.mark.fault(30)
def test_the_token_is_never_a_flag() -> None:
    names = {each.name for each in fields(AccessFlags)}
    assert {name for name in names if "token" in name} == {*TOKEN_SOURCES[1:], "token_expires"}
    with pytest.raises(UnknownOptionError):
        cli.cli.parse_args(["--api-token", "canary"], exit_on_error=False, print_error=False)


@pytest.mark.parametrize("name", SETTINGS)
def test_flags_win_over_the_environment_and_that_over_the_file(
    name: str, tmp_path: Path, environment: pytest.MonkeyPatch
) -> None:
    text, expected = SETTINGS[name]
    wrong = {
        "workers": "9",
        "trash_days": "9",
        "retire_missing_after": "1d",
        "auth.kind": "bearer",
        "mode": "600",
        "max_wait": "1s",
        "give_up_after": "1s",
        "max_duration": "1s",
        "log_format": "text",
    }
    usual = {"proxy": "http://wrong.example", "gateway_url": "https://wrong.example"}
    usual |= {"auth.url": "https://wrong.example", "token_expires": "2000-01-01"}
    loser = (wrong | usual).get(name, "wrong")
    others = {key: value for key, value in REQUIRED.items() if key != name} | NEEDS.get(name, {})
    file = _toml(tmp_path, {name: loser})
    environment.setenv(_variable(name), text)
    assert _value(load(others, file=file), name) == expected
    if name not in TOKEN_SOURCES[1:]:
        environment.setenv(_variable(name), loser)
        assert _value(load({**others, **_as_flags(name, text)}, file=file), name) == expected


def test_defaults_are_those_of_the_readme() -> None:
    settings = load({key: REQUIRED[key] for key in ("site", "api_token")})
    assert settings.gateway_url == URL("https://api.atlassian.com")
    assert settings.media_hosts == (
        "api.media.atlassian.com", ".atlassian.com", ".atlassian.net", ".atl-paas.net"
    )  # fmt: skip
    assert (settings.workers, settings.max_wait, settings.give_up_after) == (8, 3600, 300)
    assert (settings.auth.kind, settings.mode, settings.cloud_id) == ("auto", 0o600, "")
    assert (settings.email, settings.proxy, settings.ca_file) == ("", None, None)
    assert (settings.space, settings.out) == ((), None)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"all_spaces": True, "space": "ENG"}, "all_spaces can't be combined with space or page"),
        ({"all_spaces": True, "page": "1"}, "all_spaces can't be combined with space or page"),
        ({"space": "ENG,OPS", "page": "1"}, "page is in one space"),
        ({"with_descendants": True}, "with_descendants needs page"),
        ({"include_spaces": "E*"}, "need all_spaces"),
        ({"page": "12a"}, "--page"),
        ({"skip": "comment"}, "did you mean comments?"),
        ({"skip": "pages"}, "is no part that can be left out"),
        ({"skip": "everything"}, "they are blogposts, folders"),
        ({"history": "some"}, "neither all nor a number"),
        ({"history": "-1"}, "neither all nor a number"),
        ({"history": "all", "skip": "versions"}, "don't skip versions"),
        ({"raw": "adf"}, "is storage, or storage,adf"),
        ({"raw": "storage,view"}, "is storage, or storage,adf"),
    ],
)
def test_selections_that_make_no_sense_are_refused(flags: dict[str, Any], said: str) -> None:
    assert said in _refusal(**flags)


def test_all_former_versions_are_more_than_there_can_be() -> None:
    assert load({**REQUIRED, "history": "all"}).history == ALL_VERSIONS


def test_no_file_is_read_that_nobody_named(tmp_path: Path, environment: pytest.MonkeyPatch) -> None:
    environment.chdir(tmp_path)
    for name in (".env", "config.toml", "settings.toml"):
        Path(name).write_text('CONFLUENCE_WORKERS="5"\nworkers = 5\n', "utf-8")
    assert load(REQUIRED).workers == 8


def test_an_empty_variable_is_none(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("CONFLUENCE_WORKERS", "")
    assert load(REQUIRED).workers == 8


@pytest.mark.parametrize(
    ("key", "nearest"),
    [("media_host", "media_hosts"), ("worker", "workers"), ("spaces", "space"), ("api-token", "api_token")],
)
def test_a_typo_in_the_file_is_named_with_the_nearest_key(key: str, nearest: str, tmp_path: Path) -> None:
    message = _refusal(_toml(tmp_path, {key: "canary"}))
    assert "settings.toml" in message
    assert f"{key!r}" in message
    assert f"{nearest!r}" in message
    assert "canary" not in message


def test_a_typo_in_a_section_is_named(tmp_path: Path) -> None:
    assert "'auth.kidn'; did you mean 'auth.kind'" in _refusal(_toml(tmp_path, {"auth.kidn": "scoped"}))


def test_a_typo_in_a_variable_of_a_section_is_named(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("CONFLUENCE_AUTH_KIDN", "scoped")
    message = _refusal()
    assert "CONFLUENCE_AUTH_KIDN" in message
    assert "None" not in message


@pytest.mark.parametrize("missing", ["site", "api_token"])
def test_a_missing_setting_is_named_with_the_ways_to_give_it(missing: str) -> None:
    with pytest.raises(UsageError) as caught:
        load({key: value for key, value in REQUIRED.items() if key != missing})
    message = str(caught.value)
    assert f"{missing} is not set" in message
    assert _variable(missing) in message
    assert "--config" in message
    assert ("--site" in message) is (missing == "site")
    assert "--api-token" not in message
    others = {"CONFLUENCE_API_TOKEN_FILE", "token_command", "token_keyring", "confluence-api-token"}
    assert all((other in message) is (missing == "api_token") for other in others)


@pytest.mark.parametrize("kind", ["scoped", "unscoped"])
def test_a_token_that_goes_with_an_address_needs_one(kind: str) -> None:
    assert "CONFLUENCE_EMAIL" in _refusal(email="", auth={"kind": kind})
    assert load({**REQUIRED, "email": "", "auth": {"kind": "bearer"}}).email == ""


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("acme", "https://acme.atlassian.net"),
        ("  acme ", "https://acme.atlassian.net"),
        ("acme-corp-2", "https://acme-corp-2.atlassian.net"),
        ("acme.atlassian.net", "https://acme.atlassian.net"),
        ("acme.atlassian.net/wiki", "https://acme.atlassian.net"),
        ("wiki.example.com:8443", "https://wiki.example.com:8443"),
        ("https://acme.atlassian.net/wiki/spaces/ENG/pages/1?a=b#c", "https://acme.atlassian.net"),
        ("https://ACME.atlassian.net", "https://acme.atlassian.net"),
        ("http://localhost:8080/wiki", "http://localhost:8080"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("localhost", "https://localhost"),
    ],
)
def test_a_site_is_a_name_a_host_or_a_url(text: str, origin: str) -> None:
    assert load({**REQUIRED, "site": text}).site == URL(origin)


@pytest.mark.parametrize("name", ["site", "gateway_url"])
@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.53", "127.255.255.254", "[::1]", "localhost"])
def test_http_is_accepted_on_loopback(name: str, host: str) -> None:
    assert _value(load({**REQUIRED, name: f"http://{host}:8080"}), name) == URL(f"http://{host}:8080")


@pytest.mark.fault(21)
@pytest.mark.parametrize("name", ["site", "gateway_url"])
@pytest.mark.parametrize(
    "host", ["acme.atlassian.net", "128.0.0.1", "0.0.0.0", "10.0.0.1", "localhost.example", "[::2]"]
)
def test_http_is_refused_elsewhere(name: str, host: str) -> None:
    assert "loopback" in _refusal(**{name: f"http://{host}:8080"})


@pytest.mark.parametrize("name", ["site", "gateway_url"])
@pytest.mark.parametrize(
    "text",
    ["ftp://acme.example", "https://", "https://:443", "https://acme.example:99999", "https://[::1", "file:///etc",
     "https://me:canary@acme.example", "https://canary@acme.example", "javascript:canary"],
)  # fmt: skip
def test_a_url_that_is_none_is_refused_and_named(name: str, text: str) -> None:
    message = _refusal(**{name: text})
    assert f"--{name.replace('_', '-')}" in message
    if "@" in text:
        assert "canary" not in message


def test_a_blank_site_is_refused() -> None:
    assert "--site" in _refusal(site=" ")


def test_a_blank_gateway_is_refused() -> None:
    assert "--gateway-url" in _refusal(gateway_url=" ")


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("a.example", ("a.example",)),
        (" a.example , b.example:8443,.c.example,", ("a.example", "b.example:8443", ".c.example")),
        ("", ()),
    ],
)
def test_media_hosts_are_a_comma_list(text: str, hosts: tuple[str, ...]) -> None:
    assert load({**REQUIRED, "media_hosts": text}).media_hosts == hosts


def test_lists_may_be_lists_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('space = ["ENG", "OPS"]\nmedia_hosts = ["a.example"]\n', "utf-8")
    settings = load(REQUIRED, file=file)
    assert (settings.space, settings.media_hosts) == (("ENG", "OPS"), ("a.example",))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("1.5 sec", 1.5), ("5m", 300), ("5min", 300), ("2h", 7200), ("1d", 86400),
     ("0", 0)],
)  # fmt: skip
def test_a_duration_is_a_number_with_a_unit(text: str, seconds: float) -> None:
    assert load({**REQUIRED, "max_wait": text}).max_wait == seconds


@pytest.mark.parametrize("text", ["", "m", "-5", "5 parsecs", "1e9", "nan", "inf", "5m30s", "0x10"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    assert "--give-up-after" in _refusal(give_up_after=text)


@pytest.mark.parametrize(
    ("text", "mode"), [("600", 0o600), ("0640", 0o640), ("0o644", 0o644), ("660", 0o660), ("666", 0o666)]
)
def test_a_mode_is_octal(text: str, mode: int) -> None:
    assert load({**REQUIRED, "mode": text}).mode == mode


@pytest.mark.fault(11, 19)
@pytest.mark.parametrize("text", ["", "400", "200", "777", "755", "6", "6400", "rw-", "-600", "688"])
def test_a_mode_that_shuts_out_the_owner_or_executes_is_refused(text: str) -> None:
    assert "--mode" in _refusal(mode=text)


@pytest.mark.parametrize("text", ["0", "65", "-1", "many", "1.5"])
def test_a_number_of_workers_out_of_bounds_is_refused(text: str) -> None:
    assert "--workers" in _refusal(workers=text)


TOKENS_THAT_CANNOT_BE_SENT = [
    "canary token", "canary\ntoken", "canary-token\n\n", "\ncanary", "canary\r\nX: y", "canary\tx", "canaryé",
    "canary\x00", "\u200bcanary", "canary\ud800", " canary", "canary ",
]  # fmt: skip


def _check_silent(exc: BaseException) -> None:
    """Neither the error nor what a traceback would show with it tells the token."""
    chain: BaseException | None = exc
    while chain is not None:
        assert "canary" not in f"{chain} {chain!r}"
        chain = chain.__cause__ or (None if chain.__suppress_context__ else chain.__context__)


@pytest.mark.fault(28)
@pytest.mark.parametrize("token", TOKENS_THAT_CANNOT_BE_SENT)
def test_a_token_that_cannot_be_sent_is_refused_without_being_shown(token: str) -> None:
    with pytest.raises(UsageError, match="the token is empty or contains") as caught:
        load({**REQUIRED, "api_token": token})
    _check_silent(caught.value)


def test_a_token_from_the_environment_is_refused_without_being_shown(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.setenv("CONFLUENCE_API_TOKEN", "canary\ntoken")
    with pytest.raises(UsageError, match="CONFLUENCE_API_TOKEN: the token") as caught:
        load({"site": "acme"})
    _check_silent(caught.value)


@pytest.mark.parametrize(
    "line", ['api_token = "canary token"', "api_token = ['canary']", "[api_token]\ncanary = 1"]
)
def test_a_token_from_the_file_is_refused_without_being_shown(line: str, tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(line, "utf-8")
    file.chmod(0o600)
    with pytest.raises(UsageError, match="api_token: ") as caught:
        load({"site": "acme"}, file=file)
    _check_silent(caught.value)


@pytest.mark.parametrize("token", ["canary-token\n", "canary-token\r\n"])
def test_the_line_break_at_the_end_of_a_token_file_is_no_part_of_it(token: str) -> None:
    assert load({**REQUIRED, "api_token": token}).api_token.get_secret_value() == "canary-token"


def test_secrets_are_never_printed() -> None:
    settings = load({**REQUIRED, "proxy": "http://robot:canary@proxy.example"})
    as_json = settings.model_dump_json(exclude={"site", "gateway_url"})
    assert "canary" not in f"{settings!r} {settings} {settings.model_dump()!r} {as_json}"


def test_a_proxy_that_is_none_is_refused_without_being_shown() -> None:
    assert "canary" not in _refusal(proxy="robot:canary@proxy.example:3128")


@pytest.mark.parametrize("email", ["me\n@example.com", "me@example.com\r\nX: y", "me\x00"])
def test_an_address_that_would_forge_a_header_is_refused(email: str) -> None:
    assert "--email" in _refusal(email=email)


@pytest.mark.parametrize("cloud_id", ["../x", "a/b", "a b", "a?b", "x" * 65])
def test_a_cloud_id_that_would_change_the_path_is_refused(cloud_id: str) -> None:
    assert "--cloud-id" in _refusal(cloud_id=cloud_id)


def test_a_refusal_names_where_the_value_was_set(tmp_path: Path, environment: pytest.MonkeyPatch) -> None:
    file = _toml(tmp_path, {"workers": "none"})
    assert f"{file}: workers: " in _refusal(file)
    environment.setenv("CONFLUENCE_WORKERS", "none")
    assert "CONFLUENCE_WORKERS: " in _refusal(file)
    assert "--workers: " in _refusal(file, workers="none")
    assert "--auth-kind: " in _refusal(auth={"kind": "magic"})


def test_a_configuration_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    assert "absent.toml" in _refusal(tmp_path / "absent.toml")
    assert str(tmp_path) in _refusal(tmp_path)


@pytest.mark.parametrize(
    "content", [b'site = "acme', b"site", b"\xff\xfe", b"a = 1\na = 2\n", b'api_token = "canary']
)
def test_a_configuration_file_that_is_no_toml_is_named(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "broken.toml"
    file.write_bytes(content)
    message = _refusal(file)
    assert "broken.toml is not valid TOML" in message
    assert "canary" not in message


def test_a_section_that_is_none_in_the_environment_is_refused(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("CONFLUENCE_AUTH", "{not json")
    assert "environment" in _refusal()


def test_a_file_may_be_a_pipe_that_can_be_read_once() -> None:
    reading, writing = os.pipe()
    os.write(writing, b'site = "acme"\napi_token = "canary"\nworkers = 3\n')
    os.close(writing)
    try:
        assert load({}, file=Path(f"/dev/fd/{reading}")).workers == 3
    finally:
        os.close(reading)


@pytest.mark.parametrize(
    ("auth", "said"),
    [
        ({"kind": "oauth"}, "CONFLUENCE_AUTH_CLIENT_ID"),
        ({"kind": "scoped", "client_id": "c"}, "auth.client_id is for auth.kind = 'oauth'"),
        ({"client_id": "c\nd"}, "line break"),
        ({"url": "http://auth.example"}, "loopback"),
    ],
)
def test_credentials_that_make_no_sense_are_refused(auth: dict[str, str], said: str) -> None:
    assert said in _refusal(auth=auth)


def test_a_selection_needs_neither_site_nor_token(tmp_path: Path, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("CONFLUENCE_SKIP", "likes")
    file = _toml(tmp_path, {"workers": "3", "site": "acme", "history": "2"})
    selection = load_selection({"space": "ENG"}, file=file)
    assert (selection.skip, selection.space, selection.history) == ((Part.LIKES,), ("ENG",), 2)


# --- where the token comes from ---------------------------------------------------------


ANYWHERE = {"site": "acme", "email": "me@example.com"}


def _token_file(folder: Path, text: str = "canary-token\n", mode: int = 0o600) -> Path:
    file = folder / "token"
    file.write_text(text, "utf-8")
    file.chmod(mode)
    return file


def _token(file: Path | None = None, /, **flags: Any) -> str:
    return load({**ANYWHERE, **flags}, file=file).api_token.get_secret_value()


def test_a_token_comes_from_a_file(tmp_path: Path) -> None:
    assert _token(api_token_file=_token_file(tmp_path)) == "canary-token"


@pytest.mark.fault(30)
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644])
def test_a_token_file_that_others_can_read_is_refused(mode: int, tmp_path: Path) -> None:
    file = _token_file(tmp_path, mode=mode)
    with pytest.raises(UsageError, match=f"can be read by others: chmod 600 {file}"):
        _token(api_token_file=file)


def test_a_settings_file_with_the_token_in_it_is_no_different(tmp_path: Path) -> None:
    file = _toml(tmp_path, {"api_token": "canary-token"})
    assert _token(file) == "canary-token"
    file.chmod(0o644)
    with pytest.raises(UsageError, match="can be read by others") as caught:
        _token(file)
    _check_silent(caught.value)
    other = _toml(tmp_path, {"workers": "3"})
    other.chmod(0o644)
    assert _token(other, api_token="canary-token") == "canary-token"


@pytest.mark.fault(30)
@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")
def test_a_token_file_of_somebody_else_is_refused(tmp_path: Path) -> None:
    file = _token_file(tmp_path)
    os.chown(file, 12345, -1)
    with pytest.raises(UsageError, match="belongs to another user"):
        _token(api_token_file=file)


@pytest.mark.parametrize("text", ["canary token", "canary\ntoken", "canary\u00e9", "", "\n", " canary"])
def test_what_is_no_token_in_a_file_is_refused_without_being_shown(text: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="token") as caught:
        _token(api_token_file=_token_file(tmp_path, text))
    _check_silent(caught.value)


def test_a_token_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read the token's file .*/absent: No such file"):
        _token(api_token_file=tmp_path / "absent")


def test_a_token_comes_from_a_command(tmp_path: Path) -> None:
    python = f"{sys.executable} -c \"print('canary-token')\""
    assert _token(token_command=python) == "canary-token"
    file = tmp_path / "list.toml"
    file.write_text(f"token_command = [{sys.executable!r}, '-c', 'print(\"canary-token\")']\n", "utf-8")
    assert _token(file) == "canary-token"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("/nowhere/pass show x", "cannot run /nowhere/pass: .*No such file"),
        (f"{sys.executable} -c 'while 1: print(\"canary\" * 99)'", "prints more than a token"),
        ("pass\0word", "cannot run"),
        (f"{sys.executable} -c 'print(\"canary\"); exit(3)'", "failed with exit code 3"),
        (f"{sys.executable} -c 'print(\"canary x\")'", "contains a blank"),
        (f"{sys.executable} -c 'print()'", "is empty"),
        (" ", "names no command"),
    ],
)
def test_a_command_without_a_token_is_named_and_what_it_printed_is_not(command: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        _token(token_command=command)
    _check_silent(caught.value)


def test_a_command_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_sources, "COMMAND_SECONDS", 0.2)
    with pytest.raises(UsageError, match="was stopped after"):
        _token(token_command=f"{sys.executable} -c 'import time; time.sleep(60)'")


def test_a_token_comes_from_systemd_where_nothing_else_is_said(
    tmp_path: Path, environment: pytest.MonkeyPatch
) -> None:
    (tmp_path / "confluence-api-token").write_text("canary-systemd\n", "utf-8")
    (tmp_path / "confluence-api-token").chmod(0o440)  # an ACL's mask shows as the group's mode
    environment.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert _token() == "canary-systemd"
    assert _token(api_token="canary-token") == "canary-token"


def test_what_is_set_to_nothing_is_not_set(tmp_path: Path, environment: pytest.MonkeyPatch) -> None:
    file = tmp_path / "empty.toml"
    file.write_text('api_token_file = ""\ntoken_command = []\ntoken_keyring = ""\n', "utf-8")
    with pytest.raises(UsageError, match="api_token is not set"):
        _token(file)
    environment.setenv("confluence_api_token", "canary-token")
    assert _token(file) == "canary-token"


def test_a_folder_is_no_token_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"{tmp_path} is a folder"):
        _token(api_token_file=tmp_path)


def test_systemd_without_this_credential_is_as_without_systemd(
    tmp_path: Path, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    with pytest.raises(UsageError, match="api_token is not set"):
        _token()


def test_a_token_comes_from_the_keyring(environment: pytest.MonkeyPatch) -> None:
    keyring = pytest.importorskip("keyring", reason="the extra is not installed")
    asked = []

    class Ring(keyring.backend.KeyringBackend):  # type: ignore[misc, name-defined]
        priority = 1

        def get_password(self, service: str, username: str) -> str | None:
            asked.append((service, username))
            return "canary-ring" if service == "confluence" else None

        def set_password(self, service: str, username: str, password: str) -> None:
            raise NotImplementedError

    before = keyring.get_keyring()
    keyring.set_keyring(Ring())
    try:
        assert _token(token_keyring="confluence") == "canary-ring"
        assert _token(token_keyring="confluence", auth={"client_id": "client-1"}) == "canary-ring"
        with pytest.raises(UsageError, match=r"has nothing for 'me@example.com' in 'other'"):
            _token(token_keyring="other")
    finally:
        keyring.set_keyring(before)
    assert asked == [
        ("confluence", "me@example.com"),
        ("confluence", "client-1"),
        ("other", "me@example.com"),
    ]


def test_a_keyring_needs_to_know_whose_token(environment: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="token_keyring needs email"):
        load({"site": "acme", "token_keyring": "confluence"})


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(UsageError, match=r"confluence-export\[keyring\]"):
        _token(token_keyring="confluence")


def test_two_tokens_said_at_one_place_are_one_too_many(
    tmp_path: Path, environment: pytest.MonkeyPatch
) -> None:
    both = _toml(tmp_path, {"api_token_file": "/run/token", "token_command": "pass"})
    with pytest.raises(UsageError, match="api_token_file and token_command each say what the token is"):
        _token(both)
    environment.setenv("CONFLUENCE_API_TOKEN", "canary-token")
    assert _token(both) == "canary-token"
    environment.setenv("CONFLUENCE_TOKEN_COMMAND", "pass")
    with pytest.raises(UsageError, match="api_token and token_command each"):
        _token()
