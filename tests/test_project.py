"""What is said about the project in two places is the same."""

import re
import tomllib
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def read(name: str) -> dict[str, Any]:
    return yaml.safe_load((ROOT / name).read_text())


def test_the_citation_is_of_this_version():
    citation = read("CITATION.cff")
    for key in ("version", "license"):
        assert citation[key] == PROJECT["project"][key]


def test_every_runner_makes_the_same():
    own = re.findall(r"^make (\S+)", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)
    workflow = read(".github/workflows/ci.yml")
    assert workflow["jobs"]["make"]["strategy"]["matrix"]["target"] == own


def test_a_commit_is_checked_as_make_lint_checks():
    [repository] = read(".pre-commit-config.yaml")["repos"]
    makefile = (ROOT / "Makefile").read_text()
    for hook in repository["hooks"]:
        assert hook["entry"].removeprefix("env ").replace(".venv/bin", "$(BIN)") in makefile
