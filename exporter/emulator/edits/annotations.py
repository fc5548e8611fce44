"""What is pinned to things: labels, properties, likes, restrictions, permissions of a space."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

from exporter.emulator.content import (
    Comment,
    Content,
    Label,
    LabelPrefix,
    Permission,
    PrincipalType,
    Property,
    Restriction,
    RoleAssignment,
    Space,
    User,
    Version,
)
from exporter.emulator.edits.account import account
from exporter.emulator.store import Operation, Store, Thing, id_of


class Annotations(Store):
    """Nothing here makes a new version of the thing itself."""

    # --- labels -----------------------------------------------------------------------

    def add_label(self, thing: Thing | str, name: str, *, prefix: LabelPrefix = "global") -> Label:
        """Label a page, blog post, attachment, custom content or space (there: ``team`` or ``my``)."""
        moment = self._changed()
        label = self.site_labels.get((prefix, name))
        if label is None:
            label = self.site_labels[prefix, name] = Label(self.new_id(), name, prefix, moment)
        self.labels.setdefault(id_of(thing), {})[prefix, name] = label
        return label

    def remove_label(self, thing: Thing | str, name: str, *, prefix: LabelPrefix = "global") -> None:
        self._changed()
        del self.labels[id_of(thing)][prefix, name]

    # --- properties -------------------------------------------------------------------

    def set_property(
        self, thing: Thing | str, key: str, value: Any, *, author: User | str | None = None
    ) -> Property:
        """Set it anew, or to its next version."""
        moment = self._changed()
        author_id = self.me.account_id if author is None else account(author)
        held = self.properties.setdefault(id_of(thing), {})
        before = held.get(key)
        if before is None:
            held[key] = Property(self.new_id(), key, value, Version(1, moment, author_id), moment, author_id)
        else:
            version = Version(before.version.number + 1, moment, author_id)
            held[key] = replace(before, value=value, version=version)
        return held[key]

    def remove_property(self, thing: Thing | str, key: str) -> None:
        self._changed()
        del self.properties[id_of(thing)][key]

    # --- likes ------------------------------------------------------------------------

    def like(self, thing: Content | Comment | str, user: User | str | None = None) -> None:
        self._changed()
        self.likes.setdefault(id_of(thing), {})[self._who(user)] = None

    def unlike(self, thing: Content | Comment | str, user: User | str | None = None) -> None:
        self._changed()
        del self.likes[id_of(thing)][self._who(user)]

    # --- restrictions -----------------------------------------------------------------

    def set_restriction(
        self,
        content: Content | str,
        operation: Operation,
        *,
        users: Sequence[User | str] = (),
        groups: Sequence[str] = (),
    ) -> None:
        """Only they may; nobody named: everybody may again.

        This is what the API shows of a restriction. To hide content from the token, use
        ``restrict``: the world does not work out who is in which group.
        """
        self._changed()
        held = self.restrictions.setdefault(id_of(content), {})
        held.pop(operation, None)
        if users or groups:
            held[operation] = Restriction(tuple(account(each) for each in users), tuple(groups))

    # --- spaces -----------------------------------------------------------------------

    def grant(
        self,
        space: Space | str,
        principal_type: PrincipalType,
        principal_id: str,
        key: str = "read",
        target_type: str = "space",
    ) -> Permission:
        self._changed()
        permission = Permission(self.new_id(), principal_type, principal_id, key, target_type)
        self.permissions.setdefault(id_of(space), {})[permission.id] = permission
        return permission

    def revoke(self, space: Space | str, permission: Permission | str) -> None:
        self._changed()
        gone = permission if isinstance(permission, str) else permission.id
        del self.permissions[id_of(space)][gone]

    def assign_role(
        self,
        space: Space | str,
        principal_type: Literal["USER", "GROUP", "ACCESS_CLASS"],
        principal_id: str,
        role_id: str,
    ) -> RoleAssignment:
        self._changed()
        assignment = RoleAssignment(self.new_id(), principal_type, principal_id, role_id)
        self.role_assignments.setdefault(id_of(space), {})[assignment.id] = assignment
        return assignment

    def unassign_role(self, space: Space | str, assignment: RoleAssignment | str) -> None:
        self._changed()
        gone = assignment if isinstance(assignment, str) else assignment.id
        del self.role_assignments[id_of(space)][gone]

    # --- inside -----------------------------------------------------------------------

    def _changed(self) -> str:
        self.revision += 1
        return self.tick()

    def _who(self, user: User | str | None) -> str:
        return self.me.account_id if user is None else account(user)
