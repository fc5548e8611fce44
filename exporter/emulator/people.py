"""Users in bulk."""

from __future__ import annotations

from exporter.emulator.call import Call
from exporter.emulator.content import User
from exporter.emulator.reply import Reply, v2_bad_request
from exporter.emulator.sent import sent_list
from exporter.emulator.shapes import Json

MOST = 250


def users_bulk(call: Call) -> Reply:
    """Unknown ids are left out."""
    ids = sent_list(call, "accountIds", MOST)
    if isinstance(ids, Reply):
        return ids
    if not ids or not all(isinstance(each, str) for each in ids):
        return v2_bad_request("'accountIds' must be a list of 1 to 250 account ids")
    found = [call.world.users[each] for each in dict.fromkeys(ids) if each in call.world.users]
    return Reply(json={"results": [_user(each) for each in found], "_links": {"base": call.base}})


def _user(item: User) -> Json:
    """Of closed accounts little is left."""
    name = "Former user" if item.closed else item.name
    return {
        "accountId": item.account_id,
        "accountType": item.account_type,
        "accountStatus": "closed" if item.closed else "active",
        "displayName": name,
        "publicName": name,
        "email": "" if item.closed else item.email,
        "isExternalCollaborator": False,
        "profilePicture": {"path": "/wiki/aa-avatar/default", "isDefault": True},
    }
