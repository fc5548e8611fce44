"""Worlds of any size for tests and measurements: nothing is written until it is asked for."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from html import escape
from itertools import product

from exporter.emulator.world import Binary, Space, User, World

CLOUD_ID = "22222222-3333-4444-8555-666666666666"
SITE_NAME = "engine-room"
SITE_URL = "https://engine-room.example"
ME = User("712020:5e0d0000-0000-4000-8000-000000000001", "Mirror Robot")
CHUNK = 64 * 1024
FAN_OUT = 8

_AUTHORS = [f"712020:5e0d0000-0000-4000-8000-{n:012}" for n in range(2, 8)]
_TOPICS = (
    "Boiler", "Valve", "Gauge", "Pump", "Rudder", "Winch", "Anchor", "Crane", "Hull", "Chart", "Galley",
    "Mast",
)  # fmt: skip
_DEEDS = (
    "checks",
    "repairs",
    "plan",
    "faults & fixes",
    "history",
    "parts",
    "drill",
    "Q/A",
    "log",
    "drawings",
    "Größen",
)
_SENTENCES = tuple(
    f"{who} {does} {what}."
    for who, does, what in product(
        ("The second engineer", "A careful stoker", "Whoever is on watch", "The harbour pilot",
         "Nobody but the cook", "The old winch", "Every gauge on deck", "The northern current"),
        ("has never trusted", "quietly replaced", "writes long letters about", "must check before noon",
         "keeps a spare for", "was early to praise", "measures twice", "would rather not discuss"),
        ("the pressure in the third boiler", "the brass valve by the ladder", "a pump that hums in B flat",
         "the chart of 1911 & its corrections", "seven metres of good rope", "the smell of warm oil",
         "the winter plan (second draft)", "the bell that rings by itself"),
    )
)  # fmt: skip


def generated_world(
    *,
    pages: int = 1000,
    blogposts: int = 0,
    folders: int = 0,
    attachments: int = 0,
    comments: int = 0,
    labels: int = 0,
    seed: int = 0,
    body_bytes: int = 2000,
    attachment_bytes: int = 20_000,
    site_url: Callable[[], str] = lambda: SITE_URL,
) -> World:
    """A site with the space ``ENG``: the numbers are totals, the sizes are averages.

    The first page is the homepage; pages and folders have up to `FAN_OUT` children. Comments and
    labels go round the pages; a page's second comment answers its first, and so on.
    ``site_url`` is asked whenever a body is read, for a server that learns its address late.
    """
    if folders and folders >= pages:
        raise ValueError("a generated world needs more pages than folders")
    world = empty_world()
    space = world.add_space("ENG", "Engine Room", description="Made by arithmetic.")
    plan = _Plan(world.last_id + 1, pages, folders, attachments, seed, body_bytes, site_url)
    page_ids = _add_tree(world, space, plan)
    for n in range(blogposts):
        world.now += timedelta(days=1)
        author = _AUTHORS[n % len(_AUTHORS)]
        world.add_blogpost(space, f"Week {n + 1}", partial(_body, plan, -1 - n), author_id=author)
    for n in range(attachments):
        size = round(attachment_bytes * random.Random(f"{seed}/size/{n}").uniform(0.2, 1.8))
        world.attach(page_ids[n % pages], _file_name(n), generated_binary(size, seed=f"{seed}/{n}"))
    _annotate(world, page_ids, comments, labels, seed)
    return world


def empty_world() -> World:
    """A site with a few people and nothing else."""
    world = World(CLOUD_ID, SITE_NAME, ME)
    for n, account_id in enumerate(_AUTHORS, 1):
        world.add_user(account_id, f"Engineer {n}")
    return world


def generated_binary(size: int, *, seed: int | str = 0) -> Binary:
    """``size`` bytes, the same for the same seed, of which one chunk at most is in memory."""
    return Binary(size, partial(_chunks, size, seed))


def generated_body(size: int, *, seed: int | str = 0) -> str:
    """About ``size`` bytes of valid storage format that refer to nothing else."""
    dice = random.Random(f"{seed}/body")
    blocks = [_paragraph(dice)]
    length = len(blocks[0])
    while length < size:
        blocks.append(dice.choice(_BLOCKS)(dice))
        length += len(blocks[-1]) + 1
    return "\n".join(blocks)


def _chunks(size: int, seed: int | str) -> Iterator[bytes]:
    # Making every chunk by dice would slow down the server; a counter makes each differ as well.
    block = random.Random(f"{seed}/binary").randbytes(CHUNK)
    for n, start in enumerate(range(0, size, CHUNK)):
        yield (n.to_bytes(8, "big") + block[8:])[: size - start]


# --- the tree -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Plan:
    """What can be said of a node by its number alone: page bodies link to pages not yet added."""

    first_id: int
    pages: int
    folders: int
    attachments: int
    seed: int
    body_bytes: int
    site_url: Callable[[], str]

    def id(self, node: int) -> str:
        return str(self.first_id + node)

    def folders_before(self, node: int) -> int:
        """Folders are nodes 1, 1 + stride, 1 + 2 * stride ..."""
        if node < 1 or not self.folders:
            return 0
        stride = (self.pages + self.folders) // self.folders
        return min(self.folders, -((1 - node) // stride))

    def is_folder(self, node: int) -> bool:
        return self.folders_before(node + 1) > self.folders_before(node)

    def title(self, node: int) -> str:
        topic, deed = _TOPICS[node % len(_TOPICS)], _DEEDS[node % len(_DEEDS)]
        return f"{topic} section {node}" if self.is_folder(node) else f"{topic} {deed} {node}"


def _add_tree(world: World, space: Space, plan: _Plan) -> list[str]:
    """Add all pages and folders; return the ids of the pages."""
    page_ids = []
    for node in range(plan.pages + plan.folders):
        parent = plan.id((node - 1) // FAN_OUT) if node else None
        author, title = _AUTHORS[node % len(_AUTHORS)], plan.title(node)
        if plan.is_folder(node):
            world.add_node(space, title, parent=parent, author_id=author)
        else:
            body = partial(_body, plan, node)
            page_ids.append(world.add_page(space, title, body, parent=parent, author_id=author).id)
    if page_ids:
        world.edit_space(space, homepage_id=page_ids[0])
    return page_ids


def _annotate(world: World, page_ids: list[str], comments: int, labels: int, seed: int) -> None:
    last: dict[str, str] = {}
    for n in range(comments):
        page_id, author = page_ids[n % len(page_ids)], _AUTHORS[n % len(_AUTHORS)]
        body = partial(generated_body, 200, seed=f"{seed}/comment/{n}")
        if page_id in last:
            made = world.reply(last[page_id], body, author=author)
        else:
            made = world.add_comment(page_id, body, author=author)
        last[page_id] = made.id
    for n in range(labels):
        round_, place = divmod(n, len(page_ids))
        topic = _TOPICS[(round_ + place) % len(_TOPICS)].lower()
        world.add_label(page_ids[place], topic if round_ < len(_TOPICS) else f"{topic}-{round_}")


def _file_name(attachment: int) -> str:
    return f"measurement {attachment}.bin"


# --- bodies -------------------------------------------------------------------------------


def _body(plan: _Plan, node: int) -> str:
    """The body of a page, or of a blog post (their numbers are negative)."""
    dice = random.Random(f"{plan.seed}/page/{node}")
    links = "\n".join(_link(plan, dice) for _ in range(dice.randint(1, 4) if plan.pages else 0))
    attachment = node - plan.folders_before(node)
    if 0 <= attachment < plan.attachments:
        name = _file_name(attachment)
        links += f'\n<p>Measured: <ac:link><ri:attachment ri:filename="{name}" /></ac:link></p>'
    size = round(plan.body_bytes * dice.uniform(0.2, 1.8)) - len(links)
    return f"{generated_body(size, seed=str(dice.random()))}\n{links}"


def _link(plan: _Plan, dice: random.Random) -> str:
    node = dice.randrange(plan.pages + plan.folders)
    node = 0 if plan.is_folder(node) else node
    title = escape(plan.title(node))
    if dice.random() < 0.7:
        return f'<p>See <ac:link><ri:page ri:content-title="{title}" /></ac:link>.</p>'
    address = f"{plan.site_url()}/wiki/spaces/ENG/pages/{plan.id(node)}"
    return f'<p>See <a href="{address}" data-card-appearance="inline">{title}</a>.</p>'


def _text(dice: random.Random, sentences: int = 1) -> str:
    return escape(" ".join(dice.choices(_SENTENCES, k=sentences)), quote=False)


def _paragraph(dice: random.Random) -> str:
    return f"<p>{_text(dice, dice.randint(2, 6))}</p>"


def _heading(dice: random.Random) -> str:
    level = dice.randint(2, 4)
    return f"<h{level}>{dice.choice(_TOPICS)} {dice.randint(2, 99)}</h{level}>"


def _list(dice: random.Random) -> str:
    items = "".join(f"<li><p>{_text(dice)}</p></li>" for _ in range(dice.randint(2, 6)))
    return f"<ul>{items}</ul>"


def _table(dice: random.Random) -> str:
    rows = (
        f"<tr><td><p>{dice.choice(_TOPICS)}</p></td><td><p>{dice.randint(1, 400)} bar</p></td></tr>"
        for _ in range(dice.randint(2, 8))
    )
    return (
        f"<table><tbody><tr><th><p>Part</p></th><th><p>Pressure</p></th></tr>{''.join(rows)}</tbody></table>"
    )


def _panel(dice: random.Random) -> str:
    kind = dice.choice(("info", "note", "warning", "tip"))
    return (
        f'<ac:structured-macro ac:name="{kind}" ac:schema-version="1">'
        f"<ac:rich-text-body><p>{_text(dice, 2)}</p></ac:rich-text-body></ac:structured-macro>"
    )


def _code(dice: random.Random) -> str:
    line = f"if (pressure < {dice.randint(2, 99)} && !asleep) {{ open(valve[{dice.randint(0, 9)}]); }}"
    return (
        '<ac:structured-macro ac:name="code" ac:schema-version="1"><ac:parameter ac:name="language">c'
        f"</ac:parameter><ac:plain-text-body><![CDATA[{line}]]></ac:plain-text-body></ac:structured-macro>"
    )


_BLOCKS: tuple[Callable[[random.Random], str], ...] = (
    _paragraph, _paragraph, _paragraph, _paragraph, _heading, _list, _table, _panel, _code,
)  # fmt: skip
