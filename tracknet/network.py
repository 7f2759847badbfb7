"""From a configuration to its network."""

import math
from collections.abc import Mapping
from inspect import signature
from typing import Any

import torch

from tracknet.build import build, target_of
from tracknet.errors import InputError
from tracknet.models.heatmap_model import HeatmapModel
from tracknet.models.necks.adapt import adapted, neck

HOW = {"freeze", "lora", "checkpointing", "strict"}
"""Settings of a backbone that say how it learns, and not what it is."""


def is_same_backbone(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two configurations of backbones are of one network, however that learns."""

    def what(settings: Any) -> Any:
        if not isinstance(settings, Mapping):
            return settings
        return {name: what(value) for name, value in settings.items() if name not in HOW}

    return what(one) == what(other)


def build_model(config: Mapping[str, Any], weights: dict[str, Any] | None = None) -> HeatmapModel:
    """The network of a configuration.

    Args:
        config: Resolved, with what `record.NETWORK` names.
        weights: What a checkpoint recorded of the backbone's origin; no cache is then consulted.

    Raises:
        InputError: The sizes do not fit each other; the message says which to use.
    """
    size, stride, frames = tuple(config["image_size"]), config["heatmap_stride"], config["frames"]
    inputs = build(config, "inputs", frames=frames)
    pictures = {"pictures": inputs.pictures, "channels": inputs.channels}
    temporal = build(config, "temporal", **pictures, frames=frames)
    if temporal.framewise and not inputs.framewise:
        raise InputError(
            "temporal: sees each frame by itself, and these inputs show one by others of its "
            "window; take inputs=frames with inputs.previous=false, or temporal=stack"
        )
    known = signature(target_of(config["backbone"], "backbone")).parameters
    if weights and weights["kind"] not in ("random", "imported") and "restored" not in known:
        raise InputError(f"weights.kind={weights['kind']}: the backbone has no such weights")
    told = {"image_size": size, **({"restored": weights} if weights else {})}
    told = {name: value for name, value in told.items() if name in known}
    backbone = build(config, "backbone", in_channels=temporal.in_channels, **told)
    backbone.check_size(size, stride)
    inputs.suit(backbone)
    features = temporal.attach(backbone.features, stride)
    maps = {"out_size": (size[0] // stride, size[1] // stride), "heatmap_stride": stride}
    layouts = {layout: adapted(features, layout, stride) for layout in ("tokens", "pyramid")}
    decoder = build(config, "decoder", features=layouts, **maps)
    seen, given = temporal.in_channels, decoder.out_channels
    detail = build(config, "detail", in_channels=seen, out_channels=given, **maps)
    if detail is not None:
        temporal.attach_detail(given)
    each = build(config, "codec").maps
    out = {"out_channels": temporal.out_channels * each, "maps": each}
    head = build(config, "head", in_channels=given, **out)
    attention = build(config, "attention", frames=frames, maps=each)
    between = neck(features, layouts[decoder.layout])
    return HeatmapModel(
        inputs, temporal, backbone, between, decoder, head, stride, detail, attention
    )


def freeze_unreached(model: HeatmapModel) -> None:
    """Freezes mask tokens, poolers, levels that the decoder leaves out: what has no gradient.

    Distributed training refuses such parameters.
    """
    side = 2 * math.lcm(model.backbone.multiple, model.heatmap_stride)
    learning = [parameter for parameter in model.parameters() if parameter.requires_grad]
    model.eval()  # training mode would move the running statistics
    with torch.enable_grad():
        logits = model(*model.blank(model.backbone.only or (side, side)))
    gradients = torch.autograd.grad(logits.sum(), learning, allow_unused=True)
    for parameter, gradient in zip(learning, gradients, strict=True):
        parameter.requires_grad_(gradient is not None)
    model.train()
