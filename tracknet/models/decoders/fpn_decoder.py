"""A feature pyramid network (https://arxiv.org/abs/1612.03144) whose levels are fused into one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

from tracknet.errors import InputError
from tracknet.geometry import Size
from tracknet.models.blocks import ConvNorm, resized
from tracknet.types import FeatureInfo
from tracknet.values import Channels, Norm


@dataclass
class FPNDecoderConfig:
    """Shape of the pyramid.

    Attributes:
        lateral_dim: Channels of every level, and of the output.
        use_p2: The level of stride 4 takes part; the backbone must have one. Without it, levels
            of stride 4 and finer are left out.
        fuse: How the refined levels become one map: added, or concatenated and mixed by a Conv1x1.
        out_size: (H, W) of the heatmaps.
        norm: ``group``, ``batch`` or ``none``.
    """

    lateral_dim: Channels = 256
    use_p2: bool = False
    fuse: Literal["sum", "concat"] = "sum"
    out_size: Size = (72, 128)
    norm: Norm = "group"


class FPNDecoder(nn.Module):
    """A pyramid, finest first -> (B,lateral_dim,Hh,Wh).

    Lateral Conv1x1 -> top-down sum -> Conv3x3, norm, ReLU -> fusion at `out_size`. A level finer
    than `out_size` joins at `out_size`.

    Args:
        in_channels: Channels of each level, finest first.
        cfg: Shape of the pyramid.
        strides: Stride of each level; unless given, the coarsest is 32 and each finer one half.

    Raises:
        InputError: No level is coarse enough, or `use_p2` without a level of stride 4.
    """

    layout = "pyramid"

    def __init__(
        self,
        in_channels: Sequence[int],
        cfg: FPNDecoderConfig,
        strides: Sequence[int] | None = None,
    ) -> None:
        super().__init__()
        if strides is None:
            strides = [32 >> i for i in reversed(range(len(in_channels)))]
        if cfg.use_p2 and 4 not in strides:
            raise InputError(
                f"use_p2=true needs a level of stride 4; the backbone's strides are "
                f"{tuple(strides)}. Set use_p2=false or choose backbone=conv"
            )
        finest = 4 if cfg.use_p2 else 5
        used = [c for c, s in zip(in_channels, strides, strict=True) if s >= finest]
        if not used:
            raise InputError(f"decoder=fpn needs a level coarser than 4; got {tuple(strides)}")
        self.out_size = tuple(cfg.out_size)
        self.out_channels = dim = cfg.lateral_dim
        self.laterals = nn.ModuleList(nn.Conv2d(c, dim, 1) for c in used)
        self.refine = nn.ModuleList(ConvNorm(dim, dim, cfg.norm) for _ in used)
        concat = cfg.fuse == "concat"
        self.mix = nn.Conv2d(len(used) * dim, dim, 1) if concat else None

    @classmethod
    def from_features(
        cls,
        features: Mapping[str, FeatureInfo],
        out_size: Size,
        heatmap_stride: int,
        lateral_dim: Channels = 256,
        fuse: Literal["sum", "concat"] = "sum",
        use_p2: bool = False,
        norm: Norm = "group",
    ) -> "FPNDecoder":
        cfg = FPNDecoderConfig(lateral_dim, use_p2, fuse, out_size, norm)
        pyramid = features[cls.layout]
        return cls(pyramid.channels, cfg, pyramid.strides)

    def forward(self, feats: Sequence[torch.Tensor], out_size: Size | None = None) -> torch.Tensor:
        target = tuple(out_size or self.out_size)
        maps, above = [], None
        # Coarsest first; finer levels than those with a lateral are left out.
        for level, lateral, refine in zip(
            reversed(feats), reversed(self.laterals), reversed(self.refine), strict=False
        ):
            size = min(level.shape[-2], target[0]), min(level.shape[-1], target[1])
            x = resized(lateral(level), size)
            above = x if above is None else x + resized(above, size)
            maps.append(resized(refine(above), target))
        return sum(maps[1:], maps[0]) if self.mix is None else self.mix(torch.cat(maps, 1))
