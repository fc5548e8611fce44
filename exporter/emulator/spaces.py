"""What belongs to a space itself: permissions, role assignments, and those two inside of a space's answer."""

from __future__ import annotations

from exporter.emulator.call import Call
from exporter.emulator.content import Permission, RoleAssignment, Space
from exporter.emulator.lookup import answer_items, visible_space
from exporter.emulator.reply import Reply, v2_bad_request, v2_not_found
from exporter.emulator.sections import MOST, section
from exporter.emulator.shapes import Json


def list_permissions(call: Call) -> Reply:
    space = visible_space(call, str(call.arguments["id"]))
    if space is None:
        return v2_not_found()
    return answer_items(call, call.world.permissions.get(space.id, {}).values(), permission)


def list_role_assignments(call: Call) -> Reply:
    space, wanted = visible_space(call, str(call.arguments["id"])), call.arguments
    if space is None:
        return v2_not_found()
    if ("principal-id" in wanted) != ("principal-type" in wanted):
        return v2_bad_request("'principal-id' and 'principal-type' must be given together")

    def fits(item: RoleAssignment) -> bool:
        shown = {
            "role-id": item.role_id,
            "role-type": item.role_type,
            "principal-id": item.principal_id,
            "principal-type": item.principal_type,
        }
        return all(wanted.get(name, value) == value for name, value in shown.items())

    held = call.world.role_assignments.get(space.id, {}).values()
    return answer_items(call, [each for each in held if fits(each)], role_assignment)


def permission(item: Permission) -> Json:
    return {
        "id": item.id,
        "principal": {"type": item.principal_type, "id": item.principal_id},
        "operation": {"key": item.key, "targetType": item.target_type},
    }


def role_assignment(item: RoleAssignment) -> Json:
    principal = {"principalType": item.principal_type, "principalId": item.principal_id}
    return {"principal": principal, "roleId": item.role_id}


def space_sections(call: Call, space: Space) -> Json:
    found: Json = {}
    if call.arguments.get("include-permissions"):
        held = list(call.world.permissions.get(space.id, {}).values())
        place = ("id", int(held[MOST - 1].id)) if len(held) > MOST else ("id", 0)
        found["permissions"] = section(call, "permissions", map(permission, held), len(held), lambda: place)
    if call.arguments.get("include-role-assignments"):
        roles = list(call.world.role_assignments.get(space.id, {}).values())
        at = ("id", int(roles[MOST - 1].id)) if len(roles) > MOST else ("id", 0)
        shown = map(role_assignment, roles)
        found["roleAssignments"] = section(call, "role-assignments", shown, len(roles), lambda: at)
    return found
