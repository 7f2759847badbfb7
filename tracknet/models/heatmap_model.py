"""A window of frames -> one heatmap of logits per frame, or M maps."""

import torch
from torch import nn

from tracknet.geometry import Size
from tracknet.models.attention import MotionAttention
from tracknet.models.backbones.base import Backbone
from tracknet.models.decoders.base import Decoder
from tracknet.models.inputs import Inputs
from tracknet.models.temporal import Temporal


class HeatmapModel(nn.Module):
    """Inputs, temporal fold, backbone, neck, decoder and head in a row; detail beside the middle.

    The input may have any size that the backbone's and the heatmap's strides divide, so training
    on crops and predicting on whole frames is one network.

    Args:
        inputs: Normalises the frames and joins the background.
        temporal: Folds time away before the backbone and back after the head; may compare the
            features of a window's frames between backbone and neck.
        backbone: (N,C,H,W) -> tokens or a pyramid.
        neck: Between the backbone's feature layout and the decoder's.
        decoder: Features -> (N,C,h,w).
        head: (N,C,h,w) -> logits, M maps a frame as the codec wants them.
        heatmap_stride: Network pixels per heatmap pixel.
        detail: (N,C,H,W) -> what is added to the decoder's map, (N,C,h,w); None for none.
        attention: Weighs the logits by what the frames themselves show; None for none.

    Attributes:
        frames: T, frames of a window.
        background: Whether the clip's median background is a further input.
        framewise: Whether all of it but the fusion of time sees each frame by itself.
    """

    def __init__(
        self,
        inputs: Inputs,
        temporal: Temporal,
        backbone: Backbone,
        neck: nn.Module,
        decoder: Decoder,
        head: nn.Module,
        heatmap_stride: int,
        detail: nn.Module | None = None,
        attention: MotionAttention | None = None,
    ) -> None:
        super().__init__()
        self.inputs, self.frames, self.background = inputs, inputs.frames, inputs.background
        self.temporal = temporal
        self.framewise = temporal.framewise and inputs.framewise and attention is None
        self.backbone = backbone
        self.neck = neck
        self.decoder = decoder
        self.head = head
        self.heatmap_stride = heatmap_stride
        self.detail = detail
        self.attention = attention

    def blank(self, size: Size) -> tuple[torch.Tensor, torch.Tensor | None]:
        """A black window (1,T,3,H,W) and its background, to see what comes of it."""
        device = next(self.parameters()).device
        background = torch.zeros(1, 3, *size, device=device) if self.background else None
        return torch.zeros(1, self.frames, 3, *size, device=device), background

    def forward(self, frames: torch.Tensor, background: torch.Tensor | None = None) -> torch.Tensor:
        """(B,T,3,H,W) in 0..1, background (B,3,H,W) or None -> logits (B,T*M,h,w)."""
        size = frames.shape[-2] // self.heatmap_stride, frames.shape[-1] // self.heatmap_stride
        logits = self.decode(self.encode(frames, background), size)
        return logits if self.attention is None else self.attention(logits, frames)

    def encode(self, frames: torch.Tensor, background: torch.Tensor | None = None):
        """The decoder's features of a window, and its map from the detail path, or None."""
        return self.fuse(self.see(frames, background))

    def see(self, frames: torch.Tensor, background: torch.Tensor | None = None):
        """What backbone and detail path, or None, say of N pictures, before time is fused.

        Args:
            frames: (B,T,3,H,W) in 0..1; of a `framewise` network also (N,1,3,H,W).
            background: (B,3,H,W) or None.
        """
        pictures = self.temporal.fold(self.inputs(frames, background))
        detail = None if self.detail is None else self.detail(pictures)
        return self.temporal.keep(self.backbone(pictures)), detail

    def fuse(self, seen):
        """What `see` gives, window after window -> what `decode` takes."""
        features, detail = seen
        return self.temporal.fuse(features), (
            None if detail is None else self.temporal.fuse_detail(detail)
        )

    def decode(self, encoded, size: Size) -> torch.Tensor:
        """What `encode` gives -> logits (B,T*M,h,w) of heatmap size `size`."""
        features, detail = encoded
        maps = self.decoder(self.neck(features), size)
        return self.temporal.unfold(self.head(maps if detail is None else maps + detail))
