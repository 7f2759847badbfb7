"""What ``--help`` and ``--version`` print; the comments of the configurations are its text.

An entry configuration begins with what its command does, then ``usage:`` and ``example:``, each a
comment of its own; behind a key, in one or more lines, stands what it is.
"""

import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from textwrap import wrap
from typing import Any

import yaml
from rich.text import Text

from tracknet.console import command, console
from tracknet.errors import InputError
from tracknet.trust import CONFIGS, PARTIAL, TARGET
from tracknet.zoo import or_models

WIDEST = 100
"""Columns, however wide the terminal is."""
COLUMN = 30
"""Where what is said of a value begins."""
LONGEST = 40
"""Characters of a value."""
KEPT: dict[str, Any] = {"break_on_hyphens": False, "break_long_words": False}
"""Paths and overrides, when lines are wrapped."""
UNSAID = (TARGET, PARTIAL, "defaults", "command", "hydra")
OWN_FOLDER = ("--config-dir", "-cd")
EVERYWHERE = {
    "hydra.run.dir=<folder>": "where its outputs go",
    "--help <group>": "the choices of a group, and what can be set in it; --help <group>=<choice>",
    "--cfg job --resolve": "the whole configuration; each of its values is an override",
    "-m <key>=<a>,<b>": "one run for each of several values",
    "--version": "of tracknet",
    "--hydra-help": "Hydra's own flags, among them shell completion",
}
RUN = (
    "<run> is the folder of a training run, such as outputs/train/2026-01-31_12-00-00-000000, a "
    "checkpoint file"
)


@dataclass
class Described:
    """What a configuration file says of itself, with what it includes.

    Attributes:
        about: Its first comment.
        usage: What a command is given, of which there may be several ways.
        examples: Arguments, with a comment or none.
        values: Dotted key -> its value, as it is written, and what it is.
        groups: Group -> the options that are chosen.
    """

    about: str = ""
    usage: list[str] = field(default_factory=list)
    examples: list[str] = field(default_factory=list)
    values: dict[str, tuple[str | None, str]] = field(default_factory=dict)
    groups: dict[str, list[str]] = field(default_factory=dict)

    def include(self, other: "Described") -> None:
        """Takes what another file has and this one does not."""
        for key, (value, said) in other.values.items():
            own = self.values.get(key, (value, said))
            self.values[key] = own[0], own[1] or said
        self.groups = other.groups | self.groups


def answered(name: str, arguments: Sequence[str]) -> bool:
    """Whether a command was asked for its help or its version, which is printed then.

    Args:
        name: Of the command, and of its configuration.
        arguments: As it was given them; none behind ``--`` is a flag.

    Raises:
        InputError: Help is asked for a choice that a group has not.
    """
    end = arguments.index("--") if "--" in arguments else len(arguments)
    flags = {argument for argument in arguments[:end] if argument.startswith("-")}
    if "--version" in flags:
        print(f"tracknet {version('tracknet')}")
    elif flags & {"--help", "-h"}:
        folders = [CONFIGS, *_own_folders(arguments)]
        parts = (argument.partition("=") for argument in arguments[:end])
        named = [(group, choice) for group, _, choice in parts if _options(folders, group)]
        pages = [_of_group(folders, name, *one) for one in named] or [_of_command(folders, name)]
        console().print(_stripped(Text().join(pages)))
    else:
        return False
    return True


def _own_folders(arguments: Sequence[str]) -> list[Path]:
    """Where the user has configurations of their own."""
    apart = [value for flag, value in pairwise(arguments) if flag in OWN_FOLDER]
    given = [a.partition("=")[2] for a in arguments if a.partition("=")[0] in OWN_FOLDER]
    return [Path(folder) for folder in (*apart, *given) if folder]


def _of_command(folders: Sequence[Path], name: str) -> Text:
    own, program = read(folders, name), command(name)
    out = Text()
    for i, usage in enumerate(own.usage):
        out.append("usage: " if i == 0 else "       ", "bold")
        out.append(f"{program} {usage}\n")
    _paragraph(out, own.about)
    _section(out, "options, each key=value", _values(own))
    groups = [(_chosen(group, own), _options(folders, group)) for group in own.groups]
    several = [(chosen, ", ".join(o) if len(o) > 1 else "") for chosen, o in groups]
    _section(out, "groups, each group=choice", several)
    _section(out, "every command has", EVERYWHERE.items())
    _examples(out, own, program)
    if "<run>" in "".join([*own.usage, *own.examples]):
        _paragraph(out, f"{RUN}, {or_models()}")
    return out


def _of_group(folders: Sequence[Path], name: str, group: str, choice: str) -> Text:
    """A group's choices, and what can be set in the one that the command has; or a choice alone."""
    there = {option: read(folders, f"{group}/{option}") for option in _options(folders, group)}
    if choice and choice not in there:
        raise InputError(f"{group}={choice}: expected one of {', '.join(there)}")
    out, choices = Text(), [choice]
    if not choice:
        whole = read(folders, name)
        chosen = f", chosen is {_chosen(group, whole)}" if group in whole.groups else ""
        abouts = ((f"{group}={option}", own.about) for option, own in there.items())
        _section(out, group + chosen, abouts)
        choices = whole.groups.get(group, [])
    for choice in filter(there.get, choices):
        own = there[choice]
        groups = ((_chosen(one, own), "") for one in own.groups)
        _section(out, f"{group}={choice}", [("", own.about), *groups, *_values(own)])
        _examples(out, own, command("train"))
    return out


