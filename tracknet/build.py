"""From configuration to objects: the only place that calls `hydra.utils.instantiate`."""

import math
from collections.abc import Mapping
from typing import Any

import torch
from hydra.errors import InstantiationException
from hydra.utils import instantiate
from torch import nn

from tracknet.errors import InputError
from tracknet.models.backbones.base import freeze_unreached
from tracknet.models.heatmap_model import HeatmapModel
from tracknet.models.inputs import GAIN, WindowInput
from tracknet.models.necks.adapt import adapt


def build(config: Any, *args: Any, **kwargs: Any) -> Any:
    """Instantiates a config node; containers inside it become plain ones.

    Raises:
        InputError, OSError: What the part itself refuses, as it says it.
        InstantiationException: The part cannot be called like that.
    """
    try:
        return instantiate(config, *args, _convert_="all", **kwargs)
    except InstantiationException as error:
        # Hydra would quote a sentence that says the remedy inside another one.
        if isinstance(error.__cause__, InputError | OSError):
            raise error.__cause__ from None
        # What torch, Lightning or a part of the user's own refuses.
        if isinstance(error.__cause__, ValueError):
            raise InputError(f"{config.get('_target_')}: {error.__cause__}") from error.__cause__
        raise


def build_all(configs: Mapping[str, Any] | None) -> list[Any]:
    """The objects of a group whose entries have names, such as callbacks; null entries are off."""
    return [build(config) for config in (configs or {}).values() if config is not None]


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
    temporal = build(config["temporal"], pictures=pictures, frames=config["frames"])
    restored = {"restored": weights} if weights and weights["kind"] != "random" else {}
    backbone = build(config["backbone"], in_channels=temporal.in_channels, **restored)
    backbone.check_size(size, stride)
    # A FeatureInfo passed to instantiate would become a dict: build the partial, then call it.
    decoder = build(config["decoder"], _partial_=True)
    neck, features = adapt(backbone.features, _layout(decoder), stride)
    out_size = size[0] // stride, size[1] // stride
    decoder = decoder(features=features, out_size=out_size)
    detail = None
    if config["detail"]:
        detail = build(
            config["detail"],
            in_channels=temporal.in_channels,
            out_channels=decoder.out_channels,
            out_size=out_size,
            heatmap_stride=stride,
        )
    head = build(
        config["head"], in_channels=decoder.out_channels, out_channels=temporal.out_channels
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


def _layout(decoder: Any) -> str:
    """The feature layout of a decoder that is still a partial of its `from_features`."""
    owner: type[nn.Module] = decoder.func.__self__
    return owner.layout
