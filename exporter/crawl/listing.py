"""The listing of a space: complete, or it says what it lacks. There is no third thing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from exporter.crawl.pool import Job, run_jobs
from exporter.crawl.protocols import Source
from exporter.crawl.report import Report
from exporter.errors import NotFound, RemoteError, ScopeMissing
from exporter.model import PARENTS_ONLY, WITH_BODY, ContentId, ContentInfo, Held, Kind, SpaceId
from exporter.progress import Progress

Place = tuple[Kind, ContentId]


@dataclass(frozen=True, slots=True)
class SpaceListing:
    """Everything seen of a space, by kind, and the kinds whose listing is complete.

    ``whole``: no listing broke off and no place in the tree failed, so the tree is as Confluence's.
    """

    contents: dict[Kind, list[ContentInfo]]
    complete: frozenset[Kind]
    whole: bool

    @property
    def everything(self) -> list[ContentInfo]:
        return [info for infos in self.contents.values() for info in infos]


async def list_space(
    source: Source,
    space: SpaceId,
    held: Mapping[Kind, Mapping[str, Held]],
    *,
    workers: int,
    report: Report,
    progress: Progress,
) -> SpaceListing:
    """List pages and blog posts, and read the nodes that hold pages, which have no listing.

    Only where `held` has an item with other metadata are its bytes kept: with new and changed ones they
    come again with the body, and a hundred thousand of them are what a run's memory is made of.

    What breaks a listing is noted as a fault in `report`; raises `ScopeMissing` when not even
    pages may be listed.
    """
    contents: dict[Kind, list[ContentInfo]] = {}
    complete = set()
    for kind in WITH_BODY:
        contents[kind] = []
        progress.expect("listing", 1)
        try:
            async for info in source.contents(space, kind):
                have = held[kind].get(info.id)
                keep = have is not None and have.metadata_sha256 != info.digest
                contents[kind].append(info if keep else replace(info, metadata=b""))
            complete.add(kind)
        except ScopeMissing:
            raise
        except RemoteError as exc:
            report.faults.append(f"the listing of {kind}s is incomplete: {exc}")
        progress.done("listing")
    nodes = _Nodes(source, held, report, progress)
    await run_jobs(nodes.above(contents[Kind.PAGE]), workers=workers)
    for kind in PARENTS_ONLY:
        contents[kind] = sorted((node for node in nodes.found if node.kind is kind), key=lambda node: node.id)
    whole = complete.issuperset(WITH_BODY) and not nodes.failed
    return SpaceListing(contents, frozenset(complete), whole)


class _Nodes:
    """The folders and the like above some content, each read once, and those above them in turn."""

    def __init__(
        self,
        source: Source,
        held: Mapping[Kind, Mapping[str, Held]],
        report: Report,
        progress: Progress,
    ) -> None:
        self.found: list[ContentInfo] = []
        self.failed = False
        self._source, self._held, self._report, self._progress = source, held, report, progress
        self._known: set[Place] = set()
        self._denied: set[Kind] = set()

    def above(self, infos: Iterable[ContentInfo]) -> Sequence[Job]:
        places = {place for info in infos if (place := _place_above(info))} - self._known
        self._known |= places
        self._progress.expect("listing", len(places))
        return [self._job(place) for place in sorted(places)]

    def _job(self, place: Place) -> Job:
        async def read() -> Iterable[Job]:
            kind, node_id = place
            try:
                if kind in self._denied:
                    return ()
                node = await self._source.node(kind, node_id)
            except NotFound:  # not visible to this token: what is below it is kept as orphans
                return ()
            except ScopeMissing as exc:
                self._denied.add(kind)
                self._report.deny(exc)
                return ()
            except RemoteError as exc:
                self.failed = True
                held = self._held[kind].get(node_id)
                self._report.failed(kind, node_id, held.title if held else "", exc)
                return ()
            finally:
                self._progress.done("listing")
            self.found.append(node)
            return self.above([node])

        return read


def _place_above(info: ContentInfo) -> Place | None:
    """The parent, where it is of a kind that no listing shows."""
    if info.parent_id is None or info.parent_type not in PARENTS_ONLY:
        return None
    if not (info.parent_id.isascii() and info.parent_id.isdigit()):  # no id: nothing to ask for
        return None
    return Kind(info.parent_type), info.parent_id
