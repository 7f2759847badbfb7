"""Any of transformers' backbones."""

import math
from typing import Any

import torch

from tracknet.errors import InputError
from tracknet.models.backbones.base import (
    REFUSED,
    PretrainedBackbone,
    describe_weights,
    first_sentence,
    inflate_stem,
    open_local,
    own_settings,
    plain_config,
)
from tracknet.types import FeatureInfo
from tracknet.values import Rank, Text

NONE = {"timm_backbone"}
"""What transformers calls a backbone and timm makes: `backbone=timm`."""
SUCH_AS = (
    "choose another network, such as a ResNet, ConvNeXt, Swin or DINOv2, or take backbone=timm "
    "backbone.name=resnet18, which works with every decoder"
)


class HFBackbone(PretrainedBackbone):
    """(B,C,H,W) -> a pyramid, finest first; or patch tokens, of networks of one scale.

    All stages of an `AutoBackbone` whose strides differ; of several of one stride the last one
    counts. transformers norms the levels of networks that do not do so themselves.

    Args:
        name: A Hugging Face name in the local cache, or a local folder. Nothing is fetched, and
            without its configuration there is no network.
        pretrained: Its weights are taken, if they are there; false: only its configuration, with
            random weights.
        strict: Random weights in place of absent ones are an error.
        freeze: See `PretrainedConfig`.
        lora: Likewise.
        checkpointing: Likewise.
        in_channels: Channels of the input, 3 for each picture.
        restored: See `open_pretrained`.

    Raises:
        FileNotFoundError: It is not on this machine, or its weights are not, and `strict`.
        InputError: Its files are broken, or it is no backbone for pictures of any size.
    """

    def __init__(
        self,
        name: Text,
        pretrained: bool = True,
        strict: bool = False,
        freeze: bool = False,
        lora: Rank = 0,
        checkpointing: bool = False,
        in_channels: int = 3,
        restored: dict[str, Any] | None = None,
    ) -> None:
        if strict and not pretrained:
            raise InputError(REFUSED)
        config = _configuration(name) if restored is None else _restored(restored["config"])
        features, stages = _looked_at(config, in_channels)
        config.out_features = stages
        net = None
        if restored is None:
            made_up = f"{name} WITH RANDOM WEIGHTS"
            # Not AutoBackbone, which asks the hub whether there is such a repository.
            options = {"kind": _kind(config), "config": config}
            found = open_local(name, strict, made_up, **options) if pretrained else None
            net, restored = found or (None, describe_weights("random", name, plain_config(config)))
        super().__init__(restored)
        if net is None:
            net = _made(config)
        inflate_stem(net, in_channels)
        self.net, self.features = net, features
        self.learn_by(freeze, lora, checkpointing)

    def forward(self, x: torch.Tensor) -> Any:
        levels = list(self.net(x).feature_maps)
        return levels if self.features.layout == "pyramid" else levels[0].permute(0, 2, 3, 1)


def _configuration(name: str) -> Any:
    from transformers.models.auto import AutoConfig

    try:
        config = AutoConfig.from_pretrained(name, local_files_only=True)
    except Exception as error:  # a broken file lets its reader raise anything
        raise FileNotFoundError(
            f"{name} is not on this machine ({first_sentence(error)}). Get it where there is a "
            f"network with `hf download {name}`, or set backbone.name to a folder that holds it"
        ) from error
    if config.model_type not in _known():
        raise InputError(
            f"{name} is a {config.model_type}, which transformers has no backbone of; {SUCH_AS}"
        )
    return config


def _restored(recorded: dict[str, Any] | None) -> Any:
    """A configuration that a checkpoint recorded, which is not trusted."""
    if not recorded:
        raise InputError("the checkpoint does not say which of transformers' networks it is of")
    return own_settings(_known(), **recorded)


def _kind(config: Any) -> Any:
    # Not from the top, which lists every model: a type checker would read them all.
    from transformers.models.auto.modeling_auto import MODEL_FOR_BACKBONE_MAPPING

    return MODEL_FOR_BACKBONE_MAPPING[type(config)]


def _made(config: Any) -> Any:
    from transformers.models.auto import AutoBackbone

    return AutoBackbone.from_config(config, dtype=torch.float32)


def _known() -> set[str]:
    from transformers.models.auto.modeling_auto import MODEL_FOR_BACKBONE_MAPPING_NAMES

    return {*MODEL_FOR_BACKBONE_MAPPING_NAMES} - NONE


def _looked_at(config: Any, in_channels: int) -> tuple[FeatureInfo, list[str]]:
    """What a backbone of all stages gives, without memory for it, and which stages those are of."""
    config.out_features = list(config.stage_names)
    patch = getattr(config, "patch_size", None)
    unit = math.lcm(64, patch if isinstance(patch, int) else 1)
    height, width = 2 * unit, 3 * unit
    try:
        with torch.device("meta"):
            net = _made(config).eval()
            inflate_stem(net, in_channels)
            maps = net(torch.zeros(1, in_channels, height, width)).feature_maps
    except Exception as error:  # networks fail anyhow
        raise InputError(
            f"{config.model_type} gives no features of pictures of {height}x{width} "
            f"({first_sentence(error)}); {SUCH_AS}"
        ) from error
    at = {}  # the last stage of each stride
    for name, level in zip(config.out_features, maps, strict=True):
        stride = height // level.shape[-2] if level.ndim == 4 else 0
        if not stride or level.shape[-2:] != (height // stride, width // stride):
            raise InputError(
                f"{config.model_type} gives {tuple(level.shape)} of {height}x{width}; {SUCH_AS}"
            )
        at.pop(stride, None)
        at[stride] = name, level.shape[1]
    if list(at) != sorted(at):
        raise InputError(f"{config.model_type} has strides {[*at]}, not finest first; {SUCH_AS}")
    stages, channels = zip(*at.values(), strict=True)
    layout = "tokens" if len(at) == 1 else "pyramid"
    return FeatureInfo(layout, channels, tuple(at)), list(stages)
