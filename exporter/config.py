"""Settings: flags > environment > TOML file > defaults, joined and checked once."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeVar

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

from exporter import forms, token_sources
from exporter.errors import UsageError
from exporter.model import Part

AuthKind = Literal["auto", "scoped", "unscoped", "bearer", "oauth"]
LogFormat = Literal["text", "json"]
TOKEN_SOURCES = ("api_token", "api_token_file", "token_command", "token_keyring")

Duration = Annotated[float, BeforeValidator(forms.duration), BeforeValidator(forms.no_truth), Field(ge=0)]
MediaHosts = Annotated[tuple[str, ...], NoDecode, BeforeValidator(forms.media_hosts)]
SiteAliases = Annotated[tuple[str, ...], NoDecode, BeforeValidator(forms.host_names)]
CommaList = Annotated[tuple[str, ...], NoDecode, BeforeValidator(forms.comma_list)]
Parts = Annotated[tuple[Part, ...], NoDecode, BeforeValidator(forms.parts)]


class Auth(BaseModel):
    """How the token is used: `auto` asks the gateway first, and the site if it refuses the credentials.

    With a client id, the token is the secret of an OAuth 2.0 credential: access tokens are fetched
    from `url`.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, arbitrary_types_allowed=True
    )

    kind: AuthKind = "auto"
    client_id: Annotated[str, BeforeValidator(forms.header_text)] = ""
    url: Annotated[URL, BeforeValidator(forms.auth_server)] = URL("https://auth.atlassian.com")


class Selection(BaseSettings):
    """What of a site is mirrored, in which form."""

    model_config = SettingsConfigDict(
        env_prefix="CONFLUENCE_",
        env_nested_delimiter="_",
        env_nested_max_split=1,
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        arbitrary_types_allowed=True,
    )

    in_file: ClassVar[Mapping[str, Any]] = {}  # `load` makes a subclass for each file

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
    history: Annotated[int, BeforeValidator(forms.versions), Field(ge=0, le=forms.ALL_VERSIONS)] = 0
    raw: Annotated[tuple[str, ...], NoDecode, BeforeValidator(forms.body_formats)] = ("storage",)
    full: bool = False
    check_within: Annotated[int, BeforeValidator(forms.no_truth), Field(ge=1, le=36500)] = 7

    @model_validator(mode="after")
    def _selections_fit(self) -> Selection:
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


class Settings(Selection):
    """Everything a run can be told, except what belongs to one call (--dry-run, --json, …).

    One rule for names: TOML `media_hosts` = `--media-hosts` = `CONFLUENCE_MEDIA_HOSTS`. `api_token` is
    there whichever way the token came.
    """

    model_config = SettingsConfigDict(extra="forbid")

    site: Annotated[URL, BeforeValidator(forms.site)]
    email: Annotated[str, BeforeValidator(forms.header_text)] = ""
    api_token: Annotated[SecretStr, BeforeValidator(forms.token)] = SecretStr("")
    api_token_file: Path | None = None
    token_command: Annotated[tuple[str, ...], NoDecode, BeforeValidator(forms.command)] = ()
    token_keyring: str = ""
    token_expires: date | None = None
    cloud_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{0,64}$")] = ""
    auth: Auth = Auth()
    gateway_url: Annotated[URL, BeforeValidator(forms.gateway)] = URL("https://api.atlassian.com")
    media_hosts: MediaHosts = ("api.media.atlassian.com", ".atlassian.com", ".atlassian.net", ".atl-paas.net")
    proxy: Annotated[SecretStr | None, BeforeValidator(forms.proxy)] = None
    ca_file: Path | None = None

    out: Path | None = None
    workers: Annotated[int, Field(ge=1, le=64)] = 8
    render: bool = True
    markdown: bool = False
    site_aliases: SiteAliases = ()
    delete: bool = True
    trash_days: Annotated[int, BeforeValidator(forms.no_truth), Field(ge=0, le=36500)] = 30
    retire_missing_after: Annotated[Duration | None, BeforeValidator(forms.days_or_never)] = None
    max_wait: Duration = 3600.0
    give_up_after: Duration = 300.0
    max_duration: Duration | None = None
    mode: Annotated[int, BeforeValidator(forms.file_mode), Field(ge=0o600, le=0o666)] = 0o600
    log_format: LogFormat = "text"

    @model_validator(mode="after")
    def _credentials_fit(self) -> Settings:
        kind = self.auth.kind
        if kind in ("scoped", "unscoped") and not self.email:
            raise ValueError(f"email is needed for auth.kind = {kind!r}: set CONFLUENCE_EMAIL")
        if kind == "oauth" and not self.auth.client_id:
            raise ValueError("auth.kind = 'oauth' needs auth.client_id: set CONFLUENCE_AUTH_CLIENT_ID")
        if self.auth.client_id and kind not in ("auto", "oauth"):
            raise ValueError(f"auth.client_id is for auth.kind = 'oauth', not {kind!r}")
        if self.token_keyring and not (self.email or self.auth.client_id):
            raise ValueError("token_keyring needs email, whose token it is: set CONFLUENCE_EMAIL")
        return self

    def secrets(self) -> list[str]:
        """What must never be seen, in the forms it is sent in."""
        token = self.api_token.get_secret_value()
        proxy = self.proxy.get_secret_value() if self.proxy else ""
        return [token, f"{self.email}:{token}", proxy]


