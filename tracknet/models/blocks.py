"""Small pieces that several backbones and decoders share."""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import nn

from tracknet.values import Norm


def norm_layer(kind: Norm, channels: int) -> nn.Module:
    """A normalisation by name."""
    if kind == "group":
        return nn.GroupNorm(math.gcd(8, channels), channels)
    if kind == "batch":
        return nn.BatchNorm2d(channels)
    return nn.Identity()


def resized(x: torch.Tensor, size: Sequence[int]) -> torch.Tensor:
    """(B,C,H,W) -> (B,C,h,w), interpolated by the half-pixel rule."""
    if x.shape[-2:] == torch.Size(size):
        return x
    return F.interpolate(x, size=size, mode="bilinear", align_corners=False)


class ConvNorm(nn.Sequential):
    """Convolution -> norm -> ReLU: 3x3, or of patches of `patch` x `patch` pixels.

    With `relu_first` it is convolution with a bias -> ReLU -> norm.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        norm: Norm,
        patch: int | None = None,
        relu_first: bool = False,
    ) -> None:
        kernel, stride, padding = (patch, patch, 0) if patch else (3, 1, 1)
        bias = relu_first or norm == "none"
        conv = nn.Conv2d(in_channels, out_channels, kernel, stride, padding, bias=bias)
        after, relu = norm_layer(norm, out_channels), nn.ReLU(inplace=True)
        super().__init__(conv, *((relu, after) if relu_first else (after, relu)))


class ConvNorms(nn.Sequential):
    """`count` times 3x3 `ConvNorm`; the first one changes the channels."""

    def __init__(
        self, in_channels: int, out_channels: int, count: int, norm: Norm, relu_first: bool
    ) -> None:
        before = [in_channels, *[out_channels] * (count - 1)]
        super().__init__(*(ConvNorm(c, out_channels, norm, relu_first=relu_first) for c in before))


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions round a shortcut; (B,Cin,H,W) -> (B,Cout,H,W)."""

    def __init__(self, in_channels: int, out_channels: int, norm: Norm) -> None:
        super().__init__()
        self.body = nn.Sequential(
            ConvNorm(in_channels, out_channels, norm),
            nn.Conv2d(out_channels, out_channels, 3, 1, 1, bias=norm == "none"),
            norm_layer(norm, out_channels),
        )
        same = in_channels == out_channels
        self.shortcut = nn.Identity() if same else nn.Conv2d(in_channels, out_channels, 1)
        self.activation = nn.ReLU(inplace=True)

    def forward(self, x):
        return self.activation(self.body(x) + self.shortcut(x))
