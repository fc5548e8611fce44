"""The small space again, with something of everything that hangs on pages."""

from __future__ import annotations

from dataclasses import dataclass

from exporter.emulator import Comment, Content, CustomContent, Task
from tests.end_to_end.worlds import Sample, sample

APP = "ac:com.example.polls:poll"


@dataclass(frozen=True)
class Rich:
    eng: Sample
    footer: Comment
    """On ``plan``, with the reply ``answer``."""
    answer: Comment
    inline: Comment
    on_news: Comment
    on_image: Comment
    task: Task
    poll: CustomContent
    empty: Content
    """A folder at the root that holds nothing."""
    linking: Content
    """A page that links to ``detail`` by its title."""


def rich() -> Rich:
    eng = sample()
    world, plan = eng.world, eng.plan
    footer = world.add_comment(plan, "<p>Why three?</p>", author="712020:other")
    answer = world.reply(footer, "<p>Why not?</p>")
    inline = world.add_comment(plan, "<p>Sure?</p>", kind="inline", selection="3")
    on_news = world.add_comment(eng.news, "<p>Good news</p>")
    on_image = world.add_comment(eng.image, "<p>Nice</p>")
    world.add_label(plan, "draft")
    world.set_property(plan, "editor", "v2")
    world.like(plan, "712020:other")
    world.set_restriction(plan, "update", users=["712020:me"], groups=["writers"])
    world.grant(eng.space, "user", "712020:me")
    world.assign_role(eng.space, "USER", "712020:me", "role-1")
    world.add_label(eng.space, "technical", prefix="team")
    world.set_property(eng.space, "colour", {"hex": "#00f"})
    task = world.add_task(plan, "<p>Measure</p>", assigned_to="712020:other")
    poll = world.add_custom_content(plan, APP, "Lunch?", '{"options": 2}')
    empty = world.add_node(eng.space, "Empty drawer")
    link = '<ac:link><ri:page ri:content-title="Detail" /></ac:link>'
    linking = world.add_page(eng.space, "Linking", f"<p>See {link}</p>", parent=eng.home)
    world.edit(eng.home, "<p>Welcome!</p>", message="warmer")
    world.edit(eng.home, "<p>Welcome!!</p>")
    return Rich(eng, footer, answer, inline, on_news, on_image, task, poll, empty, linking)
