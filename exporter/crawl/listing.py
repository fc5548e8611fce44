"""The listing of a space: complete per kind, or it says what it lacks. There is no third thing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from exporter.crawl.evidence import CompleteListing, to_the_end
from exporter.crawl.pool import Job, run_jobs
from exporter.crawl.protocols import Source
from exporter.crawl.report import Report
from exporter.crawl.wanted import PART_OF, Parts, Wanted
from exporter.errors import NotFound, RemoteError, ScopeMissing
from exporter.model import (
    IN_TRASH,
    IN_TREE,
    NODES,
    WITH_BODY,
    ContentInfo,
    FoundContent,
    Held,
    Kind,
    Part,
    Space,
    State,
)
from exporter.progress import Progress

Place = tuple[Kind, str]
HeldByKind = Mapping[Kind, Mapping[str, Held]]

BY_ID = (*NODES, Kind.CUSTOM_CONTENT)
KINDS = (*IN_TREE, Kind.CUSTOM_CONTENT, Kind.TASK, Kind.OTHER)
"""What a space is listed as."""
PARENT_TYPES = frozenset(str(kind) for kind in (Kind.PAGE, *NODES))
STATUSES = frozenset({"current", "archived"})


@dataclass(frozen=True, slots=True)
class SpaceListing:
    """Everything seen of a space, by kind.

    `complete`: the kinds that were listed to the end. `gone`: what was read by its id and is no longer
    in the space. `whole`: no listing broke off and no place in the tree failed, so the tree is as
    Confluence's.
    """

    contents: Mapping[Kind, Sequence[ContentInfo]]
    complete: Mapping[Kind, CompleteListing]
    gone: Mapping[Kind, Mapping[str, State]]
    whole: bool

    @property
    def tree(self) -> list[ContentInfo]:
        """All that has a place in the page tree."""
        return [info for kind in IN_TREE for info in self.contents[kind]]


async def list_space(
    source: Source,
    space: Space,
    held: HeldByKind,
    wanted: Wanted,
    parts: Parts,
    *,
    workers: int,
    report: Report,
    progress: Progress,
) -> SpaceListing:
    """List pages, blog posts, tasks and custom content; search for the rest, which has no listing, and
    read it by id, as all of it that is held.

    What breaks a listing is noted as a fault in `report`; raises `ScopeMissing` when not even
    pages may be listed.
    """
    lister = _Lister(source, space, held, parts, report, progress)
    posts = lister.listing(Kind.BLOGPOST)  # after the pages: without their scope nothing is left to do
    at_once = [lister.listing(Kind.PAGE, posts), lister.listing(Kind.TASK), lister.search]
    await run_jobs(at_once, workers=workers)
    types = {each.type for each in lister.found if ":" in each.type} | set(wanted.custom_content_types)
    for of_type in sorted(types):
        await lister.list_kind(Kind.CUSTOM_CONTENT, of_type=of_type)
    await run_jobs(lister.by_id(), workers=workers)
    if wanted.page is not None:
        await run_jobs(lister.named(wanted.page), workers=workers)
    return lister.result()


class _Lister:
    """One listing under way."""

    def __init__(
        self,
        source: Source,
        space: Space,
        held: HeldByKind,
        parts: Parts,
        report: Report,
        progress: Progress,
    ) -> None:
        self._source, self._space, self._held = source, space, held
        self._parts, self._report, self._progress = parts, report, progress
        self.found: list[FoundContent] = []
        self._contents: dict[Kind, dict[str, ContentInfo]] = {kind: {} for kind in KINDS}
        self._complete: dict[Kind, CompleteListing] = {}
        self._gone: dict[Kind, dict[str, State]] = {kind: {} for kind in BY_ID}
        self._asked: set[Place] = set()
        self._whole = True

    def result(self) -> SpaceListing:
        self._drop_hidden()
        contents: dict[Kind, list[ContentInfo]] = {}
        for kind, infos in self._contents.items():
            contents[kind] = list(infos.values())
            if kind not in WITH_BODY:  # they come by their id
                contents[kind].sort(key=lambda each: each.id)
            self._count_unknown(kind, contents[kind])
        return SpaceListing(contents, self._complete, self._gone, self._whole)

    def _count_unknown(self, kind: Kind, infos: Sequence[ContentInfo]) -> None:
        if kind not in (Kind.TASK, Kind.OTHER):
            self._report.not_known("status", [each.status for each in infos if each.status not in STATUSES])
        if kind in (Kind.PAGE, *NODES):
            types = [each.parent_type for each in infos if each.parent_type is not None]
            self._report.not_known("parent type", [each for each in types if each not in PARENT_TYPES])

    def listing(self, kind: Kind, *then: Job) -> Job:
        async def fetch() -> Iterable[Job]:
            await self.list_kind(kind)
            return then

        return fetch

    async def list_kind(self, kind: Kind, *, of_type: str = "") -> None:
        if not self._is_open(kind):
            self._report.listed(kind, "not asked")
            return
        self._progress.expect("listing", 1)
        rows = self._source.contents(self._space, kind, of_type=of_type)
        try:
            complete = await to_the_end(rows, self._keep)
        except ScopeMissing as exc:
            if kind is Kind.PAGE:
                raise
            self._parts.deny([PART_OF[kind]], exc)
            self._report.listed(kind, "not asked")
        except RemoteError as exc:
            self._whole = self._whole and kind not in IN_TREE
            self._report.faults.append(f"the listing of {kind}s is incomplete: {exc}")
            self._report.listed(kind, "incomplete")
        else:
            if kind is not Kind.CUSTOM_CONTENT:  # of which other types may be held
                self._complete[kind] = complete
            self._report.listed(kind, "complete")
        self._progress.done("listing")

    async def search(self) -> Sequence[Job]:
        """What the index knows: it lags, so it may start a look, and proves nothing."""
        if not self._parts.open(Part.SEARCH):
            self._report.listed(Part.SEARCH, "not asked")
            return ()
        try:
            async for each in self._source.search(self._space):
                self.found.append(each)
        except ScopeMissing as exc:
            self._parts.deny([Part.SEARCH], exc)
            self._report.listed(Part.SEARCH, "not asked")
        except RemoteError as exc:
            self._report.faults.append(f"the search for folders and the like is incomplete: {exc}")
            self._report.listed(Part.SEARCH, "incomplete")
        else:
            self._report.listed(Part.SEARCH, "complete")
        for each in self.found:
            if each.type not in set(NODES) and ":" not in each.type:
                self._contents[Kind.OTHER][each.info.id] = each.info
                self._report.not_known("content type", [each.type])
        return ()

    def by_id(self) -> Sequence[Job]:
        """Everything of the kinds without a listing: what holds pages, was found, or is held."""
        for kind in BY_ID:
            if not self._is_open(kind):
                self._report.listed(kind, "not asked")
        places = {(Kind(each.type), str(each.info.id)) for each in self.found if each.type in set(NODES)}
        for kind in BY_ID:
            places |= {(kind, item) for item in self._held[kind] if item not in self._contents[kind]}
        places |= _places_above([*self._contents[Kind.PAGE].values()])
        return self._read(places)

    def named(self, item_id: str) -> Sequence[Job]:
        """What was asked for by its id: a folder or the like that no page and no search led to."""
        if not self._complete.keys() >= set(WITH_BODY) or any(
            item_id in self._contents[kind] for kind in IN_TREE
        ):
            return []
        return self._read({(kind, item_id) for kind in NODES})

    def _read(self, places: set[Place]) -> Sequence[Job]:
        places -= self._asked
        self._asked |= places
        self._progress.expect("listing", len(places))
        return [self._job(*place) for place in sorted(places)]

    def _job(self, kind: Kind, item_id: str) -> Job:
        async def read() -> Iterable[Job]:
            try:
                info = await self._source.by_id(kind, item_id) if self._is_open(kind) else None
            except NotFound:  # not visible to this token: what is below it is kept as orphans
                self._gone[kind][item_id] = State.GONE
                self._report.listed(kind, "complete")
            except ScopeMissing as exc:
                self._parts.deny([PART_OF[kind]], exc)
                self._report.listed(kind, "not asked")
            except RemoteError as exc:
                self._whole = self._whole and kind not in IN_TREE
                held = self._held[kind].get(item_id)
                self._report.failed(kind, item_id, held.title if held else "", exc)
                self._report.listed(kind, "incomplete")
            else:
                if info is not None:
                    self._report.listed(kind, "complete")
                    return self._take(info)
            finally:
                self._progress.done("listing")
            return ()

        return read

    def _take(self, info: ContentInfo) -> Sequence[Job]:
        state = state_of(info, self._space)
        if state is not None:
            self._gone[info.kind][info.id] = state
            return ()
        self._contents[info.kind][info.id] = self._kept(info)
        return self._read(_places_above([info]))

    def _drop_hidden(self) -> None:
        """Custom content goes and comes with what it is in; it may be in the space itself."""
        if not self._complete.keys() >= set(WITH_BODY):
            return
        customs = self._contents[Kind.CUSTOM_CONTENT]
        shown = {None, *self._contents[Kind.PAGE], *self._contents[Kind.BLOGPOST]}
        waiting = list(customs.values())
        while found := [info for info in waiting if info.parent_id in shown]:
            shown.update(info.id for info in found)
            waiting = [info for info in waiting if info.id not in shown]
        for info in waiting:
            del customs[info.id]

    def _is_open(self, kind: Kind) -> bool:
        return kind is Kind.PAGE or self._parts.open(PART_OF[kind])

    def _keep(self, info: ContentInfo) -> None:
        self._contents[info.kind][info.id] = self._kept(info)

    def _kept(self, info: ContentInfo) -> ContentInfo:
        """Without the bytes that nobody will need: those of new and changed pages come again with the
        body, and a hundred thousand of them are what a run's memory is made of."""
        have = self._held[info.kind].get(info.id)
        needed = info.kind not in WITH_BODY if have is None else have.digest != info.digest
        return info if needed else replace(info, metadata=b"")


