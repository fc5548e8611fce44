"""Bodies made by chance and spoilt by chance: no word is lost, and nothing raises."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from exporter.site.body.document import MAX_DEPTH
from exporter.site.body.storage_format import parse
from tests.site.trees import depth_of, is_clean, words_of

_NAMES = ["p", "div", "b", "ul", "li", "h2", "table", "tbody", "tr", "td", "blockquote", "ac:layout",
          "ac:layout-section", "ac:layout-cell", "ac:link", "ac:link-body", "ac:structured-macro",
          "ac:rich-text-body", "ac:task-list", "ac:task", "ac:task-body", "ac:inline-comment-marker",
          "ac:adf-extension", "ac:adf-fallback", "ac:adf-content", "ac:image", "ac:caption", "a", "pre",
          "ri:page", "ac:unheard-of", "odd:name", "section", "DIV"]  # fmt: skip
_ATTRIBUTES = [
    "",
    ' ac:name="info"',
    ' class="x"',
    ' style="color: red"',
    ' href="#x"',
    ' ri:content-title="&amp;"',
]


@st.composite
def bodies(draw: st.DrawFn) -> str:
    """Well-formed, any element in any other, each with a word of its own."""
    count = 0

    def element(depth: int) -> str:
        nonlocal count
        name, attributes = draw(st.sampled_from(_NAMES)), draw(st.sampled_from(_ATTRIBUTES))
        inner = ""
        for _ in range(draw(st.integers(1, 3))):
            count += 1
            inner += f" w{count}w "
            if depth < 4 and draw(st.booleans()):
                inner += element(depth + 1)
        return f"<{name}{attributes}>{inner}</{name}>"

    return "".join(element(0) for _ in range(draw(st.integers(1, 3))))


@st.composite
def spoilt(draw: st.DrawFn) -> str:
    """A body with tags missing, doubled, or in another place."""
    parts = re.split(r"(<[^<>]*>)", draw(bodies()))
    tags = [place for place, part in enumerate(parts) if part.startswith("<")]
    for _ in range(draw(st.integers(1, 4))):
        place, other = draw(st.sampled_from(tags)), draw(st.sampled_from(tags))
        match draw(st.integers(0, 3)):
            case 0:
                parts[place] = ""
            case 1:
                parts[place] *= 2
            case 2:
                parts[place], parts[other] = parts[other], parts[place]
            case 3:
                parts[place] = draw(
                    st.sampled_from(["&", "&nbsp;", "<br>", "<![CDATA[", "]]>", "<!-- c -->", "</p>"])
                )
    return "".join(parts)


@given(bodies())
def test_no_word_of_a_well_formed_body_is_lost_or_doubled(body: str) -> None:
    found = re.findall(r"w\d+w", words_of(parse(body.encode()).document.children))
    assert sorted(found) == sorted(re.findall(r"w\d+w", body))


@given(spoilt())
def test_no_word_of_a_spoilt_body_is_lost(body: str) -> None:
    nodes = parse(body.encode()).document.children
    assert set(re.findall(r"w\d+w", words_of(nodes))) >= set(re.findall(r"w\d+w", body))
    assert depth_of(nodes) <= MAX_DEPTH


@given(bodies(), st.data())
def test_a_body_that_is_cut_off_keeps_what_came_before(body: str, data: st.DataObject) -> None:
    end = data.draw(st.integers(0, len(body)))
    whole = re.findall(r"w\d+w", re.sub(r"<[^>]*$", "", body[:end]))
    assert set(re.findall(r"w\d+w", words_of(parse(body[:end].encode()).document.children))) >= set(whole)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_document(data: bytes) -> None:
    assert is_clean(words_of(parse(data).document.children))


@given(st.text(st.sampled_from("<>&;/!?-[]CDAT\"'= ac:pbr\x00\ud800é"), max_size=80))
def test_anything_made_of_markup_is_a_document(text: str) -> None:
    assert is_clean(words_of(parse(text.encode("utf-8", "surrogatepass")).document.children))
