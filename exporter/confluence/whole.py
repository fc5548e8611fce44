"""Whether what comes is the file that was asked for, whole."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass

from exporter.confluence.retry import WrongFile

_SNIFFED = 512  # bytes
_HTML = (b"<!doctype html", b"<html")


@dataclass(frozen=True, slots=True)
class Expected:
    """What a download must be: `size` in bytes (None: not told) and whether it may be an HTML file."""

    size: int | None
    may_be_html: bool


def check_type(content_type: str, expected: Expected, *, host: str) -> None:
    """Raises `WrongFile` for a login or maintenance page that says so."""
    if "html" in content_type and not expected.may_be_html:
        raise WrongFile(f"{host} answered HTML instead of the file")


def check_coding(headers: Mapping[str, str], expected: Expected, *, host: str) -> None:
    """Raises `WrongFile` for a coding that nobody asked for, and that is therefore not undone.

    Where the length is known, it tells whether the coded bytes are the file, as those of an `.svgz`.
    """
    coding = headers.get("Content-Encoding", "")
    if expected.size is None and coding not in ("", "identity"):
        raise WrongFile(f"{host} answered with the coding {coding[:20]!r}, which nobody asked for")


async def whole(
    chunks: AsyncIterator[bytes], expected: Expected, *, host: str
) -> AsyncGenerator[bytes, None]:
    """Pass the file on; raises `WrongFile` at the latest at its end, if it isn't the one expected.

    Looking like HTML counts only where no length is told: of the right length, it is the file, as
    templates and scripts begin so too.
    """
    size, held = 0, b""
    sniffing = expected.size is None and not expected.may_be_html
    async for chunk in chunks:
        size += len(chunk)
        if expected.size is not None and size > expected.size:
            break
        if sniffing:
            held += chunk
            if len(held) < _SNIFFED:
                continue
            _refuse_html(held, host)
            sniffing, chunk, held = False, held, b""
        yield chunk
    if held:
        _refuse_html(held, host)
        yield held
    if expected.size is not None and size != expected.size:
        more = "more than " if size > expected.size else ""
        raise WrongFile(f"the file has {more}{size} bytes, not the {expected.size} that Confluence lists")


def _refuse_html(beginning: bytes, host: str) -> None:
    if beginning.removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(_HTML):
        raise WrongFile(f"{host} answered HTML instead of the file")
