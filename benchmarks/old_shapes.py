"""What the old content API shows of an item: the emulator's own v1, and what only the old API had."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from benchmarks.old_view import view
from exporter.emulator import Attachment, Comment, Content, Label, Space, answers, found
from exporter.emulator.call import Call
from exporter.emulator.found import EXPANDED, Found
from exporter.emulator.shapes import Json

BASE = "/rest/api"
RENDERED = ("view", "export_view", "styled_view", "editor2")


class Shapes:
    """Items for one request; ``expand`` as it was asked for, where unknown parts count for nothing.

    What may be expanded and wasn't stands in ``_expandable``, the space's address among it: clients take
    the key of the space from there.
    """

    def __init__(self, call: Call, expand: Collection[str], titles: Mapping[str, str]) -> None:
        self._call, self._world, self._titles = call, call.world, titles
        above = (each.rsplit(".", 1)[0] for each in expand if each.startswith("history."))
        self._expand = frozenset([*expand, *above])  # who made it is in the history that it names

    def content(self, item: Found) -> Json:
        within: Any = item
        while isinstance(within, Attachment | Comment):
            within = found.container(self._call, within)
        answer = self._with_space(found.content(self._call, item, self._expand & EXPANDED), within)
        if "container.ancestors" in self._expand and within is not item:
            answer["container"] = self._with_space(found.content(self._call, within, ("ancestors",)), within)
        if isinstance(item, Attachment):
            answer["metadata"] = {"mediaType": item.media_type, "comment": item.comment}
            answer["_links"]["download"] = answers.attachment(self._call, item)["_links"]["download"]
        elif isinstance(item, Content):
            answer["_links"] |= answers.content_links(self._call, item)
        return answer | self._rendered(item, answer)

    def space(self, item: Space) -> Json:
        home = self._world.contents.get(item.homepage_id or "")
        address = f"{BASE}/space/{item.key}"
        answer: Json = {
            "id": int(item.id),
            "key": item.key,
            "alias": item.alias,
            "name": item.name,
            "type": item.type,
            "status": item.status,
            "_expandable": {"homepage": f"{BASE}/content/{item.homepage_id}"},
            "_links": {"webui": f"/spaces/{item.alias}", "self": f"{self._call.base}{address}"},
        }
        if "homepage" in self._expand and home is not None:
            answer |= {"homepage": found.content(self._call, home, ()), "_expandable": {}}
        if "description.plain" in self._expand:
            answer["description"] = {"plain": {"value": item.description, "representation": "plain"}}
        return answer

    def _with_space(self, answer: Json, within: Any) -> Json:
        """``answer`` with the way to its space, in it and in what is in it."""
        space = {"space": f"{BASE}/space/{self._world.spaces[within.space_id].key}"}
        answer["_expandable"] = {} if "space" in answer else space
        for each in (*answer.get("ancestors", ()), answer.get("container", {})):
            each["_expandable"] = space
        return answer

    def _rendered(self, item: Found, answer: Json) -> Json:
        forms = [form for form in RENDERED if f"body.{form}" in self._expand]
        if not forms or isinstance(item, Attachment) or item.body is None:
            return {}
        value = view(self._call, item.id, item.body(), self._titles)
        bodies = {form: {"value": value, "representation": form} for form in forms}
        return {"body": {**answer.get("body", {}), **bodies}}


def label(item: Label) -> Json:
    return {"prefix": item.prefix, "name": item.name, "id": item.id, "label": item.name}
