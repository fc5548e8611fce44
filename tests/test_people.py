from __future__ import annotations

from typing import Any

import pytest

from exporter.people import in_body, in_metadata


@pytest.mark.parametrize(
    ("document", "accounts"),
    [
        ({"authorId": "a", "ownerId": "b", "lastOwnerId": None}, "a b"),
        ({"createdBy": "a", "assignedTo": "b", "completedBy": "c", "spaceOwnerId": "d"}, "a b c d"),
        ({"version": {"authorId": "a"}, "versions": [{"authorId": "b"}, {"authorId": "a"}]}, "a b"),
        ({"likes": ["a", "b", 7]}, "a b"),
        ({"restrictions": {"read": {"users": ["a"], "groups": ["g"]}}}, "a"),
        ({"users": [{"accountId": "a"}]}, "a"),
        ({"principal": {"type": "user", "id": "a"}}, "a"),
        ({"principal": {"type": "group", "id": "g"}}, ""),
        ({"principalType": "USER", "principalId": "a"}, "a"),
        ({"principalType": "GROUP", "principalId": "g"}, ""),
        ({"type": "user", "id": 7}, ""),
        ({"body": {"storage": {"value": '<ri:user ri:account-id="a"/>'}}}, "a"),
        ({"value": "a", "id": "7", "title": "b"}, ""),
        ({"authorId": 7, "likes": "many", "createdBy": {"x": 1}}, ""),
        ({}, ""),
        ([{"authorId": "a"}], "a"),
        (None, ""),
    ],
)
def test_a_document_names_the_accounts_in_it(document: Any, accounts: str) -> None:
    assert " ".join(sorted(in_metadata(document))) == accounts


def test_a_document_may_be_nested_deeply() -> None:
    document: dict[str, Any] = {"authorId": "a"}
    for _ in range(10_000):
        document = {"replies": [document]}
    assert in_metadata(document) == {"a"}


@pytest.mark.parametrize(
    ("body", "accounts"),
    [
        ("", set()),
        ('<ri:user ri:account-id="a:1"/> and <ri:user ri:account-id="b" ri:x="y"/>', {"a:1", "b"}),
        ('<ri:user ri:account-id="a&#58;b"/>', {"a:b"}),
        ('<ri:user ri:account-id="no account; at all"/>', set()),
        ('<ri:user ri:account-id=""/>', set()),
        ('<ri:user ri:userkey="old"/>', set()),
    ],
)
def test_a_body_names_those_it_mentions(body: str, accounts: set[str]) -> None:
    assert in_body(body) == accounts
