"""A small convolutional encoder that trains from nothing, the practical choice on a CPU."""

from itertools import accumulate

import torch
from torch import nn

from tracknet.models.backbones.base import Backbone
from tracknet.models.blocks import ConvNorm, ResidualBlock
from tracknet.types import FeatureInfo
from tracknet.values import Depth, Norm, Stride, Widths


class ConvBackbone(Backbone):
    """(B,C,H,W) -> pyramid of residual stages, strides `stem`, 2 `stem`, 4 `stem`, ...

    Every stage begins with patches that do not overlap: no pixel of a ball of three pixels is
    thrown away, nothing runs at full resolution, and cells are centred where an upsampled map's
    are.

    Args:
        widths: Channels of each stage, finest first.
        stem: Stride of the first stage, pixels.
        depth: Residual blocks in each stage.
        norm: ``batch``, ``group`` or ``none``.
        in_channels: Channels of the input, 3 for each picture.
    """

    def __init__(
        self,
        widths: Widths = (24, 48, 96, 128),
        stem: Stride = 2,
        depth: Depth = 1,
        norm: Norm = "batch",
        in_channels: int = 3,
    ) -> None:
        super().__init__()
        strides = tuple(stem * 2**i for i in range(len(widths)))
        self.features = FeatureInfo("pyramid", tuple(widths), strides)
        self.stages = nn.ModuleList()
        for i, width in enumerate(widths):
            before, patch = (widths[i - 1], 2) if i else (in_channels, stem)
            down = ConvNorm(before, width, norm, patch)
            blocks = [ResidualBlock(width, width, norm) for _ in range(depth)]
            self.stages.append(nn.Sequential(down, *blocks))

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        return list(accumulate(self.stages, lambda finer, stage: stage(finer), initial=x))[1:]
