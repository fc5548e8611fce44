"""Which hosts may be spoken to, and over what: loopback, and the hosts a download may be redirected to."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from yarl import URL


def is_loopback(host: str | None) -> bool:
    """127.0.0.0/8, ::1 and the name localhost."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def may_download_from(url: URL, allowed: Iterable[str]) -> bool:
    """Whether a download may be redirected to `url`.

    Over https, or over http on loopback; never with credentials in the URL. An entry of `allowed`
    is `host`, `host:port` or `.suffix`. Without a port the scheme's own is meant (on loopback, any).
    """
    host = (url.host or "").lower()
    loopback = is_loopback(host)
    if url.scheme != "https" and not (url.scheme == "http" and loopback):
        return False
    if url.raw_user is not None or url.raw_password is not None:
        return False
    usual_port = loopback or url.is_default_port()
    return any(_matches(host, url.port, usual_port, entry.lower()) for entry in allowed)


def _matches(host: str, port: int | None, usual_port: bool, entry: str) -> bool:
    if entry.startswith("."):
        return usual_port and host.endswith(entry)
    bracketed = f"[{host}]" if ":" in host else host
    return entry == f"{bracketed}:{port}" or (usual_port and entry in (host, bracketed))
