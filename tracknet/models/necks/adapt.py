"""Between the two feature layouts: every backbone works with every decoder."""

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
    """One level (B,C,H,W) of a pyramid -> tokens (B,H,W,C).

    Args:
        level: Which, counted from the finest.
    """

    def __init__(self, level: int) -> None:
        super().__init__()
        self.level = level

    def forward(self, levels: Sequence[torch.Tensor]) -> torch.Tensor:
        return levels[self.level].permute(0, 2, 3, 1)


def _tokens_to_pyramid(features: FeatureInfo, heatmap_stride: int) -> tuple[nn.Module, FeatureInfo]:
    (channels,), (stride,) = features.channels, features.strides
    doublings = 0
    # No finer than a quarter of the patch, as ViTDet, nor than the heatmap.
    while (
        doublings < 2
        and stride % 2 ** (doublings + 1) == 0
        and stride >> (doublings + 1) >= heatmap_stride
        and channels % 2 ** (doublings + 1) == 0
    ):
        doublings += 1
    steps = range(doublings, -1, -1)
    info = FeatureInfo(
        "pyramid", tuple(channels >> i for i in steps), tuple(stride >> i for i in steps)
    )
    return SimplePyramid(channels, doublings), info


def _pyramid_to_tokens(features: FeatureInfo, heatmap_stride: int) -> tuple[nn.Module, FeatureInfo]:
    useful = [i for i, stride in enumerate(features.strides) if stride >= heatmap_stride]
    level = useful[0] if useful else len(features.strides) - 1
    info = FeatureInfo("tokens", (features.channels[level],), (features.strides[level],))
    return LevelAsTokens(level), info


ADAPTERS = {
    ("tokens", "pyramid"): _tokens_to_pyramid,
    ("pyramid", "tokens"): _pyramid_to_tokens,
}


def adapt(features: FeatureInfo, layout: str, heatmap_stride: int) -> tuple[nn.Module, FeatureInfo]:
    """The neck between a backbone and a decoder, and what it hands on.

    Args:
        features: What the backbone gives.
        layout: What the decoder takes, ``tokens`` or ``pyramid``.
        heatmap_stride: Network pixels per heatmap pixel; nothing finer is made or picked.
    """
    if features.layout == layout:
        return nn.Identity(), features
    return ADAPTERS[features.layout, layout](features, heatmap_stride)
