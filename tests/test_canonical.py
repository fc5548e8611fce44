from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter import canonical

_texts = st.text(st.characters(exclude_categories=()) | st.just("\ud800"), max_size=8).filter(
    lambda text: text == json.loads(json.dumps(text))  # two surrogates that make a pair come as one character
)
_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | _texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(_texts, _values, max_size=4))
def test_what_is_dumped_loads_as_it_was(document: dict[str, Any]) -> None:
    data = canonical.dump(document)
    assert canonical.load(data) == document
    assert canonical.dump(dict(reversed(document.items()))) == data


def test_keys_are_sorted_on_every_level_and_those_of_the_first_have_a_line_each() -> None:
    assert canonical.dump({"b": {"d": 1, "c": "Grüße"}, "a": [2]}).decode() == (
        '{\n  "a": [2],\n  "b": {"c": "Grüße", "d": 1}\n}\n'
    )


def test_a_lone_surrogate_is_an_escape() -> None:
    assert b'"a\\ud800b \xf0\x9f\x98\x80"' in canonical.dump({"title": "a\ud800b 😀"})


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b'"text"', b"\xff", b"[" * 100_000])
def test_what_is_no_document_loads_as_none(data: bytes) -> None:
    assert canonical.load(data) is None
