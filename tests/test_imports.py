"""The import rules of docs/architecture.md."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import exporter

ROOT = Path(exporter.__file__).parent
LEAVES = {"model", "layout", "errors", "progress", "clock", "hosts", "canonical", "people"}
PARTS = ("confluence", "crawl", "mirror", "site")


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {_name(path): path for path in ROOT.rglob("*.py")}
TREES = {name: ast.parse(path.read_text("utf-8")) for name, path in FILES.items()}


def _imported(name: str) -> set[str]:
    """The modules of this package that a module imports, wherever in it the import stands."""
    found = set()
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} imports relatively"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    inside = {each.removeprefix("exporter.") for each in found if each.startswith("exporter.")}
    return {each if each in FILES else each.rpartition(".")[0] for each in inside}


IMPORTS = {name: _imported(name) for name in FILES}


def test_the_package_is_seen_whole() -> None:
    assert {"app", "confluence.transport", "mirror.files", "emulator"} <= IMPORTS.keys()
    assert "confluence.governor" in IMPORTS["confluence.transport"]


@pytest.mark.parametrize("part", PARTS)
def test_a_part_imports_leaves_and_itself_only(part: str) -> None:
    for name, imports in IMPORTS.items():
        if name.split(".")[0] == part:
            others = {each for each in imports if each.split(".")[0] != part}
            assert others <= LEAVES, name


def test_a_leaf_imports_other_leaves_only() -> None:
    for leaf in LEAVES:
        assert IMPORTS[leaf] <= LEAVES, leaf


def test_only_the_command_line_and_what_joins_the_parts_see_the_settings() -> None:
    assert {name for name, imports in IMPORTS.items() if "config" in imports} <= {
        "cli",
        "app",
        "check",
        "connection",
        "demo",
    }


def test_only_the_demo_uses_the_emulator_which_uses_nothing_of_the_rest() -> None:
    for name, imports in IMPORTS.items():
        of_the_emulator = {each for each in imports if each.split(".")[0] == "emulator"}
        if name.split(".")[0] == "emulator":
            assert imports == of_the_emulator, name
        elif name != "demo":
            assert not of_the_emulator, name


def test_no_module_imports_itself_by_a_detour() -> None:
    TopologicalSorter(IMPORTS).prepare()  # raises CycleError


def test_only_the_command_line_prints() -> None:
    printing = {
        name
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    }
    assert printing == {"cli"}
