"""From configuration to objects: the only place that calls `hydra.utils.instantiate`."""

import difflib
import functools
import inspect
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, get_type_hints

from hydra.errors import InstantiationException
from hydra.utils import instantiate

from tracknet.errors import InputError
from tracknet.trust import PARTIAL, TARGET
from tracknet.values import mistake, shown

LIBRARIES = {"lightning", "torch"}
"""What these refuse is no bug of ours, whatever they raise."""


def build(config: Mapping[str, Any], group: str, *args: Any, **kwargs: Any) -> Any:
    """The part of a group, made of its settings, which are checked against its signature.

    Parts within it are built first. With ``_partial_: true`` it is a function of what is missing.

    Args:
        config: The whole configuration, resolved and plain.
        group: Its dotted name.
        args: What the part takes besides its settings.
        kwargs: What the part takes besides its settings.

    Returns:
        The part, or None where the group is empty or null.

    Raises:
        InputError: A setting is unknown, missing or of another type, or the part refuses it; the
            message begins with the name.
    """
    part = functools.reduce(lambda outer, key: (outer or {}).get(key), group.split("."), config)
    return _make(part, group, args, kwargs) if part else None


def build_named(config: Mapping[str, Any], group: str) -> dict[str, Any]:
    """The parts of a group whose entries have names, such as callbacks; null entries are off."""
    parts = {name: build(config, f"{group}.{name}") for name in config.get(group) or {}}
    return {name: part for name, part in parts.items() if part is not None}


def build_all(config: Mapping[str, Any], group: str) -> list[Any]:
    """The same without the names."""
    return list(build_named(config, group).values())


def check_parts(config: Any, key: str = "", known: Collection[str] = ()) -> None:
    """Checks the settings of all parts of a configuration, without building one.

    Args:
        config: The whole configuration, resolved and plain, or what is in it.
        key: Its dotted name, empty for the whole.
        known: Dotted names of values that are checked otherwise.

    Raises:
        InputError: As `build`, but for what a part itself refuses and what it is not given yet.
    """
    within = config.items() if isinstance(config, Mapping) else enumerate(_list(config))
    for name, value in within:
        check_parts(value, f"{key}.{name}" if key else str(name), known)
    if _is_part(config):
        plain = {name: value for name, value in config.items() if not _holds_part(value)}
        _check(target_of(config, key), {**plain, PARTIAL: True}, key, (), {}, known)


def _make(part: Any, key: str, args: tuple, kwargs: Mapping[str, Any]) -> Any:
    if not _is_part(part):
        raise InputError(f"{shown(key, part)}: expected a part, with a {TARGET}")
    target = target_of(part, key)
    part = {name: _built(value, f"{key}.{name}") for name, value in part.items()}
    settings = _check(target, part, key, args, kwargs)
    if part.get(PARTIAL):
        return functools.partial(target, *args, **settings, **kwargs)
    try:
        return target(*args, **settings, **kwargs)
    except Exception as error:
        theirs = {module.split(".")[0] for module in (target.__module__, type(error).__module__)}
        if not isinstance(error, InputError | OSError | ValueError) and not theirs & LIBRARIES:
            raise
        said = str(error)
        named = [name for name in settings if re.search(rf"\b{name}\b", said)]
        key += f".{named[0]}" if len(named) == 1 and not said.startswith(key) else ""
        raise InputError(said if said.startswith(key) else f"{key}: {said}") from error


def _built(value: Any, key: str) -> Any:
    """A value with the parts in it built."""
    if _is_part(value):
        return _make(value, key, (), {})
    if isinstance(value, Mapping):
        return {name: _built(inner, f"{key}.{name}") for name, inner in value.items()}
    if isinstance(value, list):
        return [_built(inner, f"{key}.{i}") for i, inner in enumerate(value)]
    return value


def _is_part(value: Any) -> bool:
    return isinstance(value, Mapping) and TARGET in value


def _holds_part(value: Any) -> bool:
    inner = value.values() if isinstance(value, Mapping) else _list(value)
    return _is_part(value) or any(map(_holds_part, inner))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def target_of(part: Mapping[str, Any], key: str) -> Callable[..., Any]:
    """What makes a part, as Hydra guards it."""
    try:
        return instantiate({TARGET: part[TARGET]}, _partial_=True).func
    except InstantiationException as error:
        name = f"{key}.{TARGET}"
        raise InputError(
            f"{shown(name, part[TARGET])}: no class or function of that name can be used"
        ) from error


def _check(
    target: Callable[..., Any],
    part: Mapping[str, Any],
    key: str,
    args: tuple,
    kwargs: Mapping[str, Any],
    known: Collection[str] = (),
) -> dict[str, Any]:
    """The settings of a part, once they are known to suit its signature and what it is given."""
    settings = {name: part[name] for name in part if name not in (TARGET, PARTIAL)}
    signature, hints = _signature(target)
    ours = {*signature.bind_partial(*args).arguments, *kwargs}
    wrong = [f"{key}.{name}: is given by the code; leave it out" for name in ours & {*settings}]
    wrong += [mistake(f"{key}.{PARTIAL}", part.get(PARTIAL, False), bool)]
    open_ended = any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values())
    for name, value in settings.items():
        if name in signature.parameters:
            hint = Any if f"{key}.{name}" in known else hints.get(name, Any)
            wrong.append(mistake(f"{key}.{name}", value, hint))
        elif not open_ended:
            others = [name for name in signature.parameters if name not in ours]
            near = difflib.get_close_matches(name, others, 1)
            wrong.append(
                f"{key}.{name}: {target.__qualname__} has no such setting, but "
                f"{', '.join(others) or 'none'}{f'; did you mean {near[0]}?' if near else ''}"
            )
    if not part.get(PARTIAL):
        given = ours | {*settings}
        wrong += [
            f"{key}.{name}: missing; add {key}.{name}=<value>"
            for name, p in signature.parameters.items()
            if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
            if name not in given
        ]
    if any(wrong):
        raise InputError("; ".join(filter(None, wrong)))
    return settings


@functools.cache
def _signature(target: Callable[..., Any]) -> tuple[inspect.Signature, dict[str, Any]]:
    try:
        hints = get_type_hints(
            target.__init__ if isinstance(target, type) else target, include_extras=True
        )
    except Exception:  # names that type checkers alone know
        hints = {}
    return inspect.signature(target), hints
