"""From a configuration to its network."""

import math
from collections.abc import Mapping
from typing import Any

import torch

from tracknet.build import build, target_of
from tracknet.models.backbones.base import freeze_unreached
from tracknet.models.heatmap_model import HeatmapModel
from tracknet.models.inputs import GAIN, WindowInput
from tracknet.models.necks.adapt import adapt


def build_model(config: Mapping[str, Any], weights: dict[str, Any] | None = None) -> HeatmapModel:
    """The network of a configuration; what no gradient reaches is frozen.

    Args:
        config: With image_size, frames, background, differences, heatmap_stride and the groups
            backbone, decoder, detail, head and temporal.
        weights: What a checkpoint recorded of the backbone's origin; no cache is then consulted.

    Raises:
        ValueError: The sizes do not fit each other; the message says which to use.
    """
    size, stride = tuple(config["image_size"]), config["heatmap_stride"]
    pictures = config["frames"] + config["background"]
    temporal = build(config, "temporal", pictures=pictures, frames=config["frames"])
    restored = {"restored": weights} if weights and weights["kind"] != "random" else {}
    backbone = build(config, "backbone", in_channels=temporal.in_channels, **restored)
    backbone.check_size(size, stride)
    layout = target_of(config, "decoder").__self__.layout
    neck, features = adapt(backbone.features, layout, stride)
    out_size = size[0] // stride, size[1] // stride
    decoder = build(config, "decoder", features=features, out_size=out_size)
    detail = build(
        config,
        "detail",
        in_channels=temporal.in_channels,
        out_channels=decoder.out_channels,
        out_size=out_size,
        heatmap_stride=stride,
    )
    head = build(
        config, "head", in_channels=decoder.out_channels, out_channels=temporal.out_channels
    )
    if config["differences"]:
        backbone.take_differences(GAIN)
    inputs = WindowInput(
        config["frames"],
        config["background"],
        config["differences"],
        backbone.mean,
        backbone.std,
    )
    model = HeatmapModel(inputs, temporal, backbone, neck, decoder, head, stride, detail)
    _freeze_unused(model)
    return model


def _freeze_unused(model: HeatmapModel) -> None:
    """Freezes the levels of a backbone or a neck that the decoder leaves out."""
    side = 2 * math.lcm(max(model.backbone.features.strides), model.heatmap_stride)
    background = torch.zeros(1, 3, side, side) if model.background else None
    # Training mode would move the running statistics.
    model.eval()
    with torch.enable_grad():
        logits = model(torch.zeros(1, model.frames, 3, side, side), background)
    freeze_unreached(model, [logits])
    model.train()
