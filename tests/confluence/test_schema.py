from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.confluence import schema
from exporter.confluence.answers import parse
from exporter.confluence.schema import (
    AttachmentWire,
    BlogPostWire,
    EmbedWire,
    Listing,
    NodeWire,
    PageWire,
    SpaceWire,
    TenantWire,
    UserWire,
    completed,
    content_info,
    read_as,
)
from exporter.errors import TransientError
from exporter.model import ContentId, ContentInfo, Kind, User, Version
from tests.confluence import wire_samples as wire

GATEWAY = "/wiki/api/v2/spaces/5/pages"


def _next_cursor(following: object) -> str | None:
    return read_as(Listing)({"results": [], "_links": {"next": following}}).next_cursor()


@pytest.mark.fault(24, 25)
@pytest.mark.parametrize(
    ("following", "cursor"),
    [
        (f"{GATEWAY}?cursor=abc", "abc"),
        (f"{GATEWAY}?cursor=abc&limit=250", "abc"),
        (f"{GATEWAY}?limit=250&cursor=abc", "abc"),
        (f"{GATEWAY}?limit=250&cursor=abc&sort=id", "abc"),
        ("https://acme.atlassian.net/wiki/api/v2/pages?cursor=abc", "abc"),
        ("https://evil.example/x?cursor=abc", "abc"),
        ("//evil.example/x?cursor=abc", "abc"),
        ("?cursor=abc", "abc"),
        (f"{GATEWAY}?cursor=eyJpZCI6IjEifQ==", "eyJpZCI6IjEifQ=="),
        (f"{GATEWAY}?cursor=eyJpZCI6IjEifQ%3D%3D", "eyJpZCI6IjEifQ=="),
        (f"{GATEWAY}?cursor=a+b", "a+b"),
        (f"{GATEWAY}?cursor=a%2Bb", "a+b"),
        (f"{GATEWAY}?cursor=a%252Bb", "a%2Bb"),
        (f"{GATEWAY}?cursor=a/b", "a/b"),
        (f"{GATEWAY}?mycursor=no&cursor=abc", "abc"),
        (f"{GATEWAY}?cursor=abc#cursor=no", "abc"),
    ],
)
def test_only_the_cursor_of_a_next_link_counts(following: str, cursor: str) -> None:
    assert _next_cursor(following) == cursor


@pytest.mark.parametrize("following", [None, ""])
def test_without_a_next_link_the_page_is_the_last(following: object) -> None:
    assert _next_cursor(following) is None
    assert read_as(Listing)({"results": []}).next_cursor() is None


@pytest.mark.fault(24, 48)
@pytest.mark.parametrize(
    "following", [GATEWAY, f"{GATEWAY}?cursor=", f"{GATEWAY}?limit=1", 5, {"a": 1}, ["x"]]
)
def test_a_next_link_without_a_cursor_is_not_the_end(following: object) -> None:
    with pytest.raises(TransientError, match="next link without a cursor"):
        _next_cursor(following)


@pytest.mark.parametrize("following", ["https://[evil/x?cursor=abc", "https://e℀vil.example/?cursor=abc"])
def test_a_next_link_that_is_no_url_is_asked_again(following: str) -> None:
    listing = read_as(Listing)({"results": [], "_links": {"next": following}})
    with pytest.raises(TransientError):
        listing.next_host()
    with pytest.raises(TransientError):
        listing.next_cursor()


@pytest.mark.fault(24)
@pytest.mark.parametrize(
    ("following", "host"),
    [(f"{GATEWAY}?cursor=a", None), (None, None), ("https://evil.example:8443/x", "evil.example:8443")],
)
def test_the_host_of_a_next_link_is_told(following: str | None, host: str | None) -> None:
    assert read_as(Listing)({"results": [], "_links": {"next": following}}).next_host() == host


def _listed() -> ContentInfo:
    return content_info(read_as(PageWire)(wire.page()), Kind.PAGE)


