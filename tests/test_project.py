"""What is said about the project in two places is the same."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

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


def locked(**system: str) -> dict[str, str]:
    """The versions that the lock has for a machine, by name."""
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    found: dict[str, str] = {}
    for requirement in map(Requirement, lines):
        assert requirement.url is None
        [pin] = requirement.specifier
        assert pin.operator == "=="
        if requirement.marker is None or requirement.marker.evaluate(system):
            assert requirement.name not in found, f"{requirement.name} is there twice"
            found[requirement.name] = pin.version
    return found


SYSTEMS = {
    "Linux, x86": {"sys_platform": "linux", "platform_machine": "x86_64"},
    "Linux, ARM": {"sys_platform": "linux", "platform_machine": "aarch64"},
    "macOS": {"sys_platform": "darwin", "platform_machine": "arm64"},
    "Windows": {"sys_platform": "win32", "platform_machine": "AMD64"},
}


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
@pytest.mark.parametrize("system", SYSTEMS)
def test_the_lock_has_what_the_project_asks_for(system, python):
    version = {"python_version": python, "python_full_version": f"{python}.9"}
    pins = locked(**SYSTEMS[system], **version)
    asked = PROJECT["project"]["dependencies"]
    asked = asked + PROJECT["project"]["optional-dependencies"]["dev"]
    for requirement in map(Requirement, asked):
        assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)])
    assert ("triton" in pins) == system.startswith("Linux")


def test_the_image_is_made_of_what_it_is_given():
    copied = re.findall(r"^COPY (.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    given = re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    names = " ".join(copied).split()
    assert sorted(names) == sorted(given)
    assert all((ROOT / name).exists() for name in names)