def state_of(info: ContentInfo, space: Space) -> State | None:
    """What became of something that was read by its id; None where it is where it was."""
    if info.status in IN_TRASH:
        return State.DELETED
    if info.space_id and info.space_id != space.id:
        return State.MOVED
    return None


async def look_up_missing(
    source: Source, space: Space, kind: Kind, missing: Mapping[str, Held], report: Report
) -> dict[str, State]:
    """What became of pages, blog posts or tasks that a complete listing lacks.

    What was missing before is looked up in bulk only. A listing that lacks what is there is a fault; so is
    a look-up that fails, of which nothing follows but that what was out of sight still is.
    """
    if kind is Kind.TASK:  # nothing says more of a task than the listing
        return dict.fromkeys(missing, State.GONE)
    news = [item_id for item_id, have in missing.items() if have.missing_since is None]
    others = [item_id for item_id, have in missing.items() if have.missing_since is not None]
    try:
        seen = {
            **(await source.look_up(kind, news) if news else {}),
            **(await source.look_up(kind, others, alone=False) if others else {}),
        }
    except RemoteError as exc:
        report.faults.append(f"what became of {len(missing)} missing {kind}s could not be found out: {exc}")
        # What was in the trash may be back, and hidden: what former nights saw is no proof in this one.
        return {item_id: State.GONE for item_id, have in missing.items() if have.state is State.GONE}
    states: dict[str, State] = {}
    for item_id in missing:
        info = seen.get(item_id)
        state = state_of(info, space) if info is not None else State.GONE
        if state is not None:
            states[item_id] = state
        elif info is not None and info.status not in STATUSES:
            report.not_known("status", [info.status])
        else:
            report.faults.append(f"the listing of {kind}s left out {item_id}, which is there: it is kept")
    return states


def _places_above(infos: Iterable[ContentInfo]) -> set[Place]:
    """The parents, where they are of a kind that no listing shows."""
    return {place for info in infos if (place := _place_above(info))}


def _place_above(info: ContentInfo) -> Place | None:
    if info.kind not in IN_TREE or info.parent_id is None or info.parent_type not in set(NODES):
        return None
    if not (info.parent_id.isascii() and info.parent_id.isdigit()):  # no id: nothing to ask for
        return None
    return Kind(info.parent_type), info.parent_id
