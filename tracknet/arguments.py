"""What a command is given: names as the shell hands them over, and Hydra's ``key=value``.

A name stands by itself, or is the value of a setting that holds paths. It is taken literally,
whatever it holds: Hydra, whose grammar knows brackets, commas, quotes and numbers, gets it in
quotes of its own.
"""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache

import yaml
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Quote, QuotedString

from tracknet.errors import InputError
from tracknet.names import at_home, located
from tracknet.overrides import key_of
from tracknet.published import KINDS
from tracknet.trust import CONFIGS

PLACES: dict[str, tuple[str, ...]] = {
    "train": ("data.root",),
    "benchmark": ("data.root",),
    "prepare": ("data.root",),
    "evaluate": ("ckpt", "data.root"),
    "predict": ("ckpt", "source*"),
    "adapt": ("ckpt", "source*"),
    "compare": ("runs*",),
    "export": ("ckpt", "evaluations*"),
    "to_cvat": ("source*", "labels"),
    "from_labels": ("annotations", "videos"),
    "import_checkpoint": ("source", "kind"),
}
"""The settings that a command's names are for, in their order; one with a star takes several. Those
that are given by ``key=value`` are passed over."""
CALLED = {
    "ckpt": "<run>",
    "data.root": "<data folder>",
    "source": "<video or folder>",
    "labels": "<csv or folder>",
    "runs": "<evaluation> <evaluation>",
    "evaluations": "<evaluation>",
    "annotations": "<export>",
    "videos": "<folder of videos>",
    "import_checkpoint.source": "<checkpoint file>",
    "kind": "kind=<wasb|tracknetv2|tracknetv3>",
}
"""How help and messages name them; one command may have its own word."""

PATHS = re.compile(
    r"ckpt|source|reference|labels|videos|predictions|annotations|runs|evaluations|notes|fold"
    r"|paths\.\w+|task\.(first|tracker)"
    r"|resume|init_from|ckpt_path"
    r"|hydra\.(run\.dir|sweep\.dir|sweep\.subdir)|sampling\.hard|trainer\.default_root_dir"
    r"|backbone\.cfg\.pretrained_model_name|(callbacks|logger)\.\w+\.(dirpath|save_dir)"
    r"|data(\.parts\.[\w.-]+)?\.(root|cache|splits\.\w+)"
)
"""Settings that hold paths, or the names of folders."""
LISTS = re.compile(r"source|annotations|videos|runs|evaluations|.+\.splits\.\w+")
"""Of these those that may hold several, as ``[a,b]``."""
WRITTEN = re.compile(r"(paths|hydra)\..+")
"""Of these those that are never null."""

KEY = re.compile(r"(\+\+?|~)?[A-Za-z_$][\w$-]*([./][\w$-]+)*(@[\w$.:-]*)?(?P<equals>=)?", re.ASCII)
QUOTED = re.compile(r"'([^'\\]|\\.)*'|\"([^\"\\]|\\.)*\"", re.DOTALL)
FUNCTION = re.compile(r"\w+\s*\(.*\)", re.DOTALL)
WITH_VALUE = {
    *("--cfg", "-c", "--package", "-p", "--config-path", "-cp", "--config-name", "-cn"),
    *("--config-dir", "-cd", "--experimental-rerun"),
}
INFO = {"all", "config", "defaults", "defaults-tree", "plugins", "searchpath"}
SWEEP = {"-m", "--multirun"}
OPTIONS = {
    *WITH_VALUE,
    *SWEEP,
    *("--info", "-i", "--help", "-h", "--hydra-help", "--version", "--resolve", "--run", "-r"),
    *("--shell-completion", "-sc"),
}
"""Hydra's own."""


def to_hydra(name: str, arguments: Sequence[str]) -> list[str]:
    """The arguments of a command as Hydra takes them: its options, then overrides.

    A word is an override if it begins like one, ``key=`` or ``~key``. One that names a file is that
    file unless the key is a setting of ours. Whatever follows ``--`` is a name. What this gives is
    left as it is when it is taken once more.

    Args:
        name: Of the command.
        arguments: As the shell gave them, without the program.

    Raises:
        InputError: There are more names than the command takes.
    """
    options, overrides, names = _sorted(arguments)
    sweep = not SWEEP.isdisjoint(options)
    given = [_literally(override, sweep) for override in overrides]
    placed = _placed(name, names, {key_of(override) for override in given})
    return [*options, *given, *placed, *_implied(name, given, placed)]


def usage(name: str) -> str:
    """A command's names, for help: ``<run> <video or folder> ...``."""
    words = []
    for place in PLACES.get(name, ()):
        words += [called(name, place.rstrip("*")), *["..."] * place.endswith("*")]
    return " ".join(words)


def called(name: str, setting: str) -> str:
    """How a command's help and messages name a setting: a name by itself, or ``key=<value>``."""
    own = CALLED.get(f"{name}.{setting}") or CALLED.get(setting)
    return own or f"{setting}=<value>"


def override(key: str, value: str) -> str:
    """``key=value`` that Hydra reads as exactly this text, quoted where it must be."""
    return f"{key}={_as_text(value)}"


def text_of(override: str) -> str:
    """``key=value`` as one would give it to a shell that quotes it: a path without Hydra's quotes.

    What is no path stays as it is.
    """
    key, _, value = override.partition("=")
    if not PATHS.fullmatch(key_of(key)) or not QUOTED.fullmatch(value):
        return override
    return f"{key}={value_of(override)}"


