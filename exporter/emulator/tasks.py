"""Tasks of the whole site, by filters."""

from __future__ import annotations

from datetime import datetime

from exporter.emulator import answers, shapes
from exporter.emulator.call import Call
from exporter.emulator.content import Task
from exporter.emulator.lookup import answer_items, is_shown, visible_content
from exporter.emulator.reply import Reply, v2_not_found
from exporter.emulator.shapes import Json


def list_tasks(call: Call) -> Reply:
    tasks = [each for each in call.world.tasks.values() if _fits(call, each)]
    return answer_items(call, tasks, lambda item: task(call, item))


def get_task(call: Call) -> Reply:
    found = call.world.tasks.get(str(call.arguments["id"]))
    if found is None or visible_content(call, found.container_id) is None:
        return v2_not_found()
    return Reply(json=answers.based(call, {**task(call, found), "_links": {}}))


def task(call: Call, item: Task) -> Json:
    on = call.world.contents[item.container_id]
    form = call.arguments.get("body-format")
    answer: Json = {
        "id": item.id,
        "localId": item.local_id,
        "spaceId": on.space_id,
        answers.container_field(call, on.id): on.id,
        "status": item.status,
        "body": {} if form is None else shapes.body(item.body, form),
        "createdBy": item.created_by,
        "createdAt": item.created_at,
        "updatedAt": item.updated_at,
    }
    late = {
        "assignedTo": item.assigned_to,
        "dueAt": item.due_at,
        "completedBy": item.completed_by,
        "completedAt": item.completed_at,
    }
    return answer | {name: value for name, value in late.items() if value is not None}


def _fits(call: Call, item: Task) -> bool:
    wanted, on = call.arguments, call.world.contents[item.container_id]
    return (
        is_shown(call, item.container_id)
        and wanted.get("status", item.status) == item.status
        and (wanted.get("include-blank-tasks", True) or bool(item.body))
        and int(item.id) in wanted.get("task-id", (int(item.id),))
        and int(on.space_id) in wanted.get("space-id", (int(on.space_id),))
        and _is_in(call, int(on.id))
        and _by(call, "created-by", item.created_by)
        and _by(call, "assigned-to", item.assigned_to)
        and _by(call, "completed-by", item.completed_by)
        and _between(call, "created-at", item.created_at)
        and _between(call, "due-at", item.due_at)
        and _between(call, "completed-at", item.completed_at)
    )


def _is_in(call: Call, container_id: int) -> bool:
    """Pages and blog posts may be asked for together."""
    names = ("page-id", "blogpost-id")
    asked = [each for name in names for each in call.arguments.get(name, ())]
    return not any(name in call.arguments for name in names) or container_id in asked


def _by(call: Call, name: str, account_id: str | None) -> bool:
    return name not in call.arguments or account_id in call.arguments[name]


def _between(call: Call, name: str, moment: str | None) -> bool:
    start, end = call.arguments.get(f"{name}-from"), call.arguments.get(f"{name}-to")
    if start is None and end is None:
        return True
    if moment is None:
        return False
    at = round(datetime.fromisoformat(moment).timestamp() * 1000)
    return (start is None or start <= at) and (end is None or at <= end)
