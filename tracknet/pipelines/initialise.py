"""A network that begins with another run's weights: ``init_from=``."""

from pathlib import Path
from typing import Any

from torch import nn

from tracknet.checkpoint import merged
from tracknet.errors import InputError
from tracknet.models.lora import has_adapters, plain_name
from tracknet.record import LOOK, network_state, read_checkpoint


def initialise(model: nn.Module, source: str | Path, second: bool = False) -> list[str]:
    """Loads the weights of a checkpoint that fit by name and shape.

    Args:
        model: Changed in place.
        source: A run directory, whose best network is taken, a checkpoint file, or a model.
        second: Of a tracker, whether the network that looks a second time is taken.

    Returns:
        What was loaded, and key by key what was not and why, for people.

    Raises:
        CheckpointError: It cannot be read.
        InputError: Nothing in it fits.
    """
    checkpoint, own = read_checkpoint(source), model.state_dict()
    if not has_adapters(own):
        checkpoint = merged(checkpoint)
    state = network_state(checkpoint.get(LOOK, checkpoint) if second else checkpoint)
    # Adapters may stand beside weights that had none.
    for name in own.keys() - state.keys():
        if plain_name(name) in state:
            state[name] = state.pop(plain_name(name))
    fitting = {n: v for n, v in state.items() if n in own and own[n].shape == v.shape}
    if not fitting:
        raise InputError(
            f"init_from={source}: none of its {len(state)} tensors fits this network; choose the "
            "backbone and decoder that it was trained with"
        )
    model.load_state_dict(fitting, strict=False)
    left = [
        f"{name}: {_shape(state[name])} there, {_shape(own[name])} here"
        for name in state.keys() & own.keys() - fitting.keys()
    ]
    left += [f"{name}: not there, stays as it was made" for name in own.keys() - state.keys()]
    left += [f"{name}: not of this network" for name in state.keys() - own.keys()]
    return [f"weights     {len(fitting)} of {len(own)} tensors from {source}", *sorted(left)]


def _shape(tensor: Any) -> str:
    return "x".join(map(str, tensor.shape)) or "a number"
