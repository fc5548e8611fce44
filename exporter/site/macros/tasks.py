"""The macro that lists tasks of the space, in a table."""

from __future__ import annotations

from exporter.site.body import storage_format
from exporter.site.body.document import Link, Macro, Table, Time, UserRef
from exporter.site.items import Item, Task
from exporter.site.macros.lists import cell, element, header_row, none_found, to_item
from exporter.site.macros.reports import in_context
from exporter.site.macros.shown import MIRROR, Context, Nodes, Shown, Use

_COLUMNS = "Description", "Due date", "Assignee", "Task appears on"


def _tasks_report(use: Use) -> Nodes:
    library = use.context.library
    tasks = [(task, library.item(task.page)) for task in library.all_tasks()]
    chosen = [(task, item) for task, item in tasks if item is not None and _is_chosen(use.macro, task, item)]
    match use.macro.text("sortBy").lower():
        case "assignee":
            chosen.sort(key=lambda each: each[0].assignee or "")
        case "page title" | "location":
            chosen.sort(key=lambda each: each[1].title.casefold())
        case _:  # those that are due first, those that never are at the end
            chosen.sort(key=lambda each: (not each[0].due, each[0].due))
    if use.macro.text("reverseSort") == "true":
        chosen.reverse()
    if not chosen:
        return none_found("No tasks.")
    rows = [element("tr", *_cells(task, item, use.context)) for task, item in chosen]
    return (Table("", False, (), (element("tbody", header_row(_COLUMNS), *rows),)),)


def _is_chosen(macro: Macro, task: Task, item: Item) -> bool:
    states, people, labels = (_listed(macro, name) for name in ("status", "assignees", "labels"))
    return (
        ("complete" if task.done else "incomplete") in (states or {"incomplete"})
        and (not people or task.assignee in people)
        and (not labels or bool(labels & {*item.labels}))
    )


def _listed(macro: Macro, parameter: str) -> set[str]:
    found = macro.parameters.get(parameter)
    users = {ref.account_id for ref in found.refs if isinstance(ref, UserRef)} if found else set()
    return users | {*macro.text(parameter).replace(",", " ").split()}


def _cells(task: Task, item: Item, context: Context) -> Nodes:
    described = in_context(item, storage_format.parse(task.body).document.children, context)
    due: Nodes = (Time(task.due[:10]),) if task.due else ()
    assignee: Nodes = (Link(UserRef(task.assignee), "", "", "", ()),) if task.assignee else ()
    return (cell(described), cell(due), cell(assignee), cell((to_item(item),)))


TASKS = {"tasks-report-macro": Shown(MIRROR, _tasks_report), "tasks-report": Shown(MIRROR, _tasks_report)}
