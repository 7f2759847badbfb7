"""TrackNetV2's way down: plain 3x3 convolutions at full resolution, then after each pooling."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import nn

from tracknet.errors import InputError
from tracknet.models.backbones.base import Backbone
from tracknet.models.blocks import ConvNorms
from tracknet.types import FeatureInfo
from tracknet.values import Count, Norm, Widths


class VGGBackbone(Backbone):
    """(B,C,H,W) -> a pyramid of strides 1, 2, 4, ...: VGG's stages with norms.

    The first half of TrackNetV2 (Sun et al. 2020), and of V3 and V4 after it.

    Args:
        widths: Channels of each level, finest first.
        units: Convolutions of each level.
        norm: ``batch``, ``group`` or ``none``.
        relu_first: Whether a unit is convolution -> ReLU -> norm, as in Sun's code and WASB's,
            in place of convolution -> norm -> ReLU, as in TrackNetV3's.
        in_channels: Channels of the input, 3 for each picture.

    Raises:
        InputError: There are not as many `units` as `widths`.
    """

    def __init__(
        self,
        widths: Widths = (64, 128, 256, 512),
        units: Sequence[Count] = (2, 2, 3, 3),
        norm: Norm = "batch",
        relu_first: bool = False,
        in_channels: int = 3,
    ) -> None:
        super().__init__()
        if len(units) != len(widths):
            raise InputError(f"units={list(units)}: expected {len(widths)}, one for each width")
        strides = tuple(2**i for i in range(len(widths)))
        self.features = FeatureInfo("pyramid", tuple(widths), strides)
        self.levels = nn.ModuleList(
            ConvNorms(before, width, count, norm, relu_first)
            for before, width, count in zip([in_channels, *widths], widths, units, strict=False)
        )

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        levels: list[torch.Tensor] = []
        for level in self.levels:
            levels.append(level(F.max_pool2d(levels[-1], 2) if levels else x))
        return levels
