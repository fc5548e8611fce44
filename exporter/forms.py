"""The forms that settings are written in: each function takes one as text and gives its value, or a
`ValueError` that says what is wrong with it. What isn't text passes, for pydantic to judge."""

from __future__ import annotations

import difflib
import re
import shlex

from pydantic import SecretStr
from yarl import URL

from exporter.hosts import is_loopback
from exporter.model import Part

ALL_VERSIONS = 2**31
SECONDS = {"": 1, "s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}


def origin(text: str, *, what: str) -> URL:
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


def site(value: object) -> object:
    """`acme`, `acme.atlassian.net` or any URL of the site → its origin."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if not text:
        raise ValueError("is empty")
    if "://" in text:
        return origin(text, what="the site")
    if re.fullmatch(r"[A-Za-z0-9-]+", text) and text != "localhost":
        text += ".atlassian.net"
    return origin(f"https://{text}", what="the site")


def gateway(value: object) -> object:
    return origin(value.strip(), what="the gateway") if isinstance(value, str) else value


def auth_server(value: object) -> object:
    return origin(value.strip(), what="auth.url") if isinstance(value, str) else value


def comma_list(value: object) -> object:
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        return value
    return tuple(part.strip() for item in value for part in item.split(",") if part.strip())


def media_hosts(value: object) -> object:
    hosts = comma_list(value)
    for host in hosts if isinstance(hosts, tuple) else ():
        if not re.fullmatch(r"(\.?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?", host):
            raise ValueError(f"{host!r} is no host, host:port or .suffix")
    return hosts


def host_names(value: object) -> object:
    """As they stand in a link: lower case, with the port where there is one."""
    names = media_hosts(value)
    for name in names if isinstance(names, tuple) else ():
        if name.startswith("."):
            raise ValueError(f"{name!r} is no host or host:port")
    return tuple(map(str.lower, names)) if isinstance(names, tuple) else names


def versions(value: object) -> object:
    """`all`, or how many."""
    if isinstance(value, str):
        if value.strip().lower() == "all":
            return ALL_VERSIONS
        if not value.strip().isdecimal():
            raise ValueError(f"{value!r} is neither all nor a number of versions")
        return int(value)
    return value


def body_formats(value: object) -> object:
    formats = comma_list(value)
    if isinstance(formats, tuple) and (set(formats) - {"storage", "adf"} or "storage" not in formats):
        raise ValueError("is storage, or storage,adf")
    return formats


def parts(value: object) -> object:
    parts = comma_list(value)
    for part in parts if isinstance(parts, tuple) else ():
        if part not in set(Part):
            near = difflib.get_close_matches(part, list(Part), n=1)
            hint = f"did you mean {near[0]}?" if near else f"they are {', '.join(Part)}"
            raise ValueError(f"{part!r} is no part that can be left out; {hint}")
    return parts


def duration(value: object) -> object:
    """`90`, `90s`, `5m`, `2h`, `1d` → seconds."""
    return seconds(value) if isinstance(value, str) else value


def seconds(text: str) -> float:
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", text)
    if match is None or match[2] not in SECONDS:
        raise ValueError(f"{text!r} is not a duration such as 90s, 5m or 2h")
    return float(match[1]) * SECONDS[match[2]]


def days_or_never(value: object) -> object:
    """`90d`; empty for never. A bare number says nothing of a day, and less than one is no patience."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if not isinstance(value, str) or value.strip().isdecimal():
        raise ValueError(f"{value!r} is not a duration such as 90d")
    days = duration(value)
    if isinstance(days, float) and days < 86400:
        raise ValueError(f"{value!r} is less than a day")
    return days


def no_truth(value: object) -> object:
    """`true` is no number here, whatever Python says."""
    if isinstance(value, bool):
        raise ValueError(f"{value} is no number")
    return value


def file_mode(value: object) -> object:
    if isinstance(value, int) and value > 0o777:  # TOML's 640 is a decimal number, but is not meant so
        value = str(value)
    if isinstance(value, str):
        if not re.fullmatch(r"0?o?[0-7]{3}", value):
            raise ValueError(f"{value!r} is not a file mode such as 640")
        value = int(value[-3:], 8)
    if isinstance(value, int) and value & 0o600 != 0o600:
        raise ValueError("the owner must be able to read and write")
    return value


def token(value: object) -> object:
    if isinstance(value, SecretStr) and value:  # an empty one is the default
        value = value.get_secret_value()
    return secret(value) if isinstance(value, str) else value


def secret(text: str) -> SecretStr:
    """One stray newline in a header makes HTTP libraries raise with the token in the text."""
    text = text.removesuffix("\n").removesuffix("\r")
    if not text or not all("!" <= character <= "~" for character in text):
        raise ValueError("the token is empty or contains a blank, a line break or a non-ASCII character")
    return SecretStr(text)


def command(value: object) -> object:
    """A list, or one text as a shell would split it; no shell runs it."""
    if isinstance(value, str):
        value = shlex.split(value)
        if not value:
            raise ValueError("names no command")
    return value


def proxy(value: object) -> object:
    if isinstance(value, str):
        url = URL(value)
        if url.scheme not in ("http", "https") or not url.host:
            raise ValueError("not a proxy URL such as http://proxy.example.com:3128")
    return value


def header_text(value: object) -> object:
    if isinstance(value, str) and not value.isprintable():
        raise ValueError("contains a line break or another control character")
    return value