def _chosen(group: str, described: Described) -> str:
    """A group with what is chosen of it, as one would type it."""
    first, *others = described.groups[group]
    return f"{group}=[{','.join([first, *others])}]" if others else f"{group}={first}"


def _examples(out: Text, own: Described, program: str) -> None:
    if own.examples:
        out.append("\nexamples\n", "bold")
    for example in own.examples:
        call, _, said = example.partition("  # ")
        out.append(f"  # {said}\n" if said else "", "dim")
        lines = wrap(f"{program} {call}", _width() - 8, **KEPT)
        out.append("  " + " \\\n      ".join(lines) + "\n")


def _values(described: Described) -> Iterator[tuple[str, str]]:
    for key, (value, said) in described.values.items():
        if value == "???":
            yield f"{key}=<needed>", said
        else:
            yield key if value is None else f"{key}={value}", said


def _section(out: Text, title: str, rows: Iterable[tuple[str, str]]) -> None:
    """Adds rows under a title, the second column beside the first, or below where that is long."""
    rows = list(rows)
    if not rows:
        return
    out.append(f"\n{title}\n", "bold")
    for first, second in rows:
        start = COLUMN if first else 2
        lines = wrap(second, _width() - start, **KEPT)
        if len(first) + 4 <= COLUMN and lines:
            out.append(f"  {first}".ljust(start) + lines.pop(0) + "\n")
        elif first:
            out.append(f"  {first}\n")
        for line in lines:
            out.append(" " * start + line + "\n")


def _paragraph(out: Text, text: str) -> None:
    out.append("\n" + "\n".join(wrap(text, _width(), **KEPT)) + "\n")


def _width() -> int:
    return min(shutil.get_terminal_size().columns, WIDEST)


def _stripped(out: Text) -> Text:
    start = len(out.plain) - len(out.plain.lstrip("\n"))
    return out[start : len(out.plain.rstrip("\n"))]


def _options(folders: Iterable[Path], group: str) -> list[str]:
    """The choices of a group; none where there is no such group, or it is Hydra's."""
    if not re.fullmatch(r"\w+", group) or group == "hydra":
        return []
    return sorted({file.stem for folder in folders for file in (folder / group).glob("*.yaml")})


def read(folders: Sequence[Path], name: str) -> Described:
    """What the configuration file of that name says, ``predict`` or ``tracking/offline``.

    Args:
        folders: Where it is looked for, the first one first.
        name: Without ``.yaml``.
    """
    file = next(f for folder in folders if (f := folder / f"{name}.yaml").is_file())
    text = file.read_text(encoding="utf-8")
    lines, group = text.splitlines(), name.rpartition("/")[0]
    prefix = "" if not group or "# @package _global_" in text else f"{group}."
    found = _heading(lines)
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):
        return found
    included = []
    for item in yaml.safe_load(text).get("defaults", []):
        if isinstance(item, dict):
            (one, option), *_ = item.items()
            chosen = option if isinstance(option, list) else [option or "null"]
            found.groups[one.removeprefix("override /")] = chosen
        elif item != "_self_":
            included.append(f"{group}/{item}" if group else item)
    found.values.update(_walk(root, prefix, text, lines))
    found.groups.pop("hydra", None)
    for other in included:
        found.include(read(folders, other))
    return found


def _heading(lines: Sequence[str]) -> Described:
    """The comments that a file begins with."""
    found, about = Described(), []
    for line in lines:
        if not line.startswith("#"):
            break
        kind, _, rest = line.removeprefix("#").strip().partition(": ")
        if kind == "usage":
            found.usage.append(rest.strip())
        elif kind == "example":
            found.examples.append(rest.strip())
        elif not kind.startswith("@package"):
            about.append(line.removeprefix("#").strip())
    found.about = " ".join(about)
    return found


def _walk(
    node: yaml.MappingNode, prefix: str, text: str, lines: Sequence[str]
) -> Iterator[tuple[str, tuple[str | None, str]]]:
    """The values of a file, with the comments behind them."""
    for key, value in node.value:
        name = f"{prefix}{key.value}"
        if key.value in UNSAID:
            continue
        if isinstance(value, yaml.MappingNode) and not value.flow_style:
            if said := _comment(lines, key.end_mark, ":"):
                yield name, (None, said)
            yield from _walk(value, f"{name}.", text, lines)
        else:
            written = text[value.start_mark.index : value.end_mark.index]
            yield name, (_short(written), _comment(lines, value.end_mark))


def _short(written: str) -> str:
    """A value as one would type it, or its beginning."""
    value = re.sub(r"(?<=[\[{,]) | (?=[\]}])", "", " ".join(written.split()))
    return value if len(value) <= LONGEST else f"{value[: LONGEST - 3]}..."


def _comment(lines: Sequence[str], mark: yaml.Mark, between: str = "") -> str:
    """What stands behind a place, and goes on below in the same column."""
    rest = re.match(rf"{between}\s+#", lines[mark.line][mark.column :])
    if not rest:
        return ""
    column = mark.column + rest.end() - 1
    said = [lines[mark.line][column:]]
    for line in lines[mark.line + 1 :]:
        if line[:column].strip() or line[column : column + 1] != "#":
            break
        said.append(line[column:])
    return " ".join(part.removeprefix("#").strip() for part in said)
