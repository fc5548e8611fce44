"""Settings: flags > environment > TOML file > defaults, joined and checked once."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)
from yarl import URL

from exporter.errors import UsageError
from exporter.hosts import is_loopback
from exporter.model import Part

AuthKind = Literal["auto", "scoped", "unscoped", "bearer"]

ALL_VERSIONS = 2**31
_SECONDS = {"": 1, "s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}


def _origin(text: str, *, what: str) -> URL:
    try:
        url = URL(text)
        port_is_valid = url.port is not None
    except ValueError as exc:
        raise ValueError(f"{text!r} is not a URL") from exc
    if url.scheme not in ("https", "http") or not url.host or not port_is_valid:
        raise ValueError(f"{text!r} is not an https:// URL")
    if url.user or url.password:
        raise ValueError(f"{what} must not carry credentials")
    if url.scheme == "http" and not is_loopback(url.host):
        raise ValueError(f"{text!r}: http:// is accepted for loopback addresses only; use https://")
    return url.origin()


def _site(value: object) -> object:
    """`acme`, `acme.atlassian.net` or any URL of the site → its origin."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if not text:
        raise ValueError("is empty")
    if "://" in text:
        return _origin(text, what="the site")
    if re.fullmatch(r"[A-Za-z0-9-]+", text) and text != "localhost":
        text += ".atlassian.net"
    return _origin(f"https://{text}", what="the site")


def _gateway(value: object) -> object:
    return _origin(value.strip(), what="the gateway") if isinstance(value, str) else value


def _comma_list(value: object) -> object:
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        return value
    return tuple(part.strip() for item in value for part in item.split(",") if part.strip())


def _media_hosts(value: object) -> object:
    hosts = _comma_list(value)
    for host in hosts if isinstance(hosts, tuple) else ():
        if not re.fullmatch(r"(\.?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?", host):
            raise ValueError(f"{host!r} is no host, host:port or .suffix")
    return hosts


def _versions(value: object) -> object:
    """`all`, or how many."""
    if isinstance(value, str):
        if value.strip().lower() == "all":
            return ALL_VERSIONS
        if not value.strip().isdecimal():
            raise ValueError(f"{value!r} is neither all nor a number of versions")
        return int(value)
    return value


def _raw(value: object) -> object:
    formats = _comma_list(value)
    if isinstance(formats, tuple) and (set(formats) - {"storage", "adf"} or "storage" not in formats):
        raise ValueError("is storage, or storage,adf")
    return formats


def _parts(value: object) -> object:
    parts = _comma_list(value)
    for part in parts if isinstance(parts, tuple) else ():
        if part not in set(Part):
            near = difflib.get_close_matches(part, list(Part), n=1)
            hint = f"did you mean {near[0]}?" if near else f"they are {', '.join(Part)}"
            raise ValueError(f"{part!r} is no part that can be left out; {hint}")
    return parts


def _duration(value: object) -> object:
    """`90`, `90s`, `5m`, `2h`, `1d` → seconds."""
    if isinstance(value, str):
        match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", value)
        if match is None or match[2] not in _SECONDS:
            raise ValueError(f"{value!r} is not a duration such as 90s, 5m or 2h")
        return float(match[1]) * _SECONDS[match[2]]
    return value


def _mode(value: object) -> object:
    if isinstance(value, int) and value > 0o777:  # TOML's 640 is a decimal number, but is not meant so
        value = str(value)
    if isinstance(value, str):
        if not re.fullmatch(r"0?o?[0-7]{3}", value):
            raise ValueError(f"{value!r} is not a file mode such as 640")
        value = int(value[-3:], 8)
    if isinstance(value, int) and value & 0o600 != 0o600:
        raise ValueError("the owner must be able to read and write")
    return value


def _token(value: object) -> object:
    """One stray newline in a header makes HTTP libraries raise with the token in the text."""
    if isinstance(value, str):
        value = value.removesuffix("\n").removesuffix("\r")
        if not value or not all("!" <= character <= "~" for character in value):
            raise ValueError("the token is empty or contains a blank, a line break or a non-ASCII character")
    return value


def _proxy(value: object) -> object:
    if isinstance(value, str):
        url = URL(value)
        if url.scheme not in ("http", "https") or not url.host:
            raise ValueError("not a proxy URL such as http://proxy.example.com:3128")
    return value


def _header_text(value: object) -> object:
    if isinstance(value, str) and not value.isprintable():
        raise ValueError("contains a line break or another control character")
    return value


Duration = Annotated[float, BeforeValidator(_duration), Field(ge=0)]
MediaHosts = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_media_hosts)]
CommaList = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_comma_list)]
Parts = Annotated[tuple[Part, ...], NoDecode, BeforeValidator(_parts)]


