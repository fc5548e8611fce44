"""The options of the command line, by group. Each is a setting of the same name; None is not given."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Group, Parameter

from exporter.model import Part

RUN = Group("Run", sort_key=1)
WANTED = Group("What is mirrored", sort_key=2)
ACCESS = Group("Access", sort_key=3)
OUTPUT = Group("Output", sort_key=4)


def flag(group: Group, help_text: str, *names: str, negative: str = "") -> Parameter:
    return Parameter(name=names or None, group=group, help=help_text, negative=negative if negative else ())


Quiet = Annotated[bool, flag(OUTPUT, "Print only failures, and the token's coming end.", "--quiet", "-q")]
Verbose = Annotated[bool, flag(OUTPUT, "Log every step to stderr.", "--verbose", "-v")]
Json = Annotated[bool, flag(OUTPUT, "Print what came of it as one JSON document.", "--json")]
Config = Annotated[Path | None, flag(ACCESS, "Settings from this TOML file.")]

Spaces = Annotated[list[str] | None, flag(WANTED, "Key of a space; repeat it for more.")]
Subset = Annotated[
    str | None, flag(WANTED, "A part of the files: `1/30`, or `day/30`, another one each day.")
]


@Parameter(name="*")
@dataclass(frozen=True)
class WantedFlags:
    space: Spaces = None
    all_spaces: Annotated[bool | None, flag(WANTED, "Every space the token sees.")] = None
    include_spaces: Annotated[str | None, flag(WANTED, "Of those only keys like these: `ENG,DOC*`.")] = None
    exclude_spaces: Annotated[str | None, flag(WANTED, "Of those not keys like these.")] = None
    personal_spaces: Annotated[bool | None, flag(WANTED, "Of those also the personal ones.")] = None
    page: Annotated[str | None, flag(WANTED, "Only the page (or folder) with this id.")] = None
    with_descendants: Annotated[bool | None, flag(WANTED, "And all pages below it.")] = None
    label: Annotated[list[str] | None, flag(WANTED, "Only what has this label, or another named.")] = None
    exclude_label: Annotated[list[str] | None, flag(WANTED, "Nothing that has this label.")] = None
    skip: Annotated[list[str] | None, flag(WANTED, f"Parts to leave out: {', '.join(Part)}.")] = None
    custom_content_types: Annotated[
        str | None, flag(WANTED, "Types of custom content that the search doesn't find.")
    ] = None
    history: Annotated[str | None, flag(WANTED, "Former versions to keep: `all`, or how many (0).")] = None
    raw: Annotated[str | None, flag(WANTED, "Formats of bodies: `storage`, or `storage,adf`.")] = None
    full: Annotated[
        bool | None,
        flag(
            WANTED,
            "Ask for everything page by page, and compare every body, changed or not.",
            negative="--no-full",
        ),
    ] = None
    check_within: Annotated[
        int | None, flag(WANTED, "Else that is spread over so many runs (7), whatever shows a change.")
    ] = None


@Parameter(name="*")
@dataclass(frozen=True)
class RunFlags:
    workers: Annotated[int | None, flag(RUN, "Requests under way at once, to each host (8).")] = None
    max_wait: Annotated[str | None, flag(RUN, "Longest wait Confluence may ask for (60m).")] = None
    give_up_after: Annotated[str | None, flag(RUN, "End when nothing succeeded for so long (5m).")] = None
    render: Annotated[
        bool | None,
        flag(RUN, "Render the offline site, site/, at the end (the default).", negative="--no-site"),
    ] = None
    markdown: Annotated[
        bool | None,
        flag(RUN, "Also write markdown/, for MkDocs and Obsidian.", negative="--no-markdown"),
    ] = None
    site_aliases: Annotated[
        str | None, flag(RUN, "Other host names of the site, whose links stay in the copy.")
    ] = None
    delete: Annotated[
        bool | None,
        flag(RUN, "Retire what was deleted in Confluence (the default).", negative="--no-delete"),
    ] = None
    trash_days: Annotated[int | None, flag(RUN, "Days that retired things are kept in trash/ (30).")] = None
    retire_missing_after: Annotated[
        str | None, flag(RUN, "Retire also what is gone or hidden for so long, such as 90d (never).")
    ] = None
    max_duration: Annotated[str | None, flag(RUN, "End the run, to be continued, after so long: 2h.")] = None
    mode: Annotated[str | None, flag(RUN, "Mode of new files (600); folders follow.")] = None


@Parameter(name="*")
@dataclass(frozen=True)
class LogFlags:
    log_format: Annotated[
        Literal["text", "json"] | None,
        flag(OUTPUT, "`json`: what happens as JSON, an event a line, to stderr (text)."),
    ] = None


@Parameter(name="*")
@dataclass(frozen=True)
class AccessFlags:
    site: Annotated[str | None, flag(ACCESS, "`acme`, `acme.atlassian.net` or a URL.")] = None
    email: Annotated[str | None, flag(ACCESS, "Whose token it is.")] = None
    api_token_file: Annotated[Path | None, flag(ACCESS, "File with the token; never the token itself.")] = (
        None
    )
    token_command: Annotated[str | None, flag(ACCESS, "Command that prints the token.")] = None
    token_keyring: Annotated[str | None, flag(ACCESS, "Service in the system's keyring.")] = None
    token_expires: Annotated[str | None, flag(ACCESS, "Day of the token's end, to be warned before.")] = None
    auth_kind: Annotated[
        Literal["auto", "scoped", "unscoped", "bearer", "oauth"] | None,
        flag(ACCESS, "How the token is used (auto)."),
    ] = None
    auth_client_id: Annotated[
        str | None, flag(ACCESS, "OAuth 2.0 client id; the token is then its secret.")
    ] = None
    auth_url: Annotated[str | None, flag(ACCESS, "Atlassian's authorization server.")] = None
    cloud_id: Annotated[str | None, flag(ACCESS, "The site's cloud id; found by itself.")] = None
    gateway_url: Annotated[str | None, flag(ACCESS, "Atlassian's API gateway.")] = None
    media_hosts: Annotated[str | None, flag(ACCESS, "Hosts a download may be redirected to.")] = None
    proxy: Annotated[str | None, flag(ACCESS, "Proxy URL; the environment's is not used.")] = None
    ca_file: Annotated[Path | None, flag(ACCESS, "A private CA's certificates.")] = None


NO_WANTED, NO_RUN, NO_LOG, NO_ACCESS = WantedFlags(), RunFlags(), LogFlags(), AccessFlags()


def given(*groups: WantedFlags | RunFlags | LogFlags | AccessFlags) -> dict[str, Any]:
    """What was said, as `config.load` takes it: those of a section in a mapping of their own."""
    flags = {name: value for group in groups for name, value in asdict(group).items() if value is not None}
    section = {name: flags.pop(name) for name in [*flags] if name.startswith("auth_")}
    auth = {name.removeprefix("auth_"): value for name, value in section.items()}
    return flags | ({"auth": auth} if auth else {})
