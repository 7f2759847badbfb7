"""What can be told of settings by looking at them alone, before anything is assembled."""

import math
import re
from collections.abc import Iterator, Mapping
from functools import reduce
from typing import Any

from tracknet.errors import InputError

WHOLE = {
    "frames": (1, 8),
    "heatmap_stride": (1, math.inf),
    "batch_size": (1, math.inf),
    "num_workers": (0, math.inf),
    "seed": (0, 2**32 - 1),
    "overfit": (1, math.inf),
    "max_clips": (1, math.inf),
    "pairs": (1, math.inf),
    "batches": (1, math.inf),
    "trainer.max_epochs": (1, math.inf),
    "trainer.max_steps": (1, math.inf),
    "trainer.accumulate_grad_batches": (1, math.inf),
    "trainer.check_val_every_n_epoch": (1, math.inf),
}
"""Least and most of whole numbers."""
OPTIONAL = {"overfit", "max_clips", "trainer.check_val_every_n_epoch"}
"""May be null."""
SWITCHES = ("background", "differences", "strict")
SHARES = ("trainer.limit_train_batches", "trainer.limit_val_batches")
DURATION = re.compile(r"(?=.*[1-9])\d+:\d\d:\d\d:\d\d")


def check_settings(config: Mapping[str, Any]) -> None:
    """Refuses what a command cannot do, or could not finish.

    Args:
        config: Resolved, of any command; what it does not have is not looked at.

    Raises:
        InputError: A value is missing, of another kind or out of its range, or the training would
            end without a best network.
    """
    if missing := sorted(_missing(config)):
        given = " ".join(f"{name}=<value>" for name in missing)
        raise InputError(f"{', '.join(missing)}: missing; add {given}")
    for name, (least, most) in WHOLE.items():
        value = _value(config, name, least)
        if value is None and name in OPTIONAL:
            continue
        if name == "batch_size" and value == "auto" and "trainer" not in config:
            continue  # the predictor's own choice
        if type(value) is not int or not least <= value <= most:
            span = f", {least} or more" if most == math.inf else f" from {least} to {most}"
            null = ", or null" if name in OPTIONAL else ""
            raise InputError(f"{name}={value}; expected a whole number{span}{null}")
    for name in SWITCHES:
        value = _value(config, name, False)
        if type(value) is not bool:
            raise InputError(f"{name}={value}; expected true or false")
    threshold = _value(config, "threshold", None)
    # The scores of another program's predictions may go beyond 1.
    most = math.inf if config.get("predictions") else 1
    number = type(threshold) in (int, float) and 0 <= threshold <= most
    if threshold is not None and not number:
        span = "0 or more" if most == math.inf else "from 0 to 1"
        raise InputError(f"threshold={threshold}; expected a score {span}, or null")
    size = _value(config, "image_size", [1, 1])
    sides = size if isinstance(size, list | tuple) else []
    if len(sides) != 2 or not all(type(side) is int and side > 0 for side in sides):
        raise InputError(
            f"image_size={size}; expected height and width in pixels, such as [288,512]"
        )
    for name in SHARES:
        value = _value(config, name, 1.0)
        if not (value > 0 if type(value) is int else type(value) is float and 0 < value <= 1):
            raise InputError(
                f"{name}={value}; expected a share above 0 and up to 1.0, or a number of batches, "
                "1 or more"
            )
    limit = _value(config, "trainer.max_time", None)
    if limit is not None and not DURATION.fullmatch(str(limit)):
        raise InputError(
            f"trainer.max_time={limit}; expected days:hours:minutes:seconds, such as 00:01:00:00 "
            "for an hour, or null"
        )
    if _value(config, "callbacks.best", True) is None:
        raise InputError(
            "callbacks.best=null: a run ends with the best network, which that keeps; leave it on"
        )
    every = _value(config, "trainer.check_val_every_n_epoch", None) or 1
    epochs = _value(config, "trainer.max_epochs", every)
    if epochs < every:
        raise InputError(
            f"trainer.check_val_every_n_epoch={every}: no validation, by which the best network is "
            f"chosen, falls into trainer.max_epochs={epochs}; set it to {epochs} or less"
        )


def _missing(config: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """The dotted names of what has to be given and is not."""
    for key, value in config.items():
        if isinstance(value, Mapping):
            yield from _missing(value, f"{prefix}{key}.")
        elif value == "???":
            yield f"{prefix}{key}"


def _value(config: Mapping[str, Any], name: str, absent: Any) -> Any:
    """The value of a dotted name."""
    *groups, last = name.split(".")
    return reduce(lambda part, group: part.get(group, {}), groups, config).get(last, absent)
