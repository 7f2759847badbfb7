"""U-Net's way up: each level is joined by the next finer one and refined."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import nn

from tracknet.geometry import Size
from tracknet.models.blocks import ResidualBlock, resized
from tracknet.types import FeatureInfo
from tracknet.values import Norm, Stride


class UNetDecoder(nn.Module):
    """A pyramid, finest first -> (B,in_channels[0],Hh,Wh), as wide as the level that joins last.

    Levels are joined by addition, as in LinkNet (https://arxiv.org/abs/1707.03718): concatenated,
    the finest blocks would cost three times as much. Levels finer than the heatmap are left out, so
    that nothing is computed beyond `out_size`.

    Args:
        in_channels: Channels of each level used, finest first.
        out_size: (H, W) of the heatmaps.
        skipped: How many of the pyramid's finest levels are left out.
        norm: ``batch``, ``group`` or ``none``.
    """

    layout = "pyramid"

    def __init__(
        self,
        in_channels: Sequence[int],
        out_size: Size,
        skipped: int = 0,
        norm: Norm = "group",
    ) -> None:
        super().__init__()
        self.skipped = skipped
        self.out_size = tuple(out_size)
        self.out_channels = in_channels[0]
        self.narrow = nn.ModuleList(nn.Conv2d(d, c, 1) for c, d in pairwise(in_channels))
        self.blocks = nn.ModuleList(ResidualBlock(c, c, norm) for c in in_channels[:-1])

    @classmethod
    def from_features(
        cls,
        features: Mapping[str, FeatureInfo],
        out_size: Size,
        heatmap_stride: Stride,
        norm: Norm = "group",
    ) -> "UNetDecoder":
        pyramid = features[cls.layout]
        skipped = pyramid.finer_than(heatmap_stride)
        return cls(pyramid.channels[skipped:], out_size, skipped, norm)

    def forward(self, levels: Sequence[torch.Tensor], out_size: Size | None = None) -> torch.Tensor:
        *finer, x = levels[self.skipped :]
        for level, narrow, block in zip(
            reversed(finer), reversed(self.narrow), reversed(self.blocks), strict=True
        ):
            x = block(level + F.interpolate(narrow(x), size=level.shape[-2:], mode="nearest"))
        return resized(x, out_size or self.out_size)
