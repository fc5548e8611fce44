"""What the keepers left around their pages: comments, labels, likes, tasks …, from ``around.json``."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.resources import files
from typing import Any

from exporter.emulator.world import World


def add_all(world: World, set_clock: Callable[[World, str], object]) -> None:
    """Each step is a method of the world with its arguments; ``$name`` is what a step made before."""
    steps: list[dict[str, Any]] = json.loads(
        (files("exporter.emulator.sample") / "around.json").read_bytes().decode()
    )
    made: dict[str, Any] = {}
    for step in steps:
        set_clock(world, step["at"])
        arguments = [_known(each, made) for each in step["with"]]
        result = getattr(world, step["do"])(*arguments, **step.get("and", {}))
        if "as" in step:
            made[step["as"]] = result


def _known(argument: Any, made: dict[str, Any]) -> Any:
    is_name = isinstance(argument, str) and argument.startswith("$")
    return made[argument[1:]].id if is_name else argument
