"""Continuing a run in place, with its own configuration."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

NETWORK = (
    "backbone",
    "decoder",
    "head",
    "temporal",
    "image_size",
    "frames",
    "background",
    "heatmap_stride",
)


def resumed_arguments(arguments: list[str]) -> list[str]:
    """Puts the overrides that a run was started with before those given now, which win.

    Hydra writes ``.hydra`` anew when a run directory is used again, so the configuration has to be
    composed from the old overrides together with the new ones.

    Args:
        arguments: Of the process, the program's name first.

    Raises:
        ValueError: ``resume=`` names no run directory, or stands in a sweep.
    """
    given = {_key(argument): argument for argument in arguments[1:]}
    if "resume" not in given or given["resume"] in ("resume=", "resume=null"):
        return arguments
    if given.keys() & {"-m", "--multirun"}:
        raise ValueError("resume= continues one run in its own directory; leave -m out")
    run = Path(given["resume"].removeprefix("resume=").strip("'\""))
    saved = run / ".hydra" / "overrides.yaml"
    if not saved.is_file():
        raise ValueError(f"resume={run}: holds no .hydra/overrides.yaml; name a run directory")
    kept = [o for o in OmegaConf.load(saved) if _key(o) not in given]
    return [arguments[0], *kept, *arguments[1:], f"hydra.run.dir='{run}'"]


def _key(override: str) -> str:
    return override.split("=", 1)[0].lstrip("+~")


def check_same_network(
    saved: Mapping[str, Any], config: Mapping[str, Any], argument: str = "resume="
) -> None:
    """Refuses to go on with another network.

    Args:
        saved: The configuration of the run or checkpoint to go on with.
        config: The one that is given now.
        argument: What asked to go on, for the message.

    Raises:
        ValueError: They differ; the message shows each difference.
    """
    old = _flat({key: saved[key] for key in NETWORK})
    new = _flat({key: config[key] for key in NETWORK})
    differences = [
        f"{key}: {old.get(key)} -> {new.get(key)}"
        for key in sorted({*old, *new})
        if old.get(key) != new.get(key)
    ]
    if differences:
        raise ValueError(
            f"{argument} continues the same network, but these differ: "
            + "; ".join(differences)
            + f". Make them agree, or start a new run without {argument}"
        )


def _flat(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in config.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat
