"""Where time goes while backbone and decoder see only (N,C,H,W)."""

import torch
from torch import nn


class StackTime(nn.Module):
    """Folds time into channels: the first convolution already compares frames.

    Args:
        pictures: Pictures of a window that go in.
        frames: Heatmaps of a window that come out.
    """

    def __init__(self, pictures: int, frames: int) -> None:
        super().__init__()
        self.in_channels = 3 * pictures
        self.out_channels = frames

    def fold(self, pictures: torch.Tensor) -> torch.Tensor:
        """(B,P,3,H,W) -> (B,3P,H,W)."""
        return pictures.flatten(1, 2)

    def unfold(self, maps: torch.Tensor) -> torch.Tensor:
        """(B,T,h,w) -> (B,T,h,w)."""
        return maps
