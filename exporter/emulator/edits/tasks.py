"""Tasks of pages and blog posts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from exporter.emulator.content import Content, Task, User
from exporter.emulator.edits.account import account
from exporter.emulator.store import Store, id_of


class Tasks(Store):
    """Bodies know nothing of these tasks, and ticking one off makes no version of its page."""

    def add_task(
        self,
        container: Content | str,
        body: str,
        *,
        by: User | str | None = None,
        assigned_to: User | str | None = None,
        due_at: str | None = None,
        local_id: str | None = None,
    ) -> Task:
        on = self.content(container)
        if on.kind not in ("page", "blogpost"):
            raise ValueError(f"{on.id} takes no tasks")
        moment = self.tick()
        count = sum(each.container_id == on.id for each in self.tasks.values())
        return self._put_task(
            Task(
                id=self.new_id(),
                local_id=local_id or str(count + 1),
                container_id=on.id,
                body=body,
                created_by=self.me.account_id if by is None else account(by),
                created_at=moment,
                updated_at=moment,
                assigned_to=None if assigned_to is None else account(assigned_to),
                due_at=due_at,
            )
        )

    def complete_task(self, task: Task | str, *, by: User | str | None = None) -> Task:
        moment = self.tick()
        by_id = self.me.account_id if by is None else account(by)
        done = {"status": "complete", "completed_by": by_id, "completed_at": moment}
        return self._change_task(task, moment, done)

    def reopen_task(self, task: Task | str) -> Task:
        undone = {"status": "incomplete", "completed_by": None, "completed_at": None}
        return self._change_task(task, self.tick(), undone)

    def edit_task(self, task: Task | str, **fields: Any) -> Task:
        """``body``, ``assigned_to`` (an account id or None) or ``due_at``."""
        return self._change_task(task, self.tick(), fields)

    def remove_task(self, task: Task | str) -> None:
        self.tick()
        self.revision += 1
        del self.tasks[id_of(task)]

    def task(self, task: Task | str) -> Task:
        """The task as it is now."""
        return self.tasks[id_of(task)]

    def _change_task(self, task: Task | str, moment: str, fields: dict[str, Any]) -> Task:
        return self._put_task(replace(self.task(task), updated_at=moment, **fields))

    def _put_task(self, task: Task) -> Task:
        self.revision += 1
        self.tasks[task.id] = task
        return task
