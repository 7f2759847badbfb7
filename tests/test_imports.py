"""Imports point one way, as docs/architecture.md says.

What a fresh process really loads in order to predict is in test_end_to_end.py.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = (
    {"errors", "problems", "values", "names"},
    {"files", "locks"},
    {"trust", "archive", "owned"},
    {"zoo"},
    {"types", "geometry", "windows", "record", "devices", "machine", "process", "signals"},
    {"console"},
    {"video"},
    {"codecs"},
    {"models", "losses", "metrics", "data", "published"},
    {"training", "inference", "report", "overrides", "help"},
    {"arguments"},
    {"build", "resume", "sweep", "refusals", "run_folder"},
    {"network"},
    {"checkpoint"},
    {"pipelines"},
    {"cli", "api"},
    {"__init__"},
    {"scripts"},
)
"""A part imports itself and the layers before its own, not its neighbours."""
LEVEL = {part: level for level, parts in enumerate(LAYERS) for part in parts}
PLAIN = {part for parts in LAYERS[:9] for part in parts}
WITH_LIGHTNING = {"training", "pipelines"}
FILES = sorted((ROOT / "tracknet").rglob("*.py")) + sorted((ROOT / "scripts").glob("*.py"))


def part_of(file: Path) -> str:
    """The part of the house that a file belongs to."""
    top, first, *_ = file.relative_to(ROOT).with_suffix("").parts
    return "scripts" if top == "scripts" else first


def imports_of(file: Path) -> Iterator[tuple[str, bool]]:
    """The full name of everything that is imported, and whether that waits for a call."""
    tree = ast.parse(file.read_text())
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    waiting = {node for function in functions for node in ast.walk(function)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node in waiting) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: write imports from tracknet in full"
            yield from ((f"{node.module}.{alias.name}", node in waiting) for alias in node.names)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_imports_point_one_way(file):
    part = part_of(file)
    assert part in LEVEL, f"{part} is new: give it a layer here and in docs/architecture.md"
    for name, waits in imports_of(file):
        package, *inner = name.split(".")
        if package == "tracknet":
            target = inner[0]
            assert target == part or LEVEL[target] < LEVEL[part], f"{part} imports {name}"
            heavy = target in WITH_LIGHTNING and part not in WITH_LIGHTNING
            assert waits or not heavy, f"{part} imports {name}, and Lightning with it, at once"
        elif package in ("lightning", "pytorch_lightning"):
            assert part in WITH_LIGHTNING, f"{part} imports {name}"
        elif package in ("hydra", "omegaconf"):
            assert part not in PLAIN, f"{part} imports {name}"
            assert name != "hydra.utils.instantiate" or part == "build"


def test_scripts_are_shims():
    for script in (ROOT / "scripts").glob("*.py"):
        (name, _), *others = imports_of(script)
        assert name.startswith("tracknet.cli.")
        assert not others


def test_the_package_alone_needs_no_torch():
    code = "import sys, tracknet; print('torch' in sys.modules, tracknet.load.__name__)"
    fresh = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert fresh.stdout.split() == ["False", "load"]
