"""What a run may take out of the mirror, and what it must: told from the world, not from the program."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from exporter.crawl.evidence import Candidate
from exporter.emulator import Space, World
from exporter.summary import SpaceRun
from tests.end_to_end.disk import Item, Key

HALF_A_DAY = timedelta(hours=12)
LISTED = ("current", "archived")
CONTENTS = ("page", "blogpost", "folder", "whiteboard", "database", "embed")
ONLY_SHOWN = ("comment", "task", "attachment")


@dataclass(frozen=True, slots=True)
class Night:
    """One run: when it began, what was recorded before and after, and what the trash held then."""

    now: datetime
    before: Mapping[Key, Item]
    after: Mapping[Key, Item]
    trash: set[str]
    run: SpaceRun
    is_clean: bool  # nothing failed, and the token saw all that it ever sees

    @property
    def gone(self) -> dict[Key, Item]:
        return {key: item for key, item in self.before.items() if key not in self.after}


@dataclass
class Oracle:
    """Judges one night after the other. `absent` says since which night something recorded has not been in
    the world, `unshown` since which clean one a container that was shown has lacked it."""

    world: World
    space: Space
    absent: dict[Key, datetime] = field(default_factory=dict)
    unshown: dict[Key, datetime] = field(default_factory=dict)

    def wrong(self, night: Night) -> list[str]:
        """Every deletion that should not have been, and every one that is missing."""
        self._note(night)
        found = [f"{key} was retired, but is in the space" for key in night.gone if self.has(key)]
        for each in night.run.report.retired:
            found += self._unproved(each, night)
        found += self._without_reason(night)
        found += self._lost(night)
        found += self._too_many(night)
        if night.is_clean:
            found += self._overlooked(night)
        return found

    # --- the world --------------------------------------------------------------------

    def has(self, key: Key) -> bool:
        """Whether it is in the space at this moment, shown to the token or not."""
        kind, item_id = key
        if kind in CONTENTS:
            content = self.world.contents.get(item_id)
            return content is not None and content.status in LISTED and content.space_id == self.space.id
        if kind == "attachment":
            file = self.world.attachments.get(item_id)
            return file is not None and file.status in LISTED and self._has_container(file.container_id)
        if kind == "comment":
            comment = self.world.comments.get(item_id)
            return comment is not None and self._has_container(comment.container_id)
        if kind == "task":
            task = self.world.tasks.get(item_id)
            return task is not None and self._has_container(task.container_id)
        if kind == "custom-content":
            custom = self.world.customs.get(item_id)
            return (
                custom is not None
                and custom.status in LISTED
                and self._has_container(custom.container_id or "")
            )
        return True  # the space itself, its people: never to be retired

    def _has_container(self, container: str) -> bool:
        return any(self.has((kind, container)) for kind in self._kinds(container))

    def _kinds(self, item_id: str) -> Iterable[str]:
        if content := self.world.contents.get(item_id):
            yield content.kind
        if item_id in self.world.attachments:
            yield "attachment"
        if item_id in self.world.customs:
            yield "custom-content"

    def shows(self, container: str | None) -> bool:
        """Whether the token sees this page, blog post or attachment in the space."""
        if file := self.world.attachments.get(container or ""):
            return file.status in LISTED and self.shows(file.container_id)
        if custom := self.world.customs.get(container or ""):
            return custom.status in LISTED and self.shows(custom.container_id)
        content = self.world.contents.get(container or "")
        return content is not None and not content.hidden and self.has((content.kind, content.id))

    # --- what may not be --------------------------------------------------------------

    def _note(self, night: Night) -> None:
        for key, item in night.before.items():
            if self.has(key):
                self.absent.pop(key, None)
            else:
                self.absent.setdefault(key, night.now)
            if self.has(key) or key in night.gone or not self.shows(item.container):
                self.unshown.pop(key, None)
            elif night.is_clean:
                self.unshown.setdefault(key, night.now)

    def _unproved(self, each: Candidate, night: Night) -> list[str]:
        """Where the reason that the run gives isn't so."""
        what = f"{each.kind} {each.id} was retired as {each.reason!r}"
        key = (str(each.kind), each.id)
        if each.reason == "deleted":
            thing = (
                self.world.contents.get(each.id)
                or self.world.attachments.get(each.id)
                or self.world.customs.get(each.id)
            )
            return [] if thing is not None and thing.status == "trashed" else [f"{what}, but isn't trashed"]
        if each.reason == "no longer shown":
            since = self.absent.get(key, night.now)
            if each.kind not in ONLY_SHOWN:
                return [f"{what}, which is no proof against it"]
            if night.now - since < HALF_A_DAY:
                return [f"{what}, although it was still there at {since}, and it is {night.now}"]
            return []
        return [] if each.reason == "moved" and not self.has(key) else [f"{what}, but wasn't"]

    def _without_reason(self, night: Night) -> list[str]:
        """What left without being named, nor being on anything that was."""
        named = {(str(each.kind), each.id) for each in night.run.report.retired}
        ids = {item_id for _, item_id in named}
        found = []
        for key in night.gone:
            at = night.before.get(key)
            above = set[str]()
            while at is not None and at.container is not None:
                above.add(at.container)
                at = next((item for (_, i), item in night.before.items() if i == at.container), None)
            if key not in named and ids.isdisjoint(above):
                found.append(f"{key} left without a word")
        return found

    def _lost(self, night: Night) -> list[str]:
        """What is no longer recorded and in no trash."""
        return [
            f"{path} of {key} is in no trash"
            for key, item in night.gone.items()
            for path, _, _ in item.files.values()
            if path not in night.trash and not any(each.startswith(path + ".") for each in night.trash)
        ]

    def _too_many(self, night: Night) -> list[str]:
        """The guard: more than 10 and more than a tenth of a kind, which nobody accepted."""
        counts = Counter(str(each.kind) for each in night.run.report.retired)
        recorded = Counter(kind for kind, _ in night.after.keys() | night.before.keys())
        return [
            f"{count} of {recorded[kind]} {kind}s were retired at once"
            for kind, count in counts.items()
            if count > 10 and count * 10 > recorded[kind]
        ]

    # --- what must be -----------------------------------------------------------------

    def _overlooked(self, night: Night) -> list[str]:
        """What a clean night should have retired. Without a page that answers nothing is, nor is anything
        of a kind that the space no longer shows at all."""
        shown = Counter[str](each.kind for each in self.world.contents.values() if self.shows(each.id))
        if not shown["page"]:
            return []
        withheld = {(str(each.kind), each.id) for each in night.run.report.withheld}
        return [
            f"{key} should have been retired"
            for key, item in night.after.items()
            if key not in withheld and self._is_proved(key, item, night, shown)
        ]

    def _is_proved(self, key: Key, item: Item, night: Night, shown: Mapping[str, int]) -> bool:
        kind, item_id = key
        if self.has(key):
            return False
        if kind in CONTENTS:
            content = self.world.contents.get(item_id)
            by_list = kind in ("page", "blogpost")
            return content is not None and not content.hidden and bool(shown[kind] or not by_list)
        if kind not in ("comment", "attachment") or not self.shows(item.container):
            return False
        file = self.world.attachments.get(item_id)
        since = self.unshown.get(key, night.now)
        return file is not None or night.now - since >= HALF_A_DAY