def test_a_page_has_one_canonical_form_whichever_request_it_came_by() -> None:
    listed = _listed()
    in_bulk = content_info(read_as(PageWire)(wire.bulk()), Kind.PAGE)
    alone = content_info(read_as(PageWire)(completed(wire.single(), listed)), Kind.PAGE)
    assert listed == in_bulk == alone
    assert listed.metadata == in_bulk.metadata == alone.metadata


def test_the_canonical_form_is_sorted_json_with_one_key_a_line_and_no_body() -> None:
    text = _listed().metadata.decode()
    document = json.loads(text)
    assert list(document) == sorted(document)
    assert len(text.splitlines()) == len(document) + 2
    assert text.endswith("}\n")
    assert "body" not in document
    assert '"title": "Hömé 日本"' in text


def test_the_canonical_form_knows_absent_from_null_as_little_as_the_api_does() -> None:
    row = wire.page(lastOwnerId=None)
    del row["lastOwnerId"]
    assert content_info(read_as(PageWire)(row), Kind.PAGE) == _listed()


@pytest.mark.parametrize("change", [{"title": "x"}, {"parentId": "8"}, {"position": 13}, {"ownerId": "x"}])
def test_the_canonical_form_shows_a_move_a_rename_and_an_owner(change: dict[str, Any]) -> None:
    changed = content_info(read_as(PageWire)(wire.page(**change)), Kind.PAGE)
    assert changed.metadata != _listed().metadata


def test_a_page_becomes_what_the_crawl_knows() -> None:
    info = _listed()
    assert (info.id, info.kind, info.title, info.status) == ("7", Kind.PAGE, "Hömé 日本", "current")
    assert info.version == Version(3, "2026-11-01T08:00:00.000Z")
    assert (info.space_id, info.parent_id, info.parent_type, info.position) == ("5", "6", "page", 12)


def test_lone_surrogates_pass_as_escapes() -> None:
    row = parse(json.dumps(wire.page(title="a\ud800b")).encode(), "application/json")
    info = content_info(read_as(PageWire)(row), Kind.PAGE)
    assert info.title == "a\ud800b"
    assert json.loads(info.metadata)["title"] == "a\ud800b"
    alone = read_as(PageWire)(completed(wire.single(title="a\ud800b"), info))
    assert content_info(alone, Kind.PAGE).metadata == info.metadata


@pytest.mark.parametrize("value", ["", "<p>\ud800</p>", "\x00", "<p>a</p>\r\n"])
def test_a_body_is_kept_as_it_is(value: str) -> None:
    page = schema.page(read_as(PageWire)(wire.bulk(value=value)), Kind.PAGE)
    assert page is not None
    assert page.body == value


@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        {"storage": None},
        {"storage": {}},
        {"storage": {"value": None}},
        {"view": {"value": "x"}},
        "x",
        [],
        {"storage": {"value": 5}},
    ],
)
def test_what_has_no_body_is_no_page(body: object) -> None:
    assert schema.page(read_as(PageWire)(wire.page(body=body)), Kind.PAGE) is None


@pytest.mark.fault(1)
@pytest.mark.parametrize(
    "page_id", [None, "", "../7", "7/8", "-7", "7 ", "٣", "7\n", "0x7", "7.0", "1" * 21, True, [], {}, "att7"]
)
def test_an_id_that_is_no_id_never_becomes_a_file_name(page_id: object) -> None:
    for kind in (PageWire, NodeWire, SpaceWire):
        with pytest.raises(TransientError):
            read_as(kind)({**wire.space(), "id": page_id})


@pytest.mark.parametrize(("given_id", "kept"), [("att9", "att9"), ("9", "att9"), (9, "att9")])
def test_an_attachment_id_always_has_its_prefix(given_id: object, kept: str) -> None:
    row = read_as(AttachmentWire)(wire.attachment() | {"id": given_id})
    assert row.to_model(ContentId("7")).id == kept


@pytest.mark.parametrize("given_id", ["attatt9", "../9", "att", "att9/../..", "", None, "att-9"])
def test_an_attachment_id_that_is_none_is_refused(given_id: object) -> None:
    with pytest.raises(TransientError):
        read_as(AttachmentWire)(wire.attachment() | {"id": given_id})


