"""A run that goes on with new settings of how it learns: they win over the state that it kept."""

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn

from tracknet.errors import InputError
from tracknet.record import Record

LEARNS_BY = ("parameters", "optimizer", "scheduler")
"""Groups of the configuration that such a state was made by."""
STEPS = "total_steps"
"""Entry of a checkpoint: the steps of the whole run, as its schedule was made for."""


def use_settings(
    checkpoint: dict[str, Any],
    config: Mapping[str, Any],
    make: Callable[..., torch.optim.Optimizer],
    optimizer: torch.optim.Optimizer,
    scheduler: Any,
    total_steps: int,
) -> None:
    """Has a checkpoint's state of optimizer and scheduler agree with the settings given now.

    A new schedule is taken to where the run stands in it. Where nothing differs the state stays as
    it is, to the bit.

    Args:
        checkpoint: What is about to be restored; changed in place.
        config: The configuration that is given now.
        make: Groups of parameters -> optimizer.
        optimizer: The run's own, which has not made a step.
        scheduler: Its scheduler, likewise.
        total_steps: Of the whole run.

    Raises:
        InputError: The state is of another kind than the settings.
    """
    before = Record.of(checkpoint).config
    new = [group for group in LEARNS_BY if before.get(group) != config[group]]
    if not new and checkpoint.get(STEPS) == total_steps:
        return
    (saved,) = checkpoint["optimizer_states"]
    groups = saved["param_groups"]
    sizes = [[len(group["params"]) for group in own] for own in (groups, optimizer.param_groups)]
    kept = {*next(iter(saved["state"].values()), ())}
    if "parameters" in new or sizes[0] != sizes[1] or ("optimizer" in new and _keeps(make) != kept):
        wrong = "optimizer" if "optimizer" in new else "parameters"
        raise InputError(
            f"{wrong}: resume= goes on with what the optimizer keeps of each parameter, which "
            f"these settings do not fit; keep those of group {wrong}, or begin a new run with the "
            "weights by init_from="
        )
    with warnings.catch_warnings():
        # That no step was made yet: they were, before.
        warnings.filterwarnings("ignore", ".*lr_scheduler.step.*before.*optimizer.step.*")
        for _ in range(checkpoint["global_step"]):
            scheduler.step()
    for group, own in zip(groups, optimizer.param_groups, strict=True):
        group.update({name: value for name, value in own.items() if name != "params"})
    checkpoint["lr_schedulers"] = [scheduler.state_dict()]


def _keeps(make: Callable[..., torch.optim.Optimizer]) -> set[str]:
    """Names of what an optimizer keeps of a parameter, once it has made a step."""
    parameter = nn.Parameter(torch.zeros(1, 1))
    parameter.grad = torch.zeros(1, 1)
    optimizer = make([parameter])
    optimizer.step()
    return {*optimizer.state[parameter]}
