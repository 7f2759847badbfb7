"""Tokens -> a map, one doubling after the other."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import nn

from tracknet.errors import InputError
from tracknet.models.blocks import ConvNorm
from tracknet.types import FeatureInfo
from tracknet.values import Norm, Widths


class UpsamplingDecoder(nn.Module):
    """(B,Hp,Wp,C) -> (B,channels[-1],Hh,Wh).

    Each stage is bilinear interpolation -> Conv3x3 -> norm -> ReLU. Nothing is upsampled beyond
    `out_size`, where the last stage ends.

    Args:
        channels: Of the tokens, then after each stage.
        upsample: Factor of each stage.
        out_size: (H, W) of the heatmaps.
        norm: ``group``, ``batch`` or ``none``.

    Raises:
        InputError: The stages of `channels` and `upsample` differ in number, or there is none.
    """

    layout = "tokens"

    def __init__(
        self,
        channels: Sequence[int],
        upsample: Sequence[int],
        out_size: tuple[int, int],
        norm: Norm = "group",
    ) -> None:
        super().__init__()
        if not len(upsample) == len(channels) - 1 > 0:
            raise InputError(
                f"{len(channels)} channels need {len(channels) - 1} factors in upsample, and at "
                f"least one; got {len(upsample)}"
            )
        self.upsample = tuple(upsample)
        self.out_size = tuple(out_size)
        self.out_channels = channels[-1]
        self.stages = nn.ModuleList(
            ConvNorm(before, after, norm) for before, after in pairwise(channels)
        )

    @classmethod
    def from_features(
        cls,
        features: Mapping[str, FeatureInfo],
        out_size: tuple[int, int],
        heatmap_stride: int,
        widths: Widths,
        norm: Norm = "group",
    ) -> "UpsamplingDecoder":
        """The decoder for a backbone: each of `widths` is a stage that doubles the resolution."""
        return cls([*features[cls.layout].channels, *widths], [2] * len(widths), out_size, norm)

    def forward(
        self, tokens: torch.Tensor, out_size: tuple[int, int] | None = None
    ) -> torch.Tensor:
        """Tokens -> features; `out_size` takes the place of the one given at construction."""
        target = tuple(out_size or self.out_size)
        x = tokens.permute(0, 3, 1, 2)
        for i, (factor, stage) in enumerate(zip(self.upsample, self.stages, strict=True), 1):
            size = tuple(min(factor * s, t) for s, t in zip(x.shape[-2:], target, strict=True))
            if i == len(self.stages):
                size = target
            if size != tuple(x.shape[-2:]):
                x = F.interpolate(x, size=size, mode="bilinear", align_corners=False)
            x = stage(x)
        return x
