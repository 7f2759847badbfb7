"""The overrides that a run was started with, and which of them count when it is gone on with.

The run may be somebody else's: groups and values count, neither what code is run nor where
something is written.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override

from tracknet.errors import InputError
from tracknet.trust import TARGET, is_trusted, short

FILE = "overrides.yaml"
"""Of a run: training alone writes it, while Hydra writes `.hydra` before a command is refused."""
LARGEST = 1 << 20
"""Characters of that file."""
OWN = ("resume", "init_from", "ckpt_path", "trust", "command")
"""Settings of the command that is given now."""
WRITTEN = ("paths", "dirpath", "filename", "save_dir", "default_root_dir", "cache")
"""Names of settings that say where something is written."""
SENT = {"wandb", "mlflow"}
"""Loggers that may send elsewhere what is trained here."""
REFERENCE = re.compile(r"(?<!\\)(\\\\)*\$\{")
"""To another setting, or to the environment; not where a backslash makes it a name."""
NAME, PARTS = r"[\w/.-]+", r"data(\.parts\.[\w-]+)+"


def read_overrides(run: Path) -> list[str]:
    """The overrides that a run was started with.

    Raises:
        InputError: It is no run directory.
    """
    file = run / FILE
    if not file.is_file():
        raise InputError(f"resume={run}: holds no {FILE}; name a run directory")
    try:
        with open(file, encoding="utf-8") as stream:
            overrides = yaml.safe_load(stream.read(LARGEST))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise InputError(f"{file}: cannot be read; expected a list of overrides") from error
    if not isinstance(overrides, list) or not all(isinstance(o, str) for o in overrides):
        raise InputError(f"{file}: expected a list of overrides such as backbone=conv")
    return overrides


def key_of(override: str) -> str:
    """What an override is for."""
    return override.split("=", 1)[0].lstrip("+~")


def taken_over(
    overrides: Sequence[str], run: Path, trust: Sequence[str]
) -> tuple[list[str], list[str]]:
    """Sorts a run's overrides; flags, and what is Hydra's own or the command's, are dropped.

    Args:
        overrides: As `read_overrides` gives them.
        run: The run directory, for the message.
        trust: Packages whose parts they may name.

    Returns:
        Those that count, and those that say where something is written.

    Raises:
        InputError: One names code that is not trusted, or a file of configuration.
    """
    kept, left = [], []
    for override in overrides:
        if override.startswith("-") or re.match(r"hydra\b", key_of(override)):
            continue
        try:
            parsed = OverridesParser.create().parse_override(override)
            leaves = list(_leaves(parsed.value(), tuple(key_of(override).split("."))))
        except Exception as error:  # Hydra's own are of several kinds
            raise InputError(f"{run / FILE}: {short(override)} is no override") from error
        names = {name for place, _ in leaves for name in place}
        if names & {*WRITTEN} or _sends(override, parsed.value()):
            left.append(override)
        elif re.split(r"[.@/]", key_of(override))[0] in OWN:
            continue
        elif _is_harmless(parsed, leaves, trust):
            kept.append(override)
        else:
            raise InputError(
                f"{run / FILE}: {short(override)} chooses what code is run or which files are "
                "read, which a run of somebody else must not; if it is your own, give it again "
                "beside resume=, or add trust=<its package>"
            )
    return kept, left


def _sends(override: str, value: Any) -> bool:
    """Whether an override chooses or sets a logger that sends away what it is given."""
    group, *names = key_of(override).split(".")
    chosen = names[:1] or (value if isinstance(value, list) else [value])
    return group == "logger" and not SENT.isdisjoint(map(str, chosen))


def _is_harmless(
    parsed: Override, leaves: Sequence[tuple[tuple[str, ...], Any]], trust: Sequence[str]
) -> bool:
    """Whether an override chooses among what is there, or sets a value."""
    key, package = parsed.key_or_group, parsed.package
    if parsed.is_sweep_override() or not re.fullmatch(NAME, key) or ".." in key:
        return False
    # A group stays in its place, but for the parts of `Mixed`.
    if package is not None and not (key == "data" and re.fullmatch(PARTS, package)):
        return False
    for place, leaf in leaves:
        if TARGET in place and not is_trusted(str(leaf), trust):
            return False
        text = leaf if isinstance(leaf, str) else ""
        # It could be a part, or what the environment holds; the choice of a group is a file's path.
        if REFERENCE.search(text) or ("." not in key and re.search(r"^/|\.\.|\\", text)):
            return False
    return True


def _leaves(value: Any, place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every single value, at whatever depth, and the names that lead to it."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _leaves(inner, (*place, *str(key).split(".")))
    elif isinstance(value, list) and value:
        for inner in value:
            yield from _leaves(inner, place)
    else:
        yield place, value
