"""Features -> raw heatmap logits."""

import math

import torch
from torch import nn

from tracknet.values import Inside


class HeatmapHead(nn.Module):
    """(B,C,H,W) -> logits (B,out_channels,H,W); the sigmoid belongs to the loss and the codec.

    Conv3x3 -> ReLU -> Conv1x1. The 3x3 is for decoders that end in an interpolation: a Conv1x1
    alone cannot sharpen what FPN interpolates from stride 8.

    Args:
        in_channels: C.
        out_channels: Of all frames.
        prior: Probability that the untrained network gives every pixel of a heatmap, in (0, 1).
            Starting at a half instead, focal loss drowns in background
            (https://arxiv.org/abs/1708.02002, section 4.1).
        maps: Of a frame, the first of which is its heatmap.
    """

    def __init__(
        self, in_channels: int, out_channels: int = 1, prior: Inside = 0.01, maps: int = 1
    ) -> None:
        super().__init__()
        self.hidden = nn.Sequential(
            nn.Conv2d(in_channels, in_channels, 3, padding=1), nn.ReLU(inplace=True)
        )
        self.logits = _logits(in_channels, out_channels, prior, maps)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.logits(self.hidden(x))


class PointHead(nn.Module):
    """The same without the Conv3x3, for decoders that end in convolutions."""

    def __init__(
        self, in_channels: int, out_channels: int = 1, prior: Inside = 0.01, maps: int = 1
    ) -> None:
        super().__init__()
        self.logits = _logits(in_channels, out_channels, prior, maps)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.logits(x)


def _logits(in_channels: int, out_channels: int, prior: float, maps: int) -> nn.Conv2d:
    logits = nn.Conv2d(in_channels, out_channels, 1)
    bias = nn.init.zeros_(logits.get_parameter("bias"))
    nn.init.constant_(bias[::maps], -math.log((1 - prior) / prior))
    return logits
