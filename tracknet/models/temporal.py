"""Where time goes while backbone and decoder see only (N,C,H,W)."""

from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import nn

from tracknet.types import FeatureInfo


class Temporal(nn.Module, ABC):
    """What a choice of group ``temporal`` owes; this one leaves the backbone's features alone.

    It is built with ``pictures``, P of a window that go in, their ``channels``, C, and ``frames``,
    T heatmaps of a window that come out.

    Attributes:
        in_channels: Channels that the backbone gets.
        out_channels: Maps that the head gives.
    """

    in_channels: int
    out_channels: int

    @abstractmethod
    def fold(self, pictures: torch.Tensor) -> torch.Tensor:
        """(B,P,C,H,W) -> (N,in_channels,H,W), what the backbone sees."""

    def attach(self, features: FeatureInfo) -> FeatureInfo:
        """Told once what the backbone gives; returns what `fuse` makes of it."""
        return features

    def fuse(self, features: Any) -> Any:
        """The backbone's features of N pictures -> those that the decoder gets."""
        return features

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