class Auth(BaseModel):
    """How the token is used: `auto` asks the gateway first, and the site if it refuses the credentials."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    kind: AuthKind = "auto"


class Settings(BaseSettings):
    """Everything a run can be told, except what belongs to one call (--dry-run, --json, …).

    One rule for names: TOML `media_hosts` = `--media-hosts` = `CONFLUENCE_MEDIA_HOSTS`.
    """

    model_config = SettingsConfigDict(
        env_prefix="CONFLUENCE_",
        env_nested_delimiter="_",
        env_nested_max_split=1,
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        arbitrary_types_allowed=True,
    )

    in_file: ClassVar[Mapping[str, Any]] = {}  # `load` makes a subclass for each file

    site: Annotated[URL, BeforeValidator(_site)]
    email: Annotated[str, BeforeValidator(_header_text)] = ""
    api_token: Annotated[SecretStr, BeforeValidator(_token)]
    cloud_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{0,64}$")] = ""
    auth: Auth = Auth()
    gateway_url: Annotated[URL, BeforeValidator(_gateway)] = URL("https://api.atlassian.com")
    media_hosts: MediaHosts = ("api.media.atlassian.com", ".atlassian.com", ".atlassian.net", ".atl-paas.net")
    proxy: Annotated[SecretStr | None, BeforeValidator(_proxy)] = None
    ca_file: Path | None = None

    space: CommaList = ()
    all_spaces: bool = False
    include_spaces: CommaList = ()
    exclude_spaces: CommaList = ()
    personal_spaces: bool = False
    page: Annotated[str, Field(pattern=r"^[0-9]{0,20}$")] = ""
    with_descendants: bool = False
    label: CommaList = ()
    exclude_label: CommaList = ()
    skip: Parts = ()
    custom_content_types: CommaList = ()
    history: Annotated[int, BeforeValidator(_versions), Field(ge=0, le=ALL_VERSIONS)] = 0
    raw: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_raw)] = ("storage",)
    full: bool = True
    out: Path | None = None
    workers: Annotated[int, Field(ge=1, le=64)] = 8
    max_wait: Duration = 3600.0
    give_up_after: Duration = 300.0
    mode: Annotated[int, BeforeValidator(_mode), Field(ge=0o600, le=0o666)] = 0o600

    @model_validator(mode="after")
    def _basic_needs_email(self) -> Settings:
        if self.auth.kind in ("scoped", "unscoped") and not self.email:
            raise ValueError(f"email is needed for auth.kind = {self.auth.kind!r}: set CONFLUENCE_EMAIL")
        return self

    @model_validator(mode="after")
    def _selections_fit(self) -> Settings:
        if self.all_spaces and (self.space or self.page):
            raise ValueError("all_spaces can't be combined with space or page")
        if self.page and len(self.space) > 1:
            raise ValueError("page is in one space: name no other")
        if self.with_descendants and not self.page:
            raise ValueError("with_descendants needs page")
        if not self.all_spaces and (self.include_spaces or self.exclude_spaces or self.personal_spaces):
            raise ValueError("include_spaces, exclude_spaces and personal_spaces need all_spaces")
        if self.history and Part.VERSIONS in self.skip:
            raise ValueError("history needs the list of versions: don't skip versions")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 — no file is read unless --config names it
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings, env_settings, InitSettingsSource(settings_cls, dict(cls.in_file)))

    def secrets(self) -> list[str]:
        """What must never be seen, in the forms it is sent in."""
        token = self.api_token.get_secret_value()
        proxy = self.proxy.get_secret_value() if self.proxy else ""
        return [token, f"{self.email}:{token}", proxy]


def load(flags: Mapping[str, Any], *, file: Path | None = None) -> Settings:
    """Join flags, environment and file. Raises `UsageError` naming what is wrong and where it was set."""
    in_file = _read_toml(file) if file else {}
    source = type("Settings", (Settings,), {"in_file": in_file})
    try:
        settings: Settings = source(**flags)
    except (ValidationError, SettingsError) as exc:
        raise UsageError(_explain(exc, flags, in_file, file)) from None  # the cause may hold the token
    return settings


def _read_toml(file: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as exc:
        raise UsageError(f"cannot read the configuration file {file}: {exc.strerror}") from exc
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise UsageError(f"{file} is not valid TOML: {exc}") from None  # the text may hold the token


def _explain(
    exc: ValidationError | SettingsError,
    flags: Mapping[str, Any],
    in_file: Mapping[str, Any],
    file: Path | None,
) -> str:
    if isinstance(exc, SettingsError):
        return "a setting in the environment cannot be read: " + str(exc).splitlines()[0]
    return "; ".join(
        _sentence(str(error["type"]), ".".join(map(str, error["loc"])), error["msg"], flags, in_file, file)
        for error in exc.errors(include_input=False, include_url=False, include_context=False)
    )


def _sentence(
    kind: str, key: str, message: str, flags: Mapping[str, Any], in_file: Mapping[str, Any], file: Path | None
) -> str:
    name = key.split(".")[0]
    variable = "CONFLUENCE_" + key.replace(".", "_").upper()
    if kind == "extra_forbidden":
        known = [*Settings.model_fields, "auth.kind"]
        near = difflib.get_close_matches(key, known, n=1)
        where = f"{file}: unknown key {key!r}" if name in in_file else f"unknown setting {variable}"
        return where + (f"; did you mean {near[0]!r}?" if near else "")
    if kind == "missing":
        flag = "" if name == "api_token" else f", --{key.replace('_', '-')}"
        return f"{key} is not set: use {variable}{flag}, or {key} in a file named by --config"
    message = message.removeprefix("Value error, ")
    if not key:
        return message
    if name in flags:
        return f"--{key.replace('_', '-').replace('.', '-')}: {message}"
    if name in in_file and variable not in os.environ:
        return f"{file}: {key}: {message}"
    return f"{variable}: {message}"
