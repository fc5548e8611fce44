"""Model histories: what people, permissions and outages do to a space, night by night, and a verdict on each.

One source of chance makes one history, so that a seed is enough to see it again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

from exporter.app import Options
from exporter.emulator import FULL_SCOPES, Emulator, Fault
from exporter.emulator.faults import FaultKind
from exporter.emulator.switches import Switches
from exporter.errors import Exit
from exporter.summary import SpaceRun
from tests.end_to_end.disk import Item, Key, SpaceOnDisk
from tests.end_to_end.oracle import Night, Oracle
from tests.end_to_end.remote import APP, Remote
from tests.end_to_end.running import TOKEN, FastClock, mirror_here
from tests.end_to_end.test_incremental import changes
from tests.end_to_end.views import View, in_mirror, in_world

FULL = True  # whether each run asks page by page
HOURS = (1, 5, 11, 13, 24, 24, 30, 60)
"""Between two runs; two listings prove something when they are 12 hours apart."""

REQUESTS = (
    "", "", r"/pages", r"/blogposts", r"/spaces/\d+/", r"/pages\?id=", r"attachments", r"/attachments/att",
    r"comments", r"/children", r"/tasks", r"/custom-content", r"/(folders|whiteboards|databases|embeds)/",
    r"/user", r"/spaces\?", r"/search", r"/download", r"/restriction",
)  # fmt: skip
STATUSES = (400, 403, 404, 404, 410, 429, 500, 502, 503)
BROKEN: tuple[FaultKind, ...] = (
    "not_json", "login_page", "reset", "cut", "duplicates", "repeat_cursor", "short_page", "empty_page",
    "stuck_list", "results",
)  # fmt: skip


class WrongDeletion(AssertionError):
    """Something was retired that should not have been, or kept that should not; or worse."""


@dataclass
class TwinClock(FastClock):
    """Both sides' clocks: a run's waits pass in Confluence, too, or this machine's would look wrong."""

    switches: Switches = field(default_factory=Switches)

    def go_on(self, hours: float) -> None:
        self.ahead += hours * 3600
        self.switches.clock_ahead = self.ahead

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        self.switches.clock_ahead = self.ahead


