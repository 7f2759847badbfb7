"""What Hydra refuses, in one sentence: its own text is of several lines and of its own terms."""

import difflib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import MissingConfigException, OverrideParseException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from tracknet.values import dotted

SEVERAL = (
    "several values are a sweep, which takes -m; write a list as [a,b], and text with a comma in "
    "quotes, \"'a,b'\""
)
SENTENCES = {
    r"Could not append to config. An item is already at '(?P<key>[^']+)'": (
        "there is a value already; leave the + out"
    ),
    r"Multiple values for (?P<key>[^.@]+)[.@]": "is chosen already; leave the + out",
    r"Could not delete.*'(?P<key>[^']+)' does not exist": "there is no such key to leave out",
    r"Could not delete.*The value of '(?P<key>[^']+)' is (?P<rest>.+)\.": "the value is {rest}",
    r"Error merging override \+*(?P<key>[^=]+)=": (
        "expected a value of the kind that is there already"
    ),
    r"Ambiguous value for argument '(?P<key>[^=]+)=": SEVERAL,
    r"Sweep parameters '(?P<key>[^=]+)=": SEVERAL,
}
"""Beginnings of Hydra's messages, and what is said of the override that they name."""


def sentence(error: Exception, configs: str, name: str, arguments: Sequence[str]) -> str:
    """What was refused, why, and the remedy.

    Args:
        error: Hydra's or OmegaConf's, from composing or resolving a configuration.
        configs: Hydra's search path.
        name: Of the entry configuration.
        arguments: As the command was given them.
    """
    text = str(error)
    if isinstance(error, OSError) and error.filename:
        return (
            f"{error.filename}: {error.strerror}; choose another folder by hydra.run.dir=<folder>"
        )
    if isinstance(error, OverrideParseException):
        return (
            f"{error.override}: expected key=value; put what holds a space, a bracket or a comma "
            "in quotes of its own, as in key=\"'a, b'\""
        )
    if isinstance(error, MissingConfigException) and error.options:
        group, _, choice = str(error.missing_cfg_file).rpartition("/")
        return _no_choice(group, choice, error.options)
    if match := re.search(r"Could not load '([^']+)/([^'/]+)'", text):  # one of several
        return _no_choice(match[1], match[2], _options(configs, match[1]))
    if match := re.match(r"Could not override '(.+?)'", text):
        return _unknown(match[1], configs, name, arguments)
    for start, said in SENTENCES.items():
        if match := re.match(start, text):
            return f"{_given(match['key'], arguments)}: {said.format(**match.groupdict())}"
    for group, _, choice in (argument.lstrip("+").partition("=") for argument in arguments):
        options = _options(configs, group)
        refused = re.match("Config group override must be|You", text)
        if refused and options and choice not in options:
            return _no_choice(group, choice, options)
    if isinstance(error, OmegaConfBaseException):
        return unresolved(error)
    named = next((f"{argument}: " for argument in arguments if argument in text), "")
    return named + text.strip().split("\n")[0]


def unresolved(error: OmegaConfBaseException) -> str:
    """Which value refers to something that is not there, as far as OmegaConf says it."""
    said = str(error).split("\n")[0]
    if match := re.match(r"Interpolation key '(.+)' not found", said):
        said = f"refers to {match[1]}, which is not there"
    said = said.rpartition("while resolving interpolation: ")[-1].strip('"')
    return f"{error.full_key}: {said}" if error.full_key else said


def _given(key: str, arguments: Sequence[str]) -> str:
    """The argument that names a key; the key itself where none does."""
    return next((a for a in arguments if a.lstrip("+~").partition("=")[0] == key), key)


def _options(configs: str, group: str) -> list[str]:
    return sorted(file.stem for file in Path(configs, group).glob("*.yaml"))


def _no_choice(group: str, choice: str, options: Sequence[str]) -> str:
    return f"{group}={choice}: expected one of {', '.join(options)}{_meant(choice, options)}"


def _unknown(key: str, configs: str, name: str, arguments: Sequence[str]) -> str:
    given = _given(key, arguments)
    known = _settings(configs, name, arguments)
    meant = _meant(key, known, given.removeprefix(key))
    outer = key.rpartition(".")[0]
    beside = [one for one in known if one.rpartition(".")[0] == outer]
    if not meant and outer and beside:
        meant = f"; there are {', '.join(beside)}"
    return f"{given}: there is no such setting{meant} (a new one is added by +{given})"


def _meant(word: str, known: Sequence[str], rest: str = "") -> str:
    near = difflib.get_close_matches(word, known, 1)
    return f"; did you mean {near[0]}{rest}?" if near else ""


def _settings(configs: str, name: str, arguments: Sequence[str]) -> list[str]:
    """The dotted names of what there is once the groups are chosen."""
    chosen = [a for a in arguments if (Path(configs) / a.lstrip("~").partition("=")[0]).is_dir()]
    GlobalHydra.instance().clear()
    try:
        with initialize_config_dir(configs, version_base="1.3"):
            composed = OmegaConf.to_container(compose(name, chosen))
            return [key for key, _ in dotted(cast("dict[str, Any]", composed))]
    except Exception:  # a choice that is refused as well, or one from another folder
        return []
