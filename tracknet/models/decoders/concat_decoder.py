"""TrackNetV2's way up: each level is concatenated with what is above it, and convolved."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Annotated

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import nn

from tracknet.geometry import Size
from tracknet.models.blocks import ConvNorms, resized
from tracknet.types import FeatureInfo
from tracknet.values import Count, Norm, Stride

Units = Annotated[Sequence[Count], Field(min_length=1, max_length=16)]


class ConcatDecoder(nn.Module):
    """A pyramid, finest first -> (B,in_channels[0],Hh,Wh), as wide as the level that joins last.

    U-Net's decoder (https://arxiv.org/abs/1505.04597) with nearest neighbours, as TrackNetV2 and
    those after it have it. Levels finer than the heatmap are left out.

    Args:
        in_channels: Channels of each level used, finest first.
        out_size: (H, W) of the heatmaps.
        skipped: How many of the pyramid's finest levels are left out.
        units: Convolutions after each joining, coarsest first; the last number is that of all
            further ones.
        skip_first: Whether the level comes before what is above it, as in WASB's code, or after
            it, as in TrackNetV3's and V4's.
        norm: ``batch``, ``group`` or ``none``.
        relu_first: See `VGGBackbone`.
    """

    layout = "pyramid"

    def __init__(
        self,
        in_channels: Sequence[int],
        out_size: Size,
        skipped: int = 0,
        units: Units = (3, 2, 2),
        skip_first: bool = False,
        norm: Norm = "batch",
        relu_first: bool = False,
    ) -> None:
        super().__init__()
        self.skipped = skipped
        self.out_size = tuple(out_size)
        self.out_channels = in_channels[0]
        self.skip_first = skip_first
        joins = [*pairwise(in_channels)][::-1]
        counts = [units[min(i, len(units) - 1)] for i in range(len(joins))]
        self.blocks = nn.ModuleList(
            ConvNorms(finer + coarser, finer, count, norm, relu_first)
            for (finer, coarser), count in zip(joins, counts, strict=True)
        )

    @classmethod
    def from_features(
        cls,
        features: Mapping[str, FeatureInfo],
        out_size: Size,
        heatmap_stride: Stride,
        units: Units = (3, 2, 2),
        skip_first: bool = False,
        norm: Norm = "batch",
        relu_first: bool = False,
    ) -> "ConcatDecoder":
        pyramid = features[cls.layout]
        skipped = pyramid.finer_than(heatmap_stride)
        used = pyramid.channels[skipped:]
        return cls(used, out_size, skipped, units, skip_first, norm, relu_first)

    def forward(self, levels: Sequence[torch.Tensor], out_size: Size | None = None) -> torch.Tensor:
        *finer, x = levels[self.skipped :]
        for level, block in zip(reversed(finer), self.blocks, strict=True):
            above = F.interpolate(x, size=level.shape[-2:], mode="nearest")
            x = block(torch.cat([level, above] if self.skip_first else [above, level], 1))
        return resized(x, out_size or self.out_size)