Loaded = TypeVar("Loaded", bound=Selection)


def load(flags: Mapping[str, Any], *, file: Path | None = None) -> Settings:
    """Join flags, environment and file, and fetch the token from where they say it is.

    Raises `UsageError` naming what is wrong and where it was set.
    """
    in_file = _read_toml(file) if file else {}
    if file and "api_token" in in_file:
        token_sources.check_private(file, "the configuration file with api_token in it,")
    source = _token_source(flags, in_file)
    settings = _joined(Settings, flags, in_file, file)
    if settings.api_token and source == "api_token":
        return settings
    return settings.model_copy(update={"api_token": _fetched(settings, source)})


def load_selection(flags: Mapping[str, Any], *, file: Path | None = None) -> Selection:
    """What is wanted, of a file and an environment that need not say how to get it."""
    return _joined(Selection, flags, _read_toml(file) if file else {}, file)


def _joined(
    kind: type[Loaded], flags: Mapping[str, Any], in_file: Mapping[str, Any], file: Path | None
) -> Loaded:
    source = type(kind.__name__, (kind,), {"in_file": in_file}) if in_file else kind
    try:
        settings: Loaded = source(**flags)
    except (ValidationError, SettingsError) as exc:
        raise UsageError(_explain(exc, flags, in_file, file)) from None  # the cause may hold the token
    return settings


def _token_source(flags: Mapping[str, Any], in_file: Mapping[str, Any]) -> str:
    """The setting that says where the token is, at the first level that has one; "" when none has."""
    environment = {name.upper(): value for name, value in os.environ.items()}
    in_environment = {name: environment.get(_variable(name)) for name in TOKEN_SOURCES}
    for level in (flags, in_environment, in_file):
        named = [name for name in TOKEN_SOURCES if level.get(name)]
        if len(named) > 1:
            raise UsageError(f"{' and '.join(named)} each say what the token is: keep one of them")
        if named:
            return named[0]
    return ""


def _fetched(settings: Settings, source: str) -> SecretStr:
    if source == "api_token_file" and settings.api_token_file:
        token = token_sources.from_file(settings.api_token_file)
    elif source == "token_command":
        token = token_sources.from_command(settings.token_command)
    elif source == "token_keyring":
        user = settings.auth.client_id or settings.email
        token = token_sources.from_keyring(settings.token_keyring, user)
    elif (from_systemd := token_sources.from_systemd()) is not None:
        token, source = from_systemd, f"the credential {token_sources.SYSTEMD_NAME}"
    else:
        raise UsageError(
            "api_token is not set: use CONFLUENCE_API_TOKEN, CONFLUENCE_API_TOKEN_FILE, token_command or "
            "token_keyring (also in a file named by --config), or a systemd credential named "
            f"{token_sources.SYSTEMD_NAME}"
        )
    try:
        return forms.secret(token.get_secret_value())
    except ValueError as exc:
        raise UsageError(f"{source}: {exc}") from None


def _variable(key: str) -> str:
    return "CONFLUENCE_" + key.replace(".", "_").upper()


def _read_toml(file: Path) -> Mapping[str, Any]:
    try:
        settings = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as exc:
        raise UsageError(f"cannot read the configuration file {file}: {exc.strerror}") from exc
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise UsageError(f"{file} is not valid TOML: {exc}") from None  # the text may hold the token
    if isinstance(settings.get("api_token"), str):
        settings["api_token"] = SecretStr(settings["api_token"])
    return settings


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
    variable = _variable(key)
    if kind == "extra_forbidden":
        known = [*Settings.model_fields, *(f"auth.{name}" for name in Auth.model_fields)]
        near = difflib.get_close_matches(key, known, n=1)
        where = f"{file}: unknown key {key!r}" if name in in_file else f"unknown setting {variable}"
        return where + (f"; did you mean {near[0]!r}?" if near else "")
    if kind == "missing":
        flag = f"--{key.replace('_', '-')}"
        return f"{key} is not set: use {variable}, {flag}, or {key} in a file named by --config"
    message = message.removeprefix("Value error, ")
    if not key:
        return message
    if name in flags:
        return f"--{key.replace('_', '-').replace('.', '-')}: {message}"
    if name in in_file and variable not in os.environ:
        return f"{file}: {key}: {message}"
    return f"{variable}: {message}"
