"""Image detail for decoders whose backbone gives none: a shallow path beside the deep one."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from tracknet.models.backbones.conv_backbone import ConvBackbone
from tracknet.models.decoders.unet_decoder import UNetDecoder
from tracknet.values import Norm, Widths


class ConvDetail(nn.Module):
    """What convolutions of stride 2, 4, ... see, as a map that is added to a decoder's.

    A ball of 3 to 6 pixels lies inside one patch of a ViT, which has to learn each place in it
    anew; a convolution learns them all at once. ViTMatte's detail capture
    (https://arxiv.org/abs/2305.15272, section 3.3) stands beside a ViT for the same reason.

    Args:
        in_channels: Channels of the network's input, 3 for each picture.
        out_channels: Channels of the decoder's map.
        out_size: (h, w) of that map at the network's own size.
        heatmap_stride: Input pixels per pixel of that map.
        widths: Channels of stride 2, 4, ...
        norm: ``batch``, ``group`` or ``none``.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        out_size: tuple[int, int],
        heatmap_stride: int,
        widths: Widths = (16, 32),
        norm: Norm = "batch",
    ) -> None:
        super().__init__()
        self.heatmap_stride = heatmap_stride
        self.multiple = math.lcm(2 ** len(widths), heatmap_stride)
        self.levels = ConvBackbone(widths, 2, norm=norm, in_channels=in_channels)
        levels = {"pyramid": self.levels.features}
        self.join = UNetDecoder.from_features(levels, out_size, heatmap_stride, norm)
        self.project = nn.Conv2d(self.join.out_channels, out_channels, 1)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """(B,C,H,W) -> (B,out_channels,h,w)."""
        h, w = pictures.shape[-2:]
        # A backbone's strides may be no multiples of these.
        padded = F.pad(pictures, (0, -w % self.multiple, 0, -h % self.multiple))
        size = tuple(side // self.heatmap_stride for side in padded.shape[-2:])
        maps = self.project(self.join(self.levels(padded), size))
        return maps[..., : h // self.heatmap_stride, : w // self.heatmap_stride]
