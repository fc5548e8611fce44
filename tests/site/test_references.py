"""Each resource identifier as what it points at."""

from __future__ import annotations

import pytest

from exporter.site.body import references
from exporter.site.body.document import (
    AttachmentRef,
    ContentRef,
    PageRef,
    PostRef,
    Ref,
    ShortcutRef,
    SpaceRef,
    UrlRef,
    UserRef,
)
from exporter.site.body.markup import XmlElement, as_html, as_xml

IDENTIFIERS: dict[str, Ref] = {
    '<ri:page ri:content-title="A &amp; B" />': PageRef(None, "A & B"),
    '<ri:page ri:space-key="K" ri:content-title="A" ri:version-at-save="3" />': PageRef("K", "A"),
    '<ri:page ri:space-key="" ri:content-title="A" />': PageRef(None, "A"),
    "<ri:page />": PageRef(None, ""),
    '<ri:blog-post ri:content-title="A" ri:posting-day="2026/01/05" />': PostRef(None, "A", "2026/01/05"),
    '<ri:blog-post ri:space-key="K" ri:content-title="A" />': PostRef("K", "A", ""),
    '<ri:content-entity ri:content-id="7" />': ContentRef("7"),
    '<ri:space ri:space-key="K" />': SpaceRef("K"),
    '<ri:user ri:account-id="557058:a" ri:local-id="x" />': UserRef("557058:a"),
    '<ri:user ri:userkey="8a7f" />': UserRef(""),
    '<ri:url ri:value=" https://example.com/?a&amp;b " />': UrlRef("https://example.com/?a&b"),
    '<ri:shortcut ri:key="jira" ri:parameter="ABC-1" />': ShortcutRef("jira", "ABC-1"),
    '<ri:attachment ri:filename="a b.png" />': AttachmentRef("a b.png", None),
    '<ri:attachment ri:filename="f"><ri:page ri:content-title="A" /></ri:attachment>': AttachmentRef(
        "f", PageRef(None, "A")
    ),
    '<ri:attachment ri:filename="f"><ri:blog-post ri:content-title="A" ri:posting-day="2026/01/05" />'
    "</ri:attachment>": AttachmentRef("f", PostRef(None, "A", "2026/01/05")),
    '<ri:attachment ri:filename="f">\n<ri:content-entity ri:content-id="7" /></ri:attachment>': AttachmentRef(
        "f", ContentRef("7")
    ),
    '<ri:attachment ri:filename="f"><ri:user ri:account-id="u" /></ri:attachment>': AttachmentRef("f", None),
}


def element_of(source: str) -> XmlElement:
    """Around `source`."""
    element = as_xml(source)
    assert element is not None
    return element


@pytest.mark.parametrize(("source", "ref"), IDENTIFIERS.items())
def test_an_identifier_points_at_one_thing(source: str, ref: Ref) -> None:
    assert references.ref_of(element_of(source)[0]) == ref
    assert f"ri:{source.split()[0].removeprefix('<ri:').rstrip('>')}" in references.NAMES


@pytest.mark.parametrize(("source", "ref"), IDENTIFIERS.items())
def test_it_is_the_same_in_a_body_that_is_read_as_html(source: str, ref: Ref) -> None:
    body = as_html(source)
    assert body is not None
    assert references.ref_of(body[0][0]) == ref


@pytest.mark.parametrize(
    "source", ["<p />", '<page content-title="A" />', "<ri:unheard-of />", "<ac:link />"]
)
def test_other_elements_are_no_identifiers(source: str) -> None:
    assert references.ref_of(element_of(source)[0]) is None


def test_the_first_identifier_counts() -> None:
    inside = element_of('a<b /><!-- c --><ri:space ri:space-key="K" /><ri:url ri:value="u" />')
    assert references.ref_in(inside) == SpaceRef("K")
    assert references.ref_in(element_of("a<b><ri:space ri:space-key='K' /></b>")) is None


def test_a_parameter_names_all_that_stand_in_it_or_in_links_in_it() -> None:
    parameter = element_of(
        '<ac:link><ri:page ri:content-title="A" /><ac:link-body>a</ac:link-body></ac:link>, <ac:link />'
        '<ri:attachment ri:filename="f"><ri:page ri:content-title="B" /></ri:attachment>'
        '<ri:user ri:account-id="u" />'
    )
    assert list(references.refs_in(parameter)) == [
        PageRef(None, "A"),
        AttachmentRef("f", PageRef(None, "B")),
        UserRef("u"),
    ]
