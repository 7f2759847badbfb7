"""U-Net's way up: each level is joined by the next finer one and refined."""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import nn

from tracknet.models.blocks import ResidualBlock
from tracknet.types import FeatureInfo
from tracknet.values import Norm, Stride


class UNetDecoder(nn.Module):
    """A pyramid, finest first -> (B,out_channels,Hh,Wh).

    Levels are joined by addition, as in LinkNet (https://arxiv.org/abs/1707.03718): concatenated,
    the finest blocks would cost three times as much. Levels finer than the heatmap are left out, so
    that nothing is computed beyond `out_size`.

    Args:
        in_channels: Channels of each level used, finest first.
        widths: Channels after each of them is joined, finest first; one per level but the coarsest.
        out_size: (H, W) of the heatmaps.
        skipped: How many of the pyramid's finest levels are left out.
        norm: ``batch``, ``group`` or ``none``.
    """

    layout = "pyramid"

    def __init__(
        self,
        in_channels: Sequence[int],
        widths: Sequence[int],
        out_size: tuple[int, int],
        skipped: int = 0,
        norm: Norm = "group",
    ) -> None:
        super().__init__()
        self.skipped = skipped
        self.out_size = tuple(out_size)
        self.out_channels = widths[0] if widths else in_channels[0]
        above = [*widths, in_channels[-1]][1:]
        self.narrow = nn.ModuleList(
            nn.Conv2d(deeper, skip, 1) for skip, deeper in zip(in_channels[:-1], above, strict=True)
        )
        self.blocks = nn.ModuleList(
            ResidualBlock(skip, width, norm)
            for skip, width in zip(in_channels[:-1], widths, strict=True)
        )

    @classmethod
    def from_features(
        cls,
        features: Mapping[str, FeatureInfo],
        out_size: tuple[int, int],
        heatmap_stride: Stride,
        norm: Norm = "group",
    ) -> "UNetDecoder":
        """The decoder for a backbone: as wide as the level that joins at each step."""
        pyramid = features[cls.layout]
        coarsest = len(pyramid.strides) - 1
        skipped = min(sum(stride < heatmap_stride for stride in pyramid.strides), coarsest)
        channels = pyramid.channels[skipped:]
        return cls(channels, channels[:-1], out_size, skipped, norm)

    def forward(
        self, levels: Sequence[torch.Tensor], out_size: tuple[int, int] | None = None
    ) -> torch.Tensor:
        *finer, x = levels[self.skipped :]
        for level, narrow, block in zip(
            reversed(finer), reversed(self.narrow), reversed(self.blocks), strict=True
        ):
            x = block(level + F.interpolate(narrow(x), size=level.shape[-2:], mode="nearest"))
        size = out_size or self.out_size
        if x.shape[-2:] != torch.Size(size):
            x = F.interpolate(x, size=size, mode="bilinear", align_corners=False)
        return x
