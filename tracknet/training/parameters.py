"""Which parameters the optimizer treats alike."""

from typing import Any

from torch import nn

from tracknet.models.backbones.base import PretrainedBackbone
from tracknet.values import Inside

RATE = "lr_scale"
"""Entry of a group: its learning rate, as a share of the optimizer's."""
DEPTH = 12
"""Layers at most; ViT-S and ViT-B have as many blocks."""


def no_decay(model: nn.Module) -> list[dict[str, Any]]:
    """Two groups of what learns: weights, and norms and biases, which have no weight decay.

    To shrink a scale or an offset makes no simpler function.
    """
    trainable = [p for p in model.parameters() if p.requires_grad]
    return [
        {"params": [p for p in trainable if p.ndim > 1]},
        {"params": [p for p in trainable if p.ndim <= 1], "weight_decay": 0.0},
    ]


def layer_decay(model: nn.Module, decay: Inside = 0.75) -> list[dict[str, Any]]:
    """The groups of `no_decay`, once for each layer of the backbone and once for what follows it.

    Layer i of n learns at `decay` ** (n + 1 - i) of the rate, 0 being what comes before the first
    block (as BEiT is fine-tuned, https://arxiv.org/abs/2106.08254, appendix). Of a network of more
    than `DEPTH` blocks several share a layer, as in ConvNeXt's recipe. A stem that was inflated
    for the pictures of a window learns at the full rate, with decoder and head: it has yet to tell
    them apart.

    Args:
        model: A `HeatmapModel`.
        decay: Rate of a layer, as a share of the next one's.
    """
    backbone = dict(model.named_children()).get("backbone", nn.Module())
    layers, count = _layers(backbone)
    stem = backbone.inflated_stem() if isinstance(backbone, PretrainedBackbone) else []
    layers |= dict.fromkeys(map(id, stem), count + 1)
    groups = []
    for layer in range(count + 2):
        own = [p for p in model.parameters() if layers.get(id(p), count + 1) == layer]
        name = f"backbone, layer {layer} of {count}" if layer <= count else "decoder and head"
        for group in no_decay(nn.ParameterList(own)):
            if group["params"]:
                kind = "norms and biases" if "weight_decay" in group else "weights"
                scale = decay ** (count + 1 - layer)
                groups.append({"name": f"{name}, {kind}", RATE: scale, **group})
    return groups


def _layers(backbone: nn.Module) -> tuple[dict[int, int], int]:
    """Layer of each parameter by its id, in the order in which they were made; how many there are.

    A parameter belongs to the last block that has begun: embeddings to none, a final norm to the
    last one.
    """
    begun, at = 0, {}
    before = ""
    for name, parameter in backbone.named_parameters():
        block = _block(backbone, name)
        begun += bool(block) and block != before
        before = block or before
        at[id(parameter)] = begun
    count = min(begun, DEPTH)
    return {key: -(-own * count // begun) if own else 0 for key, own in at.items()}, count


def _block(backbone: nn.Module, parameter: str) -> str:
    """The innermost part of a list that holds it and more than one weight; empty for none."""
    path = parameter.split(".")
    for end in range(len(path) - 1, 0, -1):
        name = ".".join(path[:end])
        weights = [p for p in backbone.get_submodule(name).parameters() if p.ndim > 1]
        if path[end - 1].isdecimal() and len(weights) > 1:
            return name
    return ""
