"""A window of frames -> one heatmap of logits per frame."""

import torch
from torch import nn

from tracknet.models.backbones.base import Backbone
from tracknet.models.inputs import WindowInput
from tracknet.models.temporal import StackTime


class HeatmapModel(nn.Module):
    """Inputs, temporal fold, backbone, neck, decoder and head in a row; detail beside the middle.

    The input may have any size that the backbone's and the heatmap's strides divide, so training
    on crops and predicting on whole frames is one network.

    Args:
        inputs: Normalises the frames and joins the background.
        temporal: Folds time away before the backbone and back after the head.
        backbone: (N,C,H,W) -> tokens or a pyramid.
        neck: Between the backbone's feature layout and the decoder's.
        decoder: Features -> (N,C,h,w).
        head: (N,C,h,w) -> logits.
        heatmap_stride: Network pixels per heatmap pixel.
        detail: (N,C,H,W) -> what is added to the decoder's map, (N,C,h,w); None for none.
    """

    def __init__(
        self,
        inputs: WindowInput,
        temporal: StackTime,
        backbone: Backbone,
        neck: nn.Module,
        decoder: nn.Module,
        head: nn.Module,
        heatmap_stride: int,
        detail: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.inputs = inputs
        self.temporal = temporal
        self.backbone = backbone
        self.neck = neck
        self.decoder = decoder
        self.head = head
        self.heatmap_stride = heatmap_stride
        self.detail = detail

    @property
    def frames(self) -> int:
        """T, frames of a window."""
        return self.inputs.frames

    @property
    def background(self) -> bool:
        """Whether the clip's median background is a further input."""
        return self.inputs.background

    def forward(self, frames: torch.Tensor, background: torch.Tensor | None = None) -> torch.Tensor:
        """(B,T,3,H,W) in 0..1, background (B,3,H,W) or None -> logits (B,T,h,w)."""
        size = frames.shape[-2] // self.heatmap_stride, frames.shape[-1] // self.heatmap_stride
        return self.decode(self.encode(frames, background), size)

    def encode(self, frames: torch.Tensor, background: torch.Tensor | None = None):
        """A window's features from the backbone, and its map from the detail path, or None."""
        pictures = self.temporal.fold(self.inputs(frames, background))
        detail = None if self.detail is None else self.detail(pictures)
        return self.backbone(pictures), detail

    def decode(self, encoded, size: tuple[int, int]) -> torch.Tensor:
        """What `encode` gives -> logits (B,T,h,w) of heatmap size `size`."""
        features, detail = encoded
        maps = self.decoder(self.neck(features), size)
        return self.temporal.unfold(self.head(maps if detail is None else maps + detail))