def test_an_attachment_becomes_what_the_crawl_knows() -> None:
    info = read_as(AttachmentWire)(wire.attachment()).to_model(ContentId("7"))
    assert (info.container, info.title, info.status, info.size) == ("7", "plan.png", "current", 10)
    assert info.media_type == "image/png"
    bare = read_as(AttachmentWire)({"id": "9"}).to_model(ContentId("7"))
    assert (bare.size, bare.status, bare.media_type, bare.version) == (None, "current", "", Version(None, ""))


def test_a_space_without_an_alias_is_called_by_its_key() -> None:
    assert read_as(SpaceWire)(wire.space(currentActiveAlias=None)).to_model().alias == "ENG"
    assert read_as(SpaceWire)(wire.space(currentActiveAlias="NEW")).to_model().alias == "NEW"


@pytest.mark.parametrize(
    ("document", "user"),
    [
        ({"type": "known", "accountId": "712020:me"}, User("712020:me")),
        ({"type": "anonymous"}, None),
        ({"type": "anonymous", "accountId": "712020:me"}, None),
        ({"type": "known", "accountId": None}, None),
    ],
)
def test_an_anonymous_visitor_is_nobody(document: dict[str, Any], user: User | None) -> None:
    assert read_as(UserWire)(document).to_model() == user


@pytest.mark.fault(41)
@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        "x",
        5,
        {},
        {"results": None},
        {"results": {}},
        {"results": "x"},
        {"results": [None]},
        {"results": [[]]},
        {"error": "x"},
        {"results": [], "_links": []},
    ],
)
def test_what_is_no_listing_is_asked_again(document: object) -> None:
    with pytest.raises(TransientError, match="another shape"):
        read_as(Listing)(document)


def test_a_refused_shape_is_named_without_its_content() -> None:
    with pytest.raises(TransientError) as caught:
        read_as(PageWire)(wire.page(title=["canary"]))
    assert "title" in str(caught.value)
    assert "canary" not in str(caught.value)


@pytest.mark.fault(41)
@pytest.mark.parametrize("depth", [400, *range(700, 1000, 10), 2000])
def test_a_deep_document_is_no_bug(depth: int) -> None:
    description = '{"a":' * depth + "1" + "}" * depth
    body = json.dumps(wire.space()).replace('"description": null', f'"description": {description}')
    try:
        space = read_as(SpaceWire)(parse(body.encode(), "application/json")).to_model()
    except TransientError:
        return
    assert description.replace(":", ": ") in space.metadata.decode()


_names = [
    "id",
    "title",
    "version",
    "number",
    "results",
    "_links",
    "next",
    "parentId",
    "position",
    "fileSize",
    "key",
    "type",
    "body",
    "storage",
    "value",
    "description",
    "icon",
    "createdAt",
]
_anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=8)
    | st.integers(0, 999).map(str),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_names), inner, max_size=5),
    max_leaves=12,
)
_wires = [PageWire, BlogPostWire, NodeWire, EmbedWire, AttachmentWire, SpaceWire, UserWire, TenantWire]


@pytest.mark.fault(41)
@given(_anything, st.sampled_from(_wires), st.booleans())
def test_no_document_raises_anything_but_what_is_asked_again(
    document: object, kind: type[Any], with_id: bool
) -> None:
    if with_id and isinstance(document, dict):
        document = {**document, "id": "7", "key": "ENG"}
    try:
        row = read_as(kind)(document)
    except TransientError:
        return
    if isinstance(row, (PageWire, BlogPostWire, NodeWire)):
        content_info(row, Kind.PAGE)
    elif isinstance(row, AttachmentWire):
        row.to_model(ContentId("7"))
    elif isinstance(row, (SpaceWire, UserWire)):
        row.to_model()


@pytest.mark.fault(41)
@given(_anything)
def test_no_listing_raises_anything_but_what_is_asked_again(document: object) -> None:
    try:
        listing = read_as(Listing)(document)
        listing.next_cursor()
    except TransientError:
        return
    assert isinstance(listing.results, list)
