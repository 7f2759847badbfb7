"""A ConvNeXt's last three stages."""

from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Literal

import torch
from torch import nn

from tracknet.errors import InputError
from tracknet.models.backbones.base import (
    PretrainedBackbone,
    PretrainedConfig,
    inflate_stem,
    open_pretrained,
)
from tracknet.types import FeatureInfo

STRIDES = (8, 16, 32)


@dataclass
class ConvNeXtBackboneConfig(PretrainedConfig):
    """Which ConvNeXt, and what stands in for it.

    Attributes:
        tv_model: Torchvision's ConvNeXt that stands in, with random weights.
    """

    tv_model: Literal["convnext_tiny", "convnext_small", "convnext_base", "convnext_large"] = (
        "convnext_tiny"
    )


class ConvNeXtBackbone(PretrainedBackbone):
    """(B,C,H,W) -> [C3, C4, C5], (B,C_i,H/s,W/s) of strides 8, 16 and 32.

    Each level ends in a LayerNorm of its own, as where ConvNeXt serves dense prediction
    (https://github.com/facebookresearch/ConvNeXt, object_detection). `forward` takes any size, as
    the network does: a side that 32 does not divide is cut off in the coarser levels, which
    `check_size` refuses where a model is built.

    Raises:
        InputError: The network has no stages of strides 8, 16 and 32.
    """

    def __init__(
        self,
        cfg: ConvNeXtBackboneConfig,
        in_channels: int = 3,
        restored: dict[str, Any] | None = None,
    ) -> None:
        from torchvision.models.convnext import LayerNorm2d

        net, weights = open_pretrained(cfg, f"torchvision {cfg.tv_model}", restored)
        super().__init__(weights)
        self.net = _TorchvisionStages(cfg.tv_model) if net is None else _HuggingFaceStages(net)
        inflate_stem(self.net, in_channels)
        self.net.eval()
        with torch.no_grad():
            states = self.net(torch.zeros(1, in_channels, 64, 64))
        # Several states may share a stride (stem and first stage): the last one counts.
        at = {64 // s.shape[-1]: i for i, s in enumerate(states) if s.ndim == 4}
        if not at.keys() >= set(STRIDES):
            raise InputError(
                f"{weights['name']} has stages of strides {sorted(at)}; backbone=convnext needs "
                f"{STRIDES}: ConvNeXt, ConvNeXt V2, DINOv3 ConvNeXt"
            )
        self.stages = [at[stride] for stride in STRIDES]
        self.net.train()
        channels = tuple(states[i].shape[1] for i in self.stages)
        self.norms = nn.ModuleList(LayerNorm2d(c) for c in channels)
        self.features = FeatureInfo("pyramid", channels, STRIDES)
        self.learn_by(cfg.freeze, cfg.lora, cfg.checkpointing)

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        states = self.net(x)
        return [norm(states[i]) for norm, i in zip(self.norms, self.stages, strict=True)]


class _HuggingFaceStages(nn.Module):
    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return self.net(x, output_hidden_states=True).hidden_states


class _TorchvisionStages(nn.Module):
    def __init__(self, name: str) -> None:
        from torchvision.models import get_model

        super().__init__()
        self.stages = get_model(name, weights=None).features

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        return list(accumulate(self.stages, lambda before, stage: stage(before), initial=x))
