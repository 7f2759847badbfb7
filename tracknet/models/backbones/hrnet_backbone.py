"""WASB's high-resolution network: branches of several strides, side by side from end to end."""

from collections.abc import Sequence
from functools import reduce

import torch
import torch.nn.functional as F
from torch import nn

from tracknet.errors import InputError
from tracknet.models.backbones.base import Backbone
from tracknet.models.blocks import ConvNorm, ResidualBlock, norm_layer
from tracknet.types import FeatureInfo
from tracknet.values import Channels, Count, Depth, Norm, Widths

EXPANSION = 4
"""Of a bottleneck."""


class HRNetBackbone(Backbone):
    """(B,C,H,W) -> a pyramid of strides 1, 2, 4, ..., whose finest level is the best one.

    HRNet (https://arxiv.org/abs/1908.07919) as WASB has it (https://arxiv.org/abs/2311.05237): the
    stem keeps the resolution, each stage has one exchange unit.

    Args:
        widths: Channels of each branch, finest first.
        stem: Channels of the stem; the bottleneck behind it is half as wide.
        depth: Residual blocks of a branch in each stage.
        levels: How many of the branches come out, finest first.
        unused: Whether there is also what the other branches would come out of, frozen: 13 % of
            the parameters of WASB's checkpoints, and 4 % of the time.
        norm: ``batch``, ``group`` or ``none``.
        in_channels: Channels of the input, 3 for each picture.

    Raises:
        InputError: More `levels` than branches.
    """

    def __init__(
        self,
        widths: Widths = (16, 32, 64, 128),
        stem: Channels = 64,
        depth: Depth = 2,
        levels: Count = 4,
        unused: bool = False,
        norm: Norm = "batch",
        in_channels: int = 3,
    ) -> None:
        super().__init__()
        if levels > len(widths):
            raise InputError(f"levels={levels}: expected at most {len(widths)}, the branches")
        strides = tuple(2**i for i in range(len(widths)))
        self.features = FeatureInfo("pyramid", tuple(widths[:levels]), strides[:levels])
        self._multiple = strides[-1]
        self.stem = nn.Sequential(ConvNorm(in_channels, stem, norm), ConvNorm(stem, stem, norm))
        self.bottleneck = Bottleneck(stem, max(1, stem // 2), norm)
        seen = self.bottleneck.out_channels
        before = [seen, seen, *widths[1:]]
        # Where each branch begins: the first two behind the bottleneck, others at the coarsest one.
        self.begin = nn.ModuleList(
            nn.Sequential(
                *_conv_norm(before[i], width, 3, min(i, 1) + 1, norm), nn.ReLU(inplace=True)
            )
            for i, width in enumerate(widths)
        )
        counts = range(2, len(widths) + 1)
        self.stages = nn.ModuleList(
            Exchange(widths[:count], depth, norm, levels if count == len(widths) else count, unused)
            for count in counts
        )

    @property
    def multiple(self) -> int:
        return self._multiple

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        x = self.bottleneck(self.stem(x))
        branches = [begin(x) for begin in self.begin[:2]]
        for i, stage in enumerate(self.stages):
            if i:
                branches.append(self.begin[i + 1](branches[-1]))
            branches = stage(branches)
        return branches


class Bottleneck(nn.Module):
    """Conv1x1, 3x3 and 1x1 round a shortcut; (B,C,H,W) -> (B,4*width,H,W)."""

    def __init__(self, in_channels: int, width: int, norm: Norm) -> None:
        super().__init__()
        self.out_channels = out = EXPANSION * width
        self.body = nn.Sequential(
            *(*_conv_norm(in_channels, width, 1, 1, norm), nn.ReLU(inplace=True)),
            *(*_conv_norm(width, width, 3, 1, norm), nn.ReLU(inplace=True)),
            *_conv_norm(width, out, 1, 1, norm),
        )
        self.shortcut = nn.Sequential(*_conv_norm(in_channels, out, 1, 1, norm))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (self.body(x) + self.shortcut(x)).relu()


class Exchange(nn.Module):
    """Branches go on by themselves, and then each becomes the sum of all, at its own stride.

    Args:
        widths: Channels of the branches, finest first.
        depth: Residual blocks of each.
        norm: See `HRNetBackbone`.
        outputs: How many branches come out.
        unused: Whether there are parts for the others, too: as in WASB's own code they are
            computed, which moves their running statistics in training, and come to nothing.
    """

    def __init__(
        self, widths: Sequence[int], depth: int, norm: Norm, outputs: int, unused: bool
    ) -> None:
        super().__init__()
        self.outputs = outputs
        self.branches = nn.ModuleList(
            nn.Sequential(*(ResidualBlock(width, width, norm) for _ in range(depth)))
            for width in widths
        )
        self.fuse = nn.ModuleList(
            nn.ModuleList(_fused(widths, j, i, norm) for j in range(len(widths)))
            for i in range(len(widths) if unused else outputs)
        )
        self.fuse[outputs:].requires_grad_(False)

    def forward(self, branches: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        branches = [own(x) for own, x in zip(self.branches, branches, strict=True)]
        with torch.no_grad():
            for i in range(self.outputs, len(self.fuse)):
                self._sum(branches, i)
        return [self._sum(branches, i) for i in range(self.outputs)]

    def _sum(self, branches: Sequence[torch.Tensor], i: int) -> torch.Tensor:
        size = branches[i].shape[-2:]
        found = [part(x) for part, x in zip(self.fuse[i].children(), branches, strict=True)]
        found[i + 1 :] = [F.interpolate(x, size=size, mode="nearest") for x in found[i + 1 :]]
        return reduce(torch.add, found).relu()


def _fused(widths: Sequence[int], source: int, target: int, norm: Norm) -> nn.Module:
    """From one branch to another: Conv1x1 upwards, a strided Conv3x3 for each halving."""
    before, after = widths[source], widths[target]
    if source >= target:
        return nn.Sequential(*(_conv_norm(before, after, 1, 1, norm) if source > target else ()))
    steps: list[nn.Module] = []
    for _ in range(target - source - 1):
        steps += [*_conv_norm(before, before, 3, 2, norm), nn.ReLU(inplace=True)]
    return nn.Sequential(*steps, *_conv_norm(before, after, 3, 2, norm))


def _conv_norm(
    before: int, after: int, kernel: int, stride: int, norm: Norm
) -> tuple[nn.Module, nn.Module]:
    bias = norm == "none"
    conv = nn.Conv2d(before, after, kernel, stride, kernel // 2, bias=bias)
    return conv, norm_layer(norm, after)
