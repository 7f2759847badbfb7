"""Low-rank adapters beside a network's own weights, which rest."""

import re
from collections.abc import Iterable

from torch import nn

from tracknet.errors import InputError

SCALE = 2
"""What an adapter's output is multiplied by: alpha / rank."""


def add_adapters(net: nn.Module, rank: int) -> None:
    """Puts one beside every linear layer and ungrouped convolution of `net`, in place.

    LoRA (https://arxiv.org/abs/2106.09685): W x + SCALE B A x, where A and B have `rank` inner
    channels, alone learn, and B begins with zeros. A stem has one, too, which lets it tell the
    frames of a window apart.

    Raises:
        InputError: peft is not installed.
    """
    try:
        from peft import LoraConfig, inject_adapter_in_model
    except ImportError as error:
        raise InputError("lora needs peft: pip install tracknet[lora]") from error

    names = [name for name, layer in net.named_modules() if is_adaptable(layer)]
    targets = "|".join(map(re.escape, names))
    net.requires_grad_(False)
    inject_adapter_in_model(
        LoraConfig(r=rank, lora_alpha=SCALE * rank, target_modules=targets), net
    )


def is_adaptable(layer: nn.Module) -> bool:
    """Whether it is linear in its weights: kinds derived of these may norm them, or pad."""
    return type(layer) is nn.Linear or (type(layer) is nn.Conv2d and layer.groups == 1)


def merge_adapters(model: nn.Module) -> None:
    """Adds what the adapters learned to the weights that they stand beside, in place.

    What is left is the plain network, which gives what it gave with them.
    """
    if not has_adapters(model.state_dict()):
        return
    from peft.tuners.lora import LoraLayer

    for name, layer in [*model.named_modules()]:
        if isinstance(layer, LoraLayer):
            layer.merge()  # pyright: ignore[reportAttributeAccessIssue], each kind's own
            outer, _, own = name.rpartition(".")
            setattr(model.get_submodule(outer), own, layer.get_base_layer())


def has_adapters(names: Iterable[str]) -> bool:
    """Whether adapters are among the parameters of these names."""
    return any(".lora_A." in name for name in names)


def plain_name(name: str) -> str:
    """What a parameter is called in the network without adapters."""
    return name.replace(".base_layer.", ".")
