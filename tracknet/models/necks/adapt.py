"""Between the two feature layouts: every backbone works with every decoder."""

import math
from collections.abc import Sequence

import torch
from torch import nn

from tracknet.models.blocks import norm_layer
from tracknet.types import FeatureInfo


class SimplePyramid(nn.Module):
    """Tokens (B,Hp,Wp,C) -> [(B,C/2^n,2^n Hp,2^n Wp), ..., (B,C,Hp,Wp)], finest first.

    The simple feature pyramid of ViTDet (https://arxiv.org/abs/2203.16527, section 3): transposed
    convolutions upwards from the last grid alone. A finer level continues from the one below it.

    Args:
        channels: C of the tokens, which 2^doublings divides.
        doublings: Levels finer than the tokens' own.
    """

    def __init__(self, channels: int, doublings: int) -> None:
        super().__init__()
        self.norm = norm_layer("group", channels)
        self.ups = nn.ModuleList()
        for i in range(doublings):
            before, after = channels >> i, channels >> (i + 1)
            up = nn.ConvTranspose2d(before, after, 2, 2, bias=False)
            self.ups.append(nn.Sequential(up, norm_layer("group", after), nn.GELU()))

    def forward(self, tokens: torch.Tensor) -> list[torch.Tensor]:
        x = self.norm(tokens.permute(0, 3, 1, 2))
        levels = [x]
        for up in self.ups:
            x = up(x)
            levels.insert(0, x)
        return levels


class LevelAsTokens(nn.Module):
    """One level (B,C,H,W) of a pyramid, counted from the finest -> tokens (B,H,W,C)."""

    def __init__(self, level: int) -> None:
        super().__init__()
        self.level = level

    def forward(self, levels: Sequence[torch.Tensor]) -> torch.Tensor:
        return levels[self.level].permute(0, 2, 3, 1)


def adapted(features: FeatureInfo, layout: str, heatmap_stride: int) -> FeatureInfo:
    """What a backbone's features are in another layout.

    Args:
        features: What the backbone gives.
        layout: ``tokens`` or ``pyramid``.
        heatmap_stride: Network pixels per heatmap pixel; nothing finer is made or picked.
    """
    if features.layout == layout:
        return features
    if layout == "tokens":
        useful = [i for i, stride in enumerate(features.strides) if stride >= heatmap_stride]
        level = useful[0] if useful else -1
        return FeatureInfo("tokens", (features.channels[level],), (features.strides[level],))
    (channels,), (stride,) = features.channels, features.strides
    # No finer than a quarter of the patch, as ViTDet, nor than the heatmap.
    even = math.gcd(stride, channels)
    parts = [2**n for n in (2, 1) if even % 2**n == 0 and stride >> n >= heatmap_stride] + [1]
    return FeatureInfo(
        "pyramid", tuple(channels // n for n in parts), tuple(stride // n for n in parts)
    )


def neck(features: FeatureInfo, wanted: FeatureInfo) -> nn.Module:
    """The module that turns a backbone's features into those that `adapted` named."""
    if features.layout == wanted.layout:
        return nn.Identity()
    if wanted.layout == "tokens":
        return LevelAsTokens(features.strides.index(*wanted.strides))
    return SimplePyramid(*features.channels, doublings=len(wanted.strides) - 1)
