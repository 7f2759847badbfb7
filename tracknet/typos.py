"""What a misspelt override was meant to be; Hydra only says that it does not know it."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf


def misspelt(configs: str, name: str, arguments: Sequence[str]) -> list[str]:
    """Overrides that change nothing there is, each with the likeliest one that does.

    Args:
        configs: Hydra's search path.
        name: Of the entry configuration.
        arguments: As the command was given them.
    """
    given = [a.partition("=") for a in arguments if "=" in a and a[0] not in "-+~"]
    groups = [f"{key}={value}" for key, _, value in given if (Path(configs) / key).is_dir()]
    GlobalHydra.instance().clear()
    try:
        with initialize_config_dir(configs, version_base="1.3"):
            settings = list(_keys(OmegaConf.to_container(compose(name, groups))))
    except Exception:  # a choice that is not there: Hydra has said so
        return []
    hints = []
    for key, _, value in given:
        if key in settings or key.startswith("hydra.") or f"{key}={value}" in groups:
            continue
        for meant in difflib.get_close_matches(key, settings, 1):
            hints.append(f"{key}={value}: did you mean {meant}={value}?")
    return hints


def _keys(config: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """The dotted names of everything in a configuration."""
    for key, value in config.items():
        yield f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from _keys(value, f"{prefix}{key}.")
