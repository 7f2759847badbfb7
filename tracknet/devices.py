"""What the machine offers."""

from typing import TypeVar

import torch
from torch import nn

from tracknet.errors import InputError

Model = TypeVar("Model", bound=nn.Module)


def pick_device(device: str) -> torch.device:
    """The device of that name; ``auto`` is the first of CUDA, MPS and CPU that is there.

    Raises:
        InputError: There is no such device.
    """
    kinds = [("cuda", torch.cuda.is_available()), ("mps", torch.backends.mps.is_available())]
    there = [kind for kind, found in (*kinds, ("cpu", True)) if found]
    kind, _, number = (there[0] if device == "auto" else str(device)).partition(":")
    if kind not in there or (number and not number.isdigit()):
        names = ", ".join(sorted(there))
        raise InputError(f"device={device}; expected auto, or what this machine has: {names}")
    return torch.device(device if number else kind)


def lacks_memory(error: RuntimeError) -> bool:
    """Whether an error says that a device's memory is full; MPS has no kind of its own for that."""
    return isinstance(error, torch.OutOfMemoryError) or "MPS backend out of memory" in str(error)


def synchronize(device: torch.device) -> None:
    """Waits until a device has done what it was given, for timing; a CPU has done it already."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def supports_bfloat16(device: torch.device) -> bool:
    """Whether mixed bfloat16 is faster than float32 there, not merely possible."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type == "cpu":
        # Other CPUs emulate it, slower than float32.
        return torch.cpu._is_avx512_bf16_supported()
    return False


def channels_last(model: Model) -> Model:
    """The model with its 2D convolutions in the layout that is faster for them.

    Not by `Module.to`, which fails where a parameter has five dimensions, as a 3D convolution's.
    """
    for parameter in model.parameters():
        if parameter.dim() == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    return model
