from __future__ import annotations

import base64
import logging
import sys

import pytest

from exporter.logs import Redacting, log_to_stderr

TOKEN = "ATATT3xFfGF0-canary=1A2B"
BASIC = f"me@example.com:{TOKEN}"
SIGNED = (
    "https://api.media.atlassian.com/file/1/binary?token=eyJhbGciOi.canary.sig&client=c-canary&name=a.png"
)


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _formatted(message: str, *args: object, exc: BaseException | None = None) -> str:
    info = (type(exc), exc, exc.__traceback__) if exc else None
    record = logging.LogRecord("exporter.x", logging.INFO, "x.py", 1, message, args, info)
    return Redacting([TOKEN, BASIC]).format(record)


@pytest.mark.fault(28)
@pytest.mark.parametrize(
    "text", [TOKEN, f"Authorization: Bearer {TOKEN}", _encoded(TOKEN), f"Basic {_encoded(BASIC)}"]
)
def test_a_secret_is_hidden_in_every_form(text: str) -> None:
    line = _formatted("sent %s to the gateway", text)
    assert "canary" not in line
    assert _encoded(TOKEN) not in line
    assert _encoded(BASIC) not in line
    assert "[hidden]" in line


@pytest.mark.fault(29)
def test_the_signature_of_a_media_url_is_hidden_and_the_rest_stays() -> None:
    line = _formatted("redirected to %s", SIGNED)
    assert "canary" not in line
    assert "https://api.media.atlassian.com/file/1/binary" in line
    assert "name=a.png" in line


@pytest.mark.fault(28)
def test_a_traceback_is_redacted_too() -> None:
    try:
        raise ValueError(f"Invalid header value {TOKEN!r}")
    except ValueError as exc:
        text = _formatted("internal error", exc=exc)
    assert "Traceback" in text
    assert "canary" not in text


@pytest.mark.fault(2)
def test_control_characters_cannot_move_the_cursor() -> None:
    line = _formatted("page %s", "\x1b[2Jgone\r\x00\u202ereversed")
    assert all(character.isprintable() for character in line)


@pytest.mark.fault(2)
def test_a_line_break_in_a_title_forges_no_second_line() -> None:
    assert "\n" not in _formatted("page %s saved", "Home\n2026-11-25 08:00:00 INFO exporter: all is well")


def test_without_secrets_nothing_is_replaced() -> None:
    assert Redacting(["", ""]).redact("plain") == "plain"


def test_logging_goes_to_stderr_through_the_redacting_formatter(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    logger = logging.getLogger("exporter")
    monkeypatch.setattr(logger, "handlers", [])
    monkeypatch.setattr(logger, "propagate", logger.propagate)
    monkeypatch.setattr(logger, "level", logger.level)
    log_to_stderr(logging.DEBUG, Redacting([TOKEN]))
    logging.getLogger("exporter.confluence.transport").debug("with %s", TOKEN)
    sys.stderr.flush()
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "with [hidden]" in captured.err