@dataclass
class Played:
    """What a history came to, so that a campaign can tell that it tried what it was made for."""

    nights: int = 0
    clean: int = 0
    retired: int = 0
    withheld: int = 0
    marked: int = 0  # missing, without any proof
    exits: set[Exit] = field(default_factory=set)

    def __iadd__(self, other: Played) -> Played:
        for name in ("nights", "clean", "retired", "withheld", "marked"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.exits |= other.exits
        return self


async def play(draw: Random) -> Played:
    """One history from its beginning to a last clean night. Raises `WrongDeletion` with all that happened."""
    remote = Remote(draw, is_large=draw.random() < 0.08)
    with tempfile.TemporaryDirectory() as folder:
        async with Emulator(remote.world, [TOKEN]) as emulator:
            history = _History(draw, remote, emulator, Path(folder))
            await history.night(clean=True)
            for _ in range(draw.randint(1, 4)):
                await history.night(clean=draw.random() < 0.5)
            history.restore_all()
            await history.night(clean=True, quiet=True)
            if draw.random() < 0.3 and FULL:
                await history.again()
            return history.played


class _History:
    def __init__(self, draw: Random, remote: Remote, emulator: Emulator, out: Path) -> None:
        self.draw, self.remote, self.emulator, self.out = draw, remote, emulator, out
        self.clock = TwinClock(switches=emulator.switches)
        self.held = SpaceOnDisk(out / "ENG")
        self.oracle = Oracle(remote.world, remote.space)
        self.sore = draw.choice(REQUESTS)  # what fails in more than one night, as it does in real outages
        self.played = Played()

    def restore_all(self) -> None:
        world = self.remote.world
        for content in list(world.contents.values()):
            if content.hidden:
                world.unrestrict(content)
            if content.status == "trashed":
                world.restore(content)
        self.remote.tell("restore everything")

    async def night(self, *, clean: bool, quiet: bool = False) -> None:
        """Some changes, then a run: a clean one, or one that something goes wrong in."""
        if not quiet:
            for _ in range(self.draw.randint(1, 6)):
                self.remote.change()
        self.clock.go_on(self.draw.choice(HOURS))
        before = self._items()
        now = self.clock.now()
        run = await (self._clean() if clean else self._troubled())
        told = f"— night of {now:%d. %H:%M}, {'clean' if clean else 'troubled'}: {run.exit.name}"
        retired = [f"{each.kind} {each.id} {each.reason}" for each in run.report.retired]
        self.remote.tell(told, *(["retired", retired] if retired else []))
        self._judge(Night(now, before, self._items(), self._trash(), run, clean))
        self._count(run, clean=clean)

    async def again(self) -> None:
        """Nothing changed, so nothing is done."""
        before = self.held.contents()
        run = await self._clean()
        done = {key: count for key, count in changes(run).items() if key[1] != "missing"}
        if done or self.held.contents() != before:
            raise WrongDeletion("\n".join([*self.remote.told, f"nothing changed, and yet: {done}"]))

    def _judge(self, night: Night) -> None:
        if night.run.exit is Exit.INTERRUPTED:
            raise KeyboardInterrupt
        found = self.oracle.wrong(night)
        if night.run.exit is Exit.BUG:
            found.append(f"a bug: {night.run.error}")
        if night.is_clean:
            found += self._differences(night.run)
        try:
            self.held.assert_whole()
        except AssertionError as exc:
            found.append(f"torn: {exc}")
        except FileNotFoundError as exc:
            if night.after:
                found.append(f"not there: {exc}")
        if found:
            raise WrongDeletion("\n".join([*self.remote.told, *found]))

    def _differences(self, run: SpaceRun) -> list[str]:
        found = []
        if run.exit not in (Exit.OK, Exit.WITHHELD):
            found.append(f"a clean night ended with {run.exit.name}: {run.problems()}")
        mirror, world = in_mirror(self.held), in_world(self.remote.world, self.remote.space)
        if not FULL:
            mirror, world = _seen_at_once(mirror), _seen_at_once(world)
        if mirror != world:
            keys = [key for key in mirror.keys() | world.keys() if mirror.get(key) != world.get(key)]
            found += [f"{key}: {mirror.get(key)} instead of {world.get(key)}" for key in sorted(keys)]
        return found

    def _count(self, run: SpaceRun, *, clean: bool) -> None:
        self.played += Played(
            1, clean, len(run.report.retired), len(run.report.withheld), len(run.report.newly_missing),
            {run.exit},
        )  # fmt: skip

    def _items(self) -> dict[Key, Item]:
        return self.held.items() if (self.held.folder / "manifest.sqlite").exists() else {}

    def _trash(self) -> set[str]:
        """What is in the trash, by its path without the day."""
        trash = self.held.folder / "trash"
        return {"/".join(path.relative_to(trash).parts[1:]) for path in trash.rglob("*") if path.is_file()}

    # --- runs -------------------------------------------------------------------------

    async def _clean(self) -> SpaceRun:
        return await mirror_here(
            self.emulator, self.out, clock=self.clock, custom_content_types=APP, **self._ways()
        )

    async def _troubled(self) -> SpaceRun:
        """An outage of a part, or a token that sees less, or both; gone again when the night is over. Some
        only note what they see: that is no proof in a later night."""
        options = Options(accept_deletions=self.draw.choice((0, 0, 0, 5)))
        delete = self.draw.random() < 0.8
        with self._outage(self.draw.random() < 0.7), self._blindness(self.draw.random() < 0.5):
            return await mirror_here(
                self.emulator,
                self.out,
                clock=self.clock,
                options=options,
                delete=delete,
                custom_content_types=APP,
                **self._ways(),
            )

    def _ways(self) -> dict[str, Any]:
        return {"full": True} if FULL else {"full": False, "check_within": 2}

    @contextmanager
    def _outage(self, is_on: bool) -> Iterator[None]:
        faults = [self._fault() for _ in range(self.draw.randint(1, 3))] if is_on else []
        self.emulator.faults.extend(faults)
        for each in faults:
            self.remote.tell(f"{each.kind} {each.status or ''} at {each.match!r} from {each.from_index}, "
                             f"{each.times} times, share {each.share}")  # fmt: skip
        try:
            yield
        finally:
            self.emulator.faults.clear()

    def _fault(self) -> Fault:
        """On some requests, or on all of one sort. None of them is a well-formed lie about what nothing else
        tells of, such as the comments on a page: who is told so in two nights has to believe it."""
        draw = self.draw
        match = self.sore if draw.random() < 0.6 else draw.choice(REQUESTS)
        when = _times(draw)
        lot = draw.random()
        if lot < 0.5:
            return Fault("status", match=match, status=draw.choice(STATUSES), **when)
        if lot < 0.6:
            return Fault("results", match=r"/(pages|blogposts)\?", value=[], **when)
        return Fault(draw.choice(BROKEN), match=match, **when)

    @contextmanager
    def _blindness(self, is_on: bool) -> Iterator[None]:
        blind = self.draw.choice((self._no_space, self._hidden, self._scopes, self._expired, self._other))
        undo = blind() if is_on else lambda: None
        try:
            yield
        finally:
            undo()

    def _no_space(self) -> Callable[[], None]:
        world, space = self.remote.world, self.remote.space
        self.remote.tell("the space isn't shown")
        world.edit_space(space, visible=False)
        return lambda: _drop(world.edit_space(space, visible=True))

    def _hidden(self) -> Callable[[], None]:
        """All contents, or some."""
        world, share = self.remote.world, self.draw.choice((1.0, 0.7, 0.3))
        some = [each.id for each in world.contents.values() if not each.hidden and self.draw.random() < share]
        self.remote.tell("hidden", *some)
        for each in some:
            world.restrict(each)
        return lambda: _drop([world.unrestrict(each) for each in some])

    def _scopes(self) -> Callable[[], None]:
        scopes = frozenset(each for each in sorted(FULL_SCOPES) if self.draw.random() < 0.7)
        self.remote.tell("without the scopes", *sorted(FULL_SCOPES - scopes))
        return self._token(scopes=scopes)

    def _expired(self) -> Callable[[], None]:
        self.remote.tell("the token ends")
        if self.draw.random() < 0.5:
            return self._token(valid=False)
        self.emulator.faults.append(Fault("expired", from_index=self.draw.randrange(40)))
        return lambda: None  # goes with the other faults

    def _other(self) -> Callable[[], None]:
        self.remote.tell("another account")
        return self._token(account_id="712020:other")

    def _token(self, **fields: Any) -> Callable[[], None]:
        before = list(self.emulator.tokens)
        self.emulator.tokens[:] = [replace(TOKEN, **fields)]
        return lambda: self.emulator.tokens.__setitem__(slice(None), before)


def _seen_at_once(view: View) -> View:
    """Without what a run that doesn't ask page by page sees within some runs: a body without a new version,
    properties, likes."""
    contents = ("page", "blogpost")
    return {
        key: (*value[:5], value[6], *value[9:]) if key[0] in contents else value
        for key, value in view.items()
    }


def _times(draw: Random) -> dict[str, Any]:
    """Which of the requests of a sort a fault hits."""
    ways: tuple[dict[str, Any], ...] = (
        {},
        {"times": draw.randint(1, 8), "from_index": draw.randrange(10)},
        {"share": draw.choice((0.1, 0.3, 0.7)), "seed": draw.randrange(1000)},
        {"from_index": draw.randrange(30)},
    )
    return draw.choice(ways)


def _drop(_: object) -> None:
    """What a change gives back."""