def value_of(override: str) -> str:
    """The text that an override sets, as OmegaConf will read it."""
    parsed = OverridesParser.create().parse_override(override).value()
    return re.sub(r"(\\*)\\\$\{", lambda found: found[1][::2] + "${", str(parsed))


def _sorted(arguments: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
    """Options, overrides and names."""
    options: list[str] = []
    overrides: list[str] = []
    names: list[str] = []
    waiting = list(arguments)
    while waiting:
        word = waiting.pop(0)
        if word == "--":
            names += waiting
            break
        if _is_option(word):
            options.append(word)
            takes = word in WITH_VALUE or (word in ("--info", "-i") and {*waiting[:1]} & INFO)
            options += [waiting.pop(0)] if takes and waiting else []
        else:
            (overrides if _is_override(word) else names).append(word)
    return options, overrides, names


def _is_option(word: str) -> bool:
    known = word.partition("=")[0] in OPTIONS
    return len(word) > 1 and word.startswith("-") and (known or not os.path.lexists(word))


def _is_override(word: str) -> bool:
    key = KEY.match(word)
    if not key or not (key["equals"] or (word.startswith("~") and key.end() == len(word))):
        return False
    return not os.path.lexists(word) or re.split(r"[.@/]", key_of(word))[0] in _settings()


@cache
def _settings() -> set[str]:
    """How the names of all settings of all commands begin."""
    groups = {path.name for path in CONFIGS.iterdir() if path.is_dir()}
    texts = (file.read_text(encoding="utf-8") for file in CONFIGS.glob("*.yaml"))
    return groups.union(*map(yaml.safe_load, texts))


def _literally(override_: str, sweep: bool) -> str:
    """An override whose value, if it is a path, Hydra takes as the shell gave it.

    What Hydra's grammar is meant for stays: text in quotes, a list, the values of a sweep, a
    reference ``${...}``; but not if there is a file of that very name.
    """
    key, _, value = override_.partition("=")
    bare = key_of(key)
    if not value or not PATHS.fullmatch(bare):
        return override_
    place = at_home(value)
    if os.path.lexists(place):
        return override(key, place)
    if QUOTED.fullmatch(value) or (value == "null" and not WRITTEN.fullmatch(bare)):
        return override_
    if value.startswith("[") and value.endswith("]") and LISTS.fullmatch(bare):
        return f"{key}=[{_each(value[1:-1])}]"
    if sweep and ("," in value or FUNCTION.fullmatch(value)):
        return f"{key}={value if FUNCTION.fullmatch(value) else _each(value)}"
    if "${" in value:
        return f"{key}={QuotedString(place, Quote.single).with_quotes()}"
    return override(key, place)


def _each(values: str) -> str:
    """Values between commas, each as text; as they are where they are more than names."""
    if re.search(r"['\"\[\]{}]", values) or not values.strip():
        return values
    return ",".join(_as_text(at_home(value.strip())) for value in values.split(","))


def _as_text(text: str) -> str:
    """Hydra's writing of a text, which nothing in it changes."""
    if text == "???":  # OmegaConf's word for what is missing
        text = "./???"
    if "${" not in text and "\\" not in text:  # which a comma of a list may follow
        try:
            if OverridesParser.create().parse_override(f"key={text}").value() == text:
                return text
        except Exception:  # Hydra's own are of several kinds
            pass
    # A backslash that stands before a reference is one of two.
    text = re.sub(r"(\\*)\$\{", lambda found: found[1] * 2 + r"\${", text)
    return QuotedString(text, Quote.single).with_quotes()


def _placed(name: str, names: Sequence[str], given: Iterable[str]) -> list[str]:
    """Overrides that put names into the command's places."""
    taken = {*given, *(["ckpt"] if "predictions" in given else [])}
    places = [place for place in PLACES.get(name, ()) if place.rstrip("*") not in taken]
    left, placed = list(names), []
    for i, place in enumerate(places):
        if not left:
            break
        key = place.rstrip("*")
        count = 1 if key == place else max(1, len(left) - len(places[i + 1 :]))
        own, left = [located(one) for one in left[:count]], left[count:]
        several = f"{key}=[{','.join(map(_as_text, own))}]"
        placed.append(override(key, own[0]) if len(own) == 1 else several)
    if left:
        expected = usage(name) or "key=value alone"
        raise InputError(
            f"{left[0]}: a name too many; {name} takes {expected}, and a name with a space in "
            "quotes"
        )
    return placed


def _implied(name: str, given: Sequence[str], placed: Sequence[str]) -> Iterator[str]:
    """What goes without saying, unless it is said: choices that follow from what is given."""
    keys = {key_of(override) for override in given}
    if any(key_of(override) == "data.root" for override in placed):
        if name in ("train", "benchmark") and keys.isdisjoint({"experiment", "data", "resume"}):
            yield "experiment=own_video"
        elif name in ("prepare", "evaluate") and "data" not in keys:
            yield "data=generic"
    if name == "import_checkpoint" and "experiment" not in keys:
        kinds = (value_of(one) for one in (*given, *placed) if key_of(one) == "kind")
        yield from (f"experiment={kind}" for kind in kinds if kind in KINDS)
