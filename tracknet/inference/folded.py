"""A network whose fixed sums are done before: norms, and what makes pictures of frames.

Both are linear, and so is the convolution beside them. On a CPU they are a third of the time, in
which memory is read and written and next to nothing is computed.
"""

import copy
from itertools import pairwise
from typing import cast

import cv2
import numpy as np
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from tracknet.models import ConvBackbone, WindowInput
from tracknet.models.backbones.base import RGB
from tracknet.models.heatmap_model import HeatmapModel
from tracknet.models.temporal import StackTime


def with_norms_folded(model: HeatmapModel) -> HeatmapModel:
    """A copy in eval mode whose convolutions do what the batch norms behind them did."""
    model = copy.deepcopy(model).eval()
    for sequence in [each for each in model.modules() if isinstance(each, nn.Sequential)]:
        for (name, conv), (after, norm) in pairwise(list(sequence.named_children())):
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                setattr(sequence, name, fuse_conv_bn_eval(conv, norm))
                setattr(sequence, after, nn.Identity())
    return model


class Folded(nn.Module):
    """A model that takes bytes: its stem makes the pictures; see `folds`.

    In float32 alone: what it subtracts are whole pictures, of which the difference is little.
    """

    def __init__(self, model: HeatmapModel) -> None:
        super().__init__()
        self.model = with_norms_folded(model)
        stage = cast(nn.Sequential, self.model.backbone.get_submodule("stages.0.0"))
        stem = cast(nn.Conv2d, stage[0])
        pictures, constant = _matrix(self.model)
        weight = stem.weight.detach().double()
        bias = weight.sum((2, 3)) @ constant + (0 if stem.bias is None else stem.bias.detach())
        stem.weight = nn.Parameter(torch.einsum("oikl,ij->ojkl", weight, pictures).float())
        stem.bias = nn.Parameter(bias.float())

    def forward(self, frames: np.ndarray, background: np.ndarray | None) -> torch.Tensor:
        """(B,T,H,W,3) uint8, background (B,H,W,3) or None -> logits (B,T*M,h,w)."""
        model, (h, w) = self.model, frames.shape[2:4]
        stills = [[]] * len(frames) if background is None else [[still] for still in background]
        stacked = [cv2.merge([*still, *own]) for still, own in zip(stills, frames, strict=True)]
        x = torch.from_numpy(np.stack(stacked)).float().permute(0, 3, 1, 2)
        features = model.temporal.fuse(model.backbone(x))
        return model.decode(
            (features, None), (h // model.heatmap_stride, w // model.heatmap_stride)
        )


def folds(model: nn.Module) -> bool:
    """Whether `Folded` can be made of it: its first convolution sees nothing beyond the border."""
    if not isinstance(model, HeatmapModel):  # whatever else maps windows to logits
        return False
    parts = type(model.inputs), type(model.temporal), type(model.backbone)
    beside = model.detail, model.attention  # what they see are frames, which are bytes there
    return parts == (WindowInput, StackTime, ConvBackbone) and beside == (None, None)


def _matrix(model: HeatmapModel) -> tuple[torch.Tensor, torch.Tensor]:
    """What the inputs make of the bytes of a pixel (C): a matrix (C,C) and a constant (C)."""
    channels = model.inputs.pictures * RGB
    bytes_of = torch.cat([torch.zeros(1, channels), torch.eye(channels)])
    pixels = bytes_of.view(-1, model.inputs.pictures, RGB, 1, 1) / 255
    still = pixels[:, 0] if model.background else None
    inputs = copy.deepcopy(cast(WindowInput, model.inputs)).double()
    seen = inputs(
        pixels[:, int(model.background) :].double(), None if still is None else still.double()
    )
    flat = seen.flatten(1)
    return (flat[1:] - flat[0]).T, flat[0]
