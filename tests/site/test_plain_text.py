"""The words of a body, for the search and for excerpts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.site.body import storage_format
from exporter.site.body.plain_text import text_of
from tests.site.memory import PAGE, Memory, an_item, macro, plain_macro, rendered

SPACE = Memory([PAGE, an_item("2", "Page 2")], bodies={"2": "<p>included</p>"})


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("<p>bo<b>l</b>d</p><p>next</p>", ["bold", "next"]),
        ("a<br />b", ["a", "b"]),
        ("<h2>a</h2>b", ["a", "b"]),
        ("<ul><li>a</li><li>b</li></ul>", ["a", "b"]),
        ("<table><tbody><tr><td>a</td><th>b</th></tr></tbody></table>", ["a", "b"]),
        ("<ac:task-list><ac:task><ac:task-body>a</ac:task-body></ac:task></ac:task-list>b", ["a", "b"]),
        ("<a href='https://far.example/'>a</a>b", ["ab"]),
        ("<ac:link><ri:page ri:content-title='Page 2' /></ac:link>", ["Page", "2"]),
        ("<ac:link><ri:attachment ri:filename='a.pdf' /></ac:link>", ["a.pdf"]),
        ("<ac:link><ri:page ri:content-title='Page 2' /><ac:link-body>b</ac:link-body></ac:link>", ["b"]),
        ("<ac:image><ri:attachment ri:filename='a' /><ac:caption>b</ac:caption></ac:image>", ["b"]),
        ("<ac:emoticon ac:emoji-fallback='☂' />", ["☂"]),
        ("<time datetime='2026-01-05' />", ["2026-01-05"]),
        ("<ac:placeholder>a</ac:placeholder>b", ["b"]),
        (plain_macro("code", "a\nb", title="t"), ["t", "a", "b"]),
        (plain_macro("mathinline", "x^2"), ["x^2"]),
        (plain_macro("html", "<p>a</p><script>b</script>"), ["a"]),
        (macro("panel", "<p>b</p>", title="a") + "c", ["a", "b", "c"]),
        (macro("expand", "<p>b</p>", title="a") + "c", ["a", "b", "c"]),
        (f"x{macro('status', title='a')}y", ["xay"]),
        (macro("excerpt", "a", hidden="true"), []),
        (macro("include", _="Page 2"), ["included"]),
        (macro("toc") + macro("anchor", _="n"), []),
        (macro("unheard-of", "<p>b</p>", _="v"), ["unheard-of", "v", "b"]),
    ],
)
def test_words(body: str, words: list[str]) -> None:
    assert rendered(body, SPACE).text.split() == words


@given(st.lists(st.sampled_from(["p", "div", "li", "td", "h1", "blockquote"]), min_size=2, max_size=5))
def test_words_of_two_blocks_are_never_one(tags: list[str]) -> None:
    body = "".join(f"<{tag}>w{number}</{tag}>" for number, tag in enumerate(tags))
    found = text_of(storage_format.parse(body.encode()).document.children)
    assert found.split() == [f"w{number}" for number in range(len(tags))]
