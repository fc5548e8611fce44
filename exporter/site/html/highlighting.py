"""Code with its parts marked for the style sheet."""

from __future__ import annotations

import functools
from html import escape

from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

_ALIASES = {
    "actionscript3": "as3", "c#": "csharp", "coldfusion": "cfm", "javafx": "java", "sharp": "csharp",
    "vb": "vbnet", "sh": "bash", "shell": "bash", "html/xml": "html", "html and xml": "html",
    "plain text": "text", "none": "text", "plaintext": "text", "js": "javascript", "py": "python",
    "yml": "yaml", "c++": "cpp", "erl": "erlang", "tex": "latex",
}  # fmt: skip
MAX_HIGHLIGHTED = 200_000
"""Characters: a log of megabytes gains nothing from colours."""

_formatter: HtmlFormatter[str] = HtmlFormatter(nowrap=True)


def highlighted(text: str, language: str) -> str:
    """HTML, without anything around it."""
    lexer = _lexer(language.strip().lower())
    if lexer is None or len(text) > MAX_HIGHLIGHTED:
        return escape(text, quote=False)
    marked: str = highlight(text, lexer, _formatter)
    return marked.removesuffix("\n")


@functools.lru_cache(maxsize=256)
def _lexer(language: str) -> Lexer | None:
    """Blank lines at the ends are the author's; line ends become one kind."""
    name = _ALIASES.get(language, language)
    if not name or name == "text":
        return None
    try:
        return get_lexer_by_name(name, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None
