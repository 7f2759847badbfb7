"""Which code a file of somebody else may name: what is on a list, and packages that one trusts."""

import importlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import NoneType
from typing import Any

import yaml

from tracknet.errors import InputError

TARGET, PARTIAL = "_target_", "_partial_"
VALUES, DEPTH = 20_000, 32
"""More than any configuration has, and how deep it may be nested."""
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
OF_NAMES = re.compile(r"[\udc80-\udcff]")
"""Bytes of a file's name that is not in UTF-8."""
INSTALLED = Path(__file__).parent / "configs"  # where a wheel has them
CONFIGS = INSTALLED if INSTALLED.is_dir() else Path(__file__).parents[1] / "configs"


def check_targets(
    config: Mapping[str, Any], groups: Iterable[str], trust: Sequence[str], owner: object
) -> None:
    """Refuses parts that somebody else's configuration may not name, before anything is built.

    What a place may hold is what this package's own configurations have in that place, by its whole
    name; a part of a trusted package may be anywhere. No module of another package is imported.

    Args:
        config: Plain.
        groups: Which of its groups are to be built; the others are not looked at.
        trust: Packages.
        owner: What the configuration is of, for the message.

    Raises:
        InputError: A part is not on the list, wherever it is nested.
    """
    for group in groups:
        for place, part in _parts(config.get(group), group):
            target, partial = part[TARGET], part.get(PARTIAL, False)
            known = _slots().get(_slot(place), {})
            if isinstance(target, str) and (target in known or is_trusted(target, trust)):
                if partial is known.get(target, partial):
                    continue
                raise InputError(f"{owner}: {place}.{PARTIAL}={short(partial)}: leave it out")
            expected = " or ".join(sorted(known)) or "no part at all"
            raise InputError(
                f"{owner}: {place}.{TARGET}={short(target)}: expected {expected}, since a file of "
                "somebody else must not choose what is run here; if the part is your own, add "
                "trust=<its package>"
            )


def plain_fault(value: Any) -> str | None:
    """What keeps a value of somebody else from being plain data that can be shown; None if nothing.

    Plain are mappings by text, lists, text without control codes, numbers, switches and null.
    """
    waiting, count = [(value, 0)], 0
    while waiting:
        one, depth = waiting.pop()
        count += 1
        if count > VALUES or depth > DEPTH:
            return f"more than {VALUES:,} values, or nested deeper than {DEPTH}"
        if isinstance(one, dict):
            waiting += [(part, depth + 1) for pair in one.items() for part in pair]
            if not all(isinstance(key, str) for key in one):
                return "a key that is no text"
        elif isinstance(one, list | tuple):
            waiting += [(inner, depth + 1) for inner in one]
        elif isinstance(one, str):
            if CONTROL.search(OF_NAMES.sub("", one)):
                return f"control codes in {short(one)}"
        elif not isinstance(one, int | float | NoneType):
            return f"a {type(one).__name__}"
    return None


def is_trusted(target: str, trust: Sequence[str]) -> bool:
    """Whether a name is that of a class or function that a trusted package itself defines.

    What such a package merely imports is not its own: ``mine.os.system``.
    """
    packages = [name for name in trust if target.startswith(f"{name}.")]
    if not packages:
        return False
    found = _found(target)
    home = getattr(found, "__module__", None) or ""
    return callable(found) and any(f"{home}.".startswith(f"{name}.") for name in packages)


def packages_of(config: Any) -> list[str]:
    """The packages that a configuration of one's own names, to read back what it made."""
    targets = (part[TARGET] for _, part in _parts(config, ""))
    return sorted({target.split(".")[0] for target in targets if isinstance(target, str)})


def as_list(trust: str | Sequence[str]) -> list[str]:
    """The packages of setting ``trust``, of which there may be one."""
    return [trust] if isinstance(trust, str) else list(trust)


def short(value: object) -> str:
    """A value of somebody else, fit to be printed: no more than a line, and no control codes."""
    text = value if isinstance(value, str) else repr(value)
    text = CONTROL.sub("?", text[:101])
    return text if len(text) <= 100 else text[:97] + "..."


def _found(name: str) -> Any:
    """What a dotted name means; None where it means nothing."""
    head, *attributes = name.split(".")
    try:
        found = importlib.import_module(head)
    except ImportError:
        return None
    for i, attribute in enumerate(attributes):
        if not hasattr(found, attribute):
            try:
                importlib.import_module(".".join([head, *attributes[: i + 1]]))
            except ImportError:
                return None
        found = getattr(found, attribute, None)
    return found


def _parts(value: Any, place: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every part, at whatever depth, and its dotted place."""
    if isinstance(value, Mapping):
        if TARGET in value:
            yield place, value
        for key, inner in value.items():
            yield from _parts(inner, f"{place}.{key}" if place else str(key))
    elif isinstance(value, list | tuple):
        for i, inner in enumerate(value):
            yield from _parts(inner, f"{place}.{i}")


@cache
def _slots() -> dict[str, dict[str, bool]]:
    """Place -> what it may hold, and whether that is a part of which something is still missing."""
    slots: dict[str, dict[str, bool]] = defaultdict(dict)
    for file in CONFIGS.glob("*/*.yaml"):
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        for place, part in _parts(content, file.parent.name):
            slots[place][part[TARGET]] = part.get(PARTIAL, False)
    return dict(slots)


def _slot(place: str) -> str:
    """A place as `_slots` knows it: parts of `Mixed` are data sets with names."""
    return re.sub(r"^data(\.parts\.[^.]+)+", "data", place)
