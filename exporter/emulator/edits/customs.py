"""Custom content, which apps keep in pages and spaces."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from exporter.emulator.content import Content, CustomContent, Space, Version
from exporter.emulator.store import Store, id_of


class Customs(Store):
    """No change of custom content makes a new version of its page."""

    def add_custom_content(
        self,
        container: Content | CustomContent | Space | str,
        type: str,  # noqa: A002  # the API's word
        title: str,
        body: str | Callable[[], str] = "",
        **fields: Any,
    ) -> CustomContent:
        """``type`` is such as ``ac:app-key:kind``; ``form="storage"`` for a body that is no plain text."""
        container_id = id_of(container)
        held = self.contents.get(container_id) or self.customs.get(container_id)
        author = fields.setdefault("author_id", self.me.account_id)
        moment = fields.setdefault("created_at", self.tick())
        fields.setdefault("version", Version(1, moment, author))
        return self._put_custom(
            CustomContent(
                id=fields.pop("id", None) or self.new_id(),
                type=type,
                space_id=self.spaces[container_id].id if held is None else held.space_id,
                container_id=None if held is None else held.id,
                title=title,
                body=(lambda: body) if isinstance(body, str) else body,
                **fields,
            )
        )

    def edit_custom_content(
        self,
        custom: CustomContent | str,
        body: str | Callable[[], str] | None = None,
        *,
        title: str | None = None,
    ) -> CustomContent:
        before = self.custom(custom)
        version = Version(before.version.number + 1, self.tick(), self.me.account_id)
        return self._put_custom(
            replace(
                before,
                title=before.title if title is None else title,
                body=before.body if body is None else (lambda: body) if isinstance(body, str) else body,
                version=version,
                past=(*before.past, replace(before, past=())),
            )
        )

    def trash_custom_content(self, custom: CustomContent | str) -> CustomContent:
        self.tick()
        return self._put_custom(replace(self.custom(custom), status="trashed"))

    def delete_custom_content(self, custom: CustomContent | str) -> None:
        """Gone for good, with its attachments and comments."""
        self.tick()
        self.revision += 1
        gone = self.custom(custom)
        self.customs_in[gone.container_id or gone.space_id].pop(gone.id)
        self.drop_attachments(gone.id)
        self.drop(gone.id)
        del self.customs[gone.id]

    def custom(self, custom: CustomContent | str) -> CustomContent:
        """The custom content as it is now."""
        return self.customs[id_of(custom)]

    def _put_custom(self, custom: CustomContent) -> CustomContent:
        self.revision += 1
        self.customs[custom.id] = custom
        self.customs_in.setdefault(custom.container_id or custom.space_id, {})[custom.id] = None
        return custom
