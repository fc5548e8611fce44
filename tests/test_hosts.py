from __future__ import annotations

import pytest
from yarl import URL

from exporter.hosts import is_loopback, may_download_from

DEFAULT = ("api.media.atlassian.com", ".atlassian.com", ".atlassian.net", ".atl-paas.net")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.0.0.2", "127.255.255.254", "::1"])
def test_loopback_is_127_8_and_one_and_localhost(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [None, "", "128.0.0.1", "0.0.0.0", "10.0.0.1", "127.1", "localhost.evil.example",
     "127.0.0.1.evil.example", "example.com", "::2", "::"],
)  # fmt: skip
def test_nothing_else_is_loopback(host: str | None) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.media.atlassian.com/file?token=a",
        "https://API.Media.Atlassian.COM/file",
        "https://api.media.atlassian.com:443/file",
        "https://media-cdn.atlassian.com/file",
        "https://acme.atlassian.net/file",
        "https://x.y.atl-paas.net/file",
    ],
)
def test_downloads_may_go_to_the_default_media_hosts(url: str) -> None:
    assert may_download_from(URL(url), DEFAULT)


@pytest.mark.fault(20, 21)
@pytest.mark.parametrize(
    "url",
    [
        "http://api.media.atlassian.com/file",
        "ftp://api.media.atlassian.com/file",
        "https://api.media.atlassian.com:8443/file",
        "https://api.media.atlassian.com:80/file",
        "https://api.media.atlassian.com./file",
        "https://user@api.media.atlassian.com/file",
        "https://user:secret@api.media.atlassian.com/file",
        "https://:secret@api.media.atlassian.com/file",
        "https://api.media.atlassian.com@evil.example/file",
        "https://atlassian.com/file",
        "https://evilatlassian.com/file",
        "https://atlassian.com.evil.example/file",
        "https://evil.example/.atlassian.com",
        "https://evil.example?.atlassian.com",
        "https://evil.example#.atlassian.com",
        "https://[::1]/file",
        "http://127.0.0.1/file",
        "http://localhost/file",
        "http://169.254.169.254/latest/meta-data",
        "https://xn--80ak6aa92e.com/file",
        "/file",
        "",
    ],
)
def test_downloads_may_go_nowhere_else(url: str) -> None:
    assert not may_download_from(URL(url), DEFAULT)


@pytest.mark.parametrize(
    ("entry", "url", "allowed"),
    [
        ("media.example", "https://media.example/f", True),
        ("MEDIA.example", "https://media.example/f", True),
        ("media.example", "https://sub.media.example/f", False),
        ("media.example", "https://media.example:8443/f", False),
        ("media.example:8443", "https://media.example:8443/f", True),
        ("media.example:8443", "https://media.example/f", False),
        ("media.example:443", "https://media.example/f", True),
        ("media.example:80", "http://media.example/f", False),
        (".example", "https://media.example/f", True),
        (".example", "https://example/f", False),
        ("127.0.0.1:9000", "http://127.0.0.1:9000/f", True),
        ("127.0.0.1:9000", "http://127.0.0.1:9001/f", False),
        ("127.0.0.1", "http://127.0.0.1:9001/f", True),
        ("localhost", "http://localhost:9001/f", True),
        ("[::1]:9000", "http://[::1]:9000/f", True),
        ("::1", "http://[::1]:9000/f", True),
        ("10.0.0.1:9000", "http://10.0.0.1:9000/f", False),
        ("10.0.0.1:9000", "https://10.0.0.1:9000/f", True),
    ],
)
def test_a_media_host_is_a_host_a_host_with_port_or_a_suffix(entry: str, url: str, allowed: bool) -> None:
    assert may_download_from(URL(url), [entry]) is allowed
