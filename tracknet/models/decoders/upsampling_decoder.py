"""Tokens -> a map, one doubling after the other."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import torch
from torch import nn

from tracknet.errors import InputError
from tracknet.geometry import Size
from tracknet.models.blocks import ConvNorm, resized
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
        out_size: Size,
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
        out_size: Size,
        heatmap_stride: int,
        widths: Widths,
        norm: Norm = "group",
    ) -> "UpsamplingDecoder":
        """Each of `widths` is a stage that doubles the resolution."""
        return cls([*features[cls.layout].channels, *widths], [2] * len(widths), out_size, norm)

    def forward(self, tokens: torch.Tensor, out_size: Size | None = None) -> torch.Tensor:
        h, w = target = out_size or self.out_size
        x = tokens.permute(0, 3, 1, 2)
        *before, last = self.stages
        for factor, stage in zip(self.upsample, before, strict=False):
            size = min(factor * x.shape[-2], h), min(factor * x.shape[-1], w)
            x = stage(resized(x, size))
        return last(resized(x, target))
