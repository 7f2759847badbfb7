"""Where time goes while backbone and decoder see only (N,C,H,W)."""

from abc import ABC, abstractmethod
from typing import Any, Literal

import torch
from torch import nn

from tracknet.models.blocks import ConvNorm, norm_layer
from tracknet.types import FeatureInfo
from tracknet.values import Norm

Fusion = Literal["conv", "attention"]
HEADS = 4
"""Of the attention over time, where the channels allow as many."""


class Temporal(nn.Module, ABC):
    """What a choice of group ``temporal`` owes; this one leaves the backbone's features alone.

    It is built with ``pictures``, P of a window that go in, their ``channels``, C, and ``frames``,
    T heatmaps of a window that come out.

    Attributes:
        in_channels: Channels that the backbone gets.
        out_channels: Maps that the head gives.
        framewise: Whether `fold` shows the backbone each frame by itself, window after window, so
            that what it says of a frame holds for every window with that frame.
    """

    in_channels: int
    out_channels: int
    framewise = False

    @abstractmethod
    def fold(self, pictures: torch.Tensor) -> torch.Tensor:
        """(B,P,C,H,W) -> (N,in_channels,H,W), what the backbone sees."""

    def attach(self, features: FeatureInfo, heatmap_stride: int) -> FeatureInfo:
        """Told once what the backbone gives; returns what `fuse` makes of it.

        Args:
            features: Of the backbone.
            heatmap_stride: Network pixels per heatmap pixel; no decoder looks at finer levels.
        """
        return features

    def attach_detail(self, channels: int) -> None:
        """Told once how many channels the detail path's map has, if there is such a path."""

    def keep(self, features: Any) -> Any:
        """The backbone's features of N pictures -> those of them that `fuse` takes."""
        return features

    def fuse(self, features: Any) -> Any:
        """The features of N pictures -> those that the decoder gets."""
        return features

    def fuse_detail(self, maps: torch.Tensor) -> torch.Tensor:
        """The detail path's map of N pictures -> what is added to the decoder's."""
        return maps

    @abstractmethod
    def unfold(self, maps: torch.Tensor) -> torch.Tensor:
        """(N,out_channels*M,h,w) -> (B,T*M,h,w), M maps a frame, frame by frame."""


class StackTime(Temporal):
    """Folds time into channels: the first convolution already compares frames."""

    def __init__(self, pictures: int, channels: int, frames: int) -> None:
        super().__init__()
        self.in_channels = channels * pictures
        self.out_channels = frames

    def fold(self, pictures: torch.Tensor) -> torch.Tensor:
        return pictures.flatten(1, 2)

    def unfold(self, maps: torch.Tensor) -> torch.Tensor:
        return maps


class SharedTime(Temporal):
    """Shows the backbone frame by frame; behind it the T maps of each level become one.

    What the backbone says of a frame does not depend on the window, so that prediction asks it once
    a frame, however many windows overlap. The decoder runs once a window, as for `StackTime`.

    Args:
        pictures: As many as frames.
        channels: Of a picture.
        frames: T.
        fusion: ``conv`` is a convolution over the T maps of a level; with ``attention`` the frames
            look at each other first, place by place.
        norm: Behind the convolution: ``batch``, ``group`` or ``none``.
    """

    framewise = True

    def __init__(
        self,
        pictures: int,
        channels: int,
        frames: int,
        fusion: Fusion = "conv",
        norm: Norm = "batch",
    ) -> None:
        super().__init__()
        self.in_channels, self.out_channels = channels, frames
        self.frames = frames
        self.fusion: Fusion = fusion
        self.norm: Norm = norm
        self.skipped, self.tokens = 0, False
        self.levels = nn.ModuleList()

    def fold(self, pictures: torch.Tensor) -> torch.Tensor:
        return pictures.flatten(0, 1)

    def attach(self, features: FeatureInfo, heatmap_stride: int) -> FeatureInfo:
        self.skipped = features.finer_than(heatmap_stride)
        self.tokens = features.layout == "tokens"
        channels, strides = features.channels[self.skipped :], features.strides[self.skipped :]
        for width in channels:
            self.levels.append(TimeFusion(width, self.frames, self.fusion, self.norm))
        return FeatureInfo(features.layout, channels, strides)

    def attach_detail(self, channels: int) -> None:
        self.detail = nn.Conv2d(self.frames * channels, channels, 1)

    def keep(self, features: Any) -> Any:
        return features if self.tokens else features[self.skipped :]

    def fuse(self, features: Any) -> Any:
        if self.tokens:
            (level,) = self.levels
            return level(features.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        return [level(x) for level, x in zip(self.levels, features, strict=True)]

    def fuse_detail(self, maps: torch.Tensor) -> torch.Tensor:
        return self.detail(beside(maps, self.frames))

    def unfold(self, maps: torch.Tensor) -> torch.Tensor:
        return maps


class TimeFusion(nn.Sequential):
    """(BT,C,h,w), T frames of each window -> (B,C,h,w)."""

    def __init__(self, channels: int, frames: int, fusion: Fusion, norm: Norm) -> None:
        look = [TimeAttention(channels, frames)] if fusion == "attention" else []
        super().__init__(*look, Beside(frames), ConvNorm(frames * channels, channels, norm, 1))


class Beside(nn.Module):
    """See `beside`."""

    def __init__(self, frames: int) -> None:
        super().__init__()
        self.frames = frames

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return beside(x, self.frames)


def beside(x: torch.Tensor, frames: int) -> torch.Tensor:
    """(BT,C,h,w) -> (B,TC,h,w): the maps of a window's frames side by side."""
    return torch.cat(x.unflatten(0, (-1, frames)).unbind(1), 1)


class TimeAttention(nn.Module):
    """Adds to each frame's features what those of the window's frames say at the same place.

    (BT,C,h,w) -> (BT,C,h,w). Divided attention, of which this is the half over time
    (https://arxiv.org/abs/2102.05095, section 3), a quarter as wide as the features; how much a
    frame looks at another one by their places in the window is learned.
    """

    def __init__(self, channels: int, frames: int) -> None:
        super().__init__()
        width = max(1, channels // 4)
        self.frames = frames
        self.heads = next(n for n in range(HEADS, 0, -1) if width % n == 0)
        self.norm = norm_layer("group", channels)
        self.looks = nn.Conv2d(channels, 3 * width, 1)
        self.project = nn.Conv2d(width, channels, 1, bias=False)
        self.places = nn.Parameter(torch.zeros(frames, frames, self.heads, 1, 1))
        nn.init.zeros_(self.project.weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        looks = self.looks(self.norm(x)).unflatten(0, (-1, self.frames))
        queries, keys, values = looks.unflatten(2, (3, self.heads, -1)).unbind(2)
        keys = keys * keys.shape[3] ** -0.5
        seen = []
        # Sums over whole maps: a matrix product of T x T at each place takes longer.
        for query, places in zip(queries.unbind(1), self.places, strict=True):
            weights = ((query[:, None] * keys).sum(3) + places).softmax(1)  # (B,T,heads,h,w)
            seen.append((weights[:, :, :, None] * values).sum(1).flatten(1, 2))
        return x + self.project(torch.stack(seen, 1).flatten(0, 1))
